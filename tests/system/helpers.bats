#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The helpers themselves: a comparison that sees nothing would pass every test.

load lib
load tree
load net

setup() {
	D=$BATS_TEST_TMPDIR
	IN_BOX=()
}

teardown() {
	finish
}

is_alive() {
	[[ "$(alive "$1")" == "$1 sleep"* ]]
}

@test "a process that lives is seen, and one that has ended is not" {
	local pid
	sleep 100 3>&- &
	pid=$!
	wait_for is_alive "$pid"
	kill "$pid"
	wait "$pid" || true
	[ -z "$(alive "$pid")" ]
	gone "$pid"
}

@test "a zombie is not taken for alive" {
	local pid
	# A parent that does not wait for it: perl, for a shell would.
	perl -e '$| = 1; my $pid = fork; $pid // die; exit if !$pid; print "$pid\n"; sleep 100' >"$D/zombie" 3>&- &
	PIDS=$!
	wait_for test -s "$D/zombie"
	pid=$(cat "$D/zombie")
	wait_for gone "$pid"
	kill -0 "$pid" # to the kernel it is there
}

@test "the manifest sees every kind of difference" {
	make_tree "$D/a"
	cp -a "$D/a" "$D/b"
	same_tree "$D/a" "$D/b"

	# Each of these is one difference, and is taken back.
	differs() {
		refuse same_tree "$D/a" "$D/b" >/dev/null
		rm -rf "$D/b"
		cp -a "$D/a" "$D/b"
	}
	touch "$D/b/new"
	differs
	rm "$D/b/empty"
	differs
	touch -d '2001-02-03 04:05:06.123456788' "$D/b/linked"
	differs
	touch -r "$D/b/random" "$D/ref" && printf 'x' | dd of="$D/b/random" conv=notrunc status=none
	touch -r "$D/ref" "$D/b/random"
	differs
	rm "$D/b/linked too" && cp -p "$D/b/linked" "$D/b/linked too"
	differs
	setfattr -n user.plain -v other "$D/b/empty"
	differs
	setfacl -m u:4711:r-- "$D/b/with space"
	differs
	chmod 755 "$D/b/setuid"
	differs
	ln -sfn elsewhere "$D/b/dangling" && touch -h -r "$D/a/dangling" "$D/b/dangling"
	differs
	touch "$D/b"
	differs
}

@test "a host in a namespace: ssh and rsync daemon answer, and the plug can be pulled" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	rsyncd_start 1 "$D"
	read -ra ssh <<<"$SSH"
	[ "$("${IN_BOX[@]}" "${ssh[@]}" root@10.77.1.2 echo hello)" = hello ]
	"${IN_BOX[@]}" rsync rsync://10.77.1.2/data/ | grep -q known_hosts
	host_down 1
	refuse "${IN_BOX[@]}" timeout 60 "${ssh[@]}" -o ConnectTimeout=1 root@10.77.1.2 true
	host_up 1
	"${IN_BOX[@]}" "${ssh[@]}" root@10.77.1.2 true
}

@test "an ssh of the tests reads nothing that whoever runs them has in a home" {
	needs_root
	box_start
	host_start 1
	mkdir "$D/home" "$D/home/.ssh"
	echo 'echo noise from bash' >"$D/home/.bashrc"
	echo 'echo noise from sshd' >"$D/home/.ssh/rc"
	sed "s|^root:.*|root:x:0:0::$D/home:/bin/bash|" /etc/passwd >"$D/passwd"
	in_host 1 mount --bind "$D/passwd" /etc/passwd
	sshd_start 1
	read -ra ssh <<<"$SSH"
	"${IN_BOX[@]}" "${ssh[@]}" root@10.77.1.2 'echo "$HOME"' >"$D/words"
	diff "$D/words" - <<<"$D/sshd1/home"
}

@test "crashat lets the call of that number fail, a close too, and names what is left behind" {
	local n crashat=$ROOT/build/crashat
	"$crashat" -e 5 -n 0 -p daemon -o "$D/steps" cat /dev/null || skip "crashat cannot do this on such a machine"
	for ((n = 1; n <= $(cat "$D/steps"); n++)); do
		"$crashat" -e 5 -n "$n" -p daemon cat /dev/null || true
	done 2>"$D/words"
	# Before main: what the loader of programs reads and closes.
	grep -q 'cannot read file data: Input/output error' "$D/words"
	grep -q 'cannot close file descriptor: Input/output error' "$D/words"

	run "$crashat" -w 60 -n 0 sh -c 'sleep 0.1 & exit 3'
	[ "$status" -eq 3 ]
	run "$crashat" -w 1 -n 0 sh -c 'sleep 1000 & exit 3'
	[ "$status" -eq 124 ]
	expect '(sleep)'
}

@test "crashat kills before or after a call that is named with its files" {
	local crashat=$ROOT/build/crashat
	cd "$D"
	touch a
	run "$crashat" -p daemon -n 1 -m "^rename[a-z0-9]* $D/a $D/b$" mv a b
	[ "$status" -eq 137 ]
	[ -e a ]
	run "$crashat" -p daemon -n 1 -A -m "^rename[a-z0-9]* $D/a $D/b$" mv a "$D/b"
	[ "$status" -eq 137 ]
	[ ! -e a ]
	[ -e b ]
	run "$crashat" -p daemon -n 2 -m "^rename" -o steps mv b a
	[ "$status" -eq 0 ]
	[ -e a ]
	[ "$(cat steps)" -eq 1 ]
	run "$crashat" -p daemon -n 1 -m "^write $D/out$" sh -c 'echo x >out'
	[ "$status" -eq 137 ]
	[ -e out ]
	[ ! -s out ]
}
