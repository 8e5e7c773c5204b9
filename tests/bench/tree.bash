# SPDX-License-Identifier: ISC
# What is backed up: small files, a hundred in a directory.  And flashback's config.

# make_tree N: N files in src.
make_tree() {
	local i
	rm -rf src
	files=$1
	seq -f 'src/%.0f' 0 $((files / 100)) | xargs mkdir -p
	for ((i = 1; i <= files; i++)); do
		echo "$i" >"src/$((i / 100))/$i"
	done
}

# change_tree ROUND: one file in a hundred, another one each ROUND.
change_tree() {
	local i
	for ((i = $1 % 100 ? $1 % 100 : 100; i <= files; i += 100)); do
		echo "$i, round $1" >"src/$((i / 100))/$i"
	done
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
