// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/trust.h"

static const struct marker all = {.owners = true, .modes = true}, none = {.owners = false};

static void
check_owner(const char *words)
{
	int fd = open("d", SCRATCH_OPEN_DIR);
	char *why = trust_owner("/backup", fd);

	close(fd);
	if (words == NULL)
		assert_null(why);
	else
		assert_non_null(strstr(why, words));
	free(why);
}

static void
check_below(int rc, const struct marker *traits)
{
	int fd = open("d", SCRATCH_OPEN_DIR);

	assert_int_equal(trust_below(fd, fd, traits), rc);
	if (rc != 0)
		assert_int_equal(errno, TRUST_NOT_OURS);
	close(fd);
}

static void
test_modes(void **state)
{
	(void)state;
	make_dir("d");
	check_owner(NULL); /* it may be read */
	check_below(0, &all);
	assert_int_equal(chmod("d", 0775), 0);
	check_owner("/backup can be written by others (mode 0775)");
	check_below(-1, &all);
	check_below(0, &none);
}

static void
test_owners(void **state)
{
	(void)state;
	NEEDS_ROOT();
	make_dir("d");
	assert_int_equal(chown("d", SCRATCH_NOBODY, 0), 0);
	check_owner("/backup belongs to user 65534");
	check_below(-1, &all);
	check_below(0, &none);
}

static void
test_words(void **state)
{
	(void)state;
	assert_non_null(strstr(trust_error(TRUST_NOT_OURS), "belongs to another user"));
	assert_non_null(strstr(trust_error(EXDEV), "another file system is mounted"));
	assert_string_equal(trust_error(EIO), strerror(EIO));
}

static void
test_close(void **state)
{
	FILE *f = fopen("/dev/null", "w");
	int fd;

	(void)state;
	make_dir("d");
	assert_int_equal(chmod("d", 0777), 0);
	fd = open("d", SCRATCH_OPEN_DIR);
	assert_int_equal(trust_close("d", fd, f), 0);
	check_owner(NULL);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, SCRATCH_NOBODY, 0), 0);
		assert_int_equal(trust_close("d", fd, f), -1);
	}
	close(fd);
	fclose(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_modes, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_owners, scratch_setup, scratch_teardown),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test_setup_teardown(test_close, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
