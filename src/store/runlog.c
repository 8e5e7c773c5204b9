// SPDX-License-Identifier: ISC
#include "flashback/store/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/listing.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"

#define LINE_MAX_ESCAPED 4096

/* The first RUNLOG_HEAD bytes go to the file directly; of the rest the last RUNLOG_TAIL are kept
 * in a ring and written at the end.  A run with a million errors thus has a log of bounded size,
 * with both its beginning and its end. */
struct runlog {
	int fd;
	size_t head;     /* bytes written to the file */
	size_t left_out; /* bytes dropped from the ring */
	size_t start;    /* index of the oldest byte in the ring */
	size_t held;     /* bytes in the ring */
	char ring[RUNLOG_TAIL];
};

static int
open_logs(int meta)
{
	if (mkdirat(meta, "logs", 0700) != 0 && errno != EEXIST)
		return -1;
	return openat(meta, "logs", TREE_DIR);
}

static void
log_name(const struct stamp *s, char *file, size_t size)
{
	struct stamp bare = *s;
	char name[STAMP_NAME_SIZE];

	bare.state = STAMP_COMPLETE;
	snprintf(file, size, "%s.log", stamp_format(&bare, name));
}

/* Two runs cannot have the same stamp, so O_TRUNC never destroys a log that is still wanted. */
struct runlog *
runlog_open(int meta, const struct stamp *stamp)
{
	char file[STAMP_NAME_SIZE + 8];
	struct runlog *log;
	int dir;

	dir = open_logs(meta);
	if (dir == -1)
		return NULL;
	log = calloc(1, sizeof(*log));
	if (log == NULL)
		goto out;
	log_name(stamp, file, sizeof(file));
	log->fd = openat(dir, file,
	                 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (log->fd == -1) {
		free(log);
		log = NULL;
	}
out:
	close(dir);
	return log;
}

/* Write, ignoring errors: a full disk loses log lines, not runs. */
static void
put(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void
ring_add(struct runlog *log, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		log->ring[(log->start + log->held) % RUNLOG_TAIL] = p[i];
		if (log->held < RUNLOG_TAIL) {
			log->held++;
		} else {
			log->start = (log->start + 1) % RUNLOG_TAIL;
			log->left_out++;
		}
	}
}

/* Once a line went to the ring all that follow do too, so that the log stays in order. */
void
runlog_line(struct runlog *log, const char *line, size_t len)
{
	char text[LINE_MAX_ESCAPED + 1];
	size_t n;

	if (log == NULL)
		return;
	text_escape(text, LINE_MAX_ESCAPED, line, len);
	n = strlen(text);
	text[n++] = '\n';
	if (log->held == 0 && log->head + n <= RUNLOG_HEAD) {
		put(log->fd, text, n);
		log->head += n;
	} else {
		ring_add(log, text, n);
	}
}

/* Write what is in the ring, preceded by how much is missing before it. */
void
runlog_close(struct runlog *log)
{
	if (log == NULL)
		return;
	/* Say that something is missing, or the log would seem complete. */
	if (log->left_out > 0) {
		/* The ring starts in the middle of a line: drop the rest of that line too. */
		while (log->held > 0 && log->ring[log->start] != '\n') {
			log->start = (log->start + 1) % RUNLOG_TAIL;
			log->held--;
			log->left_out++;
		}
		dprintf(log->fd, "... %zu bytes left out ...", log->left_out);
	}
	while (log->held > 0) {
		size_t n = RUNLOG_TAIL - log->start;

		if (n > log->held)
			n = log->held;
		put(log->fd, log->ring + log->start, n);
		log->start = (log->start + n) % RUNLOG_TAIL;
		log->held -= n;
	}
	close(log->fd);
	free(log);
}

/* The stamp in a log's file name; -1 when flashback did not write it. */
static int
log_stamp(const char *file, struct stamp *out)
{
	char name[STAMP_NAME_SIZE];
	size_t len = strlen(file);

	if (len < 5 || len - 4 >= sizeof(name) || strcmp(file + len - 4, ".log") != 0)
		return -1;
	memcpy(name, file, len - 4);
	name[len - 4] = '\0';
	if (stamp_parse(name, out) != 0 || out->state != STAMP_COMPLETE)
		return -1;
	return 0;
}

static bool
has_snapshot(const struct stamp *s, const struct stamp *stamps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (stamps[i].when == s->when && stamps[i].state != STAMP_EXPIRED)
			return true;
	return false;
}

/* Of the logs that belong to no snapshot the oldest are removed. */
int
runlog_prune(int meta, const struct stamp *stamps, size_t n)
{
	char file[STAMP_NAME_SIZE + 8];
	struct listing list = {.n = 0};
	struct stamp *others = NULL;
	size_t found = 0;
	int dir = open_logs(meta), rc;

	if (dir == -1)
		return -1;
	rc = listing_read(dir, &list);
	if (rc == 0)
		others = calloc(list.n + 1, sizeof(*others));
	for (size_t i = 0; others != NULL && i < list.n; i++)
		if (log_stamp(list.entry[i]->d_name, &others[found]) == 0 &&
		    !has_snapshot(&others[found], stamps, n))
			found++;
	if (found > 0)
		qsort(others, found, sizeof(*others), stamp_compare);
	for (size_t i = 0; i + RUNLOG_OTHERS < found; i++) {
		log_name(&others[i], file, sizeof(file));
		unlinkat(dir, file, 0);
	}
	if (others == NULL)
		rc = -1;
	free(others);
	listing_free(&list);
	close(dir);
	return rc;
}
