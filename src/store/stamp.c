// SPDX-License-Identifier: ISC
#include "flashback/store/stamp.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

/* The form of a stamp; 'd' matches a digit, '~' a sign.  No colon, which rsync would take for a
 * host. */
static const char pattern[] = "dddd-dd-ddTdddddd~dddd";

#define STAMP_LENGTH (sizeof(pattern) - 1)

static const char *const suffixes[] = {
    [STAMP_COMPLETE] = "",
    [STAMP_PARTIAL] = ".partial",
    [STAMP_SUSPECT] = ".suspect",
    [STAMP_WORKING] = ".working",
    [STAMP_INTERRUPTED] = ".interrupted",
    [STAMP_EXPIRED] = ".expired",
};

#define FIRST_TIME INT64_C(-30578688000) /* 1001-01-01 */
#define LAST_TIME INT64_C(253370764799)  /* the end of 9998 */

/* A calendar date.  The conversions are our own, because mktime uses the time zone of the process,
 * while a stamp carries its own offset; and where TZ is one of the zones right/..., the gmtime_r
 * and timegm of the GNU C library count leap seconds: a name could have the second 60. */
struct date {
	int year, month, day; /* month and day count from 1 */
};

/* Days from 1970-01-01 to a date of a positive year.  Counted in years that begin in March, whose
 * months have 31, 30, 31, 30 and 31 days over and over, and whose leap day is their last. */
static int64_t
day_number(int year, int month, int day)
{
	int64_t years = month > 2 ? year : year - 1;
	int months = (month + 9) % 12;

	return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day -
	       719469;
}

static void
date_from_days(int64_t days, struct date *date)
{
	/* 400 years have 146097 days, so this is the year after, or one next to that. */
	int year = (int)(1970 + days * 400 / 146097) + 1, month = 12;

	while (days < day_number(year, 1, 1))
		year--;
	while (days < day_number(year, month, 1))
		month--;
	*date = (struct date){year, month, (int)(days - day_number(year, month, 1)) + 1};
}

static bool
has_pattern(const char *name)
{
	for (size_t i = 0; i < STAMP_LENGTH; i++) {
		bool fits = name[i] == pattern[i];

		if (pattern[i] == 'd')
			fits = name[i] >= '0' && name[i] <= '9';
		else if (pattern[i] == '~')
			fits = name[i] == '+' || name[i] == '-';
		if (!fits)
			return false;
	}
	return true;
}

/* The value of n digits. */
static int
digits(const char *s, int n)
{
	int value = 0;

	while (n-- > 0)
		value = value * 10 + (*s++ - '0');
	return value;
}

static bool
date_exists(const struct date *date)
{
	int year = date->year, month = date->month;

	return year >= 1970 && month >= 1 && month <= 12 && date->day >= 1 &&
	       day_number(year, month, date->day) <
	           day_number(month < 12 ? year : year + 1, month % 12 + 1, 1);
}

/* Set the state that a suffix stands for; any other suffix is a pin.  Return -1 when it is none. */
static int
read_suffix(const char *suffix, enum stamp_state *state)
{
	for (*state = STAMP_COMPLETE; *state < STAMP_PINNED; (*state)++)
		if (strcmp(suffix, suffixes[*state]) == 0)
			return 0;
	return suffix[0] == '.' && suffix[1] != '\0' ? 0 : -1;
}

/* Everything that stamp_format would not write is refused, so that no two names yield the same
 * stamp: a rename built from a stamp must hit the directory that was read. */
int
stamp_parse(const char *name, struct stamp *out)
{
	struct date date;
	struct stamp s = {.pin = NULL};
	int hour, minute, second, offset_hour, offset_minute;

	if (!has_pattern(name) || read_suffix(name + STAMP_LENGTH, &s.state) == -1)
		return -1;
	date = (struct date){digits(name, 4), digits(name + 5, 2), digits(name + 8, 2)};
	hour = digits(name + 11, 2);
	minute = digits(name + 13, 2);
	second = digits(name + 15, 2);
	offset_hour = digits(name + 18, 2);
	offset_minute = digits(name + 20, 2);
	if (!date_exists(&date) || hour > 23 || minute > 59 || second > 59 || offset_hour > 23 ||
	    offset_minute > 59)
		return -1;
	s.offset = (offset_hour * 60 + offset_minute) * 60;
	/* -0000 is refused: +0000 is the same offset, and a stamp must have one name. */
	if (name[17] == '-') {
		if (s.offset == 0)
			return -1;
		s.offset = -s.offset;
	}
	s.when = day_number(date.year, date.month, date.day) * DAY + (hour * 60 + minute) * 60 +
	         second - s.offset;
	if (s.when <= 0)
		return -1;
	if (s.state == STAMP_PINNED) {
		s.was = STAMP_PINNED;
		s.pin = name + STAMP_LENGTH;
	}
	*out = s;
	return 0;
}

/* All digits are computed as one number and written from the last to the first, where the pattern
 * has a digit. */
char *
stamp_format(const struct stamp *s, char buf[STAMP_NAME_SIZE])
{
	int minutes = abs(s->offset) / 60;
	int64_t digit; /* all digits as one number, the next one to write last */
	struct tm tm;

	stamp_local(s, &tm);
	assert((s->state != STAMP_PINNED || s->pin != NULL) && minutes < 24 * 60);
	assert(tm.tm_year >= 1970 - 1900 && tm.tm_year <= 9999 - 1900);
	digit = (tm.tm_year + 1900) * 100 + tm.tm_mon + 1;
	digit = digit * 100 + tm.tm_mday;
	digit = digit * 1000000 + (tm.tm_hour * 100 + tm.tm_min) * 100 + tm.tm_sec;
	digit = digit * 10000 + minutes / 60 * 100 + minutes % 60;
	for (size_t i = STAMP_LENGTH; i-- > 0;) {
		buf[i] = pattern[i];
		if (pattern[i] == '~')
			buf[i] = s->offset < 0 ? '-' : '+';
		if (pattern[i] != 'd')
			continue;
		buf[i] = (char)('0' + digit % 10);
		digit /= 10;
	}
	snprintf(buf + STAMP_LENGTH, STAMP_NAME_SIZE - STAMP_LENGTH, "%s",
	         s->state == STAMP_PINNED ? s->pin : suffixes[s->state]);
	return buf;
}

bool
stamp_is_good(enum stamp_state state)
{
	return state == STAMP_COMPLETE || state == STAMP_PARTIAL;
}

enum stamp_state
stamp_kind(const struct stamp *s)
{
	return s->state == STAMP_PINNED && s->pin != NULL ? s->was : s->state;
}

const char *
stamp_suffix(enum stamp_state state)
{
	return state < STAMP_PINNED ? suffixes[state] : NULL;
}

/* The inverse of stamp_parse.  Rounds towards the past, also for times before 1970 that an offset
 * can produce. */
void
stamp_local(const struct stamp *s, struct tm *tm)
{
	int64_t local = s->when + s->offset, days = local / DAY;
	int rest = (int)(local % DAY);
	struct date date;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	date_from_days(days, &date);
	*tm = (struct tm){
	    .tm_year = date.year - 1900,
	    .tm_mon = date.month - 1,
	    .tm_mday = date.day,
	    .tm_hour = rest / 3600,
	    .tm_min = rest / 60 % 60,
	    .tm_sec = rest % 60,
	    .tm_yday = (int)(days - day_number(date.year, 1, 1)),
	    /* 1970-01-01 was a Thursday. */
	    .tm_wday = (int)((days % 7 + 11) % 7),
	    .tm_gmtoff = s->offset,
	};
}

/* By the instant: when the clock is set back in autumn, later snapshots have smaller names. */
int
stamp_compare(const void *a, const void *b)
{
	const struct stamp *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* The date of a file is what its host says: a disk with 64 bits of seconds holds any. */
char *
stamp_time(const struct stamp *s, char buf[STAMP_TIME_SIZE])
{
	struct tm tm;

	if (s->when < FIRST_TIME || s->when > LAST_TIME) {
		snprintf(buf, STAMP_TIME_SIZE, "-");
		return buf;
	}
	stamp_local(s, &tm);
	if (strftime(buf, STAMP_TIME_SIZE, "%F %T", &tm) == 0)
		buf[0] = '\0';
	return buf;
}
