// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STAMP_H
#define FLASHBACK_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * The name of a snapshot: the local time at which its run started, with the offset from UTC, and
 * its state as a suffix: 2026-11-20T031000+0100.partial.  These names are the only record:
 * which snapshots exist, when they were made and what is due is all derived from them.  Core: no
 * I/O, no clock.
 */

#define STAMP_NAME_SIZE 256 /* large enough for every name of a directory */

enum stamp_state {
	STAMP_COMPLETE,    /* bare: rsync finished it, synced to disk */
	STAMP_PARTIAL,     /* .partial: some of the source could not be read */
	STAMP_SUSPECT,     /* .suspect: far fewer files than before, or too many changes */
	STAMP_WORKING,     /* .working: being built, or left by a crash */
	STAMP_INTERRUPTED, /* .interrupted: left by an interrupted run; a base for the next */
	STAMP_EXPIRED,     /* .expired: being removed */
	STAMP_PINNED       /* any other suffix: the user's own; never touched */
};

struct stamp {
	int64_t when;   /* seconds since the epoch */
	int32_t offset; /* seconds east of UTC, a whole number of minutes */
	enum stamp_state state;
	enum stamp_state was; /* of a pin: its state before, if known; else PINNED */
	uint32_t zero;        /* in the place of padding, which would be sent uninitialised */
	const char *pin;      /* of a pin: its suffix, owned by who listed it; else NULL */
};

/**
 * stamp_parse(name, out):
 * Parse the name of a directory of a volume.  Only what stamp_format would write is a stamp
 * (2026-02-30 is not, nor an offset of -0000), so that a struct stamp stands for exactly one name.
 * A pin's suffix is a dot and at least one more character; out->pin points to it in name, and its
 * state before is unknown here.
 * Years are 1970 to 9999, and when is positive: elsewhere 0 means "none".  Return 0, or -1 when it
 * is not the name of a snapshot.
 */
int stamp_parse(const char *name, struct stamp *out);

/** stamp_kind(s): its state; of a pin whose state before is known, that. */
enum stamp_state stamp_kind(const struct stamp *s);

/** stamp_is_good(state): complete or partial, that is, has it what could be read of the source? */
bool stamp_is_good(enum stamp_state state);

/** stamp_format(s, buf): write the name of s, its year 1970 to 9999.  Return buf. */
char *stamp_format(const struct stamp *s, char buf[STAMP_NAME_SIZE]);

/** stamp_suffix(state): "" ".partial" ".suspect" ... ; NULL for PINNED. */
const char *stamp_suffix(enum stamp_state state);

/** stamp_time(s, buf): its local time, as in "2026-11-20 03:10:00"; "-" outside the years 1001
 * to 9998.  Return buf. */
#define STAMP_TIME_SIZE 32
char *stamp_time(const struct stamp *s, char buf[STAMP_TIME_SIZE]);

/** stamp_local(s, tm): the calendar fields as in the name, including tm_wday and tm_yday. */
void stamp_local(const struct stamp *s, struct tm *tm);

/** stamp_compare(a, b): for qsort: by instant, then state, then offset; never by name. */
int stamp_compare(const void *a, const void *b);

#endif
