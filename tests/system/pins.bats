#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A snapshot that the user gave a name of his own (a pin) is still one: the next run shares files with it, and is
# compared with it.

load lib

setup() {
	needs_root
	begin
	mkdir "$D/src/dir"
	(cd "$D/src/dir" && seq 100 | xargs touch)
	head -c 2000000 /dev/urandom >"$D/src/dir/big"
}

teardown() {
	finish
}

# volume full|quick: here/v with this kind of runs.
volume() {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  $(runs "$1") } }
	END
}

# back_up [STATUS]: an hour later; $output has the row.
back_up() {
	HOURS=$((${HOURS:-0} + 1))
	set_clock "2027-03-01 00:00 $HOURS hours"
	run flashback -1 here/v
	expect_exit "${1:-0}"
}

# pin SNAPSHOT SUFFIX: PIN is its path.
pin() {
	PIN=$STORE/here/v/$1.$2
	mv "$STORE/here/v/$1" "$PIN"
	manifest -i "$PIN" >"$D/pinned"
}

@test "the only snapshot is pinned: the next run shares its files, and its guard holds" {
	local kind
	for kind in full quick; do
		rm -rf "$STORE/here"
		volume "$kind"
		back_up
		pin "$(snapshots here/v)" 'before the upgrade, 50% *'
		back_up
		has_snapshots 1 here/v
		[ "$(newest here/v)/dir/big" -ef "$PIN/dir/big" ]
		[ "$(newest here/v)/f" -ef "$PIN/f" ]
		manifest -i "$PIN" | diff - "$D/pinned"
		# Pinned as well, and then the source has lost nearly all.
		pin "$(snapshots here/v)" keep
		mv "$D/src/dir" "$D/away"
		back_up 2
		has_snapshots 1 here/v suspect
		expect SUSPECT
		mv "$D/away" "$D/src/dir"
	done
}

@test "a pin of which nothing is known is no base" {
	volume full
	back_up
	cp -a "$(newest here/v)" "$D/copy"
	rm -rf "$STORE/here"
	mkdir -m 700 "$STORE/here" "$STORE/here/v"
	cp -a "$D/copy" "$STORE/here/v/2027-02-28T120000+0000.mine"
	back_up
	refuse test "$(newest here/v)/dir/big" -ef "$STORE/here/v/2027-02-28T120000+0000.mine/dir/big"
}

@test "--dry-run names the pin as a base" {
	volume full
	back_up
	pin "$(snapshots here/v)" keep
	run flashback -n here/v
	expect '.keep'
}
