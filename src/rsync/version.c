// SPDX-License-Identifier: ISC
#include "flashback/rsync/version.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/lib/child.h"

#define VERSION_SECONDS 10
#define VERSION_TEXT 256
#define NUMBER_MAX 9999

/* Read a small number and what must follow it, or any character when after is NULL. */
static int
take_number(const char **s, const char *after, int *out)
{
	char *end;
	long n;

	if (**s < '0' || **s > '9')
		return -1;
	errno = 0;
	n = strtol(*s, &end, 10);
	if (errno != 0 || n > NUMBER_MAX || (after != NULL && *end != *after))
		return -1;
	*out = (int)n;
	*s = after != NULL ? end + 1 : end;
	return 0;
}

static bool
at_least(const struct version *v, int major, int minor, int patch)
{
	if (v->major != major)
		return v->major > major;
	if (v->minor != minor)
		return v->minor > minor;
	return v->patch >= patch;
}

int
version_parse(const char *line, struct version *out)
{
	static const char start[] = "rsync  version ";
	struct version v = {0};

	if (strncmp(line, start, strlen(start)) != 0)
		return -1;
	line += strlen(start);
	if (*line == 'v')
		line++;
	if (take_number(&line, ".", &v.major) != 0 || take_number(&line, ".", &v.minor) != 0 ||
	    take_number(&line, NULL, &v.patch) != 0)
		return -1;
	v.confine_root = at_least(&v, 3, 5, 0);
	v.usable = at_least(&v, 3, 1, 3);
	*out = v;
	return 0;
}

/* Run `path --version` with its output in fd.  Return 0, or -1 with errno. */
static int
run_version(const char *path, int fd, int *status)
{
	struct text_list argv = {0};
	struct child_spec spec = {
	    .argv = &argv, .in = -1, .out = fd, .err = -1, .dir = -1, .keep = -1};
	int rc = -1;

	if (text_list_add(&argv, path) == 0 && text_list_add(&argv, "--version") == 0)
		rc = child_run(&spec, VERSION_SECONDS, -1, status);
	text_list_free(&argv);
	return rc;
}

static int
judge_version(const char *path, int status, const char *text, struct version *out, char *why,
              size_t size)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || version_parse(text, out) != 0)
		snprintf(why, size,
		         "%s does not work as rsync: install rsync, or set `rsync` to where it is",
		         path);
	else if (!out->usable)
		snprintf(why, size, "%s is version %d.%d.%d: flashback needs 3.1.3 or newer", path,
		         out->major, out->minor, out->patch);
	else
		return 0;
	return -1;
}

int
version_read(const char *path, struct version *out, char *why, size_t size)
{
	char text[VERSION_TEXT] = "";
	ssize_t n;
	int fd, status = 0, rc = -1;

	if (access(path, X_OK) != 0) {
		snprintf(why, size, "%s: %s: install rsync, or set `rsync` to where it is", path,
		         strerror(errno));
		return -1;
	}
	fd = memfd_create("version", MFD_CLOEXEC);
	if (fd < 0 || run_version(path, fd, &status) != 0) {
		snprintf(why, size, "%s could not be run: %s", path, strerror(errno));
	} else {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		rc = judge_version(path, status, text, out, why, size);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

const char *
version_risk(const struct version *version)
{
	if (version->confine_root)
		return NULL;
	return "this rsync is older than 3.5.0 and knows no --confine-root: a host that is taken "
	       "over could pull files of this machine into its snapshots; install a newer rsync";
}

void
version_tell_service(const char *fmt, ...)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	char text[512];
	size_t len;
	va_list ap;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0'; /* a name without a file */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
	             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
