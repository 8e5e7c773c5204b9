// SPDX-License-Identifier: ISC
#include "flashback/store/spare.h"

#include <errno.h>

#include "flashback/jobs/patch.h"
#include "flashback/jobs/spares.h"

#include "check.h"
#include "sim.h"

/* In the place of the modules spare, spares and patch: the disk here cannot hold a spare, so that
 * every run is a full one. */

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

void
spare_sweep(const struct store_volume *v)
{
	(void)v;
}

int
spare_sweep_aside(const struct store_volume *v, char *trouble, size_t size)
{
	(void)v;
	(void)trouble;
	(void)size;
	return 0;
}

int
spare_claim(const struct store_volume *v, const char *expired)
{
	(void)v;
	(void)expired;
	errno = ENOTSUP;
	return -1;
}

bool
spares_due(const struct spares *s, const struct volume *volume, const struct store_volume *v)
{
	(void)s;
	(void)volume;
	(void)v;
	return false;
}

bool
spares_update(const struct spares *s, const struct volume *volume, struct stamp *recycled)
{
	(void)s;
	(void)recycled;
	sim_broken("%s needs no spare", volume->id);
}

void
spares_remove_unlisted(struct spares *s)
{
	(void)s;
}

int
patch_find(struct patch *p)
{
	sim_broken("a spare of %d", p->v->fd);
}

int
patch_run(struct patch *p)
{
	sim_broken("%s was to be patched", p->received);
}

bool
spare_is_noted(const struct store_volume *v, const char *snapshot)
{
	(void)v;
	sim_broken("a spare for %s", snapshot);
}

int
spare_open(const struct store_volume *v)
{
	sim_broken("a spare of %d", v->fd);
}
