// SPDX-License-Identifier: ISC
#include "flashback/rsync/unreadable.h"

#include <inttypes.h>
#include <string.h>

#include "flashback/lib/units.h"

#define HEADER "# files that could not be read: "

void
unreadable_begin(struct unreadable *u)
{
	text_list_free(&u->now.names);
	u->now.all = u->fresh = 0;
	u->first[0] = '\0';
}

static bool
is_whole(const struct unreadable_list *list)
{
	return list->all == (int64_t)list->names.n;
}

/* Where one of the two lists lacks names, only the numbers can be compared.  Then neither is
 * searched, or a host with a million such files would keep the processor busy. */
void
unreadable_add(struct unreadable *u, const struct message *m)
{
	struct unreadable_list *now = &u->now;
	const struct unreadable_list *before = &u->before;
	bool listed = is_whole(now) && now->names.n < UNREADABLE_NAMES;

	if (listed && text_list_has(&now->names, m->whole))
		return;
	now->all++;
	listed = listed && text_list_add(&now->names, m->whole) == 0;
	if (!u->compared)
		return;
	if (!listed || !is_whole(before)) {
		u->fresh = now->all > before->all ? now->all - before->all : 0;
		u->first[0] = '\0';
	} else if (!text_list_has(&before->names, m->whole) && u->fresh++ == 0) {
		memcpy(u->first, m->text, sizeof(u->first));
	}
}

void
unreadable_parse(struct unreadable *u, const char *text)
{
	struct unreadable_list *list = &u->before;
	const char *line = text + strlen(HEADER), *end;
	bool valid = strncmp(text, HEADER, strlen(HEADER)) == 0 &&
	             units_read_integer(&line, 1, INT64_MAX, &list->all) == 0 && *line == '\n';

	while (valid && *++line != '\0') {
		end = strchr(line, '\n');
		valid = end != NULL && list->names.n < UNREADABLE_NAMES &&
		        text_list_addf(&list->names, "%.*s", (int)(end - line), line) == 0;
		line = valid ? end : line;
	}
	u->compared = valid && list->all >= (int64_t)list->names.n &&
	              (is_whole(list) || list->names.n == UNREADABLE_NAMES);
	if (!u->compared)
		text_list_free(&list->names);
}

int
unreadable_print(FILE *f, void *arg)
{
	const struct unreadable_list *list = arg;

	fprintf(f, HEADER "%" PRId64 "\n", list->all);
	for (size_t i = 0; i < list->names.n; i++)
		fprintf(f, "%s\n", list->names.item[i]);
	return ferror(f) ? -1 : 0;
}

void
unreadable_free(struct unreadable *u)
{
	text_list_free(&u->now.names);
	text_list_free(&u->before.names);
}
