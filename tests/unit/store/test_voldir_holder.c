// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <signal.h>

#include "flashback/store/voldir.h"

/* A process of this name that has the file open, when this returns. */
static pid_t
start_holder(const char *file, const char *name)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (open(file, O_RDONLY) == -1 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
names_who_has_it_open(void **state)
{
	const struct scratch *s = *state;
	char out[128], expected[64];
	pid_t pid[5];
	struct stat st;
	int own;

	make_file("lock", "");
	assert_int_equal(mkdirat(s->fd, "d", 0700), 0);
	make_file("d/lock", "");
	own = open("lock", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(own, &st), 0);
	assert_int_equal(voldir_find_holders(&st, "lock", out, sizeof(out)), 0);
	assert_string_equal(out, "");
	close(own);
	pid[0] = start_holder("d/lock", "another file");
	assert_int_equal(voldir_find_holders(&st, "lock", out, sizeof(out)), 0);
	pid[1] = start_holder("lock", "a\tname");
	snprintf(expected, sizeof(expected), "%d (a\\011name)", (int)pid[1]);
	assert_int_equal(voldir_find_holders(&st, "lock", out, sizeof(out)), 1);
	assert_string_equal(out, expected);
	assert_int_equal(voldir_find_holders(&st, "other", out, sizeof(out)), 0);
	for (int i = 2; i < 5; i++)
		pid[i] = start_holder("lock", "many");
	assert_int_equal(voldir_find_holders(&st, "lock", out, sizeof(out)), 4);
	assert_non_null(strstr(out, "(many), ..."));
	assert_int_equal(voldir_find_holders(&st, "lock", out, 8), 4); /* cut */
	for (int i = 0; i < 5; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(names_who_has_it_open, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
