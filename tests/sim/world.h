// SPDX-License-Identifier: ISC
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flashback/config/conf.h"
#include "flashback/config/volume.h"

#include "drive.h"

/* A household: its hosts, what is on them, the config, and how things are at the moment. */

#define WORLD_HOSTS 4
#define WORLD_VOLUMES 6
#define WORLD_KEEPS 6

/** What becomes of an rsync to a host. */
enum world_trouble {
	WORLD_FINE,
	WORLD_BREAKS,     /* one of the ends that real ones came to, without statistics */
	WORLD_HANGS,      /* it says nothing any more */
	WORLD_UNREADABLE, /* some files may not be read */
	WORLD_VANISHING,  /* some files go while they are copied */
	WORLD_LINKS,      /* a file has too many links for this disk */
	WORLD_LIES_FULL,  /* it says that our disk is full */
	WORLD_SLOW,       /* hours */
	WORLD_STUCK,      /* our rsync hangs in the kernel */
	WORLD_TROUBLES
};

struct world_host {
	char name[16];
	bool up, known; /* it answers; its name resolves */
	enum world_trouble trouble;
	size_t way; /* of WORLD_BREAKS */
};

enum world_source { WORLD_THERE, WORLD_EMPTY, WORLD_MISSING, WORLD_SHRUNK };

struct world_file {
	int id, version;
};

struct world_volume {
	char id[32];
	struct world_host *host; /* NULL: a local source */
	char name[16];

	/* its options */
	bool configured, disabled;
	bool removable, before, guarded;
	int every; /* hours */
	unsigned keep[WORLD_KEEPS];
	int excludes;       /* how many: each edit adds one */
	const char *window; /* NULL: always */

	/* its source */
	struct world_file *file;
	size_t n, max, usual;
	int last_id, last_version;
	int64_t changed_at; /* mono */
	enum world_source source;
	int before_says; /* the exit status of `before` */

	/* what was seen of it */
	int64_t since;       /* mono: configured and enabled, as it is, since then */
	int64_t complete_at; /* mono of the newest complete snapshot that a run has made */
	int64_t good_at;     /* ... complete or partial */
	bool overdue;        /* as the daemon last told */
	int64_t touched_at;  /* mono: a person has worked on its snapshots, */
	bool untold;         /* ... and has not told flashback */
	int64_t empty_from;  /* mono */
	int64_t empty_until; /* mono: the source stays empty, whatever happens; 0: it need not */
	size_t empty_kept;   /* complete snapshots when that began, less what a person removed */
};

struct world {
	struct world_host host[WORLD_HOSTS];
	size_t hosts;
	struct world_volume volume[WORLD_VOLUMES];
	size_t volumes;
	int64_t wake; /* seconds */
	unsigned parallel;
	int64_t time_slice;
	bool network;
	unsigned edits;     /* of the config */
	bool broken_config; /* somebody is in the middle of editing it */
};

/** world(): the one that there is.  world_begin(): make it. */
struct world *world(void);
void world_begin(void);

/** world_find(id): NULL when there was never such a volume. */
struct world_volume *world_find(const char *id);

/** world_edited(): the config is another now. */
void world_edited(void);

/** world_break_config(broken): somebody begins to edit it, or is done. */
void world_break_config(bool broken);

/** world_config(): as it stands in the files, in new memory that lives as long as everything. */
struct config *world_config(void);

/** world_change(v): what people did to the files since the last time. */
void world_change(struct world_volume *v);

/** world_delete_most(v): for good. */
void world_delete_most(struct world_volume *v);

/** world_listed(v): how many of its files a run would find now. */
size_t world_listed(const struct world_volume *v);

#endif
