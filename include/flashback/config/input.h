// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_INPUT_H
#define FLASHBACK_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A config file, read whole: commands run as root come from there, so only root or the user of the
 * daemon may be able to write it. */

#define INPUT_MAX (1 << 20) /* bytes */

struct input {
	char *bytes; /* and a NUL */
	size_t len;
};

/**
 * input_read(path, in, why):
 * Read the file at this absolute path: a regular one, not too large, trusted as safepath_check_file
 * says.  Return 0; or -1 with the reason in *why (NULL: out of memory) and *in empty.
 */
int input_read(const char *path, struct input *in, char **why);

/** input_digest(first, second): a hash of the bytes of both. */
uint64_t input_digest(const struct input *first, const struct input *second);

/** input_is_same(first, second, digest): is digest that of first and the file second? */
bool input_is_same(const struct input *first, const char *second, uint64_t digest);

/** input_free(in): free the contents, not in itself. */
void input_free(struct input *in);

#endif
