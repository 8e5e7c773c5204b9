// SPDX-License-Identifier: ISC
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/config/conf.h"
#include "flashback/jobs/hook.h"
#include "flashback/jobs/example.h"
#include "flashback/jobs/leftout.h"
#include "flashback/jobs/probe.h"
#include "flashback/jobs/sourcecheck.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/file.h"
#include "flashback/lib/log.h"
#include "flashback/lib/mounts.h"
#include "flashback/lib/safepath.h"
#include "flashback/store/mkstore.h"

#include "check.h"
#include "drive.h"
#include "process.h"
#include "sim.h"
#include "world.h"

/* In the place of the product's small edges: what they would have met in the world out there. */

#define STATUS_DIR 50000 /* where the two files lie */

/* ---- clock ---- */

int64_t
clock_wall(void)
{
	return sim_wall();
}

int32_t
clock_offset(int64_t t)
{
	return sim_offset(t);
}

int64_t
clock_mono(void)
{
	return sim_mono();
}

/* ---- conf ---- */

int
conf_load(const char *file, const struct config *old, struct config **out, struct text_list *errors)
{
	*out = NULL;
	if (world()->broken_config) {
		(void)text_list_addf(errors, "%s:1: it is being edited", file);
		return -1;
	}
	if (old != NULL && old->digest == world()->edits + 1)
		return 1;
	*out = world_config();
	return 0;
}

/* A child that was forked before has a copy: nothing goes. */
void
conf_free(struct config *c)
{
	(void)c;
}

/* ---- hook, sourcecheck, probe ---- */

int
hook_run(const struct text_list *command, const struct text_list *env, const char *input,
         int seconds, int stop_fd, char *why, size_t size)
{
	const struct world_volume *v = world_find(process_self()->volume->id);

	(void)env;
	(void)input;
	(void)seconds;
	(void)stop_fd;
	snprintf(why, size, "told to end");
	process_wait(sim_mono() + sim_range(100, 30000));
	if (process_self()->pending.end)
		return -1;
	return command->n > 0 ? v->before_says : 0;
}

const char *
hook_hint(int status)
{
	(void)status;
	return "";
}

int
sourcecheck_run(const struct volume *volume, const char *rsync, const struct version *version,
                int signals, struct verdict *verdict)
{
	const struct world_volume *v = world_find(volume->id);

	(void)rsync;
	(void)version;
	(void)signals;
	process_wait(sim_mono() + sim_range(100, 5000));
	if (process_self()->pending.end)
		return verdict_give_up(verdict, RESULT_INTERRUPTED, "stopped before it began");
	if (v->source != WORLD_MISSING && v->source != WORLD_EMPTY)
		return 0;
	return verdict_give_up(verdict, RESULT_NOT_FOUND, "the source is %s",
	                       v->source == WORLD_EMPTY ? "empty" : "absent");
}

/* Names have one address each here. */
char *
sourcecheck_address(const struct volume *volume, int signals, struct resolve *address)
{
	(void)volume;
	(void)signals;
	(void)address;
	return NULL;
}

static enum probe_answer
answer(const char *address)
{
	if (!world()->network)
		return PROBE_NO_NET;
	for (size_t i = 0; i < world()->hosts; i++) {
		const struct world_host *h = &world()->host[i];

		if (strcmp(h->name, address) == 0)
			return !h->known ? PROBE_UNKNOWN : h->up ? PROBE_UP : PROBE_SILENT;
	}
	sim_broken("asks for %s, which is no host", address);
}

static void
send_answers(int out, const enum probe_answer *answers, size_t n, bool up)
{
	for (size_t i = 0; i < n; i++) {
		struct probe_message m = {.host = i, .answer = answers[i]};

		snprintf(m.reason, sizeof(m.reason), "it does not answer");
		if ((m.answer == PROBE_UP) == up)
			event_send(out, &m, sizeof(m));
	}
}

int
probe_body(int out, void *arg)
{
	const struct probe_hosts *hosts = arg;
	int64_t until = sim_mono() + 6000;
	size_t n = hosts->n;
	enum probe_answer answers[WORLD_HOSTS];

	for (size_t i = 0; i < n; i++)
		answers[i] = answer(hosts->host[i].address);
	send_answers(out, answers, n, true);
	if (sim_chance(1, 40)) /* it hangs until it is killed, or dies */
		until = sim_chance(1, 2) ? sim_mono() + 60000 : -1;
	if (until < 0)
		return 1;
	process_wait(until);
	send_answers(out, answers, n, false);
	return 0;
}

/* There is one disk, and it was tested. */
enum result
mkstore_retest(const char *data_dir, struct store *s, char *words, size_t size)
{
	(void)data_dir;
	(void)s;
	(void)size;
	words[0] = '\0';
	return RESULT_NONE;
}

bool
probe_may_ping(void)
{
	return true;
}

/* ---- trust ---- */

int
safepath_open_above(const char *path, bool make, const char **base, char **why)
{
	(void)make;
	*base = strrchr(path, '/') + 1;
	*why = NULL;
	return STATUS_DIR;
}

int
safepath_check_way(const char *path, int fd, char **why)
{
	(void)path;
	(void)fd;
	(void)why;
	return 0;
}

/* ---- file ---- */

/* To write all that is shown would take most of the time, so the text is made only now and then. */
int
file_replace(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg,
             bool sync)
{
	bool shown = dirfd == STATUS_DIR;
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)mode;
	(void)sync;
	if (!shown) {
		drive_step();
		if (drive_may(drive_handle(dirfd), true) != 0)
			return -1;
	}
	if (!check_wants(shown))
		return 0;
	f = open_memstream(&text, &len);
	if (f == NULL)
		abort();
	if (write(f, arg) != 0)
		sim_broken("%s cannot be written to a pipe", name);
	fclose(f);
	check_text(name, text);
	free(text);
	return 0;
}

int
file_update(int dirfd, const char *name, mode_t mode, int (*write)(FILE *, void *), void *arg)
{
	return file_replace(dirfd, name, mode, write, arg, true);
}

/* Nothing that a run reads by this is needed: it counts as lost. */
int
file_read(int dirfd, const char *name, size_t max, char **text, size_t *len)
{
	(void)dirfd;
	(void)name;
	(void)max;
	(void)text;
	(void)len;
	errno = ENOENT;
	return -1;
}

void
file_sweep(int dirfd, const char *const *names, size_t n)
{
	(void)dirfd;
	(void)names;
	(void)n;
}

void
file_close(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

int
file_lock_pid(const char *path, char **why)
{
	(void)path;
	(void)why;
	return STATUS_DIR + 1;
}

void
file_unlock_pid(int fd, const char *path)
{
	(void)fd;
	(void)path;
}

char *
example_find(int parent, const char *name)
{
	(void)parent;
	(void)name;
	return NULL;
}

int
leftout_list(const struct volume *v, const char *data_dir, struct text_list *list)
{
	(void)v;
	(void)data_dir;
	(void)list;
	return 0;
}

bool
mounts_on_demand(const char *path)
{
	(void)path;
	return false;
}

int
mounts_each(const char *path, struct text_list *found)
{
	(void)path;
	(void)found;
	return 0;
}

/* ---- log ---- */

void
log_open(bool use_syslog, bool verbose)
{
	(void)use_syslog;
	(void)verbose;
}

static void __attribute__((format(printf, 1, 0))) say(const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	sim_say("  %s", line);
	check_log(line);
}

void
log_say(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
log_progress(const char *words)
{
	(void)words;
}

void
log_errno(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}
