// SPDX-License-Identifier: ISC
#include "flashback/config/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
errors_add(struct errors_list *list, const char *file, int line, const char *fmt, ...)
{
	struct errors *item;
	va_list args;
	char *text;
	int n;

	if (list->n == ERRORS_MAX) {
		list->more++;
		return;
	}
	item = reallocarray(list->item, list->n + 1, sizeof(*item));
	if (item == NULL) {
		list->lost = true;
		return;
	}
	list->item = item;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n == -1) {
		list->lost = true;
		return;
	}
	list->item[list->n++] = (struct errors){.file = file, .line = line, .text = text};
}

void
errors_take(struct errors_list *list, const char *file, int line, const char *subject, char *why)
{
	if (why == NULL)
		list->lost = true;
	else if (subject != NULL)
		errors_add(list, file, line, "%s: %s", subject, why);
	else
		errors_add(list, file, line, "%s", why);
	free(why);
}

/* For qsort_r: arg points to the file that comes first. */
static int
compare(const void *a, const void *b, void *arg)
{
	const struct errors *x = a, *y = b;
	const char *const *first = arg;

	if (x->file != y->file)
		return x->file == *first ? -1 : y->file == *first ? 1 : strcmp(x->file, y->file);
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int
report_one(const struct errors *f, struct text_list *out)
{
	char *line = f->line == 0 ? text_format("%s: %s", f->file, f->text)
	                          : text_format("%s:%d: %s", f->file, f->line, f->text);
	char *safe = line != NULL ? text_cleaned(line) : NULL;
	int rc = safe != NULL ? text_list_add(out, safe) : -1;

	free(safe);
	free(line);
	return rc;
}

int
errors_report(struct errors_list *list, const char *first, struct text_list *out)
{
	if (list->n > 0)
		qsort_r(list->item, list->n, sizeof(list->item[0]), compare, &first);
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0 && compare(&list->item[i - 1], &list->item[i], &first) == 0)
			continue;
		if (report_one(&list->item[i], out) == -1)
			return -1;
	}
	if (list->more > 0 && text_list_addf(out, "%s: and %u more", first, list->more) == -1)
		return -1;
	return list->lost ? -1 : 0;
}

void
errors_free(struct errors_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i].text);
	free(list->item);
	*list = (struct errors_list){0};
}
