// SPDX-License-Identifier: ISC
/*
 * A volume's directory full of hostile names, through everything that looks at it or changes it.
 * The names are cut at slashes; the first letter of each says what it is: (d)irectory, (f)ile,
 * (l)ink, (p)ipe, or a line for the (h)istory.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#include "flashback/config/volume.h"
#include "flashback/lib/tree.h"
#include "flashback/store/expire.h"
#include "flashback/store/marker.h"
#include "flashback/store/salvage.h"
#include "flashback/store/store.h"
#include "flashback/store/summary.h"
#include "flashback/store/voldir.h"

#define NOW INT64_C(1800000000)
#define VOLUME "host/volume"
#define DIRECTORIES 40

/* A directory that was there at first. */
struct entry {
	char name[256];
	ino_t ino;
};

static struct {
	int fd;     /* data_dir */
	char *host; /* the path of a directory in it */
	struct entry dir[DIRECTORIES];
	size_t n;
} fuzz = {.fd = -1};

static void
begin(void)
{
	const char *tmp = getenv("TMPDIR");

	if (fuzz.fd < 0) {
		char *path = text_format("%s/fuzz.XXXXXX", tmp != NULL ? tmp : "/tmp");

		HOLDS(path != NULL && mkdtemp(path) != NULL);
		fuzz.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fuzz.host = text_format("%s/host", path);
		HOLDS(fuzz.fd >= 0 && fuzz.host != NULL);
		free(path);
	}
	fuzz.n = 0;
	HOLDS(mkdir(fuzz.host, 0700) == 0 && mkdirat(fuzz.fd, VOLUME, 0700) == 0);
	HOLDS(mkdirat(fuzz.fd, VOLUME "/" MARKER_DIR, 0700) == 0);
}

static int
remove_one(const char *path, const struct stat *stat, int flag, struct FTW *at)
{
	(void)stat;
	(void)flag;
	(void)at;
	return remove(path);
}

static void
end(void)
{
	HOLDS(nftw(fuzz.host, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static void
make_dir(int volume, const char *name)
{
	struct entry *e = &fuzz.dir[fuzz.n];
	struct stat stat;
	int dir, fd;

	if (fuzz.n == DIRECTORIES || mkdirat(volume, name, 0700) < 0)
		return;
	HOLDS(fstatat(volume, name, &stat, AT_SYMLINK_NOFOLLOW) == 0);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->ino = stat.st_ino;
	fuzz.n++;
	dir = openat(volume, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	HOLDS(dir >= 0);
	fd = openat(dir, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	HOLDS(fd >= 0);
	close(fd);
	close(dir);
}

/* What the file system does not take is not there. */
static void
make_entry(int volume, FILE *history, const char *s)
{
	int fd;

	switch (*s) {
	case 'd':
		make_dir(volume, s + 1);
		break;
	case 'f':
		fd = openat(volume, s + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		break;
	case 'l':
		(void)!symlinkat("..", volume, s + 1);
		break;
	case 'p':
		(void)!mkfifoat(volume, s + 1, 0600);
		break;
	case 'h':
		fprintf(history, "%s\n", s + 1);
		break;
	}
}

static void
make_all(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *next = text, *s;
	int volume = openat(fuzz.fd, VOLUME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FILE *history = fdopen(
	    openat(fuzz.fd, VOLUME "/" MARKER_DIR "/history", O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
	    "w");

	HOLDS(volume >= 0 && history != NULL);
	while ((s = strsep(&next, "/")) != NULL)
		make_entry(volume, history, s);
	HOLDS(fclose(history) == 0);
	close(volume);
	free(text);
}

static void
check_list(const struct store_volume *v)
{
	char name[STAMP_NAME_SIZE];
	struct stat stat;

	for (size_t i = 0; i < v->nstamps; i++) {
		HOLDS(i == 0 || v->stamps[i - 1].when <= v->stamps[i].when);
		if (v->stamps[i].state == STAMP_PINNED)
			continue;
		stamp_format(&v->stamps[i], name);
		HOLDS(fstatat(v->fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0);
		HOLDS(S_ISDIR(stat.st_mode));
	}
}

static void
check_summary(const struct store_volume *v)
{
	struct summary s;

	summary_make(v->stamps, v->nstamps, v->runs, v->nruns, NOW, &s);
	HOLDS(fuzz_is_printable(s.last.reason));
}

/* All that a run does with names. */
static void
work(struct store_volume *v)
{
	static const struct volume volume = {.keep = {.last = 2}};
	static const struct expire_series both = {.complete = true, .partial = true};
	struct history_run run = {.stamp = {.when = NOW}, .result = RESULT_SUCCEEDED};
	struct stamp doubtful;
	char trouble[256] = "";

	if (salvage_volume(v, "this-boot", NOW, &doubtful) == 0)
		check_list(v);
	HOLDS(expire_policy(v, &volume, both, NOW, trouble, sizeof(trouble)) <= EXPIRE_MAX);
	check_list(v);
	(void)voldir_latest(v, NOW);
	(void)voldir_history(v, &run);
}

static void
sweep(const struct store_volume *v)
{
	char name[STAMP_NAME_SIZE], trouble[256] = "";

	for (size_t i = 0; i < v->nstamps; i++)
		if (v->stamps[i].state == STAMP_EXPIRED)
			HOLDS(tree_remove(v->fd, stamp_format(&v->stamps[i], name), v->dev, trouble,
			                  sizeof(trouble)) == 0);
}

/* Is it still there, whole, by this name? */
static bool
is_whole(const struct store_volume *v, const struct entry *e, const char *name)
{
	struct stat stat;
	int dir = openat(v->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool whole = dir >= 0 && fstat(dir, &stat) == 0 && stat.st_ino == e->ino &&
	             fstatat(dir, "file", &stat, AT_SYMLINK_NOFOLLOW) == 0;

	if (dir >= 0)
		close(dir);
	return whole;
}

/* What is not ours to touch is as it was; of the snapshots at most so many have expired. */
static void
check_nothing_lost(const struct store_volume *v)
{
	int lost = 0;

	for (size_t i = 0; i < fuzz.n; i++) {
		const struct entry *e = &fuzz.dir[i];
		struct stamp s;
		bool stamped = stamp_parse(e->name, &s) == 0;

		if (stamped && (s.state == STAMP_COMPLETE || s.state == STAMP_PARTIAL))
			lost += !is_whole(v, e, e->name);
		else if (!stamped || s.state == STAMP_PINNED || s.state == STAMP_SUSPECT)
			HOLDS(is_whole(v, e, e->name));
	}
	HOLDS(lost <= EXPIRE_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store store;
	struct store_volume v;

	begin();
	make_all(data, size);
	store = (struct store){.fd = fuzz.fd};
	HOLDS(store_volume_open(&store, "host", "volume", false, &v) == 0);
	check_list(&v);
	check_summary(&v);
	store_volume_close(&v);
	if (store_volume_open(&store, "host", "volume", true, &v) == 0) {
		work(&v);
		check_summary(&v);
		sweep(&v);
		check_nothing_lost(&v);
		store_volume_close(&v);
	}
	end();
	return 0;
}
