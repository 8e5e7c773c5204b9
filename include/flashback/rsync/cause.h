// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CAUSE_H
#define FLASHBACK_CAUSE_H

#include <stddef.h>

/*
 * Translate error messages of ssh, rsync, a login shell or an rsync daemon into the cause and what
 * to do about it.  The host can write the same lines itself, so a cause is only shown to people;
 * text quoted from the line is escaped, and names that people may paste have only plain characters.
 * Core: no I/O.
 */

#define CAUSE_TEXT 256
enum cause_mark {
	CAUSE_PLAIN,
	CAUSE_OPTION, /* the other side does not know, or refuses, an option: retrying is
	                 useless */
	CAUSE_SOURCE  /* the source does not exist */
};

struct cause {
	int rank; /* of several causes the one with the highest rank is nearest to the root */
	enum cause_mark mark;
	char text[CAUSE_TEXT];
};

/** cause_find(line, len, out): find the cause that a line reports.  Return 0, or -1 with *out
 * unchanged. */
int cause_find(const char *line, size_t len, struct cause *out);

/** cause_of_code(code): what rsync's exit status means by itself; never NULL. */
const char *cause_of_code(int code);

#endif
