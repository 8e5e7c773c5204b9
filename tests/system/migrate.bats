#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Moving from another program, by the very commands of README.md.

load lib

setup() {
	begin
	export TZ=UTC
	hosts_conf <<-END
	host "kimono" { volume "home" { source = "$D/src/" } }
	END
}

teardown() {
	finish
}

# readme PATTERN: the indented block of README.md that begins with a line like that, with our paths.
readme() {
	awk -v p="$1" 'index($0, "    " p) == 1 { on = 1 } !/^    / { on = 0 } on' "$ROOT/README.md" |
		sed "s|/backup/store|$STORE|g; s|/backup/kimono|$D/old/kimono|g; s|/snapshots|$D/old|g"
}

# old DIR DATE: a snapshot as the other program left it.
old() {
	mkdir -p "$D/old/$1"
	cp -a "$D/src/f" "$D/old/$1"
}

moved() {
	readme 'mkdir -pm 700' >"$D/commands"
	readme "$1" >>"$D/commands"
	[ "$(wc -l <"$D/commands")" -eq 3 ]
	bash -eu "$D/commands"
	[ "$(snapshots kimono/home | tr '\n' ' ')" = '2027-02-28T030405+0000 2027-03-01T030405+0000 ' ]
	set_clock '2027-03-02 03:04:05'
	run flashback -1
	expect_exit 0
	has_snapshots 3 kimono/home
	[ "$(newest kimono/home)/f" -ef "$STORE/kimono/home/2027-03-01T030405+0000/f" ]
}

@test "from the Python flashback" {
	old kimono/home/daily.0
	old kimono/home/daily.1
	touch -d '2027-03-01 03:04:05' "$D/old/kimono/home/daily.1"
	old kimono/home/weekly.1
	touch -d '2027-02-28 03:04:05' "$D/old/kimono/home/weekly.1"
	moved 'for d in /backup/kimono/home/'
	[ -d "$D/old/kimono/home/daily.0" ]
}

@test "from rsnapshot" {
	old daily.0/kimono/home
	touch -d '2027-03-01 03:04:05' "$D/old/daily.0"
	old weekly.0/kimono/home
	touch -d '2027-02-28 03:04:05' "$D/old/weekly.0"
	moved 'for d in /snapshots/'
}
