#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The commands of flashback(8) about a volume, run as they stand there.

load lib

setup() {
	begin
	mkdir "$D/src/ann"
	hosts_conf <<-END
	host "kimono" { volume "home" { source = "$D/src" } }
	END
	for day in 1 2 3; do
		set_clock "2027-03-0$day 03:10:00"
		[ $day = 2 ] || echo "Dear $day" >"$D/src/ann/letter.txt"
		touch -d "2027-03-0$((day - day / 2 % 2)) 01:00" "$D/src/ann/letter.txt"
		flashback -1
	done
	mapfile -t NAMES < <(snapshots kimono/home)
	mv "$D/src" "$D/gone"
	set_clock '2027-03-04 03:10:00'
	flashback -1 || true
}

teardown() {
	finish
}

# as_it_stands WORDS: the one command in the manual's literal displays that has them, its names made
# those of this test.
as_it_stands() {
	local found
	found=$(sed -n '/^\.Bd -literal/,/^\.Ed/s/^# //p' "$ROOT/man/flashback.8" | grep -F -- "$1")
	[ "$(wc -l <<<"$found")" -eq 1 ] || { echo "not one command: $found"; return 1; }
	found=${found//\/backup\//$STORE/}
	found=${found//'\e'/\\}
	found=${found//2026-11-20T031000+0100/${NAMES[0]}}
	bash -c "${found//2026-11-21T031012+0100/${NAMES[1]}}"
}

@test "which snapshots have a file, and which versions of it there are" {
	[ "$(as_it_stands 'ls -li' | wc -l)" -eq 3 ]
	run as_it_stands 'ls -1i'
	[ "${#lines[@]}" -eq 2 ]
	[ "$(cut -d' ' -f2 <<<"${lines[0]}" | xargs cat)" != "$(cut -d' ' -f2 <<<"${lines[1]}" | xargs cat)" ]
}

@test "how big it is" {
	run as_it_stands 'du -sh '
	expect_exit 0
	run as_it_stands 'du -shc'
	[ "${#lines[@]}" -eq 4 ]
	expect total
}

@test "what has changed between two snapshots" {
	run as_it_stands 'diff -rq'
	[ -z "$output" ]
	NAMES=("${NAMES[1]}" "${NAMES[2]}")
	touch "$STORE/kimono/home/${NAMES[1]}/new"
	run as_it_stands 'diff -rq'
	expect_exit 1
	[ "${#lines[@]}" -eq 2 ]
	expect 'letter.txt differ'
	expect "Only in $STORE/kimono/home/${NAMES[1]}: new"
}

@test "what is in one snapshot alone, and that the others stay whole without it" {
	local whole
	whole=$(cat "$STORE/kimono/home/${NAMES[1]}/ann/letter.txt")
	[ "$(as_it_stands 'find ')" -eq 0 ] # the second has all that the first has
	NAMES=("${NAMES[2]}" "${NAMES[1]}" "${NAMES[0]}")
	[ "$(as_it_stands 'find ')" -eq $((512 * $(stat -c %b "$STORE/kimono/home/${NAMES[0]}/ann/letter.txt"))) ]
	NAMES=("${NAMES[2]}" "${NAMES[1]}" "${NAMES[0]}")
	as_it_stands 'rm -rf'
	has_snapshots 2 kimono/home
	[ "$(cat "$STORE/kimono/home/${NAMES[1]}/ann/letter.txt")" = "$whole" ]
}

@test "a snapshot that is kept for ever" {
	as_it_stands 'before-upgrade'
	[ -d "$STORE/kimono/home/${NAMES[1]}.before-upgrade" ]
	has_snapshots 2 kimono/home
}

@test "how the runs ended, how long they took, what was new, and why one failed" {
	[ "$(as_it_stands 'tail ' | grep -c SUCCEEDED)" -eq 3 ]
	run as_it_stands '$4 " s"'
	[ "${#lines[@]}" -eq 4 ]
	[[ "${lines[0]}" =~ ^"${NAMES[0]} SUCCEEDED "[0-9]+" s"$ ]]
	run as_it_stands 'substr'
	[ "$output" = '2027-03 16' ] # "x" and two letters
	run as_it_stands '"SUCCEEDED"'
	[ "${#lines[@]}" -eq 1 ]
	expect ' NOSOURCE 23 '
	expect 'the source cannot be opened'
}
