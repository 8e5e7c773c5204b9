#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What flashback-hosts(7) tells people to paste, as it stands there; names and paths are made those of the test.

load lib
load net

setup() {
	begin
}

teardown() {
	finish
}

# displays TEXT: the literal displays of the page that have this text.
displays() {
	awk -v text="$1" '
	    /^\.Ed/ { if (index(all, text)) printf "%s", all; on = 0 }
	    on { all = all $0 "\n" }
	    /^\.Bd -literal/ { on = 1; all = "" }' "$ROOT/man/flashback-hosts.7"
}

# stanza NAME SCRIPT: let hosts.conf be the stanza of this host, edited by sed.
stanza() {
	displays "host \"$1\"" | sed "$2" | hosts_conf
	grep -q "^host \"$1\"" "$D/hosts.conf"
}

# host_as NAME: host 1 is called that, runs sshd, and has a /home and a /srv of its own.
host_as() {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	names "10.77.1.2 $1"
	known_as 1 "$1"
	mkdir -p "$D/home/ann" "$D/srv"
	in_host 1 mount --bind "$D/home" /home
	in_host 1 mount --bind "$D/srv" /srv
}

@test "each stanza is a good one" {
	displays 'host "' | hosts_conf
	run flashback --check
	expect_exit 0
	[ "$(grep -c '^host' "$D/hosts.conf")" -eq 7 ]
}

@test "a Linux laptop, with a key that can only read" {
	local line
	host_as laptop.local
	mkdir "$D/home/ann/.cache"
	echo Dear >"$D/home/ann/letter.txt"
	line=$(displays 'command="rrsync' | sed 's/ ssh-ed25519.*//')
	sed -i "1s|^|$line |" "$D/sshd1/authorized_keys"
	stanza laptop "s|ssh -i /root/.ssh/laptop-home|$SSH|"
	flashback -1
	rmdir "$D/home/ann/.cache"
	diff -r "$D/home" "$(newest laptop/home)"
	grep -q 'latest/ root@laptop.local:/home/$' "$STORE/laptop/home/RESTORE.txt"
	refuse "${IN_BOX[@]}" rsync -e "$SSH" "$CONF" root@laptop.local:/
}

@test "a NAS with an rsync daemon that wants a password" {
	needs_root
	box_start
	host_start 1
	names '10.77.1.2 nas.lan'
	(umask 077; echo secret >"$D/nas.secret"; echo backup:secret >"$D/rsyncd.secrets")
	displays '[music]' | sed "s|/volume1/music|$D/src|; s|/etc/rsyncd|$D/rsyncd|" >"$D/rsyncd.conf"
	serve 1 rsync --daemon --no-detach --config="$D/rsyncd.conf" --log-file="$D/rsyncd.log"
	wait_for listens 1 873
	chmod 600 "$D/src/f"
	stanza nas "s|/etc/flashback|$D|"
	flashback -1
	same_tree "$D/src" "$(newest nas/music)"
	refuse "${IN_BOX[@]}" rsync rsync://nas.lan/music/f "$D/got"
}

# It refuses what the openrsync of a Mac does not know, in its words.
openrsync() {
	cat >"$D/rsync" <<-'END'
	#!/bin/sh
	for word; do
		case $word in
		--server | --sender | --timeout=* | --numeric-ids | --from0 | --files-from=* | --log-format=* | --dirs | --ignore-errors | --delete*) ;;
		--*) echo "$0: unrecognized option '$word'" >&2; exit 1 ;;
		-*[AXU]*e.* | -*[AXU]) echo "$0: invalid option -- 'A'" >&2; exit 1 ;;
		esac
	done
	exec rsync "$@"
	END
	printf '#!/bin/sh\nwhile [ "$1" != mac.local ]; do shift; done\nshift\nexec "$@"\n' >"$D/remote"
	chmod 755 "$D/rsync" "$D/remote"
}

@test "a Mac with its own rsync, which refuses ACLs and what a quick run needs" {
	openrsync
	mkdir -p "$D/src/ann/Library/Caches"
	stanza mac "s|/Users|$D/src|; s|probe .*|probe = \"none\" ssh = \"$D/remote\"|; s|--no-xattrs\"|&, \"--rsync-path=$D/rsync\"|"
	flashback -1
	has_snapshots 1 mac/users
	echo y >"$D/src/g"
	next_second
	run flashback -1 mac/users
	expect 'full run: rsync at the source lacks an option'
	next_second
	run flashback -1 mac/users
	expect 'quick run'
	has_snapshots 3 mac/users
	rm -r "$D/src/ann/Library/Caches"
	diff -r "$D/src" "$(newest mac/users)"
	sed -i 's/"--no-acls", "--no-xattrs", //' "$D/hosts.conf"
	next_second
	run flashback -1 mac/users
	expect_exit 2
	expect 'openrsync'
}

# database: an SQLite database in $D/app, in use: a row is committed, another one is not yet.
database() {
	command -v sqlite3 >/dev/null || skip "sqlite3 is not installed"
	mkdir "$D/app"
	cat >"$D/use.py" <<-END
	import signal, sqlite3
	c = sqlite3.connect("$D/app/app.db")
	c.executescript("create table t (a); insert into t values (1)")
	c.execute("insert into t values (2)")
	print("up", flush=True)
	signal.pause()
	END
	background PIDS python3 "$D/use.py"
	wait_for grep -qx up "$D/log"
}

# dumped VOLUME: its newest snapshot has the dump of that, and nothing else.
dumped() {
	[ "$(ls "$(newest "$1")")" = dump.db ]
	[ "$(sqlite3 "$(newest "$1")/dump.db" 'pragma integrity_check; select a from t')" = $'ok\n1' ]
}

@test "a database of SQLite; when it cannot be dumped the run has failed" {
	database
	stanza here "s|/srv/app|$D/app|g; /volume \"postgres\"/,/^    }/d; /volume \"mysql\"/,/^    }/d"
	flashback -1
	dumped here/app
	mv "$D/app/app.db" "$D/moved"
	echo broken >"$D/app/app.db"
	next_second
	run flashback -1 here/app
	expect_exit 2
	expect 'before'
	has_snapshots 1 here/app
}

@test "a database of SQLite on another host" {
	database
	host_as web.example.org
	in_host 1 mkdir /srv/app
	in_host 1 mount --bind "$D/app" /srv/app
	printf '#!/bin/sh\nexec %s "$@"\n' "$SSH" >"$D/ssh"
	chmod 755 "$D/ssh"
	stanza web "s|/usr/bin/ssh|$D/ssh|; s|volume|ssh = \"$D/ssh\" &|"
	flashback -1
	dumped web/app
}

# samba_start: smbd on host 1, with the share of the page, open to everybody.
samba_start() {
	mkdir "$D/smb"
	cat >"$D/smb/conf" <<-END
	[global]
	server role = standalone server
	map to guest = Bad User
	guest ok = yes
	disable spoolss = yes
	load printers = no
	log file = $D/smb/log
	private dir = $D/smb
	lock directory = $D/smb
	state directory = $D/smb
	cache directory = $D/smb
	pid directory = $D/smb
	ncalrpc dir = $D/smb/ncalrpc
	END
	displays 'shadow_copy2' >>"$D/smb/conf"
	serve 1 smbd -F --no-process-group -s "$D/smb/conf"
	wait_for listens 1 445
}

# smb COMMANDS: on the share, as nobody.
smb() {
	"${IN_BOX[@]}" smbclient -s "$D/smb/conf" -N //10.77.1.2/home -c "$1" 2>&1
}

@test "previous versions in Samba; the store stays closed" {
	local file
	needs_root
	command -v smbd smbclient >/dev/null || skip "samba and smbclient are not installed"
	compgen -G '/usr/lib/*/samba/vfs/shadow_copy2.so' >/dev/null || skip "samba-vfs-modules is not installed"
	export TZ=Europe/Berlin
	mkdir -p "$D/home/ann"
	chmod 755 "$D/home" "$D/home/ann"
	hosts_conf <<<"host \"here\" { volume \"home\" { source = \"$D/home/\" } }"
	for day in 1 2; do
		echo "Dear $day" >"$D/home/ann/letter.txt"
		set_clock "2027-03-0$day 03:10:00"
		flashback -1
	done
	chmod 600 "$(newest here/home)/ann/letter.txt"
	box_start
	host_start 1
	in_host 1 mount -t tmpfs tmpfs /srv
	in_host 1 mount --bind "$D/home" /home
	displays 'mount -o bind' | sed "s|/backup/|$STORE/|g" >"$D/commands"
	in_host 1 sh -eu "$D/commands"
	samba_start
	run smb 'allinfo ann\letter.txt'
	[ "$(grep -c '^@GMT-2027' <<<"$output")" -eq 2 ]
	smb "get @GMT-2027.03.01-02.10.00\\ann\\letter.txt $D/got"
	[ "$(cat "$D/got")" = 'Dear 1' ]
	run smb "get @GMT-2027.03.02-02.10.00\\ann\\letter.txt $D/closed"
	expect ACCESS_DENIED
	for file in "$STORE" /srv/previous/home/.flashback; do
		refuse in_host 1 setpriv --reuid 65534 --clear-groups ls "$file"
	done
	refuse in_host 1 touch /srv/previous/home/new
	set_clock '2027-03-03 03:10:00'
	run flashback -1
	expect_exit 0
	refuse expect 'open'
}

@test "a weekly mail" {
	flashback -1
	start_daemon
	wait_for settled
	printf '#!/bin/sh\ncat >%s/mail\necho "$@" >>%s/mail\n' "$D" "$D" >"$D/mail.sh"
	displays 'check-flashback' | sed -E "s|.* root (.*)|\1|; s|/usr/local/bin/check-flashback|$ROOT/etc/check-flashback $RUN/status.txt|
	    s|/run/flashback|$RUN|; s|mail|sh $D/mail.sh|" >"$D/commands"
	sh -eu "$D/commands"
	grep -q "^FLASHBACK OK" "$D/mail"
	grep -q '^here/v ' "$D/mail"
	grep -qx -- '-s flashback you@example.org' "$D/mail"
}

# sensor: the state of the sensor for Home Assistant, of our status.txt.
sensor() {
	displays 'platform: rest' | sed '1,/value_template/d' >"$D/template"
	python3 - "$D/template" "$RUN/status.txt" <<-'END'
	import datetime, jinja2, re, sys
	env = jinja2.Environment(undefined=jinja2.StrictUndefined)
	env.filters["regex_findall_index"] = lambda value, find, index=0: re.findall(find, value)[index]
	env.globals["now"] = datetime.datetime.now
	template, value = (open(name).read() for name in sys.argv[1:])
	print(env.from_string(template.strip()).render(value=value))
	END
}

@test "a sensor for Home Assistant" {
	python3 -c 'import jinja2' 2>/dev/null || skip "python3-jinja2 is not installed"
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	[ "$(sensor)" = OK ]
	# What a host says is none of it.
	sed -i 's/^health=.*/health=WARNING/; s/^reason=.*/reason=next.update=9999999999 health=OK/' "$RUN/status.txt"
	[ "$(sensor)" = WARNING ]
	sed -i 's/^next.update=.*/next.update=1/' "$RUN/status.txt"
	[ "$(sensor)" = DEAD ]
}
