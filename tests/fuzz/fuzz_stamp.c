// SPDX-License-Identifier: ISC
/* Names of snapshots, and every kind of number. */
#include "fuzz.h"

#include "flashback/lib/units.h"
#include "flashback/store/stamp.h"

static void
stamp(const char *s)
{
	struct stamp a, b;
	struct tm tm;
	char name[STAMP_NAME_SIZE];

	if (stamp_parse(s, &a) < 0)
		return;
	HOLDS(a.when > 0);
	stamp_local(&a, &tm);
	HOLDS(tm.tm_year >= 70 && tm.tm_year <= 8099 && tm.tm_mon >= 0 && tm.tm_mon < 12);
	HOLDS(stamp_compare(&a, &a) == 0);
	if (a.state == STAMP_PINNED)
		return;
	HOLDS(strcmp(stamp_format(&a, name), s) == 0);
	HOLDS(stamp_parse(name, &b) == 0 && stamp_compare(&a, &b) == 0);
}

static void
duration(const char *s)
{
	char text[UNITS_TEXT];
	int64_t a, b;

	if (units_parse_duration(s, &a) < 0)
		return;
	HOLDS(a >= 0 && a <= UNITS_DURATION_MAX);
	HOLDS(units_parse_duration(units_format_duration(text, a), &b) == 0 && a == b);
	units_format_age(text, a);
	units_format_clock(text, a);
}

static void
numbers(const char *s)
{
	char text[UNITS_TEXT];
	uint64_t size;
	int64_t integer;
	unsigned count;
	int percent;

	if (units_parse_size(s, &size) == 0)
		HOLDS(strlen(units_format_bytes(text, size)) < UNITS_TEXT);
	if (units_parse_percent(s, &percent) == 0)
		HOLDS(percent >= 0 && percent <= 10000);
	if (units_parse_count(s, 1000, &count) == 0)
		HOLDS(count <= 1000);
	if (units_parse_integer(s, -5, INT64_MAX, &integer) == 0)
		HOLDS(integer >= -5);
	if (units_parse_integer(s, INT64_MIN, INT64_MAX, &integer) == 0) {
		units_format_age(text, integer);
		units_format_clock(text, integer);
		units_format_duration(text, integer);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);

	stamp(s);
	duration(s);
	numbers(s);
	free(s);
	return 0;
}
