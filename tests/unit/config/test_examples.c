// SPDX-License-Identifier: ISC
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

#include "scratch.h"

#include "flashback/config/conf.h"

#define GOOD_MAIN "data_dir = \"/backup\"\n"

/* A directory of our own with the two files, and what came of loading them. */
struct fixture {
	char *dir, *main, *hosts;
	struct config *config;
};

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->dir = text_format("%s/examples.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(fx->dir));
	fx->main = text_format("%s/flashback.conf", fx->dir);
	fx->hosts = text_format("%s/hosts.conf", fx->dir);
	write_file(fx->main, GOOD_MAIN, strlen(GOOD_MAIN));
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	conf_free(fx->config);
	unlink(fx->main);
	unlink(fx->hosts);
	assert_int_equal(rmdir(fx->dir), 0);
	free(fx->dir);
	free(fx->main);
	free(fx->hosts);
	free(fx);
	return 0;
}

static void
load(struct fixture *fx)
{
	struct text_list errors = {0};

	conf_free(fx->config);
	if (conf_load(fx->main, NULL, &fx->config, &errors) != 0)
		fail_msg("%s", errors.n > 0 ? errors.item[0] : "no words");
	assert_int_equal(errors.n, 0);
}

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
	load(fx);
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
	load(fx);
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
			write_file(fx->main, GOOD_MAIN, strlen(GOOD_MAIN));
			write_file(fx->hosts, "", 0);
			write_file(to, block, strlen(block));
			load(fx);
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
