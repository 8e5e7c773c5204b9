#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What can be wrong around it: one clear line, the right exit status, nothing lost.

load lib
load net

setup() {
	begin
}

teardown() {
	finish
}

@test "a second daemon with the same pid file does not start" {
	start_daemon
	wait_for has_snapshots 1 here/v
	run flashback
	expect_exit 1
	expect "$RUN/flashback.pid"
	expect "$DAEMON"
	status_is pid "$DAEMON"
	[ -n "$(alive "$DAEMON")" ]
	stop_daemon
}

@test "a pid file left by a crash is no hindrance" {
	start_daemon
	kill -KILL "$DAEMON"
	wait "$DAEMON" || true
	[ -e "$RUN/flashback.pid" ]
	start_daemon
	stop_daemon
}

@test "status.txt cannot be written: at start it is an error" {
	mkdir -p "$RUN/status.txt/in-the-way"
	run timeout 120 "$FLASHBACK" -c "$CONF"
	expect_exit 1
	expect "$RUN/status.txt"
}

@test "status.txt cannot be written later: reported once, backups continue" {
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	rm "$RUN/status.txt"
	mkdir -p "$RUN/status.txt/in-the-way"
	set_clock '2027-03-02 12:00:00'
	kill -HUP "$DAEMON"
	wait_for has_snapshots 2 here/v
	wait_for grep -q "$RUN/status.txt" "$D/log"
	rm -r "$RUN/status.txt"
	kill -HUP "$DAEMON"
	wait_for status_is status IDLE
	[ "$(grep -c "$RUN/status.txt" "$D/log")" -le 2 ]
}

@test "a status directory in which others may write is refused" {
	mkdir -m 777 "$RUN"
	chmod 777 "$RUN"
	run timeout 120 "$FLASHBACK" -c "$CONF"
	expect_exit 1
	expect "$RUN"
}

@test "started with nothing open: no file takes the place of the log" {
	"$FLASHBACK" -c "$CONF" <&- >&- 2>&- 3>&- &
	DAEMON=$!
	wait_for daemon_up
	wait_for has_snapshots 1 here/v
	[ "$(cat "$RUN/flashback.pid")" = "$DAEMON" ]
	[ "$(readlink "/proc/$DAEMON/fd/2")" = /dev/null ]
}

@test "no rsync" {
	sed -i "s|^rsync .*|rsync = \"$D/no-rsync\"|" "$CONF"
	run timeout 120 "$FLASHBACK" -1 -c "$CONF"
	[ "$status" -ne 0 ]
	expect "$D/no-rsync"
	has_snapshots 0 here/v
}

@test "an rsync that is too old is refused by its version" {
	printf '#!/bin/sh\necho "rsync  version 3.1.2  protocol version 31"\n' >"$D/old-rsync"
	chmod +x "$D/old-rsync"
	sed -i "s|^rsync .*|rsync = \"$D/old-rsync\"|" "$CONF"
	run timeout 120 "$FLASHBACK" -1 -c "$CONF"
	[ "$status" -ne 0 ]
	expect 3.1.3
}

@test "no right to ping: reported once, with what to do; rsync is tried instead" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	hosts_conf <<-END
	host "h" {
	    ssh = "$SSH"
	    volume "v" { source = "root@10.77.1.2:$D/src/" }
	    volume "w" { source = "root@10.77.1.2:$D/src/" }
	}
	END
	IN_BOX+=(setpriv --inh-caps=-net_raw --bounding-set=-net_raw)
	start_daemon
	wait_for has_snapshots 1 h/v
	wait_for has_snapshots 1 h/w
	wait_for status_is status IDLE
	[ "$(grep -c 'no permission to ping: run as root' "$D/log")" -eq 1 ]
	[ "$(grep -c 'could not be probed' "$D/log")" -le 1 ]
	grep 'no permission to ping' "$D/log" | grep CAP_NET_RAW | grep -q 'probe'
}

backed_up_at_a_wake() {
	kill -HUP "$DAEMON"
	next_second
	has_snapshots 1 h/v
}

@test "a host comes and goes: NOT FOUND without alarm, backed up when it is back" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:$D/src/"  ssh = "$SSH" } }
	END
	host_down 1
	start_daemon
	wait_for row_has h/v 'NOT FOUND'
	status_is volumes.notfound 1
	[[ "$(status health)" != CRITICAL ]]
	host_up 1
	# The link takes a moment to carry packets, and a wake does not wait for that.
	wait_for backed_up_at_a_wake
}

@test "probe = tcp needs no right and probes the port" {
	needs_root
	box_start
	host_start 1
	rsyncd_start 1 "$D/src"
	host_start 2
	host_down 2
	hosts_conf <<-END
	host "up" { volume "v" { source = "rsync://10.77.1.2/data/"  probe = "tcp" } }
	host "closed" { volume "v" { source = "root@10.77.1.2:/etc/"  probe = "tcp" } }
	host "down" { volume "v" { source = "root@10.77.2.2:/etc/"  probe = "tcp" } }
	END
	run flashback -1
	has_snapshots 1 up/v
	# Where a port refuses, somebody is there: that is said, rather than NOT FOUND.
	[[ "$output" =~ closed/v.*FAILED.*refused ]]
	[[ "$output" =~ down/v.*NOT\ FOUND ]]
}

@test "a host key that is not known: FAILED, and what to do" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	: >"$D/known_hosts"
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:$D/src/"  ssh = "$SSH" } }
	END
	run flashback -1 h/v
	expect_exit 2
	[[ "$output" =~ h/v.*FAILED ]]
	expect 'host key'
	has_snapshots 0 h/v
}

@test "a key that is refused: FAILED, and what to do" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	: >"$D/sshd1/authorized_keys"
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:$D/src/"  ssh = "$SSH" } }
	END
	run flashback -1 h/v
	expect_exit 2
	expect 'key'
}

@test "a source that is empty where there were files is SUSPECT and replaces nothing" {
	seq 100 | (cd "$D/src" && xargs touch)
	flashback -1 here/v
	rm "$D"/src/*
	next_second
	run flashback -1 here/v
	expect_exit 2
	[[ "$output" =~ here/v.*SUSPECT ]]
	has_snapshots 1 here/v
	has_snapshots 1 here/v suspect
	[ -e "$(newest here/v)/f" ]
	# Looked at and accepted: renamed to the bare name, it is a snapshot like any other.
	local name
	name=$(snapshots here/v suspect)
	mv "$STORE/here/v/$name" "$STORE/here/v/${name%.suspect}"
	run flashback -1
	expect_exit 0
	refuse grep -q SUSPECT <<<"$output"
}

@test "a clock before the release date runs nothing" {
	set_clock '1970-01-01 00:10:00 UTC'
	run flashback -1
	has_snapshots 0 here/v
	[[ "$output" =~ here/v.*WAITING ]]
	expect clock
}

@test "a store that is full: CRITICAL, nothing half made is called a snapshot" {
	needs_root
	box_start
	mkdir "$D/mnt"
	"${IN_BOX[@]}" mount -t tmpfs -o size=4m tmpfs "$D/mnt"
	main_conf "$D/mnt/store" <<-END
	min_free = "64K"
	END
	flashback --init
	head -c 8000000 /dev/urandom >"$D/src/big"
	run flashback -1 here/v
	expect_exit 2
	expect room
	[ -z "$("${IN_BOX[@]}" find "$D/mnt/store/here/v" -maxdepth 1 -regex '.*/[0-9T-]*+[0-9]*')" ]
}

@test "hostile names reach neither the terminal nor a shell" {
	printf x >"$D/src/"$'\e]0;owned\a'
	printf x >"$D/src/\$(touch pwned)"
	run flashback -1 here/v -v
	refuse grep -q $'\e' <<<"$output"
	refuse grep -rq $'\e' "$STORE/here/v/.flashback" "$STORE/here/v/RESTORE.txt"
	[ -z "$(find "$D" -name pwned)" ]
}

@test "a directory of the store that is a symbolic link: named as what is wrong" {
	flashback -1 here/v
	mv "$STORE/here/v" "$D/elsewhere"
	ln -s "$D/elsewhere" "$STORE/here/v"
	run flashback -1 here/v
	expect_exit 2
	expect 'links within a store are not followed'
}
