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
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 0  keep_weekly = 0  keep_last = 4 } }
	END
	rounds_begin
	change 40
}

teardown() {
	finish
}

# count_steps WHO: how many there are in one run, in STEPS.
count_steps() {
	change 6
	crash -p "$1"
	STEPS=$(cat "$D/steps")
}

@test "killed at each step of the run, it goes on by itself" {
	local n whom again done=0
	for n in 1 2 3 4 5; do
		change 6
		recover
	done
	while lasts 12; do
		count_steps flashback
		shuffle "$STEPS"
		for n in "${SHUFFLED[@]}"; do
			lasts 12 || break
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

@test "rsync killed at any of its steps, or the daemon at one of its own" {
	local n who whom signal again done=0
	while lasts 12; do
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
