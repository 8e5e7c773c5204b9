// SPDX-License-Identifier: ISC
#include "flashback/lib/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/text.h"

/* Longest line.  Writes of at most PIPE_BUF bytes to a pipe are atomic, so the lines of several
 * processes never interleave. */
#define LINE_SIZE PIPE_BUF
#define WIDTH 80 /* of a terminal that does not tell */

static struct {
	bool syslog;  /* else standard error */
	bool journal; /* standard error goes to journald, which adds the time and reads <N> */
	bool verbose;
	int shown; /* the width of the line of progress on the terminal; 0: none */
} sink;

static const int priority[] = {
    [LOG_LEVEL_ERROR] = LOG_ERR,
    [LOG_LEVEL_WARNING] = LOG_WARNING,
    [LOG_LEVEL_INFO] = LOG_INFO,
    [LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

/* Is standard error the stream that systemd opened for us?  JOURNAL_STREAM holds its device and
 * inode; both are compared, because standard error may have been redirected since and the variable
 * inherited. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

/* Write what precedes the message: a level for journald, else the local time. */
static size_t
format_prefix(char *line, enum log_level level)
{
	int64_t now = clock_wall();
	time_t local = (time_t)(now + clock_offset(now));
	struct tm tm;

	if (sink.journal)
		return (size_t)snprintf(line, LINE_SIZE, "<%d>", priority[level]);
	if (gmtime_r(&local, &tm) == NULL)
		return 0;
	return strftime(line, LINE_SIZE, "%Y-%m-%d %H:%M:%S ", &tm);
}

/* Blanks, since not every terminal knows a sequence for this. */
static void
erase_progress(void)
{
	if (sink.shown > 0)
		dprintf(STDERR_FILENO, "\r%*s\r", sink.shown, "");
	sink.shown = 0;
}

/* Write one line to syslog or standard error, in a single write.  Control characters and
 * newlines are escaped here once more, so that one event is always one line, whatever a caller
 * let through. */
static void
emit(enum log_level level, const char *words)
{
	char line[LINE_SIZE];
	size_t len = sink.syslog ? 0 : format_prefix(line, level);

	text_clean(line + len, LINE_SIZE - len, words, strlen(words));
	if (sink.syslog) {
		syslog(LOG_DAEMON | priority[level], "%s", line);
		return;
	}
	len = strlen(line);
	line[len++] = '\n';
	erase_progress();
	/* If the log itself cannot be written, there is nowhere to report that. */
	if (write(STDERR_FILENO, line, len) == -1)
		return;
}

/* The line is cut one column before the edge, at which the cursor would move to the next line and
 * could not come back. */
void
log_progress(const char *words)
{
	struct winsize size = {0};
	char line[LINE_SIZE];
	int width = WIDTH;

	erase_progress();
	if (words == NULL)
		return;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 4)
		width = size.ws_col < LINE_SIZE ? size.ws_col : LINE_SIZE;
	text_fit(line, (size_t)width, words, strlen(words));
	dprintf(STDERR_FILENO, "%s", line);
	sink.shown = width - 1;
}

/* LOG_NDELAY: the socket is opened now, before descriptors run out. */
void
log_open(bool use_syslog, bool verbose)
{
	sink.syslog = use_syslog;
	sink.verbose = verbose;
	sink.journal = !use_syslog && is_journal();
	if (use_syslog)
		openlog("flashback", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

/* Format the message, append the text of error unless it is 0, and write it. */
static void __attribute__((format(printf, 3, 0)))
log_line(enum log_level level, int error, const char *fmt, va_list ap)
{
	char words[LINE_SIZE];
	size_t len;

	if (level == LOG_LEVEL_DEBUG && !sink.verbose)
		return;
	vsnprintf(words, sizeof(words), fmt, ap);
	len = strlen(words);
	if (error != 0)
		snprintf(words + len, sizeof(words) - len, ": %s", strerror(error));
	emit(level, words);
}

void
log_say(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(level, 0, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_errno(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(level, saved, fmt, ap);
	va_end(ap);
	errno = saved;
}
