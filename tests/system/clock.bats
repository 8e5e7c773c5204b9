#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Clocks that are wrong: no history is lost, nothing stops without a word, nothing stops for ever.

load lib
load disk

setup() {
	begin
	export TZ=Europe/Berlin
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$D/src/"  keep_last = 0  keep_daily = 3  keep_weekly = 0
	} }
	END
}

teardown() {
	finish
}

# at WHEN: it is that time, and the daemon wakes.
at() {
	set_clock "$1"
	echo "$1" >"$D/src/changes"
	wake
}

# made STAMP...: these are its complete snapshots, oldest first by name.
made() {
	snapshots_of here/v
	[ "${SNAPSHOTS[*]}" = "$*" ] || { printf '%s\n' "${SNAPSHOTS[@]}"; return 1; }
}

@test "1970: nothing runs, it is CRITICAL and reports it, and heals by itself" {
	set_clock '1970-01-01 00:05:00 UTC'
	start_daemon
	wait_for status_is health CRITICAL
	[[ "$(status reason)" == *clock* ]]
	row_has here/v 'WAITING (clock)'
	[ ! -e "$STORE/here" ]
	run flashback -1 here/v
	expect_exit 75
	at '2027-03-01 12:00'
	wait_for made 2027-03-01T120000+0100
	wait_for status_is health OK
}

@test "1970 over a store with snapshots: all are kept, none is called a stray, and all is as before" {
	set_clock '2027-03-01 12:00'
	flashback -1
	set_clock '2027-03-02 12:00'
	flashback -1
	set_clock '1970-01-01 00:05:00 UTC'
	# A host that is silent: no run comes to mend what is known of it.
	mv "$D/src" "$D/away"
	sed -i 's/source/removable = yes  source/' "$D/hosts.conf"
	start_daemon
	wait_for status_is health CRITICAL
	[[ "$(status reason)" == *clock* ]]
	refuse grep -q 'mv 2027' "$RUN/queue.txt"
	set_clock '2027-03-02 13:00'
	wake
	wait_for status_is health OK
	wait_for row_has here/v '2027-03-02 12:00:00'
	row_has here/v 'NEXT RUN'
	made 2027-03-01T120000+0100 2027-03-02T120000+0100
}

@test "a jump of a year ahead and back: nothing lost, one WARNING with the command that mends it" {
	local command
	set_clock '2027-03-01 12:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	at '2027-03-02 12:00'
	wait_for has_snapshots 2 here/v
	wait_for settled
	at '2028-03-02 12:30'
	wait_for has_snapshots 3 here/v
	wait_for settled
	at '2027-03-02 13:00'
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'2028-03-02T123000+0100 is from the future'* ]]
	for day in 03 04 05; do
		at "2027-03-$day 12:00"
		wait_for [ -e "$STORE/here/v/2027-03-${day}T120000+0100" ]
		wait_for settled
	done
	# Nothing has expired meanwhile, and latest is the latest.
	made 2027-03-0{1,2,3,4,5}T120000+0100 2028-03-02T123000+0100
	[ "$(readlink "$STORE/here/v/latest")" = 2027-03-05T120000+0100 ]
	status_is health WARNING
	row_has here/v 'from the future'

	command=$(status reason)
	command=${command#*from the future: }
	eval "(${command%% (and*})"
	kill -USR1 "$DAEMON"
	wait_for status_is health OK
	at '2027-03-06 12:00'
	wait_for made 2027-03-0{4,5,6}T120000+0100
	[ -d "$STORE/here/v/2028-03-02T123000+0100.from-the-future" ]
}

@test "a clock that was ahead by less than 26 hours: held back, reported, and heals by itself" {
	set_clock '2027-03-02 08:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	at '2027-03-01 12:00'
	wait_for row_has here/v 'WAITING (clock)'
	row_has here/v 'ahead of the clock'
	run flashback -1 here/v
	expect_exit 75
	at '2027-03-02 07:00'
	wait_for settled
	made 2027-03-02T080000+0100
	at '2027-03-03 08:00'
	wait_for made 2027-03-02T080000+0100 2027-03-03T080000+0100
	status_is health OK
}

@test "a backoff that began a year ahead does not hold for a year" {
	set_clock '2027-03-01 12:00'
	mv "$D/src" "$D/away"
	start_daemon
	wait_for row_has here/v FAILED
	set_clock '2028-03-01 12:00'
	wake
	wait_for grep -q '^2028.*failed' "$D/log"
	set_clock '2027-03-01 12:30'
	mv "$D/away" "$D/src"
	wake
	wait_for made 2027-03-01T123000+0100
	wait_for status_is health OK
}

@test "a volume that never had a backup, first known a year ahead, is overdue in time" {
	set_clock '2028-03-01 12:00'
	rm -r "$D/src"
	sed -i 's/source/removable = yes  source/' "$D/hosts.conf"
	start_daemon
	wait_for row_has here/v 'NOT FOUND'
	set_clock '2027-03-01 12:00'
	wake
	wait_for settled
	set_clock '2027-03-05 12:00'
	wake
	wait_for status_is health CRITICAL
	wait_for row_has here/v OVERDUE
}

@test "a volume whose first run, a failed one, was a year ahead is overdue in time" {
	set_clock '2028-03-01 12:00'
	rm -r "$D/src"
	run flashback -1
	expect_exit 2
	grep -q '^2028' "$STORE/here/v/.flashback/history"
	set_clock '2027-03-01 12:00'
	start_daemon
	wait_for row_has here/v FAILED
	refuse row_has here/v OVERDUE
	wake_at '2027-03-05 12:00'
	status_is health CRITICAL
	row_has here/v OVERDUE
	[[ "$(status reason)" == *'here/v'* ]]
}

@test "the night in spring that lacks an hour, the night in autumn that has one twice" {
	sed -i 's/keep_last = 0/every = "1h" keep_last = 20/' "$D/hosts.conf"
	set_clock '2027-03-28 00:30:00 UTC'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	local hour n=1
	for hour in 01 02; do
		at "2027-03-28 $hour:30:00 UTC"
		n=$((n + 1))
		wait_for has_snapshots $n here/v
		wait_for settled
	done
	made 2027-03-28T013000+0100 2027-03-28T033000+0200 2027-03-28T043000+0200
	for hour in 00 01 02; do
		at "2027-10-31 $hour:30:00 UTC"
		n=$((n + 1))
		wait_for has_snapshots $n here/v
		wait_for settled
	done
	made 2027-03-28T013000+0100 2027-03-28T033000+0200 2027-03-28T043000+0200 \
		2027-10-31T023000+0100 2027-10-31T023000+0200 2027-10-31T033000+0100
	[ "$(readlink "$STORE/here/v/latest")" = 2027-10-31T033000+0100 ]
	# Of the hour that came twice the second one is the newer, whatever sort(1) says.
	sed -i 's/keep_last = 20/keep_last = 2/' "$D/hosts.conf"
	at "2027-10-31 03:30:00 UTC"
	wait_for has_snapshots 4 here/v
	made 2027-03-28T043000+0200 2027-10-31T023000+0100 2027-10-31T033000+0100 2027-10-31T043000+0100
}

@test "a window inside the hour that a spring night lacks: its volume waits a day, not for ever" {
	sed -i 's/keep_last = 0/keep_last = 20  window = "02:00-03:00"/' "$D/hosts.conf"
	set_clock '2027-03-27 02:30'
	start_daemon
	wait_for made 2027-03-27T023000+0100
	wait_for settled
	at '2027-03-28 01:55'
	wait_for settled
	at '2027-03-28 03:05'
	wait_for row_has here/v 'NEXT RUN IN 22:55:'
	row_has here/v '2027-03-27 02:30:00' # as its name has it
	at '2027-03-29 02:10'
	wait_for made 2027-03-27T023000+0100 2027-03-29T021000+0200
}

@test "snapshots all from the future: runs continue, nothing expires, it is reported" {
	local day
	for day in 1 2 3; do
		set_clock "2029-03-0$day 12:00"
		flashback -1
	done
	for day in 1 2 3 4 5; do
		set_clock "2027-03-0$day 12:00"
		flashback -1
	done
	made 2027-03-0{1,2,3,4,5}T120000+0100 2029-03-0{1,2,3}T120000+0100
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == *2029-03-03T120000+0100*'mv '* ]]
	stop_daemon
	# The clock is right again, after all: everything counts again.
	set_clock '2029-03-04 12:00'
	flashback -1
	made 2027-03-0{4,5}T120000+0100 2029-03-0{1,2,3,4}T120000+0100
}

@test "a time zone of more than a day is no time zone" {
	set_clock '2027-03-01 12:00 UTC'
	TZ=X-24 flashback -1
	made 2027-03-01T120000+0000
	set_clock '2027-03-02 12:00 UTC'
	TZ=X+24:30 flashback -1
	made 2027-03-0{1,2}T120000+0000
}
