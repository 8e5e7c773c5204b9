#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The worst day: RESTORE.txt is right.

load lib
load tree

setup() {
	begin
	make_tree "$D/src"
	flashback -1 here/v
}

teardown() {
	finish
}

@test "the commands in RESTORE.txt, pasted, bring everything back" {
	local text=$STORE/here/v/RESTORE.txt command
	[ -s "$text" ]
	# The command that puts the whole volume back names the source; here it goes there again.
	command=$(grep -E '^ *(.*/)?rsync .*latest/' "$text" | head -n 1)
	[ -n "$command" ]
	manifest "$D/src" >"$D/before"
	find "$D/src" -mindepth 1 -maxdepth 1 -print0 | xargs -0 rm -rf --
	sh -c "$command" >"$D/restore.txt" 2>&1 || { cat "$D/restore.txt"; false; }
	manifest "$D/src" | diff -u "$D/before" -
}

@test "one file, with rsync, by hand" {
	rsync -a "$STORE/here/v/latest/with space" "$D/restored"
	[ "$(cat "$D/restored")" = 'content 1' ]
}
