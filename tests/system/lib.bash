# SPDX-License-Identifier: ISC
# Helpers of the system tests: the real program, in a private directory, with nothing left behind.
# Each test begins with "begin" (from setup) and ends with "finish" (from teardown).  Afterwards:
#   $D      a private directory            $STORE  the store, made by --init
#   $CONF   flashback.conf                 $RUN    status.txt, queue.txt, the pid file

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
FLASHBACK=${FLASHBACK:-$ROOT/build/test/flashback}
MANIFEST=$ROOT/build/manifest
PATH=$PATH:/usr/sbin:/sbin
# The system's, which has the system's modules, before one that a user has besides.
[ ! -x /usr/bin/python3 ] || hash -p /usr/bin/python3 python3

# Without processes, where bash can do so (bash-builtins).
for name in mkdir rm; do
	enable -f "/usr/lib/bash/$name" "$name" 2>/dev/null || true
done

begin() {
	trace_less
	D=$BATS_TEST_TMPDIR
	STORE=$D/store CONF=$D/flashback.conf RUN=$D/run
	DAEMON='' PIDS=''
	SSH=ssh
	IN_BOX=() # how to run something where flashback runs; see net.bash
	main_conf "$STORE"
	"$FLASHBACK" -c "$CONF" --init --force >"$D/init.txt" 2>&1 || { cat "$D/init.txt"; return 1; }
}

# trace_less: bats has each command of each function traced, which takes more time than most of these commands do.  The
# lines of the test itself are enough; where something fails below them the calls are shown.
trace_less() {
	set +T
	declare -ft "$BATS_TEST_NAME"
	trap 'bats_error_trap; calls' ERR
}

calls() {
	local i
	[[ $- == *e* ]] || return 0 # not in $(...), where nothing ends at a failure
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		echo "at line ${BASH_LINENO[i - 1]} in ${FUNCNAME[i]}"
		[ "${FUNCNAME[i]}" != "$BATS_TEST_NAME" ] || break
	done
} >&2

# end_ours PID...: kill those that are still of this test, which all know its directory: by their environment, or
# where flashback gave them another one by what they were called with.  On a busy machine a number is soon given to
# a process of somebody else.
end_ours() {
	local pid killed=()
	for pid; do
		if knows "$pid" "$D"; then
			kill -KILL "$pid" && killed+=("$pid")
		fi
	done
	for pid in "${killed[@]}"; do
		wait "$pid"
	done
	true
} 2>/dev/null

# knows PID TEXT: is that in its environment or in what it was called with?
knows() {
	local file text
	for file in "/proc/$1/environ" "/proc/$1/cmdline"; do
		if mapfile -d '' text <"$file" && [[ "${text[*]}" == *"$2"* ]]; then
			return 0
		fi
	done
	return 1
}

# finish: end what the test started, by pid.  Shows the daemon's log, which bats prints if the test failed.
finish() {
	# What is killed does not write down what it has counted (make coverage).
	if [ -n "${FLASHBACK_BUILD:-}" ] && [ -n "${DAEMON:-}" ]; then
		{ kill -TERM "$DAEMON" && timeout 60 tail --pid="$DAEMON" -f /dev/null; } 2>/dev/null || true
	fi
	# shellcheck disable=SC2086 # pids
	end_ours ${DAEMON:-} ${PIDS:-}
	PIDS='' DAEMON=''
	[ ! -s "$D/holders" ] || net_finish
	local log queue
	contents log "$D/log" && echo "-- log" && printf '%s\n' "$log"
	contents queue "$RUN/queue.txt" && echo "-- queue.txt" && printf '%s\n' "$queue"
	# Where the program under test has sanitizers (make check-asan).
	[[ $log != *Sanitizer* && $log != *"runtime error"* ]]
}

# main_conf DATA_DIR: write flashback.conf; more lines from standard input, if it is not a terminal.
# Without defaults of their own, all snapshots are kept.
main_conf() {
	local more=''
	[ -t 0 ] || read -rd '' more || true
	[[ "$more" == *defaults* ]] || more+=$'\ndefaults { keep_last = 99 }'
	hash rsync
	printf '%s\n' "data_dir    = \"$1\"" "status_file = \"$RUN/status.txt\"" "queue_file  = \"$RUN/queue.txt\"" \
		"pid_file    = \"$RUN/flashback.pid\"" "rsync       = \"${BASH_CMDS[rsync]}\"" "$more" >"$CONF"
	[ -e "$D/hosts.conf" ] || hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } }
	END
	[ -e "$D/src" ] || { mkdir "$D/src" && echo x >"$D/src/f"; }
}

# runs full|quick: an option for a volume each of whose runs is to be a full one, or a quick one where that can be.
runs() {
	[ "$1" = quick ] || echo 'rsync_options = "--filter=- /no-such-name"'
}

hosts_conf() {
	local text
	IFS= read -rd '' text || true
	printf '%s' "$text" >"$D/hosts.conf"
}

# background VAR COMMAND...: start it; its pid goes to VAR, its words to $D/log.
background() {
	local -n background_pid=$1
	shift
	"$@" >>"$D/log" 2>&1 </dev/null 3>&- &
	background_pid=$!
}

# start_daemon [ARG...]: in the foreground of a background process; returns when status.txt says so.
start_daemon() {
	background DAEMON "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" "$@"
	wait_for daemon_up_or_gone
	daemon_up
}

daemon_up_or_gone() {
	daemon_up || [ ! -e "/proc/$DAEMON" ]
}

daemon_up() {
	status_is pid "$DAEMON" && ! status_is status PRESTART
}

# stop_daemon: TERM; its exit status is ours.
stop_daemon() {
	local pid=$DAEMON
	DAEMON=''
	kill -TERM "$pid"
	wait "$pid"
}

# flashback ARG...: run it with our config, words and results together.
flashback() {
	"${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" "$@" 2>&1
}

# on_terminal COMMAND...: with a terminal of its own; what appeared there is $output.
on_terminal() {
	run timeout 300 script -qec "$(printf '%q ' "$@")" /dev/null </dev/null
}

# wait_for COMMAND...: until the command succeeds; complain if it does not in two minutes.  That is what only a
# fault comes to, on a slow and busy machine too, and costs nothing where all is well.  What takes long to ask, as
# what starts processes does, is asked less often.
PATIENCE=120
wait_for() {
	local deadline=$((EPOCHSECONDS + PATIENCE)) asked pause
	while asked=${EPOCHREALTIME/./}; ! "$@" 2>/dev/null; do
		if [ "$EPOCHSECONDS" -gt "$deadline" ]; then
			echo "waited in vain for: $*"
			[ ! -e "$RUN/status.txt" ] || cat "$RUN/status.txt"
			return 1
		fi
		pause=$((4 * (${EPOCHREALTIME/./} - asked)))
		((pause >= 50000)) || pause=50000
		((pause <= 500000)) || pause=500000
		printf -v pause '0.%06d' "$pause"
		nap "$pause"
	done
}

# http METHOD PORT TARGET [BODY]: ask a server on the loopback, without a process; curl is a big one.  Its status is in
# $CODE, its head in $HEAD, its text, which has no bytes that are 0, in $BODY.
http() {
	local LC_ALL=C line server length=''
	CODE='' HEAD='' BODY=''
	exec {server}<>"/dev/tcp/127.0.0.1/$2" || return
	printf -v line '%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %d\r\n\r\n' "$1" "$3" "$2" "${#4}"
	printf %s "$line${4-}" >&"$server"
	while IFS= read -rt $PATIENCE line <&"$server" && line=${line%$'\r'} && [ -n "$line" ]; do
		HEAD+=$line$'\n'
		[[ ${line,,} != content-length:* ]] || length=${line##*[: ]}
	done
	[ "$1" = HEAD ] || IFS= read -rt $PATIENCE ${length:+-N "$length"} -d '' BODY <&"$server" || true
	exec {server}>&-
	[[ $HEAD =~ ^HTTP/1\.[01]\ ([0-9]+) ]] && CODE=${BASH_REMATCH[1]}
}

# nap SECONDS: sleep(1) without a process.  Nobody writes to that pipe.
exec {NAP}<> <(:)
nap() {
	read -rt "$1" -u "$NAP" || true
}

# next_second: snapshots are named by the second.
next_second() {
	local now=$EPOCHSECONDS
	while [ "$EPOCHSECONDS" -eq "$now" ]; do
		nap 0.02
	done
}

# What follows is asked so often that it does without processes: to start one takes milliseconds.

# contents VAR FILE: its text, if it has some.
contents() {
	local lines # of which a byte 0 is an end, too
	mapfile -td '' lines 2>/dev/null <"$2" || lines=()
	printf -v "$1" '%s' "${lines[*]}"
	[ -n "${lines[*]}" ]
}

# same_file FILE OTHER: and how they differ.
same_file() {
	local one other
	if ! contents one "$1" || ! contents other "$2" || [ "$one" != "$other" ]; then
		diff -u "$1" "$2"
	fi
}

# line_of FILE BEGINNING: to LINE the first line of the file that begins so.
line_of() {
	while IFS= read -r LINE; do
		[[ $LINE != "$2"* ]] || return 0
	done <"$1"
	LINE=''
	return 1
}

# status KEY: its value in status.txt.  row VOLUME: its row in queue.txt.
status() {
	line_of "$RUN/status.txt" "$1=" && echo "${LINE#*=}"
}

row() {
	line_of "$RUN/queue.txt" "$1 " && echo "$LINE"
}

status_is() {
	line_of "$RUN/status.txt" "$1=" && [ "${LINE#*=}" = "$2" ]
}

row_has() {
	line_of "$RUN/queue.txt" "$1 " && [[ $LINE == *"$2"* ]]
}

# snapshots VOLUME [SUFFIX]: the names of its complete snapshots (or of those with .SUFFIX), oldest first.
snapshots() {
	snapshots_of "$@"
	[ ${#SNAPSHOTS[@]} -eq 0 ] || printf '%s\n' "${SNAPSHOTS[@]}"
}

# snapshots_of VOLUME [SUFFIX]: the same to SNAPSHOTS.
snapshots_of() {
	local dir
	SNAPSHOTS=()
	for dir in "$STORE/$1"/[0-9]*; do
		if [[ $dir =~ /([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}[+-][0-9]{4}"${2:+.$2}")$ && -d $dir && ! -L $dir ]]; then
			SNAPSHOTS+=("${BASH_REMATCH[1]}")
		fi
	done
}

# has_snapshots N VOLUME [SUFFIX]
has_snapshots() {
	snapshots_of "$2" "${3:-}"
	[ ${#SNAPSHOTS[@]} -eq "$1" ]
}

# newest VOLUME: the path of the newest complete snapshot, as `latest` has it, which is set a moment after its name.
newest() {
	wait_for latest_of "$1" && echo "$LATEST"
}

latest_of() {
	for LATEST in "$STORE/$1"/[0-9]*; do
		[ ! "$LATEST" -ef "$STORE/$1/latest" ] || return 0
	done
	return 1
}

# has_got VOLUME FILE BYTES: is there so much of it in the run that is going on?
has_got() {
	[ -n "$(find "$STORE/$1"/*.working -name ".$2.*" -size "+$3c")" ]
}

# manifest ARG...: see tests/manifest.c.  same_tree A B: is everything in them alike?
manifest() {
	"$MANIFEST" "$@"
}

same_tree() {
	"$MANIFEST" "$1" >"$D/manifest.a" && "$MANIFEST" "$2" >"$D/manifest.b" &&
		same_file "$D/manifest.a" "$D/manifest.b"
}

# refuse COMMAND...: it must fail (a plain ! does not fail a bats test).
refuse() {
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

# expect TEXT: $output (of bats' run) has it.
expect() {
	if [[ "$output" != *"$1"* ]]; then
		printf 'wanted:  %s\nbut got: %s\n' "$1" "$output"
		return 1
	fi
}

# expect_status N: $status as run left it.
expect_exit() {
	if [ "${status:?}" -ne "$1" ]; then
		printf 'wanted exit status %d, got %d: %s\n' "$1" "$status" "$output"
		return 1
	fi
}

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# needs_plain_build: sanitizers and counters have a memory of their own.
needs_plain_build() {
	[[ $FLASHBACK != */asan/* && $FLASHBACK != */cov/* ]] || skip "not with sanitizers or counters"
}

# set_clock TEXT: the program's idea of now (a date that date(1) understands); see tests/clock.c.  Not even for a moment
# is the file empty: it is written over.
set_clock() {
	export FLASHBACK_TEST_NOW=@$D/now
	date -d "$1" +%s 1<>"$D/now"
}

# wake_at TEXT: set the clock, wake the daemon and wait until all that comes of it is done.
wake_at() {
	set_clock "$1"
	kill -HUP "$DAEMON"
	wait_for settled_at "$(<"$D/now")"
}

# settled_at EPOCH: it has woken at that time, and is settled since.
settled_at() {
	status_is epoch "$1" && settled
}

# settled: the daemon has taken its signals, sleeps, has no child left and has written so, to queue.txt last.
settled() {
	local some
	line_of "/proc/$DAEMON/status" ShdPnd: && [[ $LINE =~ ^ShdPnd:[[:space:]]0*$ ]] &&
		line_of "/proc/$DAEMON/status" State: && [[ $LINE == State:*S* ]] &&
		! read -r some <"/proc/$DAEMON/task/$DAEMON/children" && [ -z "$some" ] && status_is status IDLE &&
		[ ! "$RUN/status.txt" -nt "$RUN/queue.txt" ]
}

# children PID: its children; family PID: all that descend from it.
children() {
	local all=''
	read -r all 2>/dev/null <"/proc/$1/task/$1/children"
	echo "$all"
}

family() {
	local child
	for child in $(children "$1"); do
		echo "$child"
		family "$child"
	done
}

# alive PID...: those of them that are still there, with what they are.  A zombie is not: an orphan is one for as
# long as pid 1 takes to notice.
alive() {
	local pid stat
	for pid; do
		if read -r stat 2>/dev/null <"/proc/$pid/stat" && [[ ${stat##*) } != [ZX]* ]]; then
			echo "$pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
		fi
	done
}

# gone PID...: none of them is alive.
gone() {
	local left
	left=$(alive "$@")
	[ -z "$left" ] || { echo "still alive: $left"; return 1; }
}
