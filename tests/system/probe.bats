#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Who is there?  The silent hold nobody up, and not to be able to ask is not to have no answer.

load lib
load net

setup() {
	needs_root
	begin
	box_start
	echo x >"$D/src/f"
}

teardown() {
	finish
}

# void_start: whatever is sent to 10.88.0.0/16 is lost, as to machines that are switched off.
void_start() {
	"${IN_BOX[@]}" ip link add void type veth peer name drain
	"${IN_BOX[@]}" ip link set drain up
	"${IN_BOX[@]}" ip link set void up arp off
	"${IN_BOX[@]}" ip addr add 10.88.0.1/16 dev void
}

# silent_hosts N: so many of them; the config goes to standard output.
silent_hosts() {
	local n
	for ((n = 1; n <= $1; n++)); do
		echo "host \"dead$n\" { volume \"v\" { source = \"root@10.88.1.$n:/etc/\" } }"
	done
}

# asked_meanwhile N: when the run of here/v began, so many others were still being asked; its `before` took it down.
asked_meanwhile() {
	[ "$(grep -cE '^(dead|name)[0-9]*/v .*probing the host' "$D/queue.then")" -eq "$1" ] || { cat "$D/queue.then"; return 1; }
}

@test "fifty silent hosts do not hold up the one that is there" {
	host_start 1
	rsyncd_start 1 "$D/src"
	void_start
	{
		silent_hosts 50
		echo 'host "here" { volume "v" { source = "rsync://10.77.1.2/data/"  before = { "/bin/cp", "'"$RUN/queue.txt"'", "'"$D/queue.then"'" } } }'
	} | hosts_conf
	start_daemon
	wait_for has_snapshots 1 here/v
	asked_meanwhile 50
	wait_for settled
	status_is volumes.notfound 50
	status_is volumes.failed 0
	row_has dead7/v 'NOT FOUND: host silent since'
	[[ "$(status health)" != CRITICAL ]]
}

@test "nor do names that do not exist, and a resolver that says nothing" {
	local n
	host_start 1
	rsyncd_start 1 "$D/src"
	void_start
	names '10.77.1.2 here.home' '10.88.1.99 dead.home'
	# After the file a server that is not there.
	echo 'hosts: files dns' >"$D/etc-nsswitch"
	echo 'nameserver 10.88.0.53' >"$D/resolv"
	"${IN_BOX[@]}" mount --bind "$D/resolv" /etc/resolv.conf
	{
		silent_hosts 30
		for ((n = 1; n <= 20; n++)); do
			echo "host \"name$n\" { volume \"v\" { source = \"root@nobody$n.home:/etc/\" } }"
		done
		echo 'host "dead" { volume "v" { source = "root@dead.home:/etc/" } }'
		echo 'host "here" { volume "v" { source = "rsync://here.home/data/"  before = { "/bin/cp", "'"$RUN/queue.txt"'", "'"$D/queue.then"'" } } }'
	} | hosts_conf
	start_daemon
	wait_for has_snapshots 1 here/v
	asked_meanwhile 51
	wait_for settled
	status_is volumes.notfound 51
	status_is volumes.failed 0
	row_has name20/v 'NOT FOUND: cannot resolve nobody20.home'
	row_has dead/v 'NOT FOUND: host silent'
}

@test "no network: nobody is found, nothing has failed, and all is well again with it" {
	host_start 1
	sshd_start 1
	names '10.77.1.2 here.home'
	known_as 1 here.home
	main_conf "$STORE" <<-END
	defaults { ssh = "$SSH" }
	END
	hosts_conf <<-END
	host "ping"  { volume "v" { source = "root@10.77.1.2:$D/src/" } }
	host "name"  { volume "v" { source = "root@here.home:$D/src/" } }
	host "other" { volume "v" { source = "root@there.home:$D/src/" } }
	host "tcp"   { volume "v" { source = "root@10.77.1.2:$D/src/"  probe = "tcp" } }
	END
	"${IN_BOX[@]}" ip link set h1 down
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for settled
	wake_at '2027-03-02 13:00:00'
	status_is volumes.notfound 4
	status_is volumes.failed 0
	status_is health WARNING
	[[ "$(status reason)" == 'ping/v has no backup yet: '*' (and 3 more volumes)' ]]
	row_has ping/v 'NOT FOUND: no route to the host'
	row_has name/v 'NOT FOUND: no route to the host'
	row_has other/v 'NOT FOUND: no network'
	row_has tcp/v 'NOT FOUND: no route to the host'
	"${IN_BOX[@]}" ip link set h1 up
	wait_for link_is_up 1
	wake_at '2027-03-02 13:10:00'
	has_snapshots 1 ping/v
	has_snapshots 1 name/v
	has_snapshots 1 tcp/v
	row_has other/v 'NOT FOUND: the name there.home does not exist'
	status_is volumes.notfound 1
}

@test "a name that never was known is a warning after a day, one that was known before is none" {
	host_start 1
	rsyncd_start 1 "$D/src"
	names '10.77.1.2 laptop.home'
	hosts_conf <<-END
	host "laptop" { volume "v" { source = "rsync://laptop.home/data/" } }
	host "typo"   { volume "v" { source = "rsync://labtop.home/data/" } }
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for has_snapshots 1 laptop/v
	# It leaves, and its name with it.
	printf '127.0.0.1 localhost\n' >"$D/etc-hosts"
	wake_at '2027-03-02 11:00:00'
	row_has typo/v 'NOT FOUND: the name labtop.home does not exist since 2027-03-01 12:00'
	[[ "$(status reason)" == 'typo/v has no backup yet: '* ]]
	wake_at '2027-03-02 12:00:00'
	status_is health WARNING
	[[ "$(status reason)" == *typo/v*labtop.home*'is it spelt right?' ]]
	hosts_conf <<-END
	host "laptop" { volume "v" { source = "rsync://laptop.home/data/" } }
	END
	wake_at '2027-03-03 13:00:00'
	row_has laptop/v 'NOT FOUND: the name laptop.home does not exist'
	status_is health OK
}

@test "a silent host is probed at every wake, without backoff" {
	host_start 1
	rsyncd_start 1 "$D/src"
	hosts_conf <<-END
	host "h" { volume "v" { source = "rsync://10.77.1.2/data/" } }
	END
	host_down 1
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for settled
	wake_at '2027-03-01 12:10:00'
	wake_at '2027-03-01 12:20:00'
	row_has h/v 'NOT FOUND: host silent since 12:00'
	host_up 1
	wake_at '2027-03-01 12:30:00'
	has_snapshots 1 h/v
	[ "$(grep -c 'h/v: not found' "$D/log")" -eq 1 ]
}

@test "a name whose first address is dead: an rsync daemon is reached by the second, within seconds" {
	host_start 1
	rsyncd_start 1 "$D/src"
	void_start
	names '10.88.0.2 two.home' '10.77.1.2 two.home'
	"${IN_BOX[@]}" getent ahosts two.home | grep -q '^10\.88\.0\.2 ' # the dead one is first
	hosts_conf <<-END
	host "url"   { volume "v" { source = "rsync://two.home/data/" } }
	host "colon" { volume "v" { source = "two.home::data"  probe = "none" } }
	host "four"  { volume "v" { source = "two.home::data"  rsync_options = { "-4", "--contimeout=1" } } }
	END
	local before=$SECONDS
	run flashback -1 url colon
	expect_exit 0
	run flashback -1 url colon # quick ones
	expect_exit 0
	[ $((SECONDS - before)) -lt 60 ]
	grep -h '^flashback:' "$STORE"/*/v/.flashback/logs/*.log >"$D/said"
	[ "$(grep -c "the host's first address does not answer, used is: 10.77.1.2" "$D/said")" -eq 4 ]
	[ "$(grep -c 'quick run' "$D/said")" -eq 2 ]
	# Whoever says which address it is has it so.
	run flashback -1 four
	expect_exit 2
	expect FAILED
	# People see the name.
	run flashback -n
	refuse expect 10.77
	grep -qF 'rsync://two.home/data/' "$STORE/url/v/RESTORE.txt"
	refuse grep -qF 10.77 "$STORE/url/v/RESTORE.txt"
}
