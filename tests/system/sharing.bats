#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A snapshot that shares nothing with the one before takes all of its room once more: that is said, with the cause.

load lib
load net
load disk

setup() {
	begin
	disk_begin
	mkdir "$D/src/dir"
	for i in {1..30}; do
		echo "$i" >"$D/src/dir/$i"
	done
	ext4_disk a 64M
	back_up
	refuse expect 'shares nothing'
}

teardown() {
	[ -z "${OLD:-}" ] || in_box chattr -R -i "$MNT/store/here/v" 2>/dev/null || true
	finish
}

# back_up: a run of here/v; its row to $output, its snapshot to NEW, the one before to OLD.
back_up() {
	next_second
	OLD=${NEW:-}
	run flashback -1 here/v
	expect_exit 0
	NEW=$STORE/here/v/$(snapshots here/v | tail -n 1)
}

# said WORDS: in the row, in the log of the run, and no more once it is over.
said() {
	expect "shares nothing with the snapshot before"
	expect "$1"
	grep -q "flashback: this snapshot: shares nothing .*" "$STORE/here/v/.flashback/logs/"*
	back_up
	refuse expect 'shares nothing'
	[ "$NEW/dir/1" -ef "$OLD/dir/1" ]
}

# drop_fractions: from the times of the newest snapshot.
drop_fractions() {
	perl -e 'for (@ARGV) { utime((stat)[9], (stat)[9], $_) or die }' "$NEW/dir/"*
}

@test "a store that was moved by something that drops fractions of a second" {
	drop_fractions
	back_up
	grep -q 'full run: times in the newest snapshot lack fractions of a second' "$STORE/here/v/.flashback/logs/${NEW##*/}.log"
	said 'no fractions of a second'
}

@test "the same where there is no room for a second copy: reported before anything is copied" {
	head -c 20000000 /dev/urandom >"$D/src/dir/big"
	back_up
	drop_fractions
	in_box fallocate -l 25M "$MNT/ballast"
	run flashback -1 here/v
	expect_exit 2
	expect 'must be copied again, '
	expect 'times in the newest snapshot lack fractions of a second (moved by tar? an old rsync?); make room, or see Moving a store'
	has_snapshots 2 here/v
	in_box rm "$MNT/ballast"
	back_up
	said 'no fractions of a second'
}

@test "owners that have changed" {
	chown -R 1234 "$D/src"
	back_up
	said 'owners or modes have changed'
}

@test "files that cannot be linked: the room that they take is shown" {
	rm -rf "$STORE/here/v/.flashback/spare" # which may have been laid out by now
	in_box chattr -R +i "$MNT/store/here/v/${NEW##*/}" || skip "no chattr here"
	back_up
	expect 'could not be linked (are they immutable, see lsattr?)'
	line_of "$RUN/queue.txt" here/v
	refuse grep -qE ' 0 +SUCCEEDED' <<<"$LINE"
	in_box chattr -R -i "$MNT/store/here/v/${OLD##*/}"
}

@test "files whose contents have changed are no such case, nor is a change of a few" {
	for i in {1..30}; do
		echo "$i+" >"$D/src/dir/$i"
	done
	back_up
	refuse expect 'shares nothing'
	chown 1234 "$D/src/dir/"{1..9}
	back_up
	refuse expect 'shares nothing'
}
