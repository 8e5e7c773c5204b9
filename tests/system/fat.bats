#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A disk that lacks what flashback builds on: a real exFAT (by FUSE), and one where hard links fail.

load lib
load net
load disk
load end

setup() {
	begin
	disk_begin
	mkdir "$D/src/dir"
	echo one >"$D/src/dir/same"
	echo 1 >"$D/src/changes"
	chmod -R go= "$D/src"
}

teardown() {
	# A FUSE program that stays stopped would hold up all that syncs, on the whole machine.
	[ -z "${FUSE:-}" ] || kill -CONT "$FUSE" 2>/dev/null || true
	in_box umount -l "$MNT" 2>/dev/null || true # else the FUSE program would hold the box
	finish
}

# exfat_disk [OPTIONS]: mounted at $MNT.
exfat_disk() {
	local device
	command -v mount.exfat-fuse >/dev/null || skip "no exfat-fuse here"
	command -v mkfs.exfat >/dev/null || skip "no mkfs.exfat here"
	[ -c /dev/fuse ] || skip "no FUSE here"
	truncate -s 64M "$D/fat.img"
	mkfs.exfat "$D/fat.img" >/dev/null
	device=$(losetup -f --show "$D/fat.img")
	in_box mount.exfat-fuse "$device" "$MNT" -o "${1:-umask=077}" </dev/null >"$D/fuse.txt" 2>&1 3>&- || {
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
	start_daemon
	wait_for status_is health OK
	stop_daemon
	[ ! -e "$STORE/here/v/latest" ]
	refuse grep -q latest "$STORE/here/v/RESTORE.txt"
	grep -q "/here/v/$(snapshots here/v | tail -n 1)/ " "$STORE/here/v/RESTORE.txt"

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
	local -x ASAN_OPTIONS=detect_leaks=0 # which would not work below strace
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

@test "a disk that lists names without what they are: what has expired is removed all the same" {
	ext4_disk untyped 32M -O ^filetype
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 0  keep_weekly = 0  keep_last = 2 } }
	END
	for _ in 1 2 3; do
		next_second
		flashback -1 here/v
	done
	has_snapshots 2 here/v
	has_snapshots 0 here/v expired
	same_tree "$D/src" "$(newest here/v)"
}

@test "exFAT that others may read: reported, with what helps there" {
	exfat_disk umask=022
	flashback --init --force
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'open to other users'*'umask=077'* ]]
}

@test "a disk that hangs: reported, the daemon stays alive and can be stopped, and it resumes by itself" {
	exfat_disk
	flashback --init --force
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  every = "1h" } }
	END
	set_clock '2027-03-01 12:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	FUSE=$(pgrep -f "mount.exfat-fuse .* $MNT ")
	kill -STOP "$FUSE"
	set_clock '2027-03-01 14:00'
	wake
	wait_for status_is health CRITICAL
	[[ "$(status reason)" == *'does not answer'* ]]
	kill -CONT "$FUSE"
	wake
	wait_for has_snapshots 2 here/v
	wait_for settled
	status_is health OK

	# Told to stop while the disk hangs.
	kill -STOP "$FUSE"
	wake
	wait_for pgrep -P "$DAEMON" >/dev/null
	in_seconds 45 stop_daemon
	kill -CONT "$FUSE"
}

# hang_for_good: what asks the disk from now on is never answered, and cannot even be killed.
hang_for_good() {
	local stuck fuse
	fuse=$(pgrep -f "mount.exfat-fuse .* $MNT ")
	background stuck strace -f -tt -qq -o "$D/trace" -e trace=writev -e inject=writev:delay_enter=1000s -p "$fuse"
	PIDS+=" $stuck"
	wait_for grep -q "^TracerPid:.$stuck" "/proc/$fuse/status"
}

# hold_purger PID: the purger below that process stands still.
hold_purger() {
	PURGER=$(purger "$1") && kill -STOP "$PURGER"
}

@test "a disk that begins to hang for ever under a run, or under the purger: -1 gives up, and reports it" {
	local run sweep files old="$STORE/here/w/2027-03-01T120000+0000.expired" status=0
	exfat_disk
	main_conf "$MNT/store" <<<'wake = "1s"'
	flashback --init --force
	slow_source
	mkdir -p "$old" "$STORE/here/w/$(date +%Y-%m-%dT%H%M%S%z)"
	(cd "$old" && touch {1..8000})
	sed "s,$RUN,$D/run2," "$CONF" >"$D/two.conf"
	echo 'host "here" { volume "w" { source = "/etc/" } }' >"$D/two.hosts"
	echo "hosts_file = \"$D/two.hosts\"" >>"$D/two.conf"
	"${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1 >"$D/run.txt" 2>&1 3>&- &
	PIDS+=" ${run:=$!}"
	wait_for is_copying here/v
	"${IN_BOX[@]}" "$FLASHBACK" -c "$D/two.conf" -1 >"$D/sweep.txt" 2>&1 3>&- &
	PIDS+=" ${sweep:=$!}"
	wait_for hold_purger "$sweep"
	files=("$old"/*) && [ "${#files[@]}" -gt 1 ] # it has not come to its end
	hang_for_good
	kill -CONT "$PURGER"
	timeout 300 tail --pid="$run" -f /dev/null
	timeout 300 tail --pid="$sweep" -f /dev/null
	cat "$D/run.txt" "$D/sweep.txt"
	wait "$run" || status=$?
	[ "$status" -eq 2 ]
	grep -q 'here/v: hangs in the kernel and is abandoned' "$D/run.txt"
	grep -q 'here/v: stopped by the disk .*: the disk stopped answering' "$D/run.txt"
	status=0
	wait "$sweep" || status=$?
	[ "$status" -eq 75 ]
	grep -q 'giving up: the disk still does not answer' "$D/sweep.txt"
}

@test "a disk that hangs for ever in the kernel: -1 says so and comes to its end" {
	local status=0
	exfat_disk
	flashback --init --force
	hang_for_good
	timeout -k 1 300 "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1 >"$D/once.txt" 2>&1 3>&- || status=$?
	cat "$D/once.txt"
	[ "$status" -eq 75 ]
	grep -q 'does not answer' "$D/once.txt"
}

# without_locks ARG...: flashback, where the disk (alone) knows no flock.
without_locks() {
	local -x ASAN_OPTIONS=detect_leaks=0
	in_box "${AS[@]}" strace -f -tt -qq -o "${TRACE:-$D/trace}" -P "$MNT/store/.flashback/test/lock" \
		-P "$MNT/store/here/v/.flashback/lock" -e trace=flock \
		-e inject=flock:error=ENOLCK "$FLASHBACK" -c "$CONF" "$@" 2>&1
}

@test "a disk without locks: refused unless --force, and then backed up to" {
	in_box mount -t tmpfs -o mode=700 tmpfs "$MNT"
	in_box mount -t tmpfs -o mode=755 tmpfs /run
	run without_locks --init
	expect_exit 1
	expect 'locks: no'
	run without_locks --init --force
	expect_exit 0
	run without_locks -1 here/v
	expect_exit 0
	has_snapshots 1 here/v
	grep -q 'flock.*INJECTED' "$D/trace"
}

@test "a disk without locks: nobody on this machine takes away what a run is building" {
	local tree run
	in_box mount -t tmpfs -o mode=700,size=64M tmpfs "$MNT"
	in_box mount -t tmpfs -o mode=755 tmpfs /run
	without_locks --init --force
	slow_source 4
	without_locks -1 here/v >"$D/run.txt" &
	PIDS+=" ${run:=$!}"
	hold_copy
	tree=$(snapshots here/v working)
	run without_locks -1 here/v
	expect_exit 75
	expect 'another flashback'
	# Too little room: what was interrupted goes, the largest first.
	echo 'min_free = "64M"' >>"$CONF"
	run without_locks -1
	expect_exit 75
	expect 'min_free'
	[ -d "$STORE/here/v/$tree" ]
	go_on
	wait "$run" || { cat "$D/run.txt"; false; }
	same_tree "$D/src" "$(newest here/v)"
}

@test "a disk without locks: another user of this machine cannot hold what stands for them" {
	in_box mount -t tmpfs -o mode=700 tmpfs "$MNT"
	in_box mount -t tmpfs -o mode=755 tmpfs /run
	umask 022
	without_locks --init --force
	without_locks -1 here/v
	# He tries all that a run has left.
	run nobody_locks /run
	expect "/run/flashback/lock."
	refuse grep -q 'held' <<<"$output"
	next_second
	run without_locks -1 here/v
	expect_exit 0
	has_snapshots 2 here/v
	# A directory that others can write to is none.
	in_box chmod 777 /run/flashback
	run without_locks -1 here/v
	expect_exit 2
	expect 'No locks available'
	has_snapshots 2 here/v
}

@test "a disk without locks: a user other than root has his locks in his home" {
	local me=1234 run
	# To him, all is below /mnt: others may not pass through $D.
	in_box mount --bind "$D" /mnt
	MNT=/mnt/mnt
	STORE=/proc/$HOLDER/root$MNT/store
	sed -i "s|$D|/mnt|g" "$CONF" "$D/hosts.conf"
	CONF=/mnt/flashback.conf TRACE=/mnt/trace
	in_box mount -t tmpfs -o "mode=700,uid=$me,gid=$me" tmpfs "$MNT"
	mkdir -m 755 "$D/home" "$RUN"
	touch "$D/trace"
	chown -R "$me:$me" "$D/home" "$D/src" "$RUN" "$D/trace"
	chmod 755 "$D"
	echo "me:x:$me:$me::/mnt/home:/bin/sh" >"$D/passwd"
	in_box mount --bind "$D/passwd" /etc/passwd
	AS=(setpriv --reuid "$me" --regid "$me" --clear-groups)
	without_locks --init --force
	slow_source 4
	sed -i "s|$D|/mnt|g" "$D/hosts.conf"
	without_locks -1 here/v >"$D/run.txt" &
	PIDS+=" ${run:=$!}"
	hold_copy /mnt/src
	run without_locks -1 here/v
	expect_exit 75
	expect 'another flashback'
	go_on
	wait "$run" || { cat "$D/run.txt"; false; }
	[ "$(stat -c '%a %u' "$D/home/.flashback/lock."*)" = "600 $me" ]
	AS=()
	run nobody_locks /mnt/home
	expect "/mnt/home/.flashback/lock."
	refuse grep -q 'held' <<<"$output"
}

# nobody_locks DIR: another user tries to open each file below DIR and to hold a lock on it.
nobody_locks() {
	in_box setpriv --reuid 65534 --regid 65534 --clear-groups perl -MFcntl=:flock -MFile::Find -e '
		chdir "/";
		find({no_chdir => 1, wanted => sub {
			my $f;
			print "$_ ", -f $_ && open($f, "<", $_) && flock($f, LOCK_EX | LOCK_NB) ? "held\n" : "no\n" } },
			@ARGV)' "$1"
}
