// SPDX-License-Identifier: ISC
#include "golden.h"
#include "rows.h"
#include "scratch.h"

#include "flashback/report/restore.h"

struct asked {
	const struct volume *volume;
	const char *dir, *latest, *rsync;
	struct text_list left_out;
	const char *example;
};

static int
write_to(FILE *f, const struct asked *a)
{

	const struct restore r = {
	    .volume = a->volume,
	    .dir = a->dir,
	    .latest = a->latest,
	    .example = a->example,
	    .rsync = a->rsync,
	    .left_out = &a->left_out,
	};

	return restore_write(f, &r);
}

static void
print(FILE *f, const void *arg)
{
	assert_int_equal(write_to(f, arg), 0);
}

static void
check(const char *name, struct volume *volume, const char *dir)
{
	golden_check(
	    name, golden_text(print, &(struct asked){
	                                 volume, dir, RESTORE_LINK, "/usr/bin/rsync", {0}, NULL}));
	volume_free(volume);
}

static void
test_host(void **unused)
{
	(void)unused;
	check("restore-host.txt",
	      rows_volume("kimono/home", "source=root@kimono.local:/home/", "exclude=.cache",
	                  "exclude=it's", "rsync_options=--bwlimit=5M", NULL),
	      "/backup/kimono/home");
}

/* All that can be about a host at once. */
static void
test_odd_host(void **unused)
{
	(void)unused;
	check("restore-odd-host.txt",
	      rows_volume("kimono/home", "source=ann@[fe80::1%eth0]:/my files/",
	                  "ssh=ssh -p 2222 -i /root/.ssh/key", "one_file_system=no",
	                  "rsync_options=--rsync-path=sudo rsync", "rsync_options=--no-acls",
	                  "rsync_options=-z", "rsync_options=--fake-super",
	                  "rsync_options=--checksum", "rsync_options=--max-size=1G",
	                  "rsync_options=--filter=dir-merge .nobackup", NULL),
	      "/mnt/it's mine/kimono/home");
}

static void
test_local(void **unused)
{
	(void)unused;
	check("restore-local.txt",
	      rows_volume("here/etc", "source=/etc/", "rsync_options=--fake-super",
	                  "rsync_options=--munge-links", NULL),
	      "/backup/here/etc");
}

static void
test_daemon(void **unused)
{
	(void)unused;
	check("restore-daemon.txt",
	      rows_volume("nas/music", "source=rsync://ann@nas.lan:8873/music/",
	                  "rsync_options=--password-file=/etc/nas.secret",
	                  "rsync_options=--no-xattrs", NULL),
	      "/backup/nas/music");
}

/* A disk without symbolic links. */
static void
test_without_the_link(void **unused)
{
	struct volume *volume = rows_volume("here/etc", "source=/etc/", NULL);
	const struct asked asked = {volume, "/backup/here/etc", "2026-11-20T031000+0100", "rsync",
	                            {0},    "song.ogg"};
	char *text = golden_text(print, &asked);

	(void)unused;
	assert_null(strstr(text, "latest"));
	assert_non_null(strstr(text, " /backup/here/etc/2026-11-20T031000+0100/ /etc/\n"));
	assert_non_null(strstr(text, "`2026-11-20T031000+0100' is the newest."));
	/* Files, but no directories. */
	assert_non_null(strstr(text, "/./song.ogg /etc/\n"));
	assert_null(strstr(text, "One directory"));
	free(text);
	volume_free(volume);
}

/* A key of its own that may only read, and is restricted to a directory that is not known here. */
static void
test_restricted(void **unused)
{
	(void)unused;
	check("restore-restricted.txt",
	      rows_volume("laptop/home", "source=root@laptop.lan:/",
	                  "ssh=ssh -p 2222 -i \"/root/.ssh/a key\" -o IdentitiesOnly=yes", NULL),
	      "/backup/laptop/home");
}

/* The same, and it is said where a restore goes; also from a module to a path over ssh. */
static void
test_restore_to(void **unused)
{
	static const struct {
		const char *source, *target, *option, *ssh, *command;
	} cases[] = {
	    {"source=root@laptop.lan:/", "restore_to=root@laptop.lan:/home",
	     "rsync_options=--rsync-path=sudo rsync",
	     "ssh=ssh -i/k -o IdentityFile=/k -oIdentityFile=/k",
	     " '--rsync-path=sudo rsync' /backup/l/h/latest/ root@laptop.lan:/home/\n"},
	    {"source=rsync://nas/music/", "restore_to=root@nas:/srv/my music/",
	     "rsync_options=--password-file=/s", "ssh=ssh -p 22 -i '/a b'",
	     " -s -e 'ssh -p 22' /backup/l/h/latest/ 'root@nas:/srv/my music/'\n"},
	    {"source=root@l:/", "restore_to=root@l:/home", "rsync_options=-z",
	     "ssh=ssh -i '/a b' -o 'ProxyCommand=ssh -i /k x' -o \"A='\" -p",
	     " -e 'ssh -o '\\''ProxyCommand=ssh -i /k x'\\'' -o \"A='\\''\" -p' -z "
	     "/backup/l/h/latest/ root@l:/home/\n"},
	    {"source=root@l:/", "restore_to=/mnt", "rsync_options=--fake-super", "ssh=ssh -i /k",
	     " --fake-super -M--super /backup/l/h/latest/ /mnt/\n"},
	};

	(void)unused;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct volume *volume = rows_volume("l/h", cases[i].source, cases[i].target,
		                                    cases[i].option, cases[i].ssh, NULL);
		char *text = golden_text(
		    print, &(struct asked){
		               volume, "/backup/l/h", RESTORE_LINK, "/usr/bin/rsync", {0}, NULL});

		if (strstr(text, cases[i].command) == NULL)
			fail_msg("%s is not in:\n%s", cases[i].command, text);
		assert_null(strstr(text, "<"));
		free(text);
		volume_free(volume);
	}
}

/* A program that a root elsewhere would not find keeps its path. */
static void
test_program(void **unused)
{
	struct volume *volume = rows_volume("a/b", NULL);
	char *text = golden_text(
	    print,
	    &(struct asked){volume, "/backup/a/b", RESTORE_LINK, "/opt/rs/bin/rsync", {0}, NULL});

	(void)unused;
	assert_non_null(strstr(text, "\n    /opt/rs/bin/rsync -n -v "));
	assert_null(strstr(text, "\n    rsync "));
	free(text);
	volume_free(volume);
}

/* Who has the shell of the host take the path apart when it is backed up has it so when it comes
 * back. */
static void
test_old_args(void **unused)
{
	static const char source[] = "source=h:/my\\ files/";
	struct volume *volume = rows_volume("a/b", source, NULL);
	struct volume *old = rows_volume("a/b", source, "rsync_options=--old-args", NULL);
	char *text = golden_text(
	    print, &(struct asked){volume, "/x/a/b", RESTORE_LINK, "/usr/bin/rsync", {0}, NULL});
	char *old_text = golden_text(
	    print, &(struct asked){old, "/x/a/b", RESTORE_LINK, "/usr/bin/rsync", {0}, NULL});

	(void)unused;
	assert_non_null(strstr(text, " -s "));
	assert_non_null(strstr(old_text, " --old-args "));
	assert_null(strstr(old_text, " -s "));
	free(text);
	free(old_text);
	volume_free(volume);
	volume_free(old);
}

/* A disk that fills up is told of. */
static void
test_write_error(void **unused)
{
	struct volume *volume = rows_volume("a/b", NULL);
	const struct asked asked = {volume,           "/backup/a/b", RESTORE_LINK,
	                            "/usr/bin/rsync", {0},           NULL};
	FILE *f = fopen("/dev/full", "w");

	(void)unused;
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(write_to(f, &asked), -1);
	fclose(f);
	volume_free(volume);
}

/* Run a command; it must do well. */
static void
shell(const char *command)
{
	int status = system(command);

	if (status != 0)
		fail_msg("status %d: %s", status, command);
}

/* Run every line of the text that begins with four blanks and these words, and has the mark. */
static void
run_commands(char *text, const char *words, const char *mark)
{
	unsigned found = 0;

	for (char *line = text; *line != '\0';) {
		char *end = strchr(line, '\n');

		*end = '\0';
		if (strncmp(line, "    ", 4) == 0 && strncmp(line + 4, words, strlen(words)) == 0 &&
		    strstr(line, mark) != NULL) {
			char command[1024];

			snprintf(command, sizeof(command), "%s >>out 2>&1", line);
			shell(command);
			found++;
		}
		*end = '\n';
		line = end + 1;
	}
	assert_true(found > 0);
}

/* A source and a snapshot of it, in directories with blanks and quotes in their names. */
static const char make_trees[] =
    "mkdir -p 'so urce/Documents/deep' 'so urce/other' 'so urce/mode' \"it's/v\" &&"
    "echo letter >'so urce/Documents/letter.odt' && echo x >'so urce/Documents/deep/x' &&"
    "echo y >'so urce/other/y' && ln 'so urce/other/y' 'so urce/other/z' &&"
    "ln -s y 'so urce/other/link' && chmod 2750 'so urce/mode' &&"
    "touch -d 2001-02-03 'so urce/other/y' 'so urce/Documents/letter.odt' &&"
    "cp -a 'so urce' \"it's/v/2026-11-22T120000+0100\" &&"
    "ln -s 2026-11-22T120000+0100 \"it's/v/latest\"";

/* Are the trees the same to the last attribute that find can see? */
static const char compare_trees[] =
    "list() ( cd \"$1\" && find . -printf '%p %m %u %g %s %l %n %T@\\n' | sort );"
    "list \"it's/v/latest/\" >want && list 'so urce' >have && diff want have >&2 &&"
    "list restored >have && diff want have >&2";

/* The lines as they stand: the dry ones change nothing, the others bring each piece back. */
static void
test_commands_as_they_stand(void **scratch)
{
	const struct scratch *here = *scratch;
	char dir[300], source[300], *text;
	struct volume *volume;

	shell(make_trees);
	snprintf(dir, sizeof(dir), "%s/it's/v", here->path);
	snprintf(source, sizeof(source), "source=%s/so urce/", here->path);
	volume = rows_volume("a/v", source, NULL);
	text = golden_text(print,
	                   &(struct asked){volume, dir, RESTORE_LINK, "/usr/bin/rsync", {0}, NULL});

	run_commands(text, "ls ", "");
	shell("rm -r 'so urce'/*");
	run_commands(text, "rsync -n ", "");
	shell("test -z \"$(ls -A 'so urce')\"");
	run_commands(text, "rsync -v ", " -R ");
	shell("test \"$(ls 'so urce')\" = Documents && test \"$(ls restored)\" = Documents &&"
	      "diff -r \"it's/v/latest/Documents\" 'so urce/Documents'");
	run_commands(text, "rsync -v ", "");
	shell(compare_trees);
	run_commands(text, "du ", "");
	free(text);
	volume_free(volume);
}

/* Owners that were stored as attributes come back as owners. */
static void
test_fake_super(void **scratch)
{
	const struct scratch *here = *scratch;
	char dir[300], source[300], *text;
	struct volume *volume;

	if (geteuid() != 0)
		skip();
	shell(
	    "mkdir -p src store/v && touch src/file && chown 1234:2345 src/file &&"
	    "chmod 4711 src/file && rsync -aHAX --numeric-ids -M--fake-super src/ store/v/latest/");
	shell("test \"$(stat -c %u:%g store/v/latest/file)\" = 0:0");
	snprintf(dir, sizeof(dir), "%s/store/v", here->path);
	snprintf(source, sizeof(source), "source=%s/back/", here->path);
	volume = rows_volume("a/v", source, "rsync_options=--fake-super", NULL);
	text = golden_text(print,
	                   &(struct asked){volume, dir, RESTORE_LINK, "/usr/bin/rsync", {0}, NULL});
	run_commands(text, "rsync -v ", "latest/ ");
	shell("for f in back/file restored/file; do "
	      "test \"$(stat -c %u:%g:%a $f)\" = 1234:2345:4711 || exit 1; done");
	free(text);
	volume_free(volume);
}

static void
expect_beside(struct volume *volume, const char *to, const char *command)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(restore_beside(f, volume, "/usr/bin/rsync", "/b/it's", to), 0);
	fclose(f);
	assert_string_equal(text, command);
	free(text);
	volume_free(volume);
}

/* With the words and options of RESTORE.txt; the target is the path itself, not a directory. */
static void
test_beside(void **unused)
{
	(void)unused;
	expect_beside(rows_volume("a/b", "source=/home/", NULL), "ann/x.OLD",
	              "    rsync -v -aHAX --sparse --numeric-ids --modify-window=-1 '/b/it'\\''s' "
	              "/home/ann/x.OLD\n");
	expect_beside(
	    rows_volume("a/b", "source=root@h:/home/", "ssh=ssh -p 2", NULL), "a file.OLD",
	    "    rsync -v -aHAX --sparse --numeric-ids --modify-window=-1 -s -e 'ssh -p 2' "
	    "'/b/it'\\''s' 'root@h:/home/a file.OLD'\n");
	expect_beside(rows_volume("a/b", "source=root@h:/", NULL), "x.OLD",
	              "    rsync -v -aHAX --sparse --numeric-ids --modify-window=-1 '/b/it'\\''s' "
	              "<root@h:/PATH/>\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_beside),
	    cmocka_unit_test(test_odd_host),
	    cmocka_unit_test(test_local),
	    cmocka_unit_test(test_daemon),
	    cmocka_unit_test(test_without_the_link),
	    cmocka_unit_test(test_restricted),
	    cmocka_unit_test(test_restore_to),
	    cmocka_unit_test(test_program),
	    cmocka_unit_test(test_old_args),
	    cmocka_unit_test(test_write_error),
	    cmocka_unit_test_setup_teardown(test_commands_as_they_stand, scratch_setup,
	                                    scratch_teardown),
	    cmocka_unit_test_setup_teardown(test_fake_super, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
