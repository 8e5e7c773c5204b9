#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What README.md and the manual tell people to paste, as it is printed there.

load lib
load net

setup() {
	begin
}

teardown() {
	finish
}

# block FILE LINE: of the indented blocks of a text, the one that has this line, without the indent and empty lines.
block() {
	awk -v line="$2" '
	    /^    / || /^$/ { text = text substr($0, 5) (/./ ? "\n" : ""); if (index($0, line)) found = 1; next }
	    found { exit }
	    { text = "" }
	    END { if (found) printf "%s", text }' "$1"
}

@test "README.md: its hosts.conf is a good one" {
	block "$ROOT/README.md" 'host "laptop"' | hosts_conf
	run flashback --check
	expect_exit 0
	expect 'nas/music'
	[ "$(grep -c . "$D/hosts.conf")" -le 10 ]
}

@test "README.md: users exclude by a file in a directory of theirs" {
	local option volume first
	needs_root
	box_start
	host_start 1
	rsyncd_start 1 "$D/src"
	option=$(grep -oE 'rsync_options = \{ "--filter=[^}]*\}' "$ROOT/README.md")
	hosts_conf <<-END
	host "h" { volume "v" { source = "rsync://10.77.1.2/data/"  $option } }
	host "here" {
	    volume "v" { source = "$D/src/"  $option }
	    volume "odd" { source = "$D/it's my; \$HOME:/"  rsync_options = "--filter=dir-merge,e .rsync-filter" }
	}
	END
	mkdir -p "$D/src/ann/big" "$D/src/bob/big"
	touch "$D/src/ann/big/f" "$D/src/bob/big/f"
	echo '- big/' >"$D/src/ann/.rsync-filter"
	cp -a "$D/src" "$D/it's my; \$HOME:"
	flashback -1
	first=$(newest here/v)
	next_second
	echo more >"$D/src/more"
	flashback -1 h here
	for volume in h/v here/v here/odd; do
		[ ! -e "$(newest "$volume")/ann/big" ]
		[ -e "$(newest "$volume")/bob/big/f" ]
	done
	[ -e "$(newest here/v)/ann/.rsync-filter" ]
	[ ! -e "$(newest here/odd)/ann/.rsync-filter" ]
	[ "$(stat -c %i "$first/bob/big/f")" = "$(stat -c %i "$(newest here/v)/bob/big/f")" ]
	rm -r "$D/src/ann" "$D/src/bob"
	run flashback -n here/v
	expect " -- apart=sender:$D/src/ "
}

@test "README.md: everything restored into an empty directory, and compared with the source" {
	local commands
	hosts_conf <<<"host \"kimono\" { volume \"home\" { source = \"$D/src/\" } }"
	ln "$D/src/f" "$D/src/g"
	touch -d '2001-01-01' "$D/src" # rsync takes times of the same second to be equal
	flashback -1
	commands=$(pasted 'restored/' | sed "s|root@kimono:/home/|$D/src/|")
	[ "$(wc -l <<<"$commands")" -eq 2 ]
	mkdir "$D/empty"
	cd "$D/empty"
	run sh -c "$commands"
	[ "$output" = '' ]
	same_tree "$D/src" restored
	touch -r "$D/src/f" "$D/time"
	echo y >"$D/src/f"
	touch -r "$D/time" "$D/src/f"
	run sh -c "$commands"
	expect '>fc........ f'
}

# pasted LINE: the block of README.md with this line, with the paths of this test.
pasted() {
	block "$ROOT/README.md" "$1" | sed -e "s|/backup\\b|$STORE|g; s|\"/second\"|\"$D/second\"|; s|/run/flashback|$RUN|g" \
	    -e "s|/etc/flashback|$D|g; s|^flashback|${IN_BOX[*]} $FLASHBACK|; s|--init|& --force|" -e "${SSH:+s|ssh -i /root/.ssh/store|$SSH|}"
}

# first_store: one with two volumes, each with two snapshots, and the config of the first flashback.
first_store() {
	mkdir -p "$D/home/ann" "$D/music"
	hosts_conf <<-END
	host "kimono" { volume "home" { source = "$D/home/" } }
	host "nas" { volume "music" { source = "$D/music/" } }
	END
	seq 1000 >"$D/music/song"
	set_clock '2027-03-01 03:10:00'
	echo Dear >"$D/home/ann/letter.txt"
	flashback -1
	later
}

# later: another day of the first store.
DAY=1
later() {
	DAY=$((DAY + 1))
	set_clock "2027-03-$DAY 03:10:00"
	echo "on day $DAY" >>"$D/home/ann/letter.txt"
	flashback -1
}

# second N: it has N snapshots of each volume, and the newest is what the first has as `latest`.
second() {
	local first=$STORE STORE=$D/second
	has_snapshots "$1" kimono/home
	has_snapshots "$1" nas/music
	same_tree "$(readlink -f "$first/kimono/home/latest")" "$(newest kimono/home)"
	refuse [ "$(stat -c %i "$first/kimono/home/latest/ann/letter.txt")" = "$(stat -c %i "$(newest kimono/home)/ann/letter.txt")" ]
}

@test "README.md: a second disk, whose sources are latest of the first; two of them in turn" {
	local whole
	first_store
	pasted 'data_dir    = "/second"' >"$D/second.conf"
	pasted '/backup/nas/music/latest/' >"$D/second-hosts.conf"
	pasted 'second.conf --init' >"$D/commands"
	[ "$(wc -l <"$D/commands")" -eq 2 ]
	sh -eu "$D/commands"
	second 1
	grep -q 'second/kimono/home/latest/ root@kimono.local:/home/$' "$D/second/kimono/home/RESTORE.txt"
	# Of a week one is kept here, of the first all.
	whole=$(STORE=$D/second; manifest "$(newest kimono/home)")
	for _ in 1 2 3; do
		later
	done
	sh -eu "$D/commands"
	[ "$(STORE=$D/second; manifest "$(newest kimono/home)")" = "$whole" ] # not yet a week old
	DAY=8
	later
	sh -eu "$D/commands"
	second 2
	# The other disk.
	mv "$D/second" "$D/away"
	run sh -eu <(tail -n 1 "$D/commands")
	expect_exit 75
	sh -eu "$D/commands"
	second 1
	mv "$D/second" "$D/other"
	mv "$D/away" "$D/second"
	later
	run sh -eu <(tail -n 1 "$D/commands")
	expect_exit 0
	STORE=$D/second has_snapshots 2 kimono/home # on this one it is not due
	STORE=$D/other has_snapshots 1 kimono/home
}

@test "README.md: from another house, with a key that can only read the store" {
	local first=$STORE
	needs_root
	first_store
	box_start
	host_start 1
	sshd_start 1
	names '10.77.1.2 box.example.org'
	known_as 1 box.example.org
	sed -i "1s|^|$(pasted 'rrsync -ro /backup"' | sed -n 's/ ssh-ed25519.*//p') |" "$D/sshd1/authorized_keys"
	grep -q "^command=\"rrsync -ro $STORE\",restrict ssh-ed25519" "$D/sshd1/authorized_keys"
	STORE=$D/second
	main_conf "$STORE"
	pasted 'root@box.example.org' | sed '/window/d' | hosts_conf
	flashback --init --force
	flashback -1
	has_snapshots 1 kimono/home
	same_tree "$(readlink -f "$first/kimono/home/latest")" "$(newest kimono/home)"
	refuse flashback -1 nas/music
	# The key neither writes, nor leads out of the store.
	refuse "${IN_BOX[@]}" rsync -e "$SSH" "$CONF" root@box.example.org:/kimono/home/
	refuse "${IN_BOX[@]}" rsync -r -e "$SSH" root@box.example.org:/../home/ "$D/stolen/"
	# shellcheck disable=SC2086 # a command with its options
	refuse "${IN_BOX[@]}" $SSH root@box.example.org touch "$D/touched"
	[ ! -e "$D/stolen/ann" ]
	[ ! -e "$D/touched" ]
}

@test "README.md: the whole history moved, and a copy beside its store" {
	local first=$STORE volume
	first_store
	later
	mkdir "$D/new"
	block "$ROOT/README.md" '/backup/ /new/' | sed "s|/backup/|$STORE/|; s|/new/|$D/new/|" >"$D/commands"
	[ "$(wc -l <"$D/commands")" -eq 1 ]
	sh -eu "$D/commands"
	same_tree "$STORE" "$D/new" # with what shares an inode with what
	# Each goes on by itself, at the same time, and shares with what it has.
	sed "s|$STORE|$D/new|; s|$RUN|$D/run2|" "$CONF" >"$D/new.conf"
	DAY=$((DAY + 1))
	set_clock "2027-03-$DAY 03:10:00"
	start_daemon
	run "${IN_BOX[@]}" "$FLASHBACK" -c "$D/new.conf" -1
	expect_exit 0
	expect 'kimono/home: succeeded'
	expect 'quick run'
	wait_for has_snapshots 4 kimono/home
	stop_daemon
	for STORE in "$first" "$D/new"; do
		has_snapshots 4 kimono/home
		volume=$STORE/nas/music
		[ "$(find "$volume" -path '*/2*/song' -printf '%i\n' | sort -u | wc -l)" -eq 1 ]
	done
	STORE=$first
	# As a source, the copy is the store.
	hosts_conf <<<"host \"here\" { volume \"all\" { source = \"$D/\"  exclude = { \"/run/\" } } }"
	run flashback -1 here/all
	expect_exit 2
	expect 'or a copy of it: add exclude = "/new/" to'
	sed -i 's|"/run/"|&, "/new/"|' "$D/hosts.conf"
	flashback -1 here/all
	has_snapshots 1 here/all
}
