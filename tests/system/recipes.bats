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

# block FILE LINE: of the indented blocks of a text, the one that has this line, without the indent.
block() {
	awk -v line="$2" '
	    /^    / || (/^$/ && text) { text = text substr($0, 5) "\n"; if (index($0, line)) found = 1; next }
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
	local option
	needs_root
	box_start
	host_start 1
	rsyncd_start 1 "$D/src"
	option=$(grep -oE 'rsync_options = \{ "--filter=[^}]*\}' "$ROOT/README.md")
	hosts_conf <<<"host \"h\" { volume \"v\" { source = \"rsync://10.77.1.2/data/\"  $option } }"
	mkdir -p "$D/src/ann/big" "$D/src/bob/big"
	touch "$D/src/ann/big/f" "$D/src/bob/big/f"
	echo '- big/' >"$D/src/ann/.rsync-filter"
	flashback -1
	[ ! -e "$(newest h/v)/ann/big" ]
	[ -e "$(newest h/v)/bob/big/f" ]
}
