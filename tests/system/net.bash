# SPDX-License-Identifier: ISC
# Hosts for the tests: each is a network namespace without a name, with a real sshd and a real rsync
# daemon; flashback runs in a namespace of its own, the box.  Nothing of the machine's own network is
# touched, and all is gone with the processes that hold it.

# box_start: the namespace in which flashback runs, by "${IN_BOX[@]}" before a command; its files are
# everybody's, its mounts its own.
box_start() {
	hold_namespace
	IN_BOX=("${ENTER[@]}")
	"${IN_BOX[@]}" ip link set lo up
}

# hold_namespace: a process in new network and mount namespaces, its pid in $HOLDER; what enters them in
# the array ENTER.
hold_namespace() {
	unshare -n -m --propagation private sleep $((3600 * ${FLASHBACK_SOAK:-1})) </dev/null >/dev/null 2>&1 3>&- &
	HOLDER=$!
	echo "$HOLDER" >>"$D/holders"
	wait_for elsewhere "$HOLDER"
	ENTER=(nsenter -t "$HOLDER" -n -m --wd="$D" --)
}

elsewhere() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink "/proc/$$/ns/net")" ] &&
		[ "$(cat "/proc/$1/comm")" = sleep ]
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

# host_start N: host N at 10.77.N.2, with nothing listening.
declare -gA HOSTS=()
host_start() {
	hold_namespace
	HOSTS[$1]=$HOLDER
	"${IN_BOX[@]}" ip link add "h$1" type veth peer name eth0 netns "$HOLDER"
	"${IN_BOX[@]}" ip addr add "10.77.$1.1/30" dev "h$1"
	"${IN_BOX[@]}" ip link set "h$1" up
	in_host "$1" ip addr add "10.77.$1.2/30" dev eth0
	in_host "$1" ip link set eth0 up
	in_host "$1" ip link set lo up
}

# net_finish: end the hosts and the box; all their processes with them.
net_finish() {
	# shellcheck disable=SC2046 # pids
	end_ours $(cat "$D/servers" "$D/holders" 2>/dev/null)
	rm -f "$D/servers" "$D/holders"
	IN_BOX=() HOSTS=()
}

# sshd_start N [PORT [LINE...]]: a real sshd on host N, with these lines in its config.  $SSH is the
# `ssh` option that reaches it, one key for all hosts.
sshd_start() {
	local dir=$D/sshd$1 port=${2:-22}
	mkdir -m 700 "$dir"
	[ -e "$D/id" ] || ssh-keygen -q -t ed25519 -N '' -f "$D/id"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/hostkey"
	cat "$D/id.pub" >"$dir/authorized_keys"
	printf '%s\n' "Port $port" "${@:3}" >"$dir/config"
	cat >>"$dir/config" <<-END
	ListenAddress 10.77.$1.2
	HostKey $dir/hostkey
	AuthorizedKeysFile $dir/authorized_keys
	PermitRootLogin prohibit-password
	PasswordAuthentication no
	UsePAM no
	PermitUserRC no
	StrictModes no
	PidFile none
	UseDNS no
	END
	known_as "$1" "10.77.$1.2"
	[ "$port" = 22 ] || known_as "$1" "[10.77.$1.2]:$port"
	# /run is the host's own, for sshd wants a directory there.
	in_host "$1" mount -t tmpfs tmpfs /run
	in_host "$1" mkdir -p /run/sshd
	home_of_root "$1"
	serve "$1" /usr/sbin/sshd -D -e -f "$dir/config"
	SSH="ssh -F none -i $D/id -o IdentitiesOnly=yes -o UserKnownHostsFile=$D/known_hosts"
	SSH+=" -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"
	wait_for listens "$1" "$port"
}

# home_of_root N: root of host N has an empty home and a plain shell.  This machine's root may have a .bashrc, which
# bash reads below sshd, too: it may take its time, or say something.
home_of_root() {
	local dir=$D/sshd$1
	mkdir -m 700 "$dir/home"
	in_host "$1" sed "s|^root:.*|root:x:0:0::$dir/home:/bin/sh|" /etc/passwd >"$dir/passwd"
	in_host "$1" mount --bind "$dir/passwd" /etc/passwd
}

# known_as N NAME: the key of host N, under this name, is known.
known_as() {
	printf '%s %s\n' "$2" "$(cut -d' ' -f1,2 "$D/sshd$1/hostkey.pub")" >>"$D/known_hosts"
}

# rsyncd_start N PATH: a real rsync daemon on host N, whose module "data" is PATH.
rsyncd_start() {
	local dir=$D/rsyncd$1
	mkdir -p "$dir"
	cat >"$dir/config" <<-END
	use chroot = no
	munge symlinks = no
	uid = 0
	gid = 0
	[data]
	path = $2
	read only = yes
	END
	serve "$1" rsync --daemon --no-detach --config="$dir/config" --address="10.77.$1.2" \
		--log-file="$dir/log"
	wait_for listens "$1" 873
}

listens() {
	in_host "$1" ss -ltn | grep -q ":$2 "
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
