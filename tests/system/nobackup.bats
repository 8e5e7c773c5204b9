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
