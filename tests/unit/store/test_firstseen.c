// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/lib/clock.h"
#include "flashback/store/firstseen.h"

#define NOW (CLOCK_RELEASE_DATE + 1000000)
#define FILE_PATH ".flashback/" FIRSTSEEN_NAME

/* One reading of the store, in which these volumes have no snapshot. */
static void
ask(const struct scratch *s, int64_t now, const char *const ids[], const int64_t wanted[])
{
	struct firstseen f;

	firstseen_open(&f, s->fd);
	for (size_t i = 0; ids[i] != NULL; i++)
		assert_int_equal(firstseen_of(&f, ids[i], now), wanted[i]);
	firstseen_close(&f);
}

static void
test_it_survives(void **state)
{
	const char *const both[] = {"h/a", "h/b", NULL}, *const turned[] = {"h/b", "h/a", NULL},
	                  *const one[] = {"h/b", NULL},
	                  *const more[] = {"h/a", "h/bb", "h/b", NULL};
	struct scratch *s = *state;
	struct stat before;

	make_dir(".flashback");
	ask(s, NOW, both, (const int64_t[]){NOW, NOW});
	before = stat_of(FILE_PATH);
	ask(s, NOW + 50, both, (const int64_t[]){NOW, NOW});
	ask(s, NOW + 50, turned, (const int64_t[]){NOW, NOW});
	assert_int_equal(stat_of(FILE_PATH).st_ino, before.st_ino); /* nothing to write */
	/* One has been backed up, and begins anew should that be lost. */
	ask(s, NOW + 60, one, (const int64_t[]){NOW});
	ask(s, NOW + 70, more, (const int64_t[]){NOW + 70, NOW + 70, NOW});
	ask(s, NOW + 80, more, (const int64_t[]){NOW + 70, NOW + 70, NOW});
}

/* What a wrong clock has noted, or is about to. */
static void
test_clock(void **state)
{
	const char *const one[] = {"h/a", NULL};
	struct scratch *s = *state;

	make_dir(".flashback");
	ask(s, 60, one, (const int64_t[]){0});
	ask(s, NOW + 9999, one, (const int64_t[]){NOW + 9999});
	ask(s, NOW, one, (const int64_t[]){NOW});
	ask(s, NOW + 5, one, (const int64_t[]){NOW});
	write_file(FILE_PATH, "60 h/a\n", 7);
	ask(s, NOW + 5, one, (const int64_t[]){NOW + 5});
}

/* A damaged file, and no place for one. */
static void
test_damage(void **state)
{
	static const char *const texts[] = {"", "h/a", "x h/a\n", "9999999999999999999 h/a",
	                                    "h/a 7"};
	const char *const one[] = {"h/a", NULL};
	struct scratch *s = *state;

	ask(s, NOW, one, (const int64_t[]){0});
	assert_false(is_there(".flashback"));
	make_dir(".flashback");
	for (size_t i = 0; i < LENGTH(texts); i++) {
		write_file(FILE_PATH, texts[i], strlen(texts[i]));
		ask(s, NOW, one, (const int64_t[]){NOW});
		ask(s, NOW + 5, one, (const int64_t[]){NOW});
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_it_survives, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_clock, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_damage, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests_name("firstseen", tests, NULL, NULL);
}
