#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A run never hangs, and one that only takes its time is left alone.

load lib
load net

setup() {
	begin
	echo x >"$D/src/f"
}

teardown() {
	finish
}

far_rsync() {
	pgrep -f "^rsync --server --sender .* $D/src/$"
}

# partly_copied VOLUME
partly_copied() {
	[ "$(du -ks "$STORE/$1"/*.working | cut -f1)" -gt 2500 ]
}

@test "a far rsync that is stopped: the run ends after three times io_timeout, and nothing is left of it" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	head -c 20000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "h" { volume "v" {
	    source = "root@10.77.1.2:$D/src/"  ssh = "$SSH"  io_timeout = "10s"
	    rsync_options = { "--bwlimit=4000" }
	} }
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for partly_copied h/v
	local far before=$EPOCHSECONDS ours
	ours=$(family "$DAEMON")
	far=$(far_rsync)
	# shellcheck disable=SC2086 # pids
	kill -STOP $far
	PIDS=$far
	wait_for row_has h/v FAILED
	[ $((EPOCHSECONDS - before)) -ge 9 ]
	# Now and then rsync is the one that notices.
	[[ "$(row h/v)" =~ (no\ sign\ of\ life\ for\ 30s|no\ data\ for\ 10\ s\ \(io_timeout\)):\ the\ host\ or\ the\ network\ hangs ]]
	# shellcheck disable=SC2086
	gone $ours
	has_snapshots 1 h/v interrupted
	# What it has is kept.
	# shellcheck disable=SC2086
	kill -KILL $far || true
	wake_at '2027-03-01 13:00:00'
	has_snapshots 1 h/v
	same_tree "$D/src" "$(newest h/v)"
}

@test "a run that reads for long without a word is healthy" {
	local before=$STORE/here/v/2027-03-01T120000+0000
	truncate -s 16M "$D/src/huge"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  io_timeout = "1s"  rsync_options = { "-c" } } }
	END
	set_clock '2027-03-02 12:00:00'
	mkdir -p "$STORE/here/v"
	cp -a "$D/src" "$before"
	# As from a slow disk: rsync reads 256 KiB at a time, 64 times, in six seconds.
	SECONDS=0
	run strace -f --seccomp-bpf -qq -o "$D/trace" -P "$D/src/huge" -e trace=read -e inject=read:delay_exit=100000 \
	    "$FLASHBACK" -c "$CONF" -1 here/v
	expect_exit 0
	[ "$SECONDS" -ge 6 ]
	[ "$(newest here/v)/huge" -ef "$before/huge" ]
}

# many_files: 48 of half a megabyte, which take twelve seconds.
many_files() {
	local n
	for n in {1..48}; do
		head -c 500000 /dev/urandom >"$D/src/$n"
	done
	slowly='rsync_options = { "--bwlimit=2000" }'
}

# kept_so_far DIR: the inodes of what arrived whole there.
kept_so_far() {
	find "$1" -type f -size +480k -printf '%i\n' | sort
}

@test "time_slice: a long run gives way to one that waits, and resumes without losing what it has" {
	local slowly
	many_files
	mkdir "$D/small"
	echo x >"$D/small/f"
	main_conf "$STORE" <<-END
	parallel = 1
	time_slice = "15m"
	END
	hosts_conf <<-END
	host "here" {
	    volume "a-big" { source = "$D/src/"  $slowly }
	    volume "small" { source = "$D/small/" }
	}
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for partly_copied here/a-big
	row_has here/small 'WAITING (slot): other volumes are being backed up'
	set_clock '2027-03-01 12:10:00'
	kill -HUP "$DAEMON"
	wait_for woken_at '2027-03-01 12:10:00'
	row_has here/a-big 'BACKING UP'
	wait_for partly_copied here/a-big
	set_clock '2027-03-01 12:20:30'
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 here/small
	wait_for settled
	row_has here/a-big 'interrupted at'
	row_has here/a-big 'resumes at 12:30'
	kept_so_far "$STORE"/here/a-big/*.working >"$D/kept"
	[ "$(wc -l <"$D/kept")" -ge 2 ]
	status_is volumes.failed 0
	wake_at '2027-03-01 12:30:30'
	has_snapshots 1 here/a-big
	same_tree "$D/src" "$(newest here/a-big)"
	[ -z "$(comm -23 "$D/kept" <(kept_so_far "$(newest here/a-big)"))" ]
}

woken_at() {
	status_is epoch "$(date -d "$1" +%s)"
}

@test "a window that closes ends a run, which resumes in the next one" {
	local slowly
	many_files
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  window = "10:00-14:00"  $slowly } }
	END
	set_clock '2027-03-01 13:50:00'
	start_daemon
	wait_for partly_copied here/v
	set_clock '2027-03-01 14:00:00'
	# Nobody wakes it: it looks at windows itself.
	wait_for row_has here/v interrupted
	[[ "$(row here/v)" =~ WAITING\ \(window\):\ interrupted\ at\ [0-9]+%,\ resumes\ at\ 2027-03-02\ 10:0[0-9]$ ]]
	status_is health WARNING
	kept_so_far "$STORE"/here/v/*.working >"$D/kept"
	wake_at '2027-03-01 20:00:00'
	has_snapshots 0 here/v
	wake_at '2027-03-02 10:00:00'
	has_snapshots 1 here/v
	same_tree "$D/src" "$(newest here/v)"
	[ -z "$(comm -23 "$D/kept" <(kept_so_far "$(newest here/v)"))" ]
}
