// SPDX-License-Identifier: ISC
#include "flashback/report/forecast.h"

#include <inttypes.h>

#include "flashback/lib/units.h"

#define SHORT 30       /* days */
#define LEAST 1024     /* bytes a day; less is none */
#define FAR (10 * 365) /* days that are not counted */

/* Days until only min_free is left; 0 when it is. */
static uint64_t
days_left(const struct view_disk *disk)
{
	uint64_t left = disk->free > disk->least ? disk->free - disk->least : 0;

	return left / (uint64_t)disk->growth;
}

bool
forecast_grows(const struct view_disk *disk)
{
	return disk->known && disk->mounted && disk->growth >= LEAST;
}

bool
forecast_is_short(const struct view_disk *disk)
{
	return forecast_grows(disk) && days_left(disk) < SHORT;
}

/* Two digits: more would claim too much. */
static uint64_t
rounded(uint64_t days)
{
	uint64_t unit = 1;

	while (days / unit >= 100)
		unit *= 10;
	return (days + unit / 2) / unit * unit;
}

void
forecast_growth(FILE *f, const struct view_disk *disk)
{
	char text[UNITS_TEXT];
	uint64_t days;

	if (!forecast_grows(disk))
		return;
	days = days_left(disk);
	fprintf(f, "grows %s a day: full ", units_format_bytes(text, (uint64_t)disk->growth));
	if (days > FAR)
		fputs("in more than 10 years", f);
	else if (days == 0)
		fputs("within a day", f);
	else
		fprintf(f, "in about %" PRIu64 " day%s", rounded(days), days == 1 ? "" : "s");
}

void
forecast_line(FILE *f, const struct view_disk *disk)
{
	char free[UNITS_TEXT], total[UNITS_TEXT];
	double share = disk->total > 0 ? (double)disk->free / (double)disk->total : 0;

	if (!disk->known)
		return;
	if (!disk->mounted) {
		fputs("\ndisk: absent\n", f);
		return;
	}
	fprintf(f, "\ndisk: %s of %s free (%d %%)", units_format_bytes(free, disk->free),
	        units_format_bytes(total, disk->total), (int)(share * 100 + 0.5));
	fputs(forecast_grows(disk) ? "; " : "", f);
	forecast_growth(f, disk);
	fputc('\n', f);
}
