// SPDX-License-Identifier: ISC
#include "flashback/rsync/runplan.h"

/* Choose the kind of run, the tree and the bases, and build the job for argv.  A plan depends on
 * its arguments only, so a dry run plans exactly what a run would do. */
void
runplan_make(const struct runplan_case *c, struct runplan *plan)
{
	const struct quick_case *known = &c->known;
	struct stamp base[LINKDEST_MAX];
	size_t n =
	    linkdest_choose(known->stamps, known->nstamps, &known->doubtful, known->now, base);

	*plan = (struct runplan){
	    .full = quick_why_full(known),
	    .base = quick_base(known->stamps, known->nstamps, known->now),
	    .tree = linkdest_stamp(known->stamps, known->nstamps, known->now, c->offset),
	    .job =
	        {
	            .volume = known->volume,
	            .program = c->program,
	            .version = c->version,
	            .root = c->root,
	            .checksum = known->doubtful.when != 0,
	            .unlinked = known->last == RESULT_LINKS,
	            .whole_seconds = c->whole_seconds,
	            /* As another user rsync copies user.* only, and sees no others. */
	            .added = known->root ? c->added : NULL,
	            .refused = known->root ? c->refused : NULL,
	        },
	    .patience = argv_patience(known->volume, known->doubtful.when != 0),
	};
	plan->job.target = stamp_format(&plan->tree, plan->target);
	for (size_t i = 0; i < n; i++)
		plan->job.base[i] = stamp_format(&base[i], plan->bases[i]);
}
