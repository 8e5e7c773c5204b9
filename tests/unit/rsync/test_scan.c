// SPDX-License-Identifier: ISC
#include "unit.h"

#include <limits.h>

#include "flashback/rsync/scan.h"

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
	    {">f+++++++++ 7 a//", "a"},
	    {">f.st...... 7 dir/a b//", "dir/a b"},
	    {"cd+++++++++ 7 dir///", "dir"},
	    {".d..t...... 7 a/b///", "a/b"},
	    {">f+++++++++ 7 new\\#012line//", "new\nline"},
	    {">f+++++++++ 7 \\#134#012//", "\\#012"},
	    {">f+++++++++ 7 \\#01//", "\\#01"},
	    {">f+++++++++ 7 \\#//", "\\#"},
	    {">f+++++++++ 7 \\#999//", "\\#999"},
	    {">f+++++++++ 7 back\\slash//", "back\\slash"},
	    {">f+++++++++ 7 tab\there//", "tab\there"},
	    {">f+++++++++ 7 \\#377\\#376//", "\377\376"},
	    {">f+++++++++ 7  both ends  //", " both ends  "},
	    {">f+++++++++ 7 a => b//", "a => b"},
	    {"cL+++++++++ 7 a -> b//", "a -> b"},
	    {">f+++++++++ 7 -leading//", "-leading"},
	    {">f+++++++++ 7 .hidden//", ".hidden"},
	    {">f+++++++++ 7 ...//", "..."},
	    {">f+++++++++ 7 .../..x/x..//", ".../..x/x.."},
	    {">f+++++++++ 7 *deleting//", "*deleting"},
	    {"cS+++++++++ 7 fifo//", "fifo"},
	    {"cD+++++++++ 7 device//", "device"},
	    {">f+++++++++ 7 #hash//", "./#hash"},
	    {">f+++++++++ 7 ;semi#colon/x//", "./;semi#colon/x"},
	    {">f+++++++++ 7 \\#073x//", "./;x"},
	    {">f+++++++++ 7 a/#hash//", "a/#hash"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
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
	assert_int_equal(feed(&b, "*deleting   7 d/x\\#011y//"), 0);
	assert_int_equal(feed(&b, "*deleting   7 d///"), 0);
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
	    ">f+++++++++ 7 1//",  "cL+++++++++ 7 2//",  "cd+++++++++ 7 3///", ">f.s....... 7 4//",
	    ">f.st...... 7 5//",  ">fcst...... 7 6//",  "cLc.t...... 7 7//",  ">f..t...... 7 8//",
	    "<f..tp..... 7 9//",  ".f...p..... 7 10//", ".f....og... 7 11//", ".L..t...... 7 12//",
	    ".D....o.... 7 13//", ".f........x 7 14//", ".f.......a. 7 15//", ".d...p..... 7 16///",
	};
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_int_equal(feed(&b, lines[i]), 0);
	assert_int_equal(b.s.listed, LENGTH(lines));
	assert_int_equal(b.s.new_names, 3);
	assert_int_equal(b.s.created, 2);
	assert_int_equal(b.s.changed, 4);
	assert_int_equal(b.s.touched, 2);
	assert_int_equal(b.s.attributes, 6);
	assert_int_equal(b.s.new_files, 6);
	assert_int_equal(b.s.new_bytes, 42);
	end(&b);
}

/* Names of the source that rsync never copies are counted, and still logged. */
static void
test_skipped(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(feed(&b, "skipping non-regular file \"dir/fifo\""), -1);
	assert_int_equal(feed(&b, "skipping non-regular file"), -1);
	assert_int_equal(feed(&b, "skipping directory d"), -1);
	assert_int_equal(b.s.skipped, 1);
	assert_int_equal(b.s.listed, 0);
	end(&b);
}

/* A full run: no files for the names.  What has an old file's contents but not its attributes is
 * copied here; what is shared is not named. */
static void
test_counts_alone(void **state)
{
	static const char *const lines[] = {
	    "cd+++++++++ 4096 d///",  "cf...p..... 100 a//",       "cf....o.... 20 b//",
	    ">f+++++++++ 3 c//",      ">f.st...... 4000 d/../x//", "cL+++++++++ 50000 e//",
	    "hf+++++++++ 600000 f//", ".f...p..... 7000000 g//",
	};
	struct scan s = {.list = NULL};

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_int_equal(scan_line(&s, lines[i], strlen(lines[i])), 0);
	assert_int_equal(s.new_files, 4);
	assert_int_equal(s.new_bytes, 4123);
	assert_int_equal(s.largest, 4000);
	assert_int_equal(s.listed, 0);
	assert_false(s.broken);
}

/* A name counts whatever size a host says that it has. */
static void
test_sizes(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(feed(&b, ">f+++++++++ 99999999999999999999999999999 a//"), 0);
	expect_name(b.list, b.list_size, "a");
	assert_int_equal(b.s.largest, INT64_MAX / 1024);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(feed(&b, ">f+++++++++ 9223372036854775807 a//"), 0);
	assert_true(b.s.new_bytes > INT64_MAX / 2);
	assert_int_equal(b.s.new_files, 2001);
	assert_false(b.s.broken);
	end(&b);
}

static void
test_root_links_and_same(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(feed(&b, ".f          7 a//"), 0);
	assert_int_equal(feed(&b, ".d          7 a///"), 0);
	assert_false(b.s.root || b.s.links || b.s.broken);
	assert_int_equal(feed(&b, ".d..t...... 7 .///"), 0);
	assert_true(b.s.root);
	assert_false(b.s.links);
	assert_int_equal(feed(&b, "hf          7 b//"), 0);
	assert_true(b.s.links);
	assert_int_equal(b.list_size, 0);
	end(&b);
	begin(&b);
	assert_int_equal(feed(&b, "hf+++++++++ 7 y => z//"), 0);
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
	for (size_t i = 0; i < LENGTH(names); i++)
		for (int k = 0; k < 2; k++) {
			begin(&b);
			snprintf(line, sizeof(line), "%s 7 %s//", k ? "*deleting  " : ">f+++++++++",
			         names[i]);
			assert_int_equal(feed(&b, line), 0);
			assert_true(b.s.broken);
			assert_int_equal(b.list_size + b.gone_size, 0);
			end(&b);
		}
	/* A component of 255 bytes is the longest that there can be, a path of 4,095. */
	for (int k = 255; k <= 256; k++) {
		begin(&b);
		snprintf(longest, SCAN_LINE_MAX, ">f+++++++++ 7 %0*d//", k, 0);
		assert_int_equal(feed(&b, longest), 0);
		assert_int_equal(b.s.broken, k == 256);
		end(&b);
	}
	for (int k = 4095; k <= 4097; k += 2) {
		char *p = longest + sprintf(longest, ">f+++++++++ 7 ");

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
	    ">f+++++++++ 7 cut",
	    ">f+++++++++ 7 cut/",
	    ">f+++++++++//",
	    ">f+++++++++ a//",
	    ">f+++++++++ 7//",
	    ">f+++++++++ 7x a//",
	    ">f+++++++++ -7 a//",
	    ">f+++++++++x//",
	    ">x+++++++++ a//",
	    "xf+++++++++ a//",
	    "cannot delete non-empty directory: a//",
	    "*deleting 7 a//",
	    "sent 12 bytes  received 57 bytes  56.00 bytes/sec",
	    "          1,234 100%    0.00kB/s    0:00:00 (xfr#0, to-chk=0/4)",
	};
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < LENGTH(lines); i++)
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
	assert_int_equal(feed(&b, ">f+++++++++ 7 a//"), 0);
	assert_true(b.s.broken);
	end(&b);
}

/* What may be the store of this volume: by its marker, or by the lock that each run changes. */
static void
test_stores(void **state)
{
	static const struct {
		const char *line, *store; /* NULL: none */
	} rows[] = {
	    {">f+++++++++ 7 .flashback/store//", ""},
	    {">f+++++++++ 7 a b/c/.flashback/store//", "a b/c/"},
	    {">f..t...... 7 h/v/.flashback/lock//", ""},
	    {">f..t...... 7 x/h/v/.flashback/lock//", "x/"},
	    {">f..t...... 7 xh/v/.flashback/lock//", NULL},
	    {">f..t...... 7 h/w/.flashback/lock//", NULL},
	    {">f..t...... 7 .flashback/lock//", NULL},
	    {">f+++++++++ 7 x.flashback/store//", NULL},
	    {"cd+++++++++ 7 .flashback/store///", NULL},
	    {"*deleting   7 .flashback/store//", NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;

		begin(&b);
		b.s.id = "h/v";
		assert_int_equal(feed(&b, rows[i].line), 0);
		assert_int_equal(feed(&b, rows[i].line), 0);
		assert_int_equal(b.s.stores.n, rows[i].store != NULL);
		if (rows[i].store != NULL)
			assert_string_equal(b.s.stores.item[0], rows[i].store);
		text_list_free(&b.s.stores);
		end(&b);
	}
}

/* Only files that differ in content though size and time are the same. */
static void
test_old_bytes(void **state)
{
	static const char *const others[] = {
	    ">fcs....... 7 a//", ">fc.t...... 7 a//", ">f.st...... 7 a//", ">f..t...... 7 a//",
	    ">f+++++++++ 7 a//", "cLc........ 7 a//", ".f...p..... 7 a//", ".d..t...... 7 a///",
	    "hf+++++++++ 7 a//", "*deleting   0 a//"};
	struct bench b;

	(void)state;
	begin(&b);
	b.s.old_bytes = true;
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_int_equal(feed(&b, others[i]), 0);
	assert_int_equal(b.s.listed + b.s.gone_names, 0);
	assert_false(b.s.links || b.s.root || b.s.broken);
	assert_int_equal(feed(&b, ">fc........ 7 #a//"), 0);
	assert_int_equal(feed(&b, ">fc..p.g... 7 b//"), 0);
	assert_int_equal(b.s.listed, 2);
	assert_memory_equal(b.list, "./#a\0b", sizeof("./#a\0b"));
	end(&b);
}

/* Of the files that are copied, those of years that a disk may not hold; a name may look like a
 * time. */
static void
test_dates(void **state)
{
	static const char *const good[] = {
	    "*deleting   0 1970/01/01-00:00:00 gone//",
	    ">f+++++++++ 2 2026/11/29-14:22:34 2050/06/01-00:00:00 b//",
	    ">f+++++++++ 2 2038/01/19-03:14:07 last//",
	    "cd+++++++++ 2 2050/06/01-00:00:00 dir///",
	    ".f..tp..... 2 2050/06/01-00:00:00 attributes//",
	    ">f..t...... 2 2050/06/01-00:00:00 first//",
	    ">f+++++++++ 2 -55/06/01-00:00:00 other//",
	    ">f+++++++++ 2 99999999999999999999/06/01-00:00:00 far//",
	    ">f.st...... 2 (time-out-of-range) out//",
	};
	static const char *const bad[] = {
	    ">f+++++++++ 2 a//",
	    ">f+++++++++ 2 2050/06/01-00:00:00//",
	    ">f+++++++++ 2 2050//",
	    ">f+++++++++ 2 //",
	};
	struct bench b;

	(void)state;
	begin(&b);
	b.s.dates = true;
	for (size_t i = 0; i < LENGTH(good); i++)
		assert_int_equal(feed(&b, good[i]), 0);
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_int_equal(feed(&b, bad[i]), -1);
	assert_int_equal(b.s.listed, 8);
	assert_int_equal(b.s.odd_dates, 3);
	assert_string_equal(b.s.odd_first, "first");
	assert_int_equal(b.s.odd_year, 2050);
	assert_false(b.s.broken);
	assert_string_equal(b.list, "2050/06/01-00:00:00 b");
	end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dates),        cmocka_unit_test(test_names),
	    cmocka_unit_test(test_gone),         cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_skipped),      cmocka_unit_test(test_stores),
	    cmocka_unit_test(test_counts_alone), cmocka_unit_test(test_root_links_and_same),
	    cmocka_unit_test(test_sizes),        cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_other_lines),  cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_old_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
