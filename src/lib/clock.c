// SPDX-License-Identifier: ISC
#include "flashback/lib/clock.h"

#include <time.h>

#ifdef FLASHBACK_TEST
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#endif

#ifdef FLASHBACK_TEST

static int64_t
parse_epoch(const char *s)
{
	char *end;
	long long t;

	errno = 0;
	t = strtoll(s, &end, 10);
	if (errno != 0 || end == s || (*end != '\0' && *end != '\n'))
		return -1;
	return t;
}

/* A test that overwrites the file in place leaves it empty for an instant: such a read is repeated.
 */
static int64_t
read_epoch(const char *path)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < 1000; i++) {
		char text[32];
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (parse_epoch(text) >= 0)
			return parse_epoch(text);
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "FLASHBACK_TEST_NOW: no time in %s\n", path);
	abort();
}

/* The time that a test has set, -1 if none.  A set time runs on from the first call. */
static int64_t
test_now(void)
{
	static int64_t began = -1;
	const char *set = getenv("FLASHBACK_TEST_NOW");

	if (set == NULL)
		return -1;
	if (set[0] == '@')
		return read_epoch(set + 1);
	if (parse_epoch(set) < 0) {
		fprintf(stderr, "FLASHBACK_TEST_NOW: '%s' is no time\n", set);
		abort();
	}
	if (began < 0)
		began = clock_mono();
	return parse_epoch(set) + (clock_mono() - began) / 1000;
}

#endif

int64_t
clock_wall(void)
{
#ifdef FLASHBACK_TEST
	int64_t set = test_now();

	if (set >= 0)
		return set;
#endif
	return time(NULL);
}

int32_t
clock_offset(int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	/* A laptop changes its zone while we run; localtime_r alone would not look again. */
	tzset();
	if (localtime_r(&when, &tm) == NULL)
		return 0;
	return (int32_t)(tm.tm_gmtoff - tm.tm_gmtoff % 60);
}

int64_t
clock_mono(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
