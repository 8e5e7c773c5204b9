// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_UNREADABLE_H
#define FLASHBACK_UNREADABLE_H

#include <stdint.h>
#include <stdio.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/message.h"

/*
 * Which files of the source a run could not read, and which of them are new: a volume that lacks
 * the same files each day is reported once.  The names come from the host, so they are bounded, and
 * escaped before they are stored.  Core: text to structs and back; FILE * only as a destination of
 * text.
 */

#define UNREADABLE_NAMES 2000 /* at most in a list; more are only counted */
#define UNREADABLE_MAX (UNREADABLE_NAMES * (MESSAGE_WHOLE + 1) + 64) /* size of the text */

struct unreadable_list {
	struct text_list names; /* "PATH: why", whole and escaped, each once */
	int64_t all;            /* with those that are not among the names */
};

struct unreadable {
	struct unreadable_list now, before;
	bool compared;            /* before is known */
	int64_t fresh;            /* of now, not in before; 0 while before is unknown */
	char first[MESSAGE_TEXT]; /* the first of these, cut to be shown; "" where only their number
	                             is known */
};

/** unreadable_begin(u): forget what was added, as a run begins again; before remains. */
void unreadable_begin(struct unreadable *u);

/** unreadable_add(u, m): add a file that could not be read, unless it is in the list. */
void unreadable_add(struct unreadable *u, const struct message *m);

/**
 * unreadable_parse(u, text):
 * Set u->before from the text that unreadable_print wrote.  Text that is damaged or cut is no list:
 * nothing counts as new then, since a false report of all files is no help.
 */
void unreadable_parse(struct unreadable *u, const char *text);

/** unreadable_print(f, list): write a struct unreadable_list; its number of files first, then a
 * line a name.  Return 0, or -1 when f has an error. */
int unreadable_print(FILE *f, void *list);

void unreadable_free(struct unreadable *u);

#endif
