#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What could not be read: said each time, told once, and again when there is more of it.

load lib
load tree
load net
load rounds
load quick

# secret NAME...: files that only root may read.
secret() {
	for name; do
		echo secret >"$D/src/$name"
		chmod 600 "$D/src/$name"
	done
}

# reason WORDS: so ends what the row of the last run says.
reason() {
	[[ "$output" == *"PARTIAL: $1"* ]] || { printf 'wanted:  %s\nbut got: %s\n' "$1" "$output"; return 1; }
}

LIST=.flashback/unreadable

# more_and_less PREFIX: the same runs, quick or full; a path in words is relative to PREFIX.
more_and_less() {
	local long dir=$D/src/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/d11/d12/d13/d14/d15/d16/d17/d18/d19/d20/d21/d22/d23/d24/d25/d26/d27
	secret b
	mkdir -m 700 "$D/src/locked"
	back_up 2
	reason "2 files could not be read; first: ${1}locked: Permission denied (13)"
	back_up 2
	reason '2 files could not be read; first: '
	secret a $'c\e[31m\nFAILED'
	back_up 2
	reason "4 files could not be read, 2 of them new: ${1}a: Permission denied (13)"
	back_up 2
	reason '4 files could not be read; first: '
	grep -Fx "${1}c\\033[31m\\012FAILED: Permission denied (13)" "$STORE/$VOLUME/$LIST"
	[ "$(wc -l <"$STORE/$VOLUME/$LIST")" -eq 5 ]
	# One that is read again is new when it cannot be once more, and one in the place of another is new.
	chmod 644 "$D/src/a"
	back_up 2
	reason '3 files could not be read; first: '
	rm "$D/src/a" "$D/src/b"
	secret a
	back_up 2
	reason "3 files could not be read, 1 of them new: ${1}a: "
	# The same beginning, longer than what is shown of a path.
	mkdir -p "$dir"
	long=${dir#"$D/src/"}
	secret "$long/x"
	back_up 2
	secret "$long/y"
	back_up 2
	reason "5 files could not be read, 1 of them new: ${1}d1/d2"
	[ -n "$1" ] || list_is_lost # which does not depend on the way of a run
	chmod -R a+rX "$D/src"
	back_up
	[ ! -e "$STORE/$VOLUME/$LIST" ]
}

# list_is_lost: or damaged: nothing is called new, and the next one is whole.
list_is_lost() {
	secret z
	sed -i '$d' "$STORE/$VOLUME/$LIST"
	back_up 2
	reason '6 files could not be read; first: '
	rm "$STORE/$VOLUME/$LIST"
	mkdir "$STORE/$VOLUME/$LIST"
	back_up 2
	reason '6 files could not be read; first: '
	rmdir "$STORE/$VOLUME/$LIST"
	back_up 2
	secret z2
	back_up 2
	reason '7 files could not be read, 1 of them new: z2: '
}

user_behind_ssh() {
	local dir=$D
	host_start 1
	sshd_start 1
	until [ "$dir" = / ]; do
		[ -n "$(find "$dir" -maxdepth 0 -perm -o=x)" ] || chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
	SOURCE=root@10.77.1.2:$D/src/ RSH=$SSH
	volume 'rsync_options = "--rsync-path=setpriv --reuid=65534 --regid=65534 --clear-groups rsync"'
}

@test "more and less that cannot be read, behind ssh, by quick runs" {
	user_behind_ssh
	more_and_less "$D/src/"
	kind_is "$QUICK"
}

@test "more and less that cannot be read, of an rsync daemon, by full runs" {
	poor_daemon "$(runs full)"
	more_and_less ""
}

@test "told once for the same files of an rsync daemon, and again for one more" {
	poor_daemon 'every = "1h"'
	secret a
	printf '#!/bin/sh\ncat >>%s\n' "$D/told" >"$D/tell"
	chmod 755 "$D/tell"
	main_conf "$STORE" <<<"notify = \"$D/tell\""
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 "$VOLUME" partial
	wait_for settled
	wake_at '2027-03-01 13:00:00'
	wake_at '2027-03-01 14:00:00'
	has_snapshots 3 "$VOLUME" partial
	secret b
	wake_at '2027-03-01 15:00:00'
	row_has "$VOLUME" 'PARTIAL: 2 files could not be read, 1 of them new: b: '
	wake_at '2027-03-01 16:00:00'
	row_has "$VOLUME" 'PARTIAL: 2 files could not be read; first: a: '
	stop_daemon
	start_daemon
	wake_at '2027-03-01 17:00:00'
	has_snapshots 6 "$VOLUME" partial
	[ "$(grep "^$VOLUME" "$D/told")" = "\
$VOLUME partial: 1 file could not be read; first: a: Permission denied (13)
$VOLUME partial: 2 files could not be read, 1 of them new: b: Permission denied (13)" ]
}
