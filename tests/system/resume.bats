#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A run that was cut goes on from where it was, and changes nothing in older snapshots.  Bytes are counted
# on the link from a host with a real sshd.

load lib
load net
load tree

MB=1000000

setup() {
	needs_root
	begin
	box_start
	host_start 1
	sshd_start 1
	slowly
}

# slowly, at_once: how what is to be cut is copied, so that it can be cut in the middle, and how the rest is.
slowly() {
	hosts_conf <<-END
	host "h" { volume "v" {
	    source = "root@10.77.1.2:$D/src/"  ssh = "$SSH"
	    rsync_options = { "--bwlimit=1000" }
	} }
	END
}

at_once() {
	hosts_conf <<<"host \"h\" { volume \"v\" { source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\" } }"
}

teardown() {
	finish
}

# received: the bytes that have come from the host.
received() {
	"${IN_BOX[@]}" ip -s link show dev h1 | awk '/RX:/ { getline; print $1 }'
}

# random_file FILE MEGABYTES: that nothing can compress or has seen before.
random_file() {
	head -c $(($2 * MB)) /dev/urandom >"$1"
}

# begin_run: flashback -1 in the background, as $DAEMON.
begin_run() {
	background DAEMON "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1 h/v
}

# end_run: until it has ended, and what it started has too.
end_run() {
	wait "$DAEMON" || true
	DAEMON=
	wait_for flock -n "$STORE/h/v/.flashback/lock" true
}

# child_of PID NAME: the pid of its child of that name.
child_of() {
	pgrep -P "$1" -x "$2"
}

cut_term() { kill -TERM "$DAEMON"; }
cut_kill_daemon() { kill -KILL "$DAEMON"; }
cut_kill_worker() { kill -KILL "$(child_of "$DAEMON" flashback)"; }
cut_kill_rsync() { kill -KILL "$(child_of "$(child_of "$DAEMON" flashback)" rsync)"; }
cut_kill_all() {
	local worker rsync
	worker=$(child_of "$DAEMON" flashback) rsync=$(child_of "$worker" rsync)
	kill -KILL "$DAEMON" "$worker" "$rsync" "$(child_of "$rsync" rsync)" "$(child_of "$rsync" ssh)"
}
cut_kill_ssh() { kill -KILL "$(child_of "$(child_of "$(child_of "$DAEMON" flashback)" rsync)" ssh)"; }

@test "what was transferred is not transferred again, and half a file resumes where it was" {
	local cut before got n=0
	for cut in term kill_daemon kill_worker kill_rsync kill_ssh kill_all; do
		random_file "$D/src/a" 1
		random_file "$D/src/big" 8
		before=$(received)
		slowly
		begin_run
		wait_for has_got h/v big $((3 * MB))
		"cut_$cut"
		end_run
		has_snapshots $n h/v
		next_second
		at_once
		run flashback -1 h/v
		expect_exit 0
		n=$((n + 1))
		got=$(($(received) - before))
		echo "cut by $cut: $got bytes in all"
		[ "$got" -lt $((9 * MB + 2 * MB)) ]
		same_tree "$D/src" "$(newest h/v)"
	done
}

@test "a big file that is wholly rewritten, and interrupted at each attempt, arrives" {
	local before part
	echo x >"$D/src/small"
	random_file "$D/src/big" 12
	at_once
	run flashback -1 h/v
	expect_exit 0
	random_file "$D/src/big" 12
	before=$(received)
	slowly
	for part in 4 8; do
		next_second
		begin_run
		wait_for has_got h/v big $((part * MB))
		cut_term
		end_run
	done
	next_second
	at_once
	run flashback -1 h/v
	expect_exit 0
	same_tree "$D/src" "$(newest h/v)"
	echo "$(($(received) - before)) bytes in all"
	[ $(($(received) - before)) -lt $((12 * MB + 3 * MB)) ]
}

@test "a run interrupted earlier than the one before loses nothing of either" {
	local before
	random_file "$D/src/m" 2
	random_file "$D/src/z" 10
	before=$(received)
	begin_run
	wait_for has_got h/v z $((5 * MB))
	cut_term
	end_run
	# What comes first is new now.
	random_file "$D/src/a" 10
	next_second
	begin_run
	wait_for has_got h/v a $((5 * MB))
	cut_term
	end_run
	next_second
	at_once
	run flashback -1 h/v
	expect_exit 0
	same_tree "$D/src" "$(newest h/v)"
	echo "$(($(received) - before)) bytes in all"
	[ $(($(received) - before)) -lt $((22 * MB + 4 * MB)) ]
}

@test "older snapshots keep everything though all of it changes in the source between the interruption and the next run" {
	make_tree "$D/src"
	# What rsync 3.5.0 itself gets wrong: xattrs of a link whose owner changes, ACLs of a sticky directory.
	setfattr -h -x trusted.t "$D/src/dangling"
	rmdir "$D/src/sticky"
	run flashback -1 h/v
	expect_exit 0
	manifest -i "$(newest h/v)" >"$D/first"
	same_tree "$D/src" "$(newest h/v)"
	next_second
	random_file "$D/src/zz-big" 8
	begin_run
	wait_for has_got h/v zz-big $((2 * MB))
	cut_term
	end_run
	find "$D/src" -exec chown -h 77:78 {} +
	find "$D/src" ! -type l -exec chmod g+w,o-x {} +
	find "$D/src" -type f -exec setfattr -n user.changed -v yes {} +
	find "$D/src" \( -type f -o -type d \) -exec setfacl -m u:99:r {} +
	next_second
	at_once
	run flashback -1 h/v
	expect_exit 0
	same_tree "$D/src" "$(newest h/v)"
	manifest -i "$STORE/h/v/$(snapshots h/v | head -n 1)" | diff -u "$D/first" -
}

@test "a file that looks like half of its neighbour is not taken for it, whatever the neighbour's date" {
	local run
	hosts_conf <<-END
	host "h" { volume "v" { source = "$D/src/"  rsync_options = { "--bwlimit=1000" } } }
	END
	echo ours >"$D/src/.name.aBc123"
	random_file "$D/src/big" 10
	echo mine >"$D/src/name"
	chmod 600 "$D/src/.name.aBc123" "$D/src/name"
	touch -d @0 "$D/src/name"
	flashback -1 >"$D/run.txt" &
	run=$!
	wait_for has_got h/v big 1000000
	# shellcheck disable=SC2046 # pids
	kill -KILL $(family "$run")
	wait "$run" || true
	sed -i 's/rsync_options = {[^}]*}//' "$D/hosts.conf"
	run flashback -1
	expect_exit 0
	same_tree "$D/src" "$(newest h/v)"
}
