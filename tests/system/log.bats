#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The log over whole days, a wake every half hour: each event is one line, and what stays as it is
# is none.

load lib

setup() {
	needs_root
	begin
	IN_BOX=(unshare -n) # where no host can be reached, and that is known at once
	main_conf "$STORE" <<<'wake = "30m"'
	mkdir "$D/away" "$D/bad"
}

teardown() {
	finish
}

# a_day DATE [COMMAND]: 48 wakes; the command is run before each, with the time.
a_day() {
	local hour minute
	for hour in {00..23}; do
		for minute in 00 30; do
			[ -z "${2:-}" ] || "$2" "$hour:$minute"
			wake_at "$1 $hour:$minute:00 UTC"
		done
	done
}

# first_day TIME: the daemon starts and does what there is to be done.
first_day() {
	household
	set_clock "$1"
	start_daemon
	wait_for settled "$(cat "$D/now")"
}

# lines [VOLUME]: how many lines the log has, or has of a volume.
lines() {
	grep -cE "^[-0-9]+ [:0-9]+ ${1:+$1: }" "$D/log" || true
}

# says N TEXT: as often as that.
says() {
	local n
	n=$(grep -cF -- "$2" "$D/log" || true)
	[ "$n" -eq "$1" ] || { echo "$n times, not $1: $2"; return 1; }
}

household() {
	hosts_conf <<-END
	host "here"   { volume "one" { source = "$D/src" } volume "two" { source = "$D/src" } }
	host "laptop" { volume "home" { source = "root@192.0.2.1:/home"  probe = tcp } }
	host "usb"    { volume "stick" { source = "$D/away"  removable = yes } }
	host "night"  { volume "db" { source = "$D/src"  before = { "/bin/sh", "-c", "exit 75" } } }
	host "old"    { volume "v" { source = "$D/src"  disabled = yes } }
	END
}

@test "a quiet day writes a line a volume; what waits is reported once, with its name first, and once more after a change" {
	first_day '2027-03-01 23:30 UTC'
	a_day 2027-03-02
	for volume in laptop/home usb/stick night/db; do
		[ "$(lines $volume)" -eq 1 ]
	done
	says 1 'started: 6 volumes'
	says 2 'here/one: succeeded after'
	says 2 'here/two: succeeded after'
	[ "$(lines)" -eq 8 ]
	echo x >"$D/away/f"
	wake_at '2027-03-03 00:00 UTC'
	rm "$D/away/f"
	wake_at '2027-03-04 00:30 UTC'
	wake_at '2027-03-04 01:00 UTC'
	says 1 'usb/stick: succeeded after'
	says 2 'usb/stick: not found after'
	stop_daemon
	refuse grep -vE '^[-0-9]{10} [:0-9]{8} ' "$D/log"
}

# What goes wrong on a bad day, and is mended.
worsen() {
	case $1 in
	03:00) rm -r "$D/src" ;;
	06:00) echo 'nonsense = 1' >>"$CONF" ;;
	08:00) sed -i '/nonsense/d' "$CONF" ;;
	12:00) mv "$STORE" "$STORE.away" ;;
	18:00) mv "$STORE.away" "$STORE" ;;
	esac
}

@test "a bad day: the backoff bounds what fails, and all else is reported when it comes and when it goes" {
	first_day '2027-03-01 03:00 UTC'
	: >"$D/log"
	a_day 2027-03-02 worsen
	says 1 'unknown option "nonsense"'
	says 1 'the config has errors'
	says 1 'the config is valid again'
	says 1 "disk: $STORE does not exist"
	says 1 'disk: the disk is usable again'
	for volume in here/one here/two; do
		[ "$(lines $volume)" -ge 2 ]
		[ "$(lines $volume)" -le 8 ]
	done
	[ "$(lines)" -le 30 ]
	stop_daemon
}

# with_syslog: COMMAND in a /dev of its own, in which /dev/log is ours.
with_syslog() {
	cat >"$D/with-syslog" <<-END
	#!/bin/sh -e
	mkdir "$D/dev"
	mount -t tmpfs none "$D/dev"
	for name in null zero random urandom; do
		touch "$D/dev/\$name"
		mount --bind "/dev/\$name" "$D/dev/\$name"
	done
	mkdir "$D/dev/shm"
	mount --rbind /dev/shm "$D/dev/shm"
	ln -s "$D/syslog.socket" "$D/dev/log"
	mount --move "$D/dev" /dev
	exec "\$@"
	END
	chmod 755 "$D/with-syslog"
	IN_BOX=(unshare -m "$D/with-syslog")
	background SYSLOG python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(65536).decode(), file=open(sys.argv[2], "a"))
' "$D/syslog.socket" "$D/syslog"
	PIDS+=" $SYSLOG"
	wait_for test -e "$D/syslog.socket"
}

@test "log = syslog: there and nowhere else, with the level of each event" {
	main_conf "$STORE" <<<'log = "syslog"'
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } volume "gone" { source = "$D/gone/" } }
	END
	with_syslog
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	grep -qE "^<30>.* flashback\[$DAEMON\]: flashback .* started: 2 volumes" "$D/syslog"
	grep -qE "^<30>.* flashback\[$DAEMON\]: here/v: succeeded" "$D/syslog"
	grep -qE "^<27>.* flashback\[$DAEMON\]: here/gone: failed" "$D/syslog"
	stop_daemon
	grep -qE "^<30>.*: stopped" "$D/syslog"
	[ ! -s "$D/log" ]
}
