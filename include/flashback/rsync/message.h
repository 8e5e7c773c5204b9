// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MESSAGE_H
#define FLASHBACK_MESSAGE_H

#include <stddef.h>

/*
 * Parse one line of rsync's error output: which side had the error, with which file, and why.  The
 * host can write such lines itself, so they are shown to people and never taken as proof.  Core: no
 * I/O.
 */

#define MESSAGE_TEXT 160   /* a path and an error, escaped, cut if need be */
#define MESSAGE_WHOLE 2112 /* the same with up to 512 bytes of the path */

enum message_kind {
	MESSAGE_OTHER,      /* not about a file */
	MESSAGE_NOISE,      /* rsync's closing lines, which say less than those before them */
	MESSAGE_UNREADABLE, /* a file of the source could not be read */
	MESSAGE_VANISHED,   /* a file of the source was removed before it was copied */
	MESSAGE_UNWRITTEN,  /* a file could not be written here */
	MESSAGE_ATTRIBUTE   /* an owner, mode, time, ACL, xattr or device could not be set here */
};

enum message_error {
	MESSAGE_ERROR_OTHER,
	MESSAGE_ERROR_NO_SPACE,  /* ENOSPC, EDQUOT */
	MESSAGE_ERROR_READ_ONLY, /* EROFS */
	MESSAGE_ERROR_IO,        /* EIO */
	MESSAGE_ERROR_LINKS      /* EMLINK */
};

struct message {
	enum message_kind kind;
	enum message_error error;
	/* "PATH: why", escaped; PATH as in the source also for errors on this side; "" when not
	 * about a file */
	char text[MESSAGE_TEXT], whole[MESSAGE_WHOLE];
};

/** message_read(line, len, out): parse one line, without its line end. */
void message_read(const char *line, size_t len, struct message *out);

#endif
