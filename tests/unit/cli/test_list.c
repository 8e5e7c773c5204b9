// SPDX-License-Identifier: ISC
#include "rows.h"
#include "scratch.h"

#include "flashback/cli/list.h"

/* A store in the working directory, and a config that lists here/v and there/v. */
struct place {
	char *dir;
	struct config *config;
};

static struct place
make_place(const struct scratch *s)
{
	struct place p = {.dir = text_format("%s/store", s->path), .config = config_new("/etc/f")};
	struct errors_list faults = {0};
	char *why;

	assert_int_equal(mkdir("store", 0700), 0);
	assert_int_equal(chdir("store"), 0);
	assert_int_equal(mkdir(".flashback", 0700), 0);
	make_file(".flashback/store", "flashback store 1\n");
	assert_int_equal(option_set(option_find("data_dir"), p.config, p.dir, &why), 0);
	option_mark(option_find("data_dir"), p.config,
	            &(struct option_origin){.file = p.config->file, .line = 1});
	config_finish(p.config, true, &faults);
	assert_int_equal(faults.n, 0);
	assert_int_equal(config_add(p.config, rows_volume("here/v", "source=/home/", "keep_last=2",
	                                                  "keep_daily=2", "keep_weekly=0", NULL)),
	                 0);
	assert_int_equal(config_add(p.config, rows_volume("there/v", "source=h:/x/", NULL)), 0);
	return p;
}

static void
leave_place(struct place *p)
{
	config_free(p->config);
	free(p->dir);
}

/* What is printed for an operand (NULL: none), and the exit status; where the store is, it says @.
 */
static char *
list(const struct place *p, const char *operand, int status)
{
	struct text_list wanted = {0};
	char *text = NULL, *at;
	size_t len = 0, size = strlen(p->dir);
	FILE *f = open_memstream(&text, &len);

	if (operand != NULL)
		assert_int_equal(text_list_add(&wanted, operand), 0);
	assert_int_equal(list_run(f, p->config, &wanted), status);
	fclose(f);
	text_list_free(&wanted);
	while ((at = strstr(text, p->dir)) != NULL) {
		*at = '@';
		memmove(at + 1, at + size, strlen(at + size) + 1);
	}
	return text;
}

static void
expect(const struct place *p, const char *operand, const char *wanted)
{
	char *text = list(p, operand, 0);

	assert_string_equal(text, wanted);
	free(text);
}

static void
expect_error(const struct place *p, const char *operand)
{
	char *text = list(p, operand, 1);

	assert_string_equal(text, "");
	free(text);
}

static void
make_private(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

/* Four snapshots and two others; doc/f changes once, and is gone in the last. */
static void
make_snapshots(void)
{
	static const char *const dirs[] = {
	    "here",
	    "here/v",
	    "here/v/2026-11-17T031000+0100",
	    "here/v/2026-11-18T031000+0100.\033pin",
	    "here/v/2026-11-19T031000+0100",
	    "here/v/2026-11-20T031000+0100",
	    "here/v/2026-11-21T031000+0100.partial",
	    "here/v/2026-11-22T031000+0100.working",
	};
	char path[300];

	for (size_t i = 0; i < LENGTH(dirs); i++)
		make_private(dirs[i]);
	for (size_t i = 2; i < LENGTH(dirs); i++) {
		snprintf(path, sizeof(path), "%s/doc", dirs[i]);
		make_private(path);
	}
	make_file("here/v/2026-11-17T031000+0100/doc/f", "old");
	make_file("here/v/2026-11-19T031000+0100/doc/f", "newer");
	assert_int_equal(link("here/v/2026-11-17T031000+0100/doc/f",
	                      "here/v/2026-11-18T031000+0100.\033pin/doc/f"),
	                 0);
	assert_int_equal(symlink("doc", "here/v/2026-11-20T031000+0100/link"), 0);
}

static void
test_volumes(void **state)
{
	struct place p = make_place(*state);

	make_snapshots();
	make_private("gone");
	make_private("gone/v");
	make_private("gone/v/2026-11-19T031000+0100");
	expect(&p, NULL,
	       "VOLUME   SNAPSHOTS  OLDEST                  NEWEST                          SIZE\n"
	       "here/v           5  2026-11-17T031000+0100  2026-11-21T031000+0100.partial     -\n"
	       "there/v          0  -                       -                                  -\n"
	       "\n# Snapshots of volumes that are not in the config; they are never expired:\n"
	       "# gone/v: 1, the newest of 2026-11-19T031000+0100\n");
	leave_place(&p);
}

static void
test_snapshots(void **state)
{
	struct place p = make_place(*state);

	make_snapshots();
	make_private("here/v/.flashback");
	make_file("here/v/.flashback/history",
	          "2026-11-20T031000+0100 SUCCEEDED 0 9 1234 7 2048 1024 0123456789abcdef "
	          "2026-11-20T031000+0100\n");
	expect(
	    &p, "here/v",

	    "SNAPSHOT                        STATE     FILES  SIZE   NEW  KEPT\n"
	    "2026-11-17T031000+0100          complete      -     -     -  goes next\n"
	    "2026-11-18T031000+0100.\\033pin  pinned        -     -     -  pinned\n"
	    "2026-11-19T031000+0100          complete      -     -     -  last 2, daily 2; goes "
	    "next\n"
	    "2026-11-20T031000+0100          complete   1234  2.0K  1.0K  last 1, daily 1\n"
	    "2026-11-21T031000+0100.partial  partial       -     -     -  last 1, daily 1\n"
	    "2026-11-22T031000+0100.working  working       -     -     -  being made, or left by "
	    "a crash\n");
	leave_place(&p);
}

static void
test_versions(void **state)
{
	struct place p = make_place(*state);
	const struct timespec times[2] = {{.tv_sec = 86400}, {.tv_sec = 86400}};

	setenv("TZ", "UTC0", 1);
	make_snapshots();
	assert_int_equal(utimensat(AT_FDCWD, "here/v/2026-11-17T031000+0100/doc/f", times, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "here/v/2026-11-19T031000+0100/doc/f", times, 0), 0);
	expect(
	    &p, "here/v//doc/./f/",

	    "FIRST                   LAST                            SIZE  TIME                 "
	    "COPY FROM\n"
	    "2026-11-17T031000+0100  2026-11-18T031000+0100.\\033pin     3  1970-01-02 00:00:00  "
	    "\"$(printf '@/here/v/2026\\05511\\05518T031000+0100.\\033pin/doc/f')\"\n"
	    "2026-11-19T031000+0100  2026-11-19T031000+0100             5  1970-01-02 00:00:00  "
	    "@/here/v/2026-11-19T031000+0100/doc/f\n"
	    "\nIt is not in the newest snapshot, 2026-11-21T031000+0100.partial.\n"
	    "\nThe last of these, beside the present one; for another one replace the name of "
	    "the snapshot, twice:\n\n"
	    "    rsync -v -aHAX --sparse --numeric-ids --modify-window=-1 "
	    "@/here/v/2026-11-19T031000+0100/doc/f /home/doc/f.2026-11-19T031000+0100\n");
	leave_place(&p);
}

/* Dots and slashes behind a volume are the volume. */
static void
test_a_volume_in_other_words(void **state)
{
	static const char *const words[] = {"here/v/", "here/v/.", "here/v//./", "here/v/././."};
	struct place p = make_place(*state);
	char *text;

	make_snapshots();
	text = list(&p, "here/v", 0);
	for (size_t i = 0; i < LENGTH(words); i++)
		expect(&p, words[i], text);
	free(text);
	expect_error(&p, "here/v/...");
	leave_place(&p);
}

/* What left the config is still in the store. */
static void
test_unlisted(void **state)
{
	struct place p = make_place(*state);
	char *text;

	make_snapshots();
	assert_int_equal(rename("here", "gone"), 0);
	text = list(&p, "gone/v/.", 0);
	assert_non_null(strstr(text,
	                       "\n2026-11-17T031000+0100          complete      -     -    -  "
	                       "not in hosts.conf\n"));
	assert_non_null(strstr(text, "  pinned\n"));
	assert_null(strstr(text, "goes next"));
	free(text);
	text = list(&p, "gone/v/doc/f", 0);
	assert_non_null(strstr(text, "  @/gone/v/2026-11-19T031000+0100/doc/f\n"));
	assert_non_null(strstr(text, "\nThe volume is not in hosts.conf"));
	assert_null(strstr(text, "rsync"));
	free(text);
	expect_error(&p, "gone/v/none");
	expect_error(&p, "gone/w");
	expect_error(&p, "gone");
	expect_error(&p, "../gone/v");
	expect_error(&p, ".flashback/v");
	leave_place(&p);
}

/* Of a directory, which no two snapshots share, only who holds it is known. */
static void
test_a_directory(void **state)
{
	struct place p = make_place(*state);
	char *text;

	make_snapshots();
	text = list(&p, "here/v/doc", 0);
	assert_non_null(strstr(text, "\n2026-11-17T031000+0100  2026-11-21T031000+0100.partial "
	                             "    -  "));
	assert_non_null(strstr(text, "\n\nA directory: these snapshots hold it; what has changed "
	                             "in it is not compared.\n"));
	assert_non_null(strstr(text, " @/here/v/2026-11-21T031000+0100.partial/doc/ "
	                             "/home/doc.2026-11-21T031000+0100.partial/\n"));
	assert_null(strstr(text, "newest"));
	free(text);
	leave_place(&p);
}

static void
test_errors(void **state)
{
	struct place p = make_place(*state);
	char *text;

	make_snapshots();
	make_file("secret", "x");
	assert_int_equal(symlink("../../..", "here/v/2026-11-20T031000+0100/up"), 0);
	expect_error(&p, "here/v/../../secret");
	expect_error(&p, "here/v/doc/..");
	expect_error(&p, "here/v/up/secret");
	expect_error(&p, "here/v/doc/f/x");
	expect_error(&p, "here/v/link/f");
	expect_error(&p, "here/v/none");
	expect_error(&p, "here/x");
	expect_error(&p, "her/v/doc");
	/* A symbolic link itself is an entry as others are. */
	text = list(&p, "here/v/link", 0);
	free(text);
	/* A volume that is one leads out of the store. */
	assert_int_equal(rename("here/v", "away"), 0);
	assert_int_equal(symlink("../away", "here/v"), 0);
	expect_error(&p, "here/v/doc/f");
	assert_int_equal(unlink(".flashback/store"), 0);
	expect_error(&p, NULL);
	leave_place(&p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_volumes),     T(test_snapshots), T(test_versions),
	    T(test_a_directory), T(test_errors),    T(test_a_volume_in_other_words),
	    T(test_unlisted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
