#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A household of twelve machines over three days: each has its turn, and each row says what is so.

load lib
load net

setup() {
	needs_root
	begin
	box_start
}

teardown() {
	finish
}

fill() {
	mkdir -p "$D/$1"
	seq 20 | (cd "$D/$1" && xargs touch)
	date >"$D/$1/file"
}

# household: hosts 1 to 5, 9 and 10 answer as they are; 6 refuses our key; 8 answers no ping.
household() {
	local n name
	for n in 1 2 3 4 5 6 8 9 10; do
		host_start $n
		[ $n = 9 ] || sshd_start $n
	done
	for name in desk laptop slow link full here rsyncd nas; do
		fill $name
	done
	names '10.77.1.2 desk.home' '10.77.6.2 locked.home'
	head -c 3000000 /dev/urandom >"$D/slow/big"
	head -c 20000000 /dev/urandom >"$D/link/big"
	rsyncd_start 9 "$D/rsyncd"
	: >"$D/sshd6/authorized_keys"
	known_as 6 locked.home
	known_as 1 desk.home
	in_host 8 sysctl -qw net.ipv4.icmp_echo_ignore_all=1
	# The disk of host 5 is full, and it has nothing else.
	in_host 5 mount -t tmpfs -o size=300k tmpfs "$D/full"
	in_host 5 sh -c "echo kept >$D/full/file; cat /dev/zero >$D/full/ballast 2>/dev/null || true"
	host_down 2
	host_down 10
	main_conf "$STORE" <<-END
	parallel = 4
	defaults { ssh = "$SSH" }
	END
	hosts_conf <<-END
	host "desk"   { volume "v" { source = "root@desk.home:$D/desk/" } }
	host "laptop" { volume "v" { source = "root@10.77.2.2:$D/laptop/" } }
	host "slow"   { volume "v" { source = "root@10.77.3.2:$D/slow/"  rsync_options = { "--bwlimit=1000" } } }
	host "link"   { volume "v" {
	    source = "root@10.77.4.2:$D/link/"  rsync_options = { "--bwlimit=4000" }  io_timeout = "20s" } }
	host "full"   { volume "v" { source = "root@10.77.5.2:$D/full/" } }
	host "locked" { volume "v" { source = "root@locked.home:$D/desk/" } }
	host "typo"   { volume "v" { source = "root@dekstop.home:$D/desk/" } }
	host "nas"    { volume "v" { source = "root@10.77.8.2:$D/nas/"  probe = "tcp" } }
	host "box"    { volume "v" { source = "rsync://10.77.9.2/data/" } }
	host "attic"  { volume "v" { source = "root@10.77.10.2:/etc/"  every = "12h" } }
	host "usb"    { volume "v" { source = "$D/usb/"  removable = yes } }
	host "here"   { volume "v" { source = "$D/here/"  window = "22:00-06:00" } }
	END
}

# days HOST...: the dates (of March 2027) and hours of its snapshots.
days() {
	snapshots "$1/v" | sed 's/^2027-03-//; s/T\(..\).*/T\1/' | tr '\n' ' '
}

says() {
	local row
	row=$(row "$1/v")
	[[ "$row" == *"$2"* ]] || { echo "$1/v should say: $2"; echo "$row"; return 1; }
}

partly_copied() {
	[ "$(du -ks "$STORE"/link/v/*.working | cut -f1)" -gt 1000 ]
}

@test "twelve machines, three days" {
	household
	set_clock '2027-03-01 20:00:00'
	start_daemon

	# The first evening; one link breaks in the middle.
	wait_for partly_copied
	host_down 4
	wait_for settled
	says desk 'SUCCEEDED'
	says slow 'SUCCEEDED'
	says full 'SUCCEEDED'
	says nas 'SUCCEEDED'
	says box 'SUCCEEDED'
	says laptop 'NOT FOUND: host silent since 20:00'
	says attic 'NOT FOUND: host silent since 20:00'
	says typo 'NOT FOUND: the name dekstop.home does not exist since 20:00'
	says usb 'NOT FOUND: the source is absent since 20:00'
	says link 'FAILED'
	says locked 'FAILED'
	says locked 'key refused'
	says here 'WAITING (window): its window opens at 22:00'
	status_is volumes.total 12
	status_is volumes.ok 5
	status_is volumes.failed 2
	status_is volumes.notfound 4
	status_is health WARNING
	has_snapshots 1 link/v interrupted

	# Two hours later: the link is good again, the laptop is home, the stick is in, the window open.
	host_up 4
	host_up 2
	fill usb
	wake_at '2027-03-01 22:00:00'
	says link 'SUCCEEDED'
	same_tree "$D/link" "$(newest link/v)"
	says laptop 'SUCCEEDED'
	says usb 'SUCCEEDED'
	says here 'SUCCEEDED'
	says desk 'NEXT RUN IN 22:00:00'
	says locked 'FAILED'

	# The next evening only what is a day old is due.
	host_down 2
	rm -r "$D/usb"
	echo changed >"$D/desk/file"
	wake_at '2027-03-02 20:00:00'
	says desk 'SUCCEEDED'
	says laptop 'NEXT RUN IN 2:00:00'
	says link 'NEXT RUN IN 2:00:00'
	wake_at '2027-03-02 22:00:00'
	says laptop 'NOT FOUND: host silent since 22:00'
	says usb 'NOT FOUND: the source is absent since 22:00'
	says here 'SUCCEEDED'

	# The third: the owner has found out about the key.
	cp "$D/sshd1/authorized_keys" "$D/sshd6/authorized_keys"
	wake_at '2027-03-03 21:00:00'
	says locked 'SUCCEEDED'
	says attic 'NOT FOUND, OVERDUE: host silent since 2027-03-01 20:00'
	says typo 'NOT FOUND: the name'
	says laptop 'NOT FOUND'
	status_is health CRITICAL
	status_is volumes.failed 0
	status_is volumes.overdue 1

	[ "$(days desk)" = '01T20 02T20 03T21 ' ]
	[ "$(days slow)" = '01T20 02T20 03T21 ' ]
	[ "$(days full)" = '01T20 02T20 03T21 ' ]
	[ "$(days nas)" = '01T20 02T20 03T21 ' ]
	[ "$(days box)" = '01T20 02T20 03T21 ' ]
	[ "$(days laptop)" = '01T22 ' ]
	[ "$(days usb)" = '01T22 ' ]
	[ "$(days here)" = '01T22 02T22 ' ]
	[ "$(days link)" = '01T22 02T22 ' ]
	[ "$(days locked)" = '03T21 ' ]
	[ "$(days attic)$(days typo)" = '' ]
	same_tree "$D/desk" "$(newest desk/v)"
	same_tree "$D/nas" "$(newest nas/v)"
	in_host 5 diff -r "$D/full" "$(newest full/v)"
	[ "$(cat "$STORE"/desk/v/2027-03-01T*/file)" != changed ]
	[ -z "$(find "$STORE" -maxdepth 3 '(' -name '*.working' -o -name '*.interrupted' ')')" ]
	stop_daemon
	status_is status DOWN
}
