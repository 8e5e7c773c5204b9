#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A quick run gives the tree of a full run: the same names and attributes, the same hard links, and the same
# inodes for what did not change.

load lib
load tree
load net
load rounds
load quick

# random_rounds [STATUS]: the source changes at random, until three rounds have been quick ones; how many those are depends
# on the draws, for a change of a hard link makes a full run.  So does, as long as it is there, a file of several names
# that cannot be read, over which rsync 3.5.0 also ends with 12 at times, or hangs: with a STATUS, which is of a source
# that cannot all be read, each of these can.
random_rounds() {
	local n=0 quick=0
	rounds_begin
	churn 120
	[ $# -eq 0 ] || open_links
	back_up "${1:-0}"
	remember
	while [ "$quick" -lt $((3 * ${FLASHBACK_SOAK:-1})) ]; do
		churn $((1 + n % 5))
		[ $# -eq 0 ] || open_links
		back_up "${1:-0}"
		same_as_full || { echo "round $n:"; cat "$(run_log)"; return 1; }
		n=$((n + 1))
		# shellcheck disable=SC2153 # of quick.bash
		! kind_is "$QUICK" >"$D/kind" || quick=$((quick + 1))
	done
	echo "# $quick of $n rounds were quick, seed $SEED" >&3
}

# open_links: files with several names can be read by everybody.
open_links() {
	find "$D/src" -type f -links +1 ! -perm -o=r -exec chmod o+r {} +
}

@test "random changes of a source on this machine" {
	random_rounds
}

@test "random changes of a source behind ssh" {
	host_start 1
	sshd_start 1
	SOURCE=root@10.77.1.2:$D/src/ RSH=$SSH
	volume
	random_rounds
}

@test "random changes of a source behind an rsync daemon that cannot read all of it" {
	poor_daemon
	echo secret >"$D/src/secret"
	chmod 600 "$D/src/secret"
	mkdir -m 700 "$D/src/locked"
	echo x >"$D/src/locked/f"
	random_rounds 2
}

@test "nothing changed; only the root directory; only owners, modes, times and attributes" {
	first_day
	next_day
	chmod 2751 "$D/src"
	chown 77:78 "$D/src"
	touch -d '2002-02-02 02:02:02.222222222' "$D/src"
	setfattr -n user.root -v r "$D/src"
	setfacl -m u:99:rwx,d:u:99:r-x "$D/src"
	next_day
	setfacl -b "$D/src"
	setfattr -x user.root "$D/src"
	next_day
	chown 5:6 "$D/src/random" "$D/src/deep/1/2" "$D/src/fifo"
	chown -h 5:6 "$D/src/loop"
	# (Not of a link with extended attributes, which rsync's full run would lose.)
	chmod 4700 "$D/src/random"
	chmod 1777 "$D/src/deep"
	setfattr -n user.new -v n "$D/src/sparse" "$D/src/deep/1/2/3"
	setfacl -m g:5:rx "$D/src/deep/1"
	touch -h -d '2003-03-03 03:03:03.333333333' "$D/src/outside" "$D/src/deep/1/2/3/4"
	next_day
}

@test "each kind of file in the place of each other, and a directory whose time is put back" {
	local from to n=0 dir
	first_day
	dir=$D/src/kinds
	mkdir "$dir" "$D/src/target"
	echo x >"$D/src/target/f"
	for from in file dir link fifo; do
		for to in file dir link fifo; do
			n=$((n + 1))
			make_kind "$from" "$dir/$from-$to"
		done
	done
	next_day
	for from in file dir link fifo; do
		for to in file dir link fifo; do
			rm -rf "$dir/$from-$to"
			make_kind "$to" "$dir/$from-$to"
		done
	done
	touch -d '2001-01-01 01:01:01.111111111' "$dir"
	# A full run takes what was behind the link for the file that is in its place now.
	back_up
	kind_is "$QUICK"
	same_tree "$D/src" "$NEW"
	remember
	echo more >"$dir/new"
	rm -r "$dir/file-file" "$dir/link-dir"
	touch -d '2001-01-01 01:01:01.111111111' "$dir"
	next_day
	rm -r "$dir"
	next_day
}

# make_kind KIND PATH: what is in the directory looks like its namesake where the link leads, but for the
# bytes.
make_kind() {
	case $1 in
	file) echo "$EPOCHREALTIME" >"$2" ;;
	dir) mkdir "$2" && echo y >"$2/f" && touch -r "$D/src/target/f" "$2/f" ;;
	link) ln -s ../target "$2" ;;
	fifo) mkfifo "$2" ;;
	esac
}

# new_bytes: NEW of the newest run, as the history has it.
new_bytes() {
	awk '!/^#/ { new = $8 } END { print new }' "$STORE/$VOLUME/.flashback/history"
}

@test "NEW is what a snapshot takes that the one before did not have" {
	local n
	for n in {1..9}; do head -c 1000 /dev/zero >"$D/src/$n"; done
	ln "$D/src/1" "$D/src/one"
	: >"$D/src/f"
	back_up
	[ "$(new_bytes)" -eq 9000 ]
	back_up
	kind_is "$QUICK"
	[ "$(new_bytes)" -eq 0 ]
	chown 5:6 "$D/src/"{2..4}
	touch "$D/src/5"
	back_up
	kind_is "$QUICK"
	[ "$(new_bytes)" -eq 4000 ]
	chown -R 7:8 "$D/src"
	back_up
	kind_is 'full run:'
	[ "$(new_bytes)" -eq 9000 ]
}

@test "hard links that come, change and go" {
	first_day
	ln "$D/src/owned" "$D/src/owned too"
	back_up
	same_as_full
	echo changed >>"$D/src/linked"
	back_up
	same_as_full
	rm "$D/src/linked too"
	next_day
	# One of a group becomes a file of its own.
	cp -p "$D/src/owned" "$D/src/copy"
	mv "$D/src/copy" "$D/src/owned"
	echo other >"$D/src/owned"
	next_day
}

@test "names that a list or a line could break on" {
	first_day
	local name
	for name in '#hash' ';semicolon' ' ' $'\n' $'a\n' '\#012' '\#01' 'a => b' 'a -> b' '*deleting   x' '-' '...' \
		'.x' '[a-z]*' $'\r' $'\177' "$(printf 'y%.0s' {1..255})"; do
		echo new >"$D/src/$name"
		mkdir "$D/src/d$name" 2>/dev/null || true
		echo new >"$D/src/d$name/$name" 2>/dev/null || true
	done
	next_day
	find "$D/src" -type f -name '*[!a-z]*' -newer "$D/src/deep" -exec sh -c 'for f; do echo more >>"$f"; done' _ {} +
	next_day
	rm -rf "$D/src"/d?*
	next_day
}

@test "a directory of many names" {
	local names=${FLASHBACK_SOAK:+100000}
	mkdir "$D/src/many"
	(cd "$D/src/many" && seq -f 'file number %06g' "${names:-2500}" | xargs -d '\n' touch)
	back_up
	remember
	(cd "$D/src/many" && rm 'file number 000'[1-4]* && touch 'file number 004'* && seq -f 'new %g' 500 | xargs -d '\n' touch)
	next_day
}

@test "a file system that is mounted over a directory" {
	box_start
	mkdir -p "$D/src/mnt"
	seq -f "$D/src/f%g" 40 | xargs touch
	echo x | tee "$D/src/mnt/below" >"$D/src/keep"
	back_up
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/src/mnt"
	"${IN_BOX[@]}" touch "$D/src/mnt/elsewhere"
	back_up
	[ -d "$NEW/mnt" ]
	[ ! -e "$NEW/mnt/below" ]
	[ ! -e "$NEW/mnt/elsewhere" ]
	kind_is 'full run: the comparison did not name all that differs'
	# From now on the comparison has all that there is, with other kinds in each other's place, too.
	rm "$D/src/keep"
	mkdir "$D/src/keep"
	echo x >"$D/src/keep/f"
	back_up
	kind_is "$QUICK"
	[ -e "$NEW/keep/f" ]
	rm -r "$D/src/keep"
	mkfifo "$D/src/keep"
	"${IN_BOX[@]}" umount "$D/src/mnt"
	back_up
	kind_is "$QUICK"
	same_tree "$D/src" "$NEW"
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/src/mnt"
	rm "$D/src/keep"
	mkdir "$D/src/keep"
	back_up
	kind_is 'full run: the comparison did not name all that differs'
	[ ! -e "$NEW/mnt/below" ]
	"${IN_BOX[@]}" umount "$D/src/mnt"
}

@test "what rsync is told not to copy" {
	mkfifo "$D/src/fifo"
	mknod "$D/src/device" c 1 3
	volume "rsync_options = { '--no-specials', '--no-devices' }"
	back_up
	echo new >"$D/src/new"
	mkfifo "$D/src/fifo2"
	back_up
	kind_is "$QUICK"
	[ "$(ls "$NEW")" = $'f\nnew' ]
	# In the place of a file that is in the spare.
	rm "$D/src/new"
	mkfifo "$D/src/new"
	back_up
	kind_is 'full run: the comparison did not name all that differs'
	[ "$(ls "$NEW")" = f ]
	back_up
	kind_is "$QUICK"
}

@test "other excludes" {
	mkdir -p "$D/src/cache"
	echo x | tee "$D/src/cache/f" >"$D/src/keep"
	echo 'cache/' >"$D/excludes"
	volume "rsync_options = { '--exclude-from=$D/excludes' }"
	back_up
	# The file's name is the same, so nobody knows that the excludes are others.
	echo 'keep' >"$D/excludes"
	back_up
	kind_is "$QUICK"
	[ -e "$NEW/cache/f" ]
	[ ! -e "$NEW/keep" ]
	volume "exclude = { 'cache' }"
	back_up
	kind_is 'full run: the source, the excludes or the options have changed'
	[ ! -e "$NEW/cache" ]
	[ -e "$NEW/keep" ]
}

@test "attributes that are kept by --fake-super need full runs" {
	make_tree "$D/src"
	volume "rsync_options = { '--fake-super' }"
	back_up
	remember
	chown 5:6 "$D/src/random"
	echo more >>"$D/src/owned"
	back_up
	kind_is 'full run: an option in rsync_options needs it'
	same_as_full --fake-super
	[ "$(stat -c %i "$PREVIOUS/setuid")" = "$(stat -c %i "$NEW/setuid")" ]
}

@test "when it is a full run, and why" {
	back_up
	kind_is 'full run: there is no snapshot to compare with'
	back_up
	kind_is "$QUICK"
	volume "rsync_options = { '--checksum' }"
	back_up
	back_up
	kind_is 'full run: an option in rsync_options needs it'
	volume "rsync_options = { '--bwlimit=100000' }"
	back_up
	back_up
	kind_is "$QUICK"
	(cd "$D/src" && seq 100 | xargs touch)
	back_up
	kind_is 'full run: more than half of the files have changed'
	ln "$D/src/1" "$D/src/101"
	back_up
	kind_is 'full run: hard links have changed'
	rm "$STORE/$VOLUME/.flashback/history"
	back_up
	kind_is 'full run: the source, the excludes or the options have changed'
	# A spare that somebody put something else into does no harm.
	back_up
	kind_is "$QUICK"
	rm "$STORE/$VOLUME/.flashback/spare/1"
	mkdir "$STORE/$VOLUME/.flashback/spare/1"
	echo strange >"$STORE/$VOLUME/.flashback/spare/strange"
	back_up
	kind_is "$QUICK"
	same_tree "$D/src" "$NEW"
}

@test "what could not be read for a day is shared with the snapshot before, not copied again" {
	mkdir "$D/src/lost"
	echo x >"$D/src/lost/f"
	back_up
	local first=$NEW
	cat >"$D/rsync" <<-END
	#!/bin/bash
	[[ " \$* " == *' --version'* ]] && exec rsync --version
	rsync --exclude=/lost "\$@" && echo 'rsync: [sender] opendir "$D/src/lost" failed: Permission denied (13)' >&2
	exit 23
	END
	chmod 755 "$D/rsync"
	sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
	back_up 2
	kind_is "$QUICK"
	[[ "$NEW" = *.partial ]]
	[ ! -e "$NEW/lost" ]
	sed -i "s|^rsync .*|rsync = \"$(command -v rsync)\"|" "$CONF"
	back_up
	kind_is 'full run: files are back that an older snapshot has'
	[ "$(stat -c %i "$NEW/lost/f")" = "$(stat -c %i "$first/lost/f")" ]
}

@test "what vanishes, or becomes something else, between the scan and the copy" {
	seq -f "$D/src/f%g" 40 | xargs touch
	mkdir -p "$D/src/dir/sub" "$D/src/stays"
	echo x | tee "$D/src/dir/sub/f" >"$D/src/stays/f"
	back_up
	echo new | tee "$D/src/f1" "$D/src/f2" "$D/src/stays/new" "$D/src/dir/sub/g" >"$D/src/dir/f"
	between "rm '$D/src/f1'; rm -r '$D/src/dir'"
	back_up
	kind_is "$QUICK"
	expect 'vanished'
	[ ! -e "$NEW/f1" ]
	[ "$(cat "$NEW/f2" "$NEW/stays/new")" = $'new\nnew' ]
	[ ! -e "$NEW/dir/f" ]
	[ ! -e "$NEW/dir/sub/g" ]
	between :
	back_up
	kind_is "$QUICK"
	same_tree "$D/src" "$NEW"
	echo new >"$D/src/f3"
	mkdir "$D/src/f4.new"
	between "rm '$D/src/f3'; mkdir '$D/src/f3'"
	back_up
	between :
	back_up
	same_tree "$D/src" "$NEW"
}

@test "a source that goes away between the scan and the copy is no snapshot" {
	echo new >"$D/src/g"
	back_up
	echo newer >"$D/src/g"
	between "mv '$D/src' '$D/away'"
	back_up 2
	expect 'FAILED'
	has_snapshots 1 "$VOLUME"
	mv "$D/away" "$D/src"
	between :
	back_up
	same_tree "$D/src" "$NEW"
}

@test "no source, an empty one, far fewer files: known before anything is copied" {
	seq -f "$D/src/f%g" 40 | xargs touch
	volume 'shrink_guard = "50%"'
	sed -i 's/shrink_guard = "0%"//' "$D/hosts.conf"
	back_up
	mv "$D/src" "$D/away"
	back_up 2
	expect 'FAILED'
	kind_is "$QUICK"
	mkdir "$D/src"
	back_up 2
	expect 'SUSPECT'
	has_snapshots 1 "$VOLUME" suspect
	rmdir "$D/src"
	rm -r "$STORE/$VOLUME"/*.suspect
	mv "$D/away" "$D/src"
	rm "$D/src/f"[123]?
	back_up 2
	expect 'SUSPECT'
	same_tree "$D/src" "$(echo "$STORE/$VOLUME"/*.suspect)"
	seq -f "$D/src/f%g" 10 20 | xargs touch
	rm -r "$STORE/$VOLUME"/*.suspect
	back_up
	kind_is "$QUICK"
	same_tree "$D/src" "$NEW"
}

@test "a volume that is partial every day has quick runs" {
	poor_daemon
	echo secret >"$D/src/secret"
	chmod 600 "$D/src/secret"
	seq -f "$D/src/f%g" 40 | xargs touch
	back_up 2
	remember
	mkdir "$D/src/dir"
	echo more | tee "$D/src/dir/more" >"$D/src/more"
	next_day 2
	next_day 2
	[[ "$NEW" = *.partial ]]
	# What cannot be read, in the place of what could be, and the other way round.
	rm -r "$D/src/more" "$D/src/dir" "$D/src/secret"
	echo secret | tee "$D/src/more" >"$D/src/dir"
	chmod 600 "$D/src/more" "$D/src/dir"
	mkdir "$D/src/secret"
	echo x >"$D/src/secret/f"
	next_day 2
	[ ! -e "$NEW/dir" ]
	[ ! -e "$NEW/more" ]
	[ -e "$NEW/secret/f" ]
	chmod 644 "$D/src/dir" "$D/src/more"
	next_day
	[ -f "$NEW/dir" ]
}

@test "what was interrupted behind ssh comes once, also by quick runs, and after a restart" {
	local before
	host_start 1
	sshd_start 1
	SOURCE=root@10.77.1.2:$D/src/ RSH=$SSH
	volume 'rsync_options = { "--bwlimit=3000" }'
	seq -f "$D/src/f%g" 40 | xargs touch
	back_up
	remember
	head -c 6000000 /dev/urandom >"$D/src/big"
	echo x >"$D/src/a"
	tick
	before=$(received)
	background DAEMON "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1 "$VOLUME"
	wait_for has_got "$VOLUME" big 2500000
	kill -TERM "$DAEMON"
	wait "$DAEMON" || true
	DAEMON=
	back_up
	kind_is "$QUICK"
	before=$(($(received) - before))
	echo "$before bytes in all"
	[ "$before" -lt 7500000 ]
	same_as_full
}

received() {
	"${IN_BOX[@]}" ip -s link show dev h1 | awk '/RX:/ { getline; print $1 }'
}
