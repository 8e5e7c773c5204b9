// SPDX-License-Identifier: ISC
#include "unit.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flashback/rsync/argv.h"

#define RSYNC "/usr/bin/rsync"

static const struct version v350 = {3, 5, 0, true, true};
static const struct version v327 = {3, 2, 7, false, true};

/* A volume as volume_resolve makes them, of string literals. */
static char plain_ssh[] = "ssh";

static struct volume
make_volume(enum volume_transport transport, char *source, char *path)
{
	struct volume v = {0};

	v.transport = transport;
	v.source = source;
	v.path = path;
	v.ssh = plain_ssh;
	v.io_timeout = 600;
	v.one_file_system = true;
	return v;
}

/* The words of argv, one a line, in new memory. */
static char *
join(const struct text_list *argv)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < argv->n; i++)
		fprintf(f, "%s\n", argv->item[i]);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
expect_words(int (*make)(const struct argv_job *, struct text_list *), const struct argv_job *job,
             const char *expected)
{
	struct text_list argv = {0};
	char *text;

	assert_int_equal(make(job, &argv), 0);
	text = join(&argv);
	assert_string_equal(text, expected);
	free(text);
	text_list_free(&argv);
}

static void
expect_argv(const struct argv_job *job, const char *expected)
{
	expect_words(argv_rsync, job, expected);
}

static bool
argv_has(const struct argv_job *job, const char *word)
{
	struct text_list argv = {0};
	bool found = false;

	assert_int_equal(argv_rsync(job, &argv), 0);
	for (size_t i = 0; i < argv.n; i++)
		found = found || strncmp(argv.item[i], word, strlen(word)) == 0;
	text_list_free(&argv);
	return found;
}

static void
test_version(void **state)
{
	static const struct {
		const char *line;
		int result;
		struct version version;
	} rows[] = {
	    {"rsync  version 3.5.0  protocol version 32", 0, {3, 5, 0, true, true}},
	    {"rsync  version v3.4.1  protocol version 32", 0, {3, 4, 1, false, true}},
	    {"rsync  version 3.2.7  protocol version 31\n", 0, {3, 2, 7, false, true}},
	    {"rsync  version 3.1.3  protocol version 31", 0, {3, 1, 3, false, true}},
	    {"rsync  version 3.1.2  protocol version 31", 0, {3, 1, 2, false, false}},
	    {"rsync  version 2.6.9  protocol version 29", 0, {2, 6, 9, false, false}},
	    {"rsync  version 3.10.0dev  protocol version 33", 0, {3, 10, 0, true, true}},
	    {"rsync  version 4.0.0pre1", 0, {4, 0, 0, true, true}},
	    {"openrsync: protocol version 29, rsync version 2.6.9 compatible", -1, {0}},
	    {"rsync  version 3.5", -1, {0}},
	    {"rsync  version 3.5.", -1, {0}},
	    {"rsync  version 3.-5.0", -1, {0}},
	    {"rsync  version 99999999999999999999.1.1", -1, {0}},
	    {"", -1, {0}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct version v = {0};

		print_message("%s\n", rows[i].line);
		assert_int_equal(version_parse(rows[i].line, &v), rows[i].result);
		assert_int_equal(v.major, rows[i].version.major);
		assert_int_equal(v.minor, rows[i].version.minor);
		assert_int_equal(v.patch, rows[i].version.patch);
		assert_int_equal(v.confine_root, rows[i].version.confine_root);
		assert_int_equal(v.usable, rows[i].version.usable);
	}
}

static void
test_shell(void **state)
{
	static const struct {
		const char *ssh;
		int64_t io_timeout;
		const char *expected;
	} rows[] = {
	    {"ssh", 600,
	     "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=60"
	     " -o ServerAliveCountMax=10"},
	    {"ssh -p 2222 -i '/root/my key'", 30,
	     "ssh -p 2222 -i '/root/my key' -o BatchMode=yes -o ConnectTimeout=20"
	     " -o ServerAliveInterval=3 -o ServerAliveCountMax=10"},
	    {"ssh", 1,
	     "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=1"
	     " -o ServerAliveCountMax=1"},
	    {"ssh", 7200,
	     "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=60"
	     " -o ServerAliveCountMax=120"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char source[] = "root@kimono:/home/", path[] = "/home/";
		struct volume v = make_volume(VOLUME_SHELL, source, path);
		const struct argv_job job = {
		    .volume = &v, .program = RSYNC, .version = v350, .target = "4.working"};
		char *ssh = strdup(rows[i].ssh);
		struct text_list argv = {0};

		v.ssh = ssh;
		v.io_timeout = rows[i].io_timeout;
		assert_int_equal(argv_rsync(&job, &argv), 0);
		assert_true(text_list_has(&argv, "-e"));
		assert_true(text_list_has(&argv, rows[i].expected));
		text_list_free(&argv);
		free(ssh);
	}
}

/* A host that reads whole files in silence has more time; here we see what is read. */
static void
test_patience(void **state)
{
	struct volume v = make_volume(VOLUME_SHELL, NULL, NULL);

	(void)state;
	assert_int_equal(argv_patience(&v, false), 1800);
	assert_int_equal(argv_patience(&v, true), 4 * 3600);
	assert_int_equal(text_list_add(&v.rsync_options, "-c"), 0);
	assert_int_equal(argv_patience(&v, false), 4 * 3600);
	v.transport = VOLUME_LOCAL;
	assert_int_equal(argv_patience(&v, true), 1800);
	text_list_free(&v.rsync_options);
}

static void
test_argv_full(void **state)
{
	char source[] = "root@kimono:/home/", path[] = "/home/", ssh[] = "ssh -p 22";
	struct volume v = make_volume(VOLUME_SHELL, source, path);
	struct argv_job job = {
	    .volume = &v,
	    .program = RSYNC,
	    .version = v350,
	    .base = {"1.interrupted", "2.partial", "3"},
	    .target = "4.working",
	    .root = "/backup/kimono/home",
	};

	(void)state;
	v.ssh = ssh;
	assert_int_equal(text_list_add(&v.exclude, ".cache"), 0);
	assert_int_equal(text_list_add(&v.rsync_options, "--no-acls"), 0);
	assert_int_equal(text_list_add(&v.rsync_options, "--bwlimit=100"), 0);
	expect_argv(&job, RSYNC
	            "\n-aHAX\n--sparse\n--numeric-ids\n-x\n--partial\n--modify-window=-1\n"
	            "--no-h\n--stats\n--info=progress2\n--timeout=600\n-e\n"
	            "ssh -p 22 -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=60"
	            " -o ServerAliveCountMax=10\n--out-format=%i %l %n//\n"
	            "--confine-root=/backup/kimono/home\n"
	            "--link-dest=/backup/kimono/home/1.interrupted\n"
	            "--link-dest=/backup/kimono/home/2.partial\n--link-dest=/backup/kimono/home/3\n"
	            "--exclude=.cache\n--no-acls\n--bwlimit=100\n"
	            "--\nroot@kimono:/home/\n4.working/\n");
	text_list_free(&v.exclude);
	text_list_free(&v.rsync_options);
}

static void
test_argv_least(void **state)
{
	char source[] = "/etc/", path[] = "/etc/";
	struct volume v = make_volume(VOLUME_LOCAL, source, path);
	struct argv_job job = {
	    .volume = &v,
	    .program = RSYNC,
	    .version = v327,
	    .base = {"1", NULL, "never: there is a gap before it"},
	    .target = "4.working",
	    .root = "/backup/here/etc",
	    .whole_seconds = true,
	    .checksum = true,
	};

	(void)state;
	v.one_file_system = false;
	expect_argv(&job, RSYNC "\n-aHAX\n--sparse\n--numeric-ids\n--partial\n--checksum\n"
	                        "--no-h\n--stats\n--info=progress2\n"
	                        "--out-format=%i %l %n//\n--link-dest=../1\n"
	                        "--\n/etc/\n4.working/\n");
}

/* A sender that compares by content is silent for long: whoever asked for it, there is no time-out.
 */
/* The three commands of a quick run: the arguments of the full one, and what is said here. */
static void
test_argv_quick(void **state)
{
	static char exclude[] = "*.iso", more[] = "--exclude=*.bak", source[] = "/src/",
	            remote[] = "h:/src/";
	char *excludes[] = {exclude}, *options[] = {more};
	struct volume v = make_volume(VOLUME_LOCAL, source, source);
	struct argv_job job = {
	    .volume = &v,
	    .program = RSYNC,
	    .version = v350,
	    .base = {"new", "old"},
	    .target = "t",
	    .root = "/store/h/v",
	    .list = "names",
	};
#define MANNER                                                                                     \
	RSYNC "\n-aHAX\n--sparse\n--numeric-ids\n-x\n--partial\n--modify-window=-1\n--no-h\n"      \
	      "--stats\n--info=progress2\n--timeout=600\n"
#define FILTERS "--exclude=*.iso\n--exclude=*.bak\n--\n"
#define LISTED "--files-from=names\n--from0\n--ignore-missing-args\n"

	(void)state;
	v.exclude = (struct text_list){.item = excludes, .n = 1};
	v.rsync_options = (struct text_list){.item = options, .n = 1};
	expect_words(argv_scan, &job,
	             MANNER "-n\n--delete\n--delete-excluded\n--ignore-errors\n"
	                    "--out-format=%i %l %n//\n" FILTERS "/src/\nt/\n");
	expect_words(argv_copy, &job, MANNER LISTED FILTERS "/src/\nt/\n");
	expect_words(argv_recheck, &job,
	             MANNER LISTED "-n\n--out-format=%i %l %n//\n" FILTERS "/src/\nt/\n");
	expect_words(argv_top, &job,
	             MANNER "--no-r\n--dirs\n--exclude=*\n--exclude=*.bak\n--\n/src/\nt/\n");
	v.transport = VOLUME_RSYNCD;
	v.source = remote;
	expect_words(argv_copy, &job,
	             MANNER "--confine-root=/store/h/v\n--link-dest=/store/h/v/new\n"
	                    "--link-dest=/store/h/v/old\n" LISTED FILTERS "h:/src/\nt/\n");
}

/* In each command that compares or sets attributes, unless none are.  What the disk refuses is not
 * the sender's concern, unless it is started with the receiver's arguments. */
static void
test_argv_xattrs(void **state)
{
	static char source[] = "/src/", no_xattrs[] = "--no-xattrs";
	static int (*const make[])(const struct argv_job *, struct text_list *) = {
	    argv_rsync, argv_scan, argv_copy, argv_recheck, argv_top};
	char *options[] = {no_xattrs};
	struct volume v = make_volume(VOLUME_LOCAL, source, source);
	const struct argv_job job = {
	    .volume = &v,
	    .program = RSYNC,
	    .version = v350,
	    .target = "t",
	    .list = "names",
	    .added = "trusted.SGI_ACL_FILE security.selinux",
	    .refused = "btrfs.compression",
	};

	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(make); i++) {
		struct text_list argv = {0};
		char *text;

		v.transport = i % 2 == 0 ? VOLUME_LOCAL : VOLUME_SHELL;
		assert_int_equal(make[i / 2](&job, &argv), 0);
		text = join(&argv);
		assert_non_null(
		    strstr(text, "\n--filter=-xsr system.*\n--filter=-xsr trusted.SGI_ACL_FILE\n"
		                 "--filter=-xsr security.selinux\n"));
		assert_non_null(strstr(
		    text, i % 2 == 0
		              ? "\n--filter=-xsr btrfs.compression\n"
		              : "\n--filter=-xr system.*\n--filter=-xr btrfs.compression\n"));
		free(text);
		text_list_free(&argv);
	}
	v.rsync_options = (struct text_list){.item = options, .n = 1};
	assert_false(argv_has(&job, "--filter="));
}

static void
test_argv_timeout(void **state)
{
	static const struct {
		const char *option;
		bool timeout;
	} rows[] = {
	    {"-c", false},
	    {"--checksum", false},
	    {"--checksum-choice=md5", true},
	    {"--compress", true},
	};
	char source[] = "rsync://nas/music/", path[] = "music/";

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct volume v = make_volume(VOLUME_RSYNCD, source, path);
		struct argv_job job = {
		    .volume = &v, .program = RSYNC, .version = v350, .target = "4.working"};

		assert_int_equal(text_list_add(&v.rsync_options, rows[i].option), 0);
		assert_int_equal(argv_has(&job, "--timeout="), rows[i].timeout);
		assert_false(argv_has(&job, "-e"));
		assert_false(argv_has(&job, "--confine-root"));
		assert_false(argv_has(&job, "--contimeout"));
		job.source = "rsync://10.0.0.9/music/";
		assert_true(argv_has(&job, "--contimeout=20"));
		assert_true(argv_has(&job, job.source) && !argv_has(&job, source));
		text_list_free(&v.rsync_options);
	}
}

static void
test_argv_secluded(void **state)
{
	static const struct {
		const char *path;
		const struct version *version;
		enum volume_transport transport;
		const char *option;
		bool secluded;
	} rows[] = {
	    {"/home/", &v350, VOLUME_SHELL, NULL, false},
	    {"/home/", &v327, VOLUME_SHELL, NULL, false},
	    {"/my home/", &v350, VOLUME_SHELL, NULL, false},
	    {"/my home/", &v327, VOLUME_SHELL, NULL, true},
	    {"/a`b/", &v327, VOLUME_SHELL, NULL, true},
	    {"/a$(b)/", &v350, VOLUME_SHELL, NULL, false},
	    {"/a\\]b/", &v350, VOLUME_SHELL, NULL, true},
	    {"/a\\b/", &v350, VOLUME_SHELL, "--old-args", false},
	    {"/my home/", &v327, VOLUME_LOCAL, NULL, false},
	    {"/my home/", &v327, VOLUME_RSYNCD, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char source[] = "x", *path = strdup(rows[i].path);
		struct volume v = make_volume(rows[i].transport, source, path);
		struct argv_job job = {.volume = &v,
		                       .program = RSYNC,
		                       .version = *rows[i].version,
		                       .target = "4.working"};

		if (rows[i].option != NULL)
			assert_int_equal(text_list_add(&v.rsync_options, rows[i].option), 0);
		assert_int_equal(argv_has(&job, "-s"), rows[i].secluded);
		text_list_free(&v.rsync_options);
		free(path);
	}
}

static void
test_ask(void **state)
{
	char source[] = "root@cam:/media/card/", path[] = "/media/card/";
	struct volume v = make_volume(VOLUME_SHELL, source, path);
	struct text_list argv = {0};
	char *text;

	(void)state;
	assert_int_equal(text_list_add(&v.rsync_options, "--rsync-path=sudo rsync"), 0);
	assert_int_equal(text_list_add(&v.rsync_options, "--no-acls"), 0);
	assert_int_equal(text_list_add(&v.rsync_options, "-4"), 0);
	assert_int_equal(text_list_add(&v.rsync_options, "--por=1"), 0);
	assert_int_equal(argv_list(&v, RSYNC, &v350, &argv), 0);
	text = join(&argv);
	assert_string_equal(text, RSYNC
	                    "\n--list-only\n--dirs\n--no-h\n--stats\n--timeout=600\n-e\n"
	                    "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=60"
	                    " -o ServerAliveCountMax=10\n"
	                    "--rsync-path=sudo rsync\n-4\n--\nroot@cam:/media/card/\n");
	free(text);
	text_list_free(&argv);
	text_list_free(&v.rsync_options);
}

static char *
print(const struct text_list *argv)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	argv_print(f, argv);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
test_print(void **state)
{
	static const char *const words[] = {"rsync",          "-aHAX",  "-e", "ssh -p 22",
	                                    "it's",           "a$b`c`", "",   "gr\303\266\303\237e",
	                                    "--exclude=a\nb", "\033[2J"};
	struct text_list argv = {0};
	char *text;

	(void)state;
	for (size_t i = 0; i < LENGTH(words); i++)
		assert_int_equal(text_list_add(&argv, words[i]), 0);
	text = print(&argv);
	assert_string_equal(
	    text, "rsync -aHAX -e 'ssh -p 22' 'it'\\''s' 'a$b`c`' '' 'gr\303\266\303\237e'"
	          " \"$(printf '\\055\\055exclude=a\\012b')\" \"$(printf '\\033\\1332J')\"");
	free(text);
	text_list_free(&argv);
}

/* A word of a few random bytes, most of them such as mean something to a shell. */
static void
random_word(char *word, size_t size)
{
	static const char special[] = "\n\n'\"\\$`!*?[]{}()<>|&;#~ %-=\t\033\177\303\251a0";
	size_t length = (size_t)rand() % size;

	for (size_t i = 0; i < length; i++) {
		int byte = rand() % 4 == 0 ? 1 + rand() % 255
		                           : special[(size_t)rand() % (sizeof(special) - 1)];

		word[i] = (char)byte;
	}
	word[length] = '\0';
}

/* Whatever the words, /bin/sh reads the printed line as these words. */
static void
test_print_round_trip(void **state)
{
	enum { WORDS = 300, SIZE = 12 };
	unsigned seed = (unsigned)time(NULL);
	struct text_list argv = {0};
	char *line, *command;
	FILE *shell;

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < WORDS; i++) {
		char word[SIZE];

		random_word(word, sizeof(word));
		assert_int_equal(text_list_add(&argv, word), 0);
	}
	line = print(&argv);
	for (const char *s = line; *s != '\0'; s++)
		assert_true((unsigned char)*s >= 0x20 || *s == '\n');
	command = text_format("printf '%%s\\0' %s", line);
	assert_non_null(command);
	shell = popen(command, "r");
	assert_non_null(shell);
	for (size_t i = 0; i < argv.n; i++) {
		char *word = NULL;
		size_t size = 0;

		assert_true(getdelim(&word, &size, '\0', shell) > 0);
		assert_string_equal(word, argv.item[i]);
		free(word);
	}
	assert_int_equal(pclose(shell), 0);
	free(command);
	free(line);
	text_list_free(&argv);
}

static int
run_in(const char *directory, const struct text_list *argv)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(directory) != 0 || freopen("/dev/null", "w", stdout) == NULL)
			_exit(126);
		execv(argv->item[0], argv->item);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
shell(const char *directory, const char *script)
{
	char *command = text_format("cd '%s' && %s", directory, script);

	assert_non_null(command);
	assert_int_equal(system(command), 0);
	free(command);
}

static struct version
installed_version(void)
{
	struct version version;
	char line[128] = "";
	FILE *f = popen(RSYNC " --version", "r");

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgetc(f) != EOF)
		;
	assert_int_equal(pclose(f), 0);
	assert_int_equal(version_parse(line, &version), 0);
	return version;
}

/* The rsync of this machine takes all of it, and links what is in a base. */
static void
test_real(void **state)
{
	char directory[] = "/tmp/flashback-rsync.XXXXXX";
	struct argv_job job = {.program = RSYNC, .base = {"1"}, .target = "2.working"};
	struct text_list argv = {0};
	char *source, *root;
	struct volume v;

	(void)state;
	if (access(RSYNC, X_OK) != 0)
		skip();
	assert_non_null(mkdtemp(directory));
	shell(directory, "mkdir s vol vol/1 vol/2.working && echo 1 >s/a && cp -p s/a vol/1/a"
	                 " && touch s/x.o");
	source = text_format("%s/s/", directory);
	root = text_format("%s/vol", directory);
	v = make_volume(VOLUME_LOCAL, source, source);
	assert_int_equal(text_list_add(&v.exclude, "*.o"), 0);
	job.volume = &v;
	job.version = installed_version();
	job.root = root;
	assert_int_equal(argv_rsync(&job, &argv), 0);
	assert_int_equal(run_in(root, &argv), 0);
	shell(directory, "test vol/1/a -ef vol/2.working/a && test ! -e vol/2.working/x.o");
	text_list_free(&argv);
	assert_int_equal(argv_list(&v, RSYNC, &job.version, &argv), 0);
	assert_int_equal(run_in(root, &argv), 0);
	shell(directory, "rm -r s vol");
	assert_int_equal(rmdir(directory), 0);
	text_list_free(&argv);
	text_list_free(&v.exclude);
	free(root);
	free(source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_version),       cmocka_unit_test(test_shell),
	    cmocka_unit_test(test_patience),      cmocka_unit_test(test_argv_full),
	    cmocka_unit_test(test_argv_least),    cmocka_unit_test(test_argv_quick),
	    cmocka_unit_test(test_argv_xattrs),   cmocka_unit_test(test_argv_timeout),
	    cmocka_unit_test(test_argv_secluded), cmocka_unit_test(test_ask),
	    cmocka_unit_test(test_print),         cmocka_unit_test(test_print_round_trip),
	    cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
