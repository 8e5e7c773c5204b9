# SPDX-License-Identifier: ISC
# The cycle with nothing changed on a disk of its own, from which all has to be read again: what it costs, and how
# much is written to that disk, by the disk's own counter.

# cold: nothing of the disk is in memory any more; whatever else the machine keeps there stays.
cold() {
	cd ..
	[ ! -e disk/src ] || umount disk
	dd if=image iflag=nocache count=0 status=none
	mount -o loop,noatime image disk
	loop=$(findmnt -n -o SOURCE disk)
	cd disk || exit
}

# written: the KiB written to the disk so far.
written() {
	awk '{ print int($7 / 2) }' "/sys/class/block/${loop#/dev/}/stat"
}

cold_cycle() {
	local before
	cold
	before=$(written)
	cycle cold "$1"
	figures[cold written $1]+=" $(($(written) - before))"
}

# own_disk: an ext4 in a file; it becomes $D.
own_disk() {
	truncate -s $((FILES / 25 + 300))M image
	mkfs.ext4 -q -F -i 4096 -E lazy_itable_init=0,lazy_journal_init=0 image
	mkdir disk
	cd disk || return
	cold
	D=$PWD
}

bench_disk() {
	local round program loop OTHERS=''
	own_disk
	make_tree "$FILES"
	for program in $(everybody); do
		anew "$program"
		cycle first "$program"
	done
	fill
	for ((round = 0; round < ROUNDS; round++)); do
		for program in $(in_turn $round); do
			cold_cycle "$program"
		done
	done
	situation cold "cold, nothing of $FILES files changed" "$KEEP" ''
	show cold written "cold, nothing of $FILES files changed: written" "$(most 0.05)" KiB
	cd .. || exit
	umount disk
}
