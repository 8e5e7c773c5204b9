// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_FORECAST_H
#define FLASHBACK_FORECAST_H

#include <stdbool.h>
#include <stdio.h>

#include "flashback/report/view.h"

/* How full the disk is, and when it will be full.  Core: to a FILE *. */

/** forecast_grows(disk): is it known to fill up? */
bool forecast_grows(const struct view_disk *disk);

/** forecast_is_short(disk): will it be full in less than 30 days? */
bool forecast_is_short(const struct view_disk *disk);

/** forecast_growth(f, disk): "grows 3.1G a day: full in about 170 days", that is, until only
 * min_free is left; or nothing. */
void forecast_growth(FILE *f, const struct view_disk *disk);

/** forecast_line(f, disk): the last line of queue.txt, "disk: 537G of 2.0T free (25 %)" and the
 * growth. */
void forecast_line(FILE *f, const struct view_disk *disk);

#endif
