#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The backup disk goes away, comes back, is another one, cannot be written: nothing is written where it
# is not, all of it is said, and all of it ends by itself.

load lib
load net
load disk

setup() {
	begin
	echo x >"$D/src/f"
	disk_begin
}

teardown() {
	finish
}

@test "no disk: nothing is written to the mount point, all is reported, and it ends by itself" {
	local before
	ext4_disk a 24M
	in_box umount "$MNT"
	mkdir -m 700 "$MNT/store"
	before=$(bare)
	start_daemon
	wait_for status_is health CRITICAL
	status_is disk.mounted false
	[[ "$(status reason)" == *'no disk is mounted there'* ]]
	# Where people look, with what to do.
	[[ "$(sed -n 2p "$RUN/queue.txt")" == 'CRITICAL: '*'no disk is mounted there: mount the backup disk'* ]]
	[ -z "$(sed -n 3p "$RUN/queue.txt")" ]
	row_has here/v 'WAITING (disk)'
	wake
	run flashback -1 here/v
	expect_exit 75
	[ "$(bare)" = "$before" ]
	plug a
	wake
	wait_for has_snapshots 1 here/v
	wait_for status_is health OK
	[ "$(bare)" = "$before" ]
}

# gone_in_mid_run COMMAND...: it takes the disk away from a run.
gone_in_mid_run() {
	local before
	ext4_disk a 64M
	before=$(bare)
	start_daemon
	wait_for is_copying here/v
	"$@"
	wait_for status_is health CRITICAL
	wait_for row_has here/v 'WAITING (disk)'
	grep -q 'here/v: stopped by the disk.*was lost' "$D/log"
	[ "$(bare)" = "$before" ]
}

move_away() {
	mkdir "$D/elsewhere"
	in_box mount --move "$MNT" "$D/elsewhere"
}

@test "a disk that goes away in mid-run: the run is ended, nothing is left on the mount point" {
	slow_source 40 # far longer than the next look at the disk takes to come
	gone_in_mid_run unplug
	# Nobody holds it any more: its loop device is free again.
	wait_for is_let_go a
	slow_source 4
	plug a
	wake
	wait_for has_snapshots 1 here/v
	wait_for status_is health OK
	same_tree "$D/src" "$(newest here/v)"
}

is_let_go() {
	[ -z "$(losetup -j "$D/$1.img")" ]
}

@test "a mount that is moved in mid-run, the run ending before anybody looks: the same" {
	slow_source 3
	gone_in_mid_run move_away
}

@test "another disk in its place in mid-run: the run ends as DISK, and begins anew on that one" {
	slow_source 4
	ext4_disk b 64M
	in_box umount "$MNT"
	ext4_disk a 64M
	start_daemon
	wait_for is_copying here/v
	unplug
	plug b
	wait_for grep -q 'here/v: stopped by the disk.*another disk' "$D/log"
	has_snapshots 0 here/v
	[ ! -e "$STORE/here" ]
	wake
	wait_for has_snapshots 1 here/v
	status_is health OK
}

@test "an idle flashback lets umount through; another disk between runs is read anew" {
	ext4_disk b 24M
	in_box umount "$MNT"
	ext4_disk a 24M
	# Started by somebody who stood on the disk.
	IN_BOX+=(env -C "$MNT/store")
	CONF=../../flashback.conf
	start_daemon
	unset 'IN_BOX[-1]' 'IN_BOX[-1]' 'IN_BOX[-1]'
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	in_box umount "$MNT"
	is_let_go a
	# Never a wake without a disk: it is told by its id.
	plug b
	wake
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	in_box umount "$MNT"
	wake
	wait_for status_is health CRITICAL
	plug a
	wake
	wait_for status_is health OK
	wait_for row_has here/v 'NEXT RUN'
	has_snapshots 1 here/v
}

@test "a disk that is mounted read-only is reported, and it ends by itself" {
	ext4_disk a 24M
	in_box mount -o remount,ro "$MNT"
	start_daemon
	wait_for status_is health CRITICAL
	[[ "$(status reason)" == *read-only* ]]
	row_has here/v 'WAITING (disk)'
	in_box mount -o remount,rw "$MNT"
	wake
	wait_for has_snapshots 1 here/v
	wait_for status_is health OK
}

@test "-1 comes to its end on a read-only disk though something there has expired" {
	ext4_disk a 24M
	mkdir -p "$STORE/here/v/2026-11-01T031000+0100.expired"
	in_box mount -o remount,ro "$MNT"
	run timeout -k 1 300 "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1
	expect_exit 75
	expect 'read-only'
}

@test "after an ext4 error nothing can be written though the mount says rw: it is reported, and ends by itself" {
	local device
	slow_source 5
	ext4_disk a 64M
	in_box mount -o remount,errors=remount-ro "$MNT"
	device=$(in_box findmnt -no SOURCE "$MNT")
	[ -w "/sys/fs/ext4/${device#/dev/}/trigger_fs_error" ] || skip "this kernel cannot pretend an error"
	start_daemon
	wait_for is_copying here/v
	echo 1 >"/sys/fs/ext4/${device#/dev/}/trigger_fs_error"
	wait_for status_is health CRITICAL
	wait_for row_has here/v 'WAITING (disk)'
	# It stays said at each wake until it can be written again.
	wake
	wait_for settled
	status_is health CRITICAL
	[[ "$(status reason)" == *'nothing can be written'* || "$(status reason)" == *read-only* ]]
	in_box umount "$MNT"
	plug a
	wake
	wait_for has_snapshots 1 here/v
	wait_for status_is health OK
	same_tree "$D/src" "$(newest here/v)"
}

@test "a volume's directory that refuses what the disk does not is a failure of that volume" {
	ext4_disk a 24M
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" }  volume "w" { source = "$D/src/" } }
	END
	run flashback -1
	expect_exit 0
	chattr +a "$STORE/here/v" || skip "no attributes of files here"
	next_second
	run flashback -1 here
	chattr -a "$STORE/here/v"
	expect_exit 2
	expect 'FAILED'
	expect 'Operation not permitted'
	refuse grep -q 'WAITING (disk)' <<<"$output"
	has_snapshots 2 here/w
	chattr +a "$STORE/here/v"
	set_clock '+2 days'
	start_daemon
	wait_for row_has here/v FAILED
	status_is health WARNING
	status_is volumes.failed 1
	chattr -a "$STORE/here/v"
	stop_daemon
}

@test "another disk that is mounted in the store is refused" {
	ext4_disk a 24M
	flashback -1
	has_snapshots 1 here/v
	in_box mount -t tmpfs -o mode=700 tmpfs "$MNT/store/here"
	next_second
	run flashback -1 here/v
	expect_exit 2
	expect 'another file system is mounted there'
	[ -z "$(ls -A "$STORE/here")" ]
	in_box umount "$MNT/store/here"
	run flashback -1 here/v
	expect_exit 0
	has_snapshots 2 here/v
}

@test "a disk that is exchanged for its clone between two wakes: what is known is that of the clone" {
	ext4_disk a 32M
	set_clock '2027-03-01 12:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	in_box sync
	cp "$D/a.img" "$D/b.img"
	wake_at '2027-03-02 12:00'
	has_snapshots 2 here/v
	in_box umount "$MNT"
	plug b
	wake_at '2027-03-02 13:00'
	# The clone has nothing of that day, and so a backup is due.
	has_snapshots 2 here/v
	snapshots here/v | tail -n 1 | grep -q '^2027-03-02T1300'
}
