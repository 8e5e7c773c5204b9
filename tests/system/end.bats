#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# TERM in every state: everything ends, nothing is lost.  What is not delayed ends before the 10 s have passed
# after which it would be killed; it takes a moment.

load lib
load net
load end

setup() {
	begin
	echo x >"$D/src/f"
}

teardown() {
	finish
}

@test "TERM while sleeping" {
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	stop_daemon
	status_is status DOWN
	[ ! -e "$RUN/flashback.pid" ]
	[ "$(status next.update)" -le "$EPOCHSECONDS" ]
}

@test "TERM while hosts are probed" {
	needs_root
	box_start
	host_start 1
	host_down 1
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:/etc/" } }
	host "t" { volume "v" { source = "root@10.77.1.2:/etc/"  probe = "tcp" } }
	END
	start_daemon
	wait_for row_has h/v 'probing the host'
	ends_in_time 9
}

@test "TERM while copying over ssh: ssh and the far rsync end too, and work is kept" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	head -c 20000000 /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "root@10.77.1.2:$D/src/"  ssh = "$SSH"  rsync_options = { "--bwlimit=2000" } } }
	END
	start_daemon
	wait_for partly_copied
	local far
	far=$(pgrep -f "^rsync --server --sender .* $D/src/$")
	ends_in_time 9
	# shellcheck disable=SC2086
	wait_for gone $far
	has_snapshots 1 here/v working
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/" } }
	END
	comes_back
}

partly_copied() {
	[ "$(du -ks "$STORE"/here/v/*.working | cut -f1)" -gt 1000 ]
}

@test "TERM while committing" {
	slowed syncfs 4000
	IN_BOX=("${SLOWED[@]}")
	start_daemon
	wait_for row_has here/v 'syncing the disk'
	status_is status ROTATING
	ends_in_time # what is delayed for so long is finished
	comes_back
}

@test "TERM while purging" {
	local n old=$STORE/here/v/2027-01-01T120000+0000.expired
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	stop_daemon
	mkdir "$old"
	(cd "$old" && seq 500 | xargs touch)
	slowed unlinkat 50
	IN_BOX=("${SLOWED[@]}")
	start_daemon
	wait_for fewer_than 495 "$old"
	ends_in_time 9
	[ -e "$old" ]
	comes_back
}

fewer_than() {
	[ "$(find "$2" -type f | wc -l)" -lt "$1" ]
}
