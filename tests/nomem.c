// SPDX-License-Identifier: ISC
/*
 * A library for LD_PRELOAD under which memory runs out: in flashback and its children the request
 * with the number FAULT_AT fails, and with FAULT_ON each one from there on.  They are counted in
 * the file FAULT_COUNT (8 bytes, a number of this machine's).  Requests of libconfuse do not fail:
 * it crashes then, which is why flashback looks beforehand whether there is enough for it (another
 * test).
 */
#include <confuse.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static uint64_t *count;
static uint64_t at;
static bool on, in_confuse;

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("FAULT_COUNT"), *number = getenv("FAULT_AT");
	int fd;
	void *map;

	if (path == NULL || number == NULL ||
	    strcmp(program_invocation_short_name, "flashback") != 0)
		return;
	at = strtoull(number, NULL, 10);
	on = getenv("FAULT_ON") != NULL;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		count = map;
}

static bool
fails(void)
{
	uint64_t n;

	if (count == NULL || in_confuse)
		return false;
	n = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	if (at == 0 || (on ? n < at : n != at))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

/* The functions of libconfuse that want memory, as we use it. */
cfg_t *
cfg_init(cfg_opt_t *opts, cfg_flag_t flags)
{
	cfg_t *(*next)(cfg_opt_t *, cfg_flag_t);
	cfg_t *cfg;

	*(void **)&next = dlsym(RTLD_NEXT, "cfg_init");
	in_confuse = true;
	cfg = next(opts, flags);
	in_confuse = false;
	return cfg;
}

int
cfg_parse_fp(cfg_t *cfg, FILE *f)
{
	int (*next)(cfg_t *, FILE *);
	int rc;

	*(void **)&next = dlsym(RTLD_NEXT, "cfg_parse_fp");
	in_confuse = true;
	rc = next(cfg, f);
	in_confuse = false;
	return rc;
}
