#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What --init finds out about a disk, on real file systems: it is true of that disk only, and a store can be moved.

load lib
load net
load disk

setup() {
	begin
	disk_begin
	mkdir "$D/src/dir"
	echo one >"$D/src/dir/same"
}

teardown() {
	in_box umount -l "$D/view" 2>/dev/null || true # else a FUSE program would hold the box
	in_box umount -l "$MNT" 2>/dev/null || true
	finish
}

# move_to NAME [MKFS_OPTION...]: the store, without its marker tested anew, goes to another ext4.
move_to() {
	local name=$1
	shift
	cp -a "$STORE" "$D/moved"
	unplug
	truncate -s 64M "$D/$name.img"
	mkfs.ext4 -q -F -m 0 "$@" "$D/$name.img"
	plug "$name"
	cp -a "$D/moved" "$STORE"
	rm -r "$D/moved"
}

# back_up: a run of here/v, and its snapshot in NEW.
back_up() {
	next_second
	run flashback -1 here/v
	expect_exit 0
	NEW=$STORE/here/v/$(snapshots here/v | tail -n 1)
}

@test "a store that was moved to a disk with whole seconds: tested again, and files are shared there" {
	local old
	ext4_disk a 64M -I 256
	back_up
	move_to b -I 128
	back_up
	expect 'was not tested before: tested now, it lacks times to the nanosecond, dates from 1901 to 2106'
	grep -qx nanoseconds=no "$STORE/.flashback/store"
	old=$NEW
	back_up
	refuse expect 'was not tested before'
	[ "$NEW/dir/same" -ef "$old/dir/same" ]
	run flashback --init
	expect_exit 0
	expect 'times to the nanosecond: no'
}

@test "a date that the disk cannot hold: said at each run, with the first file" {
	local kind words="this disk cannot hold the dates of some files, which are copied again at each run: 1, the first late, of 2050"
	ext4_disk a 64M -I 128
	back_up
	refuse expect 'cannot hold the dates'
	touch -d 2050-06-01 "$D/src/late"
	touch -d 2037-06-01 "$D/src/early"
	back_up
	expect "$words"
	for kind in quick full; do
		hosts_conf <<-END
		host "here" { volume "v" { source = "$D/src/"  $(runs "$kind") } }
		END
		back_up
		expect "$words"
		grep "flashback: $words" "$STORE/here/v/.flashback/logs/$(basename "$NEW").log"
	done
	run flashback -n here/v
	expect '%i %l %M %n//'
	rm "$D/src/late"
	back_up
	refuse expect 'cannot hold the dates'
	# Without the disk: as on most others.
	unplug
	run flashback -n here/v
	expect '%i %l %n//'
}

@test "a date that rsync cannot print: the file is in the snapshot of a quick run, too" {
	ext4_disk a 64M -I 128
	in_box mount -t tmpfs tmpfs "$D/src"
	in_box touch "$D/src/"{1,2,3,4,5,6,file}
	back_up
	run flashback -n here/v
	expect 'quick run'
	in_box sh -c 'echo changed >"$1" && touch -d @99999999999999999 "$1"' sh "$D/src/file"
	back_up
	grep -x changed "$NEW/file"
}

@test "what a disk lacked is not believed of the next one" {
	ext4_disk a 64M
	back_up
	[ -h "$STORE/here/v/latest" ]
	rm "$STORE/here/v/latest"
	sed -i 's/^symlinks=.*/symlinks=no/; s/^nanoseconds=.*/nanoseconds=no/' "$STORE/.flashback/store"
	move_to b
	back_up
	expect 'tested now, it lacks nothing'
	[ "$(newest here/v)" = "$NEW" ]
	grep -qx symlinks=yes "$STORE/.flashback/store"
}

@test "a store on a disk without hard links is refused there, until that is accepted" {
	local id
	command -v strace >/dev/null || skip "no strace"
	export ASAN_OPTIONS=detect_leaks=0 # which would not work below strace
	ext4_disk a 64M
	back_up
	id=$(grep ^id= "$STORE/.flashback/store")
	move_to b
	run in_box strace -f -qq -o "$D/trace" -e trace=link,linkat -e inject=link,linkat:error=EPERM \
		"$FLASHBACK" -c "$CONF" -1 here/v
	expect_exit 2
	expect 'is refused for what it lacks'
	has_snapshots 1 here/v
	run in_box strace -f -qq -o "$D/trace" -e trace=link,linkat -e inject=link,linkat:error=EPERM \
		"$FLASHBACK" -c "$CONF" --init --force
	expect_exit 0
	run flashback -1 here/v
	expect_exit 0
	grep -qx hard_links=no "$STORE/.flashback/store"
	grep -qx "$id" "$STORE/.flashback/store"
	# --init alone finds that it was a mistake.
	run flashback --init
	expect_exit 0
	expect 'hard links: yes'
}

# through PROGRAM ARG...: $D/view shows the disk by FUSE; the store lies there.
through() {
	command -v "$1" >/dev/null || skip "no $1 here"
	[ -c /dev/fuse ] || skip "no FUSE here"
	truncate -s 64M "$D/a.img"
	mkfs.ext4 -q -F -m 0 "$D/a.img"
	plug a
	mkdir "$D/view"
	in_box "$@" </dev/null >"$D/fuse.txt" 2>&1 3>&- || skip "FUSE cannot be mounted here: $(tail -n 1 "$D/fuse.txt")"
	main_conf "$D/view/store"
	STORE=/proc/$HOLDER/root$D/view/store
	run flashback --init
	expect_exit 0
	expect 'hard links: yes'
	expect 'owners of files: yes'
	expect 'modes of files: yes'
	expect 'times to the nanosecond: yes'
	back_up
	back_up
	[ "$(stat -c %h "$NEW/dir/same")" -ge 2 ]
	same_tree "$D/src" "$NEW"
}

@test "bindfs: measured past its cache" {
	through bindfs "$MNT" "$D/view"
}

@test "mergerfs: measured past its cache" {
	through mergerfs -o minfreespace=1M "$MNT" "$D/view"
}

@test "the file system of / is no store unless that is meant, and a disk in fstab is missed there" {
	local at=$BATS_TEST_TMPDIR/system
	[ "$(stat -c %d /)" = "$(stat -c %d "$BATS_TEST_TMPDIR")" ] || skip "the tests run on another device than /"
	mkdir "$at"
	main_conf "$at/store"
	run flashback --init
	expect_exit 1
	expect "is on the file system of /: mount the backup disk there, then run flashback --init again"
	[ ! -e "$at/store" ]
	run flashback --init --force
	expect_exit 0
	expect warning
	run flashback --check
	refuse expect 'etc/fstab'
	printf '%s\n' "tmpfs /tmp/other tmpfs defaults 0 0" "LABEL=backup $at ext4 noauto 0 2" >"$D/fstab"
	in_box mount --bind "$D/fstab" /etc/fstab
	run flashback --check
	expect "not on the one that /etc/fstab mounts at $at: mount that"
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'/etc/fstab mounts'* ]]
}

@test "a store made on the file system of / where another disk was before is a warning until it is accepted" {
	local at=$BATS_TEST_TMPDIR/system
	[ "$(stat -c %d /)" = "$(stat -c %d "$BATS_TEST_TMPDIR")" ] || skip "the tests run on another device than /"
	mkdir "$at"
	STORE=$at/store
	main_conf "$STORE"
	in_box mount -t tmpfs -o mode=700 tmpfs "$at"
	flashback --init
	flashback -1
	in_box umount "$at"
	run flashback --init --force
	expect_exit 0
	expect "warning: $STORE is on the file system of /, the system's own disk, and was on another one before"
	rm "$RUN/data_dir" # as a boot does
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'was on another one before: mount that'* ]]
	run flashback --init --force
	expect_exit 0
	refuse expect 'was on another one before'
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	kill -USR1 "$DAEMON"
	wait_for status_is health OK
}
