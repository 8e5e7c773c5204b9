#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# make install and uninstall, and the init script.

load lib

setup() {
	D=$BATS_TEST_TMPDIR
}

# sources: with what is built already, which need not be built again.
sources() {
	mkdir "$D/tests" "$D/build"
	cp -r "$ROOT/Makefile" "$ROOT/src" "$ROOT/include" "$ROOT/man" "$ROOT/etc" "$ROOT/README.md" "$ROOT/LICENSE" "$D"
	cp -rp "$ROOT/build/obj" "$ROOT/build/flags" "$ROOT/build/flashback" "$D/build"
	find "$D/src" "$D/include" -exec touch -d '2001-01-01' {} +
}

teardown() {
	finish
}

quiet_make() {
	make -s -C "$D" "$@" >"$D/make.txt" 2>&1 || { cat "$D/make.txt"; return 1; }
}

installed() {
	(cd "$D/dest" && find . ! -type d | sort)
}

@test "install, install again, uninstall: a config that is there is never touched" {
	sources
	quiet_make install DESTDIR="$D/dest"
	installed >"$D/first"
	diff -u - "$D/first" <<-END
	./etc/flashback/flashback.conf
	./etc/flashback/hosts.conf
	./etc/init.d/flashback
	./usr/local/bin/check-flashback
	./usr/local/bin/flashback-metrics
	./usr/local/lib/systemd/system/flashback.service
	./usr/local/sbin/flashback
	./usr/local/share/doc/flashback/LICENSE
	./usr/local/share/doc/flashback/README.md
	./usr/local/share/doc/flashback/examples/flashback.conf
	./usr/local/share/doc/flashback/examples/hosts.conf
	./usr/local/share/doc/flashback/examples/lighttpd-flashback.conf
	./usr/local/share/doc/flashback/examples/nginx-flashback.conf
	./usr/local/share/doc/flashback/examples/notify-led
	./usr/local/share/doc/flashback/examples/notify-mail
	./usr/local/share/doc/flashback/examples/notify-ntfy
	./usr/local/share/flashback/index.html
	./usr/local/share/man/man5/flashback.conf.5
	./usr/local/share/man/man5/hosts.conf.5
	./usr/local/share/man/man7/flashback-hosts.7
	./usr/local/share/man/man8/flashback.8
	END
	echo '# mine' >"$D/dest/etc/flashback/flashback.conf"
	quiet_make install DESTDIR="$D/dest"
	[ "$(cat "$D/dest/etc/flashback/flashback.conf")" = '# mine' ]
	refuse grep -q Next: "$D/make.txt"
	quiet_make -n install
	grep -q 'Next: .*two files in /etc/flashback; flashback --init; flashback --check;' "$D/make.txt"
	grep -q 'systemctl enable --now flashback' "$D/make.txt"
	quiet_make uninstall DESTDIR="$D/dest"
	[ "$(installed | tr '\n' ' ')" = './etc/flashback/flashback.conf ./etc/flashback/hosts.conf ' ]
}

@test "PREFIX and SYSCONFDIR reach the program, the pages, the unit and the init script" {
	local where=(DESTDIR="$D/dest" PREFIX=/opt/fb SYSCONFDIR=/opt/fb/etc) sources objects
	sources
	quiet_make -n install "${where[@]}"
	# Everything would be compiled anew; here only what has the path in it is.
	sources=("$D"/src/*/*.c)
	[ "$(grep -c -- '-DFLASHBACK_SYSCONFDIR=.*/opt/fb/etc.* -c -o build/obj/' "$D/make.txt")" -eq ${#sources[@]} ]
	touch -d '2001-01-02' "$D/build/flags"
	mapfile -t objects < <(cd "$D/src" && grep -l FLASHBACK_SYSCONFDIR ./*/*.c)
	(cd "$D/build/obj" && rm "${objects[@]/%.c/.o}")
	quiet_make install "${where[@]}"
	[ -x "$D/dest/opt/fb/sbin/flashback" ]
	"$D/dest/opt/fb/sbin/flashback" -h 2>&1 | grep -q /opt/fb/etc/flashback/flashback.conf
	grep -qx 'ExecStart=/opt/fb/sbin/flashback -c /opt/fb/etc/flashback/flashback.conf' \
	    "$D/dest/opt/fb/lib/systemd/system/flashback.service"
	grep -qx 'DAEMON=/opt/fb/sbin/flashback' "$D/dest/opt/fb/etc/init.d/flashback"
	refuse grep -rn '[^a-z]/etc/flashback\|/usr/local/sbin' "$D/dest/opt/fb/share/man"
	# The examples name each other where they are.
	local examples=$D/dest/opt/fb/share/doc/flashback/examples
	refuse grep -rn '/usr/local/share' "$examples"
	grep -q '"/opt/fb/share/flashback/index.html"' "$examples/lighttpd-flashback.conf"
	grep -q ' "/opt/fb/share/doc/flashback/examples/notify-mail ' "$examples/notify-mail"
	[ -x "$examples/notify-mail" ] && [ ! -x "$examples/nginx-flashback.conf" ]
}

# init_script: a store, its config, and in $init the init script for them.
init_script() {
	init=$D/init RUN=$D/run STORE=$D/store CONF=$D/flashback.conf
	main_conf "$STORE" </dev/null
	"$FLASHBACK" -c "$CONF" --init --force >/dev/null
	sed -e "s|^DAEMON=.*|DAEMON=$FLASHBACK|" -e "s|^CONFIG=.*|CONFIG=$CONF|" \
	    -e "s|^PIDFILE=.*|PIDFILE=$RUN/flashback.pid|" -e '/^if \[ -r .etc.default/,/^fi/d' \
	    "$ROOT/etc/flashback.init" >"$init"
}

@test "the init script takes neither a zombie nor another program for the daemon" {
	local init
	init_script
	mkdir "$RUN"
	# It ends when its parent has become a program that waits for nobody.
	cat >"$D/zombie" <<-'END'
	until grep -qx sleep "/proc/$PPID/comm"; do :; done
	echo $$ >"$2"
	exec "$1" -V
	END
	background PIDS sh -c 'sh "$0" "$@" & exec sleep 1000' "$D/zombie" "$FLASHBACK" "$RUN/flashback.pid"
	wait_for test -s "$RUN/flashback.pid"
	wait_for grep -q '^State:.Z' "/proc/$(cat "$RUN/flashback.pid")/status"
	grep -qx flashback "/proc/$(cat "$RUN/flashback.pid")/comm"
	run sh "$init" status
	expect_exit 3
	echo "$PIDS" >"$RUN/flashback.pid"
	run sh "$init" status
	expect_exit 3
	run sh "$init" stop
	expect_exit 0
	expect 'is not running'
	run sh "$init" start 3>&-
	expect_exit 0
	PIDS+=" $(cat "$RUN/flashback.pid")"
	run sh "$init" status
	expect_exit 0
}

@test "the init script starts, tells, reloads and stops" {
	local init
	init_script
	run sh "$init" status
	expect_exit 3
	run sh "$init" start 3>&-
	expect_exit 0
	PIDS=$(cat "$RUN/flashback.pid")
	wait_for has_snapshots 1 here/v
	run sh "$init" start
	expect 'already'
	run sh "$init" status
	expect_exit 0
	expect "$PIDS"
	run sh "$init" reload
	expect_exit 0
	run sh "$init" stop
	expect_exit 0
	status_is status DOWN
	run sh "$init" status
	expect_exit 3
	echo 'nonsense' >>"$CONF"
	run sh "$init" start
	expect_exit 1
	expect "flashback.conf:"
}
