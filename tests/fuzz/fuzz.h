// SPDX-License-Identifier: ISC
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/text.h"

/*
 * For fuzz targets: each file fuzz_NAME.c has this function, which libFuzzer calls with anything at
 * all (make fuzz), and replay.c with what tests/fuzz/corpus/NAME holds.  What a target needs to
 * hold besides "does not crash" it says with HOLDS.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
			        #condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input as a string of its own size, so that reading past its end is seen. */
static inline char *
fuzz_string(const void *data, size_t size)
{
	char *s = malloc(size + 1);

	HOLDS(s != NULL);
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

/* Is it safe to print: as text_clean would leave it? */
static inline int
fuzz_is_printable(const char *s)
{
	size_t len = strlen(s), size = 4 * len + 1;
	char *clean = malloc(size);
	int same;

	HOLDS(clean != NULL);
	same = strcmp(text_clean(clean, size, s, len), s) == 0;
	free(clean);
	return same;
}

#endif
