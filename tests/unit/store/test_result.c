// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/store/result.h"

#define BIT(r) (UINT32_C(1) << RESULT_##r)
#define FAILED (BIT(FAILED) | BIT(NO_SOURCE) | BIT(LINKS))
#define NOT_DONE (BIT(BUSY) | BIT(NOT_NOW) | BIT(ABSENT) | BIT(CLOCK))

static void
test_names(void **state)
{
	enum result untouched = RESULT_DISK;

	(void)state;
	for (int r = 0; r < RESULT_RESULTS; r++) {
		const struct result_row *row = result_row((enum result)r);
		enum result back = RESULT_RESULTS;

		assert_int_equal(result_parse(row->name, &back), 0);
		assert_int_equal(back, r);
		assert_null(strpbrk(row->name, " \t"));
		assert_string_equal(row->shown, (FAILED >> r) & 1 ? "FAILED" : row->name);
		assert_true(row->words[0] != '\0');
	}
	assert_int_equal(result_parse("succeeded", &untouched), -1);
	assert_int_equal(result_parse("", &untouched), -1);
	assert_int_equal(untouched, RESULT_DISK);
	assert_ptr_equal(result_row(RESULT_RESULTS), result_row(RESULT_NONE));
}

/* The results for which something holds, as bits. */
static uint32_t
where(bool (*holds)(const struct result_row *row))
{
	uint32_t bits = 0;

	for (int r = 0; r < RESULT_RESULTS; r++)
		if (holds(result_row((enum result)r)))
			bits |= UINT32_C(1) << r;
	return bits;
}

#define HOLDS(name, expression)                                                                    \
	static bool name(const struct result_row *row)                                             \
	{                                                                                          \
		return expression;                                                                 \
	}

HOLDS(is_backed_off, row->retry == RESULT_RETRY_BACKOFF)
HOLDS(is_put_off, row->retry == RESULT_RETRY_EVERY)
HOLDS(is_counted_failed, row->count == RESULT_COUNT_FAILED)
HOLDS(is_counted_not_found, row->count == RESULT_COUNT_NOT_FOUND)
HOLDS(waits_for_disk, row->wait == RESULT_WAIT_DISK)
HOLDS(waits_for_clock, row->wait == RESULT_WAIT_CLOCK)
HOLDS(waits_for_others, row->wait == RESULT_WAIT_BUSY)
HOLDS(is_good, row->exit == RESULT_EXIT_GOOD)
HOLDS(is_not_now, row->exit == RESULT_EXIT_NOT_NOW)
HOLDS(is_failed_event, row->event != NULL && strcmp(row->event, "failed") == 0)
HOLDS(is_no_event, row->event == NULL)
HOLDS(is_error, row->level == LOG_LEVEL_ERROR)
HOLDS(is_lasting, row->lasting)
HOLDS(is_skipped, row->skipped)
HOLDS(is_recorded, row->recorded)
HOLDS(is_silent, row->silent)
HOLDS(is_disk_lost, row->disk_lost)
HOLDS(expires_complete, row->complete)
HOLDS(expires_partial, row->partial)

/* Each column by itself: a new result that is put into the wrong one is seen. */
static void
test_columns(void **state)
{
	(void)state;
	assert_int_equal(where(is_backed_off), FAILED);
	assert_int_equal(where(is_put_off), BIT(FULL));
	assert_int_equal(where(is_counted_failed), FAILED);
	assert_int_equal(where(is_counted_not_found), BIT(NOT_FOUND));
	assert_int_equal(where(waits_for_disk), BIT(DISK) | BIT(FULL) | BIT(ABSENT));
	assert_int_equal(where(waits_for_clock), BIT(CLOCK));
	assert_int_equal(where(waits_for_others), BIT(BUSY) | BIT(NOT_NOW));
	assert_int_equal(where(is_good), BIT(NONE) | BIT(SUCCEEDED) | BIT(NOT_DUE));
	assert_int_equal(where(is_not_now), NOT_DONE | BIT(NOT_FOUND));
	assert_int_equal(where(is_failed_event), FAILED | BIT(FULL));
	assert_int_equal(where(is_no_event), BIT(NONE) | BIT(NOT_FOUND) | BIT(INTERRUPTED) |
	                                         BIT(DISK) | BIT(NOT_DUE) | NOT_DONE);
	assert_int_equal(where(is_error),
	                 FAILED | BIT(NONE) | BIT(SUSPECT) | BIT(DISK) | BIT(FULL) | BIT(ABSENT));
	assert_int_equal(where(is_lasting), NOT_DONE | BIT(NOT_FOUND));
	assert_int_equal(where(is_skipped), NOT_DONE | BIT(NOT_DUE));
	assert_int_equal(where(is_recorded), FAILED | BIT(DISK) | BIT(FULL));
	assert_int_equal(where(is_silent), BIT(INTERRUPTED) | BIT(DISK) | BIT(FULL));
	assert_int_equal(where(is_disk_lost), BIT(DISK) | BIT(ABSENT));
	assert_int_equal(where(expires_complete), BIT(SUCCEEDED));
	assert_int_equal(where(expires_partial), BIT(SUCCEEDED) | BIT(PARTIAL));
}

static void
test_errno(void **state)
{
	(void)state;
	assert_int_equal(result_of_errno(ENOSPC), RESULT_FULL);
	assert_int_equal(result_of_errno(EDQUOT), RESULT_FULL);
	assert_int_equal(result_of_errno(EIO), RESULT_DISK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
