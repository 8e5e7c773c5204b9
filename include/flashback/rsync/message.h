// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_MESSAGE_H
#define FLASHBACK_MESSAGE_H

#include <stddef.h>

/*
 * One line of rsync's error output taken apart: whose trouble it is, with which file, and why.
 * Anybody on the far side can write such lines, so they serve as words, never as proof.  Core: no
 * I/O.
 */

#define MESSAGE_TEXT 160 /* a path and an error, escaped, cut if need be */

enum message_kind {
	MESSAGE_OTHER,      /* not about a file */
	MESSAGE_NOISE,      /* rsync's closing words, which say less than what came before them */
	MESSAGE_UNREADABLE, /* a file of the source could not be read */
	MESSAGE_VANISHED,   /* a file of the source was gone when its turn came */
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
	/* "PATH: why", escaped; of ours the path as in the source; "" when not about a file */
	char text[MESSAGE_TEXT];
};

/** message_read(line, len, out): take one line apart, without its line end. */
void message_read(const char *line, size_t len, struct message *out);

#endif
