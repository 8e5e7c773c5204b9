# SPDX-License-Identifier: ISC
# Hosts for the tests: each is a network namespace without a name, with a real sshd and a real rsync
# daemon; flashback runs in a namespace of its own, the box.  Nothing of the machine's own network is
# touched, and all is gone with the processes that hold it.

# box_start: the namespace in which flashback runs, by "${IN_BOX[@]}" before a command; its files are
# everybody's, its mounts its own.
box_start() {
	hold_namespace
	IN_BOX=("${ENTER[@]}")
}

# hold_namespace: a process in new network and mount namespaces, with a loopback, its pid in $HOLDER; what enters them
# in the array ENTER.
hold_namespace() {
	unshare -n -m --propagation private sh -c "ip link set lo up && exec sleep $((3600 * ${FLASHBACK_SOAK:-1}))" \
		</dev/null >/dev/null 2>&1 3>&- &
	HOLDER=$!
	echo "$HOLDER" >>"$D/holders"
	wait_for elsewhere "$HOLDER"
	ENTER=(nsenter -t "$HOLDER" -n -m --wd="$D" --)
}

elsewhere() {
	local name
	read -r name <"/proc/$1/comm" && [ "$name" = sleep ] && [ ! "/proc/$1/ns/net" -ef "/proc/$$/ns/net" ]
}

# in_host N COMMAND...
in_host() {
	local pid=${HOSTS[$1]}
	shift
	nsenter -t "$pid" -n -m --wd="$D" -- "$@"
}

# serve N COMMAND...: the same in the background, until the test ends.
serve() {
	local pid=${HOSTS[$1]} log=$D/server$1.log
	shift
	nsenter -t "$pid" -n -m --wd="$D" -- "$@" </dev/null >>"$log" 2>&1 3>&- &
	echo "$!" >>"$D/servers"
}

# host_start N: host N at 10.77.N.2, with nothing listening; and the box, if it is not there yet.
declare -gA HOSTS=()
host_start() {
	[ ${#IN_BOX[@]} -gt 0 ] || box_start
	hold_namespace
	HOSTS[$1]=$HOLDER
	"${IN_BOX[@]}" ip -batch - <<-END
	link add h$1 type veth peer name eth0 netns $HOLDER
	addr add 10.77.$1.1/30 dev h$1
	link set h$1 up
	END
	in_host "$1" ip -batch - <<-END
	addr add 10.77.$1.2/30 dev eth0
	link set eth0 up
	END
}

# net_finish: end the hosts and the box; all their processes with them.
net_finish() {
	local servers holders
	contents servers "$D/servers" || true
	contents holders "$D/holders" || true
	# shellcheck disable=SC2086 # pids
	end_ours $servers $holders
	: >"$D/servers"
	: >"$D/holders"
	IN_BOX=() HOSTS=()
}

# sshd_start N [PORT [LINE...]]: a real sshd on host N, with these lines in its config.  $SSH is the
# `ssh` option that reaches it, one key for all hosts.
sshd_start() {
	local dir=$D/sshd$1 port=${2:-22} key
	mkdir -m 700 "$dir" "$dir/home"
	[ -e "$D/id" ] || one_key "$D/id" id
	one_key "$dir/hostkey" "hostkey$1"
	contents key "$D/id.pub"
	printf '%s' "$key" >"$dir/authorized_keys"
	printf '%s\n' "Port $port" "${@:3}" "ListenAddress 10.77.$1.2" "HostKey $dir/hostkey" \
		"AuthorizedKeysFile $dir/authorized_keys" 'PermitRootLogin prohibit-password' 'PasswordAuthentication no' \
		'UsePAM no' 'PermitUserRC no' 'StrictModes no' 'PidFile none' 'UseDNS no' \
		'KexAlgorithms curve25519-sha256' >"$dir/config" # the default takes longer than all else of a login
	known_as "$1" "10.77.$1.2"
	[ "$port" = 22 ] || known_as "$1" "[10.77.$1.2]:$port"
	sshd_place "$1"
	serve "$1" /usr/sbin/sshd -D -r -e -f "$dir/config"
	SSH="ssh -F none -i $D/id -o IdentitiesOnly=yes -o UserKnownHostsFile=$D/known_hosts"
	SSH+=" -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"
	wait_for listens "$1" "$port"
}

# one_key FILE NAME: a key, made once for all tests of a file, for it takes its time.
one_key() {
	local made=$BATS_FILE_TMPDIR/$2
	[ -e "$made" ] || ssh-keygen -q -t ed25519 -N '' -f "$made"
	cp -p "$made" "$1"
	cp -p "$made.pub" "$1.pub"
}

# sshd_place N: /run is the host's own, for sshd wants a directory there; its root has an empty home and a plain shell.
# This machine's root may have a .bashrc, which bash reads below sshd, too: it may take its time, or say something.
sshd_place() {
	local dir=$D/sshd$1 line
	while IFS= read -r line; do
		[[ $line != root:* ]] || line=root:x:0:0::$dir/home:/bin/sh
		printf '%s\n' "$line"
	done <"/proc/${HOSTS[$1]}/root/etc/passwd" >"$dir/passwd"
	in_host "$1" sh -ec "mount -t tmpfs tmpfs /run; mkdir /run/sshd; mount --bind '$dir/passwd' /etc/passwd"
}

# known_as N NAME: the key of host N, under this name, is known.
known_as() {
	local type key rest
	read -r type key rest <"$D/sshd$1/hostkey.pub"
	echo "$2 $type $key" >>"$D/known_hosts"
}

# rsyncd_start N PATH: a real rsync daemon on host N, whose module "data" is PATH.
rsyncd_start() {
	local dir=$D/rsyncd$1
	mkdir -p "$dir"
	printf '%s\n' 'use chroot = no' 'munge symlinks = no' 'uid = 0' 'gid = 0' '[data]' "path = $2" 'read only = yes' \
		>"$dir/config"
	serve "$1" rsync --daemon --no-detach --config="$dir/config" --address="10.77.$1.2" \
		--log-file="$dir/log"
	wait_for listens "$1" 873
}

# listens N PORT: by the kernel's table, whose numbers are hexadecimal; 0A is a socket that listens.
listens() {
	local file at port state _
	printf -v port %04X "$2"
	for file in "/proc/${HOSTS[$1]}/net/tcp" "/proc/${HOSTS[$1]}/net/tcp6"; do
		while read -r _ at _ state _; do
			[ "${at#*:} $state" != "$port 0A" ] || return 0
		done <"$file"
	done
	return 1
}

# host_down N, host_up N: pull the plug, put it back.
host_down() {
	in_host "$1" ip link set eth0 down
}

host_up() {
	in_host "$1" ip link set eth0 up
	wait_for link_is_up "$1"
}

link_is_up() {
	"${IN_BOX[@]}" ip -br link show "h$1" | grep -q ' UP '
}

# names LINE...: what the box knows of names: these lines in the manner of hosts(5) and no server.
names() {
	printf '127.0.0.1 localhost\n' >"$D/etc-hosts"
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$D/etc-hosts"
	printf 'hosts: files\n' >"$D/etc-nsswitch"
	"${IN_BOX[@]}" mount --bind "$D/etc-hosts" /etc/hosts
	"${IN_BOX[@]}" mount --bind "$D/etc-nsswitch" /etc/nsswitch.conf
}
