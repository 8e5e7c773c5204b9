#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What is kept, over simulated days, by the real program on a real disk.

load lib

setup() {
	begin
	main_conf "$STORE" <<<'defaults { keep_last = 0  keep_weekly = 0 }'
	export TZ=Europe/Berlin
}

teardown() {
	finish
}

# day DATE: a backup at noon, with something new in the source.
day() {
	set_clock "$1 12:00:00"
	echo "$1" >"$D/src/changes"
	run flashback -1
	expect_exit 0
}

days_kept() {
	snapshots here/v | cut -c1-10 | tr '\n' ' '
}

@test "the last days and weeks that have one, three at most expired at a time, and the rest is gone from the disk" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 3  keep_weekly = 2 } }
	END
	local d
	for d in 04 05 06 07 08 09 10; do # 2027-03-01 is a Monday
		day "2027-03-$d"
	done
	[ "$(days_kept)" = '2027-03-07 2027-03-08 2027-03-09 2027-03-10 ' ]
	has_snapshots 0 here/v expired
	[ "$(cat "$(newest here/v)/changes")" = 2027-03-10 ]

	# Lowered by mistake, it takes three a success, not all.
	sed -i 's/keep_daily = 3/keep_daily = 30/' "$D/hosts.conf"
	for d in 11 12 13; do
		day "2027-03-$d"
	done
	local before
	before=$(snapshots here/v | wc -l)
	sed -i 's/keep_daily = 30/keep_daily = 1/; s/keep_weekly = 2/keep_weekly = 0/' "$D/hosts.conf"
	day 2027-03-14
	[ "$(snapshots here/v | wc -l)" -eq $((before + 1 - 3)) ]
	[ -e "$(newest here/v)/f" ]
}

@test "no success, no expiry" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 10 } }
	END
	day 2027-03-01
	day 2027-03-02
	day 2027-03-03
	sed -i 's/keep_daily = 10/keep_daily = 1/' "$D/hosts.conf"
	mv "$D/src" "$D/gone"
	set_clock '2027-03-04 12:00:00'
	run flashback -1
	expect_exit 2
	[ "$(days_kept)" = '2027-03-01 2027-03-02 2027-03-03 ' ]
}

@test "a pin is never touched, and fills no slot" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 2  keep_weekly = 0 } }
	END
	day 2027-03-01
	mv "$STORE/here/v/$(snapshots here/v)" "$STORE/here/v/$(snapshots here/v).before-the-move"
	local d
	for d in 02 03 04 05; do
		day "2027-03-$d"
	done
	[ "$(days_kept)" = '2027-03-04 2027-03-05 ' ]
	ls "$STORE"/here/v/2027-03-01*.before-the-move/f
}

@test "the autumn hour that comes twice: two names, in the order of the instants" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  every = "30m"  keep_last = 9 } }
	END
	set_clock '2027-10-31 00:30:00 UTC' # 02:30 summer time
	run flashback -1
	expect_exit 0
	set_clock '2027-10-31 01:15:00 UTC' # 02:15 winter time
	run flashback -1
	expect_exit 0
	has_snapshots 2 here/v
	[ "$(readlink "$STORE/here/v/latest")" = 2027-10-31T021500+0100 ]
	[ -d "$STORE/here/v/2027-10-31T023000+0200" ]
}

@test "a snapshot from far in the future holds nothing up, and is never expired" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 1  keep_weekly = 0 } }
	END
	day 2030-01-01
	day 2027-03-02
	day 2027-03-03
	snapshots here/v | grep -q ^2030-01-01T
	[[ "$(readlink "$STORE/here/v/latest")" == 2027-03-03* ]]
	expect 2030-01-01
}

@test "expiring changes nothing in the snapshots that stay" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 2  keep_weekly = 0 } }
	END
	chmod 4711 "$D/src/f"
	day 2027-03-01
	day 2027-03-02
	local kept before
	kept=$(newest here/v)
	before=$(manifest -i "$kept")
	day 2027-03-03
	[ "$(days_kept)" = '2027-03-02 2027-03-03 ' ]
	[ "$(manifest -i "$kept")" = "$before" ]
	[ "$kept/f" -ef "$(newest here/v)/f" ]
}

@test "by default the last three stay, whatever day they are of" {
	main_conf "$STORE" <<<'defaults { }'
	local hour
	for hour in 08 10 12 14; do
		set_clock "2027-03-01 $hour:00:00"
		flashback -1 here/v
	done
	[ "$(snapshots here/v | cut -c12-13 | tr '\n' ' ')" = '10 12 14 ' ]
}
