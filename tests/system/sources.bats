#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Every kind of source, against the real thing: a snapshot equals its source in everything.

load lib
load tree
load net

setup() {
	begin
}

teardown() {
	finish
}

# backs_up_exactly SOURCE: twice; both snapshots equal the source, the second shares every file with the
# first, and the first is not touched.
backs_up_exactly() {
	make_tree "$D/src"
	hosts_conf <<-END
	host "h" { volume "v" { source = "$1"  ssh = "$SSH" } }
	END
	run flashback -1 h/v
	expect_exit 0
	has_snapshots 1 h/v
	local first
	first=$(newest h/v)
	same_tree "$D/src" "$first"
	[ "$(du -k "$first/sparse" | cut -f1)" -lt 1000 ]
	manifest -i "$first" >"$D/first.before"

	next_second
	run flashback -1 h/v
	expect_exit 0
	has_snapshots 2 h/v
	same_tree "$D/src" "$(newest h/v)"
	manifest -i "$first" | diff -u "$D/first.before" -
	# Directories are each snapshot's own; everything else is the same inode.
	diff <(manifest -i "$first" | grep -v ' mode=4' | inodes) \
	    <(manifest -i "$(newest h/v)" | grep -v ' mode=4' | inodes)
}

# also_backs_up SOURCE DIR: the same tree as volume h/w.
also_backs_up() {
	hosts_conf <<-END
	host "h" { volume "w" { source = "$1"  ssh = "$SSH" } }
	END
	run flashback -1 h/w
	expect_exit 0
	same_tree "$2" "$(newest h/w)"
}

inodes() {
	sed -E 's/^([^ ]*) .* inode=([^ ]*) .*/\1 \2/'
}

@test "a local path" {
	backs_up_exactly "$D/src"
}

@test "host:path over a real sshd" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	backs_up_exactly "root@10.77.1.2:$D/src/"
	# A path with a space.
	mv "$D/src" "$D/two words"
	also_backs_up "root@10.77.1.2:$D/two words" "$D/two words"
}

@test "rsync://host/module and host::module of a real rsync daemon" {
	needs_root
	box_start
	host_start 1
	rsyncd_start 1 "$D"
	backs_up_exactly "rsync://10.77.1.2/data/src/"
	also_backs_up "10.77.1.2::data/src" "$D/src"
}

@test "excludes, and another file system is left out" {
	needs_root
	box_start
	mkdir -p "$D/src/cache" "$D/src/mnt" "$D/src/sub"
	echo x | tee "$D/src/cache/f" "$D/src/sub/keep" "$D/src/sub/skip.tmp" >"$D/src/f"
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/src/mnt"
	"${IN_BOX[@]}" touch "$D/src/mnt/elsewhere"
	hosts_conf <<-END
	host "h" {
		exclude = { "*.tmp" }
		volume "v" { source = "$D/src/"  exclude = { "/cache/" } }
		volume "w" { source = "$D/src/"  one_file_system = no }
	}
	END
	run flashback -1 h
	expect_exit 0
	local tree
	tree=$(newest h/v)
	[ -e "$tree/f" ]
	[ -e "$tree/sub/keep" ]
	[ -d "$tree/mnt" ]
	[ ! -e "$tree/cache" ]
	[ ! -e "$tree/sub/skip.tmp" ]
	[ ! -e "$tree/mnt/elsewhere" ]
	[ -e "$(newest h/w)/mnt/elsewhere" ]
}

@test "a changed file is new, its neighbours are the same inode, the old snapshot keeps the old content" {
	mkdir "$D/src/dir"
	echo same >"$D/src/dir/same"
	echo before >"$D/src/dir/changes"
	run flashback -1 here/v
	expect_exit 0
	local first
	first=$(newest here/v)
	next_second
	echo after >"$D/src/dir/changes"
	chmod 600 "$D/src/dir/same"
	run flashback -1 here/v
	expect_exit 0
	[ "$(cat "$first/dir/changes")" = before ]
	[ "$(cat "$(newest here/v)/dir/changes")" = after ]
	# A changed mode must not reach the old snapshot through a shared inode.
	[ "$(stat -c %a "$first/dir/same")" = 644 ]
	[ "$(stat -c %a "$(newest here/v)/dir/same")" = 600 ]
}

@test "a source that contains the store does not copy the store" {
	main_conf "$D/src/backup"
	"$FLASHBACK" -c "$CONF" --init --force >/dev/null
	STORE=$D/src/backup
	echo x >"$D/src/f"
	run flashback -1 here/v
	expect_exit 0
	[ -e "$(newest here/v)/f" ]
	[ ! -e "$(newest here/v)/backup/here" ]
}

@test "nor does one that contains it by way of symbolic links" {
	mkdir "$D/src/disk[1]"
	ln -s "$D/src/disk[1]" "$D/disk"
	ln -s "$D/src" "$D/home"
	main_conf "$D/disk/backup"
	"$FLASHBACK" -c "$CONF" --init --force >/dev/null
	STORE="$D/src/disk[1]/backup"
	echo x >"$D/src/disk[1]/f"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" }  volume "w" { source = "$D/home/" } }
	END
	run flashback -n
	[ "$(grep -cF -- '--exclude=/disk\[1]/backup' <<<"$output")" -eq 2 ] || { echo "$output"; return 1; }
	run flashback -1
	expect_exit 0
	[ -e "$(newest here/v)/disk[1]/f" ]
	[ -e "$(newest here/w)/disk[1]/f" ]
	[ ! -e "$(newest here/v)/disk[1]/backup/here" ]
	[ ! -e "$(newest here/w)/disk[1]/backup/here" ]
}

@test "nor does one that contains it, or lies in it, by way of bind mounts" {
	needs_root
	mkdir "$D/src/a store" "$D/inside" "$D/src/part"
	IN_BOX=(unshare -m --propagation private sh -ec '
		mount --bind "$0/store" "$0/src/a store"
		mount --bind "$0/store/.flashback" "$0/src/part"
		mount --bind "$0/store/.flashback" "$0/inside"
		exec "$@"' "$D")
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" }  volume "w" { source = "$D/inside/" } }
	END
	run flashback -1 here/v
	expect_exit 0
	[ -e "$(newest here/v)/f" ]
	[ ! -e "$(newest here/v)/a store/here" ]
	[ ! -e "$(newest here/v)/part/store" ]
	run flashback -1 here/w
	expect_exit 2
	expect 'inside data_dir: the backups cannot be backed up there'
}
