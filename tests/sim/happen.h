// SPDX-License-Identifier: ISC
#ifndef HAPPEN_H
#define HAPPEN_H

#include <stdint.h>

/*
 * What happens to a household in the course of years: stormy weeks in which everything does, and
 * calm ones in which nothing does, so that everything must come right.
 */

/** happen_begin(): the machine is switched on for the first time. */
void happen_begin(void);

/** happen_next(): mono of the next thing.  happen(): let it happen. */
int64_t happen_next(void);
void happen(void);

/** happen_counts(runs, complete): so far. */
void happen_counts(unsigned *starts, unsigned *cuts);

#endif
