// SPDX-License-Identifier: ISC
#include "spare_place.h"

#include <signal.h>

#define ROUNDS 1000

/* Put a directory of the working directory aside. */
static int
put(const struct place *p, const char *name)
{
	return spare_set_aside(&p->v, AT_FDCWD, name, stat_of(name).st_ino);
}

static int
sweep(struct place *p)
{
	return spare_sweep_aside(&p->v, p->w.trouble, sizeof(p->w.trouble));
}

static void
test_put_and_sweep(void **state)
{
	struct place *p = *state;

	assert_int_equal(sweep(p), 0);
	for (int i = 0; i < 3; i++) { /* of one name */
		make_dir("d");
		make_dir("d/e");
		make_file("d/e/f", "f");
		assert_int_equal(put(p, "d"), 0);
		assert_false(is_there("d"));
	}
	assert_int_equal(sweep(p), 0);
	assert_false(is_there(ASIDE));
	make_dir("d");
	assert_int_equal(put(p, "d"), 0);
	assert_int_equal(spare_set_aside(&p->v, AT_FDCWD, "d", 1), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sweep(p), 0);
}

static void
test_no_directory(void **state)
{
	struct place *p = *state;

	make_dir("outside");
	make_file("outside/precious", "x");
	make_dir("d");
	assert_int_equal(symlink("../../../outside", ASIDE), 0);
	assert_int_equal(sweep(p), 0);
	assert_true(is_there("outside/precious"));
	assert_int_equal(put(p, "d"), 0);
	assert_true(S_ISDIR(stat_of(ASIDE).st_mode));
	assert_false(is_there("outside/d"));
	assert_int_equal(sweep(p), 0);
}

static void
test_what_cannot_be_removed(void **state)
{
	struct place *p = *state;
	char trouble[200];
	int fd, flags = FS_IMMUTABLE_FL;

	make_dir("d");
	make_file("d/f", "f");
	make_file("d/g", "g");
	fd = open("d/f", O_RDONLY | O_CLOEXEC);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		print_message("not tested: no immutable files here: %s\n", strerror(errno));
		skip();
	}
	snprintf(trouble, sizeof(trouble), ".flashback/spare.old/%ju/f: Operation not permitted",
	         (uintmax_t)stat_of("d").st_ino);
	assert_int_equal(put(p, "d"), 0);
	assert_int_equal(sweep(p), 1);
	assert_string_equal(p->w.trouble, trouble);
	assert_int_equal(spare_sweep_aside(&p->v, NULL, 0), 1);
	flags = 0;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
	assert_int_equal(sweep(p), 0);
	assert_false(is_there(ASIDE));
}

/* One process removes, as fast as it can, what another sets aside. */
static void
test_at_once(void **state)
{
	struct place *p = *state;
	pid_t pid = fork();
	int failed = 0;

	if (pid == 0)
		for (;;)
			if (sweep(p) != 0)
				_exit(1);
	for (int i = 0; i < ROUNDS; i++) {
		make_dir("d");
		make_dir("d/e");
		failed += put(p, "d") != 0;
		if (failed != 0)
			break;
	}
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(failed, 0);
	assert_int_equal(sweep(p), 0);
	assert_false(is_there(ASIDE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_put_and_sweep), T(test_no_directory),
	                                   T(test_what_cannot_be_removed), T(test_at_once)};

	return RUN(tests);
}
