#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The power fails: what the disk has at that moment is a copy of the image under a mounted ext4, with all
# that was only in memory lost; then the machine boots again.

load lib
load net
load rounds

# Metadata is journalled after a second, contents stay in memory: the worst that ext4 can be asked for.
FORGETFUL=data=writeback,nodelalloc,commit=1

setup() {
	needs_root
	begin
	box_start
	truncate -s 160M "$D/image"
	mkfs.ext4 -q -F "$D/image"
	mkdir "$D/disk"
	boot
	"${IN_BOX[@]}" mount --bind "$D/boot_id" /proc/sys/kernel/random/boot_id
	plug_in "$FORGETFUL"
	main_conf "$D/disk/store"
	flashback --init
	STORE=/proc/$HOLDER/root$D/disk/store
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$D/src/"  shrink_guard = "0%"  change_guard = "0%"
	    keep_daily = 0  keep_weekly = 0  keep_last = 4
	} }
	END
	rounds_begin
}

teardown() {
	"${IN_BOX[@]}" umount "$D/disk" || true
	finish
}

# plug_in OPTIONS: the disk is mounted.  boot: and this is another boot.
plug_in() {
	"${IN_BOX[@]}" mount -o "loop,$1" "$D/image" "$D/disk"
}

boot() {
	cat /proc/sys/kernel/random/uuid >"$D/boot_id"
}

# lose_memory: with nothing of ours at work the disk is gone, and has only what it had.  What was copied is
# what was there at one moment when it is still the same afterwards.
lose_memory() {
	until
		cp --sparse=always "$D/image" "$D/cut"
		cmp -s "$D/image" "$D/cut"
	do
		sleep 0.1
	done
	"${IN_BOX[@]}" umount "$D/disk"
	mv "$D/cut" "$D/image"
}

# power_fails OPTIONS
power_fails() {
	lose_memory
	boot
	plug_in "$1"
}

# damaged TREE: the names of files that have the size and time of the source and other bytes.
damaged() {
	manifest "$1" >"$D/damaged"
	awk '
	{ sub(/\..*/, "", $4); at = $1 " " $4 " " $5 }
	NR == FNR { hash[at] = $6; next }
	$2 ~ /^mode=100/ && at in hash && hash[at] != $6 { print $1 }' "$D/source" "$D/damaged"
}

# cut_long_run: a run is cut, and then the disk has the right sizes and wrong bytes.
cut_long_run() {
	head -c 3000000 /dev/urandom | split -b 20000 -a 3 --numeric-suffixes=100 - "$D/src/"
	manifest "$D/src" >"$D/source"
	crash -p rsync -k all -n 1200
	"${IN_BOX[@]}" sync "$D/disk/store" # the journal, which has all names and sizes, and no contents
	lose_memory
}

# go_on_by_checksum: from damage that is really there.
go_on_by_checksum() {
	plug_in "$FORGETFUL"
	[ -n "$(damaged "$STORE/$VOLUME/$(snapshots "$VOLUME" working)")" ]
	recover
}

@test "what an earlier boot has left is believed only by checksum" {
	cut_long_run
	boot
	go_on_by_checksum
}

@test "what a disk had when it was pulled out is believed only by checksum" {
	cut_long_run
	go_on_by_checksum
}

@test "the power fails again and again, at any moment of a run" {
	local who n options again cuts=0
	change 40
	recover
	while [ $cuts -lt $((4 * ${FLASHBACK_SOAK:-1})) ]; do
		change 6
		draw who flashback flashback rsync daemon
		draw_below n 200
		crash_unseen -p "$who" -k all -n $((n + 1))
		draw again at-once at-once later
		[ "$again" = at-once ] || sleep 1.5
		draw options defaults "$FORGETFUL" data=journal nodelalloc,commit=1
		power_fails "$options"
		history_is_whole
		cuts=$((cuts + 1))
		draw again yes no
		[ "$again" = yes ] || recover
	done
	recover
	cuts "$cuts"
}

@test "what was reported is there when the power fails right afterwards" {
	local options n newest
	for n in 1 2 3; do
		change 20
		recover
		draw options defaults "$FORGETFUL" nodelalloc,commit=1
		power_fails "$options"
		history_is_whole
		newest=$(find "$KNOWN" -type f -printf '%f\n' | sort | tail -n 1)
		[ "$(snapshots "$VOLUME" | tail -n 1)" = "$newest" ]
		[ "$(readlink "$STORE/$VOLUME/latest")" = "$newest" ]
		grep -q rsync "$STORE/$VOLUME/RESTORE.txt"
		grep -q "$newest" "$STORE/$VOLUME/.flashback/history"
		recover
	done
}
