// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CAUSE_H
#define FLASHBACK_CAUSE_H

#include <stddef.h>

/*
 * What ssh, rsync, a login shell or an rsync daemon say when a run fails, in plain words with what
 * to do about it.  Anybody on the far side can say the same, so a cause is only ever told to
 * people; what is quoted from the line is escaped, and a name that people may paste is made of
 * plain characters. Core: no I/O.
 */

#define CAUSE_TEXT 256
enum cause_mark {
	CAUSE_PLAIN,
	CAUSE_OPTION, /* a far side that does not know, or refuses, an option: trying again is no
	                 use */
	CAUSE_SOURCE  /* the source is not there */
};

struct cause {
	int rank; /* how telling it is: a higher one is nearer to the root of the trouble */
	enum cause_mark mark;
	char text[CAUSE_TEXT];
};

/** cause_find(line, len, out): does this line tell a cause?  Return 0, or -1 and *out untouched. */
int cause_find(const char *line, size_t len, struct cause *out);

/** cause_of_code(code): what rsync's exit status says by itself; never NULL. */
const char *cause_of_code(int code);

#endif
