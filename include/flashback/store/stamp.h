// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_STAMP_H
#define FLASHBACK_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * The name of a snapshot: the local time at which its run started, with the offset from UTC, and
 * its state as a suffix: 2026-11-20T031000+0100.partial.  The file system is the truth: what there
 * is, when it was made and what is due all come from these names.  Core: no I/O, no clock.
 */

#define STAMP_NAME_SIZE 40 /* large enough for every name that stamp_format makes */

enum stamp_state {
	STAMP_COMPLETE,    /* bare: rsync finished it, synced to disk */
	STAMP_PARTIAL,     /* .partial: some of the source could not be read */
	STAMP_SUSPECT,     /* .suspect: empty, or far fewer files than before */
	STAMP_WORKING,     /* .working: being built, or left by a crash */
	STAMP_INTERRUPTED, /* .interrupted: a run that was cut; a base for the next */
	STAMP_EXPIRED,     /* .expired: being removed */
	STAMP_PINNED       /* any other suffix: the user's own; never touched */
};

struct stamp {
	int64_t when;   /* seconds since the epoch */
	int32_t offset; /* seconds east of UTC, a whole number of minutes */
	enum stamp_state state;
};

/**
 * stamp_parse(name, out):
 * Read the name of a directory below a volume.  Only what stamp_format would write again is a stamp
 * (2026-02-30 is not, nor an offset of -0000), so that a struct stamp stands for one name; a pin
 * keeps its date but not its suffix, which is a dot and at least one character more.  Years are
 * 1970 to 9999, and when is positive: zero stands for "none" elsewhere.  Return 0, or -1 when it is
 * not a snapshot's name.
 */
int stamp_parse(const char *name, struct stamp *out);

/** stamp_format(s, buf): write the name of s, not PINNED, its year 1970 to 9999.  Return buf. */
char *stamp_format(const struct stamp *s, char buf[STAMP_NAME_SIZE]);

/** stamp_suffix(state): "" ".partial" ".suspect" ... ; NULL for PINNED. */
const char *stamp_suffix(enum stamp_state state);

/** stamp_local(s, tm): the calendar fields as written in the name, tm_wday and tm_yday included. */
void stamp_local(const struct stamp *s, struct tm *tm);

/** stamp_compare(a, b): for qsort: by the instant, then state, then offset.  Never by the name. */
int stamp_compare(const void *a, const void *b);

#endif
