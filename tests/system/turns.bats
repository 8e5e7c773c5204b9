#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Several runs at a time: as many as `parallel` says, one a machine, each in its turn.

load lib

setup() {
	begin
	printf '#!/bin/sh\necho "%s $FLASHBACK_VOLUME $(date +%%s%%3N)" >>%s/turns\n' start "$D" >"$D/start"
	printf '#!/bin/sh\necho "%s $FLASHBACK_VOLUME $(date +%%s%%3N)" >>%s/turns\n' end "$D" >"$D/end"
	chmod 755 "$D/start" "$D/end"
	head -c 1500000 /dev/urandom >"$D/src/f"
	hooks="before = \"$D/start\"  after = \"$D/end\""
	slowly='rsync_options = { "--bwlimit=1000" }'
}

teardown() {
	finish
}

# machine NAME ADDRESS: one with two volumes, each of which takes a second and a half.
machine() {
	echo "host \"$1\" { address = \"$2\"  probe = \"none\"  $slowly  $hooks
	    volume \"v\" { source = \"$D/src/\" }
	    volume \"w\" { source = \"$D/src/\" } }"
}

# most_at_once: what the greatest number of runs at one time was, of all and of one address.
most_at_once() {
	awk '{ split($2, id, "/"); host = id[1]; if (host == "b2") host = "b" }
	$1 == "start" { if (++n > most) most = n; if (++at[host] > one) one = at[host] }
	$1 == "end" { n--; at[host]-- }
	END { print most, one }' "$D/turns"
}

# share: of a hundred parts of the time that they would have taken one after the other, how many they took.
share() {
	awk '$1 == "start" { began[$2] = $3; if (!first) first = $3 }
	$1 == "end" { sum += $3 - began[$2]; last = $3 }
	END { print int(100 * (last - first) / sum) }' "$D/turns"
}

all_done() {
	[ "$(grep -c ^end "$D/turns")" -eq "$1" ]
}

@test "as many as parallel says, never two at one address, the next as one ends" {
	main_conf "$STORE" <<-END
	parallel = 3
	END
	{
		machine a one
		machine b two
		machine b2 two
		machine c three
		machine d four
	} | hosts_conf
	start_daemon
	wait_for all_done 10
	wait_for settled
	[ "$(most_at_once)" = '3 1' ]
	# b and b2, four runs of ten at one address, are what it takes longest for.
	[ "$(share)" -lt 80 ] || { share; cat "$D/turns"; return 1; }
	status_is volumes.ok 10
}

@test "a run that waits for its turn while its window closes is given up" {
	head -c 20000000 /dev/urandom >"$D/src/f"
	set_clock '2027-03-01 22:30:00'
	hosts_conf <<-END
	host "here" { $slowly  $hooks
	    volume "a" { source = "$D/src/" }
	    volume "b" { source = "$D/src/"  window = "22:00-23:00" } }
	END
	start_daemon
	wait_for grep -q 'start here/a' "$D/turns"
	row_has here/b 'WAITING (slot)'
	set_clock '2027-03-01 23:01:00'
	kill -HUP "$DAEMON"
	wait_for row_has here/b 'WAITING (window)'
	refuse grep -q 'end here/a' "$D/turns"
	stop_daemon
	refuse grep -q here/b "$D/turns"
}

@test "the most overdue in proportion goes first" {
	main_conf "$STORE" <<-END
	parallel = 1
	END
	hosts_conf <<-END
	host "here" { $hooks
	    volume "day"  { source = "$D/src/"  every = "1d" }
	    volume "hour" { source = "$D/src/"  every = "1h" }
	    volume "week" { source = "$D/src/"  every = "7d" }
	}
	END
	set_clock '2027-03-01 12:00:00'
	flashback -1
	: >"$D/turns"
	hosts_conf <<-END
	host "here" { $hooks
	    volume "day"  { source = "$D/src/"  every = "1d" }
	    volume "hour" { source = "$D/src/"  every = "1h" }
	    volume "new"  { source = "$D/src/"  every = "30d" }
	    volume "week" { source = "$D/src/"  every = "7d" }
	}
	END
	set_clock '2027-03-09 12:00:00'
	flashback -1
	[ "$(grep ^start "$D/turns" | cut -d/ -f2 | cut -d' ' -f1 | tr '\n' ' ')" = 'new hour day week ' ]
}

# answers_at TEXT: the clock has been set, the daemon is woken, and the files say so while runs go on.
answers_at() {
	set_clock "$1"
	kill "-$2" "$DAEMON"
	wait_for status_is epoch "$(cat "$D/now")"
}

# is_seen_to_go_on: also in the middle of the first file.
is_seen_to_go_on() {
	kill -HUP "$DAEMON"
	[[ "$(row b/v)" =~ BACKING\ UP\ [1-9][0-9]*%\ [0-9.]+K/s\ 0:0[01]: ]]
}

@test "while runs last signals are answered and the files are rewritten" {
	hosts_conf < <(machine a one; machine b two)
	head -c 60000000 /dev/urandom >"$D/src/f"
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for row_has a/v 'BACKING UP'
	wait_for row_has b/v 'BACKING UP'
	wait_for status_is status BACKING_UP
	status_is target 'a/v,b/v'
	wait_for line_of "$RUN/queue.txt" "2027-03-01 12:00:00 : backing up 'a/v' and 1 more"
	answers_at '2027-03-01 12:10:00' HUP
	answers_at '2027-03-01 12:20:00' USR1
	# A volume that comes, and one that goes, are shown at once too.
	hosts_conf < <(machine b two; machine c three)
	answers_at '2027-03-01 12:30:00' HUP
	wait_for row_has c/v WAITING
	row_has a/v 'no longer in the config'
	refuse row a/w
	# How far it is, as it goes on.
	set_clock '2027-03-01 12:40:00'
	wait_for is_seen_to_go_on
	refuse grep -q ^end "$D/turns" # nor did any of this wait for the end of a run
	stop_daemon
	refuse grep 'did not stop in time' "$D/log"
}
