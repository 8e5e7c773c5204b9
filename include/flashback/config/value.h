// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_VALUE_H
#define FLASHBACK_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "flashback/lib/text.h"

/* The values of options: text to C types, or an error that says what to write; and back.  Core:
 * no I/O. */

/** These return 0 with *out set; or -1 with *why in words (NULL: no memory) and *out as it was.
 * Durations are in seconds, "0" if min is 0; shares in hundredths of a percent. */
int value_duration(const char *text, int64_t min, int64_t max, int64_t *out, char **why);
int value_count(const char *text, unsigned min, unsigned max, unsigned *out, char **why);
int value_switch(const char *text, bool *out, char **why);
int value_share(const char *text, int *out, char **why);

/** value_room(text, percent, bytes, why): "2%" to 200 and UINT64_MAX, "10G" to -1 and bytes. */
int value_room(const char *text, int *percent, uint64_t *bytes, char **why);

/** value_window(text, why): is it a time of day, "22:00-06:00"?  value_minutes(text, from, to): one
 * that is, to minutes from midnight; from > to spans it. */
int value_window(const char *text, char **why);
void value_minutes(const char *text, int *from, int *to);

/** value_program(path, why): is it an absolute path, as the first word of a command must be? */
int value_program(const char *path, char **why);

/** value_shell(text, why): can this be a remote shell with options? */
int value_shell(const char *text, char **why);

/** value_shell_words(text, words): append the words of a remote shell, split at blanks and without
 * their quotes, as rsync does it.  Return 0, or -1 with EINVAL (unclosed quote) or ENOMEM; words is
 * to be freed in any case. */
int value_shell_words(const char *text, struct text_list *words);

/** value_shell_option(words, i, option): the value of an option such as "-p" if words->item[*i] is
 * that, or begins with it ("-p22"); *i advances to the last word of the two.  Else NULL. */
const char *value_shell_option(const struct text_list *words, size_t *i, const char *option);

/** value_shell_keyless(ssh): the remote shell without the keys that it names, in new memory; NULL
 * with errno. */
char *value_shell_keyless(const char *ssh);

/** value_pattern(text, why): can this be a pattern of --exclude? */
int value_pattern(const char *text, char **why);

/** value_words(text, words, why): split a command that is one string into words at blanks; there is
 * no shell. */
int value_words(const char *text, struct text_list *words, char **why);

/** The value as one would write it in a config: new memory, safe to print; NULL with ENOMEM. */
char *value_print_text(const char *text);
char *value_print_list(const struct text_list *list);
char *value_print_duration(int64_t seconds);
char *value_print_share(int hundredths);
char *value_print_size(uint64_t bytes);

#endif
