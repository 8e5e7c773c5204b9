// SPDX-License-Identifier: ISC
#include "flashback/config/place.h"

#include <stddef.h>
#include <string.h>

#include "flashback/config/config.h"
#include "flashback/config/errors.h"
#include "flashback/config/suggest.h"
#include "flashback/config/volume.h"

static const struct section {
	const char *name;
	enum place around, inside;
	bool titled;
	const char *home; /* where it belongs, in words */
} sections[] = {
    {"defaults", PLACE_MAIN, PLACE_DEFAULTS, false, "flashback.conf, outside of other sections"},
    {"host", PLACE_HOSTS, PLACE_HOST, true,
     "hosts.conf (see hosts_file), outside of other sections"},
    {"volume", PLACE_HOST, PLACE_VOLUME, true, "a host in hosts.conf"},
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

static const char *const place_names[PLACES] = {
    [PLACE_MAIN] = "at this place of flashback.conf",
    [PLACE_DEFAULTS] = "in defaults",
    [PLACE_HOSTS] = "in hosts.conf outside of a host",
    [PLACE_HOST] = "in a host",
    [PLACE_VOLUME] = "in a volume",
};

static const struct section *
find_section(const char *name)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	return NULL;
}

/* Does a volume's option belong here? */
static bool
takes(enum place place, enum volume_key key)
{
	switch (place) {
	case PLACE_DEFAULTS:
	case PLACE_HOST:
		return key != VOLUME_SOURCE;
	case PLACE_VOLUME:
		return true;
	case PLACE_MAIN:
	case PLACE_HOSTS:
	case PLACES:
		break;
	}
	return false;
}

/* The name that was meant, among those that belong here. */
static const char *
nearest_option(enum place place, const char *name)
{
	struct suggest near = {.word = name};

	for (enum volume_key key = 0; key < VOLUME_KEYS; key++)
		if (takes(place, key))
			suggest_try(&near, volume_key_name(key));
	for (enum config_key key = 0; place == PLACE_MAIN && key < CONFIG_KEYS; key++)
		suggest_try(&near, config_key_name(key));
	return near.best;
}

static int
refuse_unknown(enum place place, const char *name, const char *what, const char *best, char **why)
{
	if (best != NULL)
		return text_refuse(why, "there is no %s %s %s; did you mean %s?", what, name,
		                   place_names[place], best);
	return text_refuse(why, "there is no %s %s", what, name);
}

int
place_check_option(enum place place, const char *name, char **why)
{
	enum volume_key volume_key = volume_key_find(name);
	const struct section *section = find_section(name);

	if (config_key_find(name) != CONFIG_KEYS) {
		if (place == PLACE_MAIN)
			return 0;
		return text_refuse(why, "%s belongs in flashback.conf, outside of its sections",
		                   name);
	}
	if (volume_key != VOLUME_KEYS) {
		if (takes(place, volume_key))
			return 0;
		return text_refuse(why, "%s cannot stand here: it belongs in %s", name,
		                   volume_key == VOLUME_SOURCE ? "a volume"
		                   : place == PLACE_MAIN       ? "the section defaults { }"
		                                               : "a host or a volume");
	}
	if (section != NULL)
		return text_refuse(why, "%s is a section, not an option: write %s%s { ... }", name,
		                   name, section->titled ? " \"NAME\"" : "");
	return refuse_unknown(place, name, "option", nearest_option(place, name), why);
}

static int
refuse_section(enum place place, const char *name, char **why)
{
	struct suggest near = {.word = name};

	if (volume_key_find(name) != VOLUME_KEYS || config_key_find(name) != CONFIG_KEYS)
		return text_refuse(why, "%s is an option, not a section: write %s = VALUE", name,
		                   name);
	for (size_t i = 0; i < SECTIONS; i++)
		if (sections[i].around == place)
			suggest_try(&near, sections[i].name);
	return refuse_unknown(place, name, "section", near.best, why);
}

int
place_check_section(enum place place, const char *name, const char *title, enum place *inside,
                    char **why)
{
	const struct section *section = find_section(name);

	*inside = PLACES;
	if (section == NULL)
		return refuse_section(place, name, why);
	if (section->around != place)
		return text_refuse(why, "%s cannot stand here: it belongs in %s", name,
		                   section->home);
	*inside = section->inside;
	if (section->titled && title == NULL)
		return text_refuse(why, "a %s needs a name: write %s \"NAME\" { ... }", name, name);
	if (!section->titled && title != NULL)
		return text_refuse(why, "%s takes no name: write %s { ... }", name, name);
	return 0;
}
