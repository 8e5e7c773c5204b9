// SPDX-License-Identifier: ISC
#include "flashback/rsync/runplan.h"

#include "flashback/config/rsyncopt.h"
#include "flashback/store/summary.h"

struct stamp
runplan_stamp(const struct stamp *stamps, size_t n, int64_t now, int32_t offset)
{
	/* The stamps are in ascending order, so one pass finds the first free second. */
	for (size_t i = 0; i < n; i++)
		if (stamps[i].when == now)
			now++;
	return (struct stamp){.when = now, .offset = offset, .state = STAMP_WORKING};
}

/* Is a newer than b?  NULL is older than anything, and a stamp from the future older than any that
 * is not. */
static bool
is_newer(const struct stamp *a, const struct stamp *b, int64_t now)
{
	int64_t until = now + SUMMARY_AHEAD_MAX;

	if (a == NULL || b == NULL)
		return a != NULL;
	if ((a->when > until) != (b->when > until))
		return b->when > until;
	return stamp_compare(a, b) > 0;
}

static const struct stamp *
newest(const struct stamp *stamps, size_t n, enum stamp_state state, int64_t now)
{
	const struct stamp *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (stamp_kind(&stamps[i]) == state && is_newer(&stamps[i], found, now))
			found = &stamps[i];
	return found;
}

/* Order matters: rsync takes a file from the first base in which it is equal.  The doubtful and the
 * interrupted tree come first, as they have what was copied last. */
size_t
runplan_bases(const struct stamp *stamps, size_t n, const struct stamp *doubtful, int64_t now,
              struct stamp out[ARGV_BASES])
{
	const struct stamp *complete = newest(stamps, n, STAMP_COMPLETE, now);
	const struct stamp *partial = newest(stamps, n, STAMP_PARTIAL, now);
	const struct stamp *other = newest(stamps, n, STAMP_SUSPECT, now);
	const struct stamp *interrupted = newest(stamps, n, STAMP_INTERRUPTED, now);
	size_t found = 0;

	if (is_newer(partial, other, now))
		other = partial;
	if (doubtful->when != 0)
		out[found++] = *doubtful;
	if (interrupted != NULL)
		out[found++] = *interrupted;
	/* An older one has nothing that the complete one lacks. */
	if (is_newer(other, complete, now))
		out[found++] = *other;
	if (complete != NULL)
		out[found++] = *complete;
	return found;
}

struct stamp
runplan_base(const struct stamp *stamps, size_t n, int64_t now)
{
	while (n-- > 0)
		if (stamp_is_good(stamp_kind(&stamps[n])) &&
		    stamps[n].when <= now + SUMMARY_AHEAD_MAX)
			return stamps[n];
	return (struct stamp){.when = 0};
}

static bool
has_full_option(const struct text_list *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (!rsyncopt_has(options->item[i], RSYNCOPT_QUICK))
			return true;
	return false;
}

/* A quick run of a local source uses no bases (see argv_copy), so whatever another tree has and
 * the newest snapshot lacks would be copied again: with an interrupted tree, all of it at each
 * attempt. */
static const char *
why_other_base(const struct runplan_case *c)
{
	struct stamp base[ARGV_BASES];
	size_t n = runplan_bases(c->stamps, c->nstamps, &c->doubtful, c->now, base);

	for (size_t i = 0; c->volume->transport == VOLUME_LOCAL && i < n; i++) {
		if (base[i].state == STAMP_INTERRUPTED)
			return "it resumes what was interrupted";
		if (base[i].state == STAMP_SUSPECT)
			return "a .suspect copy is newer than the last backup";
	}
	return NULL;
}

/* Each condition is one under which a quick run would fail or give another tree than a full run.
 * The first that holds is logged. */
const char *
runplan_why_full(const struct runplan_case *c)
{
	struct stamp base = runplan_base(c->stamps, c->nstamps, c->now);

	if (base.when == 0)
		return "there is no snapshot to compare with";
	if (!c->as_root)
		return "flashback does not run as root";
	if (!c->spare)
		return "the backup disk cannot hold a spare tree";
	if (has_full_option(&c->volume->rsync_options))
		return "an option in rsync_options needs it";
	if (c->last == RESULT_LINKS)
		return "a file had too many hard links";
	if (c->doubtful.when != 0)
		return "a copy from an earlier boot must be compared by checksum";
	if (!history_is_alike(c->runs, c->nruns, &base, volume_fingerprint(c->volume)))
		return "the source, the excludes or the options have changed";
	return why_other_base(c);
}

bool
runplan_is_touched(const struct scan *s, int64_t files)
{
	int64_t others = s->created + s->changed + s->attributes;

	return s->listed > files / 2 && s->touched > 0 && others <= s->touched / 9;
}

/* What another machine sends rsync looks for in the list of what was asked for, from its beginning:
 * twice as many names take four times as long.  Measured: 15 s of processor for 40,000 names in
 * deep directories; of a full run 9 s for 50,000 files. */
static bool
takes_long(const struct volume *v, const struct scan *s, int64_t files)
{
	return v->transport != VOLUME_LOCAL && s->listed * s->listed / 18000 > files;
}

const char *
runplan_why_full_now(const struct volume *v, const struct scan *s, int64_t files)
{
	if (s->broken)
		return "the comparison could not be understood";
	if (s->links)
		return "hard links have changed";
	if (runplan_is_touched(s, files))
		return "the times of more than half of the files have changed";
	if (s->listed > files / 2)
		return "more than half of the files have changed";
	if (takes_long(v, s, files))
		return "so many files have changed that it takes less time";
	return NULL;
}

/* files includes the root directory, entries does not. */
int64_t
runplan_surplus(const struct scan *s, int64_t entries, int64_t files)
{
	return entries + s->new_names - s->gone_names - (files - s->skipped - 1);
}

/* Choose the kind of run, the tree and the bases, and build the job for argv.  A plan depends on
 * its arguments only, so a dry run plans exactly what a run would do. */
void
runplan_make(const struct runplan_case *c, struct runplan *plan)
{
	struct stamp base[ARGV_BASES];
	size_t n = runplan_bases(c->stamps, c->nstamps, &c->doubtful, c->now, base);
	struct argv_job *job = &plan->job;

	*plan = (struct runplan){
	    .full = runplan_why_full(c),
	    .base = runplan_base(c->stamps, c->nstamps, c->now),
	    .tree = runplan_stamp(c->stamps, c->nstamps, c->now, c->offset),
	    .job = c->job,
	    .patience = argv_patience(c->volume, c->doubtful.when != 0),
	};
	job->volume = c->volume;
	job->checksum = c->doubtful.when != 0;
	job->unlinked = c->last == RESULT_LINKS;
	/* An older one crashes on a date that localtime cannot hold. */
	job->dates &= job->version.confine_root;
	/* As another user rsync copies user.* only, and sees no others. */
	if (!c->as_root)
		job->added = job->refused = NULL;
	job->target = stamp_format(&plan->tree, plan->target);
	for (size_t i = 0; i < n; i++)
		job->base[i] = stamp_format(&base[i], plan->bases[i]);
}
