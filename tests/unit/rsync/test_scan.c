// SPDX-License-Identifier: ISC
#include "flashback/rsync/scan.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A scan whose files are in memory. */
struct bench {
	struct scan s;
	char *list, *gone;
	size_t list_size, gone_size;
};

static void
begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->s.list = open_memstream(&b->list, &b->list_size);
	b->s.gone = open_memstream(&b->gone, &b->gone_size);
	assert_non_null(b->s.list);
	assert_non_null(b->s.gone);
}

static int
feed(struct bench *b, const char *line)
{
	int rc = scan_line(&b->s, line, strlen(line));

	fflush(b->s.list);
	fflush(b->s.gone);
	return rc;
}

static void
end(struct bench *b)
{
	fclose(b->s.list);
	fclose(b->s.gone);
	free(b->list);
	free(b->gone);
}

/* One name in a file of its own. */
static void
expect_name(const char *text, size_t size, const char *name)
{
	assert_int_equal(size, strlen(name) + 1);
	assert_string_equal(text, name);
}

static void
test_names(void **state)
{
	static const struct {
		const char *line, *name;
	} rows[] = {
	    {">f+++++++++ a//", "a"},
	    {">f.st...... dir/a b//", "dir/a b"},
	    {"cd+++++++++ dir///", "dir"},
	    {".d..t...... a/b///", "a/b"},
	    {">f+++++++++ new\\#012line//", "new\nline"},
	    {">f+++++++++ \\#134#012//", "\\#012"},
	    {">f+++++++++ \\#01//", "\\#01"},
	    {">f+++++++++ \\#//", "\\#"},
	    {">f+++++++++ \\#999//", "\\#999"},
	    {">f+++++++++ back\\slash//", "back\\slash"},
	    {">f+++++++++ tab\there//", "tab\there"},
	    {">f+++++++++ \\#377\\#376//", "\377\376"},
	    {">f+++++++++  both ends  //", " both ends  "},
	    {">f+++++++++ a => b//", "a => b"},
	    {"cL+++++++++ a -> b//", "a -> b"},
	    {">f+++++++++ -leading//", "-leading"},
	    {">f+++++++++ .hidden//", ".hidden"},
	    {">f+++++++++ ...//", "..."},
	    {">f+++++++++ .../..x/x..//", ".../..x/x.."},
	    {">f+++++++++ *deleting//", "*deleting"},
	    {"cS+++++++++ fifo//", "fifo"},
	    {"cD+++++++++ device//", "device"},
	    {">f+++++++++ #hash//", "./#hash"},
	    {">f+++++++++ ;semi#colon/x//", "./;semi#colon/x"},
	    {">f+++++++++ \\#073x//", "./;x"},
	    {">f+++++++++ a/#hash//", "a/#hash"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench b;

		begin(&b);
		assert_int_equal(feed(&b, rows[i].line), 0);
		expect_name(b.list, b.list_size, rows[i].name);
		assert_int_equal(b.s.listed, 1);
		assert_int_equal(b.gone_size, 0);
		assert_false(b.s.broken || b.s.links || b.s.root);
		end(&b);
	}
}

static void
test_gone(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(feed(&b, "*deleting   d/x\\#011y//"), 0);
	assert_int_equal(feed(&b, "*deleting   d///"), 0);
	assert_int_equal(b.gone_size, sizeof("d/x\ty\0d"));
	assert_memory_equal(b.gone, "d/x\ty\0d", b.gone_size);
	assert_int_equal(b.list_size, 0);
	assert_int_equal(b.s.gone_names, 2);
	assert_int_equal(b.s.gone_files, 1);
	end(&b);
}

static void
test_counts(void **state)
{
	static const char *const lines[] = {
	    ">f+++++++++ 1//",  "cL+++++++++ 2//",  "cd+++++++++ 3///", ">f.s....... 4//",
	    ">f.st...... 5//",  ">fcst...... 6//",  "cLc.t...... 7//",  ">f..t...... 8//",
	    "<f..tp..... 9//",  ".f...p..... 10//", ".f....og... 11//", ".L..t...... 12//",
	    ".D....o.... 13//", ".f........x 14//", ".f.......a. 15//", ".d...p..... 16///",
	};
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(feed(&b, lines[i]), 0);
	assert_int_equal(b.s.listed, COUNT(lines));
	assert_int_equal(b.s.created, 2);
	assert_int_equal(b.s.changed, 4);
	assert_int_equal(b.s.touched, 2);
	assert_int_equal(b.s.attributes, 6);
	end(&b);
}

static void
test_root_links_and_same(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(feed(&b, ".f          a//"), 0);
	assert_int_equal(feed(&b, ".d          a///"), 0);
	assert_false(b.s.root || b.s.links || b.s.broken);
	assert_int_equal(feed(&b, ".d..t...... .///"), 0);
	assert_true(b.s.root);
	assert_false(b.s.links);
	assert_int_equal(feed(&b, "hf          b//"), 0);
	assert_true(b.s.links);
	assert_int_equal(b.list_size, 0);
	end(&b);
	begin(&b);
	assert_int_equal(feed(&b, "hf+++++++++ y => z//"), 0);
	assert_true(b.s.links);
	assert_false(b.s.broken);
	end(&b);
}

/* What a host may say to get out of its tree, or to upset us. */
static void
test_hostile(void **state)
{
	static const char *const names[] = {
	    "..",  "../x", "a/../b", "a/..", "/x",       "a//b",
	    "./a", "a/.",  "",       "/",    "x\\#000y", "..///",
	};
	struct bench b;
	char line[64], *longest = malloc(SCAN_LINE_MAX + 16);

	(void)state;
	assert_non_null(longest);
	for (size_t i = 0; i < COUNT(names); i++)
		for (int k = 0; k < 2; k++) {
			begin(&b);
			snprintf(line, sizeof(line), "%s %s//", k ? "*deleting  " : ">f+++++++++",
			         names[i]);
			assert_int_equal(feed(&b, line), 0);
			assert_true(b.s.broken);
			assert_int_equal(b.list_size + b.gone_size, 0);
			end(&b);
		}
	/* A component of 255 bytes is the longest that there can be, a path of 4,095. */
	for (int k = 255; k <= 256; k++) {
		begin(&b);
		snprintf(longest, SCAN_LINE_MAX, ">f+++++++++ %0*d//", k, 0);
		assert_int_equal(feed(&b, longest), 0);
		assert_int_equal(b.s.broken, k == 256);
		end(&b);
	}
	for (int k = 4095; k <= 4097; k += 2) {
		char *p = longest + sprintf(longest, ">f+++++++++ ");

		begin(&b);
		for (int i = 0; i < k; i++)
			p += sprintf(p, "%s", i % 2 == 0 || i == k - 1 ? "\\#001" : "/");
		strcpy(p, "//");
		assert_true(strlen(longest) <= SCAN_LINE_MAX);
		assert_int_equal(feed(&b, longest), 0);
		assert_int_equal(b.s.broken, k == 4097);
		end(&b);
	}
	free(longest);
}

static void
test_other_lines(void **state)
{
	static const char *const lines[] = {
	    "",
	    "//",
	    "Number of files: 3 (reg: 2, dir: 1)",
	    ">f+++++++++ cut",
	    ">f+++++++++ cut/",
	    ">f+++++++++//",
	    ">f+++++++++x//",
	    ">x+++++++++ a//",
	    "xf+++++++++ a//",
	    "cannot delete non-empty directory: a//",
	    "*deleting a//",
	    "sent 12 bytes  received 57 bytes  56.00 bytes/sec",
	    "          1,234 100%    0.00kB/s    0:00:00 (xfr#0, to-chk=0/4)",
	};
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(feed(&b, lines[i]), -1);
	assert_false(b.s.broken || b.s.links || b.s.root);
	assert_int_equal(b.list_size + b.gone_size + (size_t)b.s.listed, 0);
	end(&b);
}

/* A list that cannot be written is no list. */
static void
test_full_disk(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	fclose(b.s.list);
	b.s.list = fopen("/dev/full", "w");
	assert_non_null(b.s.list);
	setvbuf(b.s.list, NULL, _IONBF, 0);
	assert_int_equal(feed(&b, ">f+++++++++ a//"), 0);
	assert_true(b.s.broken);
	end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),     cmocka_unit_test(test_gone),
	    cmocka_unit_test(test_counts),    cmocka_unit_test(test_root_links_and_same),
	    cmocka_unit_test(test_hostile),   cmocka_unit_test(test_other_lines),
	    cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
