#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Configuration as the user meets it: --check, errors, exit statuses, a config that breaks meanwhile.
# (Every single message has its test in tests/unit/test_conf.c.)

load lib

setup() {
	begin
}

teardown() {
	finish
}

@test "--check prints the volumes and a verdict, with -v their options and where each came from" {
	main_conf "$STORE" <<-END
	defaults {
	    every = "12h"
	    keep_daily = 5
	}
	END
	local every keep
	every=$(grep -n 'every =' "$CONF" | cut -d: -f1) keep=$(grep -n keep_daily "$CONF" | cut -d: -f1)
	hosts_conf <<-END
	# one host
	host "kimono" {
	    exclude = { '.cache' }
	    volume "home" {
	        source = "root@kimono.example:/home/"
	        exclude = { '.gvfs' }
	        every = "2h"
	    }
	    volume "etc" { source = "root@kimono.example:/etc"  disabled = yes }
	}
	END
	run flashback --check
	expect_exit 0
	[ "$(sed -n '1,/^$/s/  */ /gp' <<<"$output")" = "VOLUME SOURCE EVERY KEEPS
kimono/home root@kimono.example:/home/ 2h last 3, daily 5, weekly 8
kimono/etc root@kimono.example:/etc/ disabled last 3, daily 5, weekly 8" ]
	[ "${lines[-1]}" = '1 host, 2 volumes, no errors, 1 hint above' ]
	refuse expect .cache
	run flashback --check -v
	expect_exit 0
	expect kimono/home
	expect kimono/etc
	[[ "$output" =~ every\ *=\ *\"?2h\"?.*hosts.conf:7 ]]
	[[ "$output" =~ every\ *=\ *\"?12h\"?.*flashback.conf:$every ]]
	[[ "$output" =~ keep_daily\ *=\ *\"?5\"?.*flashback.conf:$keep ]]
	expect .cache
	expect .gvfs
	expect root@kimono.example:/etc/
	expect '# kimono/home: every is 2h, and the shortest period that a keep_ option keeps is a day: of the snapshots of '
	expect 'only the newest stays, besides the last 3; keep_last = 12 keeps all of them'
	refuse expect '# kimono/etc: every' # it is disabled
}

@test "a config that is named from here, in every mode; the hosts are beside it" {
	local mode
	cd "$D"
	CONF=flashback.conf
	for mode in --check --dry-run --init --once; do
		run flashback $mode
		expect_exit 0
	done
	has_snapshots 1 here/v
	run flashback -tv
	expect "# $D/hosts.conf:1"
	start_daemon
	echo 'host "here" { volume "w" { source = "/etc/" } }' >hosts.conf
	kill -HUP "$DAEMON"
	wait_for status_is volumes.total 1
	wait_for has_snapshots 1 here/w
	stop_daemon
}

@test "--check names snapshots of volumes that are no longer listed" {
	run flashback -1 here/v
	expect_exit 0
	hosts_conf <<-END
	host "here" { volume "other" { source = "$D/src/" } }
	END
	run flashback --check
	expect_exit 0
	expect here/v
}

@test "--check ends with a hint, and not as an error, where data_dir is no store or rsync is missing" {
	run flashback --check
	expect_exit 0
	refuse grep -qE '^# .*(store|rsync)' <<<"$output"
	[ "${lines[-1]}" = '1 host, 1 volume, no errors' ]
	main_conf "$D/new"
	run flashback --check
	expect_exit 0
	[[ "$output" =~ '# '.*/new\ does\ not\ exist:\ mount\ .*run\ flashback\ --init\ once\ it\ is\ mounted$'\n\n1 host, 1 volume, no errors, 1 hint above'$ ]]
	mkdir -m 755 "$D/new"
	run flashback --check
	expect_exit 0
	[[ "$output" =~ '# '.*/new\ is\ not\ a\ flashback\ store.*\ mount\ .*run\ flashback\ --init\ once\ it\ is\ mounted$'\n\n1 host, 1 volume, no errors, 1 hint above'$ ]]
	run flashback --init --force
	expect_exit 0
	chmod 755 "$D/new"
	sed -i 's,^rsync.*,rsync = "/no/rsync",' "$CONF"
	run flashback --check
	expect_exit 0
	expect '# /no/rsync: No such file or directory: install rsync'
	expect 'chmod 700'
	refuse grep -q 'is not a flashback store' <<<"$output"
	printf '#!/bin/sh\necho "rsync  version 3.2.7  protocol version 31"\n' >"$D/rsync"
	chmod +x "$D/rsync"
	sed -i "s,^rsync.*,rsync = \"$D/rsync\"," "$CONF"
	run flashback --check
	expect_exit 0
	expect '# this rsync is older than 3.5.0'
	: >"$D/hosts.conf"
	run flashback --check
	expect_exit 0
	expect "# $D/hosts.conf lists no volumes"
	run flashback -n
	expect_exit 0
	expect "$D/hosts.conf lists no volumes"
}

@test "every error of both files is reported at once, with file and line, and nothing starts" {
	main_conf "$STORE" <<-END
	wake = "10 minutes"
	defaults { keep_last = 99 }
	paralel = 2
	END
	hosts_conf <<-END
	host "a" {
	    volume "x" { source = "/etc/"  every = "1d extra" }
	    volume "y" { every = "1d" }
	    volume "../z" { source = "/etc/" }
	}
	host "b" { volume "w" { source = "/etc/"  keep_last = 0  keep_daily = 0  keep_weekly = 0 } }
	END
	local mode
	for mode in --check -1 -n ''; do
		run flashback $mode
		expect_exit 1
		expect flashback.conf:6:
		expect flashback.conf:8:
		expect hosts.conf:2:
		expect hosts.conf:3:
		expect hosts.conf:4:
		expect hosts.conf:6:
		[ "${lines[-1]}" = "flashback: $((${#lines[@]} - 1)) errors in 2 files" ]
	done
	[ ! -e "$RUN/status.txt" ]
}

@test "a config that is absent, or that somebody else may write" {
	run "$FLASHBACK" -t -c "$D/nowhere.conf"
	expect_exit 1
	expect "$D/nowhere.conf"
	[ "${lines[-1]}" = 'flashback: 1 error in 1 file' ]
	chmod 666 "$CONF"
	run flashback -t
	expect_exit 1
	expect "$CONF"
}

@test "the command line: what is wrong is reported, exit status 1" {
	local args
	for args in '--frobnicate' 'nobody' 'here/nobody' '-1 nobody' '--force' '-1 -i'; do
		# shellcheck disable=SC2086
		run flashback $args
		expect_exit 1
		[ -n "$output" ]
	done
	run flashback --inti
	expect 'unknown option --inti; did you mean --init?'
	run flashback -x --check
	expect 'unknown option -x;'
	run flashback --check=all
	expect_exit 1
	expect '--check takes no value'
	run "$FLASHBACK" --help
	expect_exit 0
	expect --once
	run "$FLASHBACK" --version
	expect_exit 0
	expect flashback
}

@test "a config that breaks while the daemon runs leaves the last good one in force, and reports it until mended" {
	mkdir "$D/src2"
	echo x >"$D/src2/f"
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE

	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"
	END
	set_clock '2027-03-02 12:00:00'
	kill -HUP "$DAEMON"
	wait_for has_snapshots 2 here/v
	wait_for status_is status IDLE
	[[ "$(status config)" == *hosts.conf:* ]]
	status_is health WARNING
	[[ "$(sed -n 2p "$RUN/queue.txt")" == "WARNING: the config has errors "*hosts.conf:* ]]
	[ "$(grep -c hosts.conf: "$D/log")" -eq 1 ]

	hosts_conf <<-END
	host "here" {
	    volume "v" { source = "$D/src/" }
	    volume "w" { source = "$D/src2/" }
	}
	END
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 here/w
	wait_for status_is config OK
	has_snapshots 2 here/v
}

@test "a config that goes away, and hosts_file elsewhere" {
	start_daemon
	wait_for has_snapshots 1 here/v
	mv "$CONF" "$CONF.away"
	kill -HUP "$DAEMON"
	wait_for refuse status_is config OK
	mkdir "$D/elsewhere"
	mv "$D/hosts.conf" "$D/elsewhere/list"
	{ cat "$CONF.away"; echo 'hosts_file = "elsewhere/list"'; } >"$CONF"
	kill -HUP "$DAEMON"
	wait_for status_is config OK
	status_is volumes.total 1
}

@test "a volume that leaves the config is left alone on disk and leaves queue.txt" {
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for status_is status IDLE
	hosts_conf <<-END
	host "there" { volume "w" { source = "$D/src/"  disabled = yes } }
	END
	kill -HUP "$DAEMON"
	wait_for row_has there/w DISABLED
	refuse row here/v
	has_snapshots 1 here/v
	has_snapshots 0 there/w
	status_is volumes.disabled 1
}

@test "data_dir and log are read at start only: a change is named until the restart" {
	start_daemon
	wait_for has_snapshots 1 here/v
	main_conf "$D/other" <<<'log = "syslog"'
	kill -HUP "$DAEMON"
	wait_for grep -q data_dir "$RUN/status.txt"
	status_is disk.mntpt "$STORE"
	wait_for grep -q 'log has changed in the config: restart flashback' "$D/log"
}
