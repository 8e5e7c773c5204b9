#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# TERM, and something that will not end: it is given 10 s, and killed soon after.

load lib
load end

setup() {
	begin
	echo x >"$D/src/f"
}

teardown() {
	finish
}

# hook WHICH: it ignores TERM, as do its children, and goes on for long.
hook() {
	printf '#!/bin/sh\ntrap "" TERM\ntouch %s/in-hook\nsleep 1000 & sleep 1000\n' "$D" >"$D/hook"
	chmod 755 "$D/hook"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  $1 = "$D/hook" } }
	END
}

@test "TERM in before, which will not end" {
	hook before
	start_daemon
	wait_for test -e "$D/in-hook"
	ends_in_time
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } }
	END
	comes_back
}

@test "TERM in after, which will not end" {
	hook after
	start_daemon
	wait_for test -e "$D/in-hook"
	ends_in_time
	has_snapshots 1 here/v
}

@test "TERM while committing, on a disk that hangs" {
	slowed syncfs 600000
	IN_BOX=("${SLOWED[@]}")
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } }
	host "there" { address = "there"  probe = "none"  volume "v" { source = "$D/src/" } }
	END
	start_daemon
	wait_for row_has here/v 'syncing the disk'
	wait_for row_has there/v 'syncing the disk'
	PIDS=$(pgrep -f "$D/strace") # it would go on for ten minutes
	in_seconds 45 stop_daemon
	status_is status DOWN
	[ ! -e "$RUN/flashback.pid" ]
	[ "$(grep -c ' here/v: killed: it did not stop in time' "$D/log")" -eq 1 ] # each is said once
	[ "$(grep -c 'did not stop in time' "$D/log")" -eq 2 ]
}
