// SPDX-License-Identifier: ISC
#include "flashback/config/inherit.h"

#include <assert.h>
#include <stdlib.h>
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

static int
own_windows(struct volume *v, const struct volume *around)
{
	struct volume_window *copy = calloc(around->nwindows + 1, sizeof(*copy));

	for (size_t i = 0; copy != NULL && i < around->nwindows; i++)
		copy[i] = around->windows[i];
	v->windows = copy;
	v->nwindows = copy != NULL ? around->nwindows : 0;
	return copy != NULL ? 0 : -1;
}

/* Replace what v shares with around by a copy, or by nothing if there is no memory: both are
 * freed later. */
static int
own(const struct option_row *o, struct volume *v, const struct volume *around)
{
	void *to = (char *)v + o->field;
	const void *from = (const char *)around + o->field;
	const char *text;

	switch (option_memory(o)) {
	case OPTION_TEXTS:
		*(struct text_list *)to = (struct text_list){0};
		return text_list_append(to, from);
	case OPTION_TEXT:
		text = *(char *const *)from;
		*(char **)to = text != NULL ? strdup(text) : NULL;
		return text != NULL && *(char **)to == NULL ? -1 : 0;
	case OPTION_WINDOWS:
		return own_windows(v, around);
	case OPTION_PLAIN:
		break;
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
		if ((o->places & OPTION_VOLUME) != 0 && own(o, v, around) == -1)
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
