// SPDX-License-Identifier: ISC
#include "flashback/lib/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE_LENGTH 4 /* a backslash and three octal digits */
#define BLANKS " \t\r\n"

/* The forms of a UTF-8 sequence: mark is the first byte under mask, length the bytes in all, least
 * the smallest code point that may be encoded so.  (Longer encodings of a small one are invalid.)
 */
struct utf8_form {
	unsigned char mask, mark;
	unsigned length;
	uint32_t least;
};

static const struct utf8_form utf8_forms[] = {
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

/* Characters that end a line, control a terminal, are not seen, or reverse the direction of the
 * text that follows: with these a file name could make a line show something else than it says. */
static const struct {
	uint32_t from, to;
} unsafe[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x2069}, {0xfeff, 0xfeff}, {0xe0000, 0xe007f},
};

/* Decode the character at s.  Return its length and set *code; 0 when it is not valid UTF-8. */
static size_t
read_character(const unsigned char *s, size_t len, uint32_t *code)
{
	const struct utf8_form *form = utf8_forms;
	const struct utf8_form *end = utf8_forms + sizeof(utf8_forms) / sizeof(utf8_forms[0]);

	while (form < end && (s[0] & form->mask) != form->mark)
		form++;
	if (form == end || form->length > len)
		return 0;
	*code = s[0] & (unsigned char)~form->mask;
	for (unsigned i = 1; i < form->length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < form->least || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return form->length;
}

static bool
is_unsafe(uint32_t code)
{
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (code >= unsafe[i].from && code <= unsafe[i].to)
			return true;
	return false;
}

/* Does the text at s look like an escape that put_escape wrote? */
static bool
looks_escaped(const unsigned char *s, size_t len)
{
	if (s[0] != '\\' || len < ESCAPE_LENGTH)
		return false;
	for (size_t i = 1; i < ESCAPE_LENGTH; i++)
		if (s[i] < '0' || s[i] > '7')
			return false;
	return true;
}

static void
put_escape(char *dst, unsigned char byte)
{
	dst[0] = '\\';
	dst[1] = (char)('0' + (byte >> 6));
	dst[2] = (char)('0' + (byte >> 3 & 7));
	dst[3] = (char)('0' + (byte & 7));
}

/* Copy src to dst as text_escape describes.  With raw, a backslash that looks like the start of an
 * escape is escaped itself, so that the result is unambiguous; without, text that was escaped
 * before stays as it is.  Stops before a character or escape that does not fit as a whole.  Return
 * the number of bytes of src not copied. */
static size_t
copy_safely(char *dst, size_t size, const char *src, size_t len, bool raw)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t used = 0, room = size - 1;

	while (len > 0) {
		uint32_t code = 0;
		size_t n = read_character(s, len, &code), need;
		bool plain = n > 0 && !is_unsafe(code) && !(raw && looks_escaped(s, len));

		if (n == 0)
			n = 1;
		need = plain ? n : n * ESCAPE_LENGTH;
		if (need > room - used)
			break;
		if (plain)
			memcpy(dst + used, s, n);
		for (size_t i = 0; !plain && i < n; i++)
			put_escape(dst + used + i * ESCAPE_LENGTH, s[i]);
		used += need;
		s += n;
		len -= n;
	}
	dst[used] = '\0';
	return len;
}

char *
text_escape(char *dst, size_t size, const char *src, size_t len)
{
	copy_safely(dst, size, src, len, true);
	return dst;
}

char *
text_clean(char *dst, size_t size, const char *src, size_t len)
{
	copy_safely(dst, size, src, len, false);
	return dst;
}

/* Copy once to see whether all of it fits; if not, copy again into what is left without "...". */
char *
text_fit(char *dst, size_t size, const char *src, size_t len)
{
	static const char cut[] = "...";

	if (copy_safely(dst, size, src, len, false) == 0)
		return dst;
	text_clean(dst, size - strlen(cut), src, len);
	memcpy(dst + strlen(dst), cut, sizeof(cut));
	return dst;
}

/* copy_safely into new memory, which is allocated for the worst case and then shrunk. */
static char *
new_copy(const char *s, bool raw)
{
	size_t len = strlen(s);
	char *text, *fitted;

	if (len > (SIZE_MAX - 1) / ESCAPE_LENGTH) {
		errno = ENOMEM;
		return NULL;
	}
	text = malloc(len * ESCAPE_LENGTH + 1);
	if (text == NULL)
		return NULL;
	copy_safely(text, len * ESCAPE_LENGTH + 1, s, len, raw);
	fitted = realloc(text, strlen(text) + 1);
	/* A realloc that fails leaves text as it was: nothing leaks. */
	/* cppcheck-suppress memleak */
	return fitted != NULL ? fitted : text;
}

char *
text_escaped(const char *s)
{
	return new_copy(s, true);
}

char *
text_cleaned(const char *s)
{
	return new_copy(s, false);
}

/* Scripts count the backups that failed by counting lines with these words, so they may not come
 * from a file name or from a host's error message. */
bool
text_hush(char *text)
{
	static const char *const counted[] = {"FAILED", "SUCCEEDED"};
	bool any = false;

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		for (char *s = strstr(text, counted[i]); s != NULL; s = strstr(s, counted[i])) {
			any = true;
			for (size_t n = strlen(counted[i]); n > 0; n--, s++)
				*s = (char)tolower((unsigned char)*s);
		}
	return any;
}

uint64_t
text_hash(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	while (*s++ != '\0');
	return h;
}

bool
text_has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

int
text_word(const char **s, char *word, size_t size)
{
	const char *start = *s + strspn(*s, BLANKS);
	size_t len = strcspn(start, BLANKS);

	if (len == 0 || len >= size)
		return -1;
	memcpy(word, start, len);
	word[len] = '\0';
	*s = start + len;
	return 0;
}

char *
text_format(const char *fmt, ...)
{
	va_list args;
	char *s;
	int len;

	va_start(args, fmt);
	len = vasprintf(&s, fmt, args);
	va_end(args);
	return len != -1 ? s : NULL;
}

int
text_set(char **s, char *fresh)
{
	if (fresh == NULL)
		return -1;
	free(*s);
	*s = fresh;
	return 0;
}

/* One more slot is always allocated for the NULL at the end, so that the list can be used as an
 * argv. */
int
text_list_own(struct text_list *list, char *s)
{
	char **item;

	item = s != NULL ? reallocarray(list->item, list->n + 2, sizeof(*item)) : NULL;
	if (item == NULL) {
		free(s);
		list->lost = true;
		return -1;
	}
	item[list->n] = s;
	item[list->n + 1] = NULL;
	list->item = item;
	list->n++;
	return 0;
}

/* Remove all but the first n items. */
static void
shorten(struct text_list *list, size_t n)
{
	while (list->n > n) {
		free(list->item[--list->n]);
		list->item[list->n] = NULL;
	}
}

int
text_list_add(struct text_list *list, const char *s)
{
	return text_list_own(list, strdup(s));
}

int
text_list_append(struct text_list *list, const struct text_list *more)
{
	/* n is read first: more may be list itself, which grows. */
	size_t before = list->n, n = more->n;

	for (size_t i = 0; i < n; i++) {
		if (text_list_add(list, more->item[i]) == -1) {
			shorten(list, before);
			return -1;
		}
	}
	return 0;
}

bool
text_list_has(const struct text_list *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], s) == 0)
			return true;
	return false;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
text_list_sort(struct text_list *list)
{
	if (list->n > 1)
		qsort(list->item, list->n, sizeof(*list->item), compare);
}

/* Used for commands in the config: split at blanks and nothing else.  Quotes would suggest a
 * shell. */
int
text_list_split(struct text_list *list, const char *s)
{
	size_t before = list->n;

	for (s += strspn(s, BLANKS); *s != '\0'; s += strspn(s, BLANKS)) {
		size_t len = strcspn(s, BLANKS);

		if (text_list_own(list, strndup(s, len)) == -1) {
			shorten(list, before);
			return -1;
		}
		s += len;
	}
	return 0;
}

void
text_list_free(struct text_list *list)
{
	shorten(list, 0);
	free(list->item);
	*list = (struct text_list){0};
}

int
text_fail(char **why, char *words)
{
	*why = words;
	return -1;
}

/* A word for an error message.  What was cut off is marked by "...": what is shown must not pass
 * for the whole. */
const char *
text_quote(char buf[TEXT_QUOTE], const char *s)
{
	char text[TEXT_QUOTE - sizeof("''...") + 1], whole[4 * sizeof(text)];
	size_t len = strlen(s);
	bool cut = len >= sizeof(text);

	if (!cut)
		cut = strlen(text_escape(whole, sizeof(whole), s, len)) >= sizeof(text);
	text_escape(text, sizeof(text), s, len);
	snprintf(buf, TEXT_QUOTE, "'%s%s'", text, cut ? "..." : "");
	return buf;
}

int
text_fail_word(char **why, const char *word, char *words)
{
	char q[TEXT_QUOTE];

	*why = words != NULL ? text_format("%s%s", text_quote(q, word), words) : NULL;
	free(words);
	return -1;
}
