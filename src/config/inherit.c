// SPDX-License-Identifier: ISC
#include "flashback/config/inherit.h"

#include <assert.h>
#include <string.h>

int
inherit_defaults(enum option_place place, void *base)
{
	const struct option_row *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		char *why = NULL;
		int rc = 0;

		if ((o->places & place) != 0 && o->fallback != NULL)
			rc = option_set(o, base, o->fallback, &why);
		assert(rc == 0 || why == NULL);
		if (rc == -1)
			return -1;
	}
	return 0;
}

int
inherit_from(struct volume *v, const struct volume *around)
{
	const struct option_row *o;
	unsigned refs = v->refs;
	int rc = 0;

	*v = *around;
	v->refs = refs;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if ((o->places & OPTION_VOLUME) != 0 && option_copy(o, v, around) == -1)
			rc = -1;
	return rc;
}

void
inherit_clear(enum option_place place, void *base)
{
	const struct option_row *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if ((o->places & place) != 0)
			option_clear(o, base);
}
