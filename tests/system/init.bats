#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# --init: making a store, and refusing to.

load lib
load net

setup() {
	begin
}

teardown() {
	finish
}

# on_a_disk: tests that are refused without --force need a disk of their own, $D/disk, in the box.
on_a_disk() {
	needs_root
	box_start
	mkdir "$D/disk"
	in_box mount -t tmpfs tmpfs "$D/disk"
}

in_box() {
	"${IN_BOX[@]}" "$@"
}

# store_at DIR: let the config name it.
store_at() {
	main_conf "$1" </dev/null
}

@test "it makes the last component, private, and writes what it found out about the disk" {
	store_at "$D/new"
	run flashback --init --force
	expect_exit 0
	[ "$(stat -c %a "$D/new")" = 700 ]
	head -n 1 "$D/new/.flashback/store" | grep -qx 'flashback store 1'
	grep -q 'hard' "$D/new/.flashback/store"
	[ "$(find "$D/new" -mindepth 1 | wc -l)" -eq 2 ]
}

@test "it does not make two components" {
	store_at "$D/not/there"
	run flashback --init --force
	expect_exit 1
	expect "$D/not"
	[ ! -e "$D/not" ]
}

@test "an empty directory becomes a store; one with something in it is refused and left alone" {
	mkdir "$D/empty" "$D/full"
	store_at "$D/empty"
	run flashback --init --force
	expect_exit 0
	echo mine >"$D/full/file"
	store_at "$D/full"
	run flashback --init --force
	expect_exit 1
	expect "$D/full"
	[ "$(find "$D/full" -mindepth 1 -printf '%f ')" = 'file ' ]
}

@test "a directory inside another store is refused, and none is made" {
	run flashback -1
	expect_exit 0
	mkdir "$D/store/here/new"
	ln -s store/here "$D/link"
	local before dir
	before=$(find "$D/store" | sort)
	for dir in store/here/new store/here/other store/other link/new link/other; do
		store_at "$D/$dir"
		run flashback --init --force
		expect_exit 1
		expect "$D/$dir is inside the store $D/store/, where"
	done
	[ "$(find "$D/store" | sort)" = "$before" ]
	store_at "$D/store2"
	run flashback --init --force
	expect_exit 0
}

@test "a store stays what it is" {
	flashback -1 here/v
	local before
	before=$(manifest -i "$STORE/here")
	run flashback --init
	expect_exit 0
	[ "$(manifest -i "$STORE/here")" = "$before" ]
}

@test "a store on the root device is warned about" {
	[ "$(stat -c %d /)" = "$(stat -c %d "$D")" ] || skip "the tests run on another device than /"
	store_at "$D/new"
	run flashback --init --force
	expect_exit 0
	expect "is on the file system of /, the system's own"
}

@test "no store: nothing is written, and it is reported" {
	local place
	mkdir "$D/plain"
	for place in "$D/plain" "$D/nowhere"; do
		store_at "$place"
		run flashback -1
		expect_exit 75
		expect WAITING
		expect "$place"
		expect --init
		run flashback -1 here/v
		expect_exit 75
	done
	[ -z "$(find "$D/plain" -mindepth 1)" ]
	[ ! -e "$D/nowhere" ]
}

@test "the daemon waits for a disk that is not there, and begins when it comes" {
	store_at "$D/later"
	mkdir "$D/later"
	start_daemon
	wait_for status_is disk.mounted false
	status_is health CRITICAL
	wait_for row_has here/v WAITING
	[ -z "$(find "$D/later" -mindepth 1)" ]
	flashback --init --force
	kill -HUP "$DAEMON"
	STORE=$D/later
	wait_for has_snapshots 1 here/v
	wait_for status_is disk.mounted true
}

@test "a disk without hard links is refused, unless forced" {
	command -v strace >/dev/null || skip "no strace"
	on_a_disk
	store_at "$D/disk/new"
	export ASAN_OPTIONS=detect_leaks=0 # which would not work below strace
	run in_box strace -f -qq -e trace=link,linkat -e inject=link,linkat:error=EPERM -o /dev/null \
	    "$FLASHBACK" -c "$CONF" --init
	expect_exit 1
	expect link
	run in_box strace -f -qq -e trace=link,linkat -e inject=link,linkat:error=EPERM -o /dev/null \
	    "$FLASHBACK" -c "$CONF" --init --force
	expect_exit 0
}

@test "a directory that cannot be closed to other users is reported" {
	command -v strace >/dev/null || skip "no strace"
	on_a_disk
	store_at "$D/disk/new"
	in_box mkdir -m 755 "$D/disk/new"
	export ASAN_OPTIONS=detect_leaks=0
	run in_box strace -f -qq -P "$D/disk/new" -e trace=fchmod -e inject=fchmod:error=EPERM -o /dev/null \
	    "$FLASHBACK" -c "$CONF" --init
	expect_exit 0
	expect 'cannot be closed to other users (chmod 700: Operation not permitted)'
}

@test "what could not be tested is not taken for lacking" {
	command -v strace >/dev/null || skip "no strace"
	on_a_disk
	store_at "$D/disk/new"
	export ASAN_OPTIONS=detect_leaks=0
	run in_box strace -f -qq -e trace=utimensat -e inject=utimensat:error=EIO -o /dev/null \
	    "$FLASHBACK" -c "$CONF" --init
	expect_exit 1
	expect 'cannot test it: Input/output error'
	in_box [ ! -e "$D/disk/new" ]
	run in_box strace -f -qq -e trace=utimensat -e inject=utimensat:error=EIO -o /dev/null \
	    "$FLASHBACK" -c "$CONF" --init --force
	expect_exit 0
	expect 'times to the nanosecond: no'
}
