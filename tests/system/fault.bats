#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Whatever fails at whatever step of a run (memory, fork, open, write, rename, mkdir, a sync): nothing
# crashes, no snapshot is harmed, success is told only of a snapshot that is there, and the next run is good.

load lib
load tree
load rounds

setup() {
	needs_root
	begin
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$D/src/"  shrink_guard = "0%"  change_guard = "0%"
	    keep_daily = 0  keep_weekly = 0  keep_last = 4
	} }
	END
	rounds_begin
	change 40
	recover
}

teardown() {
	finish
}

# faulty COMMAND...: a run under this, with something that fails in it.
faulty() {
	local rc=0 before
	tick
	FLASHBACK_TEST_NOW=$(cat "$D/now") # not from a file, for what opens that would fail, too
	before=$(snapshots "$VOLUME" | tail -n 1)
	"$@" "$FLASHBACK" -c "$CONF" -1 "$VOLUME" >"$D/crash.txt" 2>&1 3>&- || rc=$?
	is_honest "$rc" "$before" || { echo "exit status $rc after $*"; cat "$D/crash.txt"; return 1; }
}

# is_honest STATUS BEFORE: BEFORE was the newest snapshot.
is_honest() {
	no_crash "$1" || return 1
	history_is_whole || return 1
	[ "$1" -ne 0 ] || [ "$(snapshots "$VOLUME" | tail -n 1)" != "$2" ] ||
		{ echo "success without a snapshot"; return 1; }
}

# each_step WHO: steps of WHO in random order, three of them.
each_step() {
	local n error on done=0
	"$CRASHAT" -e 5 -n 0 true 2>/dev/null || skip "crashat cannot do this on such a machine"
	faulty timeout -k 1 300 "$CRASHAT" -o "$D/steps" -e 5 -p "$1"
	shuffle "$(cat "$D/steps")"
	for n in "${SHUFFLED[@]}"; do
		[ $done -lt $((3 * ${FLASHBACK_SOAK:-1})) ] || break
		change 6
		draw error 5 28 12 24 30 # EIO ENOSPC ENOMEM EMFILE EROFS; EAGAIN is no failure of a read
		draw on "" "" "" -a
		faulty timeout -k 1 300 "$CRASHAT" -e "$error" ${on:+"$on"} -p "$1" -n "$n"
		done=$((done + 1))
		recover
	done
	echo "# $done of ${#SHUFFLED[@]} steps, seed $SEED" >&3
}

@test "a system call of the worker fails" {
	each_step flashback
}

@test "a system call of the main process fails" {
	each_step daemon
}

@test "a process cannot be started" {
	local n
	for n in 1 2 3 4 5; do
		change 6
		faulty strace -qq -o "$D/strace" -e trace=clone,clone3,fork \
			-e "inject=clone,clone3,fork:error=EAGAIN:when=$n"
	done
	recover
}

# no_memory N [ON]: the Nth request for memory fails, of all that are made in a run.
no_memory() {
	head -c 8 /dev/zero >"$D/count"
	faulty timeout -k 1 300 env LD_PRELOAD="$ROOT/build/nomem.so" FAULT_COUNT="$D/count" FAULT_AT="$1" \
		${2:+FAULT_ON="$2"}
}

@test "a request for memory fails, or every one from there on" {
	local n on total done=0
	needs_plain_build
	no_memory 0
	total=$(od -An -tu8 "$D/count")
	shuffle "$total"
	[ "$total" -gt 100 ]
	for n in "${SHUFFLED[@]}"; do
		[ $done -lt $((5 * ${FLASHBACK_SOAK:-1})) ] || break
		draw on "" "" yes
		change 3
		no_memory "$n" "$on"
		done=$((done + 1))
		recover
	done
	echo "# $done of $((total)) requests, seed $SEED" >&3
}

@test "however little memory there is for a large config, it is read or refused" {
	local room rc good=0 refused=0
	needs_plain_build
	printf 'host "h%d" { volume "v" { source = "/etc/" exclude = { "a", "b", "c" } keep_daily = 3 } }\n' \
		{1..400} | hosts_conf
	for ((room = 3000; room <= 21000; room += 1 + 480 / ${FLASHBACK_SOAK:-1})); do
		rc=0
		(ulimit -v "$room" && exec "$FLASHBACK" -c "$CONF" --check) >"$D/check.txt" 2>&1 || rc=$?
		[ "$rc" -le 1 ] || [ "$rc" -eq 127 ] ||
			{ echo "exit status $rc with $room KiB"; tail "$D/check.txt"; return 1; }
		[ "$rc" -ne 0 ] || good=$((good + 1))
		[ "$rc" -ne 1 ] || refused=$((refused + 1))
	done
	[ "$good" -gt 5 ] && [ "$refused" -gt 5 ]
}

# unread_history: it is a link, which is not followed.
unread_history() {
	mv "$HISTORY" "$HISTORY.real"
	ln -s history.real "$HISTORY"
}

@test "a history that cannot be read is renamed, reported, and nothing expires on its account" {
	HISTORY=$STORE/$VOLUME/.flashback/history
	local n
	for n in 1 2 3; do
		recover
	done
	n=$(snapshots "$VOLUME" | wc -l)
	unread_history
	sed -i 's/keep_last = 4/keep_last = 1/' "$D/hosts.conf"
	echo 'host "other" { volume "w" { source = "/etc/" } }' >>"$D/hosts.conf"
	run flashback -n
	expect_exit 1
	expect "$HISTORY cannot be read: Too many levels of symbolic links"
	expect 'other/w: due'
	crash_unseen -n 1 -m "$SNAPSHOT_MADE"
	output=$(cat "$D/crash.txt")
	expect "$HISTORY could not be read: Too many levels of symbolic links; it was renamed to history.unreadable"
	tick
	run flashback -1 "$VOLUME" # the next one is as blind
	expect_exit 0
	[ -h "$HISTORY.unreadable" ]
	has_snapshots $((n + 1)) "$VOLUME"
	[ "$(grep -c SUCCEEDED "$HISTORY")" -eq 1 ]
	tick
	run flashback -1 "$VOLUME"
	expect_exit 0
	[ "$(snapshots "$VOLUME" | wc -l)" -le "$n" ] # now they do
}

@test "a history that can be neither read nor renamed stops the runs of its volume, and is not written over" {
	HISTORY=$STORE/$VOLUME/.flashback/history
	local had n
	had=$(wc -l <"$HISTORY") n=$(snapshots "$VOLUME" | wc -l)
	unread_history
	mkdir "$HISTORY.unreadable"
	tick
	run flashback -1 "$VOLUME"
	expect_exit 2
	expect "$HISTORY cannot be read: Too many levels of symbolic links; if the disk is good, move it away"
	has_snapshots "$n" "$VOLUME"
	[ -h "$HISTORY" ]
	mv "$HISTORY.real" "$HISTORY"
	run flashback -1 "$VOLUME"
	expect_exit 0
	has_snapshots $((n + 1)) "$VOLUME"
	[ "$(wc -l <"$HISTORY")" -eq $((had + 1)) ]
}

@test "an inspector that is killed: what it has not reported is unknown, and not claimed" {
	needs_plain_build # where a child writes its counters that is a step, too
	run "$CRASHAT" -p flashback -k one -n 1 "$FLASHBACK" -c "$CONF" -1
	expect_exit 75
	expect 'the disk could not be inspected'
	sed -i 's/source =/disabled = yes  source =/' "$D/hosts.conf"
	run "$CRASHAT" -p flashback -k one -n 2 "$FLASHBACK" -c "$CONF" -1
	expect_exit 0
	[[ "$output" =~ here/v\ +-\  ]]
	run flashback -1
	[[ "$output" =~ here/v\ +20 ]]
}
