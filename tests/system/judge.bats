#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What is thought of a run, row by row, with the real rsync; only the remote shell is a script of the
# test's own, where a real host would not do such a thing on demand.

load lib
load net
load disk

setup() {
	begin
	rm "$D/src/f"
	seq 20 | (cd "$D/src" && xargs touch)
	# remote: a remote shell that runs the command here; what a test adds stands before it.
	remote 'exec sh -c "$*"'
}

teardown() {
	finish
}

# remote LINE...: make $D/remote do this once the options and the host are off.
remote() {
	{
		printf '%s\n' '#!/bin/sh' 'while [ "${1#-}" != "$1" ]; do' \
			'	case $1 in -o | -l | -p | -i) shift ;; esac' '	shift' 'done' 'shift'
		printf '%s\n' "$@"
	} >"$D/remote"
	chmod 755 "$D/remote"
}

# one_volume OPTIONS: volume h/v, over the remote shell above.
one_volume() {
	hosts_conf <<-END
	host "h" { volume "v" { source = "host:$D/src/"  probe = "none"  ssh = "$D/remote"  $* } }
	END
}

# back_up: one run of h/v; its row goes to $output.
back_up() {
	next_second
	run flashback -1 h/v
}

# failed_with WORDS: the last run is shown as FAILED, with these words, and no snapshot came of it.
failed_with() {
	expect_exit 2
	expect "FAILED"
	expect "$1"
	has_snapshots 0 h/v
}

@test "the remote shell of these tests works" {
	one_volume
	back_up
	expect_exit 0
	has_snapshots 1 h/v
	same_tree "$D/src" "$(newest h/v)"
}

@test "exit 24 and not a word: never a snapshot" {
	one_volume
	remote 'exit 24'
	for _ in 1 2 3; do
		run flashback -1 h/v
		failed_with 'h/v'
	done
	[ "$(find "$STORE/h/v" -maxdepth 1 -name '2*' | wc -l)" -eq 0 ]
}

@test "a login shell that talks, no rsync on the host, a far side that refuses -A and -X" {
	one_volume
	remote 'echo Welcome to the machine; exec sh -c "$*"'
	run flashback -1 h/v
	failed_with 'login shell'
	remote 'echo "bash: line 1: rsync: command not found" >&2; exit 127'
	run flashback -1 h/v
	failed_with 'no rsync'
	expect 'install'
	remote 'echo "rsync: -AX: unknown option" >&2; echo "rsync error: syntax or usage error (code 1) at main.c(1)" >&2; exit 1'
	run flashback -1 h/v
	failed_with 'option'
}

@test "connection refused, and a name that is unknown, by the real ssh" {
	hosts_conf <<-END
	host "h" { volume "v" { source = "127.0.0.1:$D/src/"  probe = "none"  ssh = "ssh -F none -p 9" } }
	END
	back_up
	failed_with 'connection refused'
	hosts_conf <<-END
	host "h" { volume "v" { source = "no-such-host.invalid:$D/src/"  probe = "none"  ssh = "ssh -F none" } }
	END
	back_up
	failed_with 'no-such-host.invalid'
}

@test "the source is absent: reported, and no snapshot; a removable one is NOT FOUND" {
	one_volume
	mv "$D/src" "$D/away"
	back_up
	failed_with "$D/src"
	one_volume removable = yes
	back_up
	expect_exit 75
	expect 'NOT FOUND'
	refuse grep -q FAILED <<<"$output"
	mkdir "$D/src"
	back_up
	expect_exit 75
	expect 'NOT FOUND: the source is empty'
	has_snapshots 0 h/v suspect
	rmdir "$D/src"
	mv "$D/away" "$D/src"
	back_up
	expect_exit 0
	has_snapshots 1 h/v
}

@test "files that vanish while they are copied are no failure, unless that is most of them" {
	one_volume 'rsync_options = "--bwlimit=4000"'
	head -c 12000000 /dev/urandom >"$D/src/0big"
	mkdir "$D/src/sub"
	seq 200 | (cd "$D/src/sub" && xargs touch)
	# Once a part of the file has come, which is the first, the names of the others are known.
	remote "(until [ -n \"\$(find '$STORE/h/v' -name '.0big.*' -size +64k)\" ]; do sleep 0.2; done
		rm -rf '$D/src/sub') & exec sh -c \"\$*\""
	back_up
	expect_exit 2
	expect 'files where 223 were before'
	has_snapshots 0 h/v
	mkdir "$D/src/sub" "$D/src/stays"
	seq 200 | (cd "$D/src/sub" && xargs touch)
	seq 300 | (cd "$D/src/stays" && xargs touch)
	head -c 12000000 /dev/urandom >"$D/src/0big"
	back_up
	expect_exit 0
	expect 'vanished'
	has_snapshots 1 h/v
}

@test "a volume that is partial for ever has its history, its retention and its latest" {
	needs_root
	echo secret >"$D/src/secret"
	chmod 0 "$D/src/secret"
	one_volume 'keep_last = 2  keep_daily = 0  keep_weekly = 0'
	remote 'exec setpriv --bounding-set=-dac_override,-dac_read_search sh -c "$*"'
	for _ in 1 2 3 4; do
		back_up
		expect_exit 2
		expect 'PARTIAL'
		expect 'secret'
	done
	has_snapshots 0 h/v
	has_snapshots 2 h/v partial
	[ "$(readlink "$STORE/h/v/latest")" = "$(snapshots h/v partial | tail -n 1)" ]
	[ "$(grep -c PARTIAL "$STORE/h/v/.flashback/history")" -eq 4 ]
	# Once all can be read again, the complete one is the newest, and the partial series goes on by itself.
	remote 'exec sh -c "$*"'
	back_up
	expect_exit 0
	has_snapshots 1 h/v
	[ "$(readlink "$STORE/h/v/latest")" = "$(snapshots h/v)" ]
}

@test "killed by a signal: what it had is a base for the next run" {
	one_volume 'rsync_options = "--bwlimit=5000"'
	head -c 20000000 /dev/urandom >"$D/src/big"
	start_daemon
	wait_for row_has h/v 'BACKING UP'
	wait_for rsync_at_work
	kill -KILL "$(pgrep -o -f "rsync.*confine-root=$STORE/h/v")"
	wait_for row_has h/v FAILED
	row_has h/v 'again at'
	has_snapshots 0 h/v
	has_snapshots 1 h/v interrupted
	stop_daemon
	one_volume
	back_up
	expect_exit 0
	has_snapshots 1 h/v
	has_snapshots 0 h/v interrupted
	same_tree "$D/src" "$(newest h/v)"
}

rsync_at_work() {
	pgrep -f "rsync.*$STORE/h/v" >/dev/null && [ -n "$(find "$STORE/h/v" -name '*big*' -size +64k)" ]
}

# links N: the file many/0 in the source, with so many more names.
links() {
	mkdir "$D/src/many"
	echo many >"$D/src/many/0"
	perl -e 'link "$ARGV[0]/0", "$ARGV[0]/$_" or die for 1..$ARGV[1]' "$D/src/many" "$1"
	ln "$D/src/1" "$D/src/one"
	one_volume
}

@test "too many links: reported, and all but that file is shared" {
	local first
	disk_begin
	links 300
	ext4_disk disk 40M
	back_up
	expect_exit 0
	first=$(newest h/v)
	rm -r "$STORE/h/v/.flashback/spare"
	# ext4 allows 65,000 links to a file: as if by many snapshots.
	in_box umount "$MNT"
	debugfs -w -R "sif store/h/v/${first##*/}/many/0 links_count 64800" "$D/disk.img"
	plug disk
	back_up
	expect_exit 0
	expect 'hard links became separate files: many/'
	has_snapshots 2 h/v
	diff -r "$D/src" "$(newest h/v)"
	[ "$first/1" -ef "$first/one" ]
	[ "$first/1" -ef "$(newest h/v)/1" ]
}

@test "too many links in the source itself: there is a snapshot" {
	disk_begin
	links 400
	# Such a btrfs allows some 300 to a file in one directory.
	btrfs_disk disk 30M --mixed -n 4096 -O ^extref
	flashback --init
	back_up
	expect_exit 0
	expect 'hard links became separate files: many/'
	has_snapshots 1 h/v
	diff -r "$D/src" "$(newest h/v)"
}

@test "a disk without xattrs says what it cannot hold" {
	needs_root
	box_start
	mkdir "$D/mnt"
	"${IN_BOX[@]}" mount -t ramfs ramfs "$D/mnt"
	main_conf "$D/mnt/store" <<-END
	min_free = "0"
	END
	one_volume
	setfattr -n user.colour -v red "$D/src/1"
	flashback --init --force >/dev/null
	back_up
	expect 'cannot hold'
}

# ---- the shrink guard ----

@test "an empty source on the very first run is suspect, and ten wakes with it lose nothing" {
	seq 60 | (cd "$D/src" && xargs touch)
	hosts_conf <<-END
	host "h" {
	    volume "v" { source = "$D/src/"  every = "1h"  keep_last = 3  keep_daily = 0  keep_weekly = 0 }
	    volume "empty" { source = "$D/none/" }
	}
	END
	mkdir "$D/none"
	set_clock '2027-03-01 00:00 UTC'
	start_daemon
	wait_for row_has h/v SUCCEEDED
	wait_for row_has h/empty SUSPECT
	has_snapshots 1 h/empty suspect
	has_snapshots 0 h/empty
	[ ! -e "$STORE/h/empty/latest" ]
	wake_at '2027-03-01 02:00 UTC'
	wake_at '2027-03-01 04:00 UTC'
	has_snapshots 3 h/v
	snapshots h/v >"$D/good"
	rm "$D"/src/*
	for i in {1..10}; do
		wake_at "2027-03-01 04:00 UTC + $((i * 2)) hours"
	done
	snapshots h/v | diff "$D/good" -
	has_snapshots 3 h/v suspect
	[ "$(readlink "$STORE/h/v/latest")" = "$(tail -n 1 "$D/good")" ]
	status_is health CRITICAL
	row_has h/v SUSPECT
	# The source is back: a run passes the guard, and all goes on.
	seq 60 | (cd "$D/src" && xargs touch)
	wake_at '2027-03-20 00:00 UTC'
	[ "$(newest h/v)" != "$STORE/h/v/$(tail -n 1 "$D/good")" ]
	refuse row_has h/v SUSPECT
	stop_daemon
}

@test "far fewer files are suspect; a changed exclude is no alarm" {
	hosts_conf <<-END
	host "h" { volume "v" { source = "$D/src/" } }
	END
	back_up
	expect_exit 0
	rm "$D"/src/1*
	back_up
	expect_exit 2
	expect SUSPECT
	expect 'files'
	has_snapshots 1 h/v
	seq 20 | (cd "$D/src" && xargs touch)
	hosts_conf <<-END
	host "h" { volume "v" { source = "$D/src/"  exclude = "1*" } }
	END
	back_up
	expect_exit 0
	has_snapshots 2 h/v
}

# ---- hostile hosts ----

@test "a backed-up symlink does not let a host read files of this machine" {
	rsync --help | grep -q confine-root || skip "rsync is too old"
	needs_root
	mkdir "$D/server"
	echo 'server-secret-0123' >"$D/server/shadow"
	touch -d '2026-01-01 00:00:00 UTC' "$D/server/shadow"
	ln -s "$D/server" "$D/src/d"
	one_volume
	back_up
	expect_exit 0
	rm "$D/src/d"
	mkdir "$D/src/d"
	echo 'attacker-content-x' >"$D/src/d/shadow"
	touch -d '2026-01-01 00:00:00 UTC' "$D/src/d/shadow"
	back_up
	refuse grep -rq server-secret "$STORE/h/v" --include=shadow
	[ "$(stat -c %h "$D/server/shadow")" -eq 1 ]
	grep -rq attacker-content "$STORE/h/v" --include=shadow
}

@test "a host that speaks of a full disk does not stop the house" {
	one_volume
	remote 'echo "rsync: [receiver] write failed on \"/x\": No space left on device (28)" >&2; exit 11'
	run flashback -1
	expect FAILED
	refuse grep -q 'WAITING (disk)' <<<"$output"
	refuse grep -q 'health=CRITICAL' "$RUN/status.txt"
	remote 'exec sh -c "$*"'
	back_up
	expect_exit 0
}

@test "deep trees, long names, dots, setuid files and devices of a host stay in its volume" {
	needs_root
	local long
	long=$(printf 'x%.0s' $(seq 255))
	echo long >"$D/src/$long"
	printf 'line\nfeed' >"$D/src/"$'..\n..'
	dig 15
	cp /bin/true "$D/src/setuid"
	chmod 4755 "$D/src/setuid"
	mknod "$D/src/null" c 1 3
	one_volume
	back_up
	expect_exit 0
	same_tree "$D/src" "$(newest h/v)"
	[ "$(stat -c %a "$STORE" "$STORE/h" "$STORE/h/v" | sort -u)" = 700 ]
	[ -u "$(newest h/v)/setuid" ]
	refuse runuser -u nobody -- "$(newest h/v)/setuid" 2>/dev/null
	# Beyond what rsync takes for a path (4,096 bytes) a tree is PARTIAL, and says so.
	dig 30
	back_up
	expect_exit 2
	expect 'PARTIAL'
	expect 'max-path'
	rm -rf "$D/src"
}

# dig N: a tree N deep, with names of 200 bytes and a file at its bottom.
dig() (
	local name
	name=$(printf 'd%.0s' $(seq 200))
	cd "$D/src" || exit 1
	for _ in $(seq "$1"); do
		mkdir -p "$name" && cd "$name" || exit 1
	done
	echo deep >bottom
)
