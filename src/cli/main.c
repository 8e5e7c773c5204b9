// SPDX-License-Identifier: ISC
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flashback/cli/check.h"
#include "flashback/cli/dryrun.h"
#include "flashback/cli/list.h"
#include "flashback/config/conf.h"
#include "flashback/config/suggest.h"
#include "flashback/daemon/daemon.h"
#include "flashback/daemon/reload.h"
#include "flashback/lib/text.h"
#include "flashback/store/mkstore.h"

#define CONFIG_FILE FLASHBACK_SYSCONFDIR "/flashback/flashback.conf"

enum { EXIT_WRONG = 1, FORCE = 256 };

/* By the letters of their options. */
enum mode { RUN, ONCE = '1', DRY = 'n', CHECK = 't', LIST = 'l', INIT = 'i' };

struct arguments {
	struct daemon_options daemon;
	enum mode mode;
	unsigned modes; /* how many were given */
	bool force;
};

static const char help[] =
    "flashback: keep snapshots of the volumes of several hosts, with rsync\n"
    "\n"
    "usage: flashback [-1ilntvVh] [-c file] [host | host/volume[/path] ...]\n"
    "\n"
    "  (none)             the daemon, in the foreground\n"
    "  -c, --config FILE  main config file (" CONFIG_FILE ")\n"
    "  -1, --once         one wake: run what is due, wait for it, exit; with operands those, due "
    "or not\n"
    "  -n, --dry-run      print what a wake would do: reasons, commands, what would be expired\n"
    "  -t, --check        check the config and list its volumes; with -v all options and where "
    "each came from\n"
    "  -l, --list         list the volumes in the store; the snapshots of a volume and why each is "
    "kept;\n"
    "                     or the versions of a path in a volume, and how to restore them\n"
    "  -i, --init         make data_dir a store and test the disk\n"
    "      --force        with -i: accept a disk that lacks something\n"
    "  -v, --verbose      log more; with -t print all options\n"
    "  -V, --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "Set up volumes in the config file and in hosts.conf beside it; look at queue.txt and\n"
    "status.txt, which are in /run/flashback unless the config says otherwise.  See flashback(8),\n"
    "flashback.conf(5), hosts.conf(5).\n";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"once", no_argument, NULL, '1'},
    {"dry-run", no_argument, NULL, 'n'},
    {"check", no_argument, NULL, 't'},
    {"list", no_argument, NULL, 'l'},
    {"init", no_argument, NULL, 'i'},
    {"force", no_argument, NULL, FORCE},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int
usage(const char *problem)
{
	fprintf(stderr, "flashback: %s; see flashback --help\n", problem);
	return -1;
}

/* Report an unknown option with the most similar one. getopt has already moved optind past it; for
 * a long option given a value that it does not take, optopt is its letter. */
static int
unknown_option(char *const *argv)
{
	const char *word = argv[optind - 1];
	struct suggest near = {.word = word + strspn(word, "-")};
	bool known = false;

	for (size_t i = 0; options[i].name != NULL; i++) {
		known |= options[i].val == optopt;
		suggest_try(&near, options[i].name);
	}
	if (known)
		fprintf(stderr, "flashback: %.*s takes no value\n", (int)strcspn(word, "="), word);
	else if (optopt != 0)
		fprintf(stderr, "flashback: unknown option -%c; see flashback --help\n", optopt);
	else if (near.best != NULL)
		fprintf(stderr, "flashback: unknown option %s; did you mean --%s?\n", word,
		        near.best);
	else
		fprintf(stderr, "flashback: unknown option %s; see flashback --help\n", word);
	return -1;
}

/* Store one option.  Return 0 to continue, 1 when all is done (--version, --help), -1 on an
 * error. */
static int
take_option(struct arguments *a, char *const *argv, int option)
{
	switch (option) {
	case 'c':
		a->daemon.config_file = optarg;
		return 0;
	case ONCE:
	case DRY:
	case CHECK:
	case LIST:
	case INIT:
		a->modes += (int)a->mode != option;
		a->mode = (enum mode)option;
		return 0;
	case FORCE:
		a->force = true;
		return 0;
	case 'v':
		a->daemon.verbose = true;
		return 0;
	case 'V':
		puts("flashback " FLASHBACK_VERSION);
		return 1;
	case 'h':
		fputs(help, stdout);
		return 1;
	case ':':
		return usage("-c needs the name of a config file");
	default:
		return unknown_option(argv);
	}
}

/* Reject combinations that make no sense, rather than ignore one of the options. */
static int
check_arguments(const struct arguments *a)
{
	if (a->modes > 1)
		return usage("-1, -i, -l, -n and -t are mutually exclusive");
	if (a->force && a->mode != INIT)
		return usage("--force is valid only with --init");
	if (a->daemon.wanted.n > 0 && a->mode != ONCE && a->mode != DRY && a->mode != LIST)
		return usage(
		    "hosts and volumes can be named only with -1 (back them up now), -l or -n");
	return 0;
}

static int
parse(int argc, char **argv, struct arguments *a)
{
	int option, rc;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:1ilntvVh", options, NULL)) != -1) {
		rc = take_option(a, argv, option);
		if (rc != 0)
			return rc;
	}
	for (; optind < argc; optind++)
		if (text_list_add(&a->daemon.wanted, argv[optind]) != 0)
			return usage(strerror(errno));
	return check_arguments(a);
}

/* What is done and ends.  Return the exit status. */
static int
run_config(const struct arguments *a, const struct config *config)
{
	if (a->mode == DRY)
		return dryrun_run(config, &a->daemon.wanted);
	if (a->mode == LIST)
		return list_run(stdout, config, &a->daemon.wanted);
	if (a->mode == INIT)
		return mkstore_run(config->data_dir, config->pid_file, a->force, stdout) == 0
		           ? EXIT_SUCCESS
		           : EXIT_WRONG;
	if (check_print(stdout, config, a->daemon.verbose) == 0 && check_hints(stdout, config) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "flashback: %s\n", strerror(errno));
	return EXIT_WRONG;
}

/* The errors of a bad config have been printed.  The daemon leaves the directory in which it was
 * started: that may lie on the backup disk, which could then not be unmounted. */
static int
run_mode(struct arguments *a)
{
	struct config *config;
	int rc = EXIT_WRONG;

	if (a->mode != RUN && a->mode != ONCE) {
		config = reload_read(a->daemon.config_file);
		if (config != NULL)
			rc = run_config(a, config);
		conf_free(config);
		return rc;
	}
	a->daemon.once = a->mode == ONCE;
	if (chdir("/") == 0)
		return daemon_run(&a->daemon);
	fprintf(stderr, "flashback: /: %s\n", strerror(errno));
	return EXIT_WRONG;
}

/* Make the path of the config absolute: the daemon changes the directory, and each reload opens the
 * file again. */
static int
run(struct arguments *a)
{
	const char *given = a->daemon.config_file;
	char *cwd = given[0] == '/' ? NULL : getcwd(NULL, 0);
	char *path = text_format("%s%s%s", cwd == NULL ? "" : cwd, cwd == NULL ? "" : "/", given);
	int rc = EXIT_WRONG;

	if (path == NULL || (given[0] != '/' && cwd == NULL)) {
		fprintf(stderr, "flashback: %s: %s\n", given, strerror(errno));
	} else {
		a->daemon.config_file = path;
		rc = run_mode(a);
	}
	free(path);
	free(cwd);
	return rc;
}

/* Open standard streams that are closed: otherwise the next file opened gets that number, and
 * messages would be written into it. */
static void
open_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct arguments a = {.daemon = {.config_file = CONFIG_FILE}, .mode = RUN};
	int rc;

	open_streams();
	rc = parse(argc, argv, &a);
	if (rc == 0)
		rc = run(&a);
	else
		rc = rc > 0 ? EXIT_SUCCESS : EXIT_WRONG;
	text_list_free(&a.daemon.wanted);
	return rc;
}
