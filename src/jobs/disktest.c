// SPDX-License-Identifier: ISC
#include "flashback/jobs/disktest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/store/mkstore.h"
#include "flashback/store/store.h"
#include "flashback/store/traits.h"

#define PATIENCE_MS 5000
#define AGAIN_MS 100

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
test(const char *data_dir, struct store *s, FILE *f)
{
	int64_t until = clock_mono() + PATIENCE_MS;
	int rc;

	while ((rc = mkstore_renew(data_dir, s, f)) != 0 && errno == EWOULDBLOCK &&
	       clock_mono() < until)
		event_wait(NULL, 0, NULL, clock_mono() + AGAIN_MS);
	return rc;
}

enum result
disktest_run(const char *data_dir, struct store *s, char *words, size_t size)
{
	char *said = NULL, *lacking;
	size_t len;
	FILE *f;
	int rc, error;

	words[0] = '\0';
	if (s->known)
		return RESULT_NONE;
	f = open_memstream(&said, &len);
	rc = f != NULL ? test(data_dir, s, f) : -1;
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
