#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# How what has expired is removed: by the purger, behind everything else, and nothing but that.

load lib
load net
load disk

setup() {
	begin
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$D/src/"  keep_last = 1  keep_daily = 0  keep_weekly = 0
	} }
	END
}

teardown() {
	finish
}

# backup: one more, whose changes are its own.
backup() {
	next_second
	date +%s%N >"$D/src/changes"
	flashback -1 here/v
}

# delayed_sweep: a daemon whose purger takes a tenth of a second for a file, at work on a thousand.
delayed_sweep() {
	export ASAN_OPTIONS=detect_leaks=0 # which would not work below strace
	backup
	mkdir "$STORE/here/v/$(snapshots here/v)/many" # in the source it would be the run that is delayed
	(cd "$STORE/here/v/$(snapshots here/v)/many" && seq 1000 | xargs touch)
	start_daemon
	wait_for status_is status IDLE
	strace -f -qq -p "$DAEMON" -o "$D/trace" -e trace=unlinkat \
		-e inject=unlinkat:delay_enter=100000 2>"$D/strace.txt" 3>&- &
	PIDS+=" $!"
	wait_for grep -q '^TracerPid:.[1-9]' "/proc/$DAEMON/status"
	mv "$STORE/here/v/$(snapshots here/v)" "$STORE/here/v/2027-01-01T000000+0000.expired"
	kill -USR1 "$DAEMON"
	wait_for purger "$DAEMON"
	PURGER=$(purger "$DAEMON")
	wait_for grep -q 'unlinkat.*"[0-9]*"' "$D/trace"
}

# left: the files of it that are still there, which a run may have begun to make its spare from.
left() {
	find "$STORE/here/v" -path '*/many/*' -type f 2>/dev/null | wc -l
}

@test "the purger has the lowest priority for processor and disk, and resumes where it was killed" {
	local before
	delayed_sweep
	[ "$(cut -d' ' -f19 "/proc/$PURGER/stat")" -eq 19 ]
	[ "$(ionice -p "$PURGER")" = idle ]
	# It disturbs no run.
	wait_for has_snapshots 1 here/v
	[ "$(left)" -gt 0 ]
	wait_for purger "$DAEMON" # another one, once the run has ended
	kill -KILL "$(purger "$DAEMON")"
	before=$(left)
	[ "$before" -gt 0 ]
	[ "$before" -lt 1001 ]
	stop_daemon
	start_daemon
	wait_for has_snapshots 0 here/v expired
	has_snapshots 1 here/v
	same_tree "$D/src" "$(newest here/v)"
}

@test "stopped in the middle of removing, it is gone at once, and the next start resumes" {
	delayed_sweep
	stop_daemon
	gone "$PURGER"
	[ "$(left)" -gt 0 ]
	flashback -1 here/v
	has_snapshots 0 here/v expired
}

@test "directories without permission bits are removed, by others than root too, and no file's mode changes" {
	local kept
	needs_root
	box_start
	mkdir -p "$D/src/ro/deeper/still" "$D/src/x"
	for d in ro ro/deeper ro/deeper/still x; do
		echo same >"$D/src/$d/file"
		chmod 444 "$D/src/$d/file"
	done
	chmod 555 "$D/src/ro/deeper/still" "$D/src/ro/deeper" "$D/src/ro"
	chmod 500 "$D/src/x"
	# To nobody, all is below /mnt: others may not pass through $D.
	in_box mount --bind "$D" /mnt
	sed -i "s|$D|/mnt|g" "$CONF" "$D/hosts.conf"
	rm -r "$STORE"
	mkdir "$STORE" "$RUN"
	chown -R 65534:65534 "$STORE" "$D/src" "$RUN"
	CONF=/mnt/flashback.conf
	IN_BOX+=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	flashback --init --force
	backup
	backup
	has_snapshots 1 here/v
	has_snapshots 0 here/v expired
	[ -z "$(find "$STORE" -name '*.expired')" ]
	kept=$(newest here/v)
	[ "$(stat -c %a "$kept/x")" = 500 ]
	[ "$(stat -c %a "$kept/ro/deeper/still")" = 555 ]
	[ -z "$(find "$kept" -name file ! -perm 444)" ]
	[ "$(stat -c %U "$kept/ro/file")" = nobody ]
	grep -q '^reason=.*flashback does not run as root' "$RUN/status.txt"
}

@test "as root too, modes of all kinds; and the files that others share stay as they are" {
	local kept
	needs_root
	mkdir -p "$D/src/none/none"
	echo x >"$D/src/none/none/file"
	chmod 4750 "$D/src/none/none/file"
	chmod 000 "$D/src/none/none" "$D/src/none"
	backup
	kept=$STORE/here/v/$(snapshots here/v)
	cp -al "$kept" "$D/links" # names of the same inodes, elsewhere
	manifest -i "$D/links" >"$D/before"
	backup
	has_snapshots 1 here/v
	has_snapshots 0 here/v expired
	refuse test -e "$kept"
	manifest -i "$D/links" >"$D/after"
	diff "$D/before" "$D/after"
}

@test "what has expired becomes the spare of the next run; it is walked again on USR1, and goes with its volume" {
	local spare=$STORE/here/v/.flashback/spare expired
	needs_root
	backup
	expired=$(stat -c %i "$(newest here/v)")
	rm -r "$spare" "$spare.of" # as if the disk had been low
	backup
	has_snapshots 1 here/v
	has_snapshots 0 here/v expired
	[ "$(stat -c %i "$spare")" = "$expired" ]
	same_tree "$(newest here/v)" "$spare"
	[ "$(stat -c %i "$spare/changes")" = "$(stat -c %i "$(newest here/v)/changes")" ]
	start_daemon
	wait_for status_is status IDLE
	rm "$spare/changes"
	kill -USR1 "$DAEMON"
	wait_for test -e "$spare/changes"
	sed -i 's/volume "v"/volume "w"/' "$D/hosts.conf"
	kill -HUP "$DAEMON"
	wait_for test ! -e "$spare"
	[ -e "$(newest here/v)/changes" ]
	wait_for test -e "$STORE/here/w/.flashback/spare"
}

@test "what cannot be removed is reported once and stops nothing; once it can be, it goes" {
	local old
	disk_begin
	ext4_disk a 24M
	mkdir "$D/src/dir"
	echo 1 >"$D/src/dir/fixed"
	backup
	old=$STORE/here/v/$(snapshots here/v)
	chattr +i "$old/dir/fixed"
	rm -r "$D/src/dir"
	sed -i 's/every/keep_last = 1  every/' "$D/hosts.conf" # in its spare, too
	start_daemon
	wait_for status_is status IDLE
	backup
	wait_for has_snapshots 1 here/v expired
	kill -USR1 "$DAEMON"
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'cannot remove'*fixed*'not permitted'* ]]
	# The rest of it is gone, other snapshots go as ever, and it is not said again.
	[ "$(find "$STORE/here/v/"*.expired -type f | wc -l)" -eq 1 ]
	backup
	backup
	kill -USR1 "$DAEMON"
	wait_for status_is status IDLE
	has_snapshots 1 here/v
	has_snapshots 1 here/v expired
	[ "$(grep -c 'cannot remove' "$D/log")" -eq 1 ]
	chattr -i "$STORE/here/v/"*.expired/dir/fixed
	kill -USR1 "$DAEMON"
	wait_for has_snapshots 0 here/v expired
	wait_for status_is health OK
}

@test "what is mounted inside is not entered, be it of the same disk, and is reported" {
	local old precious
	disk_begin
	ext4_disk a 24M
	mkdir "$D/src/one" "$D/src/two" "$D/precious" "$STORE/precious"
	echo precious | tee "$D/precious/file" >"$STORE/precious/file"
	backup
	old=$MNT/store/here/v/$(snapshots here/v)
	in_box mount --bind "$D/precious" "$old/one"
	in_box mount --bind "$MNT/store/precious" "$old/two"
	run backup
	expect 'another file system is mounted there'
	has_snapshots 1 here/v expired
	for precious in "$D/precious/file" "$STORE/precious/file"; do
		[ "$(cat "$precious")" = precious ]
	done
}

@test "pins, names made by hand and foreign files are never touched, on a full disk neither" {
	local dir name
	disk_begin
	tmpfs_disk size=20m
	dir=$STORE/here/v
	backup
	for name in 2020-01-01T000000+0000.before-upgrade 2020-01-02T000000+0000.EXPIRED \
		2020-01-03T000000+0000.expired.old 2020-02-30T000000+0000 2020-01-04 2020-01-05T000000 \
		2020-01-06T000000+0000-copy 2020-x.expired 2020.expired '2020-01-07T000000+0000 '; do
		mkdir "$dir/$name"
		echo mine >"$dir/$name/file"
		chmod 500 "$dir/$name"
	done
	echo mine >"$dir/2020-01-08T000000+0000.expired" # a file, and links that lead elsewhere
	mkdir "$D/elsewhere"
	echo mine >"$D/elsewhere/file"
	ln -s "$D/elsewhere" "$dir/2020-01-09T000000+0000.expired"
	ln -s "$D/elsewhere" "$dir/2020-01-10T000000+0000"
	mkdir -p "$STORE/here/unlisted/2020-01-01T000000+0000.expired" "$STORE/lost+found/x"
	theirs >"$D/theirs"
	backup
	backup
	fill_disk 0
	start_daemon
	wait_for status_is health CRITICAL
	kill -USR1 "$DAEMON"
	wait_for status_is status IDLE
	stop_daemon
	has_snapshots 2 here/v # to this test the thirtieth of February looks like one, too
	theirs >"$D/theirs.now"
	diff "$D/theirs" "$D/theirs.now"
}

# What in the store is not flashback's.
theirs() {
	local path
	for path in "$STORE"/here/v/2020* "$STORE/here/unlisted" "$STORE/lost+found" "$D/elsewhere"; do
		manifest -i "$path" || ls -ldi "$path"
	done
}
