#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# etc/check-flashback and etc/flashback-metrics: what a monitoring system is told, by path and by URL.

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

# household: the volumes of a status.txt that flashback has written, one in each state.
household() {
	status_file volumes.total=14 "$@"
	grep ^volume= "$ROOT/tests/golden/status-household.txt" >>"$RUN/status.txt"
}

metrics() {
	run "$ROOT/etc/flashback-metrics" "$@"
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
	for n in $(seq 20 197 "$(($(stat -c %s "$D/whole") - 14))"); do
		head -c "$n" "$D/whole" >"$file"
		check 3 'UNKNOWN'
	done
	for n in '!epoch' '!next.update' '!version' '!health' '!status' next.update= epoch=soon next.update=1e9 \
	    next.update=0123 next.update=99999999999999999999 'health=FINE' 'health='; do
		status_file "$n"
		check 3 'UNKNOWN'
	done
}

@test "no permission is reported" {
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
	expect 'check-flashback [-h] [-g SECONDS] [--volume NAME] [FILE | URL]'
	expect 'UNKNOWN: the file cannot be read'
	refuse expect 'LC_ALL'
}

@test "a wrong command line is UNKNOWN" {
	for args in '-x' '-g' '-g 1x' '-g -1' 'a b' '--volume' '--volume=a;b' '--volumes a/b'; do
		# shellcheck disable=SC2086 # words
		run "$ROOT/etc/check-flashback" $args
		expect_exit 3
		expect 'usage'
	done
}

@test "--volume: one of them" {
	household
	check 0 'FLASHBACK OK: here/etc is well; its newest backup is ' --volume here/etc
	expect 'old|kept=18 files=6144 size=6291456B new=999B seconds=540s backup_age='
	check 0 'OK: kimono/home is being backed up; ' --volume=kimono/home
	check 0 'OK: web/db is due; ' --volume web/db
	check 0 'OK: laptop/home is not found; ' --volume laptop/home
	check 0 'OK: attic/old is disabled; ' --volume attic/old
	check 1 'WARNING: nas/music failed; its newest backup is ' --volume nas/music
	expect ' old: the module music is not known to the rsync daemon; see its rsyncd.conf; again at 14:00|kept=7'
	check 1 'WARNING: phone/sdcard is partial; ' --volume phone/sdcard
	check 1 'WARNING: new/one has no backup yet: starts at 12:10|kept=0' --volume new/one
	check 2 'CRITICAL: nas/photos is suspect; ' --volume nas/photos
	check 2 'CRITICAL: digit/users is not found, and overdue; ' --volume digit/users
	check 3 'flashback has no volume kimono/hom' --volume kimono/hom
	# An older flashback has no reason there.
	sed -i 's/ every=.*//' "$RUN/status.txt"
	check 1 'WARNING: new/one has no backup yet|kept=0' --volume new/one
	# The others do not matter to it, what concerns all does.
	household health=CRITICAL reason=x
	check 0 'OK: here/etc is well' --volume here/etc
	household health=CRITICAL 'reason=the backup disk is absent' disk.mounted=false
	check 2 'CRITICAL: the backup disk is absent' --volume here/etc
	household epoch=-4000 next.update=-3900
	check 2 'flashback is dead' --volume here/etc
	household
	sed -i '$d' "$RUN/status.txt"
	check 3 'cut off' --volume here/etc
	sed -i '/^volume=here/s/ seconds.*//' "$RUN/status.txt"
	echo volume= >>"$RUN/status.txt"
	check 3 'cut off' --volume here/etc
	sed -i '/^volume=here/s/OK/FINE/' "$RUN/status.txt"
	check 3 'here/etc has an unknown state: FINE' --volume here/etc
}

@test "metrics for Prometheus" {
	household
	metrics "$RUN/status.txt"
	expect_exit 0
	expect 'flashback_health 0'
	expect 'flashback_disk_free_bytes 537657622528'
	expect 'flashback_volumes_state{state="notfound"} 1'
	expect 'flashback_volume_state{volume="digit/users",state="NOTFOUND"} 1'
	expect 'flashback_volume_overdue{volume="digit/users"} 1'
	expect 'flashback_volume_size_bytes{volume="kimono/home"} 44238163148'
	# What is unknown is left out.
	refuse grep -E '_(last|size)[a-z_]*{volume="new/one"}' <<<"$output"
	[ "$(grep -c '^flashback_volume_snapshots{' <<<"$output")" -eq 14 ]
	# By standard input, and into a file.
	"$ROOT/etc/flashback-metrics" -o "$D/flashback.prom" - <"$RUN/status.txt"
	[ "$(cat "$D/flashback.prom")" = "$output" ]
	[ "$(stat -c %a "$D/flashback.prom")" = 644 ]
	# What is incomplete is an error, and the file stays.
	for change in '!epoch' '!version' '!volumes.total' volumes.total=15 health=FINE next.update=x; do
		household "$change"
		metrics -o "$D/flashback.prom" "$RUN/status.txt"
		expect_exit 1
		expect 'incomplete'
	done
	household
	sed -i '$s/ seconds.*//' "$RUN/status.txt"
	metrics -o "$D/flashback.prom" "$RUN/status.txt"
	expect_exit 1
	[ "$(grep -c '^flashback_volume_snapshots{' "$D/flashback.prom")" -eq 14 ]
	[ "$(find "$D" -name 'flashback.prom*' | wc -l)" -eq 1 ]
	metrics -o "$D/nowhere/x.prom" - </dev/null
	expect_exit 1
	metrics "$D/nowhere"
	expect 'no such file'
	metrics -h
	expect 'flashback-metrics [-h] [-o FILE] [STATUS | -]'
	refuse expect LC_ALL
}

@test "promtool accepts the metrics" {
	command -v promtool >/dev/null || skip "no promtool (package prometheus) here"
	household "$(printf 'version=a"b\\c\303')" '!disk.free.bytes'
	"$ROOT/etc/flashback-metrics" "$RUN/status.txt" | promtool check metrics
	status_file volumes.total=0
	"$ROOT/etc/flashback-metrics" "$RUN/status.txt" | promtool check metrics
}

# ping: the line of README.md for cron, to our server.
ping() {
	local line
	line=$(grep -F 'https://hc-ping.com' "$ROOT/README.md")
	line=${line#*root  }
	line=${line//'/usr/local/bin/check-flashback'/"$ROOT/etc/check-flashback $RUN/status.txt"}
	sh -c "${line//'https://hc-ping.com/UUID'/"$TOPIC/uuid"}"
}

@test "a service that wants to be called gets exit status and reason" {
	topic_start
	status_file
	ping
	grep -qx 'REQUEST_URI=/topic/uuid/0' "$D/head"
	grep -q '^FLASHBACK OK: all is well (1 of 12 volumes not found)|total=12' "$D/body"
	status_file health=CRITICAL 'reason=@/etc/passwd $(false) "Grüße" & more'
	ping
	grep -qx 'REQUEST_URI=/topic/uuid/2' "$D/head"
	grep -qF 'FLASHBACK CRITICAL: @/etc/passwd $(false) "Grüße" & more|' "$D/body"
	rm "$RUN/status.txt"
	ping
	grep -qx 'REQUEST_URI=/topic/uuid/3' "$D/head"
	# An answer that is none is seen by whoever reads cron's mail.
	echo 503 >"$D/answer"
	run ping
	expect_exit 22
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
	head -c 300 "$RUN/status.txt" >"$RUN/cut" && mv "$RUN/cut" "$RUN/status.txt"
	check_url 3 'cut off' status.txt
	rm "$RUN/status.txt"
	check_url 3 'cannot be read' status.txt
}

@test "by URL, with curl, and with wget where there is no curl" {
	local tool
	serve_with lighttpd
	by_url
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
	kill "$SERVER"
	check_url 3 'cannot be read' status.txt
	run "$ROOT/etc/check-flashback" "http://user:hush@127.0.0.1:$PORT/x"
	expect_exit 3
	refuse expect hush
}

@test "what flashback itself writes is understood" {
	begin
	start_daemon
	check 0 'FLASHBACK OK: '
	expect 'total=1 '
	expect 'disk='
	wait_for has_snapshots 1 here/v
	wait_for settled
	check 0 'FLASHBACK OK: here/v is well; its newest backup is ' --volume here/v
	expect ' old|kept=1 files=2 size='
	metrics "$RUN/status.txt"
	expect 'flashback_volume_state{volume="here/v",state="OK"} 1'
	expect 'flashback_volume_files{volume="here/v"} 2'
	stop_daemon
	metrics "$RUN/status.txt"
	expect 'flashback_running 0'
	check 2 'flashback was stopped'
}
