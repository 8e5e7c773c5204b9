// SPDX-License-Identifier: ISC
#include "flashback/store/round.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flashback/lib/file.h"
#include "flashback/lib/units.h"

#define RECORD_MAX 4096
#define PART (ROUND_END / ROUND_PARTS + 1) /* of the places */
#define HEADER "# begun, oldest, done, held, tries, found, parts\n"
#define FIGURES (sizeof(struct round) / sizeof(int64_t))

/* MurmurHash3's last step, on 63 bits: every bit of the number counts for each of the place, so
 * that files that were made one after the other are due at different times. */
int64_t
round_place(ino_t ino)
{
	uint64_t h = (uint64_t)ino & INT64_MAX;

	h ^= h >> 33;
	h = (h * UINT64_C(0xff51afd7ed558ccd)) & INT64_MAX;
	h ^= h >> 33;
	h = (h * UINT64_C(0xc4ceb9fe1a85ec53)) & INT64_MAX;
	h ^= h >> 33;
	return h != 0 ? (int64_t)h : 1;
}

int64_t
round_due(struct round *r, int64_t now, int64_t span)
{
	if (r->begun <= 0 || r->begun > now || r->oldest > r->begun)
		*r = (struct round){.begun = now, .found = r->found, .entered = {now}};
	if (now - r->begun >= span)
		return ROUND_END;
	return (int64_t)((double)(now - r->begun) / (double)span * 0x1p63);
}

/* A round may stand still for months while a host is away.  How old a comparison is follows from
 * when its part of the places was entered. */
void
round_reach(struct round *r, int64_t place, int64_t now)
{
	for (int64_t i = r->done / PART + 1; i <= place / PART; i++) {
		r->oldest = r->entered[i];
		r->entered[i] = now;
	}
	r->done = place;
	r->held = r->tries = 0;
	if (place == ROUND_END) {
		r->oldest = r->begun;
		r->begun = r->entered[0] = now;
		r->done = 0;
	}
}

int64_t
round_interrupted(struct round *r, int64_t place)
{
	r->tries = r->held == place && r->tries < INT64_MAX ? r->tries + 1 : 1;
	r->held = place;
	return r->tries;
}

char *
round_words(const struct round *r, int64_t now)
{
	int percent = (int)((double)r->done / 0x1p63 * 100);
	char age[UNITS_TEXT], oldest[UNITS_TEXT];

	if (r->begun <= 0)
		return text_format("no file has been compared with its source yet");
	units_format_age(age, now - r->begun);
	if (r->oldest <= 0)
		return text_format("%d%% of the files compared with their source in %s, the others "
		                   "not yet",
		                   percent, age);
	return text_format("%d%% of the files compared with their source in %s, the oldest "
	                   "comparison is about %s old",
	                   percent, age, units_format_age(oldest, now - r->oldest));
}

/* The record is the figures of the struct, in their order. */
static int
parse(const char *line, struct round *r)
{
	int64_t figure[FIGURES];

	if (strncmp(line, HEADER, strlen(HEADER)) != 0)
		return -1;
	line += strlen(HEADER);
	for (size_t i = 0; i < FIGURES; i++)
		if (units_read_integer(&line, i == 0, INT64_MAX, &figure[i]) != 0)
			return -1;
	memcpy(r, figure, sizeof(*r));
	return *line == '\n' ? 0 : -1;
}

void
round_read(int meta, struct round *r)
{
	char *text = NULL;
	size_t len;

	if (file_read(meta, ROUND_NAME, RECORD_MAX, &text, &len) != 0 || parse(text, r) != 0)
		*r = (struct round){.begun = 0};
	free(text);
}

static int
print_record(FILE *f, void *arg)
{
	int64_t figure[FIGURES];

	memcpy(figure, arg, sizeof(figure));
	fputs(HEADER, f);
	for (size_t i = 0; i < FIGURES; i++)
		fprintf(f, i == 0 ? "%" PRId64 : " %" PRId64, figure[i]);
	fputc('\n', f);
	return ferror(f) ? -1 : 0;
}

/* Not synced: what a power failure takes is compared again. */
int
round_write(int meta, const struct round *r)
{
	struct round copy = *r;

	return file_replace(meta, ROUND_NAME, S_IRUSR | S_IWUSR, print_record, &copy, false);
}

void
round_reported(int meta)
{
	struct round r;

	round_read(meta, &r);
	r.found = 0;
	if (r.begun != 0)
		(void)round_write(meta, &r);
}
