// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_LOG_H
#define FLASHBACK_LOG_H

#include <stdbool.h>

/*
 * The daemon's log: standard error (with journald's <N> levels when JOURNAL_STREAM says so) or
 * syslog. The only module with global state.  Each event is logged once, the volume's name first.
 * errno is preserved.
 */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** log_open(use_syslog, verbose): verbose lets DEBUG through. */
void log_open(bool use_syslog, bool verbose);

/** log_say(level, fmt, ...): log one line.  The caller has escaped what came from outside. */
void log_say(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** log_errno(level, fmt, ...): the same with ": " and errno's text appended. */
void log_errno(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * log_progress(words):
 * Show words on standard error, which is a terminal, in a line that the next call replaces, and
 * that is erased before a message, and by NULL.
 */
void log_progress(const char *words);

#endif
