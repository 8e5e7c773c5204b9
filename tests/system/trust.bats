#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A local user of this machine who owns something on the way to the store, in it, or of what flashback executes.

load lib
load net

setup() {
	needs_root
	begin
	chmod 755 "$D"
}

teardown() {
	finish
}

# untouched COMMAND...: it changes nothing in the store.
untouched() {
	local before
	before=$(manifest -i "$STORE")
	"$@"
	manifest -i "$STORE" | diff <(echo "$before") -
}

# refused WORDS: a run says this, and has made nothing.
refused() {
	run flashback -1
	[ "$status" -eq 2 ] || expect_exit 75
	expect "$1"
}

@test "who owns a directory on the way to the store could put his own in its place: refused" {
	mkdir "$D/pub"
	chown 65534 "$D/pub"
	main_conf "$D/pub/store"
	run flashback --init
	expect_exit 1
	expect "$D/pub belongs to user 65534"
	run flashback --init --force
	expect_exit 1
	[ ! -e "$D/pub/store" ]

	# A store of his own making, as root's would look; and the symlink that he might have.
	mv "$STORE" "$D/pub/store"
	STORE=$D/pub/store
	untouched refused "$D/pub belongs to user 65534"
	chown -h 0 "$D/pub"
	chmod 777 "$D/pub"
	untouched refused "$D/pub can be written by others"
	chmod 755 "$D/pub"
	ln -s pub/store "$D/link"
	chown -h 65534 "$D/link"
	main_conf "$D/link"
	untouched refused "$D/link belongs to user 65534"
	start_daemon
	wait_for status_is health CRITICAL
	[[ "$(status reason)" == *'belongs to user 65534'* ]]
	chown -h 0 "$D/link"
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 here/v
	stop_daemon
}

@test "a store, a host or a volume that others own or can write to is refused" {
	local dir
	flashback -1
	for dir in here here/v here/v/.flashback; do
		chown 65534 "$STORE/$dir"
		next_second
		untouched refused 'its directory belongs to another user'
		chown 0 "$STORE/$dir"
		chmod 770 "$STORE/$dir"
		untouched refused 'can be written by others'
		chmod 700 "$STORE/$dir"
	done
	chown 65534 "$STORE"
	untouched refused "$STORE belongs to user 65534, who can change every backup in it: chown it"
	chown 0 "$STORE"
	flashback -1 here/v
	has_snapshots 2 here/v
}

@test "a directory that another user owns becomes a store by --force only" {
	main_conf "$D/his"
	mkdir "$D/his"
	box_start
	"${IN_BOX[@]}" mount -t tmpfs -o mode=700,uid=65534 tmpfs "$D/his" # on the file system of / it needs --force anyway
	STORE=/proc/$HOLDER/root$D/his
	run flashback --init
	expect_exit 1
	expect 'belongs to user 65534, who can change every backup in it'
	flashback --init --force
	flashback -1
	has_snapshots 1 here/v
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'belongs to user 65534'* ]]
	stop_daemon
}

@test "commands and rsync that others can change are not executed" {
	local program
	for program in before after; do
		printf '#!/bin/sh\necho %s >>"%s/ran"\n' "$program" "$D" >"$D/$program"
		chmod 777 "$D/$program"
		hosts_conf <<-END
		host "here" { volume "v" { source = "$D/src/"  $program = "$D/$program" } }
		END
		next_second
		run flashback -1 here/v
		expect "$D/$program can be written by others"
	done
	printf 'notify = "%s"\n' "$D/after" >>"$CONF"
	start_daemon
	wait_for grep -q "notify.*$D/after can be written by others" "$D/log"
	stop_daemon
	[ ! -e "$D/ran" ]
	cp "$(command -v rsync)" "$D/rsync"
	sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
	chown 65534 "$D/rsync"
	run flashback -1
	expect_exit 1
	expect "$D/rsync belongs to user 65534"
}
