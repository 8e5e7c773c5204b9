#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# change_guard: a source that was encrypted, overwritten or wiped is noticed before it has taken the room of what
# was good, and what people do to their files every day is no alarm.

load lib

FILES=80

# The first days are the same for all tests, and made once: the source is one by name.
setup() {
	local made=$BATS_FILE_TMPDIR/made
	begin
	ln -sfn "$D/src" "$BATS_FILE_TMPDIR/src"
	volume
	DAY=4
	if [ -e "$made" ]; then
		rm -r "$STORE" "$D/src"
		cp -a "$made/store" "$made/src" "$D/"
		return
	fi
	rm "$D/src/f"
	DAY=0
	fill
	quiet 4
	mkdir "$made"
	cp -a "$STORE" "$D/src" "$made/"
}

teardown() {
	finish
}

# volume OPTION...: here/v, which keeps three.
volume() {
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$BATS_FILE_TMPDIR/${SOURCE:-src}/"  keep_last = 3  keep_daily = 0  keep_weekly = 0
	    $(printf '%s\n' "$@")
	} }
	END
}

fill() {
	local i
	mkdir -p "$D/src/"{0..6}
	for ((i = 1; i <= FILES; i++)); do
		echo "good $i" >"$D/src/$((i % 7))/f$i"
	done
}

# back_up [STATUS]: a day later, in 2027.
back_up() {
	DAY=$((DAY + 1))
	export FLASHBACK_TEST_NOW=@$D/now
	echo $((1803859200 + DAY * 86400)) >"$D/now"
	run flashback -1 here/v
	expect_exit "${1:-0}"
}

# quiet N: so many days on which a file changes.
quiet() {
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "day $RANDOM $i $DAY" >"$D/src/diary"
		back_up
	done
}

# overwrite PATTERN: each file of such a name, in place, with as many other bytes; as rsync sees them it takes a
# time that differs.
overwrite() {
	find "$D/src" -type f -name "$1" -exec perl -e 'for (@ARGV) {
		open my $f, "+<", $_ or die;
		my $text = <$f>;
		$text =~ tr/a-z/b-za/;
		seek $f, 0, 0;
		print $f $text;
	}' {} +
}

# alarm CHANGED BEFORE: the run was SUSPECT, and says so and what to do.
alarm() {
	has_snapshots "${3:-1}" here/v suspect
	expect "SUSPECT"
	expect "$1 of $2 files are changed or gone"
	expect "look at it; to accept it:"
	expect "mv $(snapshots here/v suspect | tail -n 1) "
}

# changed CHANGED/BEFORE: so much had, of what the run compared.
changed() {
	tail -n 1 "$STORE/here/v/.flashback/history" | grep -q " $1\( \|\$\)"
}

good() {
	has_snapshots 3 here/v
	grep -q "$1" "$(newest here/v)/1/f1"
}

@test "all files overwritten in place: suspect, a dozen wakes lose nothing, and a person decides" {
	local i
	snapshots here/v >"$D/good"
	overwrite '*'
	back_up 2
	alarm 81 81
	expect ', usually about 1'
	for ((i = 1; i <= 12 * ${FLASHBACK_SOAK:-1}; i++)); do # a run is compared with the last ten
		back_up 2
	done
	alarm 81 81 3
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
	alarm 80 81
	back_up 2
	alarm 80 81 2
	rm -r "$D/src"
	mkdir -p "$D/src"
	for i in $(seq 100); do
		echo "$i" >"$D/src/new$i"
	done
	echo 1 >"$D/src/diary"
	back_up 2
	alarm 81 81 3
	# All is back.
	rm -r "$D/src"
	mkdir "$D/src"
	cp -a "$(newest here/v)/." "$D/src/"
	back_up
	good good
	# What is left out from now on is not gone.
	volume 'exclude = "f[1-7]*"'
	back_up
}

@test "all deleted but one, with shrink_guard off" {
	volume 'shrink_guard = "0%"'
	find "$D/src" -type f ! -name diary -delete
	back_up 2
	alarm 80 81
	# Another source is another one.
	fill
	overwrite '*'
	ln -s "$D/src" "$BATS_FILE_TMPDIR/other"
	SOURCE=other volume
	back_up
}

@test "the same, spread over three days" {
	overwrite 'f[1-2]*'
	back_up
	overwrite 'f[3-4]*'
	back_up
	overwrite 'f[5-9]*'
	back_up 2
	alarm 80 81
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
	alarm 81 81
	back_up 2
	alarm 81 81 2
	volume 'rsync_options = "--filter=- /no-such-name"' 'change_guard = "0%"'
	back_up
	refuse changed '.*/.*' # nothing was compared
}

@test "no alarm: an upgrade, chmod, chown, other times, names that are new" {
	for f in "$D"/src/*/f[123]*; do echo upgraded >>"$f"; done
	overwrite 'f[45]*'
	back_up
	changed 55/81
	chmod -R go-rwx "$D/src"
	back_up
	changed 0/81
	[ "$(id -u)" -ne 0 ] || chown -R 1234:1234 "$D/src"
	back_up
	changed 0/81
	find "$D/src" -type f -exec touch {} +
	back_up
	changed 0/81
	for i in {1..200}; do
		echo "$i" >"$D/src/more$i"
	done
	back_up
	changed 0/81
	has_snapshots 0 here/v suspect
}

@test "no alarm: a volume all of which changes every day, a small one, one that has just begun" {
	local i
	rm -rf "${STORE:?}/here"
	for i in {1..5}; do
		overwrite '*'
		back_up
	done
	changed 81/81
	rm -rf "${STORE:?}/here"
	find "$D/src" -name 'f[1-4]*' -delete
	back_up
	quiet 3
	overwrite '*'
	back_up
	changed 37/37
	rm -rf "${STORE:?}/here" "$D/src"/*
	fill
	back_up
	overwrite '*'
	back_up
	changed 80/80
	has_snapshots 0 here/v suspect
}
