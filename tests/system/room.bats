#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A disk that is full: no deadlock, no damage, and not the end for those that fit.

load lib
load net
load disk

setup() {
	begin
	disk_begin
}

teardown() {
	finish
}

# two_volumes: big, of so many megabytes, does not fit; small does.
two_volumes() {
	mkdir -p "$D/big" "$D/small"
	head -c "${1}000000" /dev/urandom >"$D/big/file"
	echo x >"$D/small/file"
	hosts_conf <<-END
	host "a" { volume "big" { source = "$D/big/"  every = "6h" } }
	host "b" { volume "small" { source = "$D/small/"  every = "1h"  keep_last = 9 } }
	END
}

@test "full by blocks: what does not fit is reported and backs off for every; what fits continues" {
	two_volumes 60
	ext4_disk a 40M
	set_clock '2027-03-01 12:00:30' # not the full hour, for a run that takes a second makes it earlier
	start_daemon
	wait_for row_has a/big 'the backup disk is full'
	row_has a/big 'WAITING (disk)'
	row_has a/big 'again at 18:00'
	has_snapshots 0 a/big
	wait_for has_snapshots 0 a/big expired # its room is given back,
	wait_for has_snapshots 1 b/small
	wait_for status_is health WARNING # ... and so the disk is not full
	[[ "$(status reason)" == *a/big*'no space'* ]]
	wait_for settled

	# Hours later it has not been tried again, while the other one has; nor after a restart.
	set_clock '2027-03-01 14:00:00'
	wake
	wait_for has_snapshots 2 b/small
	stop_daemon
	set_clock '2027-03-01 16:00:00'
	run flashback -n a
	expect 'a/big: due, but it has failed: again at 2027-03-01 18:00:'
	start_daemon
	wait_for has_snapshots 3 b/small
	[ "$(grep -c 'a/big: no room' "$D/log")" -eq 1 ]
	set_clock '2027-03-01 18:30:00'
	rm "$D/big/file"
	echo now it fits >"$D/big/file"
	wake
	wait_for has_snapshots 1 a/big
	wait_for status_is health OK
}

@test "below min_free the spare goes before any snapshot, and it comes back" {
	local spare=$STORE/here/v/.flashback/spare
	tmpfs_disk size=40m
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for test -d "$spare"
	in_box fallocate -l 40200K "$MNT/ballast"
	kill -HUP "$DAEMON"
	wait_for status_is health CRITICAL
	wait_for test ! -e "$spare"
	has_snapshots 1 here/v
	in_box rm "$MNT/ballast"
	kill -USR1 "$DAEMON"
	wait_for test -d "$spare"
	wait_for status_is health OK
}

@test "full by inodes: the same" {
	two_volumes 1
	mkdir "$D/big/many"
	(cd "$D/big/many" && seq 1000 | xargs touch)
	tmpfs_disk size=40m,nr_inodes=300
	start_daemon
	wait_for row_has a/big 'the backup disk is full'
	has_snapshots 0 a/big
	wait_for has_snapshots 0 a/big expired
	wait_for has_snapshots 1 b/small
	wait_for status_is health WARNING
	wait_for settled
	rm -r "$D/big/many"
	kill -USR1 "$DAEMON"
	wait_for has_snapshots 1 a/big
	wait_for status_is health OK
}

# fill_days N: so many daily snapshots of 3 MB each that share nothing.  A run makes the last; the others are directories
# with the name of one.
fill_days() {
	local day dir
	for ((day = 1; day < $1; day++)); do
		dir=$STORE/here/v/$(date -d "2027-03-$day 12:00:00" +%Y-%m-%dT%H%M%S%z)
		mkdir -p "$dir"
		head -c 3000000 /dev/urandom >"$dir/file"
	done
	set_clock "2027-03-$1 12:00:00"
	head -c 3000000 /dev/urandom >"$D/src/file"
	flashback -1 here/v
	has_snapshots "$1" here/v
}

# nine_of_ten_days: nine daily snapshots; the tenth met a full disk.
nine_of_ten_days() {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_last = 0  keep_daily = 20  keep_weekly = 0 } }
	END
	main_conf "$MNT/store" <<-END
	min_free = "2M"
	END
	tmpfs_disk size=30m
	fill_days 9
	set_clock '2027-03-10 12:00:00'
	head -c 6000000 /dev/urandom >"$D/src/file"
	run flashback -1 here/v
	expect_exit 2
	expect 'disk is full'
	has_snapshots 9 here/v # nothing that is to be kept goes
	rm "$STORE/.flashback/usage" # that it has grown fast is another matter
}

@test "lowering keep_ on a full disk frees room by itself, three snapshots a wake" {
	nine_of_ten_days
	head -c 3000000 /dev/zero >"$STORE/filler"
	start_daemon
	wait_for status_is health CRITICAL
	[[ "$(status reason)" == *min_free* ]]
	sed -i 's/keep_daily = 20/keep_daily = 1/' "$D/hosts.conf"
	wake
	wait_for has_snapshots 6 here/v
	wait_for has_snapshots 0 here/v expired
	wait_for settled
	kill -USR1 "$DAEMON" # for the tenth day's run backs off for a day
	wait_for has_snapshots 4 here/v # there is room: one more, and three that a success lets go
	wait_for status_is health OK
	[[ "$(newest here/v)" == */2027-03-10T120000* ]]
}

@test "lowering keep_ also helps where there is some room, but not enough for the next one" {
	nine_of_ten_days
	sed -i 's/keep_daily = 20/keep_daily = 1/' "$D/hosts.conf"
	run flashback -1 here/v
	expect 'disk is full'
	has_snapshots 6 here/v
	run flashback -1 here/v
	expect_exit 0
	has_snapshots 4 here/v
}

@test "where it cannot be known how much has become free, nothing expires to make room" {
	nine_of_ten_days
	head -c 3000000 /dev/zero >"$STORE/filler"
	sed -i 's/keep_daily = 20/keep_daily = 1/' "$D/hosts.conf"
	in_box strace -f -qq -e trace=syncfs -e inject=syncfs:error=EIO -o "$D/trace" \
		"$FLASHBACK" -c "$CONF" -1 || true
	grep -q 'EIO.*INJECTED' "$D/trace"
	has_snapshots 9 here/v
}

@test "a full disk and a source that failed: its snapshots stay, whatever keep_ says" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_last = 0  keep_daily = 20  keep_weekly = 0 } }
	END
	tmpfs_disk size=30m
	fill_days 6
	mv "$D/src" "$D/gone"
	set_clock '2027-03-10 12:00:00'
	run flashback -1 here/v
	expect_exit 2
	fill_disk 0
	sed -i 's/keep_daily = 20/keep_daily = 1/' "$D/hosts.conf"
	start_daemon
	wait_for status_is health CRITICAL
	wake
	wait_for status_is status IDLE
	has_snapshots 6 here/v
}

# cut_tree VOLUME MEGABYTES [SUFFIX]: as an interrupted run leaves it.
cut_tree() {
	local tree=$STORE/$1/2027-02-01T120000+0000.${3:-interrupted}
	mkdir -p "$tree"
	head -c "${2}000000" /dev/zero >"$tree/file"
}

@test "on a full disk the trees of interrupted runs go, largest first, until there is room" {
	mkdir "$D/empty"
	hosts_conf <<-END
	host "h" {
	    volume "one" { source = "$D/src/" }
	    volume "two" { source = "$D/src/" }
	    volume "three" { source = "$D/src/" }
	}
	END
	echo x >"$D/src/f"
	tmpfs_disk size=40m
	set_clock '2027-02-01 11:00:00 UTC'
	flashback -1
	cut_tree h/one 3
	cut_tree h/two 9
	cut_tree h/three 5 working
	fill_disk 6000000
	sed -i '/min_free/d' "$CONF"
	echo 'min_free = "17M"' >>"$CONF" # 6 are free: 11 are wanting
	set_clock '2027-02-02 13:00:00 UTC'
	start_daemon
	wait_for has_snapshots 0 h/three working
	wait_for has_snapshots 0 h/three expired
	has_snapshots 0 h/two interrupted
	has_snapshots 1 h/one interrupted
	has_snapshots 1 h/one
	has_snapshots 1 h/two
	wait_for settled
	wake
	wait_for has_snapshots 2 h/two
}

@test "a host that only says that our disk is full stops nobody but itself" {
	host_start 1
	sshd_start 1
	cat >"$D/liar" <<-'END'
	#!/bin/sh
	echo 'rsync: [receiver] write failed on "/backup/x": No space left on device (28)' >&2
	echo 'rsync error: error in file IO (code 11) at receiver.c(393) [receiver=3.5.0]' >&2
	rsync "$@"
	exit 11
	END
	chmod +x "$D/liar"
	echo x >"$D/src/f"
	hosts_conf <<-END
	host "a" { volume "liar" {
	    source = "root@10.77.1.2:$D/src/"
	    ssh = "$SSH"
	    rsync_options = { "--rsync-path=$D/liar" }
	} }
	host "b" { volume "honest" { source = "$D/src/" } }
	END
	main_conf "$MNT/store" <<-END
	parallel = 1
	END
	ext4_disk a 40M
	start_daemon
	wait_for has_snapshots 1 b/honest
	wait_for status_is status IDLE
	refuse grep -q '^disk:\|: disk:' "$D/log"
	[ "$(status health)" != CRITICAL ]
	refuse row_has a/liar 'WAITING (disk)'
}

# more_than SIZE VOLUME: so much has come of its file.
more_than() {
	[ -n "$(find "$STORE/$2" -name '*file*' -size "+$1")" ]
}

@test "while runs last the free space is watched: below half of min_free the one that has copied most is stopped" {
	mkdir "$D/src2"
	head -c 30000000 /dev/urandom >"$D/src/file"
	head -c 30000000 /dev/urandom >"$D/src2/file"
	hosts_conf <<-END
	host "h" { volume "elder" { source = "$D/src/"  address = "one"  rsync_options = { "--bwlimit=50" } } }
	END
	main_conf "$MNT/store" <<-END
	min_free = "40M"
	parallel = 3
	defaults { probe = "none" }
	END
	tmpfs_disk size=100m
	start_daemon
	wait_for has_snapshots 1 h/elder working
	cat >>"$D/hosts.conf" <<-END
	host "i" { volume "younger" { source = "$D/src2/"  address = "two"  rsync_options = { "--bwlimit=500" } } }
	host "j" { volume "last" { source = "$D/src/"  address = "three"  rsync_options = { "--bwlimit=50" } } }
	END
	wake
	wait_for has_snapshots 1 i/younger working
	wait_for has_snapshots 1 j/last working
	wait_for more_than 2M i/younger
	head -c 70000000 /dev/zero >"$STORE/filler"
	wait_for grep -q 'i/younger: stopping: the disk was filling up' "$D/log"
	wait_for row_has i/younger 'WAITING (disk)'
	rm "$STORE/filler"
	row_has h/elder 'BACKING UP'
	refuse grep -q 'h/elder: stopping\|j/last: stopping' "$D/log"
	stop_daemon
}

@test "a btrfs quota is full, and the disk is not: reported, and lowering keep_ frees room by itself" {
	command -v mkfs.btrfs >/dev/null || skip "no mkfs.btrfs here"
	local day
	truncate -s 300M "$D/a.img"
	mkfs.btrfs -q "$D/a.img"
	in_box mount -o loop "$D/a.img" "$MNT" || skip "btrfs cannot be mounted here"
	in_box btrfs quota enable "$MNT"
	in_box btrfs subvolume create "$MNT/sub"
	in_box btrfs qgroup limit 40M "$MNT/sub"
	main_conf "$MNT/sub/store" <<<'min_free = "1M"'
	STORE=/proc/$HOLDER/root$MNT/sub/store
	flashback --init
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_last = 9 } }
	END
	for day in 1 2 3; do
		set_clock "2027-03-0$day 12:00"
		head -c 10000000 /dev/urandom >"$D/src/file"
		flashback -1 here/v
	done
	# Three of 10 MB are there; 8 MB more than one has room for leave place for a small file.
	set_clock '2027-03-04 12:00'
	head -c 16000000 /dev/urandom >"$D/src/file"
	run flashback -1 here/v
	expect_exit 2
	expect 'WAITING (disk)'
	expect 'disk is full'
	has_snapshots 3 here/v
	sed -i 's/keep_last = 9/keep_last = 1  keep_daily = 0  keep_weekly = 0/' "$D/hosts.conf"
	run flashback -1 here/v
	expect_exit 2
	has_snapshots 1 here/v
	in_box sync
	run flashback -1 here/v
	expect_exit 0
	cmp "$D/src/file" "$(newest here/v)/file"
}
