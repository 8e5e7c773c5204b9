// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_CRASH_H
#define FLASHBACK_CRASH_H

/*
 * Named places where a test may stop the program.  In a test build FLASHBACK_TEST_CRASH=NAME kills
 * the process that comes by, as a power cut or kill -9 would; in the product there is nothing here.
 */

#ifdef FLASHBACK_TEST
void crash_point(const char *name);
#else
static inline void
crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
