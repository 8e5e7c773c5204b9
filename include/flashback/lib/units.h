// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_UNITS_H
#define FLASHBACK_UNITS_H

#include <stdint.h>

/* Durations, sizes, percentages: text to numbers and back.  Core: no I/O. */

#define UNITS_TEXT 32 /* large enough for every units_format_* */

/** The longest duration that is accepted: 100 years, in seconds. */
#define UNITS_DURATION_MAX (INT64_C(100) * 366 * 86400)

/**
 * The parsers accept only a whole string of this form: no blanks, sign, trailing junk, or leading
 * zeros (010); decimal digits only.  Zero is accepted; the caller decides whether it makes sense.
 * They return 0, or -1 with errno EINVAL (not of this form) or ERANGE (too large), *out untouched.
 */

/** units_parse_duration(s, out): "90s", "30m", "12h", "1d", "2w" to seconds.  No bare numbers. */
int units_parse_duration(const char *s, int64_t *out);

/** units_parse_size(s, out): "10G", "512M", "4096" to bytes; K M G T are powers of 1024. */
int units_parse_size(const char *s, uint64_t *out);

/**
 * units_parse_percent(s, out): "2%", "0.5%", "12.25%" to hundredths of a percent (200, 50, 1225);
 * at most 100%.
 */
int units_parse_percent(const char *s, int *out);

/** units_parse_count(s, max, out): "10" to a number in 0..max. */
int units_parse_count(const char *s, unsigned max, unsigned *out);

/**
 * units_parse_integer(s, min, max, out): "10" or "-1", as "%" PRId64 writes them, to a number in
 * min..max: for lines that flashback itself wrote, in files and pipes.  ERANGE also when it is too
 * small.
 */
int units_parse_integer(const char *s, int64_t min, int64_t max, int64_t *out);

/**
 * units_read_integer(s, min, max, out):
 * units_parse_integer for the next word of *s, which is advanced past it (text_word).
 */
int units_read_integer(const char **s, int64_t min, int64_t max, int64_t *out);

/** The formats show a negative number of seconds as 0. */

/** units_format_duration(buf, s): as one would write it in the config: "7d", "90s", "36h". */
char *units_format_duration(char buf[UNITS_TEXT], int64_t seconds);

/**
 * units_format_age(buf, s): for the AGE column, rounded down: "0s" "9m" "16h29m" "16h" "3d4h"; from
 * 100 days on only days, "103d".
 */
char *units_format_age(char buf[UNITS_TEXT], int64_t seconds);

/** units_format_clock(buf, s): "0:07:12", "7:31:06", "2d+7:13:18". */
char *units_format_clock(char buf[UNITS_TEXT], int64_t seconds);

/**
 * units_format_bytes(buf, bytes): powers of 1024, rounded to the nearest, one decimal below 100:
 * "0" "999" "8.1G" "312M" "41.2G".
 */
char *units_format_bytes(char buf[UNITS_TEXT], uint64_t bytes);

#endif
