#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# change_guard: a source that was encrypted, overwritten or wiped is noticed before it has taken the room of what
# was good, and what people do to their files every day is no alarm.

load lib

FILES=60

setup() {
	begin
	rm "$D/src/f"
	DAY=0
	fill
	volume
	quiet 4
}

teardown() {
	finish
}

# volume OPTION...: here/v, which keeps three.
volume() {
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$D/src/"  keep_last = 3  keep_daily = 0  keep_weekly = 0
	    $(printf '%s\n' "$@")
	} }
	END
}

fill() {
	local i
	for i in $(seq "$FILES"); do
		mkdir -p "$D/src/$((i % 7))"
		echo "good $i" >"$D/src/$((i % 7))/f$i"
	done
}

# back_up [STATUS]: a day later.
back_up() {
	DAY=$((DAY + 1))
	set_clock "2027-03-01 00:00 UTC + $DAY days"
	run flashback -1 here/v
	expect_exit "${1:-0}"
}

# quiet N: so many days on which a file changes.
quiet() {
	local i
	for i in $(seq "$1"); do
		echo "day $RANDOM $i $DAY" >"$D/src/diary"
		back_up
	done
}

# overwrite PATTERN: each file of such a name, in place, with as many other bytes; as rsync sees them it takes a
# time that differs.
overwrite() {
	find "$D/src" -type f -name "$1" -exec sh -c 'for f; do tr a-z b-za <"$f" >"$0/x"; cat "$0/x" >"$f"; done' "$D" {} +
}

# alarm CHANGED BEFORE: the run was SUSPECT, and says so and what to do.
alarm() {
	has_snapshots "${3:-1}" here/v suspect
	expect "SUSPECT"
	expect "$1 of $2 files are changed or gone"
	expect "look at it; to accept it:"
	expect "mv $(snapshots here/v suspect | tail -n 1) "
}

good() {
	has_snapshots 3 here/v
	grep -q "$1" "$(newest here/v)/1/f1"
}

@test "all files overwritten in place: suspect, a hundred wakes lose nothing, and a person decides" {
	local i
	snapshots here/v >"$D/good"
	overwrite '*'
	back_up 2
	alarm 61 61
	expect ', usually about 1'
	for i in $(seq 100); do
		back_up 2
	done
	alarm 61 61 3
	snapshots here/v | diff "$D/good" -
	good good
	# Accepted, it is what the next runs are compared with.
	i=$STORE/here/v/$(snapshots here/v suspect | tail -n 1)
	mv "$i" "${i%.suspect}"
	quiet 4
	good hppe
}

@test "encrypted and renamed; all deleted but one; a snapshot of such a day is no base" {
	find "$D/src" -type f -name 'f*' -exec mv {} {}.locked \;
	back_up 2
	alarm 60 61
	back_up 2
	alarm 60 61 2
	rm -r "$D/src"
	mkdir -p "$D/src"
	for i in $(seq 100); do
		echo "$i" >"$D/src/new$i"
	done
	echo 1 >"$D/src/diary"
	back_up 2
	alarm 61 61 3
	# All is back.
	rm -r "$D/src"
	mkdir "$D/src"
	cp -a "$(newest here/v)/." "$D/src/"
	back_up
	good good
}

@test "all deleted but one, with shrink_guard off" {
	volume 'shrink_guard = "0%"'
	find "$D/src" -type f ! -name diary -delete
	back_up 2
	alarm 60 61
}

@test "the same, spread over three days" {
	overwrite 'f[1-2]*'
	back_up
	overwrite 'f[3-4]*'
	back_up
	overwrite 'f[5-9]*'
	back_up 2
	alarm 60 61
	expect 'within 3 runs'
	back_up 2
	good hppe # of the first day
	grep -q good "$STORE/here/v/$(snapshots here/v | head -n 1)/1/f1"
}

@test "runs that are full ones are guarded, too" {
	volume 'rsync_options = "--filter=- /no-such-name"'
	back_up
	quiet 3
	overwrite '*'
	back_up 2
	alarm 61 61
	back_up 2
	alarm 61 61 2
	volume 'rsync_options = "--filter=- /no-such-name"' 'change_guard = "0%"'
	back_up
	refuse grep -q / <<<"$(tail -n 1 "$STORE/here/v/.flashback/history")" # nothing was compared
}

@test "no alarm: an upgrade, chmod, chown, other times, excludes, another source, names that are new" {
	find "$D/src" -name 'f[1-4]*' -exec sh -c 'echo upgraded >>"$1"' - {} \;
	back_up
	quiet 2
	overwrite 'f[1-4]*'
	back_up
	quiet 1
	chmod -R go-rwx "$D/src"
	back_up
	[ "$(id -u)" -ne 0 ] || chown -R 1234:1234 "$D/src"
	back_up
	find "$D/src" -type f -exec touch {} +
	back_up
	tail -n 1 "$STORE/here/v/.flashback/history" | grep -q ' 0/61'
	for i in $(seq 200); do
		echo "$i" >"$D/src/more$i"
	done
	back_up
	volume 'exclude = "/[0-9]/"'
	back_up
	cp -a "$D/src" "$D/other"
	overwrite '*'
	sed -i "s,$D/src/,$D/other/," "$D/hosts.conf"
	back_up
	has_snapshots 0 here/v suspect
}

@test "no alarm: a volume all of which changes every day, a small one, one that has just begun" {
	local i
	rm -rf "${STORE:?}/here"
	for i in $(seq 4); do
		overwrite '*'
		back_up
	done
	rm -rf "${STORE:?}/here"
	find "$D/src" -name 'f[1-4]*' -delete
	back_up
	quiet 4
	overwrite '*'
	back_up
	rm -rf "${STORE:?}/here" "$D/src"/*
	fill
	back_up
	overwrite '*'
	back_up
	has_snapshots 0 here/v suspect
}
