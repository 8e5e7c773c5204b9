// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/mkstore.h"
#include "flashback/store/store.h"

/* What mkstore_run said, in new memory, and its return value. */
static char *
init(const char *data_dir, bool force, int *rc)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	*rc = mkstore_run(data_dir, "/dev/null/pid", force, f);
	fclose(f);
	return text;
}

static void
check_said(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" is not in:\n%s", words, text);
}

/* mkstore_run must return rc and say these words. */
static void
check_init(const char *data_dir, int rc, const char *words)
{
	int got;
	char *text = init(data_dir, false, &got);

	check_said(text, words);
	assert_int_equal(got, rc);
	free(text);
}

static struct marker
marker_of(const char *data_dir)
{
	struct store s;
	char *why;

	assert_int_equal(store_open(data_dir, &s, &why), 0);
	store_close(&s);
	return s.traits;
}

static void
test_new_directory(void **state)
{
	struct marker m;
	int rc;
	char *text = init("backup", false, &rc);

	(void)state;
	assert_int_equal(rc, 0);
	check_said(text, "hard links: yes\nlocks: yes\ntimes to the second: yes\n");
	check_said(text, "backup is a flashback store now (id ");
	free(text);
	assert_int_equal(stat_of("backup").st_mode & 07777, 0700);
	assert_int_equal(stat_of("backup/.flashback").st_mode & 07777, 0700);
	assert_int_equal(stat_of("backup/.flashback/store").st_mode & 07777, 0600);
	assert_int_equal(stat_of("backup/.flashback").st_nlink, 2); /* no directory is left in it */
	m = marker_of("backup");
	assert_int_equal(strlen(m.id), 32);
	assert_true(m.hard_links && m.locks && m.seconds && m.modes && m.symlinks && m.case_kept);
	assert_int_equal(m.owners, geteuid() == 0);
}

static void
test_harmless_when_it_is_one(void **state)
{
	struct marker first, again;
	int rc;
	char *text;

	(void)state;
	make_dir("backup");
	make_dir("backup/lost+found");
	check_init("backup", 0, "backup is a flashback store now");
	first = marker_of("backup");
	make_dir("backup/host");
	assert_int_equal(chmod("backup", 0750), 0);
	text = init("backup", true, &rc);
	assert_int_equal(rc, 0);
	check_said(text, "backup is already a flashback store (id ");
	check_said(text, first.id);
	check_said(text, "); tested again:\n");
	check_said(text, "hard links: yes\n");
	free(text);
	again = marker_of("backup");
	assert_string_equal(first.id, again.id);
	assert_int_equal(stat_of("backup").st_mode & 07777, 0750);
	assert_true(is_there("backup/host"));
}

static void
test_each_store_has_its_own_id(void **state)
{
	struct marker one, other;

	(void)state;
	check_init("one", 0, "");
	check_init("other", 0, "");
	one = marker_of("one");
	other = marker_of("other");
	assert_string_not_equal(one.id, other.id);
}

static void
test_what_is_refused(void **state)
{
	(void)state;
	check_init(
	    "no/such/parent", -1,
	    "no/such/parent: cannot create it in a directory that does not exist: No such file "
	    "or directory");
	make_file("file", "x");
	check_init("file", -1, "file cannot be opened: Not a directory");
	make_dir("full");
	assert_int_equal(chmod("full", 0755), 0);
	make_file("full/photo\033[2J", "x");
	check_init(
	    "full", -1,
	    "full is neither empty nor a flashback store (it contains photo\\033[2J): choose an"
	    " empty directory");
	assert_false(is_there("full/.flashback"));
	assert_int_equal(stat_of("full").st_mode & 07777, 0755);
	make_dir("newer");
	make_dir("newer/.flashback");
	make_file("newer/.flashback/store", "flashback store 9\n");
	check_init("newer", -1, "was it written by a newer one?");
	assert_int_equal(stat_of("newer/.flashback/store").st_size, 18);
}

static void
test_goes_on_where_it_was_cut(void **state)
{
	(void)state;
	make_dir("backup");
	make_dir("backup/.flashback");
	make_dir("backup/.flashback/test");
	make_file("backup/.flashback/test/Case", "x");
	check_init("backup", 0, "upper and lower case: yes");
	assert_false(is_there("backup/.flashback/test"));
}

/* ---- disks that lack something ---- */

static int
without_hard_links(void *arg)
{
	int rc;
	char *text;

	(void)arg;
	if (!deny_call(SYS_linkat, EPERM))
		return 10;
	check_init("backup", -1, "hard links: no: every snapshot is a full copy");
	check_init("backup", -1, "backup is refused for what it lacks");
	assert_false(is_there("backup"));
	make_dir("there");
	check_init("there", -1, "--force");
	assert_int_equal(rmdir("there"), 0);
	text = init("backup", true, &rc);
	assert_int_equal(rc, 0);
	check_said(text, "hard links: no");
	free(text);
	assert_false(marker_of("backup").hard_links);
	assert_true(marker_of("backup").locks);
	return 0;
}

static int
without_locks(void *arg)
{
	(void)arg;
	if (!deny_call(SYS_flock, ENOLCK))
		return 10;
	check_init("backup", -1, "locks: no: flashbacks on two machines");
	assert_false(is_there("backup"));
	return 0;
}

static int
without_times(void *arg)
{
	(void)arg;
	if (!deny_call(SYS_utimensat, EINVAL))
		return 10;
	check_init("backup", -1, "times to the second: no: files look changed");
	return 0;
}

#ifdef SYS_fchown32 /* where the first fchown had 16 bits for an owner */
#define FCHOWN SYS_fchown32
#else
#define FCHOWN SYS_fchown
#endif

static int
without_the_rest(void *arg)
{
	struct marker m;

	(void)arg;
	if (!deny_call(SYS_symlinkat, EPERM) || !deny_call(FCHOWN, EPERM) ||
	    !deny_call(SYS_fsetxattr, EOPNOTSUPP))
		return 10;
	check_init("backup", 0, "symbolic links: no: they cannot be backed up");
	m = marker_of("backup");
	assert_true(m.hard_links && m.modes && m.case_kept);
	assert_false(m.symlinks || m.owners || m.xattrs);
	return 0;
}

static void
test_disks_that_lack_something(void **state)
{
	(void)state;
	assert_true(in_child(without_hard_links, NULL));
	scratch_remove("backup");
	assert_true(in_child(without_locks, NULL));
	assert_true(in_child(without_times, NULL));
	assert_true(in_child(without_the_rest, NULL));
}

static void
test_real_disks(void **state)
{
	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=1m,mode=755"), 0);
	check_init("mnt", 0, "mnt is a flashback store now");
	assert_int_equal(stat_of("mnt").st_mode & 07777, 0700);
	assert_true(marker_of("mnt").nanoseconds);
	assert_true(marker_of("mnt").owners);
	assert_true(marker_of("mnt").d_ino);
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(mount("none", "mnt", "ramfs", 0, NULL), 0);
	check_init("mnt", 0, "extended attributes: no: they are lost");
	assert_false(marker_of("mnt").xattrs);
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(mount("none", "mnt", "tmpfs", MS_RDONLY, NULL), 0);
	check_init("mnt", -1, "mnt: cannot write to it: Read-only file system");
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=4k"), 0);
	check_init("mnt", -1, "mnt: cannot write to it: No space left on device");
	assert_int_equal(rmdir("mnt/.flashback"), -1); /* nothing is left behind */
	assert_int_equal(errno, ENOENT);
	assert_int_equal(umount("mnt"), 0);
}

/* An overlay of two file systems makes up inode numbers of its own for directories. */
static void
test_overlay(void **state)
{
	(void)state;
	NEEDS_ROOT();
	make_dir("lower");
	make_dir("rest");
	make_dir("mnt");
	assert_int_equal(mount("none", "rest", "tmpfs", 0, NULL), 0);
	make_dir("rest/upper");
	make_dir("rest/work");
	if (mount("none", "mnt", "overlay", 0,
	          "lowerdir=lower,upperdir=rest/upper,workdir=rest/work,xino=off") < 0) {
		assert_int_equal(umount("rest"), 0);
		print_message("not tested: no overlay here: %s\n", strerror(errno));
		skip();
	}
	check_init("mnt", 0, "inode numbers in directories: no: each run takes as long as if");
	assert_false(marker_of("mnt").d_ino);
	assert_int_equal(umount("mnt"), 0);
	assert_int_equal(umount("rest"), 0);
}

/* Small inodes have no room for nanoseconds: only a real file system shows it. */
static void
test_ext4(void **state)
{
	static const char *const sizes[] = {"128", "256"};

	(void)state;
	NEEDS_ROOT();
	make_dir("mnt");
	for (int i = 0; i < 2; i++) {
		const char *const mkfs[] = {"mkfs.ext4", "-q",   "-F", "-I",
		                            sizes[i],    "disk", "8M", NULL};
		const char *const mount_it[] = {"mount", "-o", "loop", "disk", "mnt", NULL};

		if (!run_program(mkfs) || !run_program(mount_it)) {
			print_message("not tested: no ext4 on a loop device here\n");
			skip();
		}
		check_init("mnt", 0,
		           i ? "times to the nanosecond: yes" : "times to the nanosecond: no");
		assert_true(is_there("mnt/lost+found"));
		assert_true(marker_of("mnt").seconds);
		assert_int_equal(marker_of("mnt").nanoseconds, i);
		assert_int_equal(marker_of("mnt").dates, i);
		assert_int_equal(umount("mnt"), 0);
		assert_int_equal(unlink("disk"), 0);
	}
}

static void
test_the_file_system_of_the_root_directory(void **state)
{
	char dir[] = "/flashback.XXXXXX", path[64];
	int rc;
	char *text;

	(void)state;
	NEEDS_ROOT();
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/backup", dir);
	check_init(path, -1, "/backup is on the file system of /: mount the backup disk there");
	assert_false(is_there(path));
	text = init(path, true, &rc);
	assert_int_equal(rc, 0);
	check_said(text, "warning: ");
	free(text);
	check_init(path, 0, "tested again");
	scratch_remove(dir);
}

/* A marker that was brought here, with what another disk had, is known to be a guess. */
static void
test_another_disk(void **state)
{
	struct store s;
	char *why, words[RESULT_TEXT];

	(void)state;
	check_init("backup", 0, "");
	assert_int_equal(store_open("backup", &s, &why), 0);
	assert_true(s.known);
	store_close(&s);
	assert_int_equal(unlink("backup/.flashback/store"), 0);
	make_file(
	    "backup/.flashback/store",
	    "flashback store 1\nid=abc\ndisk=ef53-1\nhard_links=no\nsymlinks=no\nd_ino=yes\n");
	assert_int_equal(store_open("backup", &s, &why), 0);
	assert_false(s.known);
	assert_false(s.traits.d_ino);
	assert_int_equal(mkstore_retest("backup", &s, words, sizeof(words)), RESULT_NONE);
	assert_non_null(strstr(words, "tested now, it lacks "));
	assert_true(s.known && s.traits.symlinks && s.traits.hard_links);
	assert_int_equal(mkstore_retest("backup", &s, words, sizeof(words)), RESULT_NONE);
	assert_string_equal(words, "");
	store_close(&s);
	assert_string_equal(marker_of("backup").id, "abc");
	assert_true(marker_of("backup").symlinks);
	assert_false(is_there("backup/.flashback/test"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_new_directory),
	    T(test_harmless_when_it_is_one),
	    T(test_each_store_has_its_own_id),
	    T(test_what_is_refused),
	    T(test_goes_on_where_it_was_cut),
	    T(test_disks_that_lack_something),
	    T(test_real_disks),
	    T(test_overlay),
	    T(test_ext4),
	    T(test_the_file_system_of_the_root_directory),
	    T(test_another_disk),
	};

	/* A store on the file system of / would be refused. */
	if (!private_mounts() ||
	    (geteuid() == 0 && mount("none", "/tmp", "tmpfs", 0, "mode=1777") != 0))
		return 1;
	if (geteuid() == 0)
		assert_int_equal(setenv("TMPDIR", "/tmp", 1), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
