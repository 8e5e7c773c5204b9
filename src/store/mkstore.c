// SPDX-License-Identifier: ISC
#include "flashback/store/mkstore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/lib/file.h"
#include "flashback/lib/safepath.h"
#include "flashback/lib/text.h"
#include "flashback/lib/tree.h"
#include "flashback/store/store.h"
#include "flashback/store/storewarn.h"
#include "flashback/store/traits.h"
#include "flashback/store/trust.h"

#define TEST_DIR "test"
#define PATIENCE_MS 5000
#define AGAIN_MS 100

/* A directory while it is made a store. */
struct mkstore {
	const char *data_dir;
	const char *beside; /* the file beside which storewarn keeps its note */
	FILE *f;
	int dir, meta, test; /* data_dir, .flashback, .flashback/test */
	bool force, made_dir, made_meta;
	struct marker found;
};

/* Report errno.  Return -1. */
static int
fail(const struct mkstore *in, const char *doing)
{
	fprintf(in->f, "%s: cannot %s: %s\n", in->data_dir, doing, strerror(errno));
	return -1;
}

/* Report why, and free it.  Return -1. */
static int
refuse(FILE *f, char *why)
{
	fprintf(f, "%s\n", why != NULL ? why : "out of memory");
	free(why);
	return -1;
}

static int
refuse_lacking(const struct mkstore *in)
{
	fprintf(in->f,
	        "%s is refused for what it lacks: use a disk with a Linux file system such as ext4,"
	        " or accept it with flashback --init --force\n",
	        in->data_dir);
	return -1;
}

/* Refuse anything in the directory but lost+found and what an interrupted --init left: making a
 * store of a directory in use would mix its files with volumes. */
static int
refuse_foreign(void *arg, const struct dirent *entry)
{
	const struct mkstore *in = arg;
	char *name;

	if (strcmp(entry->d_name, "lost+found") == 0 || strcmp(entry->d_name, MARKER_DIR) == 0)
		return 0;
	name = text_escaped(entry->d_name);
	fprintf(in->f,
	        "%s is neither empty nor a flashback store (it contains %s): choose an empty "
	        "directory\n",
	        in->data_dir, name ? name : "something");
	free(name);
	return 1;
}

/* Refuse a directory inside another store: its directories would be taken for hosts, volumes and
 * snapshots.  Return 0 if it is not, 1 after reporting that it is, -1 with errno. */
static int
refuse_inside(const struct mkstore *in)
{
	char *above = realpath(in->data_dir, NULL), *slash;
	int rc = above != NULL ? 0 : -1;

	while (rc == 0 && (slash = strrchr(above, '/')) != NULL) {
		char *marker;

		*slash = '\0';
		marker = text_format("%s/" MARKER_DIR "/" MARKER_NAME, above);
		if (marker == NULL)
			rc = -1;
		else if (access(marker, F_OK) == 0)
			rc = 1;
		free(marker);
	}
	if (rc > 0)
		fprintf(in->f,
		        "%s is inside the store %s/, where directories are hosts, volumes and "
		        "snapshots: choose one that is not\n",
		        in->data_dir, above);
	free(above);
	return rc;
}

/* With the backup disk not mounted, its mount point lies on the system's own disk: a store there
 * would be taken for the backup disk ever after, and fill the system up. */
static int
refuse_root(struct mkstore *in)
{
	char *words = NULL;

	in->found.moved = storewarn_noted(in->beside, in->data_dir);
	if (in->found.moved && in->force)
		words = storewarn_moved(in->data_dir);
	if (words != NULL)
		fprintf(in->f, "warning: %s\n", words);
	else if (in->force)
		fprintf(in->f, "warning: %s is on the file system of /, the system's own\n",
		        in->data_dir);
	else
		fprintf(in->f,
		        "%s is on the file system of /: mount the backup disk there, then run "
		        "flashback "
		        "--init again.  If backups are to go to the system's own disk, accept that "
		        "with "
		        "flashback --init --force\n",
		        in->data_dir);
	free(words);
	return in->force ? 0 : -1;
}

/* Open data_dir, creating it if necessary, and check that it may become a store. */
static int
open_dir(struct mkstore *in)
{
	struct stat dir, root;
	char *why;
	int rc;

	if (mkdir(in->data_dir, S_IRWXU) == 0)
		in->made_dir = true;
	else if (errno != EEXIST)
		return fail(in, errno == ENOENT ? "create it in a directory that does not exist"
		                                : "create it");
	in->dir = open(in->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->dir == -1 || fstat(in->dir, &dir) == -1 || stat("/", &root) == -1)
		return fail(in, "open it");
	if (safepath_check_way(in->data_dir, in->dir, &why) == -1)
		return refuse(in->f, why);
	rc = refuse_inside(in);
	if (rc == 0)
		rc = tree_names(in->dir, refuse_foreign, in);
	if (rc == -1)
		return fail(in, "read it");
	if (rc > 0)
		return -1;
	return dir.st_dev != root.st_dev ? 0 : refuse_root(in);
}

/* Make data_dir accessible to its owner only.  One that others can change is refused, unless
 * forced. */
static int
close_to_others(struct mkstore *in)
{
	in->found.shared = trust_close(in->data_dir, in->dir, in->f) != 0;
	if (!in->found.shared || in->force)
		return 0;
	return refuse_lacking(in);
}

/* Create .flashback and in it a directory in which the disk is tested.  The tests leave their files
 * there; all of it is removed afterwards. */
static int
make_test_dir(struct mkstore *in)
{
	struct stat st;

	if (mkdirat(in->dir, MARKER_DIR, S_IRWXU) == 0)
		in->made_meta = true;
	else if (errno != EEXIST)
		return fail(in, "write to it");
	in->meta = openat(in->dir, MARKER_DIR, TREE_DIR);
	if (in->meta == -1 || fstat(in->meta, &st) == -1)
		return fail(in, "open " MARKER_DIR " in it");
	/* Two runs may find at the same time that this is another disk.  Where there are no locks,
	 * the worst is a test that fails. */
	if (file_lock(in->meta) == -1 && errno == EWOULDBLOCK)
		return fail(in, "test it, as another flashback does");
	tree_remove(in->meta, TEST_DIR, st.st_dev, NULL, 0); /* left by an interrupted --init */
	if (mkdirat(in->meta, TEST_DIR, S_IRWXU) == -1)
		return fail(in, "write to it");
	in->test = openat(in->meta, TEST_DIR, TREE_DIR);
	if (in->test == -1 || store_writable(in->test) == -1)
		return fail(in, "write to it");
	return 0;
}

/* Test, and print what was found.  Refuse a disk that lacks what flashback relies on, unless that
 * was accepted. */
static int
test_disk(struct mkstore *in, const struct marker *accepted)
{
	if (traits_test(in->test, in->force, &in->found) == -1)
		return fail(in, "test it");
	if (store_disk(in->dir, in->found.disk) == -1)
		return fail(in, "identify its file system");
	traits_print(in->f, &in->found);
	if (in->force || traits_suffice(&in->found, accepted))
		return 0;
	return refuse_lacking(in);
}

/* Synced to the disk: the directory is a store from the moment that this file exists. */
static int
write_marker(struct mkstore *in)
{
	if (file_replace(in->meta, MARKER_NAME, S_IRUSR | S_IWUSR, marker_print, &in->found,
	                 true) == -1 ||
	    fsync(in->meta) == -1 || fsync(in->dir) == -1)
		return fail(in, "write " MARKER_DIR "/" MARKER_NAME " in it");
	return 0;
}

/* The marker is written only if all else succeeds.  Each step reports its own error. */
static int
make(struct mkstore *in)
{
	uint64_t id[2];

	if (open_dir(in) == -1 || make_test_dir(in) == -1 || test_disk(in, NULL) == -1 ||
	    close_to_others(in) == -1)
		return -1;
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return fail(in, "get a random id for it");
	snprintf(in->found.id, sizeof(in->found.id), "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	if (write_marker(in) == -1)
		return -1;
	fprintf(in->f, "%s is a flashback store now (id %s)\n", in->data_dir, in->found.id);
	return 0;
}

/* Test the disk of a store again.  What it lacked at the last test of this very disk has been
 * accepted then. */
static int
test_again(struct mkstore *in, const struct store *s)
{
	in->dir = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	in->found = s->traits;
	if (in->dir == -1)
		return fail(in, "open it");
	if (make_test_dir(in) == -1 || test_disk(in, s->known ? &s->traits : NULL) == -1)
		return -1;
	return write_marker(in);
}

/* Remove the test directory and, after a failure, everything that was created. */
static void
clean_up(struct mkstore *in, bool good)
{
	struct stat st;

	file_close(&in->test);
	if (in->meta != -1 && fstat(in->meta, &st) == 0)
		tree_remove(in->meta, TEST_DIR, st.st_dev, NULL, 0);
	file_close(&in->meta);
	if (!good && in->made_meta)
		unlinkat(in->dir, MARKER_DIR, AT_REMOVEDIR);
	file_close(&in->dir);
	if (!good && in->made_dir)
		rmdir(in->data_dir);
}

/* Test the disk of an open store again, and take over what was found.  Return 0, or -1 with errno
 * and the reason at the end of what is printed to f (EWOULDBLOCK: another process is testing it).
 */
static int
renew(const char *data_dir, struct store *s, FILE *f)
{
	struct mkstore in = {.data_dir = data_dir, .f = f, .dir = -1, .meta = -1, .test = -1};
	bool good = test_again(&in, s) == 0;
	int error = errno;

	clean_up(&in, good);
	if (good) {
		s->traits = in.found;
		s->known = true;
	}
	errno = error;
	return good ? 0 : -1;
}

/* The last line of text, without its newline. */
static const char *
last_line(char *text)
{
	char *end = text + strlen(text), *line;

	while (end > text && end[-1] == '\n')
		*--end = '\0';
	line = strrchr(text, '\n');
	return line != NULL ? line + 1 : text;
}

/* Two runs may find out at once that this is another disk: wait for the other one. */
static int
await_test(const char *data_dir, struct store *s, FILE *f)
{
	int64_t until = clock_mono() + PATIENCE_MS;
	int rc;

	while ((rc = renew(data_dir, s, f)) != 0 && errno == EWOULDBLOCK && clock_mono() < until)
		event_wait(NULL, 0, NULL, clock_mono() + AGAIN_MS);
	return rc;
}

enum result
mkstore_retest(const char *data_dir, struct store *s, char *words, size_t size)
{
	char *said = NULL, *lacking;
	size_t len;
	FILE *f;
	int rc, error;

	words[0] = '\0';
	if (s->known)
		return RESULT_NONE;
	f = open_memstream(&said, &len);
	rc = f != NULL ? await_test(data_dir, s, f) : -1;
	error = errno;
	if (f != NULL)
		fclose(f);
	if (rc == 0) {
		lacking = traits_lacking(&s->traits);
		snprintf(words, size,
		         "the store is on a file system that was not tested before: tested now, it "
		         "lacks %s",
		         lacking == NULL || *lacking == '\0' ? "nothing" : lacking);
		free(lacking);
	} else {
		snprintf(words, size, "%s", said != NULL ? last_line(said) : strerror(error));
	}
	free(said);
	if (rc == 0)
		return RESULT_NONE;
	return error == EWOULDBLOCK ? RESULT_BUSY : RESULT_FAILED;
}

/* --init of a store: test its disk again, and change nothing else. */
static int
run_again(struct mkstore *in, struct store *s)
{
	char *warning;
	bool good;

	s->traits.moved = s->traits.moved && !in->force;
	warning = storewarn_text(in->data_dir, s);
	fprintf(in->f, "%s is already a flashback store (id %s); tested again:\n", in->data_dir,
	        s->traits.id);
	good = test_again(in, s) == 0;
	if (warning != NULL)
		fprintf(in->f, "warning: %s\n", warning);
	free(warning);
	store_close(s);
	return good ? 0 : -1;
}

int
mkstore_run(const char *data_dir, const char *beside, bool force, FILE *f)
{
	struct mkstore in = {.data_dir = data_dir,
	                     .beside = beside,
	                     .f = f,
	                     .force = force,
	                     .dir = -1,
	                     .meta = -1,
	                     .test = -1};
	struct store s;
	char *why;
	int rc = -1;

	if (store_open(data_dir, &s, &why) == 0)
		rc = run_again(&in, &s);
	else if (errno == ENOENT)
		rc = make(&in);
	else /* A marker that cannot be read is not overwritten: it may belong to a newer version.
	      */
		fprintf(f, "%s\n", why ? why : "out of memory");
	free(why);
	clean_up(&in, rc == 0);
	return rc;
}
