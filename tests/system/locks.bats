#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Never two on one volume: whoever they are, and whatever became of those who began.

load lib
load net
load disk

setup() {
	begin
}

teardown() {
	finish
}

# worker: the daemon's.
worker() {
	pgrep -P "$DAEMON"
}

# stopped PID...: each is in state T.
stopped() {
	local pid
	for pid in "$@"; do
		[ "$(cut -d' ' -f3 "/proc/$pid/stat")" = T ]
	done
}

@test "two daemons with pid files of their own on one store: one works, the other waits, nothing is made twice" {
	local first second=$D/second.conf
	slow_source 4
	start_daemon
	first=$DAEMON
	hold_copy
	sed "s|$RUN|$D/run2|" "$CONF" >"$second"
	background DAEMON "$FLASHBACK" -c "$second"
	PIDS+=" $DAEMON"
	RUN=$D/run2
	wait_for row_has here/v 'WAITING (busy)'
	row_has here/v 'another flashback'
	has_snapshots 1 here/v working
	[ "$(rsyncs | sort -u | wc -l)" -le 3 ] # the three processes of one local rsync
	go_on
	RUN=$D/run
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	# The second one looks before it begins, and sees that it is done.
	kill -HUP "$DAEMON"
	RUN=$D/run2
	wait_for row_has here/v 'NEXT RUN'
	has_snapshots 1 here/v
	has_snapshots 0 here/v working
	[ "$(grep -vc '^#' "$STORE/here/v/.flashback/history")" -eq 1 ]
	kill "$first"
	PIDS+=" $first"
}

# orphan: a daemon whose rsync is stopped in the middle.
orphan() {
	slow_source 4
	start_daemon
	hold_copy
	WORKER=$(worker)
	wait_for stopped "${HELD[@]}"
}

# The orphan holds the volume; once it is gone the daemon goes on from what it had made.
goes_on_after_the_orphan() {
	local tree
	tree=$(snapshots here/v working)
	wait_for row_has here/v 'WAITING (busy)'
	[ "$(snapshots here/v working)" = "$tree" ]
	diff <(rsyncs | sort) <(printf '%s\n' "${HELD[@]}" | sort)
	run flashback -1 here/v
	expect_exit 75
	[ "$(snapshots here/v working)" = "$tree" ]
	kill -KILL "${HELD[@]}"
	wait_for gone "${HELD[@]}"
	wake
	wait_for has_snapshots 1 here/v
	wait_for has_snapshots 0 here/v interrupted
	same_tree "$D/src" "$(newest here/v)"
}

@test "kill -9 of daemon and worker, a new daemon beside the orphaned rsync: it waits" {
	orphan
	# Else the worker, which gets TERM when the daemon dies, may resume and end rsync before it is killed itself.
	kill -STOP "$WORKER"
	wait_for stopped "$WORKER"
	kill -KILL "$DAEMON" "$WORKER"
	wait "$DAEMON" || true
	wait_for gone "$WORKER"
	start_daemon
	goes_on_after_the_orphan
}

@test "kill -9 of the worker alone: reported, and the daemon waits for the rsync that is left" {
	orphan
	kill -KILL "$WORKER"
	wait_for row_has here/v FAILED
	row_has here/v 'killed by signal 9'
	kill -USR1 "$DAEMON"
	goes_on_after_the_orphan
}

@test "an orphaned rsync that runs is ended by the death of its worker, and the next run resumes" {
	slow_source 4
	start_daemon
	wait_for is_copying here/v
	kill -KILL "$DAEMON" "$(worker)"
	wait "$DAEMON" || true
	start_daemon
	wait_for eval 'has_snapshots 1 here/v || { wake; sleep 0.3; false; }'
	same_tree "$D/src" "$(newest here/v)"
}

@test "the lock is on the data disk, in the volume; a program that holds it is waited for" {
	flashback -1 here/v
	next_second
	exec {lock}<"$STORE/here/v/.flashback/lock"
	flock "$lock"
	run flashback -1 here/v
	expect_exit 75
	expect 'here/v: busy after'
	expect "process $$ (bash)"
	[[ "$output" =~ 'NEXT RUN IN '[0-9:]+': locked by another flashback, or by what an ended run has left (kill that): process' ]]
	exec {lock}<&-
	run flashback -1 here/v
	expect_exit 0
	has_snapshots 2 here/v
}

@test "hooks that leave something running hold nothing: neither lock nor disk" {
	local pid
	disk_begin
	ext4_disk a 24M
	cat >"$D/hook" <<-END
	#!/bin/sh
	setsid env TEST="$D" sleep 1000 &
	echo \$! >>"$D/left"
	END
	chmod +x "$D/hook"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  before = "$D/hook"  after = "$D/hook" } }
	END
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	[ "$(wc -l <"$D/left")" -eq 2 ]
	for pid in $(cat "$D/left"); do
		PIDS+=" $pid"
		[ -n "$(alive "$pid")" ]
		[ "$(readlink "/proc/$pid/cwd")" = / ]
		[ -z "$(find "/proc/$pid/fd" -lname "*$MNT*")" ]
		[ -z "$(find "/proc/$pid/fd" -name '[3-9]')" ]
	done
	flock -n "$STORE/here/v/.flashback/lock" true
	in_box umount "$MNT"
}

@test "nobody else can lock the pid file" {
	needs_root
	umask 022
	mkdir -m 755 "$RUN"
	echo 1 >"$RUN/flashback.pid" # as older ones made it
	chmod 755 "$D"
	start_daemon
	[ "$(stat -c %a "$RUN/flashback.pid")" = 600 ]
	[ "$(cat "$RUN/flashback.pid")" = "$DAEMON" ]
	stop_daemon
	start_daemon
	[ "$(stat -c %a "$RUN/flashback.pid")" = 600 ]
	stop_daemon
}

@test "another user holds a pid file that an older version left: the daemon starts; and only one" {
	local lock
	needs_root
	umask 022
	mkdir -m 755 "$RUN"
	echo 1 >"$RUN/flashback.pid"
	# He opened it while he could.
	exec 8<"$RUN/flashback.pid"
	flock -n 8
	setpriv --reuid 65534 --regid 65534 --clear-groups sleep 600 &
	PIDS+=" ${lock:=$!}"
	exec 8<&-
	refuse flock -n "$RUN/flashback.pid" true
	start_daemon
	[ "$(stat -c %a "$RUN/flashback.pid")" = 600 ]
	[ "$(cat "$RUN/flashback.pid")" = "$DAEMON" ]
	kill -0 "$lock"
	run flashback
	expect_exit 1
	expect "held by process $DAEMON: flashback is already running"
	stop_daemon
}
