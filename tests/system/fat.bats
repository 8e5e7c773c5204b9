#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A disk that lacks what flashback builds on: a real exFAT (by FUSE), and one where hard links fail.

load lib
load net
load disk

setup() {
	begin
	disk_begin
	mkdir "$D/src/dir"
	echo one >"$D/src/dir/same"
	echo 1 >"$D/src/changes"
	chmod -R go= "$D/src"
}

teardown() {
	in_box umount -l "$MNT" 2>/dev/null || true # else the FUSE program would hold the box
	finish
}

# exfat_disk: mounted at $MNT.
exfat_disk() {
	local device
	command -v mount.exfat-fuse >/dev/null || skip "no exfat-fuse here"
	command -v mkfs.exfat >/dev/null || skip "no mkfs.exfat here"
	[ -c /dev/fuse ] || skip "no FUSE here"
	truncate -s 64M "$D/fat.img"
	mkfs.exfat "$D/fat.img" >/dev/null
	device=$(losetup -f --show "$D/fat.img")
	in_box mount.exfat-fuse "$device" "$MNT" </dev/null >"$D/fuse.txt" 2>&1 3>&- || {
		losetup -d "$device"
		skip "FUSE cannot be mounted here: $(tail -n 1 "$D/fuse.txt")"
	}
	losetup -d "$device" # it goes when the mount does
}

# two_full_copies: two runs, each with all of the source, nothing shared.
two_full_copies() {
	local first second
	run "$@" -1 here/v
	expect_exit 0
	first=$(snapshots here/v)
	next_second
	echo 22 >"$D/src/changes"
	run "$@" -1 here/v
	expect_exit 0
	has_snapshots 2 here/v
	second=$(snapshots here/v | tail -n 1)
	diff -r "$D/src" "$STORE/here/v/$second"
	[ "$(cat "$STORE/here/v/$first/changes")" = 1 ]
	[ "$(cat "$STORE/here/v/$first/dir/same")" = one ]
	[ "$(stat -c %h "$STORE/here/v/$second/dir/same")" -eq 1 ]
	refuse test "$STORE/here/v/$first/dir/same" -ef "$STORE/here/v/$second/dir/same"
}

@test "exFAT: refused with the reasons; with --force a backup works, as full copies" {
	exfat_disk
	run flashback --init
	expect_exit 1
	expect 'hard links: no: every snapshot is a full copy'
	expect 'modes of files: no'
	expect 'symbolic links: no'
	expect 'is refused for what it lacks'
	expect '--init --force'
	[ ! -e "$STORE" ]

	run flashback --init --force
	expect_exit 0
	two_full_copies flashback
	[ ! -e "$STORE/here/v/latest" ]

	# What it cannot hold is said.
	next_second
	ln -s dir "$D/src/link"
	run flashback -1 here/v
	expect_exit 2
	has_snapshots 1 here/v partial
	expect 'link'

	# What is no longer kept is removed there, too.
	rm "$D/src/link"
	sed -i 's/keep_last = 99/keep_last = 1  keep_daily = 0  keep_weekly = 0/' "$CONF"
	next_second
	run flashback -1 here/v
	expect_exit 0
	has_snapshots 1 here/v
	has_snapshots 0 here/v expired
}

# without_links ARG...: flashback, where link() fails as on a FAT, in rsync as well.
without_links() {
	in_box strace -f -qq -o "$D/trace" -e trace=link,linkat -e inject=link,linkat:error=EPERM \
		"$FLASHBACK" -c "$CONF" "$@" 2>&1
}

@test "no hard links: refused unless --force, and then full copies" {
	in_box mount -t tmpfs -o mode=700 tmpfs "$MNT"
	run without_links --init
	expect_exit 1
	expect 'hard links: no: every snapshot is a full copy'
	expect 'symbolic links: yes'
	expect 'is refused'
	[ ! -e "$STORE" ]
	run without_links --init --force
	expect_exit 0
	two_full_copies without_links
	grep -q 'link.*EPERM.*INJECTED' "$D/trace"
}
