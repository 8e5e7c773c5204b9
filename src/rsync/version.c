// SPDX-License-Identifier: ISC
#include "flashback/rsync/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 9999

/* Parse a small number and the character after it, which must be *after (NULL: any). */
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

int
version_judge(const char *path, const char *line, struct version *out, char *why, size_t size)
{
	if (version_parse(line, out) != 0)
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

const char *
version_risk(const struct version *version)
{
	if (version->confine_root)
		return NULL;
	return "this rsync is older than 3.5.0 and knows no --confine-root: a host that is taken "
	       "over could pull files of this machine into its snapshots; install a newer rsync";
}
