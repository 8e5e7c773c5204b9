#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The examples for notify in etc/: mail, a telephone, a LED.

load lib
load web

setup() {
	web_begin
	mkdir "$D/bin"
	TOOLS=$PATH
}

teardown() {
	finish
}

# tell SCRIPT ARG...: as flashback calls it, with $EVENT, $VOLUME, $STATE and $REASON.
tell() {
	local script=$1
	shift
	printf '%s %s: %s\n' "$VOLUME" "$EVENT" "$REASON" |
		env -i PATH="$TOOLS" FLASHBACK_EVENT="$EVENT" FLASHBACK_VOLUME="$VOLUME" \
		    FLASHBACK_STATE="$STATE" FLASHBACK_REASON="$REASON" "$ROOT/etc/$script" "$@" 2>&1
}

news() {
	EVENT=$1 VOLUME=$2 STATE=$3 REASON=$4
}

# fake_mailer NAME: leaves its arguments in $D/args and the mail in $D/mail; the only one there is.
fake_mailer() {
	local tool
	cat >"$D/bin/$1" <<-END
	#!/bin/sh
	printf '%s\n' "\$0" "\$@" >"$D/args"
	cat >"$D/mail"
	END
	chmod 755 "$D/bin/$1"
	for tool in sh uname tr cut head cat env; do
		ln -sf "$(command -v $tool)" "$D/bin/$tool"
	done
	TOOLS=$D/bin
}

# sent: what the mailer was given: its arguments in $ARGS, the mail, taken apart, in $MAIL_HEAD and $MAIL_BODY.
sent() {
	local mail
	mapfile -ts 1 ARGS <"$D/args"
	contents mail "$D/mail"
	MAIL_HEAD=${mail%%$'\n\n'*} MAIL_BODY=${mail#*$'\n\n'}
}

# has_line TEXT LINE
has_line() {
	[[ $'\n'$1$'\n' == *$'\n'"$2"$'\n'* ]] || { printf 'no line %s in:\n%s\n' "$2" "$1"; return 1; }
}

# asked LINE: so the server was asked.
asked() {
	local head
	contents head "$D/head"
	has_line "$head" "$1"
}

# The script also looks where mailers live, whatever the PATH.
no_real_mailer() {
	local dir
	for dir in /usr/sbin /sbin /usr/lib /usr/local/bin; do
		if [ -e "$dir/sendmail" ] || [ -e "$dir/msmtp" ]; then
			skip "there is a mailer in $dir"
		fi
	done
}

hostile() {
	printf 'kimono\r\nBcc: all@example.org\n\nbody \033[31m Gr\303\274\303\237e'
}

@test "mail: a head, a body, and the recipients on the command line" {
	fake_mailer sendmail
	news failed kimono/home FAILED 'connection refused, Grüße'
	tell notify-mail ann@example.org root
	sent
	[ "${ARGS[*]}" = '-oi -- ann@example.org root' ]
	has_line "$MAIL_HEAD" "Subject: flashback on $(uname -n): kimono/home failed"
	has_line "$MAIL_HEAD" 'Content-Type: text/plain; charset=utf-8'
	mapfile -t lines <<<"$MAIL_HEAD"
	[ ${#lines[@]} -eq 5 ]
	has_line "$MAIL_BODY" 'kimono/home failed: connection refused, Grüße'
	has_line "$MAIL_BODY" 'State: FAILED'
}

@test "mail: by msmtp where there is no sendmail, and a complaint where there is neither" {
	no_real_mailer
	fake_mailer msmtp
	news start '' OK 'all is well'
	tell notify-mail ann@example.org
	sent
	[ "${ARGS[*]}" = '-- ann@example.org' ]
	has_line "$MAIL_HEAD" "Subject: flashback on $(uname -n): start"
	rm "$D/bin/msmtp"
	run tell notify-mail ann@example.org
	expect_exit 1
	expect 'neither sendmail nor msmtp'
}

@test "mail: nothing adds a header, a recipient or a control character" {
	fake_mailer sendmail
	STATE=$(hostile) REASON=$STATE
	for EVENT in failed "$STATE"; do
		VOLUME=$EVENT
		tell notify-mail ann@example.org
		sent
		mapfile -t lines <<<"$MAIL_HEAD"
		[ "${lines[*]%%:*}" = 'Subject MIME-Version Content-Type Content-Transfer-Encoding Auto-Submitted' ]
		[ "${ARGS[*]}" = '-oi -- ann@example.org' ]
		[ ${#ARGS[@]} -eq 3 ]
		[[ $MAIL_BODY == *Grüße* ]]
		refuse grep -q $'[\001-\010\013-\037\177]' "$D/mail"
	done
	rm "$D/mail"
	for address in -t -bs '' 'a b@example.org' 'a@b,c@d' "$(printf 'a\nb')" 'a;b' '|sh' '/etc/passwd'; do
		run tell notify-mail ann@example.org "$address"
		expect_exit 1
		expect 'not an address'
	done
	run tell notify-mail
	expect_exit 1
	[ ! -e "$D/mail" ]
}

@test "mail: what the mailer says is what we say" {
	fake_mailer sendmail
	printf '#!/bin/sh\necho no route >&2\nexit 75\n' >"$D/bin/sendmail"
	news failed kimono/home FAILED x
	run tell notify-mail ann@example.org
	expect_exit 75
	expect 'no route'
}

@test "ntfy: title, priority, tags and text" {
	topic_start
	news overdue kimono/home 'NOT FOUND' 'the last backup is 9 days old, Grüße'
	tell notify-ntfy "$TOPIC"
	asked 'REQUEST_METHOD=POST'
	asked 'HTTP_TITLE=flashback: kimono/home overdue'
	asked 'HTTP_PRIORITY=high'
	asked 'HTTP_TAGS=rotating_light'
	asked 'CONTENT_TYPE=text/plain; charset=utf-8'
	[ "$(<"$D/body")" = 'kimono/home overdue: the last backup is 9 days old, Grüße' ]
	news recovered kimono/home SUCCEEDED ''
	tell notify-ntfy "$TOPIC"
	asked 'HTTP_PRIORITY=low'
	news failed kimono/home FAILED x
	tell notify-ntfy "$TOPIC"
	asked 'HTTP_PRIORITY=default'
	news disk '' CRITICAL 'the backup disk is absent'
	tell notify-ntfy "$TOPIC"
	asked 'HTTP_TITLE=flashback: disk'
	asked 'HTTP_PRIORITY=high'
	news disk '' OK 'the disk is usable again'
	tell notify-ntfy "$TOPIC"
	asked 'HTTP_PRIORITY=low'
	refuse grep AUTHORIZATION "$D/head"
}

@test "ntfy: headers from a file, and what goes wrong" {
	topic_start
	news failed kimono/home FAILED x
	printf 'Authorization: Bearer tk_1\nX-More: 2\n' >"$D/token"
	tell notify-ntfy "$TOPIC" "$D/token"
	asked 'HTTP_AUTHORIZATION=Bearer tk_1'
	asked 'HTTP_X_MORE=2'
	run tell notify-ntfy "$TOPIC" "$D/nothing"
	expect_exit 1
	expect "cannot read $D/nothing"
	run tell notify-ntfy file:///etc/passwd
	expect_exit 1
	expect 'not a URL'
	run tell notify-ntfy
	expect_exit 1
	echo 403 >"$D/answer"
	run tell notify-ntfy "$TOPIC"
	refuse expect_exit 0
	expect '403'
}

@test "ntfy: nothing adds a header" {
	topic_start
	news "$(hostile)" "$(hostile)" "$(hostile)" "$(hostile)"
	tell notify-ntfy "$TOPIC"
	grep -q '^HTTP_TITLE=flashback: kimono??Bcc: all@example.org' "$D/head"
	refuse grep -q '^HTTP_BCC' "$D/head"
	refuse grep -q $'[\001-\010\013-\037\177]' "$D/head" "$D/body"
	# A text that begins with @ is no file name.
	news failed @/etc/passwd FAILED x
	tell notify-ntfy "$TOPIC"
	grep -qx '@/etc/passwd failed: x' "$D/body"
}

# led_start [TRIGGER...]: as under /sys/class/leds; sleep(1) only says that it was called.
led_start() {
	LED=$D/led
	mkdir -p "$LED"
	echo 255 >"$LED/max_brightness"
	echo 7 >"$LED/brightness"
	[ $# -eq 0 ] || echo "$*" >"$LED/trigger"
	printf '#!/bin/sh\necho "$@" >>"%s/slept"\n' "$D" >"$D/bin/sleep"
	chmod 755 "$D/bin/sleep"
	TOOLS=$D/bin:$PATH
}

# led_is BRIGHTNESS [TRIGGER]
led_is() {
	[ "$(<"$LED/brightness")" = "$1" ] || { head "$LED"/*; return 1; }
	[ $# -eq 1 ] || [ "$(<"$LED/trigger")" = "$2" ] || { head "$LED"/*; return 1; }
}

# shows BRIGHTNESS TRIGGER: what a change makes of it.
shows() {
	echo 'none timer [heartbeat]' >"$LED/trigger"
	tell notify-led "$LED" "$RUN/status.txt"
	led_is "$@"
}

@test "LED: dark, lit, blinking, as status.txt has it" {
	led_start none timer
	news failed kimono/home FAILED x
	status_file
	shows 0 none
	status_file health=WARNING
	shows 255 none
	status_file health=CRITICAL
	news recovered kimono/home SUCCEEDED ''
	shows 255 timer
	status_file epoch=-4000 next.update=-3900
	shows 255 timer
	[ "$(sort -u "$D/slept")" = 2 ]
}

@test "LED: by the change alone where there is no status.txt" {
	led_start none timer
	news recovered kimono/home SUCCEEDED ''
	shows 0 none
	news start '' OK 'all is well'
	shows 0 none
	news failed kimono/home FAILED x
	shows 255 timer
	echo health=OK >"$RUN/status.txt"
	shows 255 timer
}

@test "LED: from cron, without a change" {
	led_start none timer
	status_file epoch=-4000 next.update=-3900
	env -u FLASHBACK_EVENT PATH="$TOOLS" "$ROOT/etc/notify-led" "$LED" "$RUN/status.txt"
	led_is 255 timer
	status_file
	env -u FLASHBACK_EVENT PATH="$TOOLS" "$ROOT/etc/notify-led" "$LED" "$RUN/status.txt"
	led_is 0 none
	[ ! -e "$D/slept" ]
}

@test "LED: a kernel that cannot blink, one without triggers, and none at all" {
	led_start none mmc0
	news failed kimono/home FAILED x
	status_file health=CRITICAL
	tell notify-led "$LED" "$RUN/status.txt"
	led_is 255 none
	rm "$LED/trigger" "$LED/max_brightness"
	tell notify-led "$LED" "$RUN/status.txt"
	led_is 1
	[ ! -e "$LED/trigger" ]
	run tell notify-led "$D/nothing"
	expect_exit 1
	expect 'is not an LED'
}

@test "flashback itself reports them" {
	begin
	topic_start
	main_conf "$STORE" <<<"notify = { \"$ROOT/etc/notify-ntfy\", \"$TOPIC\" }"
	start_daemon
	wait_for grep -qx 'HTTP_TITLE=flashback: start' "$D/head"
	wait_for grep -q 'start: ' "$D/body"
	stop_daemon
}
