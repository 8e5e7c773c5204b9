// SPDX-License-Identifier: ISC
/*
 * Another wall clock, linked with --wrap into every program under test: FLASHBACK_TEST_NOW sets it.
 * An epoch ("1795400000") goes on from the first call; "@FILE" is a file with an epoch, read at
 * each call, that stands still.  Without it the clock is the product's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "flashback/lib/clock.h"

int64_t __real_clock_wall(void);
int64_t __wrap_clock_wall(void);

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

int64_t
__wrap_clock_wall(void)
{
	static int64_t began = -1;
	const char *set = getenv("FLASHBACK_TEST_NOW");

	if (set == NULL)
		return __real_clock_wall();
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
