// SPDX-License-Identifier: ISC
#include "flashback/lib/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOM_LEAST 4096 /* larger than any record */
#define ROOM_FIRST 32768

_Static_assert(offsetof(struct dirent, d_type) == 18 && offsetof(struct dirent, d_name) == 19,
               "struct dirent is the kernel's linux_dirent64");

/* The record at an offset.  The kernel's layout is that of struct dirent, and its records are
 * aligned. */
static struct dirent *
record_at(const struct listing *list, size_t at)
{
	return (struct dirent *)(void *)(list->records + at);
}

/* Read all records of the directory.  Not readdir: it reuses its buffer, so each record would
 * have to be copied. */
static int
read_records(int dirfd, struct listing *list)
{
	long got;

	if (lseek(dirfd, 0, SEEK_SET) == -1)
		return -1;
	do {
		if (list->room - list->len < ROOM_LEAST) {
			size_t room = list->room != 0 ? 2 * list->room : ROOM_FIRST;
			char *more = realloc(list->records, room);

			if (more == NULL)
				return -1;
			list->records = more;
			list->room = room;
		}
		got = syscall(SYS_getdents64, dirfd, list->records + list->len,
		              list->room - list->len);
		if (got == -1)
			return -1;
		list->len += (size_t)got;
	} while (got > 0);
	return 0;
}

static bool
is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Set entry to all records except . and .. ; it has room for them. */
static void
point(struct listing *list)
{
	list->n = 0;
	for (size_t at = 0; at < list->len; at += record_at(list, at)->d_reclen)
		if (!is_dot(record_at(list, at)->d_name))
			list->entry[list->n++] = record_at(list, at);
}

/* Allocate entry for all records, and fill it. */
static int
point_first(struct listing *list)
{
	size_t n = 1;

	for (size_t at = 0; at < list->len; at += record_at(list, at)->d_reclen)
		n++;
	list->entry = calloc(n, sizeof(struct dirent *));
	if (list->entry == NULL)
		return -1;
	point(list);
	return 0;
}

/* Look up the types that the file system does not return.  What has vanished meanwhile has none. */
static int
look_up_types(int dirfd, struct listing *list)
{
	struct stat st;

	for (size_t i = 0; i < list->n; i++) {
		if (list->entry[i]->d_type != DT_UNKNOWN)
			continue;
		if (fstatat(dirfd, list->entry[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			list->entry[i]->d_type = (unsigned char)IFTODT(st.st_mode);
		else if (errno != ENOENT)
			return -1;
	}
	return 0;
}

int
listing_read(int dirfd, struct listing *list)
{
	int error;

	if (read_records(dirfd, list) == 0 && point_first(list) == 0 &&
	    look_up_types(dirfd, list) == 0)
		return 0;
	error = errno;
	listing_free(list);
	errno = error;
	return -1;
}

static int
by_name(const void *a, const void *b)
{
	const struct dirent *const *x = a, *const *y = b;

	return strcmp((*x)->d_name, (*y)->d_name);
}

void
listing_sort(struct listing *list, size_t from)
{
	if (list->n > from + 1)
		qsort(list->entry + from, list->n - from, sizeof(*list->entry), by_name);
}

static int
by_inode(const void *a, const void *b)
{
	const struct dirent *const *x = a, *const *y = b;

	return ((*x)->d_ino > (*y)->d_ino) - ((*x)->d_ino < (*y)->d_ino);
}

void
listing_sort_inodes(struct listing *list)
{
	if (list->n > 1)
		qsort(list->entry, list->n, sizeof(*list->entry), by_inode);
}

/* Move the directories to the front of the buffer, and shrink it.  A walk keeps a listing for
 * each level, and the files of a level are done before its directories are entered. */
void
listing_keep_dirs(struct listing *list)
{
	size_t kept = 0, len;
	void *less;

	for (size_t at = 0; at < list->len; at += len) {
		len = record_at(list, at)->d_reclen;
		if (record_at(list, at)->d_type != DT_DIR || is_dot(record_at(list, at)->d_name))
			continue;
		memmove(list->records + kept, list->records + at, len);
		kept += len;
	}
	list->len = kept;
	less = realloc(list->records, kept + 1);
	if (less != NULL) {
		list->records = less;
		list->room = kept + 1;
	}
	point(list);
	less = realloc(list->entry, (list->n + 1) * sizeof(*list->entry));
	if (less != NULL)
		list->entry = less;
}

void
listing_free(struct listing *list)
{
	free(list->records);
	free(list->entry);
	*list = (struct listing){.n = 0};
}
