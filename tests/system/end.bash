# SPDX-License-Identifier: ISC
# Helpers for tests of the daemon's end.

# ends_in_time [SECONDS]: the daemon is told to end and does, in 15 s or this time, with all that descends from
# it; its files say so.
ends_in_time() {
	local all began=$EPOCHSECONDS
	all=$(family "$DAEMON")
	[ -n "$all" ]
	stop_daemon
	[ $((EPOCHSECONDS - began)) -le "${1:-15}" ]
	status_is status DOWN
	head -n 1 "$RUN/queue.txt" | grep -q ' : stopped$'
	[ ! -e "$RUN/flashback.pid" ]
	# shellcheck disable=SC2086 # pids
	wait_for 1 gone $all
}

# slowed CALL MILLISECONDS: what the daemon is to be started under, so that this call takes so long.
slowed() {
	# The search for leaks would not work below strace.
	SLOWED=(env ASAN_OPTIONS=detect_leaks=0 strace -D -f -qq -o "$D/strace" -e "trace=$1" -e "inject=$1:delay_enter=$2ms")
}

# comes_back: the next daemon makes of it what it should be.
comes_back() {
	IN_BOX=()
	start_daemon
	wait_for 20 has_snapshots 1 here/v
	wait_for 10 settled
	same_tree "$D/src" "$(newest here/v)"
	[ -z "$(find "$STORE/here/v" -maxdepth 1 '(' -name '*.working' -o -name '*.interrupted' -o -name '*.expired' ')')" ]
	stop_daemon
}
