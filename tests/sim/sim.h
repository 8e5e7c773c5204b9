// SPDX-License-Identifier: ISC
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The simulation's own ground: time, dice, what is said, and what to do when a promise is broken.
 * A simulation is one process with one state; the functions that it stands in for carry no context.
 */

#define SIM_DAY INT64_C(86400)
#define SIM_HOUR INT64_C(3600)

/** sim_begin(seed, loud): the beginning of time; loud: print each event as it happens. */
void sim_begin(uint64_t seed, bool loud);

/* ---- time ---- */

/** sim_mono(): milliseconds since the beginning.  sim_true(): what a right clock would show. */
int64_t sim_mono(void);
int64_t sim_true(void);

/** sim_wall(): what the machine's clock shows: sim_true() and the error that it has. */
int64_t sim_wall(void);

/** sim_pass(mono): time goes on until then. */
void sim_pass(int64_t mono);

/** sim_set_clock(wall): somebody or something sets the machine's clock; -1: right. */
void sim_set_clock(int64_t wall);

/** sim_clock_right(): does it show what it should?  sim_clock_since(): mono of when it was last
 * set. */
bool sim_clock_right(void);
int64_t sim_clock_since(void);

/** sim_offset(t): the local time of the place where the household lives, seconds east of UTC. */
int32_t sim_offset(int64_t t);

/* ---- dice ---- */

/** sim_roll(n): 0 to n - 1.  sim_range(a, b): a to b.  sim_chance(n, of): n times of so many. */
int64_t sim_roll(int64_t n);
int64_t sim_range(int64_t a, int64_t b);
bool sim_chance(int n, int of);

/* ---- words ---- */

/** sim_say(fmt, ...): an event, for who reads along; the last ones are shown when a promise breaks.
 */
void sim_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** sim_broken(fmt, ...): a promise is broken: say so, show what led to it, end. */
void sim_broken(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/** sim_grow(array, max, n, size): new room for at least n + 1 items in *array. */
void *sim_grow(void *array, size_t *max, size_t n, size_t size);

#endif
