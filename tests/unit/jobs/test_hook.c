// SPDX-License-Identifier: ISC
#include "unit.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "flashback/jobs/hook.h"
#include "flashback/lib/file.h"

static char dir[] = "/tmp/hook.XXXXXX";

static int
setup_all(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ? -1 : 0;
}

static int
teardown_all(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int
run_script(const char *script, const struct text_list *env, const char *input, int seconds,
           char *why, size_t size)
{
	struct text_list command = {0};
	int status;

	assert_int_equal(text_list_add(&command, "/bin/sh"), 0);
	assert_int_equal(text_list_add(&command, "-c"), 0);
	assert_int_equal(text_list_add(&command, script), 0);
	status = hook_run(&command, env, input, seconds, -1, why, size);
	text_list_free(&command);
	return status;
}

static void
test_environment_and_input(void **state)
{
	struct text_list env = {0};
	char script[256], path[64], why[128], *text;
	size_t len;

	(void)state;
	snprintf(path, sizeof(path), "%s/out", dir);
	snprintf(script, sizeof(script),
	         "cat > %s; echo \"[$FLASHBACK_VOLUME] $LC_ALL\" >> %s; exit 3", path, path);
	assert_int_equal(text_list_add(&env, "FLASHBACK_VOLUME=a/$(b) %s"), 0);
	assert_int_equal(run_script(script, &env, "one line\n", 120, why, sizeof(why)), 3);
	assert_int_equal(file_read(AT_FDCWD, path, 1000, &text, &len), 0);
	assert_string_equal(text, "one line\n[a/$(b) %s] C\n");
	free(text);
	unlink(path);
	text_list_free(&env);
}

static void
test_how_else_it_ends(void **state)
{
	struct text_list absent = {0};
	char why[128] = "";

	(void)state;
	assert_int_equal(run_script("kill -9 $$", NULL, NULL, 120, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "killed by signal 9"));
	assert_int_equal(run_script("sleep 1000", NULL, NULL, 1, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "still running after 1 s"));
	assert_int_equal(text_list_add(&absent, "/nonexistent/hook"), 0);
	assert_int_equal(hook_run(&absent, NULL, NULL, 120, -1, why, sizeof(why)), 127);
	text_list_free(&absent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_environment_and_input),
	    cmocka_unit_test(test_how_else_it_ends),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
