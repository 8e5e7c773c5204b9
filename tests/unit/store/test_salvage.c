// SPDX-License-Identifier: ISC
#include "scratch.h"

#include "flashback/store/salvage.h"
#include "flashback/lib/text.h"
#include "flashback/store/mkstore.h"
#include "flashback/store/spare.h"
#include "flashback/store/voldir.h"

#define T0 INT64_C(1800000000)
#define NOW (T0 + 1000)

/* A store in a scratch directory with one volume, h/v. */
struct place {
	struct scratch *scratch;
	struct store store;
	struct store_volume v;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	FILE *quiet = fopen("/dev/null", "w");
	char *data_dir, *why = NULL;
	void *scratch;

	assert_non_null(p);
	assert_non_null(quiet);
	assert_int_equal(scratch_setup(&scratch), 0);
	p->scratch = scratch;
	data_dir = text_format("%s/store", p->scratch->path);
	assert_non_null(data_dir);
	assert_int_equal(mkstore_run(data_dir, "/dev/null/pid", true, quiet), 0);
	assert_int_equal(store_open(data_dir, &p->store, &why), 0);
	assert_int_equal(store_volume_open(&p->store, "h", "v", true, &p->v), 0);
	free(data_dir);
	fclose(quiet);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	void *scratch = p->scratch;

	store_volume_close(&p->v);
	store_close(&p->store);
	free(p);
	return scratch_teardown(&scratch);
}

/* A tree in that state with so many files. */
static void
make_tree(struct place *p, int64_t when, enum stamp_state state, int files)
{
	struct stamp s = {.when = when, .state = state};
	char name[STAMP_NAME_SIZE], file[STAMP_NAME_SIZE + 16];
	int fd;

	stamp_format(&s, name);
	assert_int_equal(mkdirat(p->v.fd, name, 0755), 0);
	for (int i = 0; i < files; i++) {
		snprintf(file, sizeof(file), "%s/%d", name, i);
		fd = openat(p->v.fd, file, O_CREAT | O_WRONLY, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(store_volume_list(&p->v), 0);
}

static int
open_made(struct place *p, int64_t when, enum stamp_state state)
{
	struct stamp s = {.when = when, .state = state};
	char name[STAMP_NAME_SIZE];
	int fd = openat(p->v.fd, stamp_format(&s, name), O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	return fd;
}

static void
expect(struct place *p, int64_t when, enum stamp_state state)
{
	for (size_t i = 0; i < p->v.nstamps; i++) {
		if (p->v.stamps[i].when == when) {
			assert_int_equal(p->v.stamps[i].state, state);
			return;
		}
	}
	fail_msg("no tree at %lld", (long long)when);
}

static void
note(struct place *p, const char *boot, int64_t when)
{
	struct stamp s = {.when = when, .state = STAMP_WORKING};

	assert_int_equal(voldir_note_write(&p->v, boot, &s), 0);
}

/* Salvage, which does what was foreseen by somebody who has no lock and changes nothing. */
static void
salvage(struct place *p, const char *boot, struct stamp *doubtful)
{
	struct store_volume seen;
	struct stamp foreseen;

	assert_int_equal(store_volume_open(&p->store, "h", "v", false, &seen), 0);
	assert_int_equal(salvage_foresee(&seen, boot, NOW, &foreseen), 0);
	assert_int_equal(salvage_volume(&p->v, boot, NOW, doubtful), 0);
	assert_int_equal(foreseen.when, doubtful->when);
	assert_int_equal(seen.nstamps, p->v.nstamps);
	for (size_t i = 0; i < seen.nstamps; i++) {
		assert_int_equal(seen.stamps[i].when, p->v.stamps[i].when);
		assert_int_equal(seen.stamps[i].state, p->v.stamps[i].state);
	}
	store_volume_close(&seen);
}

static void
test_of_this_boot(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_WORKING, 2);
	note(p, "boot-1", T0);
	salvage(p, "boot-1", &doubtful);
	assert_int_equal(doubtful.when, 0);
	expect(p, T0, STAMP_INTERRUPTED);
	assert_int_equal(p->v.nruns, 1);
	assert_int_equal(p->v.runs[0].result, RESULT_INTERRUPTED);
}

static void
test_of_an_earlier_boot(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_WORKING, 2);
	note(p, "boot-1", T0);
	salvage(p, "boot-2", &doubtful);
	assert_int_equal(doubtful.when, T0);
	expect(p, T0, STAMP_WORKING);
}

static bool
has_file(struct place *p, int64_t when, enum stamp_state state, const char *name)
{
	int fd = open_made(p, when, state);
	bool has = faccessat(fd, name, F_OK, 0) == 0;

	close(fd);
	return has;
}

/* The run that believed an earlier boot's tree by checksum has crashed too: only its own tree is
 * trusted; of what comes from before nothing is lost. */
static void
test_two_crashes(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_WORKING, 5);
	make_tree(p, T0 + 60, STAMP_WORKING, 0);
	make_tree(p, T0 + 90, STAMP_WORKING, 2);
	note(p, "boot-2", T0 + 90);
	salvage(p, "boot-2", &doubtful);
	expect(p, T0 + 90, STAMP_INTERRUPTED);
	assert_false(has_file(p, T0 + 90, STAMP_INTERRUPTED, "4"));
	assert_int_equal(doubtful.when, T0 + 60);
	expect(p, T0 + 60, STAMP_WORKING);
	assert_true(has_file(p, T0 + 60, STAMP_WORKING, "4"));
	expect(p, T0, STAMP_EXPIRED);
}

/* To compare by checksum takes as long as it takes to read the source; who is cut twice before the
 * end of that must go on without. */
static void
test_doubt_comes_to_an_end(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_WORKING, 2);
	note(p, "boot-1", T0);
	for (int run = 1; run <= 2; run++) {
		salvage(p, "boot-2", &doubtful);
		assert_int_equal(doubtful.when, T0);
		make_tree(p, T0 + run, STAMP_WORKING, 2);
		note(p, "boot-2", T0 + run);
	}
	salvage(p, "boot-2", &doubtful);
	assert_int_equal(doubtful.when, 0);
	expect(p, T0, STAMP_EXPIRED);
	expect(p, T0 + 2, STAMP_INTERRUPTED);
}

static void
test_no_note_no_trust(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_WORKING, 2);
	salvage(p, "boot-1", &doubtful);
	assert_int_equal(doubtful.when, T0);
	salvage(p, "", &doubtful);
	assert_int_equal(doubtful.when, T0);
}

/* The later of two cut runs has all that both got, wherever it was cut. */
static void
test_two_cut_runs_become_one(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_INTERRUPTED, 5);
	make_tree(p, T0 + 60, STAMP_WORKING, 3);
	note(p, "b", T0 + 60);
	salvage(p, "b", &doubtful);
	expect(p, T0, STAMP_EXPIRED);
	expect(p, T0 + 60, STAMP_INTERRUPTED);
	assert_true(has_file(p, T0 + 60, STAMP_INTERRUPTED, "4"));
}

/* A run that completed and was killed before it had put the rest in order. */
static void
test_a_newer_snapshot_ends_it(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_INTERRUPTED, 5);
	make_tree(p, T0 + 10, STAMP_WORKING, 5);
	make_tree(p, T0 + 60, STAMP_COMPLETE, 5);
	make_tree(p, T0 + 90, STAMP_WORKING, 5);
	note(p, "b", T0 + 90);
	salvage(p, "b", &doubtful);
	assert_int_equal(doubtful.when, 0);
	expect(p, T0, STAMP_EXPIRED);
	expect(p, T0 + 10, STAMP_EXPIRED);
	expect(p, T0 + 90, STAMP_INTERRUPTED);
}

/* But one that a wrong clock has dated says nothing of what is newer. */
static void
test_a_snapshot_from_the_future_does_not(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_INTERRUPTED, 5);
	make_tree(p, NOW + 1000000, STAMP_COMPLETE, 5);
	salvage(p, "b", &doubtful);
	expect(p, T0, STAMP_INTERRUPTED);
}

static void
test_an_empty_tree_is_no_base(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	make_tree(p, T0, STAMP_WORKING, 0);
	note(p, "b", T0);
	salvage(p, "b", &doubtful);
	expect(p, T0, STAMP_EXPIRED);
}

static int
salvage_without_sync(void *arg)
{
	struct place *p = arg;
	struct stamp doubtful;

	if (!deny_call(SYS_syncfs, EIO))
		return 1;
	return salvage_volume(&p->v, "b", NOW, &doubtful) == -1 && errno == EIO ? 0 : 2;
}

/* The kernel tells of a failed write once only; who asks again would hear that all is well. */
static void
test_what_cannot_be_synced_is_no_base(void **state)
{
	struct place *p = *state;

	make_tree(p, T0, STAMP_WORKING, 2);
	note(p, "b", T0);
	assert_true(in_child(salvage_without_sync, p));
	assert_int_equal(store_volume_list(&p->v), 0);
	expect(p, T0, STAMP_EXPIRED);
}

static void
put(int dir, const char *name)
{
	int fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void
test_temporaries_go(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;

	put(p->v.fd, ".RESTORE.txt.0123456789abcdef");
	put(p->v.meta, ".history.fedcba9876543210");
	put(p->v.meta, "." VOLDIR_UNREADABLE ".fedcba9876543210");
	put(p->v.fd, ".RESTORE.txt.0123456789abcde");
	put(p->v.fd, ".RESTORE.txt.0123456789abcdeff");
	put(p->v.fd, "RESTORE.txt.0123456789abcdef");
	put(p->v.fd, ".mine.0123456789abcdef");
	put(p->v.meta, SPARE_LIST);
	assert_int_equal(mkdirat(p->v.meta, SPARE_TOP, 0700), 0);
	put(p->v.meta, SPARE_TOP "/f");
	salvage(p, "b", &doubtful);
	assert_int_equal(faccessat(p->v.fd, ".RESTORE.txt.0123456789abcdef", F_OK, 0), -1);
	assert_int_equal(faccessat(p->v.meta, ".history.fedcba9876543210", F_OK, 0), -1);
	assert_int_equal(faccessat(p->v.meta, "." VOLDIR_UNREADABLE ".fedcba9876543210", F_OK, 0),
	                 -1);
	assert_int_equal(faccessat(p->v.meta, SPARE_LIST, F_OK, 0), -1);
	assert_int_equal(faccessat(p->v.meta, SPARE_TOP, F_OK, 0), -1);
	assert_int_equal(faccessat(p->v.fd, ".RESTORE.txt.0123456789abcde", F_OK, 0), 0);
	assert_int_equal(faccessat(p->v.fd, ".RESTORE.txt.0123456789abcdeff", F_OK, 0), 0);
	assert_int_equal(faccessat(p->v.fd, "RESTORE.txt.0123456789abcdef", F_OK, 0), 0);
	assert_int_equal(faccessat(p->v.fd, ".mine.0123456789abcdef", F_OK, 0), 0);
}

/* Trees of all kinds and any histories: what is foreseen comes. */
static void
test_random_foresight(void **state)
{
	struct place *p = *state;
	struct stamp doubtful;
	unsigned seed = 7;
	int served = 0, resumed = 0;

	for (int64_t round = 0; round < 60; round++) {
		int64_t at = T0 + round * 10, noted = at + rand_r(&seed) % 4;
		struct history_run run = history_begin(&(struct stamp){.when = at});

		for (int i = 0; i < 4; i++)
			if (rand_r(&seed) % 3 != 0)
				make_tree(p, at + i,
				          rand_r(&seed) % 12 == 0  ? STAMP_PARTIAL
				          : rand_r(&seed) % 8 == 0 ? STAMP_SUSPECT
				                                   : STAMP_WORKING,
				          rand_r(&seed) % 3);
		note(p, rand_r(&seed) % 3 == 0 ? "old" : "b", noted);
		if (rand_r(&seed) % 2 == 0) {
			run.result = RESULT_INTERRUPTED;
			run.snapshot = run.stamp;
			assert_int_equal(voldir_history(&p->v, &run), 0);
		}
		salvage(p, "b", &doubtful);
		served += doubtful.when != 0;
		for (size_t i = 0; i < p->v.nstamps; i++)
			resumed += p->v.stamps[i].state == STAMP_INTERRUPTED;
	}
	assert_true(served > 5 && resumed > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_random_foresight, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_of_this_boot, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_of_an_earlier_boot, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_two_crashes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_doubt_comes_to_an_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_note_no_trust, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_two_cut_runs_become_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_newer_snapshot_ends_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_snapshot_from_the_future_does_not, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_an_empty_tree_is_no_base, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_cannot_be_synced_is_no_base, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_temporaries_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
