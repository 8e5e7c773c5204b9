// SPDX-License-Identifier: ISC
#include "flashback/lib/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "flashback/lib/text.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define INTEGER_SIZE sizeof("-9223372036854775808")

/* The digits at the start of a text.  An overflow is recorded and not an error yet, because wrong
 * form is reported before wrong size. */
struct number {
	uint64_t value;
	bool too_large;
	const char *rest;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Read the digits.  A leading zero is refused: some people, and strtol, would read 010 as eight. */
static int
read_number(const char *s, struct number *out)
{
	if (!is_digit(*s) || (s[0] == '0' && is_digit(s[1])))
		return -1;
	*out = (struct number){0};
	for (; is_digit(*s); s++) {
		if (__builtin_mul_overflow(out->value, (uint64_t)10, &out->value) ||
		    __builtin_add_overflow(out->value, (uint64_t)(*s - '0'), &out->value))
			out->too_large = true;
	}
	out->rest = s;
	return 0;
}

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* The seconds of a unit, 0 when there is no such unit. */
static unsigned
duration_unit(char c)
{
	static const char units[] = "smhdw";
	static const unsigned seconds[] = {1, MINUTE, HOUR, DAY, 7 * DAY};
	const char *unit = c != '\0' ? strchr(units, c) : NULL;

	return unit != NULL ? seconds[unit - units] : 0;
}

/* The form is checked before the size, so that "5x" is reported as wrong form even if the number
 * is too large as well. */
int
units_parse_duration(const char *s, int64_t *out)
{
	struct number n;
	unsigned unit;

	if (read_number(s, &n) == -1)
		return fail(EINVAL);
	unit = duration_unit(*n.rest);
	if (unit == 0 || n.rest[1] != '\0')
		return fail(EINVAL);
	if (n.too_large || n.value > (uint64_t)UNITS_DURATION_MAX / unit)
		return fail(ERANGE);
	*out = (int64_t)(n.value * unit);
	return 0;
}

/* The power of two of a unit, -1 when there is no such unit. */
static int
size_shift(const char *unit)
{
	static const char units[] = "KMGT";
	const char *found = unit[0] != '\0' && unit[1] == '\0' ? strchr(units, unit[0]) : NULL;

	if (unit[0] == '\0')
		return 0;
	return found != NULL ? 10 * (int)(found - units + 1) : -1;
}

int
units_parse_size(const char *s, uint64_t *out)
{
	struct number n;
	int shift;

	if (read_number(s, &n) == -1)
		return fail(EINVAL);
	shift = size_shift(n.rest);
	if (shift == -1)
		return fail(EINVAL);
	if (n.too_large || n.value > UINT64_MAX >> shift)
		return fail(ERANGE);
	*out = n.value << shift;
	return 0;
}

/* Read ".5" or ".25", if present, as hundredths, and advance *s past it. */
static int
read_hundredths(const char **s)
{
	const char *p = *s;
	int value;

	if (*p != '.')
		return 0;
	if (!is_digit(p[1]))
		return -1;
	value = (p[1] - '0') * 10;
	p += 2;
	if (is_digit(*p))
		value += *p++ - '0';
	*s = p;
	return value;
}

int
units_parse_percent(const char *s, int *out)
{
	struct number n;
	int hundredths;

	if (read_number(s, &n) == -1)
		return fail(EINVAL);
	hundredths = read_hundredths(&n.rest);
	if (hundredths == -1 || n.rest[0] != '%' || n.rest[1] != '\0')
		return fail(EINVAL);
	if (n.too_large || n.value > 100 || (n.value == 100 && hundredths > 0))
		return fail(ERANGE);
	*out = (int)n.value * 100 + hundredths;
	return 0;
}

int
units_parse_count(const char *s, unsigned max, unsigned *out)
{
	struct number n;

	if (read_number(s, &n) == -1 || *n.rest != '\0')
		return fail(EINVAL);
	if (n.too_large || n.value > max)
		return fail(ERANGE);
	*out = (unsigned)n.value;
	return 0;
}

/* "-0" and numbers outside int64_t are refused: such a line was not written by flashback. */
int
units_parse_integer(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	struct number n;
	int64_t value;

	if (read_number(s + (negative ? 1 : 0), &n) == -1 || *n.rest != '\0' ||
	    (negative && n.value == 0 && !n.too_large))
		return fail(EINVAL);
	if (n.too_large || n.value > limit)
		return fail(ERANGE);
	value = negative ? (int64_t)-n.value : (int64_t)n.value;
	if (value < min || value > max)
		return fail(ERANGE);
	*out = value;
	return 0;
}

int
units_read_integer(const char **s, int64_t min, int64_t max, int64_t *out)
{
	char word[INTEGER_SIZE];

	if (text_word(s, word, sizeof(word)) == -1)
		return fail(EINVAL);
	return units_parse_integer(word, min, max, out);
}

/* The largest unit that divides the duration without a rest, so that what was written in the
 * config comes back: "36h", not "1d12h".  Weeks are shown as days. */
char *
units_format_duration(char buf[UNITS_TEXT], int64_t seconds)
{
	static const char units[] = "dhms";
	const char *unit = units;

	if (seconds < 0)
		seconds = 0;
	while (*unit != 's' && (seconds == 0 || seconds % duration_unit(*unit) != 0))
		unit++;
	snprintf(buf, UNITS_TEXT, "%" PRId64 "%c", seconds / duration_unit(*unit), *unit);
	return buf;
}

/* "3d4h", or "3d" when the smaller part is zero. */
static void
format_two(char buf[UNITS_TEXT], int64_t large, char large_unit, int64_t small, char small_unit)
{
	if (small == 0)
		snprintf(buf, UNITS_TEXT, "%" PRId64 "%c", large, large_unit);
	else
		snprintf(buf, UNITS_TEXT, "%" PRId64 "%c%d%c", large, large_unit, (int)small,
		         small_unit);
}

/* At most two units, rounded down, so that the column stays narrow. */
char *
units_format_age(char buf[UNITS_TEXT], int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < MINUTE)
		format_two(buf, seconds, 's', 0, 's');
	else if (seconds < HOUR)
		format_two(buf, seconds / MINUTE, 'm', 0, 's');
	else if (seconds < DAY)
		format_two(buf, seconds / HOUR, 'h', seconds % HOUR / MINUTE, 'm');
	else if (seconds < 100 * DAY)
		format_two(buf, seconds / DAY, 'd', seconds % DAY / HOUR, 'h');
	else
		format_two(buf, seconds / DAY, 'd', 0, 'h');
	return buf;
}

char *
units_format_clock(char buf[UNITS_TEXT], int64_t seconds)
{
	int64_t days;
	int rest;

	if (seconds < 0)
		seconds = 0;
	days = seconds / DAY;
	rest = (int)(seconds % DAY);
	if (days > 0)
		snprintf(buf, UNITS_TEXT, "%" PRId64 "d+%d:%02d:%02d", days, rest / HOUR,
		         rest % HOUR / MINUTE, rest % MINUTE);
	else
		snprintf(buf, UNITS_TEXT, "%d:%02d:%02d", rest / HOUR, rest % HOUR / MINUTE,
		         rest % MINUTE);
	return buf;
}

/* One decimal below 100, none above: at most five characters, whatever the size. */
char *
units_format_bytes(char buf[UNITS_TEXT], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	const char *unit = units;
	uint64_t size = 1024, whole, rest, tenths;

	if (bytes < 1024) {
		snprintf(buf, UNITS_TEXT, "%" PRIu64, bytes);
		return buf;
	}
	/* 1023.5K and more would round to 1024K: write 1.0M. */
	while (unit[1] != '\0' && bytes >= size * 1024 - size / 2) {
		size *= 1024;
		unit++;
	}
	whole = bytes / size;
	rest = bytes % size;
	tenths = whole * 10 + (rest * 10 + size / 2) / size;
	if (tenths < 1000)
		snprintf(buf, UNITS_TEXT, "%" PRIu64 ".%d%c", tenths / 10, (int)(tenths % 10),
		         *unit);
	else
		snprintf(buf, UNITS_TEXT, "%" PRIu64 "%c", whole + (rest >= size / 2 ? 1 : 0),
		         *unit);
	return buf;
}
