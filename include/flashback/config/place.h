// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_PLACE_H
#define FLASHBACK_PLACE_H

#include <stdbool.h>

/* Which options and sections belong where in the two files.  Core: no I/O. */

enum place {
	PLACE_MAIN,     /* flashback.conf, outside of sections */
	PLACE_DEFAULTS, /* its section defaults */
	PLACE_HOSTS,    /* hosts.conf, outside of sections */
	PLACE_HOST,     /* a host in it */
	PLACE_VOLUME,   /* a volume in that */
	PLACES
};

/**
 * place_check_option(place, name, why):
 * Does an option of this name belong there?  Return 0, or -1 with *why saying where it belongs, or
 * what may have been meant (NULL: no memory).
 */
int place_check_option(enum place place, const char *name, char **why);

/**
 * place_check_section(place, name, title, inside, why):
 * Does a section of this name, with this title (NULL: none), belong there?  Return 0 with the place
 * that it makes in *inside (also when only the title is wrong), or -1 with *why as above and
 * *inside PLACES when nothing can be said of what it holds.
 */
int place_check_section(enum place place, const char *name, const char *title, enum place *inside,
                        char **why);

#endif
