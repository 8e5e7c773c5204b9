// SPDX-License-Identifier: ISC
#include "flashback/store/result.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	bool failed;
} results[RESULT_RESULTS] = {
    [RESULT_NONE] = {"NONE", false},          [RESULT_SUCCEEDED] = {"SUCCEEDED", false},
    [RESULT_PARTIAL] = {"PARTIAL", false},    [RESULT_SUSPECT] = {"SUSPECT", false},
    [RESULT_FAILED] = {"FAILED", true},       [RESULT_NO_SOURCE] = {"NOSOURCE", true},
    [RESULT_NOT_FOUND] = {"NOTFOUND", false}, [RESULT_INTERRUPTED] = {"INTERRUPTED", false},
    [RESULT_DISK] = {"DISK", false},          [RESULT_FULL] = {"FULL", false},
    [RESULT_LINKS] = {"LINKS", true},         [RESULT_BUSY] = {"BUSY", false},
    [RESULT_NOT_NOW] = {"NOTNOW", false},     [RESULT_NOT_DUE] = {"NOTDUE", false},
    [RESULT_ABSENT] = {"ABSENT", false},      [RESULT_CLOCK] = {"CLOCK", false},
};

const char *
result_name(enum result r)
{
	return (size_t)r < COUNT(results) ? results[r].name : results[RESULT_NONE].name;
}

const char *
result_shown_name(enum result r)
{
	return result_name(result_shown_failed(r) ? RESULT_FAILED : r);
}

int
result_parse(const char *s, enum result *out)
{
	for (size_t i = 0; i < COUNT(results); i++)
		if (strcmp(s, results[i].name) == 0) {
			*out = (enum result)i;
			return 0;
		}
	return -1;
}

bool
result_shown_failed(enum result r)
{
	return (size_t)r < COUNT(results) && results[r].failed;
}

enum result
result_of_errno(int error)
{
	return error == ENOSPC || error == EDQUOT ? RESULT_FULL : RESULT_DISK;
}
