// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TEXT_H
#define FLASHBACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Text from outside made safe to print, and lists of strings.  Core: no I/O. */

/** A list of strings.  item[n] is always NULL when item is not, so item can serve as an argv. */
struct text_list {
	char **item;
	size_t n;
};

/**
 * text_escape(dst, size, src, len):
 * Copy len bytes of src to dst (size bytes, size > 0), writing control characters, backslashes that
 * would be ambiguous, and bytes that are not valid UTF-8 as \ooo (three octal digits).  C1 controls
 * (U+0080-U+009F) and bidirectional overrides count as control characters.  Never cuts a character or
 * an escape in half; always ends dst with a NUL.  Return dst.
 */
char *text_escape(char *dst, size_t size, const char *src, size_t len);

/** text_escaped(s): the same for a whole NUL-terminated string, into new memory; NULL with ENOMEM. */
char *text_escaped(const char *s);

/** text_has_control(s): does s hold a byte below 0x20, or 0x7f? */
bool text_has_control(const char *s);

/** text_format(fmt, ...): printf into new memory; NULL with ENOMEM. */
char *text_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** text_replace(&s, fmt, ...): the same, freeing the old *s.  On failure *s is kept.  Return 0/-1. */
int text_replace(char **s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** text_list_add(list, s): append a copy of s.  Return 0, or -1 with ENOMEM and the list unchanged. */
int text_list_add(struct text_list *list, const char *s);

/** text_list_addf(list, fmt, ...): append a formatted string.  Return 0/-1. */
int text_list_addf(struct text_list *list, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** text_list_append(list, more): append copies of all of more.  Return 0/-1. */
int text_list_append(struct text_list *list, const struct text_list *more);

/** text_list_split(list, s): append the words of s, cut at blanks.  No quotes.  Return 0/-1. */
int text_list_split(struct text_list *list, const char *s);

/** text_list_free(list): free all and leave an empty list. */
void text_list_free(struct text_list *list);

#endif
