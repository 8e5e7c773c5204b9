#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A run never hangs, and one that only takes its time is left alone.

load lib
load net

setup() {
	needs_root
	begin
	box_start
	host_start 1
	sshd_start 1
	echo x >"$D/src/f"
}

teardown() {
	finish
}

# of_session PID...: all processes whose session is one of these.
of_session() {
	local pid
	for pid; do
		ps -o pid= -s "$pid" 2>/dev/null || true
	done
}

far_rsync() {
	pgrep -f "^rsync --server --sender .* $D/src/$"
}

partly_copied() {
	[ "$(du -ks "$STORE"/h/v/*.working | cut -f1)" -gt 1000 ]
}

@test "a far rsync that is stopped: the run ends after three times io_timeout, and nothing is left of it" {
	head -c 24000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "h" { volume "v" {
	    source = "root@10.77.1.2:$D/src/"  ssh = "$SSH"  io_timeout = "2s"
	    rsync_options = { "--bwlimit=4000" }
	} }
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for 10 partly_copied
	local far before=$EPOCHSECONDS ours
	ours=$(family "$DAEMON")
	far=$(far_rsync)
	# shellcheck disable=SC2086 # pids
	kill -STOP $far
	PIDS=$far
	wait_for 20 row_has h/v FAILED
	[ $((EPOCHSECONDS - before)) -ge 5 ]
	row_has h/v 'no sign of life for 6s: the host or the network hangs'
	# shellcheck disable=SC2086
	[ -z "$(alive $ours)" ]
	has_snapshots 1 h/v interrupted
	# What it has is kept.
	# shellcheck disable=SC2086
	kill -KILL $far || true
	wake_at '2027-03-01 13:00:00'
	has_snapshots 1 h/v
	same_tree "$D/src" "$(newest h/v)"
}
