#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The snippets for lighttpd and nginx, in the real servers: three files, as they should be, and no other.

load lib
load web

setup() {
	web_begin
	echo '<!doctype html><title>page</title>' >"$SHARE/index.html"
	mkdir -p "$D/www/flashback"
	echo secret >"$D/www/flashback/secret.txt"
	status_file
	echo '2026-11-22 12:01:32 : sleeping 9 min, Grüße' >"$RUN/queue.txt"
	echo secret >"$RUN/.hidden"
	echo secret >"$RUN/status.txt.old"
	echo secret >"$RUN/secret.txt"
	echo secret >"$SHARE/secret.html"
	echo secret >"$D/secret"
	mkdir "$RUN/dir"
	echo secret >"$RUN/dir/index.html"
}

teardown() {
	finish
}

# get PATH [METHOD [BODY]]: as it stands, below the server's root.
get() {
	http "${2:-GET}" "$PORT" "$1" "${3-}"
}

head_has() {
	grep -qiFx "$1" <<<"$HEAD" || { echo "$HEAD"; return 1; }
}

# served PATH FILE TYPE
served() {
	get "$1"
	[ "$CODE" = 200 ]
	cmp - "$2" < <(printf %s "$BODY")
	head_has "Content-Type: $3"
	head_has 'Cache-Control: no-store'
	head_has "Content-Security-Policy: frame-ancestors 'none'"
	head_has 'X-Content-Type-Options: nosniff'
	head_has 'Referrer-Policy: no-referrer'
	get "$1" HEAD
	[ "$CODE" = 200 ]
}

# not_served PATH [METHOD [BODY]]: neither a file of ours nor a list of them.
not_served() {
	get "$@"
	case $CODE in
	400 | 403 | 404 | 405 | 501) ;;
	*) echo "$1: $CODE"; return 1 ;;
	esac
	if [[ $BODY =~ secret|4711|root:|status\.txt|'Index of' ]]; then
		printf '%s:\n%s' "$1" "$BODY"
		return 1
	fi
}

three_files_and_no_other() {
	local path
	served /flashback/ "$SHARE/index.html" 'text/html; charset=utf-8'
	served '/flashback/?x=/etc/passwd' "$SHARE/index.html" 'text/html; charset=utf-8'
	served /flashback/index.html "$SHARE/index.html" 'text/html; charset=utf-8'
	served /flashback/status.txt "$RUN/status.txt" 'text/plain; charset=utf-8'
	served '/flashback/status.txt?1763809292' "$RUN/status.txt" 'text/plain; charset=utf-8'
	served /flashback/queue.txt "$RUN/queue.txt" 'text/plain; charset=utf-8'
	get /flashback
	[ "$CODE" = 301 ]
	grep -qiE '^Location: (http://127\.0\.0\.1:[0-9]+)?/flashback/$' <<<"$HEAD"

	for path in flashback.pid .hidden secret.txt secret.html secret status.txt.old status.txtx status.txt/ \
	    status.txt/x status.txt/../flashback.pid status.txt/../secret.txt index.html/../secret.html dir dir/ \
	    dir/index.html ../etc/passwd ../../../../../../etc/passwd ../run/flashback.pid \
	    ..%2f..%2f..%2f..%2fetc%2fpasswd %2e%2e/%2e%2e/%2e%2e/etc/passwd ..%5c..%5cetc%5cpasswd \
	    status.txt%2f..%2fflashback.pid status.txt/%2e%2e/flashback.pid status.txt%00.html %00 \
	    status.txt..%2fflashback.pid index.html/../../secret //etc/passwd /flashback.pid \
	    STATUS.TXT 'status.txt;x' 'status.txt%20' 'status.txt%0a' queue.txt~ '*' 'stat%' etc/passwd; do
		not_served "/flashback/$path"
	done
	for path in /flashbackx /flashback.pid /flashback../run/flashback.pid /flashback..%2frun/flashback.pid \
	    /flashback%2f..%2f/etc/passwd /etc/passwd //etc/passwd /../../../etc/passwd /run/flashback/status.txt; do
		not_served "$path"
	done
	not_served /flashback/status.txt DELETE
	not_served /flashback/status.txt PUT x

	# A symlink in the place of a file leads nowhere.
	ln -sf "$D/secret" "$RUN/queue.txt"
	not_served /flashback/queue.txt
	mkdir "$D/real"
	mv "$RUN" "$D/real/run"
	ln -s real/run "$RUN"
	not_served /flashback/status.txt
	rm "$RUN"
	# Nothing there yet.
	not_served /flashback/status.txt
}

@test "lighttpd: three files and no other" {
	serve_with lighttpd
	three_files_and_no_other
}

@test "nginx: three files and no other" {
	command -v nginx >/dev/null || skip "NO NGINX HERE: etc/nginx-flashback.conf is not tested"
	serve_with nginx
	three_files_and_no_other
}

@test "from home only" {
	local server path
	for server in lighttpd nginx; do
		command -v "$server" >/dev/null || continue
		FROM_HOME=127.0.0.0/8 serve_with "$server"
		served /flashback/ "$SHARE/index.html" 'text/html; charset=utf-8'
		served /flashback/status.txt "$RUN/status.txt" 'text/plain; charset=utf-8'
		FROM_HOME=127.66.0.0/16 serve_with "$server"
		for path in '' index.html status.txt queue.txt flashback.pid; do
			not_served "/flashback/$path"
		done
	done
}

@test "the servers do not complain about the snippets" {
	serve_with lighttpd
	lighttpd -tt -f "$D/lighttpd/conf"
	refuse grep -iE 'warn|duplicate|deprecated|unknown' "$D/lighttpd/error" "$D/lighttpd/log"
	command -v nginx >/dev/null || return 0
	serve_with nginx
	refuse grep -iE 'warn|emerg|crit' "$D/nginx/error" "$D/nginx/log"
}

@test "the snippet for lighttpd holds beside what a server has already" {
	cat >"$D/more.conf" <<-'END'
	server.modules += ( "mod_access", "mod_alias", "mod_redirect", "mod_rewrite", "mod_setenv" )
	index-file.names = ( "index.html" )
	url.access-deny = ( "~", ".inc" )
	mimetype.assign = ( ".html" => "text/html", ".txt" => "text/plain" )
	END
	serve_with lighttpd
	three_files_and_no_other
}
