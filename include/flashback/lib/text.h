// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_TEXT_H
#define FLASHBACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text from outside made safe to print, and lists of strings.  Core: no I/O. */

#define TEXT_QUOTE 100 /* large enough for a quoted word, which is cut to fit */

/** A list of strings.  item[n] is always NULL when item is not, so item can serve as an argv.  Who
 * adds many looks at lost once, at the end. */
struct text_list {
	char **item;
	size_t n;
	bool lost; /* there was no memory for something that was to be added */
};

/**
 * text_escape(dst, size, src, len):
 * Copy len bytes of src to dst (size bytes, size > 0), writing control characters and bytes that
 * are not valid UTF-8 as \ooo (three octal digits).  C1 controls (U+0080-U+009F), the line and
 * paragraph separators (U+2028, U+2029) and bidirectional controls count as control characters.  A
 * backslash is written as \134 when three octal digits follow it, so that no escape can be forged
 * and the original can be told from the result; any other backslash stays as it is.  Never cuts a
 * character or an escape in half; always ends dst with a NUL.  Return dst.
 */
char *text_escape(char *dst, size_t size, const char *src, size_t len);

/**
 * text_clean(dst, size, src, len):
 * The same for text that may have been escaped already, as when it is read back from our own
 * history: backslashes are left alone, so cleaning text twice changes nothing.
 */
char *text_clean(char *dst, size_t size, const char *src, size_t len);

/** text_fit(dst, size, src, len): text_clean, with "..." at the end when the text did not fit.
 * size is above 3. */
char *text_fit(char *dst, size_t size, const char *src, size_t len);

/** text_escaped(s), text_cleaned(s): the two for a whole string, into new memory; NULL with ENOMEM.
 */
char *text_escaped(const char *s);
char *text_cleaned(const char *s);

/**
 * text_word(&s, word, size):
 * Copy the next word of *s (blanks as in text_list_split) and advance *s past it.  Return 0, or -1
 * with *s unchanged when there is no word, or it does not fit into size bytes.
 */
int text_word(const char **s, char *word, size_t size);

/** text_hush(text): write the words FAILED and SUCCEEDED in lower case, because scripts count the
 * lines of queue.txt that contain them.  Return whether there were any. */
bool text_hush(char *text);

/** text_hash(h, s): FNV-1a over the text and its NUL, from h, TEXT_HASH at first. */
#define TEXT_HASH UINT64_C(0xcbf29ce484222325)
uint64_t text_hash(uint64_t h, const char *s);

/** text_has_control(s): does s hold a byte below 0x20, or 0x7f? */
bool text_has_control(const char *s);

/** text_format(fmt, ...): printf into new memory; NULL with ENOMEM. */
char *text_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** text_replace(&s, fmt, ...): the same, freeing the old *s, which may be among the arguments.  On
 * failure *s is kept.  Return 0/-1. */
#define text_replace(s, ...) text_set(s, text_format(__VA_ARGS__))
int text_set(char **s, char *fresh);

/** text_list_add(list, s): append a copy of s.  Return 0, or -1 with ENOMEM, lost set and the items
 * unchanged. */
int text_list_add(struct text_list *list, const char *s);

/** text_list_addf(list, fmt, ...): append a formatted string.  text_list_own(list, s): append s
 * itself, which the list owns from then on; on failure it is freed.  Return as text_list_add. */
#define text_list_addf(list, ...) text_list_own(list, text_format(__VA_ARGS__))
int text_list_own(struct text_list *list, char *s);

/** text_list_append(list, more): append copies of all of more.  Return 0, or -1, list unchanged. */
int text_list_append(struct text_list *list, const struct text_list *more);

/** text_list_has(list, s): is s an item of list? */
bool text_list_has(const struct text_list *list, const char *s);

/** text_list_sort(list): sort the items, byte by byte. */
void text_list_sort(struct text_list *list);

/**
 * text_list_split(list, s): append the words of s, split at spaces, tabs and line ends.  No
 * quoting. Return 0, or -1 with list unchanged.
 */
int text_list_split(struct text_list *list, const char *s);

/** text_list_free(list): free all and leave an empty list. */
void text_list_free(struct text_list *list);

/** text_refuse(why, fmt, ...): format the reason into *why (new memory; NULL when out of memory).
 * Return -1, so that a check can end with a return of it. */
#define text_refuse(why, ...) text_fail(why, text_format(__VA_ARGS__))
int text_fail(char **why, char *words);

/** text_refuse_word(why, word, fmt, ...): the same, after the word as text_quote has it. */
#define text_refuse_word(why, word, ...) text_fail_word(why, word, text_format(__VA_ARGS__))
int text_fail_word(char **why, const char *word, char *words);

/** text_quote(buf, s): s in single quotes, escaped as text_escape does, cut if it is long. */
const char *text_quote(char buf[TEXT_QUOTE], const char *s);

#endif
