#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What one_file_system leaves out of a local source is said.

load lib
load net

setup() {
	needs_root
	begin
	box_start
}

teardown() {
	finish
}

# on_disk TYPE DIR: a file system of that type, in a file, mounted there.
on_disk() {
	truncate -s 200M "$D/$1.img"
	"mkfs.$1" -q "$D/$1.img" 2>/dev/null || "mkfs.$1" -f -q "$D/$1.img"
	mkdir -p "$2"
	"${IN_BOX[@]}" mount -o loop "$D/$1.img" "$2"
}

# says COMMAND...: does it name just these of $LEFT?
says() {
	run flashback "$@"
	expect_exit 0
	local path
	for path in "${LEFT[@]}"; do
		expect "$path"
	done
	[ "$(grep -cE '(left out, as a file system of its own: |^#     )/' <<<"$output")" -eq ${#LEFT[@]} ]
}

@test "file systems mounted below a local source: --check, -n and RESTORE.txt name them" {
	on_disk ext4 "$D/src/home"
	mkdir -p "$D/src/bind" "$D/src/tmp" "$D/more"
	"${IN_BOX[@]}" mount --bind "$D/more" "$D/src/bind"
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/src/tmp"
	LEFT=("$D/src/home")
	says --check
	says -n
	flashback -1
	grep -qxF -e "- $D/src/home" "$STORE/here/v/RESTORE.txt"
	[ "$(grep -c '^- ' "$STORE/here/v/RESTORE.txt")" -eq 1 ]
	# Whoever knows is not told.
	LEFT=()
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$D/src/\" exclude = \"/home/\" } }"
	says --check
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$D/src/\" one_file_system = no } }"
	says --check
	# Nor of the disk with the store.
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$D/src/\" } }"
	sed -i "s|^data_dir.*|data_dir = \"$D/src/home/store\"|" "$CONF"
	flashback --init >/dev/null
	says --check
}

@test "btrfs subvolumes below a local source, also where the source is a directory of one" {
	command -v mkfs.btrfs btrfs >/dev/null || skip "needs btrfs-progs"
	on_disk btrfs "$D/disk" || skip "needs btrfs"
	"${IN_BOX[@]}" btrfs -q subvolume create "$D/disk/aside"
	"${IN_BOX[@]}" mkdir -p "$D/disk/data/dir"
	"${IN_BOX[@]}" btrfs -q subvolume create "$D/disk/data/one"
	"${IN_BOX[@]}" btrfs -q subvolume create "$D/disk/data/dir/two"
	"${IN_BOX[@]}" btrfs -q subvolume create "$D/disk/data/dir/two/within"
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$D/disk/data/\" } }"
	LEFT=("$D/disk/data/one" "$D/disk/data/dir/two")
	says --check
	says -n
	flashback -1
	grep -qxF -e "- $D/disk/data/dir/two" "$STORE/here/v/RESTORE.txt"
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$D/disk/\" } }"
	LEFT+=("$D/disk/aside")
	says --check
}

# empties DIR OPTION COMMAND...: after that the run of this source, with such an option or "", says that docs/, with 50
# files, is empty; the next one does not.
empties() {
	local dir=$1
	hosts_conf <<<"host \"here\" { volume \"v\" { source = \"$dir/\" $2 } }"
	shift 2
	"${IN_BOX[@]}" mkdir -p "$dir/docs/deep" "$dir/kept"
	"${IN_BOX[@]}" touch "$dir/docs/"{1..40} "$dir/docs/deep/"{1..10} "$dir/kept/"{a,b,c} "$dir/f"{1..100}
	flashback -1 here/v
	"$@"
	next_second
	run flashback -1 here/v
	expect_exit 0
	expect 'docs/ is empty now, it had 50 files'
	row_has here/v 'docs/ is empty now, it had 50 files'
	next_second
	run flashback -1 here/v
	expect_exit 0
	refuse expect 'is empty now'
}

empty() {
	rm -r "$D/src/docs/"* "$D/src/kept/a"
}

@test "a directory that had files and is empty now is reported in the row" {
	empties "$D/src" "$(runs quick)" empty
	empties "$D/src" "$(runs full)" empty
}

@test "a directory that had files and is a mount point now is reported in the row" {
	empties "$D/src" '' "${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/src/docs"
}

become_subvolume() {
	"${IN_BOX[@]}" mv "$D/disk/docs" "$D/disk/old"
	"${IN_BOX[@]}" btrfs -q subvolume create "$D/disk/docs"
	"${IN_BOX[@]}" cp -a "$D/disk/old/." "$D/disk/docs"
	"${IN_BOX[@]}" rm -r "$D/disk/old"
}

@test "a directory that had files and is a btrfs subvolume now is reported in the row" {
	command -v mkfs.btrfs btrfs >/dev/null || skip "needs btrfs-progs"
	on_disk btrfs "$D/disk" || skip "needs btrfs"
	empties "$D/disk" '' become_subvolume
}
