// SPDX-License-Identifier: ISC
#include "flashback/rsync/message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "flashback/lib/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATH_READ 512  /* this much of a path is decoded */
#define PATH_SHOWN 100 /* and this much of it is shown, escaped */
#define WHY_SHOWN 50

/* A part of a line; not NUL-terminated. */
struct span {
	const char *s;
	size_t n;
};

enum side { SIDE_UNKNOWN, SIDE_SOURCE, SIDE_HERE };

static const struct {
	const char *word;
	enum side side;
} sides[] = {
    {"[sender] ", SIDE_SOURCE},
    {"[receiver] ", SIDE_HERE},
    {"[generator] ", SIDE_HERE},
    {"[Receiver] ", SIDE_HERE},
};

/* An rsync older than 3.2 does not say who speaks; these are the sender's words, all others ours.
 */
static const char *const sender_words[] = {
    "send_files failed",    "opendir ",  "readlink_stat(",  "link_stat ", "change_dir ",
    "read errors mapping ", "get_xattr", "failed to open ",
};

/* What rsync says of owners, modes, times, ACLs, xattrs and devices, not of contents. */
static const char *const attribute_words[] = {
    "rsync_xal_", "set_acl", "get_acl", "sys_acl", "chown ", "failed to set ", "mknod ",
};

static const char *const noise_words[] = {
    "rsync error: ",
    "rsync warning: ",
    "connection unexpectedly closed",
    "write error: ",
    "read error: ",
    "safe_write failed ",
    "*** Skipping any contents",
    "(see the rsync manpage",
    "IO error encountered",
    "WARNING: ",
    "@@@@",
};

static const struct {
	const char *number;
	enum message_error error;
} errors[] = {
    {"(28)", MESSAGE_ERROR_NO_SPACE},  {"(122)", MESSAGE_ERROR_NO_SPACE},
    {"(30)", MESSAGE_ERROR_READ_ONLY}, {"(5)", MESSAGE_ERROR_IO},
    {"(31)", MESSAGE_ERROR_LINKS},
};

/* What follows the quote that ends a path. */
static const char *const after_path[] = {" failed", ": ", " (in ", " -> ", " => ", ",", ")"};

static bool
starts(struct span line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && memcmp(line.s, word, n) == 0;
}

static bool
ends(struct span line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && memcmp(line.s + line.n - n, word, n) == 0;
}

static bool
starts_with_any(struct span line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (starts(line, words[i]))
			return true;
	return false;
}

static struct span
skip(struct span line, size_t n)
{
	return (struct span){line.s + n, line.n - n};
}

/* Take off "rsync: [sender] " and say who speaks; a line that does not begin so is left as it is.
 */
static enum side
take_speaker(struct span *line)
{
	static const char rsync[] = "rsync: ";

	if (!starts(*line, rsync))
		return SIDE_UNKNOWN;
	*line = skip(*line, strlen(rsync));
	for (size_t i = 0; i < COUNT(sides); i++)
		if (starts(*line, sides[i].word)) {
			*line = skip(*line, strlen(sides[i].word));
			return sides[i].side;
		}
	if (starts(*line, "["))
		return SIDE_UNKNOWN;
	return starts_with_any(*line, sender_words, COUNT(sender_words)) ? SIDE_SOURCE : SIDE_HERE;
}

/* The text of the error at the end, "Permission denied (13)"; empty when there is none. */
static struct span
find_why(struct span line)
{
	struct span none = {line.s, 0};
	size_t i;

	if (!ends(line, ")"))
		return none;
	for (i = line.n; i >= 2; i--)
		if (line.s[i - 2] == ':' && line.s[i - 1] == ' ')
			return skip(line, i);
	return none;
}

/* The path in quotes, which may hold quotes itself; empty when there is none. */
static struct span
find_path(struct span line)
{
	const char *open = memchr(line.s, '"', line.n);
	struct span rest, path = {line.s, 0};

	if (open == NULL)
		return path;
	rest = path = skip(line, (size_t)(open - line.s) + 1);
	while (rest.n > 0) {
		const char *quote = memchr(rest.s, '"', rest.n);

		if (quote == NULL)
			break;
		rest = skip(rest, (size_t)(quote - rest.s) + 1);
		path.n = (size_t)(quote - path.s);
		if (starts_with_any(rest, after_path, COUNT(after_path)))
			return path;
	}
	return path;
}

static bool
is_octal(const char *s)
{
	for (int i = 0; i < 3; i++)
		if (s[i] < '0' || s[i] > '7')
			return false;
	return true;
}

/* rsync writes bytes that it does not like as \#ooo: back to the bytes, so that our own rule
 * applies. */
static size_t
decode(struct span path, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < path.n && n < size; i++) {
		const char *s = path.s + i;

		if (path.n - i >= 5 && s[0] == '\\' && s[1] == '#' && is_octal(s + 2)) {
			out[n++] = (char)((s[2] - '0') << 6 | (s[3] - '0') << 3 | (s[4] - '0'));
			i += 4;
		} else {
			out[n++] = *s;
		}
	}
	return n;
}

/* People know the file by its place in the source; what leads to it here is long and says nothing.
 */
static struct span
below_tree(struct span path)
{
	static const char suffix[] = ".working/";
	const char *at = memmem(path.s, path.n, suffix, strlen(suffix));

	return at != NULL ? skip(path, (size_t)(at - path.s) + strlen(suffix)) : path;
}

static void
put_text(struct message *m, struct span path, struct span why)
{
	char raw[PATH_READ], whole[4 * PATH_READ + 1], shown[PATH_SHOWN + 1], reason[WHY_SHOWN + 1];
	size_t n = decode(path, raw, sizeof(raw));

	text_escape(whole, sizeof(whole), raw, n);
	text_escape(shown, sizeof(shown), raw, n);
	text_escape(reason, sizeof(reason), why.s, why.n);
	snprintf(m->text, sizeof(m->text), "%s%s%s%s", shown,
	         strlen(whole) > strlen(shown) ? "..." : "", *reason != '\0' ? ": " : "", reason);
}

static enum message_error
find_error(struct span why)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (ends(why, errors[i].number))
			return errors[i].error;
	return MESSAGE_ERROR_OTHER;
}

/* A file that was another one each time it was read: rsync says so in words of its own. */
static bool
read_verification(struct span line, struct message *m)
{
	static const char start[] = "ERROR: ", end[] = " failed verification -- update discarded.";
	static const char why[] = "it changed while it was copied";

	if (!starts(line, start) || !ends(line, end))
		return false;
	line.n -= strlen(end);
	m->kind = MESSAGE_UNREADABLE;
	put_text(m, skip(line, strlen(start)), (struct span){why, strlen(why)});
	return true;
}

static bool
read_vanished(struct span line, struct message *m)
{
	static const char why[] = "vanished";

	if (!starts(line, "file has vanished: ") && !starts(line, "directory has vanished: "))
		return false;
	m->kind = MESSAGE_VANISHED;
	put_text(m, find_path(line), (struct span){why, strlen(why)});
	return true;
}

/* What happened here: a full disk shows in contents; an xattr that does not fit is only an
 * attribute. */
static void
read_ours(struct span line, struct span why, struct message *m)
{
	m->error = find_error(why);
	m->kind = MESSAGE_UNWRITTEN;
	if (starts_with_any(line, attribute_words, COUNT(attribute_words))) {
		m->kind = MESSAGE_ATTRIBUTE;
		if (m->error == MESSAGE_ERROR_NO_SPACE)
			m->error = MESSAGE_ERROR_OTHER;
	}
}

void
message_read(const char *line, size_t len, struct message *out)
{
	struct span rest = {line, len}, path, why;
	enum side side;

	memset(out, 0, sizeof(*out));
	if (read_vanished(rest, out) || read_verification(rest, out))
		return;
	side = take_speaker(&rest);
	if (rest.n == 0 || starts_with_any(rest, noise_words, COUNT(noise_words))) {
		out->kind = MESSAGE_NOISE;
		return;
	}
	why = find_why(rest);
	path = find_path(rest);
	if (side == SIDE_UNKNOWN || why.n == 0)
		return;
	if (side == SIDE_HERE) {
		read_ours(rest, why, out);
		path = below_tree(path);
	} else {
		out->kind = MESSAGE_UNREADABLE;
	}
	if (path.n == 0 && out->kind != MESSAGE_ATTRIBUTE) {
		out->kind = MESSAGE_OTHER;
		out->error = MESSAGE_ERROR_OTHER;
		return;
	}
	put_text(out, path.n > 0 ? path : rest, path.n > 0 ? why : (struct span){rest.s, 0});
}
