#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Disks that add extended attributes to files by themselves: a real XFS, which shows an ACL a second time as
# trusted.SGI_ACL_FILE, and a real btrfs, which hands its compression property down.

load lib
load net
load disk

setup() {
	begin
	disk_begin
	mkdir -p "$D/src/dir/empty" "$D/src/plain"
	echo one >"$D/src/dir/acl"
	echo two >"$D/src/dir/attribute"
	echo three >"$D/src/plain/file"
	setfacl -m g::---,u:1:rw "$D/src/dir/acl"
	setfacl -m u:2:rx "$D/src/dir"
	setfacl -d -m u:3:rwx "$D/src/dir"
	setfattr -n user.mine -v 1 "$D/src/dir/attribute"
	setfattr -n user.mine -v 2 "$D/src/dir"
}

teardown() {
	in_box umount -l "$MNT" 2>/dev/null || true
	finish
}

# xfs_disk: mounted at $MNT, and a store on it.
xfs_disk() {
	command -v mkfs.xfs >/dev/null || skip "no mkfs.xfs here"
	truncate -s 300M "$D/xfs.img"
	mkfs.xfs -q "$D/xfs.img"
	plug xfs || skip "no XFS here"
	flashback --init
}

# volume full|quick: what kind of runs it has.
volume() {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  $(runs "$1") } }
	END
}

# attributes TREE: what the source can have.
attributes() {
	local names=(. dir dir/acl dir/attribute dir/empty plain plain/file)
	(cd "$1" && getfacl -n "${names[@]}" && getfattr -h -d -m '^user' "${names[@]}")
}

# back_up: NEW is like the source; all but the files that are named is shared with PREVIOUS.
back_up() {
	local name
	PREVIOUS=${NEW:-}
	next_second
	run flashback -1 here/v
	expect_exit 0
	NEW=$(newest here/v)
	diff -r "$D/src" "$NEW"
	diff <(attributes "$D/src") <(attributes "$NEW")
	[ -n "$PREVIOUS" ] || return 0
	for name in dir/acl dir/attribute plain/file; do
		if [[ " $* " == *" $name "* ]]; then
			refuse test "$PREVIOUS/$name" -ef "$NEW/$name"
		else
			[ "$PREVIOUS/$name" -ef "$NEW/$name" ] || { echo "$name is not shared"; return 1; }
		fi
	done
}

# a_life: full runs, then quick ones, in which ACLs and attributes stay, come, change and go.
a_life() {
	local kind
	for kind in full quick; do
		volume "$kind"
		back_up
		back_up
		setfacl -m u:7:r "$D/src/dir/acl" "$D/src/plain"
		setfacl -d -m u:8:r "$D/src/dir" "$D/src/dir/empty"
		setfattr -n user.mine -v "$kind" "$D/src/dir/attribute" "$D/src/plain"
		back_up dir/acl dir/attribute
		back_up
		setfacl -x u:7 "$D/src/dir/acl"
		setfacl -b "$D/src/plain" "$D/src/dir/empty"
		setfattr -x user.mine "$D/src/plain"
		back_up dir/acl
	done
	back_up
	[ "$(grep -l 'flashback: quick run' "$STORE/here/v/.flashback/logs"/* | wc -l)" -ge 5 ]
}

@test "XFS: ACLs stay, and what has one is shared" {
	xfs_disk
	grep '^added_xattrs=trusted.SGI_ACL_FILE trusted.SGI_ACL_DEFAULT$' "$STORE/.flashback/store"
	run flashback --init
	expect "attributes that this disk adds to files by itself, which are not backed up: trusted.SGI_ACL_FILE"
	a_life
}

@test "btrfs with compression: what has the property is shared" {
	btrfs_disk disk 200M
	in_box btrfs property set "$MNT" compression zlib
	flashback --init
	grep '^added_xattrs=btrfs.compression$' "$STORE/.flashback/store"
	a_life
}

# btrfs_source: $D/src is on a btrfs of its own, with the property on a file and a directory.
btrfs_source() {
	command -v mkfs.btrfs >/dev/null || skip "no mkfs.btrfs here"
	truncate -s 200M "$D/source.img"
	mkfs.btrfs -q "$D/source.img"
	mv "$D/src" "$D/files"
	mkdir "$D/src"
	in_box mount -o loop "$D/source.img" "$D/src" || skip "no btrfs here"
	in_box cp -a "$D/files/." "$D/src/"
	in_box btrfs property set "$D/src/plain/file" compression zlib
	in_box btrfs property set "$D/src/dir" compression zlib
}

# A remote shell that records what the host is sent.
sender() {
	cat >"$D/sender" <<-END
	#!/bin/bash
	while [ "\$1" != host ]; do shift; done
	shift
	exec sh -c "\$*" < <(exec tee -a "$D/sent")
	END
	chmod 755 "$D/sender"
}

@test "a property of btrfs at the source, a disk that refuses it: all else is kept and shared" {
	local volume
	sender
	ext4_disk disk 100M
	run flashback --init
	expect "attributes that this disk refuses, which are not backed up: btrfs.compression"
	btrfs_source
	hosts_conf <<-END
	host "here" {
	    volume "full"  { source = "$D/src/"  $(runs full) }
	    volume "quick" { source = "$D/src/" }
	    volume "sent"  { source = "host:$D/src/"  ssh = "$D/sender"  probe = "none" }
	}
	END
	for volume in full quick sent; do
		flashback -1 "here/$volume"
		diff <(attributes "$D/files") <(attributes "$(newest "here/$volume")")
		next_second
		run flashback -1 "here/$volume"
		expect_exit 0
		[ "$volume" = full ] || expect "(quick run)"
		cd "$(newest "here/$volume")"
		[ "$(stat -c %h plain/file dir/attribute dir/acl | sort -u)" -ge 2 ]
		diff <(attributes "$D/files") <(attributes .)
	done
	[ -s "$D/sent" ]
	refuse grep -a btrfs "$D/sent"
}

@test "a btrfs keeps the property" {
	local volume
	btrfs_disk disk 200M
	flashback --init
	btrfs_source
	volume quick
	flashback -1 here/v
	next_second
	flashback -1 here/v
	[ "$(getfattr -n btrfs.compression --only-values "$(newest here/v)/plain/file")" = zlib ]
	[ "$(stat -c %h "$(newest here/v)/plain/file")" -ge 2 ]
}

@test "a disk that adds nothing: rsync's own choice of attributes stays, but for what the disk refuses" {
	in_box mount -t tmpfs tmpfs "$MNT"
	flashback --init
	run flashback -n here/v
	expect "'--filter=-xsr system.*' '--filter=-xsr btrfs.compression'"
	output=${output/"'--filter=-xsr system.*' '--filter=-xsr btrfs.compression'"/}
	refuse expect '--filter='
}
