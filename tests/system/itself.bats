#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The store inside its own source, by way of the network.

load lib
load net

setup() {
	needs_root
	begin
	box_start
	host_start 1
	sshd_start 1
	mkdir "$D/data" "$D/data/[my] disk"
	echo x >"$D/data/f"
	STORE="$D/data/[my] disk/store"
	main_conf "$STORE"
	flashback --init --force >/dev/null
}

teardown() {
	finish
}

# config WORDS: the source is all of $D/data, from the host that is this machine.
config() {
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:$D/data"  ssh = "$SSH"  $1 } }
	END
}

@test "the store in its own source over ssh: refused, with the exclude that is needed" {
	local words="the source contains this store, which would be copied into itself, or a copy of it: add exclude = '/\[my] disk/store/'"
	config
	run flashback -1
	expect_exit 2
	expect "FAILED"
	expect "$words"
	has_snapshots 0 h/v
	run flashback -1 h/v
	expect_exit 2
	has_snapshots 0 h/v
	# As it stands.
	config "${words##*: add }"
	flashback -1 h/v
	has_snapshots 1 h/v
	[ -e "$(newest h/v)/f" ]
	[ -d "$(newest h/v)/[my] disk" ]
	[ ! -e "$(newest h/v)/[my] disk/store" ]
}

@test "an older snapshot has it already: the marker is not copied, and it is found all the same" {
	local old
	old=$STORE/h/v/$(date -d '2 days ago' +%Y-%m-%dT%H%M%S%z)
	config
	run flashback -1
	mkdir "$D/tree"
	cp -a "$D/data/." "$D/tree/"
	mv "$D/tree" "$old"
	for how in '' 'rsync_options = "--checksum"'; do # quick, and full
		config "$how"
		run flashback -1 h/v
		expect_exit 2
		expect 'the source contains this store'
		has_snapshots 1 h/v
	done
}

@test "another store, a marker without a store, and one behind a link are data like any other" {
	mkdir -p "$D/data/other" "$D/data/.flashback" "$D/data/linked"
	rm -r "$D/data/[my] disk"
	main_conf "$D/data/other"
	flashback --init --force >/dev/null
	STORE=$D/store
	main_conf "$STORE"
	echo 'flashback store 1' >"$D/data/.flashback/store"
	ln -s "$STORE/.flashback" "$D/data/linked/.flashback"
	config
	flashback -1 h/v
	has_snapshots 1 h/v
	same_tree "$D/data" "$(newest h/v)"
}
