// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_EXAMPLE_H
#define FLASHBACK_EXAMPLE_H

/* A file that the examples of RESTORE.txt can name. */

/**
 * example_find(parent, name):
 * Find a regular file in the tree name below the directory parent, in a directory of it if
 * possible: the first by name, with a path that needs no quotes and has no hidden component.  The
 * same tree gives the same path.  Return it, relative to the tree, to be freed; NULL if none was
 * found.
 */
char *example_find(int parent, const char *name);

#endif
