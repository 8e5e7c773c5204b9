// SPDX-License-Identifier: ISC
#include "unit.h"

/* The examples that people begin with: etc/ and those in the manual pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_files.h"

/* The examples that are installed are good ones. */
static void
test_installed(void **state)
{
	struct fixture *fx = *state;
	static const char *const names[] = {"flashback.conf", "hosts.conf"};

	for (size_t i = 0; i < 2; i++) {
		char *from = text_format("etc/%s", names[i]), text[65536];
		FILE *f = fopen(from, "r");
		size_t n;

		assert_non_null(f);
		n = fread(text, 1, sizeof(text), f);
		fclose(f);
		free(from);
		write_file(i == 0 ? fx->main : fx->hosts, text, n);
	}
	load_good(fx);
	assert_true(fx->config->n > 0);
}

/* Uncomment what is commented out: lines of a # and what looks like config. */
static void
test_commented_examples(void **state)
{
	struct fixture *fx = *state;
	FILE *in = fopen("etc/hosts.conf", "r"), *out = fopen(fx->hosts, "w");
	char line[1000];

	assert_non_null(in);
	assert_non_null(out);
	while (fgets(line, sizeof(line), in) != NULL) {
		bool code = strncmp(line, "# host ", 7) == 0 || strncmp(line, "#     ", 6) == 0 ||
		            strcmp(line, "# }\n") == 0;

		fputs(code ? line + 2 : line, out);
	}
	fclose(in);
	fclose(out);
	load_good(fx);
	assert_true(fx->config->n > 6);
}

/* Load each literal block of a manual page that begins so. */
static unsigned
try_blocks(struct fixture *fx, const char *page, const char *begin, const char *to)
{
	FILE *f = fopen(page, "r");
	char line[1000], block[8192];
	bool inside = false;
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, ".Bd -literal", 12) == 0) {
			inside = true;
			block[0] = '\0';
		} else if (strncmp(line, ".Ed", 3) == 0) {
			inside = false;
			if (strncmp(block, begin, strlen(begin)) != 0)
				continue;
			write_both(fx, GOOD_MAIN, "");
			write_file(to, block, strlen(block));
			load_good(fx);
			n++;
		} else if (inside) {
			assert_true(strlen(block) + strlen(line) < sizeof(block));
			memcpy(block + strlen(block), line, strlen(line) + 1);
		}
	}
	fclose(f);
	return n;
}

/* So are those in the manual pages. */
static void
test_manual(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(try_blocks(fx, "man/flashback.conf.5", "data_dir", fx->main), 2);
	assert_int_equal(try_blocks(fx, "man/hosts.conf.5", "host", fx->hosts), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_installed),
	    TEST(test_commented_examples),
	    TEST(test_manual),
	};

	return cmocka_run_group_tests_name("examples", tests, NULL, NULL);
}
