# SPDX-License-Identifier: ISC
# Backup disks for the tests: loop-mounted images and tmpfs, in the box's own mount namespace, so that
# they are gone with it.  To the test itself, outside, $MNT is the bare mount point: what lies on the
# mount point's own file system is seen there without looking through the disk.

# disk_begin: a box with the mount point $MNT.  The store on the disk is $DISK, seen from the test
# through the box's root.
disk_begin() {
	needs_root
	box_start
	MNT=$D/mnt
	mkdir -m 700 "$MNT"
	main_conf "$MNT/store"
	STORE=/proc/$HOLDER/root$MNT/store
}

# in_box COMMAND...
in_box() {
	"${IN_BOX[@]}" "$@"
}

# ext4_disk NAME SIZE [MKFS_OPTION...]: an image with a store on it, mounted at $MNT.
ext4_disk() {
	local name=$1 size=$2
	shift 2
	truncate -s "$size" "$D/$name.img"
	mkfs.ext4 -q -F -m 0 "$@" "$D/$name.img"
	plug "$name"
	flashback --init
}

# btrfs_disk NAME SIZE [MKFS_OPTION...]: a btrfs mounted at $MNT, without a store.
btrfs_disk() {
	command -v mkfs.btrfs >/dev/null || skip "no mkfs.btrfs here"
	truncate -s "$2" "$D/$1.img"
	mkfs.btrfs -q "${@:3}" "$D/$1.img"
	plug "$1" || skip "no btrfs here"
}

# plug NAME [OPTIONS]: mount the image.  unplug: as if the cable were pulled, whoever is at work there.
plug() {
	in_box mount -o "loop,${2:-rw}" "$D/$1.img" "$MNT"
}

unplug() {
	in_box umount -l "$MNT"
}

# tmpfs_disk OPTIONS: the same on a tmpfs.
tmpfs_disk() {
	in_box mount -t tmpfs -o "mode=700,$1" tmpfs "$MNT"
	flashback --init
}

# slow_source [MEGABYTES]: a source whose copy takes some seconds a run: 1 MB a second.
slow_source() {
	head -c "${1:-10}000000" /dev/urandom >"$D/src/big"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  rsync_options = { "--bwlimit=1000" } } }
	END
}

# is_copying VOLUME: rsync has begun to write.
is_copying() {
	has_snapshots 1 "$1" working &&
		[ -n "$(find "$STORE/$1/$(snapshots "$1" working)" -name '*big*' -size +100k)" ]
}

# Everything on the mount point's own file system, with inodes and times.
bare() {
	manifest -i "$MNT"
	stat -c '%n %z' "$MNT"
}

wake() {
	kill -HUP "$DAEMON"
}

# fill_disk BYTES: fill the disk up, but for so many bytes.
fill_disk() {
	head -c 1G /dev/zero >"$STORE/filler" 2>/dev/null || true
	truncate -s "-$1" "$STORE/filler"
}

# rsyncs [SOURCE]: the processes that copy it.
rsyncs() {
	pgrep -f -- "--stats.* ${1:-$D/src}/ .*working/"
}

# hold_copy [SOURCE]: as soon as rsync writes here/v, its processes, in the array HELD, stand still, for the test to look at
# what is so in mid-run; go_on: until then.
hold_copy() {
	wait_for is_copying here/v
	mapfile -t HELD < <(rsyncs "$@")
	[ "${#HELD[@]}" -ge 2 ]
	PIDS+=" ${HELD[*]}"
	kill -STOP "${HELD[@]}"
}

go_on() {
	kill -CONT "${HELD[@]}"
}

# purger PID: which of the processes below that one removes files.  It has the lowest priority.
purger() {
	local pid stat
	for pid in $(family "$1"); do
		read -r stat <"/proc/$pid/stat" || continue
		read -ra stat <<<"${stat##*) }"
		[ "${stat[16]}" -ne 19 ] || { echo "$pid"; return 0; }
	done
	return 1
}
