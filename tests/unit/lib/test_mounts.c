// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <linux/auto_fs.h>
#include <sys/ioctl.h>

#include "flashback/lib/mounts.h"
#include "flashback/lib/text.h"

static bool
bind(const char *what, const char *where)
{
	return mount(what, where, NULL, MS_BIND, NULL) == 0;
}

/* In a mount namespace of its own.  Return 0, or what went wrong. */
static int
look_everywhere(void *arg)
{
	const struct scratch *s = arg;
	char *store = text_format("%s/store", s->path);
	char *whole = text_format("%s/a whole", s->path), *part = text_format("%s/part", s->path);
	char *above = text_format("%s/above/store", s->path);
	struct text_list found = {0};

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 1;
	if (mounts_each(store, &found) != 0 || found.n != 0)
		return 2;
	if (!bind("store", "a whole") || !bind("store/host", "part") || !bind(".", "above") ||
	    !bind("store", "hidden") || !bind("other", "hidden") || !bind("other", "foreign"))
		return 3;
	if (mounts_each(store, &found) != 0 || found.n != 3)
		return 4;
	return text_list_has(&found, whole) && text_list_has(&found, part) &&
	               text_list_has(&found, above)
	           ? 0
	           : 5;
}

static void
test_every_place_is_found(void **state)
{
	static const char *const dirs[] = {"store", "store/host", "a whole", "part",
	                                   "above", "hidden",     "other",   "foreign"};

	NEEDS_ROOT();
	for (size_t i = 0; i < LENGTH(dirs); i++)
		make_dir(dirs[i]);
	assert_true(in_child(look_everywhere, *state));
}

/* Mount an automount point that nobody serves, which is never used here.  Return its root. */
static int
automount(const char *where)
{
	int ends[2], root = -1;
	char options[64];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	snprintf(options, sizeof(options), "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", ends[1],
	         (int)getpgrp());
	if (mount("test", where, "autofs", 0, options) == 0)
		root = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root;
}

/* The child's end closes what this leaves open. */
static int
look_at_automount(void *arg)
{
	const struct scratch *s = arg;
	char *store = text_format("%s/auto/store", s->path);
	unsigned long seconds = 600;
	int root;

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 1;
	if (mounts_on_demand(store))
		return 2;
	root = automount("auto");
	if (root < 0 || !mounts_on_demand(store))
		return 3;
	if (mount("none", "auto", "tmpfs", 0, NULL) != 0 || mounts_on_demand(store))
		return 4;
	if (ioctl(root, AUTOFS_IOC_SETTIMEOUT, &seconds) != 0 || !mounts_on_demand(store))
		return 5;
	return mounts_on_demand(s->path) ? 6 : 0;
}

static void
test_automount(void **state)
{
	NEEDS_ROOT();
	if (access("/dev/autofs", F_OK) != 0)
		skip();
	make_dir("auto");
	assert_true(in_child(look_at_automount, *state));
}

/* A real btrfs is the matter of system/leftout. */
static void
test_other_file_systems(void **state)
{
	struct text_list found = {0};

	(void)state;
	assert_int_equal(mounts_subvolumes("/proc", &found), 0);
	assert_int_equal(mounts_subvolumes("/no/such/directory", &found), 0);
	assert_int_equal(mounts_subvolumes("/dev/null", &found), 0);
	assert_int_equal(found.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_every_place_is_found, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_automount, scratch_setup, scratch_teardown),
	    cmocka_unit_test(test_other_file_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
