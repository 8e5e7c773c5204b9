#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A box that sleeps, and one whose clock jumps.

load lib

setup() {
	begin
	echo x >"$D/src/f"
}

teardown() {
	finish
}

partly_copied() {
	[ "$(du -ks "$STORE"/here/v/*.working | cut -f1)" -gt 1000 ]
}

@test "a box that slept, and a wake that comes late: one catch-up, no storm" {
	main_conf "$STORE" <<-END
	wake = "1s"
	END
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  every = "1h" } }
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	kill -STOP "$DAEMON"
	set_clock '2027-03-02 19:30:00'
	sleep 4 # four wakes are missed
	kill -CONT "$DAEMON"
	wait_for has_snapshots 2 here/v
	sleep 2.5
	has_snapshots 2 here/v
	[ "$(grep -c 'succeeded' "$D/log")" -eq 2 ]
	snapshots here/v | tail -n 1 | grep -q ^2027-03-02T193000
	status_is health OK
}

@test "a run in progress survives the sleep of the box" {
	# With -c for then rsync has no time-out of its own, which would be over.
	head -c 12000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  io_timeout = "3s"  rsync_options = { "-c", "--bwlimit=2000" } } }
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for partly_copied
	local all
	all="$DAEMON $(family "$DAEMON")"
	# shellcheck disable=SC2086
	kill -STOP $all
	set_clock '2027-03-01 20:00:00'
	sleep 10 # more than three times io_timeout
	# shellcheck disable=SC2086
	kill -CONT $all
	wait_for has_snapshots 1 here/v
	snapshots here/v | grep -q ^2027-03-01T120000
	same_tree "$D/src" "$(newest here/v)"
}

@test "a clock that is set forth and back: no storm, and nothing expires" {
	main_conf "$STORE" <<-END
	wake = "1s"
	END
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  every = "1h"  keep_last = 2  keep_daily = 0  keep_weekly = 0 } }
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	set_clock '2027-03-01 18:00:00'
	wait_for has_snapshots 2 here/v
	set_clock '2027-03-01 12:30:00'
	wait_for row_has here/v 'WAITING (clock): its newest snapshot is ahead of the clock'
	sleep 2
	has_snapshots 2 here/v
	set_clock '2027-03-01 18:30:00'
	wait_for row_has here/v 'NEXT RUN IN'
	has_snapshots 2 here/v
	set_clock '2027-03-01 19:00:00'
	wait_for row_has here/v 'SUCCEEDED'
	has_snapshots 2 here/v
}
