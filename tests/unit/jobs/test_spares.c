// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "flashback/jobs/spares.h"
#include "flashback/store/spare.h"
#include "flashback/store/voldir.h"

#define DAY INT64_C(86400)
#define FIRST INT64_C(1700000000) /* 2023-11-14T221320+0000 */
#define MANY 5000

/* A store, the working directory, with one volume, h/v, in the config. */
struct place {
	struct scratch *s;
	struct config config;
	struct volume volume, *volumes[1];
	struct store store;
	struct spares spares;
	struct stamp recycled;
	char data_dir[300], id[8], host[8], name[8], source[8];
};

static void
open_place(struct place *p, const char *path)
{
	char *why;

	make_dir(".flashback");
	make_file(".flashback/store", "flashback store 1\nd_ino=yes\n");
	snprintf(p->data_dir, sizeof(p->data_dir), "%s", path);
	snprintf(p->id, sizeof(p->id), "h/v");
	snprintf(p->host, sizeof(p->host), "h");
	snprintf(p->name, sizeof(p->name), "v");
	snprintf(p->source, sizeof(p->source), "/src/");
	p->volume =
	    (struct volume){.id = p->id, .host = p->host, .name = p->name, .source = p->source};
	p->volumes[0] = &p->volume;
	p->config = (struct config){.data_dir = p->data_dir, .volumes = p->volumes, .n = 1};
	assert_int_equal(store_open(".", &p->store, &why), 0);
	p->spares = (struct spares){.store = &p->store, .config = &p->config};
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	void *s = NULL;

	assert_non_null(p);
	assert_int_equal(scratch_setup(&s), 0);
	p->s = s;
	open_place(p, p->s->path);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	void *s = p->s;

	store_close(&p->store);
	free(p);
	return scratch_teardown(&s);
}

static struct store_volume
open_volume(const struct place *p, bool lock)
{
	struct store_volume v;

	assert_int_equal(store_volume_open(&p->store, "h", "v", lock, &v), 0);
	return v;
}

static const char *
path_of(int day, enum stamp_state state, const char *below)
{
	static char path[200];
	char name[STAMP_NAME_SIZE];
	const struct stamp stamp = {.when = FIRST + day * DAY, .state = state};

	snprintf(path, sizeof(path), "h/v/%s%s", stamp_format(&stamp, name), below);
	return path;
}

/* A snapshot with a directory and a file of that day, made from the source of the volume. */
static void
add_snapshot(struct place *p, int day)
{
	struct store_volume v = open_volume(p, true);
	struct history_run run = {.stamp = {.when = FIRST + day * DAY},
	                          .snapshot = {.when = FIRST + day * DAY},
	                          .result = RESULT_SUCCEEDED,
	                          .fingerprint = volume_fingerprint(&p->volume)};

	make_dir(path_of(day, STAMP_COMPLETE, ""));
	make_dir(path_of(day, STAMP_COMPLETE, "/d"));
	make_file(path_of(day, STAMP_COMPLETE, "/d/f"), "f");
	assert_int_equal(store_volume_list(&v), 0);
	assert_int_equal(voldir_history(&v, &run), 0);
	store_volume_close(&v);
}

static bool
is_due(const struct place *p)
{
	struct store_volume v = open_volume(p, false);
	bool due = spares_due(&p->spares, &p->volume, &v);

	store_volume_close(&v);
	return due;
}

static bool
update(struct place *p)
{
	return spares_update(&p->spares, &p->volume, &p->recycled);
}

/* Is the spare that of the snapshot of this day, and nothing left to do? */
static void
check_spare(const struct place *p, int day)
{
	assert_true(stat_of("h/v/.flashback/spare/d/f").st_ino ==
	            stat_of(path_of(day, STAMP_COMPLETE, "/d/f")).st_ino);
	assert_false(is_due(p));
}

static void
check_none(const struct place *p)
{
	assert_false(is_there("h/v/.flashback/spare"));
	assert_false(is_due(p));
}

static void
test_made_and_kept(void **state)
{
	struct place *p = *state;
	struct stat before;

	add_snapshot(p, 1);
	assert_true(is_due(p));
	assert_false(update(p));
	check_spare(p, 1);
	before = stat_of("h/v/.flashback/spare");
	add_snapshot(p, 2);
	assert_true(is_due(p));
	assert_false(update(p));
	check_spare(p, 2);
	assert_true(stat_of("h/v/.flashback/spare").st_ino == before.st_ino);
	/* Known to be right, it is not read again, unless that is what is wanted. */
	make_file("h/v/.flashback/spare/x", "x");
	assert_false(is_due(p));
	p->spares.again = true;
	assert_true(is_due(p));
	assert_false(update(p));
	assert_false(is_there("h/v/.flashback/spare/x"));
	p->spares.again = false;
	/* The newest snapshot is gone. */
	scratch_remove(path_of(2, STAMP_COMPLETE, ""));
	assert_true(is_due(p));
	assert_false(update(p));
	check_spare(p, 1);
	scratch_remove(path_of(1, STAMP_COMPLETE, ""));
	assert_true(is_due(p));
	assert_false(update(p));
	check_none(p);
}

static void
test_an_expired_tree_becomes_the_spare(void **state)
{
	struct place *p = *state;

	for (int day = 1; day <= 4; day++)
		add_snapshot(p, day);
	for (int day = 1; day <= 2; day++) {
		char *from = strdup(path_of(day, STAMP_COMPLETE, ""));

		assert_int_equal(rename(from, path_of(day, STAMP_EXPIRED, "")), 0);
		free(from);
	}
	assert_true(update(p));
	assert_true(p->recycled.when == FIRST + 2 * DAY);
	assert_int_equal(p->recycled.state, STAMP_EXPIRED);
	assert_false(is_there(path_of(2, STAMP_EXPIRED, "")));
	assert_true(is_there(path_of(1, STAMP_EXPIRED, "/d/f")));
	check_spare(p, 4);
	/* There is one now. */
	add_snapshot(p, 5);
	assert_false(update(p));
	assert_true(is_there(path_of(1, STAMP_EXPIRED, "/d/f")));
	check_spare(p, 5);
}

static void
test_where_it_has_no_use(void **state)
{
	static char option[] = "--checksum";
	struct place *p = *state;
	char *options[] = {option, NULL};

	add_snapshot(p, 1);
	p->volume.rsync_options = (struct text_list){.item = options, .n = 1};
	assert_false(is_due(p));
	assert_false(update(p));
	check_none(p);
	p->volume.rsync_options.n = 0;
	update(p);
	check_spare(p, 1);
	/* A right one takes no more room than its directories. */
	p->volume.rsync_options.n = 1;
	check_spare(p, 1);
	add_snapshot(p, 2);
	assert_true(is_due(p));
	assert_false(update(p));
	check_none(p);
	p->volume.rsync_options.n = 0;
	/* Not again for the same snapshot. */
	add_snapshot(p, 3);
	update(p);
	check_spare(p, 3);
	p->volume.disabled = true;
	assert_true(is_due(p));
	assert_false(update(p));
	check_none(p);
	p->volume.disabled = false;
	p->store.traits.d_ino = false;
	add_snapshot(p, 4);
	check_none(p);
}

static void
test_low(void **state)
{
	struct place *p = *state;

	add_snapshot(p, 1);
	update(p);
	check_spare(p, 1);
	p->spares.low = true;
	assert_true(is_due(p));
	assert_false(update(p));
	check_none(p);
	/* What that freed is no reason to make it again. */
	p->spares.low = false;
	check_none(p);
	add_snapshot(p, 2);
	update(p);
	check_spare(p, 2);
}

/* Its directories take the last inodes that are free: then it goes again. */
static void
test_inodes(void **state)
{
	struct place *p = *state;
	char mnt[300];

	snprintf(mnt, sizeof(mnt), "%s/mnt", p->s->path);
	make_dir("mnt");
	assert_int_equal(mount("none", "mnt", "tmpfs", 0, "size=100m,nr_inodes=200,mode=700"), 0);
	assert_int_equal(chdir("mnt"), 0);
	store_close(&p->store);
	open_place(p, mnt);
	p->config.min_free_percent = 1000;
	p->config.min_free_bytes = UINT64_MAX;
	add_snapshot(p, 1);
	for (int i = 0; i < 90; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/d/%d", i);
		make_dir(path_of(1, STAMP_COMPLETE, name));
	}
	assert_true(is_due(p));
	assert_false(update(p));
	check_none(p);
	/* One for which there is room. */
	scratch_remove("h/v/.flashback/spare.old");
	for (int i = 0; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/d/%d", i);
		assert_int_equal(rmdir(path_of(1, STAMP_COMPLETE, name)), 0);
	}
	p->spares.again = true;
	assert_false(update(p));
	p->spares.again = false;
	check_spare(p, 1);
	store_close(&p->store);
	assert_int_equal(fchdir(p->s->fd), 0);
	assert_int_equal(umount("mnt"), 0);
	p->store = (struct store){.fd = -1};
}

static void
test_what_cannot_be_linked(void **state)
{
	struct place *p = *state;
	int fd, flags = FS_IMMUTABLE_FL;

	add_snapshot(p, 1);
	fd = open(path_of(1, STAMP_COMPLETE, "/d/f"), O_RDONLY | O_CLOEXEC);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		print_message("not tested: no immutable files here: %s\n", strerror(errno));
		skip();
	}
	assert_true(is_due(p));
	assert_false(update(p));
	check_none(p); /* and is not tried again */
	flags = 0;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
	add_snapshot(p, 2);
	update(p);
	check_spare(p, 2);
}

static void
test_in_use(void **state)
{
	struct place *p = *state;
	struct store_volume v;

	add_snapshot(p, 1);
	v = open_volume(p, true);
	assert_false(update(p));
	assert_false(is_there("h/v/.flashback/spare"));
	assert_true(is_due(p));
	store_volume_close(&v);
}

static int
update_in_child(void *arg)
{
	return update(arg);
}

/* A run that comes while the spare is made gets the volume. */
static void
test_gives_way(void **state)
{
	struct place *p = *state;
	bool gave_way = false;

	add_snapshot(p, 1);
	for (int i = 0; i < MANY; i++) {
		char name[32];
		char *file = strdup(path_of(1, STAMP_COMPLETE, "/d/f"));

		snprintf(name, sizeof(name), "/d/%d", i);
		assert_int_equal(link(file, path_of(1, STAMP_COMPLETE, name)), 0);
		free(file);
	}
	/* On a fast disk it may be done before it looks. */
	for (int tries = 0; !gave_way; tries++) {
		struct store_volume v;
		bool busy = false;
		pid_t pid;

		assert_true(tries < 50);
		pid = fork();
		if (pid == 0)
			_exit(update_in_child(p));
		for (;;) {
			if (store_volume_open(&p->store, "h", "v", true, &v) == 0) {
				if (busy || waitpid(pid, NULL, WNOHANG) == pid)
					break;
				store_volume_close(&v);
			} else {
				assert_int_equal(errno, EWOULDBLOCK);
				busy = true;
			}
		}
		gave_way = busy && is_due(p);
		if (!gave_way)
			assert_int_equal(spare_drop(&v), 0);
		(void)spare_sweep_aside(&v, NULL, 0);
		store_volume_close(&v);
		waitpid(pid, NULL, 0);
	}
	assert_false(update(p));
	check_spare(p, 1);
}

static void
test_volumes_that_left_the_config(void **state)
{
	struct place *p = *state;
	struct store_volume v;

	add_snapshot(p, 1);
	update(p);
	make_dir("outside");
	make_dir("outside/v");
	make_dir("outside/v/.flashback");
	make_dir("outside/v/.flashback/spare");
	assert_int_equal(symlink("outside", "link"), 0);
	make_dir("h/.hidden");
	make_dir("h/.hidden/.flashback");
	make_dir("h/.hidden/.flashback/spare");
	make_file("file", "x");
	assert_int_equal(store_volume_open(&p->store, "g", "w", true, &v), 0);
	make_dir("g/w/.flashback/spare");
	make_dir("g/w/.flashback/spare/d");
	store_volume_close(&v);
	spares_remove_unlisted(&p->spares);
	check_spare(p, 1);
	assert_false(is_there("g/w/.flashback/spare"));
	assert_false(is_there("g/w/.flashback/spare.old"));
	assert_true(is_there("h/.hidden/.flashback/spare"));
	assert_false(is_there("outside/v/.flashback/spare")); /* a host like any other */
	p->config.n = 0;
	v = open_volume(p, true);
	spares_remove_unlisted(&p->spares);
	assert_true(is_there("h/v/.flashback/spare/d/f"));
	store_volume_close(&v);
	spares_remove_unlisted(&p->spares);
	assert_false(is_there("h/v/.flashback/spare"));
	assert_true(is_there(path_of(1, STAMP_COMPLETE, "/d/f")));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_made_and_kept),
	    T(test_an_expired_tree_becomes_the_spare),
	    T(test_where_it_has_no_use),
	    T(test_low),
	    T(test_inodes),
	    T(test_what_cannot_be_linked),
	    T(test_in_use),
	    T(test_gives_way),
	    T(test_volumes_that_left_the_config),
	};

	if (geteuid() != 0) {
		printf("not tested: only root has spares\n");
		return 0;
	}
	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
