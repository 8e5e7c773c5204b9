// SPDX-License-Identifier: ISC
#include "flashback/jobs/crash.h"

#ifdef FLASHBACK_TEST

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
crash_point(const char *name)
{
	const char *wanted = getenv("FLASHBACK_TEST_CRASH");

	if (wanted != NULL && strcmp(wanted, name) == 0)
		kill(getpid(), SIGKILL);
}

#else

/* A source file must declare something. */
typedef int crash_unused;

#endif
