// SPDX-License-Identifier: ISC
#ifndef GOLDEN_H
#define GOLDEN_H

#include "unit.h"

#include <unistd.h>

/*
 * Text compared byte by byte with a file in tests/golden; a mismatch shows the difference.
 * GOLDEN_WRITE=1 in the environment makes the files anew, to be read before they are committed.
 */

/* What a function that prints to a FILE * printed; new memory.  Inlined, gcc 12 takes it for the
 * local variable. */
static __attribute__((noinline)) char *
golden_text(void (*print)(FILE *f, const void *arg), const void *arg)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	print(f, arg);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static inline void
golden_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Is what the file holds just this text? */
static inline bool
golden_same(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	bool same = f != NULL;

	for (; same && *text != '\0'; text++)
		same = getc(f) == (unsigned char)*text;
	same = same && getc(f) == EOF;
	if (f != NULL)
		fclose(f);
	return same;
}

/* Compare, and free the text. */
static inline void
golden_check(const char *name, char *text)
{
	const char *dir = getenv("TMPDIR");
	char path[64], actual[256], command[512];

	assert_true(snprintf(path, sizeof(path), "tests/golden/%s", name) < (int)sizeof(path));
	if (getenv("GOLDEN_WRITE") != NULL)
		golden_write(path, text);
	if (!golden_same(path, text)) {
		snprintf(actual, sizeof(actual), "%s/golden.XXXXXX", dir != NULL ? dir : "/tmp");
		assert_true(close(mkstemp(actual)) == 0);
		golden_write(actual, text);
		snprintf(command, sizeof(command), "diff -u %s %s >&2", path, actual);
		(void)!system(command);
		unlink(actual);
		free(text);
		fail_msg("%s is not what is printed", path);
	}
	free(text);
}

#endif
