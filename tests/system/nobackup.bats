#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Volumes that have no backup at all are never good news.

load lib

setup() {
	begin
	set_clock '2027-03-01 12:00:00'
}

teardown() {
	finish
}

@test "a volume without any snapshot is never ok: one never found, one outside its window" {
	hosts_conf <<-END
	host "here" {
	    volume "v" { source = "$D/src/" }
	    volume "stick" { source = "$D/typo/" removable = yes }
	    volume "night" { source = "$D/src/" window = "22:00-06:00" }
	}
	END
	start_daemon
	wait_for settled
	wait_for has_snapshots 1 here/v
	status_is volumes.total 3
	wait_for status_is volumes.ok 1
	status_is health OK
	wake_at '2027-03-01 12:10:00'
	status_is health WARNING
	[[ $(status reason) == 'here/stick has no backup yet: '*' (and 1 more volume)' ]]
	wake_at '2027-03-01 22:10:00'
	has_snapshots 1 here/night
	status_is health WARNING
	[[ $(status reason) == 'here/stick has no backup yet: '* ]]
	mkdir "$D/typo"
	touch "$D/typo/found"
	wake_at '2027-03-01 22:20:00'
	has_snapshots 1 here/stick
	status_is health OK
	status_is volumes.ok 3
}

@test "a machine that is off each night: what was never backed up becomes overdue all the same" {
	local day
	hosts_conf <<<"host \"here\" { volume \"stick\" { source = \"$D/typo/\" removable = yes } }"
	for day in 01 02 03 04; do
		set_clock "2027-03-$day 12:00:00"
		start_daemon
		wait_for settled
		status_is volumes.overdue 0
		stop_daemon
	done
	set_clock '2027-03-04 13:00:00'
	run flashback -1
	expect 'OVERDUE'
	start_daemon
	wait_for settled
	status_is volumes.overdue 1
	status_is health CRITICAL
	stop_daemon
	# What is known since when is not kept for volumes that have a snapshot, or have left the config.
	[ "$(cut -d' ' -f2 "$STORE/.flashback/first-seen")" = here/stick ]
	mkdir "$D/typo"
	touch "$D/typo/found"
	flashback -1
	flashback -1
	[ ! -s "$STORE/.flashback/first-seen" ]
}

@test "no volumes at all" {
	hosts_conf </dev/null
	start_daemon
	wait_for settled
	status_is health WARNING
	status_is reason 'no volumes are configured: nothing is backed up'
}

@test "--once alone: it promises no time at which nobody will try again" {
	rm -r "$D/src"
	run flashback -1
	expect_exit 2
	expect 'again with the next run of flashback'
	run flashback -1 here/v
	expect 'again with the next run of flashback'
	row_has here/v 'again with the next run of flashback'
	mkdir "$D/src"
	echo x >"$D/src/f"
	hosts_conf <<-END
	host "here" {
		volume "v" { source = "$D/src/"  before = { "/bin/sh", "-c", "exit 75" } }
		volume "w" { source = "$D/src/" }
	}
	END
	run flashback -1 here/v
	expect 'WAITING (busy): `before` exited with status 75: not now; again with the next run of flashback'
	row_has here/w 'READY: starts with the next run of flashback'
	refuse expect ' at '
}

@test "--dry-run for a volume that is new: its command runs as it stands" {
	run flashback -n
	expect_exit 0
	local command
	command=$(grep -A 1 '^    mkdir ' <<<"$output")
	sh -c "$command"
	[ "$(stat -c %a "$STORE/here/v")" = 700 ]
	[ "$(cat "$STORE"/here/v/*/f)" = x ]
}

@test "a host without volumes is reported by --check" {
	echo 'host "lonely" { every = "2d" }' >>"$D/hosts.conf"
	run flashback --check
	expect_exit 0
	expect "# host lonely ($D/hosts.conf:2) has no volumes: nothing of it is backed up"
	[ "${lines[-1]}" = '2 hosts, 1 volume, no errors, 1 hint above' ]
}

@test "a changed wake is in force from the wake that reads it" {
	start_daemon
	wait_for settled
	status_is wait 10
	echo 'wake = "2h"' >>"$CONF"
	wake_at '2027-03-01 12:01:00'
	status_is wait 120
}

@test "the percentage of a quick run is one of bytes" {
	needs_root
	local n
	touch "$D/src/"{1..400}
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$D/src/\" every = \"1h\"
	    rsync_options = \"--bwlimit=3M\" } }"
	flashback -1
	for n in {1..20}; do echo x >"$D/src/a$n"; done
	head -c 30M /dev/urandom >"$D/src/new"
	set_clock '2027-03-01 13:30:00'
	start_daemon
	wait_for row_fits 'BACKING UP ([1-9]|[1-3][0-9])% ' # of the names on its list it would be 95
}

# row_fits REGEX: does the row of here/v fit?  What a run has done so far is written each minute, and at a wake.
row_fits() {
	kill -HUP "$DAEMON"
	line_of "$RUN/queue.txt" 'here/v ' && [[ $LINE =~ $1 ]]
}
