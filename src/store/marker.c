// SPDX-License-Identifier: ISC
#include "flashback/store/marker.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define FIRST_LINE "flashback store 1"
#define ADDED "added_xattrs"
#define REFUSED "refused_xattrs"
#define SHARED "shared"
#define MOVED "moved"

static const struct {
	const char *name;
	size_t offset;
} traits[MARKER_TRAITS] = {
    [MARKER_HARD_LINKS] = {"hard_links", offsetof(struct marker, hard_links)},
    [MARKER_LOCKS] = {"locks", offsetof(struct marker, locks)},
    [MARKER_SECONDS] = {"seconds", offsetof(struct marker, seconds)},
    [MARKER_NANOSECONDS] = {"nanoseconds", offsetof(struct marker, nanoseconds)},
    [MARKER_DATES] = {"dates", offsetof(struct marker, dates)},
    [MARKER_OWNERS] = {"owners", offsetof(struct marker, owners)},
    [MARKER_MODES] = {"modes", offsetof(struct marker, modes)},
    [MARKER_SYMLINKS] = {"symlinks", offsetof(struct marker, symlinks)},
    [MARKER_CASE_KEPT] = {"case_kept", offsetof(struct marker, case_kept)},
    [MARKER_XATTRS] = {"xattrs", offsetof(struct marker, xattrs)},
    [MARKER_D_INO] = {"d_ino", offsetof(struct marker, d_ino)},
};

bool *
marker_trait(struct marker *m, enum marker_trait trait)
{
	return (bool *)((char *)m + traits[trait].offset);
}

/* Is the line, of length len, exactly s? */
static bool
is(const char *line, size_t len, const char *s)
{
	return len == strlen(s) && memcmp(line, s, len) == 0;
}

/* Copy a value of letters, digits and the characters of more to to, of size bytes; any other is not
 * ours.  Some become arguments of rsync. */
static void
take_value(char *to, size_t size, const char *more, const char *value, size_t len)
{
	if (len >= size)
		return;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)value[i]) && strchr(more, value[i]) == NULL)
			return;
	memcpy(to, value, len);
	to[len] = '\0';
}

static void
take_line(struct marker *m, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);

	if (!equals)
		return;

	size_t key = (size_t)(equals - line);

	if (is(line, key, "id"))
		take_value(m->id, sizeof(m->id), "", equals + 1, len - key - 1);
	if (is(line, key, "disk"))
		take_value(m->disk, sizeof(m->disk), "-", equals + 1, len - key - 1);
	if (is(line, key, SHARED))
		m->shared = is(equals + 1, len - key - 1, "yes");
	if (is(line, key, MOVED))
		m->moved = is(equals + 1, len - key - 1, "yes");
	if (is(line, key, ADDED))
		take_value(m->added, sizeof(m->added), "_.:@- ", equals + 1, len - key - 1);
	if (is(line, key, REFUSED))
		take_value(m->refused, sizeof(m->refused), "_.:@- ", equals + 1, len - key - 1);
	for (int t = 0; t < MARKER_TRAITS; t++)
		if (is(line, key, traits[t].name))
			*marker_trait(m, (enum marker_trait)t) =
			    !is(equals + 1, len - key - 1, "no");
}

int
marker_parse(const char *text, struct marker *m)
{
	struct marker found = {.id = ""};
	size_t len = strcspn(text, "\n");

	if (!is(text, len, FIRST_LINE))
		return -1;
	for (int t = 0; t < MARKER_TRAITS; t++)
		*marker_trait(&found, (enum marker_trait)t) = t != MARKER_D_INO;
	for (text += len; *text; text += len) {
		text++;
		len = strcspn(text, "\n");
		take_line(&found, text, len);
	}
	*m = found;
	return 0;
}

int
marker_print(FILE *f, void *arg)
{
	struct marker *m = arg;

	fprintf(f, FIRST_LINE "\nid=%s\ndisk=%s\n", m->id, m->disk);
	for (int t = 0; t < MARKER_TRAITS; t++)
		fprintf(f, "%s=%s\n", traits[t].name,
		        *marker_trait(m, (enum marker_trait)t) ? "yes" : "no");
	fprintf(f, ADDED "=%s\n" REFUSED "=%s\n" SHARED "=%s\n" MOVED "=%s\n", m->added, m->refused,
	        m->shared ? "yes" : "no", m->moved ? "yes" : "no");
	return ferror(f) ? -1 : 0;
}
