// SPDX-License-Identifier: ISC
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "happen.h"
#include "machine.h"
#include "process.h"
#include "sim.h"
#include "world.h"

/*
 * sim [-v] [-y YEARS] [-n COUNT] [SEED]: the years of so many households, one a seed, from SEED on;
 * -v tells all that happens.  Each is a process of its own, so that a crash is told like any other
 * broken promise.
 */

#define DAYS_A_YEAR 365
#define CHECKED 12 /* households, in make check */

struct options {
	bool loud;
	int years;
	unsigned long long seed, count;
};

static void
live(const struct options *o, unsigned long long seed)
{
	int64_t end = o->years * DAYS_A_YEAR * SIM_DAY * 1000;

	sim_begin(seed, o->loud);
	world_begin();
	happen_begin();
	while (sim_mono() < end) {
		process_run(happen_next());
		happen();
	}
	printf("ok - seed %llu: %d years, %u starts, %u cuts\n", seed, o->years, machine_starts(),
	       machine_cuts());
	fflush(stdout);
	_Exit(0);
}

/* Return 0, or 1 when a promise was broken. */
static int
live_apart(const struct options *o, unsigned long long seed)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		live(o, seed);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		fprintf(stderr, "sim: %s\n", strerror(errno));
		exit(1);
	}
	if (status == 0)
		return 0;
	if (WIFSIGNALED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	printf("not ok - seed %llu: replay with build/sim -v %llu\n", seed, seed);
	return 1;
}

static unsigned long long
number(const char *text, unsigned long long otherwise)
{
	return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

/* In make check the same households each time; in make soak others, and many times as many. */
static void
read_environment(struct options *o)
{
	const char *soak = getenv("FLASHBACK_SOAK"), *seed = getenv("SEED");

	o->seed = 1;
	o->count = CHECKED * number(soak, 1);
	if (soak != NULL)
		o->seed = (unsigned long long)time(NULL) * 1000;
	if (seed != NULL) {
		o->seed = number(seed, 1);
		o->count = 1;
	}
}

int
main(int argc, char **argv)
{
	struct options o = {.years = 2};
	int opt, failed = 0;

	read_environment(&o);
	while ((opt = getopt(argc, argv, "vy:n:")) != -1) {
		if (opt == 'v')
			o.loud = true;
		else if (opt == 'y')
			o.years = (int)number(optarg, 2);
		else if (opt == 'n')
			o.count = number(optarg, 1);
		else
			return 1;
	}
	if (optind < argc)
		o.seed = number(argv[optind], 1);
	printf("1..%llu\n", o.count);
	for (unsigned long long i = 0; i < o.count; i++)
		failed += live_apart(&o, o.seed + i);
	return failed > 0;
}
