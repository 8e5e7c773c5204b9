// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_JUDGE_H
#define FLASHBACK_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/cause.h"
#include "flashback/message.h"

/*
 * What rsync said and how it ended: the result of a run, and its cause in plain words.  The exit
 * status alone is not enough: without the closing line "Number of files: N" a run is never a
 * snapshot. Core: no I/O.
 */

#define JUDGE_TEXT 256

enum judge_result {
	JUDGE_NONE,        /* no run yet */
	JUDGE_SUCCEEDED,   /* a complete snapshot */
	JUDGE_PARTIAL,     /* some of the source could not be read */
	JUDGE_SUSPECT,     /* empty, or far smaller than before */
	JUDGE_FAILED,      /* no snapshot: network, host, config */
	JUDGE_NO_SOURCE,   /* the source is not there: shown as FAILED */
	JUDGE_NOT_FOUND,   /* the host is silent, or a removable source is absent */
	JUDGE_INTERRUPTED, /* we stopped it */
	JUDGE_DISK,        /* our disk: gone, read-only, broken */
	JUDGE_FULL,        /* our disk: there is no room for this volume */
	JUDGE_LINKS,       /* too many links: shown as FAILED; the next run has no bases */
	JUDGE_BUSY,        /* not run: another flashback or rsync works on this volume */
	JUDGE_NOT_NOW,     /* not run: `before` exited 75 */
	JUDGE_NOT_DUE,     /* not run: what is on the disk is newer than was known */
	JUDGE_ABSENT,      /* not run: the disk is not there (no marker) */
	JUDGE_CLOCK,       /* not run: the clock is wrong, or a snapshot is ahead of it */
	JUDGE_RESULTS
};

/** What becomes of the tree. */
enum judge_tree {
	JUDGE_TREE_COMPLETE,
	JUDGE_TREE_PARTIAL,
	JUDGE_TREE_SUSPECT,
	JUDGE_TREE_INTERRUPTED,
	JUDGE_TREE_EXPIRED,
	JUDGE_TREE_LEFT /* stays .working: the next run salvages it */
};

/** Why we ended the run ourselves. */
enum judge_stop {
	JUDGE_STOP_NO,
	JUDGE_STOP_ASKED, /* the daemon ends, the window closes, the slice is over */
	JUDGE_STOP_ROOM,  /* the disk was filling up */
	JUDGE_STOP_STALL  /* no sign of life for long */
};

/** The closing statistics (figures_statistic), as in `rsync --stats --no-h` under LC_ALL=C. */
struct judge_stats {
	bool seen; /* the line "Number of files: N" was there */
	int64_t files, transferred;
	int64_t bytes, new_bytes; /* total size, transferred file size */
};

/** What the lines of --info=progress2 say: figures_progress reads them. */
struct judge_progress {
	int percent;       /* files done of all files known; see figures_progress */
	int64_t bytes;     /* copied so far */
	int64_t rate;      /* bytes a second */
	int64_t left;      /* seconds, -1 unknown */
	int64_t done, all; /* files */
};

/** What was heard of one run: hear_line adds each line of rsync's and ssh's to it. */
struct judge_words {
	struct judge_stats stats;
	/* The first file of the source that was not read, the first one and the first attribute
	 * that could not be written here, each with the reason; escaped. */
	char first_error[MESSAGE_TEXT], first_refusal[MESSAGE_TEXT], first_attribute[MESSAGE_TEXT];
	char last_file[MESSAGE_TEXT]; /* the last file of the source not read: each counts once */
	char last_error[JUDGE_TEXT];  /* the last telling line of the error output; escaped */
	char cause[CAUSE_TEXT]; /* the cause in words, with what to do; "" if none was recognised */
	int cause_rank;         /* how telling cause is: a better one replaces it */
	bool no_space, read_only, io_error; /* said of the receiving side: to be verified */
	bool too_many_links;
	bool source_gone; /* what was asked of an rsync daemon or of rrsync is not there */
	bool bad_option;  /* the far side does not know, or refuses, an option */
	int64_t unreadable, unwritten, vanished; /* files */
};

/** What judge_run needs to know besides. */
struct judge_case {
	int status; /* as from waitpid */
	enum judge_stop stop;
	bool removable;
	bool disk_broken;     /* verified: we cannot write a file ourselves */
	bool disk_full;       /* ... for lack of room */
	int shrink_guard;     /* hundredths of a percent */
	int64_t files_before; /* of the newest comparable snapshot; 0: nothing to compare with */
	int64_t patience;     /* seconds of silence that were the end */
};

struct judge_verdict {
	enum judge_result result;
	enum judge_tree tree;
	bool expires_complete, expires_partial; /* which series lose what is no longer kept */
	int code;                               /* rsync's exit status; 128+n for signal n */
	char reason[JUDGE_TEXT];                /* in plain words; "" for a plain success */
};

/** judge_result_name(r): "SUCCEEDED" "NOTFOUND" ... as in history; never NULL. */
const char *judge_result_name(enum judge_result r);

/** judge_result_parse(s, out): back from a name.  Return 0, or -1 and *out untouched. */
int judge_result_parse(const char *s, enum judge_result *out);

/** judge_disk_error(error): what a run ends as whose own writing failed with this errno: FULL or
 * DISK. */
enum judge_result judge_disk_error(int error);

/** judge_shown_failed(r): is r shown as FAILED, and does it count for the backoff? */
bool judge_shown_failed(enum judge_result r);

/** judge_shown_name(r): as people are told it: "FAILED" for all that is shown so. */
const char *judge_shown_name(enum judge_result r);

/**
 * judge_give_up(v, result, fmt, ...):
 * The verdict on a run that ended before there was anything to judge; a tree, if any, is left.
 * Return -1.
 */
int judge_give_up(struct judge_verdict *v, enum judge_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * judge_run(c, w, v):
 * Fill *v by the first row that holds of the table in judge.c.  The reason is at most 199 bytes
 * long and never has the words FAILED or SUCCEEDED in it, for scripts count lines with these.
 */
void judge_run(const struct judge_case *c, const struct judge_words *w, struct judge_verdict *v);

#endif
