// SPDX-License-Identifier: ISC
#include "flashback/store/spare.h"

#include "flashback/jobs/patch.h"

#include "check.h"
#include "sim.h"

/* In the place of the modules spare and patch: the disk here cannot hold a spare, so that every run
 * is a full one. */

bool
spare_possible(const struct store *s)
{
	(void)s;
	return false;
}

int
spare_walk(const struct store_volume *v, const char *snapshot, struct spare_walk *w)
{
	(void)v;
	(void)w;
	sim_broken("a spare for %s", snapshot);
}

int
spare_drop(const struct store_volume *v)
{
	(void)v;
	return 0;
}

int
spare_sweep(const struct store_volume *v, char *trouble, size_t size)
{
	(void)v;
	(void)trouble;
	(void)size;
	return 0;
}

int
patch_run(struct patch *p)
{
	sim_broken("%s was to be patched", p->received);
}
