// SPDX-License-Identifier: ISC
#include "flashback/rsync/scan.h"

#include <limits.h>
#include <string.h>

#include "flashback/store/marker.h"

#define ITEM 11 /* bytes of %i */
#define DELETING "*deleting  "
#define NEW "+++++++++"
#define SAME "         "
#define END "//"
#define SKIPPING "skipping non-regular file \""
#define FIRST_YEAR 1901 /* of what a disk holds if it holds no more than 32 bits of seconds */
#define LAST_YEAR 2038
#define SIZE_LIMIT (INT64_MAX / 1024) /* larger ones count as this */

/* Offsets of the fields in an item. */
enum { UPDATE, KIND, CONTENT, SIZE, TIME };

/* A name as rsync prints it. */
struct name {
	char text[PATH_MAX];
	size_t len; /* without its NUL, and without the slash behind a directory's name */
	bool is_dir;
};

static bool
is_item(const char *item)
{
	if (memcmp(item, DELETING, ITEM) == 0)
		return true;
	return strchr("<>ch.", item[UPDATE]) != NULL && strchr("fdLDS", item[KIND]) != NULL &&
	       item[UPDATE] != '\0' && item[KIND] != '\0';
}

static bool
is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The byte that an escape \#ooo stands for; -1 if there is none at s. */
static int
unescape(const char *s, const char *end)
{
	if (end - s < 5 || s[0] != '\\' || s[1] != '#' || s[2] > '3' || !is_octal(s[2]) ||
	    !is_octal(s[3]) || !is_octal(s[4]))
		return -1;
	return (s[2] - '0') * 64 + (s[3] - '0') * 8 + (s[4] - '0');
}

size_t
scan_decode(const char *s, const char *end, char *out, size_t size)
{
	size_t n = 0;

	while (s < end && n < size) {
		int byte = unescape(s, end);

		out[n++] = byte < 0 ? *s : (char)byte;
		s += byte < 0 ? 1 : 5;
	}
	return n;
}

/* Is this a relative path without empty, "." or ".." components?  A host can forge lines, and
 * these names are unlinked later: none may lead out of the tree. */
static bool
is_path(const struct name *n)
{
	const char *s = n->text;

	if (n->len == 0 || memchr(s, '\0', n->len) != NULL)
		return false;
	for (;;) {
		size_t part = strcspn(s, "/");

		if (part == 0 || part > NAME_MAX || (part == 1 && s[0] == '.') ||
		    (part == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		if (s[part] == '\0')
			return true;
		s += part + 1;
	}
}

/* Decode the escapes into n.  Return 0, or -1 when the name is too long. */
static int
decode(const char *s, const char *end, struct name *n)
{
	n->len = scan_decode(s, end, n->text, sizeof(n->text));
	if (n->len == sizeof(n->text))
		return -1;
	n->is_dir = n->len > 0 && n->text[n->len - 1] == '/';
	if (n->is_dir)
		n->len--;
	n->text[n->len] = '\0';
	return 0;
}

static bool
is_root(const struct name *n)
{
	return n->is_dir && strcmp(n->text, ".") == 0;
}

/* Prefix of a listed name that would otherwise be read as a comment. */
#define HERE "./"

/* rsync treats a line with this first character as a comment, even with --from0. */
int
scan_list(FILE *f, const char *name)
{
	bool comment = name[0] == '#' || name[0] == ';';

	return (comment && fputs(HERE, f) == EOF) || fputs(name, f) == EOF || putc('\0', f) == EOF
	           ? -1
	           : 0;
}

char *
scan_listed(char *entry)
{
	size_t len = sizeof(HERE) - 1;

	return entry + (strncmp(entry, HERE, len) == 0 ? len : 0);
}

/* Append a name to a file, or mark the scan as broken: a list with a name missing must not be
 * used. */
static void
put(struct scan *s, FILE *f, const struct name *n, int64_t *count)
{
	if (f == NULL)
		return;
	if (is_path(n) && scan_list(f, n->text) == 0)
		(*count)++;
	else
		s->broken = true;
}

static bool
is_new(const char *item)
{
	return memcmp(item + CONTENT, NEW, ITEM - CONTENT) == 0;
}

/* Count a name that is not a directory, by what differs. */
static void
count(struct scan *s, const char *item, int64_t size)
{
	if (is_new(item))
		s->created++;
	else if (item[CONTENT] == 'c' || item[SIZE] == 's')
		s->changed++;
	else if (item[UPDATE] == '>' || item[UPDATE] == '<')
		s->touched++;
	else
		s->attributes++;
	if (item[KIND] == 'f' && item[UPDATE] != '.') {
		s->new_files++;
		/* A host says what it likes. */
		s->new_bytes += size < INT64_MAX - s->new_bytes ? size : 0;
		s->largest = size > s->largest ? size : s->largest;
	}
}

/* Does the name end in these components?  The length of what is before them then, else -1. */
static int
before_end(const struct name *n, const char *end)
{
	size_t len = strlen(end);

	if (n->len < len || memcmp(n->text + n->len - len, end, len) != 0 ||
	    (n->len > len && n->text[n->len - len - 1] != '/'))
		return -1;
	return (int)(n->len - len);
}

/* Note a directory that may be the store itself, reached by way of the network.  The marker of a
 * store that older snapshots have, too, has not changed; but the lock of this volume has. */
static void
note_store(struct scan *s, const struct name *n)
{
	int len = before_end(n, MARKER_DIR "/" MARKER_NAME), rest;
	char dir[PATH_MAX];
	struct name above;

	if (len < 0 && (rest = before_end(n, MARKER_DIR "/lock")) > 0) {
		above = *n;
		above.len = (size_t)rest - 1;
		len = before_end(&above, s->id);
	}
	if (len < 0 || s->stores.n >= SCAN_STORES)
		return;
	memcpy(dir, n->text, (size_t)len);
	dir[len] = '\0';
	/* Without memory it is found by the next run. */
	if (!text_list_has(&s->stores, dir))
		(void)text_list_add(&s->stores, dir);
}

/* Sort a name by what rsync would do with it: delete it, or create or change it. */
static void
take_name(struct scan *s, const char *item, int64_t size, const struct name *n)
{
	if (item[UPDATE] == '*') {
		put(s, s->gone, n, &s->gone_names);
		s->gone_files += !n->is_dir;
	} else if (is_root(n)) {
		s->root = true;
	} else {
		put(s, s->list, n, &s->listed);
		s->new_names += is_new(item);
		if (!n->is_dir)
			count(s, item, size);
		if (!n->is_dir && s->id != NULL)
			note_store(s, n);
	}
}

/* Parse the size and advance *line to the name.  Return -1 when there is no size. */
static int64_t
take_size(const char **line, const char *end)
{
	int64_t size = 0;
	const char *s = *line;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		size = size < SIZE_LIMIT / 10 ? size * 10 + (*s - '0') : SIZE_LIMIT;
	if (s == *line || s == end || *s != ' ')
		return -1;
	*line = s + 1;
	return size;
}

/* Parse the year of a time as rsync prints it, and advance *line to the name.  Return 0/-1.  A time
 * that is none, such as (time-out-of-range), is passed over, but not the name: a quick run would
 * miss the file. */
static int
take_year(const char **line, const char *end, int64_t *year)
{
	const char *s = *line, *blank = memchr(s, ' ', (size_t)(end - s));
	int sign = *s == '-' ? -1 : 1;

	*year = 0;
	for (s += sign < 0; s < end && *s >= '0' && *s <= '9'; s++)
		*year = *year < SIZE_LIMIT / 10 ? *year * 10 + (*s - '0') : SIZE_LIMIT;
	if (blank == NULL)
		return -1;
	*year = *s == '/' ? sign * *year : FIRST_YEAR;
	*line = blank + 1;
	return 0;
}

/* Note a file that is copied, if the disk may not hold its date.  Those of the first and the last
 * year are passed over: it holds some of them. */
static void
note_date(struct scan *s, const char *item, int64_t year, const struct name *n)
{
	if (item[KIND] != 'f' || item[UPDATE] == '.' || item[UPDATE] == '*' ||
	    (year >= FIRST_YEAR && year <= LAST_YEAR) || s->odd_dates++ > 0)
		return;
	memcpy(s->odd_first, n->text, n->len + 1);
	s->odd_year = year;
}

/* A file whose content differs though its size and time are the same? */
static bool
is_old_bytes(const char *item)
{
	return item[KIND] == 'f' && item[CONTENT] == 'c' && item[SIZE] == '.' && item[TIME] == '.';
}

/* Check the whole line against SCAN_FORMAT before any of it counts: standard output has other
 * lines, and a file name may imitate one. */
int
scan_line(struct scan *s, const char *line, size_t len)
{
	const char *end = line + len - 2, *p = line + ITEM + 1;
	int64_t size, year = FIRST_YEAR;
	struct name n;

	s->skipped += len > sizeof(SKIPPING) && memcmp(line, SKIPPING, sizeof(SKIPPING) - 1) == 0;
	if (len < ITEM + 1 + sizeof(END) - 1 || !is_item(line) || line[ITEM] != ' ' ||
	    memcmp(end, END, 2) != 0 || (size = take_size(&p, end)) < 0 ||
	    (s->dates && take_year(&p, end, &year) < 0))
		return -1;
	if (s->old_bytes && !is_old_bytes(line))
		return 0;
	if (line[UPDATE] == 'h')
		s->links = true;
	else if (memcmp(line + CONTENT, SAME, ITEM - CONTENT) == 0)
		return 0;
	else if (decode(p, end, &n) != 0) {
		s->broken = true;
	} else {
		take_name(s, line, size, &n);
		note_date(s, line, year, &n);
	}
	return 0;
}
