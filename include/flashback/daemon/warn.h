// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_WARN_H
#define FLASHBACK_WARN_H

#include "flashback/daemon/daemon.h"

/**
 * warn_renew(d):
 * Look anew at what is wrong with the way that we run (not root, no permission to ping, an old
 * rsync, options that wait for a restart); what was not so before is logged, and what is mended is
 * no longer shown.
 */
void warn_renew(struct daemon *d);

/** warn_seen(d): log those warnings of the last look that the look before it did not have. */
void warn_seen(struct daemon *d);

#endif
