// SPDX-License-Identifier: ISC
#include "flashback/rsync/message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "flashback/lib/text.h"
#include "flashback/rsync/scan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATH_READ 512  /* this much of a path is decoded */
#define PATH_SHOWN 100 /* and this much of it is shown, escaped */
#define WHY_SHOWN 50

/* A part of a line; not NUL-terminated. */
struct text_span {
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

/* An rsync older than 3.2 does not name the process that reports an error: these begin the sender's
 * messages, all others are from this side. */
static const char *const sender_words[] = {
    "send_files failed",    "opendir ",  "readlink_stat(",  "link_stat ", "change_dir ",
    "read errors mapping ", "get_xattr", "failed to open ",
};

/* How errors about owners, modes, times, ACLs, xattrs and devices begin: not about contents. */
static const char *const attribute_words[] = {
    "rsync_xal_", "set_acl", "get_acl", "sys_acl", "chown ", "failed to set ", "mknod ",
};

/* Lines that say less than the lines before them, and must not displace those as the reason. */
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
starts(struct text_span line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && memcmp(line.s, word, n) == 0;
}

static bool
ends(struct text_span line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && memcmp(line.s + line.n - n, word, n) == 0;
}

static bool
starts_with_any(struct text_span line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (starts(line, words[i]))
			return true;
	return false;
}

static struct text_span
skip(struct text_span line, size_t n)
{
	return (struct text_span){line.s + n, line.n - n};
}

/* Remove "rsync: [sender] " and return which side reports the error; a line that does not begin so
 * is left unchanged.  The side decides whether the source could not be read or this disk could not
 * be written. */
static enum side
take_speaker(struct text_span *line)
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

/* The text of the error at the end, "Permission denied (13)"; empty when there is none.  The last
 * ": " is taken, since a path may contain one. */
static struct text_span
find_why(struct text_span line)
{
	struct text_span none = {line.s, 0};
	size_t i;

	if (!ends(line, ")"))
		return none;
	for (i = line.n; i >= 2; i--)
		if (line.s[i - 2] == ':' && line.s[i - 1] == ' ')
			return skip(line, i);
	return none;
}

/* The path in quotes; empty when there is none.  A path may contain quotes itself, so a quote
 * counts as the end only where what follows is what rsync writes there. */
static struct text_span
find_path(struct text_span line)
{
	const char *open = memchr(line.s, '"', line.n);
	struct text_span rest, path = {line.s, 0};

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

/* The path below STAMP.working: people know the file by its place in the source, and the path of
 * the store is long. */
static struct text_span
below_tree(struct text_span path)
{
	static const char suffix[] = ".working/";
	const char *at = memmem(path.s, path.n, suffix, strlen(suffix));

	return at != NULL ? skip(path, (size_t)(at - path.s) + strlen(suffix)) : path;
}

/* "PATH: why", each cut to a size at which both still fit into one line of queue.txt, and with the
 * whole path.  Bytes are escaped by our rules, and only once. */
static void
put_text(struct message *m, struct text_span path, struct text_span why)
{
	char raw[PATH_READ], whole[4 * PATH_READ + 1], shown[PATH_SHOWN + 1], reason[WHY_SHOWN + 1];
	const char *between = why.n > 0 ? ": " : "";
	size_t n = scan_decode(path.s, path.s + path.n, raw, sizeof(raw));

	text_escape(whole, sizeof(whole), raw, n);
	text_escape(shown, sizeof(shown), raw, n);
	text_escape(reason, sizeof(reason), why.s, why.n);
	snprintf(m->text, sizeof(m->text), "%s%s%s%s", shown,
	         strlen(whole) > strlen(shown) ? "..." : "", between, reason);
	snprintf(m->whole, sizeof(m->whole), "%s%s%s", whole, between, reason);
}

static enum message_error
find_error(struct text_span why)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (ends(why, errors[i].number))
			return errors[i].error;
	return MESSAGE_ERROR_OTHER;
}

/* A file that differed from its checksum each time it was sent: rsync reports that in a form of
 * its own. */
static bool
read_verification(struct text_span line, struct message *m)
{
	static const char start[] = "ERROR: ", end[] = " failed verification -- update discarded.";
	static const char why[] = "it changed while it was being copied";

	if (!starts(line, start) || !ends(line, end))
		return false;
	line.n -= strlen(end);
	m->kind = MESSAGE_UNREADABLE;
	put_text(m, skip(line, strlen(start)), (struct text_span){why, strlen(why)});
	return true;
}

static bool
read_vanished(struct text_span line, struct message *m)
{
	static const char why[] = "vanished";

	if (!starts(line, "file has vanished: ") && !starts(line, "directory has vanished: "))
		return false;
	m->kind = MESSAGE_VANISHED;
	put_text(m, find_path(line), (struct text_span){why, strlen(why)});
	return true;
}

/* An error on this side.  ENOSPC while setting an attribute does not mean that the disk is full:
 * ext4 reports it for an xattr that is too large for an inode. */
static void
read_ours(struct text_span line, struct text_span why, struct message *m)
{
	m->error = find_error(why);
	m->kind = MESSAGE_UNWRITTEN;
	if (starts_with_any(line, attribute_words, COUNT(attribute_words))) {
		m->kind = MESSAGE_ATTRIBUTE;
		if (m->error == MESSAGE_ERROR_NO_SPACE)
			m->error = MESSAGE_ERROR_OTHER;
	}
}

/* Classify a line, most specific form first.  Without a path or an error text a line is not about a
 * file, and its errno is not used: only errors about a file can be verified. */
void
message_read(const char *line, size_t len, struct message *out)
{
	struct text_span rest = {line, len}, path, why;
	enum side side;

	memset(out, 0, sizeof(*out));
	/* Forms without "rsync: [sender]" in front. */
	if (read_vanished(rest, out) || read_verification(rest, out))
		return;
	/* Then the common form: speaker, what failed, path, error. */
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
	/* Without a path it is about rsync itself, e.g. its own directory. */
	if (path.n == 0 && out->kind != MESSAGE_ATTRIBUTE) {
		out->kind = MESSAGE_OTHER;
		out->error = MESSAGE_ERROR_OTHER;
		return;
	}
	put_text(out, path.n > 0 ? path : rest, path.n > 0 ? why : (struct text_span){rest.s, 0});
}
