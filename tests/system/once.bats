#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# -1 and -n: one wake by hand.

load lib
load net

setup() {
	begin
	mkdir "$D/src2"
	echo y >"$D/src2/f"
	hosts_conf <<-END
	host "here" {
	    volume "v" { source = "$D/src/" }
	    volume "w" { source = "$D/src2/" }
	    volume "off" { source = "$D/src/"  disabled = yes }
	}
	host "there" { volume "v" { source = "$D/src/" } }
	END
}

teardown() {
	finish
}

@test "-1 backs up what is due, prints the rows, and is done" {
	run flashback -1
	expect_exit 0
	has_snapshots 1 here/v
	has_snapshots 1 there/v
	has_snapshots 0 here/off
	[[ "$output" =~ VOLUME.*LAST\ BACKUP ]]
	[[ "$output" =~ here/v.*SUCCEEDED ]]
	[[ "$output" =~ here/off.*DISABLED ]]
	next_second
	run flashback -1
	expect_exit 0
	has_snapshots 1 here/v
	[ ! -e "$RUN/flashback.pid" ]
}

@test "on a terminal -1 shows the row as it goes, also beside a daemon; the daemon says that it is one" {
	sed -i '/src\/"/s/ } *$/ rsync_options = "--bwlimit=100" }/' "$D/hosts.conf"
	head -c 150000 /dev/urandom >"$D/src/a"
	cp "$D/src/a" "$D/src/b"
	on_terminal "$FLASHBACK" -1 -c "$CONF" here/v
	expect_exit 0
	grep -qE 'here/v: BACKING UP [0-9]+% .*/s [0-9:]+' <<<"$output"
	# It is erased before what stays.
	[[ "$output" =~ $'\r'\ +$'\r'[0-9-]+\ [0-9:]+\ here/v:\ succeeded ]]
	[[ "$output" =~ (^|[$'\r\n'])VOLUME ]]
	run flashback -1 there/v
	refuse expect "BACKING UP"
	refuse expect $'\r'
	background DAEMON script -qefc "$(printf '%q ' "$FLASHBACK" -c "$CONF")" /dev/null
	wait_for grep -q 'this is the daemon, in the foreground until Ctrl-C' "$D/log"
	wait_for status_is status IDLE
	on_terminal "$FLASHBACK" -1 -c "$CONF" here/v
	expect_exit 0
	expect "here/v: BACKING UP"
	kill -INT "$(cat "$RUN/flashback.pid")"
	wait "$DAEMON"
	DAEMON=''
	grep -q stopped "$D/log"
	: >"$D/log"
	start_daemon
	refuse grep -q Ctrl-C "$D/log"
}

@test "-1 with operands: only these, due or not; a host is all its volumes" {
	run flashback -1 here/v
	expect_exit 0
	has_snapshots 1 here/v
	has_snapshots 0 there/v
	refuse grep -q there/v <<<"$output"
	next_second
	run flashback -1 here/v there
	expect_exit 0
	has_snapshots 2 here/v
	has_snapshots 1 there/v
	next_second
	run flashback -1 there/
	expect_exit 0
	has_snapshots 2 there/v
}

@test "-1 of what is not due, when it is interrupted, resumes when it is due, and -n says the same" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  rsync_options = { "--bwlimit=1000" } } }
	END
	run flashback -1
	expect_exit 0
	head -c 20000000 /dev/zero | tr '\0' x >"$D/src/big"
	next_second
	background ONCE "$FLASHBACK" -c "$CONF" -1 here/v
	wait_for row_has here/v 'BACKING UP'
	kill -INT "$ONCE"
	wait "$ONCE" || [ $? -eq 2 ]
	has_snapshots 1 here/v
	local row
	row=$(grep '^here/v ' "$D/log")
	[[ "$row" =~ NEXT\ RUN\ IN\ .*:\ interrupted.*,\ resumes\ with\ the\ next\ run\ of\ flashback$ ]]
	run flashback -n
	expect "here/v: not due until 20"
}

@test "-1 with a disabled or unknown operand is an error" {
	run flashback -1 here/off
	expect_exit 1
	expect here/off
	run flashback -1 here/v nowhere
	expect_exit 1
	expect nowhere
	has_snapshots 0 here/v
	run flashback -1 her/v
	expect_exit 1
	expect 'did you mean here/v?'
	run flashback -n w
	expect_exit 1
	expect 'did you mean here/w?'
	run flashback -n here/v nowhere
	expect_exit 1
	expect 'unknown host or volume nowhere in'
	refuse grep -q rsync <<<"$output"
}

@test "exit status 2: a run that ended as anything but SUCCEEDED" {
	rm -r "$D/src"
	rm "$D/src2/f"
	run flashback -1 here/v
	expect_exit 2
	[[ "$output" =~ here/v.*FAILED ]]
	has_snapshots 0 here/v
	run flashback -1
	expect_exit 2
	has_snapshots 1 here/w suspect
}

@test "an unreadable file makes a partial snapshot that is marked so" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	echo secret >"$D/src/secret"
	chmod 000 "$D/src/secret"
	in_host 1 mount --bind "$D/src" /mnt # nobody may not pass through $D
	# The far side reads as nobody.
	hosts_conf <<-END
	host "h" { volume "v" {
	    source = "root@10.77.1.2:/mnt/"
	    ssh = "$SSH"
	    rsync_options = { "--rsync-path=setpriv --reuid=65534 --regid=65534 --clear-groups rsync" }
	} }
	END
	run flashback -1 h/v
	expect_exit 2
	has_snapshots 0 h/v
	has_snapshots 1 h/v partial
	[[ "$output" =~ h/v.*PARTIAL ]]
	expect secret
	[ "$(readlink "$STORE/h/v/latest")" = "$(snapshots h/v partial)" ]
	[ -e "$STORE/h/v/latest/f" ]
}

@test "exit status 75: asked for what cannot be done now; a silent host is no failure otherwise" {
	needs_root
	box_start
	host_start 1
	host_down 1
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:/etc/" } }
	END
	run flashback -1 h/v
	expect_exit 75
	[[ "$output" =~ h/v.*NOT\ FOUND ]]
	run flashback -1
	expect_exit 0
	[ ! -e "$STORE/h/v" ] || has_snapshots 0 h/v
}

@test "exit status 75: a removable source that is not there" {
	hosts_conf <<-END
	host "h" { volume "v" { source = "$D/usb/"  removable = yes } }
	END
	run flashback -1 h/v
	expect_exit 75
	[[ "$output" =~ h/v.*NOT\ FOUND ]]
	mkdir "$D/usb"
	run flashback -1 h/v
	expect_exit 75
	echo x >"$D/usb/f"
	run flashback -1 h/v
	expect_exit 0
	has_snapshots 1 h/v
}

@test "-1 beside a running daemon: it does the work and leaves the daemon's files alone" {
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for has_snapshots 1 there/v
	wait_for status_is status IDLE
	next_second
	run flashback -1 here/v
	expect_exit 0
	has_snapshots 2 here/v
	[[ "$output" =~ here/v.*SUCCEEDED ]]
	status_is pid "$DAEMON"
	[ "$(cat "$RUN/flashback.pid")" = "$DAEMON" ]
	stop_daemon
}

@test "a volume at which another flashback works is left to it" {
	head -c 20000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  rsync_options = { "--bwlimit=4000" } } }
	END
	start_daemon
	wait_for row_has here/v 'BACKING UP'
	wait_for has_snapshots 1 here/v working
	run flashback -1 here/v
	expect_exit 75
	[[ "$output" =~ here/v.*WAITING ]]
	wait_for has_snapshots 1 here/v
	same_tree "$D/src" "$(newest here/v)"
}

@test "-n says what would be done, in words and as a command that can be pasted, and does nothing" {
	local before
	before=$(manifest -i "$D")
	run flashback -n
	expect_exit 0
	[ "$(manifest -i "$D")" = "$before" ]
	expect here/v
	[[ "$output" =~ here/off:\ disabled ]]
	[[ "$output" =~ cd\ .*\ \&\&\ .*rsync\  ]]

	# Pasted, in the volume's directory once there is one, it makes what flashback would make.
	flashback -1 here/v
	next_second
	sed -i 's|source = "[^"]*/src/"|& exclude = { "/none" }|' "$D/hosts.conf" # so that it is a full run
	run flashback -n here/v
	expect_exit 0
	local command
	command=$(grep -o -m 1 "cd .*&& .*rsync .*" <<<"$output")
	[ -n "$command" ]
	[[ "$command" == *"--link-dest=$STORE/here/v/$(snapshots here/v)"* ]]
	sh -c "$command" >/dev/null
	local made
	made=$STORE/here/v/$(snapshots here/v working)
	same_tree "$D/src" "$made"
	[ "$made/f" -ef "$(newest here/v)/f" ]
}

# record_rsync: the arguments of the rsync that was run last go to $D/executed.
record_rsync() {
	cat >"$D/rsync" <<-END
	#!/bin/sh
	[ "\$1" = --version ] || printf '%s\n' "\$@" >"$D/executed"
	exec $(command -v rsync) "\$@"
	END
	chmod +x "$D/rsync"
	sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
}

# same_command WORDS: what -n prints for here/v, with these words before it, is what the run after it executes, but for
# the name of the new tree.
same_command() {
	local command planned executed IFS=$'\n'
	next_second
	run flashback -n here/v
	expect_exit 0
	expect "$1"
	command=${output#*&& }
	eval "planned=(${command%%$'\n'*})"
	: >"$D/executed"
	run flashback -1 here/v
	expect_exit 0
	mapfile -t executed <"$D/executed"
	[[ ${executed[-1]} != *.working* ]] || planned[-1]=${planned[-1]/*.working/NEW}
	executed[-1]=${executed[-1]/*.working/NEW}
	diff -u <(echo "${planned[*]:1}") <(echo "${executed[*]}")
}

# leave_tree: one that a run has not finished; its name is left in $left.
leave_tree() {
	next_second
	left=$(date +%FT%H%M%S%z)
	mkdir "$STORE/here/v/$left.working"
	echo part >"$STORE/here/v/$left.working/g"
	sed -i "s/^working .*/working $left.working/" "$STORE/here/v/.flashback/lock"
}

@test "-n prints exactly the command that a full run then executes" {
	local left
	record_rsync
	same_command 'full run: there is no snapshot to compare with'

	# As root the next one would be quick; once the options have changed it is not.
	sed -i 's|source = "[^"]*/src/"|& exclude = { "/none" }|' "$D/hosts.conf"
	same_command 'full run: '
	grep -q -- --link-dest= "$D/executed"

	# After "too many links": each hard link is a file of its own.
	sed -i '$s/SUCCEEDED  /LINKS      /' "$STORE/here/v/.flashback/history"
	same_command 'full run: '
	grep -q -- --link-dest= "$D/executed"
	grep -qx -- --no-hard-links "$D/executed"

	# With a tree that a run of this boot has left, and with one of an earlier boot.
	leave_tree
	same_command 'full run: '
	grep -q -- "--link-dest=.*/$left.interrupted" "$D/executed"
	leave_tree
	sed -i 's/^boot .*/boot another/' "$STORE/here/v/.flashback/lock"
	same_command 'full run: '
	grep -qx -- --checksum "$D/executed"
	grep -q -- "--link-dest=.*/$left.working" "$D/executed"
	refuse grep -q -- --timeout "$D/executed"
}

@test "-n says which run is a quick one, and prints the comparison, which changes nothing" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	local base command before where
	record_rsync
	flashback -1 here/v
	base=$(snapshots here/v)
	same_command "quick run, compared with $base; the comparison, which changes nothing:"
	[ "$(tail -n 1 "$D/executed")" = .flashback/spare/ ]
	grep -q 'flashback: quick run' "$STORE/here/v/.flashback/logs/"*

	# Pasted it says what has changed, also where the spare is yet to be made.
	rm "$D/src/f"
	echo new >"$D/src/new"
	before=$(manifest -i "$D/store")
	for where in .flashback/spare/ "$(snapshots here/v | tail -n 1)/"; do
		command=$(flashback -n here/v | grep -o -m 1 'cd .*&& .*')
		[[ "$command" = *" $where" ]]
		run sh -c "$command"
		expect_exit 0
		expect '*deleting   0 f//'
		expect '>f+++++++++ 4 new//'
		[ "$(manifest -i "$D/store")" = "$before" ]
		rm -rf "$STORE/here/v/.flashback/spare"*
		before=$(manifest -i "$D/store")
	done
}

@test "-n names what would be expired" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_last = 0  keep_daily = 2  keep_weekly = 0 } }
	END
	local day
	for day in 1 2; do
		set_clock "2027-03-0$day 12:00:00"
		flashback -1 here/v
	done
	set_clock '2027-03-03 12:00:00'
	run flashback -n
	expect_exit 0
	expect 2027-03-01T120000
	has_snapshots 2 here/v

	# And so it happens, in both series; but to none while one is from the future.
	mkdir "$STORE/here/v/"2027-02-2{6,7,8}T120000+0000.partial "$STORE/here/v/2029-01-01T120000+0000"
	run flashback -n
	refuse expect 'would expire'
	rmdir "$STORE/here/v/2029-01-01T120000+0000"
	run flashback -n
	expect 'would expire here/v/2027-03-01T120000'
	expect 'would expire here/v/2027-02-26T120000+0000.partial'
	flashback -1 here/v
	has_snapshots 2 here/v
	has_snapshots 2 here/v partial
	[ ! -e "$STORE/here/v/2027-02-26T120000+0000.partial" ]
}

# dry_run_says WORDS: of here/v.
dry_run_says() {
	run flashback -n here/v
	expect_exit 0
	expect "here/v: $1"
}

@test "-n says why something would not run now" {
	local line='volume "v" { source = "'$D/src/'"'
	set_clock '2027-03-01 12:00:00'
	flashback -1 here/v
	dry_run_says 'not due until 2027-03-02 12:00:00'
	set_clock '2027-03-01 10:00:00'
	dry_run_says 'held back: its newest snapshot is ahead of the clock until 2027-03-01 12:00:00'
	set_clock '1970-01-02 12:00:00'
	dry_run_says 'nothing runs: the clock is wrong'
	set_clock '2027-03-02 12:00:00'
	hosts_conf <<<"host \"here\" { $line window = \"03:00-04:00\" } }"
	dry_run_says 'due, but its window opens at 2027-03-03 03:00:00'
	hosts_conf <<<"host \"here\" { $line } }"
	dry_run_says 'due; it would run now'
	mv "$D/src" "$D/away"
	refuse flashback -1 here/v
	dry_run_says 'due, but it has failed: again at 2027-03-02 12:10:'
	main_conf "$STORE" <<<'min_free = "1000T"'
	dry_run_says 'nothing runs: the backup disk has'
	rm -r "$STORE/.flashback"
	dry_run_says "nothing runs: $STORE is not a flashback store"
}

@test "exit status 75 without operands too, when the disk is not there: nothing could be backed up" {
	rm -r "$STORE/.flashback"
	run flashback -1
	expect_exit 75
	expect "flashback --init"
	has_snapshots 0 here/v
}

@test "an option that there is not is named" {
	run flashback -x
	expect_exit 1
	expect "unknown option -x"
	run flashback --frobnicate
	expect_exit 1
	expect "unknown option --frobnicate"
	run flashback --config
	expect_exit 1
}
