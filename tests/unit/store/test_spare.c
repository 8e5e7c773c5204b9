// SPDX-License-Identifier: ISC
#include "spare_place.h"

#include <sys/file.h>

/* ---- the end before the end ---- */

static void
test_stopped_at_each_step(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	make_dir(TREE "/a");
	make_dir(TREE "/a/b");
	make_file(TREE "/a/b/f", "f");
	make_file(TREE "/a/g", "g");
	make_dir(SPARE);
	make_file(SPARE "/a", "in the way");
	p->w = (struct spare_walk){.stop = spend, .arg = p};
	p->budget = 0;
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 1);
	assert_true(S_ISREG(stat_of(SPARE "/a").st_mode));
	for (unsigned budget = 1; p->budget = budget, spare_walk(&p->v, SNAP, &p->w) != 0; budget++)
		assert_true(budget < 20);
	assert_true(p->calls > 10);
	p->w.stop = NULL;
	check_walk(p);
}

/* ---- attributes of directories alone ---- */

static void
test_attributes_alone(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	make_dir(TREE "/d");
	make_file(TREE "/d/f", "f");
	set_xattr(TREE "/d", "user.x", "value");
	check_walk(p);
	set_time(SPARE "/d", 5, 6);
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 0);
	assert_int_equal(p->w.changes, 1);
	check_walk(p);
	assert_int_equal(chmod(SPARE, 0), 0);
	check_walk(p);
	assert_int_equal(chown(SPARE "/d", 1, 0), 0);
	check_walk(p);
	set_acl(SPARE "/d", "system.posix_acl_default", 1);
	check_walk(p);
	set_acl(TREE "/d", "system.posix_acl_access", 1);
	check_walk(p);
	set_xattr(SPARE "/d", "user.x", "other");
	check_walk(p);
	set_xattr(SPARE "/d", "user.x", "valuf");
	check_walk(p);
	removexattr(SPARE "/d", "user.x");
	check_walk(p);
	set_xattr(SPARE "/d", "user.xx", "value");
	check_walk(p);
}

/* ---- damage ---- */

static void
test_something_else_in_its_place(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	make_file(TREE "/f", "f");
	make_dir("outside");
	make_file("outside/precious", "x");
	assert_int_equal(symlink("../../../outside", SPARE), 0);
	assert_int_equal(spare_open(&p->v), -1);
	assert_true(errno == ELOOP || errno == ENOTDIR);
	check_walk(p);
	assert_true(is_there("outside/precious"));
	assert_int_equal(spare_drop(&p->v), 0);
	make_file(SPARE, "a file");
	assert_int_equal(spare_open(&p->v), -1);
	assert_int_equal(errno, ENOTDIR);
	scratch_remove(ASIDE);
	assert_int_equal(symlink("../../../outside", ASIDE), 0);
	assert_int_equal(spare_sweep_aside(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	check_walk(p);
	make_dir(SPARE "/dir");
	make_file(SPARE "/dir/f", "x");
	check_walk(p);
	assert_true(S_ISDIR(stat_of(ASIDE).st_mode));
	make_file("h/v/.flashback/file", "");
	assert_int_equal(rename("h/v/.flashback/file", SPARE), -1);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_int_equal(symlink("../../../outside", SPARE), 0);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_false(is_there(SPARE));
	assert_true(is_there("outside/precious"));
}

static void
test_mounts_are_not_entered(void **state)
{
	static const char *const places[] = {SPARE, SPARE "/d", TREE, TREE "/d"};
	struct place *p = *state;
	int fd;

	make_dir("other");
	make_file("other/f", "precious");
	make_dir(TREE);
	make_dir(TREE "/d");
	make_dir(TREE "/d/e");
	check_walk(p);
	for (size_t i = 0; i < LENGTH(places); i++)
		for (int same = 0; same < 2; same++) {
			if (same && i == 2)
				continue; /* it is only read, and its files cannot be linked */
			assert_int_equal(mount(same ? "other" : "none", places[i], "tmpfs",
			                       same ? MS_BIND : 0, NULL),
			                 0);
			assert_int_equal(spare_walk(&p->v, SNAP, &p->w), -1);
			assert_non_null(strstr(p->w.trouble, "mounted"));
			fd = spare_open(&p->v);
			assert_int_equal(fd >= 0, i != 0);
			if (i == 0)
				assert_int_equal(errno, EXDEV);
			close(fd);
			assert_int_equal(umount(places[i]), 0);
		}
	assert_true(is_there("other/f"));
	check_walk(p);
}

static void
test_what_cannot_be_changed(void **state)
{
	struct place *p = *state;
	int fd, flags = FS_IMMUTABLE_FL;

	make_dir(TREE);
	make_dir(TREE "/d");
	make_file(TREE "/d/f \n", "f");
	fd = open(TREE "/d/f \n", O_RDONLY | O_CLOEXEC);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		print_message("not tested: no immutable files here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), -1);
	assert_string_equal(p->w.trouble, SNAP "/d/f \\012: Operation not permitted");
	flags = 0;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
	check_walk(p);
}

static int
walk_without_links(void *arg)
{
	struct place *p = arg;

	if (!deny_call(SYS_linkat, EMLINK))
		return 2;
	return spare_walk(&p->v, SNAP, &p->w) != -1 || errno != EMLINK;
}

static void
test_too_many_links(void **state)
{
	make_dir(TREE);
	make_file(TREE "/f", "f");
	assert_true(in_child(walk_without_links, *state));
	check_walk(*state);
}

/* ---- recycled, dropped, swept, noted ---- */

static void
test_recycle(void **state)
{
	struct place *p = *state;
	struct stat before;
	int fd;

	make_dir(TREE);
	make_file(TREE "/f", "f");
	make_dir("h/v/" OLD);
	assert_int_equal(link(TREE "/f", "h/v/" OLD "/f"), 0);
	make_file("h/v/" OLD "/g", "g");
	before = stat_of("h/v/" OLD);
	/* Who removes it is not disturbed. */
	fd = open("h/v/" OLD, SCRATCH_OPEN_DIR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(spare_recycle(&p->v, OLD), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(fd);
	assert_int_equal(spare_note(&p->v, SNAP), 0);
	assert_int_equal(spare_recycle(&p->v, OLD), 0);
	assert_false(spare_is_noted(&p->v, SNAP));
	assert_true(stat_of(SPARE).st_ino == before.st_ino);
	check_walk(p);
	assert_int_equal(p->w.entries, 1);
	/* Only when there is none. */
	make_dir("h/v/" OLD);
	make_file("h/v/" OLD "/f", "f");
	assert_int_equal(spare_recycle(&p->v, OLD), -1);
	assert_true(is_there("h/v/" OLD "/f"));
	check_equal();
}

static void
test_drop_and_sweep(void **state)
{
	struct place *p = *state;

	assert_int_equal(spare_drop(&p->v), 0);
	assert_int_equal(spare_sweep_aside(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	make_dir(TREE);
	make_dir(TREE "/d");
	make_file(TREE "/d/f", "f");
	for (int i = 0; i < 3; i++) {
		check_walk(p);
		assert_int_equal(spare_drop(&p->v), 0);
		assert_int_equal(spare_open(&p->v), -1);
	}
	assert_int_equal(stat_of(TREE "/d/f").st_nlink, 4);
	assert_int_equal(spare_sweep_aside(&p->v, p->w.trouble, sizeof(p->w.trouble)), 0);
	assert_int_equal(stat_of(TREE "/d/f").st_nlink, 1);
	assert_false(is_there(ASIDE));
}

static void
test_noted(void **state)
{
	struct place *p = *state;

	make_dir(TREE);
	assert_false(spare_is_noted(&p->v, SNAP));
	assert_int_equal(spare_note(&p->v, SNAP), 0);
	assert_int_equal(spare_note(&p->v, SNAP), 0);
	assert_true(spare_is_noted(&p->v, SNAP));
	assert_false(spare_is_noted(&p->v, SNAP ".partial"));
	assert_false(spare_is_noted(&p->v, "2026-11-20T000000+000"));
	p->w = (struct spare_walk){.stop = spend, .arg = p};
	make_dir(TREE "/d");
	assert_int_equal(spare_walk(&p->v, SNAP, &p->w), 1);
	assert_false(spare_is_noted(&p->v, SNAP));
	assert_int_equal(spare_note(&p->v, SNAP), 0);
	assert_int_equal(spare_drop(&p->v), 0);
	assert_false(spare_is_noted(&p->v, SNAP));
}

static void
test_possible(void **state)
{
	struct place *p = *state;

	assert_true(spare_possible(&p->store));
	p->store.traits.d_ino = false;
	assert_false(spare_possible(&p->store));
	p->store.traits.d_ino = true;
	p->store.traits.hard_links = false;
	assert_false(spare_possible(&p->store));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_stopped_at_each_step),
	    T(test_attributes_alone),
	    T(test_something_else_in_its_place),
	    T(test_mounts_are_not_entered),
	    T(test_what_cannot_be_changed),
	    T(test_too_many_links),
	    T(test_recycle),
	    T(test_drop_and_sweep),
	    T(test_noted),
	    T(test_possible),
	};

	return RUN(tests);
}
