// SPDX-License-Identifier: ISC
#ifndef UNIT_H
#define UNIT_H

/* For every unit test: cmocka, with what it needs before it, and what nearly all need of the C
 * library. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#endif
