// SPDX-License-Identifier: ISC
/* Lines of a history, and the marker of a store. */
#include "fuzz.h"

#include "flashback/store/history.h"
#include "flashback/store/marker.h"

/* What print writes, in memory. */
static char *
print_run(const struct history_run *run)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	HOLDS(f != NULL);
	HOLDS(history_print(f, run) == 0);
	HOLDS(fclose(f) == 0 && size > 0 && text[size - 1] == '\n');
	return text;
}

/* What was read and written is read again as the same. */
static void
history(const char *s)
{
	struct history_run a, b;
	char *once, *twice;

	if (history_parse(s, &a) < 0)
		return;
	HOLDS(fuzz_is_printable(a.reason));
	HOLDS(a.stamp.when > 0 && a.result < RESULT_RESULTS);
	once = print_run(&a);
	HOLDS(strchr(once, '\n') == once + strlen(once) - 1);
	HOLDS(history_parse(once, &b) == 0);
	twice = print_run(&b);
	HOLDS(strcmp(once, twice) == 0);
	free(once);
	free(twice);
}

static void
marker(const char *s)
{
	struct marker a, b;
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	if (marker_parse(s, &a) < 0)
		return;
	f = open_memstream(&text, &size);
	HOLDS(f != NULL && marker_print(f, &a) == 0 && fclose(f) == 0);
	HOLDS(marker_parse(text, &b) == 0 && strcmp(a.id, b.id) == 0);
	for (enum marker_trait t = 0; t < MARKER_TRAITS; t++)
		HOLDS(*marker_trait(&a, t) == *marker_trait(&b, t));
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);

	history(s);
	marker(s);
	free(s);
	return 0;
}
