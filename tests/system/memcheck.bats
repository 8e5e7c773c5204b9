#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The daemon and all its children under valgrind's memcheck, for ten runs and ten readings of a config that is another
# one each time; with make soak for many times as many.

load lib

setup() {
	command -v valgrind >/dev/null || skip "valgrind is not installed"
	begin
	FLASHBACK=$ROOT/build/test/flashback # memcheck and the sanitizers cannot both have it
}

teardown() {
	finish
}

# config N: five volumes, whose options are others each time; every fifth time with an error, for which the old one stays.
config() {
	local i
	for i in {0..4}; do
		mkdir -p "$D/src$i"
		echo "$1" >"$D/src$i/f"
		echo "host \"h$i\" { volume \"v$i\" { source = \"$D/src$i/\"  keep_last = $((1 + ($1 + 1) % 3))  keep_daily = 0  keep_weekly = 0 } }"
	done | hosts_conf
	[ $(($1 % 5)) -ne 4 ] || echo 'host "bad" { every = "soon" }' >>"$D/hosts.conf"
}

# watched COMMAND...: under memcheck, with a report for each process but the programs that are not ours.  No
# leaks are shown: children end with all they have, and of the daemon more is asked below.
watched() {
	exec valgrind --leak-check=full --show-leak-kinds=none --errors-for-leak-kinds=none --track-fds=yes \
		--error-markers="error begins,error ends" --trace-children=yes --trace-children-skip='*/rsync,*/ssh,*/sh' --log-file="$D/memcheck.%p" "$@"
}

# has_read N: so many configs after the first, good and bad.  has_run N: so many times each of the five volumes.
has_read() {
	[ "$(grep -cE '(config reloaded|the config has errors)' "$D/log")" -eq "$1" ]
}

has_run() {
	[ "$(cat "$STORE"/h*/v*/.flashback/history | grep -c SUCCEEDED)" -eq $((5 * $1)) ]
}

@test "ten runs, ten configs: no error, no leak, no descriptor left open" {
	local n noon memcheck days=$((2 * ${FLASHBACK_SOAK:-1}))
	noon=$(date -d '2027-03-01 12:00' +%s)
	config 0
	set_clock "@$noon"
	background DAEMON watched "$FLASHBACK" -c "$CONF"
	wait_for has_run 1
	for ((n = 1; n < 5 * days; n++)); do
		config "$n"
		[ $((n % 5)) -ne 0 ] || noon=$((noon + 90000)) # another day: all are due
		set_clock "@$((noon + n % 5 * 60))"
		kill -HUP "$DAEMON"
		wait_for has_read "$n"
		wait_for has_run $((n / 5 + 1))
		wait_for settled # and what that config lets expire has expired
	done
	memcheck=$D/memcheck.$DAEMON
	stop_daemon
	for n in {0..4}; do
		has_snapshots $((1 + (5 * days - 4) % 3)) "h$n/v$n" # by the config of the last day
	done
	refuse grep -A 30 'error begins' "$D"/memcheck.*
	# What became rsync has no summary; a worker for each run, the looks at the disk and the daemon itself have one.
	[ "$(grep -l 'ERROR SUMMARY: 0 errors' "$D"/memcheck.* | wc -l)" -gt $((10 * days)) ]
	grep -q 'All heap blocks were freed' "$memcheck" || { cat "$memcheck"; return 1; }
	# The descriptors it has at the end it was given: each is said to be inherited.
	[ "$(grep -c 'Open file descriptor' "$memcheck")" -eq "$(grep -c 'inherited from parent' "$memcheck")" ]
}
