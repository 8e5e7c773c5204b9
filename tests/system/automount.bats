#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A backup disk that is mounted when it is used, and unmounted when it is not.

load lib
load net
load disk

setup() {
	begin
	echo x >"$D/src/f"
	disk_begin
	[ -c /dev/autofs ] || skip "this kernel has no autofs"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  every = "1d" } }
	END
	ext4_disk a 24M
	in_box umount "$MNT"
}

teardown() {
	finish
}

# automount SECONDS
automount() {
	background AUTOMOUNT "${IN_BOX[@]}" python3 "$BATS_TEST_DIRNAME/automount.py" "$MNT" "$D/a.img" "$1"
	echo "$AUTOMOUNT" >>"$D/holders"
	wait_for grep -qx ready "$D/log"
}

# has_mounted N: so many times.
has_mounted() {
	[ "$(grep -cx mounted "$D/log")" -eq "$1" ]
}

@test "an automounted disk: a wake with nothing due does not mount it, a run does" {
	automount 600
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for settled
	has_snapshots 1 here/v
	has_mounted 1
	in_box umount "$MNT"
	wake_at '2027-03-01 12:00:01'
	has_mounted 1
	status_is health OK
	status_is disk.mounted true
	[ "$(status disk.total.bytes)" -gt 0 ]
	wake_at '2027-03-02 13:00:00'
	has_mounted 2
	has_snapshots 2 here/v
	status_is health OK
	# It is gone when it is needed.
	in_box umount "$MNT"
	mv "$D/a.img" "$D/b.img"
	wake_at '2027-03-02 13:00:01'
	status_is health OK
	wake_at '2027-03-03 14:00:00'
	wait_for status_is health CRITICAL
	status_is disk.mounted false
	mv "$D/b.img" "$D/a.img"
	wake_at '2027-03-03 15:00:00'
	wait_for has_snapshots 3 here/v
}

# touches: how often the daemon's children look at the disk in one more wake.
touches() {
	background STRACE strace -f -qq -e trace=statfs -o "$D/trace" -p "$DAEMON"
	wait_for grep -q '^TracerPid:.*[1-9]' "/proc/$DAEMON/status"
	wake_at "$1"
	grep -c "$MNT" "$D/trace"
}

@test "a mounted disk that an automounter unmounts when it is not used is not used by a wake" {
	automount 600
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for settled
	run touches '2027-03-01 12:00:01'
	[ "$output" -eq 0 ]
}

@test "one that stays mounted is looked at" {
	automount 0
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for settled
	run touches '2027-03-01 12:00:01'
	[ "$output" -eq 1 ]
	in_box umount "$MNT"
	wake_at '2027-03-01 12:00:02'
	has_mounted 1
	refuse grep -q 'the clock was set' "$D/log" # which reads all
}
