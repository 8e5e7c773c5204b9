# SPDX-License-Identifier: ISC
# Helpers for what reads status.txt and queue.txt: the two files as flashback writes them, and real web
# servers on the loopback that serve them with the snippets of etc/.  Needs $D, as lib.bash has it.

# web_begin: a private directory, with a directory for the two files and one for the page.
web_begin() {
	trace_less
	D=$(cd "$BATS_TEST_TMPDIR" && pwd -P)
	RUN=$D/run SHARE=$D/share PIDS='' DAEMON=''
	mkdir "$RUN" "$SHARE"
	echo 4711 >"$RUN/flashback.pid"
	unset http_proxy https_proxy all_proxy no_proxy
}

# status_file [KEY=VALUE...]: write status.txt, fresh and well but for what is said, with the volumes of $D/volumes if
# there are any.  +N and -N are seconds from now, in next.update and epoch.  KEY= leaves it empty; !KEY leaves the line out.
status_file() {
	local now=$EPOCHSECONDS date time rows=() total=12 change key line file=$RUN/status.txt
	local -A changed=()
	printf -v date '%(%F)T' "$now"
	printf -v time '%(%T)T' "$now"
	[ ! -e "$D/volumes" ] || { mapfile -t rows <"$D/volumes"; total=${#rows[@]}; }
	for change; do
		key=${change%%=*}
		case $change in
		next.update=[+-]* | epoch=[+-]*) change=$((now + ${change#*=})) ;;
		esac
		changed[$key]=${change#*=}
	done
	while IFS= read -r line; do
		key=${line%%=*}
		[ -n "${changed[!$key]+x}" ] || printf '%s\n' "${changed[$key]+$key=}${changed[$key]-$line}"
	done >"$file.new" <<-END
	date=$date
	time=$time
	pid=4711
	status=IDLE
	target=
	wait=9
	disk.mntpt=/backup
	disk.mounted=true
	disk.total.bytes=2164384514048
	disk.used.bytes=1518491488256
	disk.free.bytes=537657622528
	disk.used.percent=70.16
	disk.free.percent=24.84
	health=OK
	reason=all is well (1 of $total volumes not found)
	volumes.total=$total
	volumes.ok=$((total - 1))
	volumes.running=0
	volumes.failed=0
	volumes.partial=0
	volumes.suspect=0
	volumes.overdue=0
	volumes.notfound=1
	volumes.disabled=0
	disk.forecast=grows 3.1G a day: full in about 150 days
	next.update=$((now + 120))
	epoch=$now
	config=OK
	version=1.0.0
	END
	[ ${#rows[@]} -eq 0 ] || volume_lines "$now" >>"$file.new"
	mv "$file.new" "$file"
}

# volumes: of the status.txt that are written from now on, from standard input: a line each, of seven fields apart by bars:
# name, when the newest backup was made, how many seconds ago, cycle, snapshots, size, new bytes, seconds until it is due,
# and what queue.txt says of it.  - is unknown.
volumes() {
	cat >"$D/volumes"
}

# volume_lines NOW: as flashback writes them.
volume_lines() {
	awk -F '|' -v now="$1" '{
		last = $3 == "-" ? "-" : now - $3
		due = $8 == "-" ? "-" : now + $8
		text = $9
		gsub(/ /, "\\\\040", text)
		printf "volume=%s state=OK last=%s due=%s kept=%s files=- size=%s new=%s seconds=- every=%s at=%s text=%s\n",
		    $1, last, due, $5, $6, $7, $4, $2, text
	}' "$D/volumes"
}

# placed SNIPPET: it, with the directories of this test.  When FROM_HOME is set, the line in it that says
# from where the files may be read is in force, with that network.
placed() {
	sed -e "s|/run/flashback|$RUN|g" -e "s|/usr/local/share/flashback|$SHARE|g" \
	    ${FROM_HOME:+-e "/^	#.*deny/s|#||" -e "s|192.168.0.0/16|$FROM_HOME|"} "$ROOT/etc/$1"
}

# serve_with SERVER: start it on a free port; $URL is where the files are, $PORT the port.
serve_with() {
	local attempt pid
	for attempt in 1 2 3 4 5 6 7 8; do
		PORT=$((20000 + RANDOM % 12000)) URL=http://127.0.0.1:$PORT/flashback
		mkdir -p "$D/www" "$D/$1"
		echo "$D" >"$D/www/whose"
		"$1_conf" >"$D/$1/conf"
		"$1_command" "$D/$1" </dev/null >>"$D/$1/log" 2>&1 3>&- &
		pid=$!
		PIDS+=" $pid"
		SERVER=$pid
		if wait_for answers_or_gone "$pid" && [ -n "$(alive "$pid")" ]; then
			return 0
		fi
	done
	cat "$D/$1/log"
	return 1
}

# A port may be somebody else's: then our server is gone, whoever answers.
answers_or_gone() {
	[ -z "$(alive "$1")" ] || { http GET "$PORT" /whose && [ "$BODY" = "$D"$'\n' ]; }
}

lighttpd_conf() {
	cat <<-END
	server.document-root = "$D/www"
	server.bind = "127.0.0.1"
	server.port = $PORT
	server.errorlog = "$D/lighttpd/error"
	server.modules = ( "mod_accesslog" )
	accesslog.filename = "$D/lighttpd/access"
	dir-listing.activate = "enable"
	server.stat-cache-engine = "disable"
	END
	[ ! -e "$D/more.conf" ] || cat "$D/more.conf"
	placed lighttpd-flashback.conf
}

lighttpd_command() {
	exec lighttpd -D -f "$1/conf"
}

# topic_start: a web server that takes texts at $TOPIC, and below it, and leaves head and body in $D/head and $D/body.
topic_start() {
	mkdir -p "$D/www"
	cat >"$D/www/topic" <<-END
	#!/bin/sh
	env | grep -E '^(HTTP_|REQUEST_METHOD|REQUEST_URI|CONTENT_TYPE)' | sort >"$D/head"
	head -c "\$CONTENT_LENGTH" >"$D/body"
	printf 'Status: %s\r\n\r\n' "\$(cat "$D/answer" 2>/dev/null || echo 200)"
	END
	chmod 755 "$D/www/topic"
	printf 'server.modules += ( "mod_cgi" )\ncgi.assign = ( "/topic" => "" )\n' >"$D/more.conf"
	serve_with lighttpd
	TOPIC=http://127.0.0.1:$PORT/topic
}

nginx_conf() {
	cat <<-END
	$([ "$(id -u)" -ne 0 ] || echo "user root;")
	daemon off;
	master_process off;
	pid $D/nginx/pid;
	error_log $D/nginx/error;
	events { worker_connections 64; }
	http {
	access_log $D/nginx/access;
	client_body_temp_path $D/nginx/1;
	proxy_temp_path $D/nginx/2;
	fastcgi_temp_path $D/nginx/3;
	uwsgi_temp_path $D/nginx/4;
	scgi_temp_path $D/nginx/5;
	server {
	listen 127.0.0.1:$PORT;
	root $D/www;
	autoindex on;
	END
	placed nginx-flashback.conf
	echo "} }"
}

nginx_command() {
	exec nginx -p "$1" -c "$1/conf" -e "$1/error"
}
