#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# ssh as people use it: ports, keys, users without rights, restricted keys, aliases; and what is said
# when it does not work.

load lib
load net

setup() {
	needs_root
	begin
	box_start
	host_start 1
	seq 10 | (cd "$D/src" && xargs touch)
	echo x >"$D/src/f"
}

teardown() {
	finish
}

# volume LINE...: the one volume h/v.
volume() {
	hosts_conf <<<"host \"h\" { volume \"v\" { $* } }"
}

backs_up() {
	run flashback -1 h/v
	expect_exit 0
	same_tree "$D/src" "$(newest h/v)"
}

fails_with() {
	run flashback -1 h/v
	expect_exit 2
	[[ "$output" =~ h/v.*FAILED ]]
	expect "$1"
	has_snapshots 0 h/v
}

# user_start SUDOERS [LINE...]: host 1 has a user "puller" without rights, who may log in with our key, and an sshd
# with these lines.  Its accounts are its own.
user_start() {
	local what
	for what in passwd shadow sudoers; do
		cp "/etc/$what" "$D/$what" 2>/dev/null || touch "$D/$what"
		chown --reference="/etc/$what" "$D/$what" 2>/dev/null || true
	done
	echo 'puller:x:4711:4711::/home/puller:/bin/sh' >>"$D/passwd"
	echo 'puller:*:19000:0:99999:7:::' >>"$D/shadow"
	printf '%s\n' "$1" >"$D/sudoers"
	chmod 440 "$D/sudoers"
	for what in passwd shadow sudoers; do
		in_host 1 mount --bind "$D/$what" "/etc/$what"
	done
	sshd_start 1 22 'AuthorizedKeysFile /home/%u/authorized_keys' "${@:2}"
	in_host 1 mount -t tmpfs tmpfs /home
	in_host 1 mkdir -p /home/puller
	in_host 1 cp "$D/id.pub" /home/puller/authorized_keys
	in_host 1 mount --bind "$D/src" /mnt # puller may not pass through $D
	chmod 700 "$D/src"
	chmod 600 "$D/src/f"
}

@test "a port and a key by the ssh option" {
	sshd_start 1 2222
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH -p 2222\""
	backs_up
}

@test "a user without rights, by sudo on the host; one that wants a password, or a terminal, or allows another command" {
	command -v sudo >/dev/null || skip 'needs sudo'
	user_start 'puller ALL=(root) ALL'
	volume "source = \"puller@10.77.1.2:/mnt/\"  ssh = \"$SSH\"" \
	    'rsync_options = { "--rsync-path=sudo /usr/bin/rsync" }'
	fails_with 'sudo on the host asks for a password' # and waits for none
	printf 'Defaults requiretty\npuller ALL=(root) NOPASSWD: /usr/bin/rsync\n' >"$D/sudoers"
	fails_with 'sudo on the host wants a terminal: turn requiretty off'
	printf 'puller ALL=(root) NOPASSWD: /usr/bin/id\n' >"$D/sudoers"
	fails_with 'sudo on the host '
	refuse expect 'requiretty'
	printf 'puller ALL=(root) NOPASSWD: /usr/bin/rsync\n' >"$D/sudoers"
	backs_up
}

# refused USER: all that it may be, the likeliest first, with ssh's own words.
refused() {
	fails_with 'key refused: not in authorized_keys? passphrase, no SSH_AUTH_SOCK? home writable by all? '
	expect "PermitRootLogin no? account expired? key type? \"$1@10.77.1.2: Permission denied (publickey"
}

@test "root may not log in: all that it may be, with ssh's own words" {
	sshd_start 1 22 'PermitRootLogin no'
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\""
	refused root
}

@test "a home that all may write to, and an account that has expired: the same" {
	user_start '' 'StrictModes yes'
	volume "source = \"puller@10.77.1.2:/mnt/\"  ssh = \"$SSH\""
	chmod 755 "$D/src"
	chmod 644 "$D/src/f"
	in_host 1 chmod 755 /home/puller
	backs_up
	rm -rf "$STORE/h/v"
	in_host 1 chmod 777 /home/puller
	refused puller
	in_host 1 chmod 755 /home/puller
	sed 's/^puller:.*/puller:*:19000:0:99999:7::1:/' "$D/shadow" >"$D/expired"
	cat "$D/expired" >"$D/shadow" # that file is mounted
	refused puller
}

@test "no algorithm in common, for the key or for the connection" {
	sshd_start 1 22 'PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256' 'KexAlgorithms curve25519-sha256'
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\""
	refused root
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH -o KexAlgorithms=ecdh-sha2-nistp256\""
	fails_with 'ssh on the host and ssh here have no "key exchange method" in common ("Their offer: curve25519-sha256'
}

@test "words of ssh here, from the shell of a host: asked, not advised; rsync there too old, or without ACLs or xattrs" {
	sshd_start 1
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\"  rsync_options = \"--rsync-path=$D/says\""
	local words
	for words in 'Load key "/etc/shadow": bad permissions|may others read the private key /etc/shadow?' \
	    'Bad owner or permissions on /etc/passwd|does ssh refuse its file /etc/passwd?' \
	    'Host key for bank has changed and you have requested strict checking.|has the host key of bank changed?' \
	    'No RSA host key is known for bank and you have requested strict checking.|is the host key of bank unknown?'; do
		printf "#!/bin/sh\necho '%s' >&2\nexit 255\n" "${words%|*}" >"$D/says"
		chmod 755 "$D/says"
		fails_with "): ${words#*|}"
	done
	for words in 'rsync: ACLs are not supported on this server|add --no-acls' \
	    'rsync: extended attributes are not supported on this server|add --no-xattrs'; do
		printf '#!/bin/sh\necho "%s" >&2\nexit 4\n' "${words%|*}" >"$D/rsync"
		chmod 755 "$D/rsync"
		volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\"" \
		    "rsync_options = \"--rsync-path=$D/rsync\""
		fails_with "${words#*|}"
	done
	# The real client, with a server of that protocol.
	printf '#!/bin/sh\nexec rsync --protocol=29 "$@"\n' >"$D/rsync"
	fails_with 'too old for --acls: upgrade it'
}

@test "an rsync daemon that lacks ACLs or xattrs" {
	local words
	# Its words by way of a hook of a real daemon, which reach us in the same manner.
	rsyncd_start 1 "$D/src"
	printf 'pre-xfer exec = %s\n' "$D/refuse" >>"$D/rsyncd1/config"
	volume 'source = "rsync://10.77.1.2/data/"'
	for words in 'rsync: ACLs are not supported on this server|add --no-acls' \
	    'rsync: extended attributes are not supported on this server|add --no-xattrs'; do
		printf '#!/bin/sh\necho "%s"\nexit 1\n' "${words%|*}" >"$D/refuse"
		chmod 755 "$D/refuse"
		fails_with "${words#*|}"
	done
}

@test "the key of a host that is not known yet: the command" {
	sshd_start 1 2222
	: >"$D/known_hosts"
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH -p 2222\""
	fails_with 'is the host key of 10.77.1.2 port 2222 unknown? '
	expect 'run `ssh -p 2222 10.77.1.2` once, and compare the fingerprint'
}

@test "a right that flashback lacks here is not a fault of the disk" {
	sshd_start 1
	mknod "$D/src/null" c 1 3
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\""
	IN_BOX+=(setpriv --bounding-set=-mknod)
	run flashback -1 h/v
	expect 'PARTIAL: this process may not set some owners, devices or xattrs'
	refuse expect 'this disk cannot'
}

@test "a key restricted by rrsync; a removable source behind it is checked without a shell" {
	command -v rrsync >/dev/null || skip 'needs rrsync'
	sshd_start 1
	printf 'command="rrsync -ro %s",restrict %s\n' "$D/src" "$(cat "$D/id.pub")" \
	    >"$D/sshd1/authorized_keys"
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\""
	fails_with "its path begins at rrsync's own directory: for all of that directory write HOST:/"
	volume "source = \"root@10.77.1.2:/\"  ssh = \"$SSH\""
	backs_up
	volume "source = \"root@10.77.1.2:/usb/\"  removable = yes  ssh = \"$SSH\""
	run flashback -1 h/v
	expect_exit 75
	[[ "$output" =~ h/v.*NOT\ FOUND:\ the\ source\ is\ absent ]]
	mkdir "$D/src/usb"
	run flashback -1 h/v
	expect_exit 75
	[[ "$output" =~ h/v.*NOT\ FOUND:\ the\ source\ is\ empty ]]
	echo x >"$D/src/usb/f"
	run flashback -1 h/v
	expect_exit 0
	[ "$(ls "$(newest h/v)")" = f ]
}

@test "an IPv6 literal" {
	in_host 1 ip addr add fd77:1::2/64 dev eth0 nodad
	"${IN_BOX[@]}" ip addr add fd77:1::1/64 dev h1 nodad
	sshd_start 1 22 'ListenAddress fd77:1::2'
	known_as 1 fd77:1::2
	volume "source = \"root@[fd77:1::2]:$D/src/\"  ssh = \"$SSH\""
	backs_up
	volume "source = \"root@[fd77:1::2]:$D/src/\"  ssh = \"$SSH\"  probe = \"tcp\""
	next_second
	backs_up
}

@test "an alias of ssh_config, with the address that is probed" {
	sshd_start 1 2222
	names
	cat >"$D/ssh_config" <<-END
	Host attic
	    HostName 10.77.1.2
	    Port 2222
	    User root
	    IdentityFile $D/id
	    UserKnownHostsFile $D/known_hosts
	END
	volume "source = \"attic:$D/src/\"  ssh = \"ssh -F $D/ssh_config\"  address = \"10.77.1.2\""
	backs_up
	# Without it there is nobody of that name to be asked.
	volume "source = \"attic:$D/src/\"  ssh = \"ssh -F $D/ssh_config\""
	run flashback -1 h/v
	expect_exit 75
	[[ "$output" =~ h/v.*NOT\ FOUND:\ the\ name\ attic\ does\ not\ exist ]]
}

@test "a host key that has changed" {
	sshd_start 1
	ssh-keygen -q -t ed25519 -N '' -f "$D/other"
	printf '10.77.1.2 %s\n' "$(cut -d' ' -f1,2 "$D/other.pub")" >"$D/known_hosts"
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\""
	fails_with 'has the host key of 10.77.1.2 changed?'
}

@test "a key with a passphrase, and no agent that has it" {
	sshd_start 1
	ssh-keygen -q -p -P '' -N secret -f "$D/id"
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH\""
	unset SSH_AUTH_SOCK
	fails_with 'SSH_AUTH_SOCK'
	SSH_AUTH_SOCK=$D/no-agent fails_with 'SSH_AUTH_SOCK'
	# With an agent it works.
	eval "$(ssh-agent -a "$D/agent")" >/dev/null 3>&-
	PIDS=$SSH_AGENT_PID
	printf '#!/bin/sh\necho secret\n' >"$D/askpass"
	chmod 700 "$D/askpass"
	SSH_ASKPASS=$D/askpass SSH_ASKPASS_REQUIRE=force ssh-add -q "$D/id" 3>&-
	backs_up
}

@test "nobody is ever prompted on the terminal" {
	sshd_start 1 22 'PasswordAuthentication yes' 'PermitRootLogin yes'
	: >"$D/sshd1/authorized_keys"
	names
	# A password that the host would take; and that option of ours turned off.
	volume "source = \"root@10.77.1.2:$D/src/\"  ssh = \"$SSH -o BatchMode=no\""
	on_terminal "${IN_BOX[@]}" "$FLASHBACK" -1 -c "$CONF" h/v
	expect_exit 2
	[[ "$output" =~ h/v.*FAILED ]]
	refuse grep -qi "'s password" <<<"$output"
	# A host key that nobody knows, and a passphrase.
	ssh-keygen -q -p -P '' -N secret -f "$D/id"
	: >"$D/known_hosts"
	volume "source = \"root@10.77.1.2:$D/src/\"" \
	    "ssh = \"${SSH/Checking=yes/Checking=ask} -o BatchMode=no\""
	on_terminal "${IN_BOX[@]}" "$FLASHBACK" -1 -c "$CONF" h/v
	expect_exit 2
	[[ "$output" =~ h/v.*FAILED ]]
	refuse grep -qiE 'yes/no|passphrase for' <<<"$output"
	# An rsync daemon that wants a password.
	printf 'somebody:secret\n' >"$D/secrets"
	chmod 600 "$D/secrets"
	rsyncd_start 1 "$D/src"
	printf 'auth users = somebody\nsecrets file = %s\n' "$D/secrets" >>"$D/rsyncd1/config"
	volume 'source = "rsync://somebody@10.77.1.2/data/"'
	on_terminal "${IN_BOX[@]}" "$FLASHBACK" -1 -c "$CONF" h/v
	expect_exit 2
	[[ "$output" =~ h/v.*FAILED.*--password-file ]]
	refuse grep -q '^Password:' <<<"$output"
}
