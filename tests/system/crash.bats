#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# kill -9 at every step of a run, and at any moment, leaves a store from which the next start goes on by
# itself, with every snapshot intact.

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
}

teardown() {
	finish
}

# more_cuts: have fewer than six been made, by $done?  FLASHBACK_SOAK=N asks for N times as many.
more_cuts() {
	[ "$done" -lt $((6 * ${FLASHBACK_SOAK:-1})) ]
}

# count_steps WHO: how many there are in one run, in STEPS.
count_steps() {
	change 6
	crash -p "$1"
	STEPS=$(<"$D/steps")
}

@test "killed at each step of the run, it resumes by itself" {
	local n whom again done=0
	for n in 1 2 3 4; do
		change 6
		recover
	done
	while more_cuts; do
		count_steps flashback
		shuffle "$STEPS"
		for n in "${SHUFFLED[@]}"; do
			more_cuts || break
			change 6
			draw whom one flashback all
			crash -p flashback -k "$whom" -n "$n"
			done=$((done + 1))
			draw again yes no no
			[ "$again" = yes ] || recover
		done
	done
	recover
	cuts "$done"
}

# steps_of_commit: before or after which call, and whether the snapshot is there then.
steps_of_commit() {
	cat <<-END
	after no mkdirat .*\.working$
	before no syncfs $STORE/$VOLUME$
	after no syncfs $STORE/$VOLUME$
	after yes $SNAPSHOT_MADE
	after yes fsync $STORE/$VOLUME$
	after yes symlinkat .*/latest\.new$
	after yes renameat .*/latest$
	after yes renameat .*/RESTORE\.txt$
	after yes renameat .*/history$
	before yes renameat2 .*\.expired$
	after yes renameat2 .*\.expired$
	END
}

@test "killed before and after each call that makes a snapshot of a copy, it resumes by itself" {
	local n step steps when after there call whom before made
	for n in 1 2 3 4; do # so many that one expires
		change 3
		recover
	done
	mapfile -t steps < <(steps_of_commit)
	for step in "${steps[@]}"; do
		read -r when there call <<<"$step"
		[ "$when" = after ] && after=-A || after=
		snapshots_of "$VOLUME"
		before=${SNAPSHOTS[-1]}
		change 6
		rm -f "$STORE/$VOLUME/RESTORE.txt" # it is written only where it differs
		draw whom one all
		crash -k "$whom" -n 1 -m "^$call" ${after:+"$after"}
		echo "$whom killed $when $call"
		[ "$(<"$D/steps")" -ge 1 ]
		snapshots_of "$VOLUME"
		[ "${SNAPSHOTS[-1]}" = "$before" ] && made=no || made=yes
		[ "$made" = "$there" ]
		recover
	done
}

# edit: changes without hard links, which a quick run copies: something new, changed and gone.
edit() {
	local file
	ROUND=$((ROUND + 1))
	rm -rf "$D/src/edited$((ROUND - 1))"
	mkdir "$D/src/edited$ROUND"
	for file in "edited$ROUND"/{f,g} edited; do
		echo "$ROUND" >"$D/src/$file"
	done
	manifest "$D/src" >"$D/source"
}

# steps_of_quick: which calls of a quick run, and whether its spare is there before.
steps_of_quick() {
	local spare=$STORE/$VOLUME/.flashback/spare
	cat <<-END
	after no mkdirat $spare$
	after no linkat .* $spare/
	after yes openat .*/quick\.list$
	after yes mkdirat .*\.working$
	before yes unlinkat .*/quick\.list$
	before yes unlinkat $spare/
	after yes unlinkat $spare/
	before yes renameat .*\.working/.* $spare/
	after yes renameat .*\.working/.* $spare/
	after yes unlinkat .*\.working/
	before yes renameat $spare .*\.working$
	after yes renameat $spare .*\.working$
	END
}

@test "killed in the walk, the scan, the copy, the patch and the exchange of a quick run, it resumes by itself" {
	local step steps when there call whom tries
	for tries in 1 2 3; do
		edit
		recover
	done
	kinds_are 'quick run'
	mapfile -t steps < <(steps_of_quick)
	for step in "${steps[@]}"; do
		read -r when there call <<<"$step"
		[ "$when" = after ] && after=-A || after=
		[ "$there" = yes ] || rm -rf "$STORE/$VOLUME/.flashback/spare" "$STORE/$VOLUME/.flashback/spare.of"
		edit
		draw whom one all
		crash -k "$whom" -n 1 -m "^$call" ${after:+"$after"}
		echo "$whom killed $when $call"
		[ "$(<"$D/steps")" -ge 1 ]
		edit
		recover
	done
	kinds_are 'full run: it resumes what was interrupted'
	# The spare itself is cut as it is laid out: what the next run finds is half of it.
	for whom in one all; do
		rm -rf "$STORE/$VOLUME/.flashback/spare" "$STORE/$VOLUME/.flashback/spare.of"
		edit
		tick
		crash -k "$whom" -n 5 -m "^linkat .* $STORE/$VOLUME/.flashback/spare/"
		edit
		recover
	done
}

# kinds_are WORDS: there was such a run.
kinds_are() {
	grep -qrF "flashback: $1" "$STORE/$VOLUME/.flashback/logs"
}

@test "rsync killed at any of its steps, or the daemon at one of its own" {
	local n who whom signal again done=0
	while more_cuts; do
		draw who rsync rsync daemon
		draw_below n 400
		[ "$who" = rsync ] || n=$((n % 90))
		draw whom one one rsync daemon flashback all
		draw signal 9 9 15
		change 6
		crash -p "$who" -k "$whom" -s "$signal" -n $((n + 1))
		done=$((done + 1))
		draw again yes no
		[ "$again" = yes ] || recover
	done
	recover
	cuts "$done"
}

# strike WHOM: kill -9, of the daemon and what it has started.
strike() {
	local worker rsync all
	worker=$(pgrep -P "$DAEMON" -x flashback | tail -n 1) || true
	rsync=$(pgrep -P "${worker:-0}" -x rsync) || true
	case $1 in
	all)
		mapfile -t all < <(family "$DAEMON")
		kill -KILL "$DAEMON" "${all[@]}"
		;;
	daemon) kill -KILL "$DAEMON" ;;
	worker) [ -z "$worker" ] || kill -KILL "$worker" ;;
	rsync) [ -z "$rsync" ] || kill -KILL "$rsync" ;;
	worker-and-rsync) [ -z "$rsync" ] || kill -KILL "$worker" "$rsync" ;;
	esac 2>/dev/null || true
}

# launch: the daemon, which begins with what is due.
launch() {
	background DAEMON "$FLASHBACK" -c "$CONF"
	wait_for is_up # a signal to a shell that is about to become it would be lost
}

# is_up: the daemon is that, and lives.
is_up() {
	line_of "/proc/$DAEMON/status" Name: && [[ $LINE == *flashback ]] &&
		line_of "/proc/$DAEMON/status" State: && [[ $LINE != State:?Z* ]]
} 2>/dev/null

# rest: whoever is left ends, the daemon because it is told to.
rest() {
	kill -TERM "$DAEMON" 2>/dev/null || true
	wait "$DAEMON" || true
	DAEMON=
	wait_for nobody_works
}

@test "killed at any moment under load, the daemon, once it is started again, resumes by itself" {
	local whom moment strikes done=0 n
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$D/src/"  every = "1h"  shrink_guard = "0%"  change_guard = "0%"
	    keep_daily = 0  keep_weekly = 0  keep_last = 4
	} }
	END
	for n in 1 2; do
		background HOG nice bash -c 'while :; do :; done'
		PIDS+=" $HOG"
	done
	while more_cuts; do
		change 6
		tick
		launch
		draw_below strikes 3
		for ((n = 0; n <= strikes; n++)); do
			draw_below moment 350
			sleep "0.$(printf %03d "$moment")"
			draw whom all daemon worker rsync worker-and-rsync
			strike "$whom"
			done=$((done + 1))
			is_up || launch
		done
		rest
		history_is_whole
	done
	change 6
	tick
	launch
	wait_for store_is_tidy
	rest
	history_is_whole
	cuts "$done"
}

latest_is() {
	[ "$(readlink "$STORE/$VOLUME/latest")" = "$1" ]
}

@test "latest is put right by the next start, and when snapshots were renamed or removed by hand" {
	local old new
	recover
	old=$(snapshots "$VOLUME")
	crash_unseen -n 1 -A -m "$SNAPSHOT_MADE"
	new=$(snapshots "$VOLUME" | tail -n 1)
	[ "$new" != "$old" ]
	latest_is "$old"
	start_daemon
	wait_for latest_is "$new"
	mv "$STORE/$VOLUME/$new" "$STORE/$VOLUME/$new.mine"
	kill -USR1 "$DAEMON"
	wait_for latest_is "$old"
	mv "$STORE/$VOLUME/$new.mine" "$STORE/$VOLUME/$new"
	kill -USR1 "$DAEMON"
	wait_for latest_is "$new"
	[ ! -e "$STORE/$VOLUME/latest.new" ]
}
