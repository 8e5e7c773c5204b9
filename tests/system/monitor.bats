#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# etc/check-flashback: what a monitoring system is told, by path and by URL.

load lib
load web

setup() {
	web_begin
}

teardown() {
	finish
}

# check WANTED-STATUS WANTED-TEXT [ARG...]: by path.
check() {
	local wanted=$1 text=$2
	shift 2
	run "$ROOT/etc/check-flashback" "$@" "$RUN/status.txt"
	expect_exit "$wanted"
	expect "$text"
	[ "${#lines[@]}" -eq 1 ]
}

# check_url WANTED-STATUS WANTED-TEXT NAME
check_url() {
	run "$ROOT/etc/check-flashback" "$URL/$3"
	expect_exit "$1"
	expect "$2"
	[ "${#lines[@]}" -eq 1 ]
}

@test "health and its reason, with figures" {
	status_file
	check 0 'FLASHBACK OK: all is well (1 of 12 volumes not found)|total=12 ok=11 running=0 failed=0 partial=0 suspect=0 overdue=0 notfound=1 disabled=0 age='
	expect 's disk=70.16%'
	status_file reason=
	check 0 'FLASHBACK OK: 11 of 12 volumes are well|total=12 '
	status_file health=WARNING 'reason=kimono/home failed: connection refused'
	check 1 'FLASHBACK WARNING: kimono/home failed: connection refused|total=12 '
	status_file health=CRITICAL 'reason=the backup disk is absent' '!disk.used.percent'
	check 2 'FLASHBACK CRITICAL: the backup disk is absent|total=12 '
	refuse expect 'disk='
}

@test "the daemon is dead when next.update has passed, and stopped when it says DOWN" {
	status_file epoch=-4000 next.update=-3900
	check 2 'flashback is dead: status.txt is 66 min old, and should have been written again 65 min ago|'
	status_file epoch=-4000 next.update=-3900 health=CRITICAL reason=x
	check 2 'flashback is dead'
	status_file epoch=-250000 next.update=-250000 status=DOWN
	check 2 'flashback was stopped 2 days ago|'
}

@test "-g: how late it may be" {
	status_file epoch=-200 next.update=-80
	check 2 'dead' -g 30
	check 0 'OK' -g 300
	status_file epoch=-200 next.update=-80 status=DOWN
	check 2 'stopped' -g 300
}

@test "a file from the future means that a clock is wrong" {
	status_file epoch=+90 next.update=+200
	check 0 'OK'
	status_file epoch=+9000 next.update=+9200
	check 1 "is 2 h ahead of this machine's clock"
	status_file epoch=+9000 next.update=+9200 health=CRITICAL reason=worse
	check 2 'CRITICAL: worse'
}

@test "what cannot be read is UNKNOWN, and never OK" {
	local file=$RUN/status.txt n
	check 3 'no such file'
	: >"$file"
	check 3 'is not a status.txt of flashback'
	run "$ROOT/etc/check-flashback" "$RUN"
	expect_exit 3
	expect 'it is not a file'
	run "$ROOT/etc/check-flashback" /dev/zero
	expect_exit 3
	# Another file's contents are not told.
	echo 'secret' >"$file"
	check 3 'is not a status.txt'
	refuse expect secret
	# However much of it is missing.
	status_file
	mv "$file" "$D/whole"
	for n in $(seq 20 37 "$(($(stat -c %s "$D/whole") - 14))"); do
		head -c "$n" "$D/whole" >"$file"
		check 3 'UNKNOWN'
	done
	for n in '!epoch' '!next.update' '!version' '!health' '!status' next.update= epoch=soon next.update=1e9 \
	    next.update=x next.update=0123 next.update=99999999999999999999 'health=FINE' 'health='; do
		status_file "$n"
		check 3 'UNKNOWN'
	done
}

@test "no permission is said" {
	needs_root
	status_file
	chmod 600 "$RUN/status.txt"
	chmod 711 "$D" "$RUN"
	run setpriv --reuid=65534 --clear-groups sh -s -- "$RUN/status.txt" <"$ROOT/etc/check-flashback"
	expect_exit 3
}

@test "-h tells what it does" {
	run "$ROOT/etc/check-flashback" -h
	expect_exit 0
	expect 'check-flashback [-h] [-g SECONDS] [FILE | URL]'
	expect 'UNKNOWN: the file cannot be read'
	refuse expect 'LC_ALL'
}

@test "a wrong command line is UNKNOWN" {
	for args in '-x' '-g' '-g 1x' '-g -1' 'a b'; do
		# shellcheck disable=SC2086 # words
		run "$ROOT/etc/check-flashback" $args
		expect_exit 3
		expect 'usage'
	done
}

@test "hostile contents are data" {
	local bad
	# shellcheck disable=SC2016
	bad=$(printf 'reason=$(touch %s/owned) `touch %s/owned`; * %%s%%n \033]0;x\a\302\233\377|ok=99 Gr\303\274\303\237e' "$D" "$D")
	status_file health=WARNING "$bad" 'volumes.failed=1;2' 'volumes.ok=$((1))' 'version=$(exit 0)' \
	    'disk.used.percent=1.2.3'
	check 1 '* %s%n ]0;x???/ok=99 Grüße|total=12 running=0 partial=0'
	[ ! -e "$D/owned" ]
	refuse grep -q "$(printf '[\001-\010\013-\037\177]')" <<<"$output"
	# A flood of it ends.
	{ printf 'health=OK\nreason='; head -c 3000000 /dev/zero | tr '\0' '\233'; } >"$RUN/status.txt"
	check 3 'UNKNOWN'
	# A name is data too.
	run "$ROOT/etc/check-flashback" "$(printf '/no\033[31m/x|y')"
	expect_exit 3
	expect '/no[31m/x/y cannot be read'
}

# by_url: what matters, over the web.
by_url() {
	status_file
	check_url 0 'OK: all is well (1 of 12 volumes not found)|total=12' status.txt
	status_file health=CRITICAL 'reason=kimono/home has no backup since 2026-08-11, Grüße'
	check_url 2 'CRITICAL: kimono/home has no backup since 2026-08-11, Grüße|' status.txt
	status_file epoch=-4000 next.update=-3900
	check_url 2 'flashback is dead' status.txt
	status_file status=DOWN
	check_url 2 'flashback was stopped' status.txt
	head -c 300 "$RUN/status.txt" >"$RUN/cut" && mv "$RUN/cut" "$RUN/status.txt"
	check_url 3 'cut off' status.txt
	check_url 3 'cannot be read' nothing.txt
	rm "$RUN/status.txt"
	check_url 3 'cannot be read' status.txt
}

@test "by URL, with curl" {
	serve_with lighttpd
	by_url
	kill "$SERVER"
	check_url 3 'cannot be read' status.txt
	run "$ROOT/etc/check-flashback" "http://user:hush@127.0.0.1:$PORT/x"
	expect_exit 3
	refuse expect hush
}

@test "by URL, with wget where there is no curl" {
	local tool
	serve_with lighttpd
	mkdir "$D/bin"
	for tool in sh head tr awk sed cut date cat timeout wget; do
		ln -s "$(command -v $tool)" "$D/bin/$tool"
	done
	PATH=$D/bin run "$ROOT/etc/check-flashback" "$URL/status.txt"
	expect 'wget failed'
	status_file
	PATH=$D/bin run "$ROOT/etc/check-flashback" "$URL/status.txt"
	expect_exit 0
	expect 'OK: all is well'
	rm "$D/bin/wget"
	PATH=$D/bin run "$ROOT/etc/check-flashback" "$URL/status.txt"
	expect_exit 3
	expect 'neither curl nor wget'
}

@test "what flashback itself writes is understood" {
	begin
	start_daemon
	check 0 'FLASHBACK OK: '
	expect 'total=1 '
	expect 'disk='
	stop_daemon
	check 2 'flashback was stopped'
}
