# SPDX-License-Identifier: ISC
# A minimal Debian in a directory, for what changes a whole machine; see tests/fresh and tests/cross.
# Nothing of it is left when the script ends: its mounts and processes are in namespaces of their own.
# Where packages come from is what this machine's own apt says, at the time of the test.

ROOT=$(cd "$(dirname "$0")/.." && pwd)

# skip WHY: say loudly that nothing was tested, which is not an error.
skip() {
	printf '\nSKIPPED, nothing was tested: %s\n\n' "$*" >&2
	exit 0
}

# alone ARG...: begin this script anew in namespaces of its own; $D is a scratch directory from here on.
alone() {
	local why
	D=${FLASHBACK_BOX:-}
	[ -z "$D" ] || return 0
	[ "$(id -u)" -eq 0 ] || skip "this needs root, for a chroot"
	for why in debootstrap unshare apt-get; do
		command -v "$why" >/dev/null || skip "$why is not installed"
	done
	D=$(mktemp -d "${TMPDIR:-/tmp}/flashback-box.XXXXXX")
	trap 'rm -rf --one-file-system "$D"' EXIT
	trap 'exit 1' INT TERM
	FLASHBACK_BOX=$D unshare --mount --propagation private --pid --fork --kill-child "$0" "$@"
	exit
}

# make_box: a minimal Debian of this machine's own release in $BOX.  It is kept as a tarball in build/.
make_box() {
	local suite mirror base
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	mirror=$(apt-get indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$1 == suite || $2 == suite { print $NF; exit }')
	[ -n "$mirror" ] || skip "apt knows no source of packages for '$suite'"
	BOX=$D/box base=$ROOT/build/minbase-$suite.tar
	mkdir -p "$BOX" "$ROOT/build"
	if [ -s "$base" ]; then
		tar -xpf "$base" -C "$BOX"
	else
		echo "debootstrap of a minimal $suite"
		timeout -k 10 600 debootstrap --variant=minbase "$suite" "$BOX" "$mirror" >"$D/log" 2>&1 || {
			tail -n 5 "$D/log" >&2
			skip "debootstrap could not make a minimal $suite (above)"
		}
		tar -cpf "$base.new" --one-file-system -C "$BOX" . && mv "$base.new" "$base"
	fi
	box_network
	mount --bind "$BOX" "$BOX"
	mount -t proc proc "$BOX/proc"
	mount -t sysfs sysfs "$BOX/sys"
	mount --rbind /dev "$BOX/dev"
	in_box 300 'apt-get update -q' >"$D/log" 2>&1 || {
		tail -n 5 "$D/log" >&2
		skip "apt-get update does not work in the new machine (above)"
	}
}

# box_network: names and packages are found as they are on this machine.
box_network() {
	local name
	cp -L /etc/resolv.conf /etc/hosts "$BOX/etc/"
	rm -rf "$BOX/etc/apt"
	cp -a /etc/apt "$BOX/etc/"
	cp -a /usr/share/keyrings/. "$BOX/usr/share/keyrings/"
	# What apt is to run around an installation is of this machine, not of that one.
	grep -rlE 'Invoke|Pre-Install-Pkgs' "$BOX/etc/apt/apt.conf.d" | xargs -r rm
	mkdir -p "$BOX/etc/ssl/certs"
	[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$BOX/etc/ssl/certs/"
	box_env=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root)
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || box_env+=("$name=${!name}")
	done
}

# in_box SECONDS COMMANDS: run them by the shell of the box, with nothing of our own environment.  The
# box is their root for good: in a mere chroot no namespace can be made, which tests need.
in_box() {
	timeout -k 10 "$1" unshare --mount --propagation private sh -euc '
		cd "$1" && shift && pivot_root . mnt
		exec chroot . sh -euc "umount -l /mnt; cd; exec env -i \"\$@\"" sh "$@"
	' sh "$BOX" "${box_env[@]}" sh -euc "$2" </dev/null
}

# step WHAT SECONDS COMMANDS: in_box, in a line; what it said is shown if it fails, which is the end.
step() {
	local start=$SECONDS
	if ! in_box "$2" "$3" >"$D/log" 2>&1; then
		sed 's/^/      /' "$D/log"
		echo "FAIL  $1"
		exit 1
	fi
	printf 'ok    %-66s %4d s\n' "$1" $((SECONDS - start))
}


# install_in_box PACKAGE...: with apt-get, without what is only recommended.
install_in_box() {
	step "apt-get install $*" 900 "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $*"
}
