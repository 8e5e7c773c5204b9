// SPDX-License-Identifier: ISC
/* Both config files in a directory of their own, and what came of loading them. */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "scratch.h"

#include "flashback/config/conf.h"

#define GOOD_MAIN "data_dir = \"/backup\"\n"
#define GOOD_HOSTS "host \"a\" { volume \"v\" { source = \"/etc/\" } }\n"

struct fixture {
	char *dir, *main, *hosts;
	struct config *config;
	struct text_list errors;
};

static inline void
write_both(const struct fixture *fx, const char *main, const char *hosts)
{
	write_file(fx->main, main, strlen(main));
	write_file(fx->hosts, hosts, strlen(hosts));
}

static inline int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->dir = text_format("%s/conf.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(fx->dir));
	fx->main = text_format("%s/flashback.conf", fx->dir);
	fx->hosts = text_format("%s/hosts.conf", fx->dir);
	write_both(fx, GOOD_MAIN, GOOD_HOSTS);
	*state = fx;
	return 0;
}

static inline void
forget(struct fixture *fx)
{
	conf_free(fx->config);
	fx->config = NULL;
	text_list_free(&fx->errors);
}

static inline int
teardown(void **state)
{
	struct fixture *fx = *state;

	forget(fx);
	unlink(fx->main);
	unlink(fx->hosts);
	assert_int_equal(rmdir(fx->dir), 0);
	free(fx->dir);
	free(fx->main);
	free(fx->hosts);
	free(fx);
	return 0;
}

static inline int
load(struct fixture *fx)
{
	forget(fx);
	return conf_load(fx->main, NULL, &fx->config, &fx->errors);
}

static inline void
load_good(struct fixture *fx)
{
	if (load(fx) != 0)
		fail_msg("%s", fx->errors.n > 0 ? fx->errors.item[0] : "no words");
	assert_int_equal(fx->errors.n, 0);
	assert_non_null(fx->config);
}

#endif
