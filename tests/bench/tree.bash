# SPDX-License-Identifier: ISC
# What is backed up: small files, a hundred in a directory.  And flashback's config.

# make_tree N: N files in src.
make_tree() {
	rm -rf src
	seq "$1" | awk '{ print "src/" int($1 / 100) "/" $1 }' >names
	sed 's|/[^/]*$||' names | sort -u | xargs mkdir -p
	xargs -n 1000 sh -c 'for f; do echo "$f" >"$f"; done' _ <names
}

# change_tree ROUND: one file in a hundred, another one each ROUND.
change_tree() {
	awk -v r="$1" 'NR % 100 == r % 100' names |
		xargs -n 1000 sh -c 'r=$1; shift; for f; do echo "$f, round $r" >"$f"; done' _ "$1"
}

# main_conf DATA_DIR KEEP: what is written all the time is not on the disk that is measured; by default it is in /run.
main_conf() {
	cat >flashback.conf <<-END
	data_dir    = "$1"
	status_file = "$RUN/status.txt"
	queue_file  = "$RUN/queue.txt"
	pid_file    = "$RUN/flashback.pid"
	defaults { keep_daily = 0  keep_weekly = 0  keep_last = $2 }
	END
}
