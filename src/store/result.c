// SPDX-License-Identifier: ISC
#include "flashback/store/result.h"

#include <errno.h>
#include <string.h>

/* What several results have alike: a name that is shown; that nothing was tried, perhaps at each
 * wake for months; that they are shown as FAILED: the reason tells those apart. */
#define NAMED(word) .name = (word), .shown = (word)
#define NOT_RUN .exit = RESULT_EXIT_NOT_NOW, .lasting = true, .skipped = true
#define SHOWN_FAILED                                                                               \
	.shown = "FAILED", .words = "failed", .level = LOG_LEVEL_ERROR, .event = "failed",         \
	.retry = RESULT_RETRY_BACKOFF, .count = RESULT_COUNT_FAILED, .exit = RESULT_EXIT_WRONG,    \
	.recorded = true

/* All consequences of each result.  They stand in one table, because a switch elsewhere would be
 * forgotten when a result is added. */
static const struct result_row rows[RESULT_RESULTS] = {
    [RESULT_NONE] = {NAMED("NONE"), .words = "failed", .level = LOG_LEVEL_ERROR},
    [RESULT_SUCCEEDED] = {NAMED("SUCCEEDED"), .words = "succeeded", .level = LOG_LEVEL_INFO,
                          .event = "recovered", .complete = true, .partial = true},
    [RESULT_PARTIAL] = {NAMED("PARTIAL"), .words = "partial", .level = LOG_LEVEL_WARNING,
                        .event = "partial", .exit = RESULT_EXIT_WRONG, .partial = true},
    [RESULT_SUSPECT] = {NAMED("SUSPECT"), .words = "suspect", .level = LOG_LEVEL_ERROR,
                        .event = "suspect", .exit = RESULT_EXIT_WRONG},
    [RESULT_FAILED] = {.name = "FAILED", SHOWN_FAILED},
    [RESULT_NO_SOURCE] = {.name = "NOSOURCE", SHOWN_FAILED},
    [RESULT_NOT_FOUND] = {NAMED("NOTFOUND"), .words = "not found", .level = LOG_LEVEL_INFO,
                          .count = RESULT_COUNT_NOT_FOUND, .exit = RESULT_EXIT_NOT_NOW,
                          .lasting = true},
    [RESULT_INTERRUPTED] = {NAMED("INTERRUPTED"), .words = "interrupted", .level = LOG_LEVEL_INFO,
                            .exit = RESULT_EXIT_WRONG, .silent = true},
    [RESULT_DISK] = {NAMED("DISK"), .words = "stopped by the disk", .level = LOG_LEVEL_ERROR,
                     .wait = RESULT_WAIT_DISK, .exit = RESULT_EXIT_WRONG, .recorded = true,
                     .silent = true, .disk_lost = true},
    [RESULT_FULL] = {NAMED("FULL"), .words = "no room", .level = LOG_LEVEL_ERROR, .event = "failed",
                     .retry = RESULT_RETRY_EVERY, .wait = RESULT_WAIT_DISK,
                     .exit = RESULT_EXIT_WRONG, .recorded = true, .silent = true},
    [RESULT_LINKS] = {.name = "LINKS", SHOWN_FAILED},
    [RESULT_BUSY] = {NAMED("BUSY"), .words = "busy", .level = LOG_LEVEL_INFO,
                     .wait = RESULT_WAIT_BUSY, NOT_RUN},
    [RESULT_NOT_NOW] = {NAMED("NOTNOW"), .words = "not now", .level = LOG_LEVEL_INFO,
                        .wait = RESULT_WAIT_BUSY, NOT_RUN},
    [RESULT_NOT_DUE] = {NAMED("NOTDUE"), .words = "not due", .level = LOG_LEVEL_DEBUG,
                        .skipped = true},
    [RESULT_ABSENT] = {NAMED("ABSENT"), .words = "no disk", .level = LOG_LEVEL_ERROR,
                       .wait = RESULT_WAIT_DISK, NOT_RUN, .disk_lost = true},
    [RESULT_CLOCK] = {NAMED("CLOCK"), .words = "held back", .level = LOG_LEVEL_WARNING,
                      .wait = RESULT_WAIT_CLOCK, NOT_RUN},
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
