// SPDX-License-Identifier: ISC
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "flashback/store/history.h"
#include "flashback/store/stamp.h"

#include "drive.h"
#include "process.h"

/*
 * The promises, looked at with each step that is taken upon the disk.  Nothing here uses the
 * product's own rules: what is to be kept, or what `latest` should name, is reckoned anew.
 */

/** check_rename(p, d, t, state): p is about to rename t. */
void check_rename(struct process *p, struct drive_dir *d, struct drive_tree *t,
                  enum stamp_state state);

/** check_made(p, d, s): p is about to make the tree s.  check_removal(p, d, t): to remove from t.
 */
void check_made(const struct process *p, const struct drive_dir *d, const struct stamp *s);
void check_removal(const struct process *p, const struct drive_dir *d, const struct drive_tree *t);

/** check_bases(d, t, base, n, checksum): an rsync is about to fill t.  check_write(d, t): it
 * writes.
 */
void check_bases(const struct drive_dir *d, const struct drive_tree *t, const struct stamp *base,
                 size_t n, bool checksum);
void check_write(const struct drive_dir *d, const struct drive_tree *t);

/** check_line(p, d, run): p is about to add a line to the history. */
void check_line(struct process *p, const struct drive_dir *d, const struct history_run *run);

/** check_over(p): p has come to its end by itself. */
void check_over(const struct process *p);

/** check_future(d): a tree whose name is from the future; NULL: there is none. */
const struct drive_tree *check_future(const struct drive_dir *d);

/** check_disk(): every snapshot holds what it held when it was made. */
void check_disk(void);

/** check_goes(d, t, policy): a promise to keep t, of the snapshots in d, by the policy?  Then say
 * which and end. */
void check_goes(const struct drive_dir *d, const struct drive_tree *t,
                const struct volume_keep *policy);

/** check_wants(shown), check_text(name, text): shall a file be written out (shown: one of the two
 * for people), and what stands in it. */
bool check_wants(bool shown);
void check_text(const char *name, const char *text);

/** check_log(line): what the daemon has told. */
void check_log(const char *line);

#endif
