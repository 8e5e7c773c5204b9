#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Around a run: before and after, backoff, what is removable or disabled, and who is told.

load lib
load net

setup() {
	begin
	echo x >"$D/src/f"
	set_clock '2027-03-01 12:00:00'
}

teardown() {
	finish
}

# half_past: a time is shown to the minute, and a run that takes a second makes it earlier by that.
half_past() {
	set_clock '2027-03-01 12:00:30'
}

# script NAME: from standard input.
script() {
	{ echo '#!/bin/sh'; cat; } >"$D/$1"
	chmod 755 "$D/$1"
}

volume() {
	hosts_conf <<<"host \"h\" { volume \"v\" { source = \"$D/src/\"  $* } }"
}

@test "before that ends with 75 means not now: it is tried at each wake" {
	script before <<-END
	echo "\$FLASHBACK_VOLUME" >>$D/asked
	test -e $D/now-please || exit 75
	END
	script after <<<"echo after >>$D/asked"
	volume "before = \"$D/before\"  after = \"$D/after\""
	half_past
	start_daemon
	wait_for settled
	row_has h/v 'WAITING (busy): `before` exited with status 75: not now; again at 12:10'
	status_is volumes.failed 0
	status_is health OK
	wake_at '2027-03-01 12:10:00'
	wake_at '2027-03-01 12:20:00'
	touch "$D/now-please"
	wake_at '2027-03-01 12:30:00'
	has_snapshots 1 h/v
	[ "$(tr '\n' ' ' <"$D/asked")" = 'h/v h/v h/v h/v after ' ]
}

@test "before that fails: no rsync, no after" {
	script before <<<'echo the database is down >&2; exit 3'
	script after <<<"touch $D/after-ran"
	volume "before = \"$D/before\"  after = \"$D/after\""
	run flashback -1 h/v
	expect_exit 2
	[[ "$output" =~ h/v.*FAILED.*before.*exit\ status\ 3 ]]
	expect 'the database is down'
	has_snapshots 0 h/v
	has_snapshots 0 h/v working
	[ ! -e "$D/after-ran" ]
}

@test "before that does all it has to do though flashback is stopping: after undoes it" {
	script before <<-END
	trap '' TERM
	touch $D/before-ran
	while [ ! -e $D/go-on ]; do sleep 0.05; done
	END
	script after <<<"echo \$FLASHBACK_STATE >$D/after-ran"
	volume "before = \"$D/before\"  after = \"$D/after\""
	start_daemon
	wait_for test -e "$D/before-ran"
	kill -TERM "$DAEMON"
	wait_for row_has h/v 'being stopped'
	touch "$D/go-on"
	wait "$DAEMON" && DAEMON=''
	[ "$(cat "$D/after-ran")" = INTERRUPTED ]
	has_snapshots 0 h/v working
}

@test "before that cannot be run, or is killed, is reported in words" {
	script before <<<'kill -KILL $$'
	volume "before = \"$D/before\""
	run flashback -1 h/v
	expect_exit 2
	expect "FAILED (0:00:00): \`before\`: $D/before was killed by signal 9"
	printf '#!/nonexistent/sh\n' >"$D/before"
	run flashback -1 h/v
	expect_exit 2
	expect "exit status 127: it, or a program that it calls, was not found"
	script before <<<"$D/src/f"
	run flashback -1 h/v
	expect_exit 2
	expect "exit status 126: it, or a program that it calls, may not be executed"
}

@test "after receives the result, and what it does itself changes nothing" {
	script after <<-END
	env | grep ^FLASHBACK_ | sort >$D/told
	env | grep -c FLASHBACK_TEST >$D/secrets
	exit 9
	END
	volume "after = \"$D/after\""
	run flashback -1 h/v
	expect_exit 0
	expect 'exit status 9'
	diff "$D/told" - <<-END
	FLASHBACK_REASON=
	FLASHBACK_SNAPSHOT=$(snapshots h/v)
	FLASHBACK_STATE=SUCCEEDED
	FLASHBACK_VOLUME=h/v
	END
	# It runs too when rsync has failed.
	rm -r "$D/src"
	run flashback -1 h/v
	expect_exit 2
	grep -qx FLASHBACK_STATE=FAILED "$D/told"
	grep -q '^FLASHBACK_REASON=.*source' "$D/told"
	grep -qx FLASHBACK_SNAPSHOT= "$D/told"
}

@test "after may unmount the disk: what is left to do there waits until it has ended" {
	needs_root
	box_start
	mkdir "$D/keep" "$D/mnt"
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/keep"
	"${IN_BOX[@]}" mount --bind "$D/keep" "$D/mnt"
	(cd "$D/src" && seq 4000 | xargs touch) # which makes a spare that takes its time
	script after <<<"umount $D/mnt && echo done >>$D/told"
	main_conf "$D/mnt/store"
	flashback --init
	volume "after = \"$D/after\""
	start_daemon
	wait_for row_has h/v SUCCEEDED
	wait_for settled
	[ "$(cat "$D/told")" = 'done' ]
	"${IN_BOX[@]}" mount --bind "$D/keep" "$D/mnt"
	wake_at '2027-03-02 12:10:00'
	[ "$(wc -l <"$D/told")" -eq 2 ]
	"${IN_BOX[@]}" mount --bind "$D/keep" "$D/mnt"
	"${IN_BOX[@]}" grep -qr 'flashback: quick run' "$D/mnt/store/h/v/.flashback/logs"
	refuse grep -E '`after`|cannot' "$D/log"
}

attempts() {
	grep -c 'h/v: failed after' "$D/log"
}

@test "a volume that fails backs off: 1, 2, 4 wakes, at most every; USR1 forgets it" {
	volume 'every = "1h"'
	rm -r "$D/src"
	half_past
	start_daemon
	wait_for settled
	[ "$(attempts)" -eq 1 ]
	row_has h/v 'again at 12:10'
	local minute tried='' start
	start=$(cat "$D/now")
	for minute in {10..210..10}; do
		wake_at "@$((start + minute * 60))"
		tried+="$(attempts) "
	done
	# After 10, 20, 40, 60, 60 minutes.
	[ "$tried" = '2 2 3 3 3 3 4 4 4 4 4 4 5 5 5 5 5 5 6 6 6 ' ]
	set_clock '2027-03-01 15:31:00'
	kill -USR1 "$DAEMON"
	wait_for settled
	[ "$(attempts)" -eq 7 ]
	mkdir "$D/src"
	echo x >"$D/src/f"
	kill -USR1 "$DAEMON"
	wait_for has_snapshots 1 h/v
	wait_for settled
	rm -r "$D/src"
	wake_at '2027-03-01 16:40:30'
	row_has h/v 'again at 16:50'
}

@test "backoff survives a restart" {
	volume
	rm -r "$D/src"
	local n
	start_daemon
	wait_for settled
	for n in 10 30; do
		wake_at "2027-03-01 12:$n:00"
	done
	[ "$(attempts)" -eq 3 ]
	stop_daemon
	start_daemon
	wait_for settled
	[ "$(attempts)" -eq 3 ]
	row_has h/v 'FAILED'
	row_has h/v 'again at 13:1'
}

@test "disabled: left alone, and said" {
	volume 'disabled = yes'
	start_daemon
	wait_for settled
	[[ "$(row h/v)" =~ DISABLED$ ]]
	status_is volumes.disabled 1
	wake_at '2027-03-20 12:00:00'
	[[ "$(row h/v)" =~ DISABLED$ ]]
	status_is health OK
	has_snapshots 0 h/v
	volume
	wake_at '2027-03-20 12:10:00'
	has_snapshots 1 h/v
}

told() {
	cut -d: -f1 "$D/told" | tr '\n' ',' 2>/dev/null
}

@test "notify: run for changes, and only for them" {
	script tell <<-END
	cat >>$D/told
	END
	main_conf "$STORE" <<-END
	notify = "$D/tell"
	END
	volume 'every = "1h"'
	start_daemon
	wait_for has_snapshots 1 h/v
	wake_at '2027-03-01 13:00:00'
	[ "$(told)" = 'start,' ]
	mv "$D/src" "$D/away"
	wake_at '2027-03-01 14:00:00'
	wake_at '2027-03-01 14:10:00'
	wake_at '2027-03-01 14:30:00'
	[ "$(told)" = 'start,h/v failed,' ]
	grep -q 'h/v failed: .*source' "$D/told"
	wake_at '2027-03-04 14:30:00'
	[ "$(told)" = 'start,h/v failed,h/v overdue,' ]
	mv "$D/away" "$D/src"
	wake_at '2027-03-04 16:00:00'
	wake_at '2027-03-04 16:10:00'
	[[ "$(told)" =~ ^start,h/v\ failed,h/v\ overdue,(h/v\ recovered,)+$ ]]
	: >"$D/told"
	wake_at '2027-03-04 17:30:00'
	rm "$D/src"/*
	wake_at '2027-03-04 19:00:00'
	wake_at '2027-03-04 20:30:00'
	[ "$(told)" = 'h/v suspect,' ]
	: >"$D/told"
	echo 'nonsense' >>"$D/hosts.conf"
	wake_at '2027-03-04 20:40:00'
	wake_at '2027-03-04 20:50:00'
	[ "$(told)" = 'config,' ]
	sed -i '$d' "$D/hosts.conf"
	wake_at '2027-03-04 21:00:00'
	[ "$(told)" = 'config,config,' ]
}

@test "notify: what -1 met beside the daemon is reported when the daemon hears of it" {
	script tell <<<"cat >>$D/told"
	main_conf "$STORE" <<<"notify = \"$D/tell\""
	volume 'every = "1h"'
	start_daemon
	wait_for has_snapshots 1 h/v
	mv "$D/src" "$D/away"
	wake_at '2027-03-01 12:30:00'
	run flashback -1 h/v
	expect_exit 2
	kill -USR1 "$DAEMON"
	wait_for row_has h/v FAILED
	wait_for settled
	[ "$(told)" = 'start,h/v failed,' ]
	wake_at '2027-03-01 14:00:00'
	[ "$(told)" = 'start,h/v failed,' ]
	mv "$D/away" "$D/src"
	set_clock '2027-03-01 14:05:00'
	run flashback -1 h/v
	expect_exit 0
	kill -USR1 "$DAEMON"
	wait_for row_has h/v 'NEXT RUN'
	wait_for settled
	[ "$(told)" = 'start,h/v failed,h/v recovered,' ]
}

@test "a run that finds the volume newer than was known is reported neither as a success nor as a failure" {
	volume 'every = "20m"'
	start_daemon
	wait_for settled
	set_clock '2027-03-01 12:15:00'
	flashback -1 h/v
	wake_at '2027-03-01 12:25:00'
	row_has h/v 'NEXT RUN IN 0:10:00'
	set_clock '2027-03-01 12:30:00'
	flashback -1 h/v
	rm "$STORE/h/v/.flashback/history"
	wake_at '2027-03-01 12:40:00'
	row_has h/v 'NEXT RUN IN 0:10:00'
	[ "$(grep -cE 'h/v: (succeeded|failed)' "$D/log")" -eq 1 ]
}

@test "notify: a command that fails is reported in the log, and the next event is tried all the same" {
	script tell <<<"test ! -e $D/killed || exit 3; touch $D/killed; kill -KILL \$\$"
	main_conf "$STORE" <<<"notify = \"$D/tell\""
	mv "$D/src" "$D/away"
	volume
	start_daemon
	wait_for grep -q "notify: $D/tell was killed by signal 9" "$D/log"
	wait_for grep -q "notify: $D/tell ended with exit status 3" "$D/log"
	wait_for row_has h/v FAILED
}

@test "notify: a disk that goes and comes back" {
	needs_root
	box_start
	mkdir "$D/mnt"
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/mnt"
	script tell <<<"cat >>$D/told"
	main_conf "$D/mnt/store" <<-END
	notify = "$D/tell"
	END
	flashback --init
	volume
	start_daemon
	wait_for row_has h/v SUCCEEDED
	wait_for settled
	"${IN_BOX[@]}" mount --bind "$D/src" "$D/mnt"
	wake_at '2027-03-01 12:10:00'
	wake_at '2027-03-01 12:20:00'
	"${IN_BOX[@]}" umount "$D/mnt"
	wake_at '2027-03-01 12:30:00'
	[ "$(told)" = 'start,disk,disk,' ]
	status_is disk.mounted true
}

# removable SOURCE: $D/usb behind it is absent, empty, there, and away again.
removable() {
	hosts_conf <<-END
	host "h" { volume "v" { source = "$1"  removable = yes  ssh = "$SSH" } }
	END
	start_daemon
	wait_for settled
	row_has h/v 'NOT FOUND: the source is absent since 12:00'
	mkdir "$D/usb"
	wake_at '2027-03-01 12:10:00'
	row_has h/v 'NOT FOUND: the source is empty since 12:00'
	status_is volumes.failed 0
	[[ $(status reason) == 'h/v has no backup yet: the source is empty since 12:00' ]]
	# Said when it changes, not at each wake.
	wake_at '2027-03-01 12:15:00'
	[ "$(grep -c 'not found' "$D/log")" -eq 2 ]
	[ ! -e "$STORE/h" ]
	echo x >"$D/usb/f"
	wake_at '2027-03-01 12:20:00'
	row_has h/v SUCCEEDED
	status_is health OK
	rm -r "$D/usb"
	wake_at '2027-03-02 12:20:00'
	row_has h/v 'NOT FOUND: the source is absent since 12:20'
	has_snapshots 1 h/v
	[ "$(find "$STORE/h/v" -maxdepth 1 -type d | wc -l)" -eq 3 ]
	status_is volumes.failed 0
}

@test "removable: a local source" {
	removable "$D/usb/"
}

@test "removable: stopped while it is checked, it reports it and leaves nothing running" {
	printf '#!/bin/sh\ntouch %s/asked\nexec sleep 600\n' "$D" >"$D/ssh"
	chmod 755 "$D/ssh"
	hosts_conf <<-END
	host "h" { volume "v" { source = "127.0.0.1:/usb/"  probe = "none"  removable = yes  ssh = "$D/ssh" } }
	END
	start_daemon
	wait_for test -e "$D/asked"
	family "$DAEMON" >"$D/family"
	[ "$(wc -l <"$D/family")" -ge 3 ]
	stop_daemon
	grep -q 'h/v: interrupted after .*: flashback was stopped' "$D/log"
	# shellcheck disable=SC2046 # a word each
	gone $(cat "$D/family")
	[ ! -e "$STORE/h" ]
}

@test "removable: over ssh" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	removable "root@10.77.1.2:$D/usb/"
}

@test "removable: from an rsync daemon, a path and a whole module" {
	needs_root
	box_start
	host_start 1
	rsyncd_start 1 "$D"
	removable "rsync://10.77.1.2/data/usb/"
	stop_daemon
	set_clock '2027-03-01 12:00:00'
	rm -r "$STORE/h"
	sed -i "s|^path.*|path = $D/usb|" "$D/rsyncd1/config"
	: >"$D/log"
	removable "rsync://10.77.1.2/data/"
}
