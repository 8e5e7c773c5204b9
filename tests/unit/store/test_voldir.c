// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/lib/file.h"
#include "flashback/lib/tree.h"
#include "flashback/store/voldir.h"

#define NOW INT64_C(1795305600) /* 2026-11-22T000000+0000 */
#define BOOT "5c2d4d8e-0a41-4d8b-b0a5-0f1f2b3c4d5e"

/* A volume that is locked; its directory becomes the working directory. */
static struct store_volume
open_volume(const struct scratch *s)
{
	struct store store;
	struct store_volume v;
	char *why;

	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\n");
	assert_int_equal(store_open(s->path, &store, &why), 0);
	assert_int_equal(store_volume_open(&store, "host", "vol", true, &v), 0);
	store_close(&store);
	assert_int_equal(fchdir(v.fd), 0);
	return v;
}

/* ---- latest ---- */

/* Where latest points; "" if there is none. */
static const char *
latest(char buf[64])
{
	ssize_t len = readlink("latest", buf, 63);

	buf[len < 0 ? 0 : len] = '\0';
	return buf;
}

/* In this order the snapshots come up, and latest follows. */
static void
test_latest_follows(void **state)
{
	static const struct {
		const char *dir, *latest;
	} steps[] = {
	    {"2026-11-01T000000+0000.suspect", ""},
	    {"2026-11-01T000001+0000.interrupted", ""},
	    {"2026-11-01T000002+0000.pinned", ""},
	    {"2026-11-20T000000+0000.partial", "2026-11-20T000000+0000.partial"},
	    {"2026-11-10T000000+0000", "2026-11-10T000000+0000"},
	    {"2026-11-21T000000+0000.partial", "2026-11-10T000000+0000"},
	    {"2026-11-09T235959+0000", "2026-11-10T000000+0000"},
	    {"2026-11-21T000000+0000.working", "2026-11-10T000000+0000"},
	    {"2026-11-21T000000+0000.suspect", "2026-11-10T000000+0000"},
	    {"2026-11-11T000000+0000", "2026-11-11T000000+0000"},
	    {"2026-11-24T000000+0000", "2026-11-11T000000+0000"}, /* from the future */
	};
	struct store_volume v = open_volume(*state);
	char buf[64];

	for (size_t i = 0; i < LENGTH(steps); i++) {
		make_dir(steps[i].dir);
		assert_int_equal(store_volume_list(&v), 0);
		assert_int_equal(voldir_latest(&v, NOW), 0);
		assert_string_equal(latest(buf), steps[i].latest);
		assert_false(is_there(".flashback/latest.new"));
	}
	store_volume_close(&v);
}

static void
test_latest_goes_when_there_is_nothing(void **state)
{
	struct store_volume v = open_volume(*state);
	char buf[64];
	ino_t before;

	make_dir("2026-11-20T000000+0000");
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(symlink("x", ".flashback/latest.new"), 0); /* left by a crash */
	assert_int_equal(voldir_latest(&v, NOW), 0);
	before = stat_of("latest").st_ino;
	assert_int_equal(voldir_latest(&v, NOW), 0);
	assert_true(stat_of("latest").st_ino == before); /* left when it is right */
	assert_int_equal(unlink("latest"), 0);
	assert_int_equal(
	    symlink("2026-11-20T000000+0000/and/more/than/a/name/of/ours/has", "latest"), 0);
	assert_int_equal(voldir_latest(&v, NOW), 0);
	assert_string_equal(latest(buf), "2026-11-20T000000+0000");
	assert_int_equal(rmdir("2026-11-20T000000+0000"), 0);
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(voldir_latest(&v, NOW), 0);
	assert_false(is_there("latest"));
	assert_int_equal(voldir_latest(&v, NOW), 0);
	store_volume_close(&v);
}

static void
test_latest_of_the_user_is_left(void **state)
{
	struct store_volume v = open_volume(*state);

	for (int i = 0; i < 2; i++) {
		make_dir("latest");
		assert_int_equal(voldir_latest(&v, NOW), -1);
		assert_int_equal(errno, EEXIST);
		assert_int_equal(rmdir("latest"), 0);
		make_file("latest", "precious");
		assert_int_equal(voldir_latest(&v, NOW), -1);
		assert_int_equal(errno, EEXIST);
		assert_int_equal(unlink("latest"), 0);
		if (i == 0)
			make_dir("2026-11-20T000000+0000");
		assert_int_equal(store_volume_list(&v), 0);
	}
	store_volume_close(&v);
}

/* ---- history ---- */

static char *
history_text(void)
{
	char *text;
	size_t len;

	assert_int_equal(file_read(AT_FDCWD, ".flashback/history", 8 << 20, &text, &len), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

static void
test_history_grows_and_is_pruned(void **state)
{
	struct store_volume v = open_volume(*state);
	struct history_run run = {.result = RESULT_SUCCEEDED, .files = 7};
	struct stamp first = {.when = NOW};
	char buf[STAMP_NAME_SIZE], *text;

	make_dir(stamp_format(&first, buf));
	assert_int_equal(store_volume_list(&v), 0);
	run.stamp = run.snapshot = first;
	assert_int_equal(voldir_history(&v, &run), 0);
	text = history_text();
	assert_memory_equal(text, HISTORY_HEADER "\n", sizeof(HISTORY_HEADER));
	assert_int_equal(count_lines(text), 2);
	assert_non_null(strstr(text, buf));
	free(text);
	assert_int_equal(stat_of(".flashback/history").st_mode & 07777, 0600);

	/* As if 1,005 runs had failed since: the line of what exists stays all the same. */
	v.runs = reallocarray(v.runs, HISTORY_OTHERS + 6, sizeof(*v.runs));
	assert_non_null(v.runs);
	run.result = RESULT_FAILED;
	run.snapshot.when = 0;
	while (v.nruns < HISTORY_OTHERS + 6) {
		run.stamp.when += 600;
		v.runs[v.nruns++] = run;
	}
	run.stamp.when += 600;
	snprintf(run.reason, sizeof(run.reason), "the last one");
	assert_int_equal(voldir_history(&v, &run), 0);
	assert_int_equal(v.nruns, HISTORY_OTHERS + 1);
	text = history_text();
	assert_int_equal(count_lines(text), HISTORY_OTHERS + 2);
	assert_non_null(strstr(text, buf));
	assert_string_equal(text + strlen(text) - 13, "the last one\n");
	free(text);
	store_volume_close(&v);
}

static int
count_entry(void *arg, const struct dirent *entry)
{
	(void)entry;
	++*(int *)arg;
	return 0;
}

static void
test_history_that_cannot_be_written(void **state)
{
	struct store_volume v = open_volume(*state);
	struct history_run run = {.stamp = {.when = NOW}, .result = RESULT_FAILED};
	int n = 0;

	make_dir(".flashback/history");
	assert_int_equal(voldir_history(&v, &run), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(tree_names(v.meta, count_entry, &n), 0);
	assert_int_equal(n, 2); /* that and the lock */
	store_volume_close(&v);
}

/* What could not be read may be read again on another day. */
static void
test_history_that_could_not_be_read(void **state)
{
	struct store_volume v = open_volume(*state);
	struct history_run run = {.stamp = {.when = NOW}, .result = RESULT_FAILED};
	char *text;

	make_file(".flashback/history", "as it was\n");
	v.unread = EIO;
	assert_int_equal(voldir_history(&v, &run), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(v.nruns, 0);
	text = history_text();
	assert_string_equal(text, "as it was\n");
	free(text);
	assert_int_equal(voldir_set_aside(&v), 0);
	assert_int_equal(v.unread, 0);
	assert_int_equal(access(".flashback/" VOLDIR_ASIDE, F_OK), 0);
	assert_int_equal(voldir_history(&v, &run), 0);
	assert_int_equal(v.nruns, 1);
	assert_true(voldir_is_blind(&v));
	run.snapshot = (struct stamp){.when = NOW, .state = STAMP_INTERRUPTED};
	assert_int_equal(voldir_history(&v, &run), 0);
	assert_true(voldir_is_blind(&v));
	run.snapshot.state = STAMP_COMPLETE;
	assert_int_equal(voldir_history(&v, &run), 0);
	assert_false(voldir_is_blind(&v));
	store_volume_close(&v);
}

/* ---- the note ---- */

static void
write_lock(const char *text, size_t len)
{
	int fd = open(".flashback/lock", O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void
test_note_there_and_back(void **state)
{
	struct store_volume v = open_volume(*state);
	struct stamp stamp = {.when = NOW, .offset = -3600, .state = STAMP_WORKING}, back;
	char boot[64];
	ino_t inode = stat_of(".flashback/lock").st_ino;

	assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &back), -1);
	assert_int_equal(errno, ENODATA);
	assert_int_equal(voldir_note_write(&v, BOOT, &stamp), 0);
	assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &back), 0);
	assert_string_equal(boot, BOOT);
	assert_int_equal(stamp_compare(&stamp, &back), 0);
	assert_int_equal(voldir_note_write(&v, "x", NULL), 0);
	assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &back), 0);
	assert_string_equal(boot, "x");
	assert_int_equal(back.when, 0);
	assert_true(stat_of(".flashback/lock").st_ino == inode); /* else the lock means nothing */
	assert_int_equal(voldir_note_write(&v, BOOT, &stamp), 0);
	assert_int_equal(voldir_note_read(&v, boot, strlen(BOOT), &back), -1);
	assert_int_equal(voldir_note_read(&v, boot, strlen(BOOT) + 1, &back), 0);
	store_volume_close(&v);
}

/* A dry run reads the note without the lock; a fifo in its place must not hold it up. */
static void
test_note_that_is_no_file(void **state)
{
	struct store_volume v = open_volume(*state), unlocked = v;
	struct stamp stamp;
	char boot[64];

	unlocked.lock = -1;
	assert_int_equal(unlink(".flashback/lock"), 0);
	assert_int_equal(mkfifo(".flashback/lock", 0600), 0);
	alarm(20);
	assert_int_equal(voldir_note_read(&unlocked, boot, sizeof(boot), &stamp), -1);
	alarm(0);
	store_volume_close(&v);
}

/* Whatever a crash leaves of a note is no note. */
static void
test_note_that_was_cut(void **state)
{
	static const char whole[] = "boot " BOOT "\nworking 2026-11-21T230000-0100.working\n";
	static const char *const garbage[] = {"boot \nworking none\n",
	                                      "boot x\nworking 2026-11-21\n",
	                                      "boot x\nworking 2026-11-21T230000-0100.mine\n",
	                                      "boot x\nidle\n",
	                                      "reboot x\nworking none\n",
	                                      "\377\376\n\n\n"};
	struct store_volume v = open_volume(*state);
	struct stamp stamp;
	char boot[64] = "as it was", hole[4096] = "";

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		write_lock(whole, len);
		assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &stamp), -1);
		assert_int_equal(errno, ENODATA);
		assert_int_equal(stamp.when, 0);
	}
	for (size_t i = 0; i < LENGTH(garbage); i++) {
		write_lock(garbage[i], strlen(garbage[i]));
		assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &stamp), -1);
		assert_int_equal(stamp.when, 0);
	}
	write_lock(hole, sizeof(hole));
	assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &stamp), -1);
	assert_string_equal(boot, "as it was");
	write_lock(whole, sizeof(whole) - 1);
	assert_int_equal(voldir_note_read(&v, boot, sizeof(boot), &stamp), 0);
	assert_int_equal(stamp.when, NOW);
	store_volume_close(&v);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_latest_follows),
	    T(test_latest_goes_when_there_is_nothing),
	    T(test_latest_of_the_user_is_left),
	    T(test_history_grows_and_is_pruned),
	    T(test_history_that_cannot_be_written),
	    T(test_history_that_could_not_be_read),
	    T(test_note_there_and_back),
	    T(test_note_that_was_cut),
	    T(test_note_that_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
