// SPDX-License-Identifier: ISC
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_DAY INT64_C(1795392000) /* 2026-11-23, the day after the release */
#define LINES 60                      /* that are shown when a promise breaks */
#define LINE_SIZE 320

static struct {
	uint64_t dice;
	uint64_t seed;
	bool loud;
	int64_t mono;
	int64_t began; /* sim_true at mono 0 */
	int64_t error; /* of the machine's clock, in seconds */
	int64_t set_at;
	int32_t zone; /* seconds east of UTC in winter */
	bool summer_time;
	char line[LINES][LINE_SIZE];
	size_t said;
} sim;

/* ---- dice ---- */

/* splitmix64 */
static uint64_t
next(void)
{
	uint64_t z = sim.dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t
sim_roll(int64_t n)
{
	return (int64_t)(next() % (uint64_t)n);
}

int64_t
sim_range(int64_t a, int64_t b)
{
	return a + sim_roll(b - a + 1);
}

bool
sim_chance(int n, int of)
{
	return sim_roll(of) < n;
}

/* ---- time ---- */

int64_t
sim_mono(void)
{
	return sim.mono;
}

int64_t
sim_true(void)
{
	return sim.began + sim.mono / 1000;
}

int64_t
sim_wall(void)
{
	return sim_true() + sim.error;
}

void
sim_pass(int64_t mono)
{
	if (mono > sim.mono)
		sim.mono = mono;
}

void
sim_set_clock(int64_t wall)
{
	int64_t error = wall < 0 ? 0 : wall - sim_true();

	if (error == sim.error)
		return;
	sim.error = error;
	sim.set_at = sim.mono;
	sim_say("the clock is set");
}

bool
sim_clock_right(void)
{
	return sim.error == 0;
}

int64_t
sim_clock_since(void)
{
	return sim.set_at;
}

/* The last Sunday of a month of 31 days, at one o'clock UTC. */
static int64_t
last_sunday(int year, int month)
{
	struct tm tm = {.tm_year = year, .tm_mon = month, .tm_mday = 31, .tm_hour = 1};
	time_t t = timegm(&tm);

	return t - tm.tm_wday * SIM_DAY;
}

/* Summer time as the European Union has it. */
int32_t
sim_offset(int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	gmtime_r(&when, &tm);
	if (!sim.summer_time || t < last_sunday(tm.tm_year, 2) || t >= last_sunday(tm.tm_year, 9))
		return sim.zone;
	return sim.zone + 3600;
}

/* ---- words ---- */

static void
print_time(FILE *f)
{
	time_t t = (time_t)(sim_wall() + sim_offset(sim_wall()));
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(f, "%7.3f %s ", (double)sim.mono / 86400e3, text);
}

void
sim_say(const char *fmt, ...)
{
	FILE *f = fmemopen(sim.line[sim.said % LINES], LINE_SIZE, "w");
	va_list ap;

	if (f == NULL)
		abort();
	print_time(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
	sim.line[sim.said % LINES][LINE_SIZE - 1] = '\0';
	if (sim.loud)
		puts(sim.line[sim.said % LINES]);
	sim.said++;
}

void
sim_broken(const char *fmt, ...)
{
	size_t n = sim.said < LINES ? sim.said : LINES;
	va_list ap;

	for (size_t i = sim.said - n; i < sim.said && !sim.loud; i++)
		printf("#   %s\n", sim.line[i % LINES]);
	printf("# seed %llu: day ", (unsigned long long)sim.seed);
	print_time(stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	_Exit(1);
}

void *
sim_grow(void *array, size_t *max, size_t n, size_t size)
{
	void *more;

	if (n < *max)
		return array;
	*max = *max > 0 ? 2 * *max : 16;
	more = reallocarray(array, *max, size);
	if (more == NULL)
		abort();
	return more;
}

void
sim_begin(uint64_t seed, bool loud)
{
	static const int32_t zones[] = {3600, 3600, 0, -28800, 19800, 45900};

	sim.seed = seed;
	sim.dice = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
	sim.loud = loud;
	sim.began = FIRST_DAY + sim_roll(400 * SIM_DAY);
	sim.zone = zones[sim_roll(6)];
	sim.summer_time = sim_chance(2, 3);
}
