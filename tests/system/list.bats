#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# --list: volumes, snapshots, versions of a path.

load lib
load net
load disk

setup() {
	begin
	mkdir -p "$D/src/doc"
}

teardown() {
	finish
}

# back_up DAY: here/v at 03:10 that day.
back_up() {
	set_clock "2026-11-$1 03:10"
	run flashback -1 here/v
	expect_exit 0
}

# list ARG...: it must be good.
list() {
	run flashback -l "$@"
	expect_exit 0
}

# store_state: all that a write would change, but the times at which directories were read.
store_state() {
	find "$STORE" -printf '%p %i %n %s %m %T@ %C@\n' | sort
}

@test "what goes next is what the next success expires" {
	main_conf "$STORE" <<<'defaults { keep_last = 2  keep_daily = 3  keep_weekly = 0 }'
	local day next
	for day in 23 24 25; do
		back_up $day
	done
	for day in 26 27 28; do
		list here/v
		next=$(awk '/goes next$/ { print $1 }' <<<"$output")
		[ "$next" = "$(snapshots here/v | head -n 1)" ]
		expect "$next  complete      3"
		expect 'last 1, daily 1'
		back_up $day
		has_snapshots 3 here/v
		[ ! -e "$STORE/here/v/$next" ]
	done
}

@test "the versions of a file, one of them restored beside the present one, also when that is gone" {
	local file="doc/it's a letter" first
	main_conf "$STORE" <<<'defaults { keep_last = 99  every = "1d" }'
	echo one >"$D/src/$file"
	back_up 23
	back_up 24
	echo other >"$D/src/$file"
	back_up 25
	list "here/v/$file"
	[ "$(grep -c '^2026' <<<"$output")" -eq 2 ]
	refuse grep -q 'not in the newest' <<<"$output"
	first=$(snapshots here/v | head -n 1)
	expect "$first  $(snapshots here/v | sed -n 2p)     4  "
	# From the newest that holds it, which is kept longest.
	[[ $(sed -n 2p <<<"$output") == *"/$(snapshots here/v | sed -n 2p)/"* ]]
	bash -c "$(grep '^    rsync' <<<"$output")"
	[ "$(cat "$D/src/$file.$(snapshots here/v | tail -n 1)")" = other ]
	# The path to copy from is one word of the shell.
	[ "$(bash -c "cat $(sed -n 2p <<<"$output" | grep -o "'.*")")" = one ]

	rm "$D/src/doc"/*
	back_up 26
	list "here/v/$file"
	expect "It is not in the newest snapshot, $(snapshots here/v | tail -n 1)."
	bash -c "$(grep '^    rsync' <<<"$output")"
	[ "$(cat "$D/src/doc"/*)" = other ]

	list here/v/doc/
	expect 'A directory: these snapshots hold it'
	bash -c "$(grep '^    rsync' <<<"$output")"
	[ -d "$D/src/doc.$(snapshots here/v | tail -n 1)" ]
}

@test "what cannot be listed: the reason, and exit status 1" {
	ln -s "$D/src" "$D/src/link"
	back_up 23
	local words operand
	for words in working interrupted expired; do
		mkdir "$STORE/here/v/2026-11-24T031000+0000.$words"
		echo half >"$STORE/here/v/2026-11-24T031000+0000.$words/half"
	done
	while read -r operand words; do
		run flashback -l "$operand"
		expect_exit 1
		expect "$words"
	done <<-END
	here/v/../v/f \`..' leads out of the volume
	here/v/half no snapshot contains it
	here/v/none no snapshot contains it
	here/v/f/x symbolic links are not followed
	here/v/link/f symbolic links are not followed
	here/w did you mean here/v?
	heer/v/f did you mean here/v?
	/etc/passwd unknown host or volume /etc in $D/hosts.conf; it begins with the name of a volume, as in here/v
	END
	run flashback -l "here/v/$(printf 'a\033b')"
	expect 'here/v/a\033b: no snapshot contains it'
	for operand in -1 -n -l; do
		run flashback "$operand" "$(printf 'a\033b')"
		expect_exit 1
		expect 'unknown host or volume a\033b in'
	done
	mv "$STORE" "$D/away"
	run flashback -l
	expect_exit 1
	expect 'does not exist: mount the backup disk'
	run flashback -l -1
	expect_exit 1
	expect 'mutually exclusive'
}

@test "beside a run, on a disk that is mounted read-only: no lock, and nothing is written" {
	disk_begin
	tmpfs_disk size=100M
	slow_source 3
	background RUN_PID "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1 here/v
	PIDS+=" $RUN_PID"
	hold_copy
	list here/v
	expect '.working  working'
	go_on
	wait "$RUN_PID"
	in_box mount -o remount,ro "$MNT"
	store_state >"$D/before"
	list
	expect "here/v          1  $(snapshots here/v)  $(snapshots here/v)"
	list here/v
	expect "$(snapshots here/v)  complete"
	list here/v/big
	expect "$MNT/store/here/v/$(snapshots here/v)/big"
	in_box mount -o remount,rw "$MNT"
	list here/v/big
	store_state | diff "$D/before" -
}

@test "400 snapshots of a path take well under a second" {
	needs_plain_build
	local day names=() before
	mkdir -m 700 "$STORE/here" "$STORE/here/v"
	for ((day = 0; day < 400; day++)); do
		printf -v "names[$day]" '%(%FT000000+0000)T' $((1735732800 + day * 86400))
	done
	cd "$STORE/here/v"
	mkdir "${names[@]}"
	echo x >"${names[0]}/f"
	perl -e '$first = shift; link "$first/f", "$_/f" or die $! for @ARGV' "${names[@]}"
	before=${EPOCHREALTIME/./}
	list here/v/f
	echo "$((${EPOCHREALTIME/./} - before)) us"
	[ $((${EPOCHREALTIME/./} - before)) -lt 1000000 ]
	[ "$(grep -c '^202' <<<"$output")" -eq 1 ]
	list here/v
	[ "$(grep -c '^202' <<<"$output")" -eq 400 ]
}
