// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/rsync/version.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *line;
		int rc;
		struct version version;
	} rows[] = {
	    {"rsync  version 3.5.0  protocol version 32\n", 0, {3, 5, 0, true, true}},
	    {"rsync  version v3.2.7pre1  protocol version 31\n", 0, {3, 2, 7, false, true}},
	    {"rsync  version 3.1.2  protocol version 31\n", 0, {3, 1, 2, false, false}},
	    {"rsync  version 4.0.0", 0, {4, 0, 0, true, true}},
	    {"rsync  version 3.5", -1, {0}},
	    {"rsync  version 3.99999.0", -1, {0}},
	    {"openrsync: protocol version 27\n", -1, {0}},
	    {"", -1, {0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct version v = {0};

		assert_int_equal(version_parse(rows[i].line, &v), rows[i].rc);
		assert_memory_equal(&v, &rows[i].version, sizeof(v));
	}
}

static void
test_judge(void **state)
{
	struct version v;
	char why[256] = "";

	(void)state;
	assert_int_equal(version_judge("/bin/rsync", "rsync  version 3.1.3", &v, why, 256), 0);
	assert_string_equal(why, "");
	assert_non_null(strstr(version_risk(&v), "--confine-root"));
	assert_int_equal(version_judge("/bin/rsync", "rsync  version 3.0.9", &v, why, 256), -1);
	assert_string_equal(why, "/bin/rsync is version 3.0.9: flashback needs 3.1.3 or newer");
	assert_int_equal(version_judge("/bin/true", "", &v, why, 256), -1);
	assert_non_null(strstr(why, "/bin/true does not work as rsync"));
	assert_int_equal(version_judge("/bin/rsync", "rsync  version 3.5.0", &v, why, 256), 0);
	assert_null(version_risk(&v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
