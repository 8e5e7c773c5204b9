#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The life of the daemon: first backup, second backup, what it says meanwhile, its end.

load lib

setup() {
	begin
	mkdir -p "$D/src/dir"
	echo one >"$D/src/dir/file"
}

teardown() {
	finish
}

@test "the first backup is made at once, then it sleeps; TERM ends it, which is reported; nothing is due that was done" {
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for row_has here/v SUCCEEDED
	wait_for settled
	same_tree "$D/src" "$(newest here/v)"
	disk_entries
	[ -e "$RUN/flashback.pid" ]

	stop_daemon
	status_is status DOWN
	[ "$(status next.update)" -le "$(date +%s)" ]
	head -n 1 "$RUN/queue.txt" | grep -q ' : stopped$'
	[ ! -e "$RUN/flashback.pid" ]

	start_daemon
	wait_for row_has here/v 'NEXT RUN IN'
	stop_daemon
	has_snapshots 1 here/v
}

@test "INT ends it too" {
	start_daemon
	kill -INT "$DAEMON"
	wait "$DAEMON"
	status_is status DOWN
}

# The two files once the first backup is made and nothing is being replaced.
@test "status.txt and queue.txt: as scripts know them, and for everybody to read" {
	umask 077
	start_daemon
	wait_for row_has here/v SUCCEEDED
	wait_for settled
	status_block
	queue_lines
	# Both files can be read by everybody and written by none, in a directory that was made for them.
	[ "$(stat -c %a "$RUN" "$RUN/status.txt" "$RUN/queue.txt" | tr '\n' ' ')" = '755 644 644 ' ]
	[ "$(find "$RUN" -type f ! -name data_dir | wc -l)" -eq 3 ]
}

# status_block: begins with the block that scripts know, in their order and units.
status_block() {
	[ "$(head -n 13 "$RUN/status.txt" | cut -d= -f1 | tr '\n' ' ')" = "date time pid status target wait \
disk.mntpt disk.mounted disk.total.bytes disk.used.bytes disk.free.bytes disk.used.percent disk.free.percent " ]
	[[ "$(status date)" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]
	[[ "$(status time)" =~ ^[0-9]{2}:[0-9]{2}:[0-9]{2}$ ]]
	status_is pid "$DAEMON"
	status_is target ''
	[[ "$(status wait)" =~ ^([0-9]|10)$ ]]
	status_is disk.mntpt "$STORE"
	status_is disk.mounted true
	# As df has it; the disk is in use, so nearly.
	local total used free
	read -r total used free < <(df -B1 --output=size,used,avail "$STORE" | tail -n 1)
	[ "$(status disk.total.bytes)" -eq "$total" ]
	[ $(($(status disk.used.bytes) - used)) -lt 100000000 ]
	[ $(($(status disk.free.bytes) - free)) -lt 100000000 ]
	[[ "$(status disk.used.percent)" =~ ^[0-9]+\.[0-9]{2}$ ]]
	[[ "$(status disk.free.percent)" =~ ^[0-9]+\.[0-9]{2}$ ]]
	# Ours.
	[[ "$(status health)" =~ ^(OK|WARNING)$ ]]
	status_is volumes.total 1
	status_is volumes.ok 1
	status_is volumes.failed 0
	status_is config OK
	[ "$(status next.update)" -gt "$(status epoch)" ]
	[ "$(sed -e '1,/^version=/d' -e 's/=[^ ]*//g' "$RUN/status.txt")" = 'volume state last due kept files size new seconds every at text' ]
}

# queue_lines: an activity, an empty line, a header, a row a volume, an empty line, the disk.
queue_lines() {
	[[ "$(sed -n 1p "$RUN/queue.txt")" =~ ^[0-9-]{10}\ [0-9:]{8}\ :\ sleeping ]]
	[ -z "$(sed -n 2p "$RUN/queue.txt")" ]
	[[ "$(sed -n 3p "$RUN/queue.txt")" == "VOLUME "*" LAST BACKUP "*" AGE / CYCLE "*" KEPT "*" SIZE "*" NEW "*" STATUS" ]]
	[[ "$(sed -n 4p "$RUN/queue.txt")" =~ ^here/v\ +[0-9-]{10}\ [0-9:]{8}\ +[0-9]+s\ /\ 1d\ +1\ +6B\ +6B\ +SUCCEEDED ]]
	[ -z "$(sed -n 5p "$RUN/queue.txt")" ]
	[[ "$(sed -n 6p "$RUN/queue.txt")" =~ ^disk:\ [0-9.]+[KMGTP]\ of\ [0-9.]+[KMGTP]\ free\ \([0-9]+\ %\)$ ]]
	[ "$(wc -l <"$RUN/queue.txt")" -eq 6 ]
}

# disk_entries: what lies on the disk is for root alone, and named as the manual says.
disk_entries() {
	local dir
	for dir in "$STORE" "$STORE/here" "$STORE/here/v" "$STORE/here/v/.flashback"; do
		[ "$(stat -c %a "$dir")" = 700 ]
	done
	[ "$(readlink "$STORE/here/v/latest")" = "$(snapshots here/v)" ]
	head -n 1 "$STORE/.flashback/store" | grep -qx 'flashback store 1'
	grep -q SUCCEEDED "$STORE/here/v/.flashback/history"
	[ -s "$STORE/here/v/RESTORE.txt" ]
	[ "$(find "$STORE/here/v/.flashback/logs" -name '*.log' | wc -l)" -eq 1 ]
	# Nothing else.
	[ "$(find "$STORE/here/v" -mindepth 1 -maxdepth 1 | wc -l)" -eq 4 ]
}

# A store that has grown by a twentieth of its disk on each of ten days.
@test "a disk that is about to be full: when, in the last line of queue.txt, and as a WARNING; a new volume is no growth" {
	local usage=$STORE/.flashback/usage total day disk
	flashback -1
	total=$(($(stat -f -c '%b * %S' "$STORE")))
	for ((day = 10; day > 0; day--)); do
		echo "$((EPOCHSECONDS - 86400 * day)) $((total * (11 - day) / 20))"
	done >"$D/days"
	{ head -n 1 "$usage" && cat "$D/days"; } >"$D/usage"
	cp "$D/usage" "$usage"
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" =~ ^'the backup disk grows '[0-9.]+[KMGT]' a day: full in about '[0-9]+' day'.*'lower keep_' ]]
	[[ "$(tail -n 1 "$RUN/queue.txt")" =~ ' %); grows '[0-9.]+[KMGT]' a day: full in about ' ]]
	hosts_conf <<-END
	host "here" {
		volume "v" { source = "$D/src/" }
		volume "w" { source = "$D/src/" }
	}
	END
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 here/w
	wait_for status_is health OK
	[ "$(wc -l <"$usage")" -eq 2 ]
}

@test "HUP wakes it: a volume that became due is backed up; one that is not is left alone" {
	hosts_conf <<-END
	host "here" {
		volume "v" { source = "$D/src/"  every = "1h" }
		volume "w" { source = "$D/src/"  every = "1d" }
	}
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for has_snapshots 1 here/w
	wait_for status_is status IDLE
	set_clock '2027-03-01 13:00:00'
	kill -HUP "$DAEMON"
	wait_for has_snapshots 2 here/v
	wait_for status_is status IDLE
	has_snapshots 1 here/w
	snapshots here/v | tail -n 1 | grep -q '^2027-03-01T130000'
}

@test "it wakes by itself" {
	main_conf "$STORE" <<-END
	wake = "1s"
	END
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  every = "2s"  keep_last = 9 } }
	END
	start_daemon
	wait_for has_snapshots 3 here/v
}

@test "USR1: a success of -1 ends what the daemon knew of a failure" {
	rm -r "$D/src"
	start_daemon
	wait_for row_has here/v FAILED
	mkdir "$D/src" && echo x >"$D/src/f"
	next_second
	run flashback -1 here/v
	expect_exit 0
	kill -USR1 "$DAEMON"
	wait_for row_has here/v 'NEXT RUN IN'
	status_is health OK
}

@test "USR1: snapshots that were removed by hand are seen to be gone" {
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	rm -rf "${STORE:?}"/here/v/2*
	kill -USR1 "$DAEMON"
	wait_for has_snapshots 1 here/v
	stop_daemon
}

@test "stopped in the middle of a run, it resumes where it was" {
	head -c 30000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  rsync_options = { "--bwlimit=2000" } } }
	END
	start_daemon
	wait_for row_has here/v 'BACKING UP'
	wait_for partly_there
	stop_daemon
	has_snapshots 0 here/v
	has_snapshots 1 here/v working

	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } }
	END
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	same_tree "$D/src" "$(newest here/v)"
	has_snapshots 0 here/v working
	has_snapshots 0 here/v interrupted
}

partly_there() {
	[ "$(du -ks "$STORE"/here/v/*.working | cut -f1)" -gt 1000 ]
}

@test "killed in the middle of a run, rsync ends with it, and the next start resumes" {
	head -c 30000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  rsync_options = { "--bwlimit=2000" } } }
	END
	start_daemon
	wait_for partly_there
	kill -KILL "$DAEMON"
	wait "$DAEMON" || true
	wait_for nobody_works_in "$STORE"
	has_snapshots 0 here/v
	# As if it had been killed while it wrote the two files.
	touch "$RUN/.status.txt.0123456789abcdef" "$RUN/.queue.txt.0123456789abcdef"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } }
	END
	start_daemon
	wait_for has_snapshots 1 here/v
	same_tree "$D/src" "$(newest here/v)"
	[ -z "$(find "$RUN" -name '.*.0123456789abcdef')" ]
}

# nobody_works_in DIR: no process has its working directory there.
nobody_works_in() {
	[ -z "$(find /proc -maxdepth 2 -name cwd -lname "$1*" -print -quit 2>/dev/null)" ]
}

@test "while idle it holds nothing below the store, so that the disk can be unmounted" {
	needs_root
	mkdir "$D/mnt"
	load net
	box_start
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/mnt"
	main_conf "$D/mnt/store"
	run flashback --init
	expect_exit 0
	start_daemon
	wait_for row_has here/v SUCCEEDED
	wait_for status_is status IDLE
	wait_for "${IN_BOX[@]}" umount "$D/mnt"
	kill -HUP "$DAEMON"
	wait_for status_is disk.mounted false
	status_is health CRITICAL
	[ -z "$(status disk.total.bytes)" ]
	[ -z "$(find "$D/mnt" -mindepth 1)" ]
}

# tells_systemd SOCKET: all that is to be told comes there; an @ in front is no file but a name in the kernel.
tells_systemd() {
	perl -MSocket -e '
	    $name = $ARGV[0]; $name =~ s/^@/\0/;
	    socket(S, PF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($name)) or die;
	    $| = 1; print "here\n"; while (defined recv(S, $m, 4096, 0)) { print "$m\n" }' \
	    "$1" >"$D/told" 2>&1 </dev/null 3>&- &
	PIDS+=" $!"
	wait_for grep -qx here "$D/told"
	export NOTIFY_SOCKET=$1
	start_daemon
	wait_for grep -qx 'READY=1' "$D/told"
	wait_for grep -q '^STATUS=' "$D/told"
	stop_daemon
	wait_for grep -qx 'STOPPING=1' "$D/told"
}

@test "systemd is notified: ready, how it stands, stopping" {
	tells_systemd "$D/notify"
	tells_systemd "@$D/notify"
}

@test "a restart after a run that was interrupted, and then a success: no harm" {
	flashback -1 here/v
	sed -i 's/SUCCEEDED  /INTERRUPTED/' "$STORE/here/v/.flashback/history"
	grep -q INTERRUPTED "$STORE/here/v/.flashback/history"
	mv "$(newest here/v)" "$D/away"
	start_daemon
	wait_for row_has here/v SUCCEEDED
	stop_daemon
}

@test "too few open files: raised where that is possible, else refused at start" {
	run bash -c "ulimit -n 64; exec '$FLASHBACK' -c '$CONF'"
	expect_exit 1
	expect 'at most 64 files may be open, and 256 are needed'
	background DAEMON bash -c "ulimit -S -n 64; exec '$FLASHBACK' -c '$CONF'"
	wait_for daemon_up
	grep -q '^Max open files  *256 ' "/proc/$DAEMON/limits"
	wait_for has_snapshots 1 here/v
	stop_daemon
}
