// SPDX-License-Identifier: ISC
#include "flashback/store/result.h"

#include <errno.h>
#include <string.h>

/* Results shown as FAILED: the reason tells them apart, and they have the same consequences. */
#define SHOWN_FAILED                                                                               \
	.shown = "FAILED", .words = "failed", .level = LOG_LEVEL_ERROR, .event = "failed",         \
	.retry = RESULT_RETRY_BACKOFF, .count = RESULT_COUNT_FAILED, .exit = RESULT_EXIT_WRONG,    \
	.recorded = true

/* All consequences of each result.  They stand in one table, because a switch elsewhere would be
 * forgotten when a result is added. */
static const struct result_row rows[RESULT_RESULTS] = {
    [RESULT_NONE] = {.name = "NONE", .shown = "NONE", .words = "failed", .level = LOG_LEVEL_ERROR},
    [RESULT_SUCCEEDED] = {.name = "SUCCEEDED",
                          .shown = "SUCCEEDED",
                          .words = "succeeded",
                          .level = LOG_LEVEL_INFO,
                          .event = "recovered",
                          .complete = true,
                          .partial = true},
    [RESULT_PARTIAL] = {.name = "PARTIAL",
                        .shown = "PARTIAL",
                        .words = "partial",
                        .level = LOG_LEVEL_WARNING,
                        .event = "partial",
                        .exit = RESULT_EXIT_WRONG,
                        .partial = true},
    [RESULT_SUSPECT] = {.name = "SUSPECT",
                        .shown = "SUSPECT",
                        .words = "suspect",
                        .level = LOG_LEVEL_ERROR,
                        .event = "suspect",
                        .exit = RESULT_EXIT_WRONG},
    [RESULT_FAILED] = {.name = "FAILED", SHOWN_FAILED},
    [RESULT_NO_SOURCE] = {.name = "NOSOURCE", SHOWN_FAILED},
    [RESULT_NOT_FOUND] = {.name = "NOTFOUND",
                          .shown = "NOTFOUND",
                          .words = "not found",
                          .level = LOG_LEVEL_INFO,
                          .count = RESULT_COUNT_NOT_FOUND,
                          .exit = RESULT_EXIT_NOT_NOW,
                          .lasting = true},
    [RESULT_INTERRUPTED] = {.name = "INTERRUPTED",
                            .shown = "INTERRUPTED",
                            .words = "interrupted",
                            .level = LOG_LEVEL_INFO,
                            .exit = RESULT_EXIT_WRONG,
                            .silent = true},
    [RESULT_DISK] = {.name = "DISK",
                     .shown = "DISK",
                     .words = "stopped by the disk",
                     .level = LOG_LEVEL_ERROR,
                     .wait = RESULT_WAIT_DISK,
                     .exit = RESULT_EXIT_WRONG,
                     .recorded = true,
                     .silent = true,
                     .disk_lost = true},
    [RESULT_FULL] = {.name = "FULL",
                     .shown = "FULL",
                     .words = "no room",
                     .level = LOG_LEVEL_ERROR,
                     .event = "failed",
                     .retry = RESULT_RETRY_EVERY,
                     .wait = RESULT_WAIT_DISK,
                     .exit = RESULT_EXIT_WRONG,
                     .recorded = true,
                     .silent = true},
    [RESULT_LINKS] = {.name = "LINKS", SHOWN_FAILED},
    [RESULT_BUSY] = {.name = "BUSY",
                     .shown = "BUSY",
                     .words = "busy",
                     .level = LOG_LEVEL_INFO,
                     .wait = RESULT_WAIT_BUSY,
                     .exit = RESULT_EXIT_NOT_NOW,
                     .lasting = true,
                     .skipped = true},
    [RESULT_NOT_NOW] = {.name = "NOTNOW",
                        .shown = "NOTNOW",
                        .words = "not now",
                        .level = LOG_LEVEL_INFO,
                        .wait = RESULT_WAIT_BUSY,
                        .exit = RESULT_EXIT_NOT_NOW,
                        .lasting = true,
                        .skipped = true},
    [RESULT_NOT_DUE] = {.name = "NOTDUE",
                        .shown = "NOTDUE",
                        .words = "not due",
                        .level = LOG_LEVEL_DEBUG,
                        .skipped = true},
    [RESULT_ABSENT] = {.name = "ABSENT",
                       .shown = "ABSENT",
                       .words = "no disk",
                       .level = LOG_LEVEL_ERROR,
                       .wait = RESULT_WAIT_DISK,
                       .exit = RESULT_EXIT_NOT_NOW,
                       .lasting = true,
                       .skipped = true,
                       .disk_lost = true},
    [RESULT_CLOCK] = {.name = "CLOCK",
                      .shown = "CLOCK",
                      .words = "held back",
                      .level = LOG_LEVEL_WARNING,
                      .wait = RESULT_WAIT_CLOCK,
                      .exit = RESULT_EXIT_NOT_NOW,
                      .lasting = true,
                      .skipped = true},
};

const struct result_row *
result_row(enum result r)
{
	return &rows[(size_t)r < RESULT_RESULTS ? r : RESULT_NONE];
}

int
result_parse(const char *s, enum result *out)
{
	for (size_t i = 0; i < RESULT_RESULTS; i++)
		if (strcmp(s, rows[i].name) == 0) {
			*out = (enum result)i;
			return 0;
		}
	return -1;
}

enum result
result_of_errno(int error)
{
	return error == ENOSPC || error == EDQUOT ? RESULT_FULL : RESULT_DISK;
}
