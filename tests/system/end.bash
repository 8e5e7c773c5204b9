# SPDX-License-Identifier: ISC
# Helpers for tests of the daemon's end.

# in_seconds N COMMAND...: it takes no longer.
in_seconds() {
	local most=$1 began=${EPOCHREALTIME/./} took
	shift
	"$@"
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	[ $took -le $((most * 1000)) ] || { echo "took $took ms, not $most s at most: $*"; return 1; }
}

# ends_in_time [SECONDS]: the daemon is told to end and does, with all that descends from it; its files say so.  What
# does not end by itself is killed after 13 s.  Were it not, its worker would have 60, which a busy machine is far
# from.
ends_in_time() {
	local all
	all=$(family "$DAEMON")
	[ -n "$all" ]
	in_seconds "${1:-45}" stop_daemon
	status_is status DOWN
	head -n 1 "$RUN/queue.txt" | grep -q ' : stopped$'
	[ ! -e "$RUN/flashback.pid" ]
	# shellcheck disable=SC2086 # pids
	wait_for gone $all
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
	wait_for has_snapshots 1 here/v
	wait_for settled
	same_tree "$D/src" "$(newest here/v)"
	[ -z "$(find "$STORE/here/v" -maxdepth 1 '(' -name '*.working' -o -name '*.interrupted' -o -name '*.expired' ')')" ]
	stop_daemon
}
