#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Whatever fails, in whichever of the steps of a run: nothing crashes, nothing is left running, the snapshots that
# there were stay as they are, success is told of a complete snapshot only, and the next run is good.
# Each attempt begins with the same small store.  One of a kind is drawn at random, more by make soak; make every takes
# all, one by one.

load lib
load net
load rounds

setup() {
	needs_root
	begin
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_daily = 0  keep_weekly = 0  keep_last = 3 } }
	END
	rounds_begin
	three_days
	echo more >>"$D/src/grows"
	echo new >"$D/src/dir/new"
	rm "$D/src/goes"
	touch -d 2011-11-11 "$D/src/dir"
	manifest "$D/src" >"$D/source"
}

teardown() {
	finish
}

# three_days: a small source and three snapshots of it, made once for all tests of this file.
three_days() {
	local made=$BATS_FILE_TMPDIR/made day
	if [ -e "$made" ]; then
		rm -r "$STORE" "$D/src" "$KNOWN"
		cp -a "$made/." "$BATS_TEST_TMPDIR"
		HOUR=3
		return
	fi
	small_tree
	for day in 1 2 3; do
		recover
	done
	mkdir "$made"
	cp -a "$STORE" "$D/src" "$KNOWN" "$made"
}

small_tree() {
	mkdir "$D/src/dir" "$D/src/dir/below"
	printf one >"$D/src/goes"
	printf two >"$D/src/grows"
	ln "$D/src/grows" "$D/src/dir/linked"
	ln -s grows "$D/src/symlink"
	head -c 3000 /dev/zero >"$D/src/dir/below/stays"
	manifest "$D/src" >"$D/source"
}

# cut_before: what runs that were cut have left: a .working tree, an .interrupted one, one to be swept.
cut_before() {
	crash_unseen -n 1 -m "$SNAPSHOT_MADE"
	echo later >"$D/src/dir/later"
	rm "$D/src/dir/new"
	manifest "$D/src" >"$D/source"
	crash_unseen -n 1 -m "$SNAPSHOT_MADE"
	mkdir "$STORE/$VOLUME/2026-01-01T000000+0000.expired"
	touch "$STORE/$VOLUME/2026-01-01T000000+0000.expired/f"
	[ -n "$(snapshots "$VOLUME" working)" ] && [ -n "$(snapshots "$VOLUME" interrupted)" ]
}

# from_host: the source is on a host that is asked first, and reached by a remote shell.
from_host() {
	printf '#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\nexec "$@"\n' >"$D/ssh"
	chmod 755 "$D/ssh"
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "127.0.0.1:$D/src/"  ssh = "$D/ssh"  keep_daily = 0  keep_weekly = 0  keep_last = 3
	} }
	END
}

# from_template: the store as it was.
from_template() {
	rm -rf "$STORE" "$RUN"
	cp -a "$D/template" "$STORE"
	manifest -i "$STORE/$VOLUME" >"$D/of_store"
}

# attempt COMMAND...: one run under this, which is to fail somewhere, from the store as it was; then one without.
attempt() {
	from_template
	tried "$@" && told_the_truth "$TRIED" && in_order &&
		tried && [ "$TRIED" -eq 0 ] && told_the_truth 0 && in_order && store_is_tidy
}

# tried COMMAND...: a run; its exit status to TRIED.
tried() {
	tick
	TRIED=0
	FLASHBACK_TEST_NOW=$(<"$D/now") "${IN_BOX[@]}" timeout -k 1 300 unshare --pid --fork --mount-proc "$CRASHAT" -w 60 -o "$D/steps" "${@:--n0}" \
		"$FLASHBACK" -c "$CONF" -1 "$VOLUME" >"$D/crash.txt" 2>&1 3>&- || TRIED=$?
	no_crash "$TRIED"
}

# told_the_truth STATUS: what the run said is what there is.
told_the_truth() {
	local begun said queue
	printf -v begun '%(%Y-%m-%dT%H%M%S%z)T' $((1800000000 + HOUR * 3600))
	contents said "$D/crash.txt" || true
	contents queue "$RUN/queue.txt" || true
	snapshots_of "$VOLUME"
	if [ ${#SNAPSHOTS[@]} -gt 0 ] && [[ ! ${SNAPSHOTS[-1]} < $begun ]]; then
		manifest "$STORE/$VOLUME/${SNAPSHOTS[-1]}" >"$D/new"
		differ "$D/source" "$D/new" "the new snapshot is not like its source"
	else
		[ "$1" -ne 0 ] || { echo "exit status 0 without a snapshot"; return 1; }
		[[ $said$queue != *SUCCEEDED* ]] || { echo "told of a success without a snapshot"; return 1; }
	fi
}

# in_order: older snapshots are as they were, but for those that a newer one lets go; nothing else is there.
in_order() {
	local name
	local -A was=() is=()
	manifest -i "$STORE/$VOLUME" >"$D/of_store.now"
	by_snapshot was "$D/of_store"
	by_snapshot is "$D/of_store.now"
	snapshots_of "$VOLUME"
	for name in "${!was[@]}"; do
		if [ ! -d "$STORE/$VOLUME/$name" ]; then
			[[ ${#SNAPSHOTS[@]} -ge 3 && ${SNAPSHOTS[-3]} > $name ]] || { echo "$name is lost"; return 1; }
		elif [ "${was[$name]}" != "${is[$name]:-}" ]; then
			echo "$name is not what it was:"
			diff <(echo "${was[$name]}") <(echo "${is[$name]:-}")
			return 1
		fi
	done
	names_are_good
}

# by_snapshot ARRAY FILE: the lines of each of its snapshots, in a manifest of the volume.
by_snapshot() {
	local -n lines_of=$1
	local line
	while IFS= read -r line; do
		if [[ $line =~ ^([0-9T+-]+)[/\ ] ]]; then
			# shellcheck disable=SC2004 # it goes by names
			lines_of[${BASH_REMATCH[1]}]+=${line%% same-as=*}$'\n'
		fi
	done <"$2"
}

# each TOTAL COMMAND: in all of these places, or in one; COMMAND N does it in the Nth, and says what it did.
each() {
	local n bad=0 done=0 all=()
	trap - DEBUG # of bats, to which each line is worth noting
	if [ -n "${FLASHBACK_EVERY:-}" ]; then
		mapfile -t all < <(seq "$FLASHBACK_EVERY" "$1")
	else
		while [ ${#all[@]} -lt "${FLASHBACK_SOAK:-1}" ]; do
			draw_below n "$1"
			all+=($((n + 1)))
		done
	fi
	for n in "${all[@]}"; do
		done=$((done + 1))
		"$2" "$n" >"$D/why" 2>&1 && continue
		bad=$((bad + 1))
		{ echo "FLASHBACK_EVERY=$n: $WHAT"; cat "$D/why" "$D/crash.txt"; } | sed 's/^/# /' >&3
	done
	echo "# $done of $1, $bad bad, ${SECONDS} s" >&3
	[ "$done" -gt 0 ] && [ "$bad" -eq 0 ]
}

# Ways to fail, for each step: as the disk does, as the machine does, and from there on.
WAYS=('-e 5' '-e 24' '-e 28 -a') # EIO EMFILE ENOSPC

# The same for what has to do with the network, with waiting, and with processes: no room in the kernel, once or
# from there on, a signal, no network any more.
NETWORK=('-N -e 12' '-N -e 4' '-N -e 12 -a' '-N -e 101 -a') # ENOMEM EINTR ENOMEM ENETUNREACH

# with_fault N COMMAND...: the command, with the words for the Nth call and way of WHO, which crashat knows.
with_fault() {
	local way=${WAYS[$1 % ${#WAYS[@]}]} n=$((($1 + ${#WAYS[@]} - 1) / ${#WAYS[@]}))
	WHAT="crashat $way -p $WHO -n $n"
	# shellcheck disable=SC2086 # words
	"${@:2}" $way -p "$WHO" -n "$n"
}

call_fails() {
	with_fault "$1" attempt
}

# init_fails N: a store that --init could not make is none, or it is whole; the next --init makes it.
init_fails() {
	rm -rf "$STORE"
	TRIED=0
	with_fault "$1" init "$CRASHAT" -w 60 -o "$D/steps" || TRIED=$?
	[ $TRIED -le 1 ] || grep 'error while loading shared libraries' "$D/crash.txt" || return 1
	if [ $TRIED -eq 0 ] || [ -e "$STORE/.flashback/store" ]; then
		tried && [ "$TRIED" -eq 0 ] && told_the_truth 0 || return 1
	fi
	init && tried && [ "$TRIED" -eq 0 ] && told_the_truth 0
}

init() {
	"${IN_BOX[@]}" "$@" "$FLASHBACK" -c "$CONF" --init >"$D/crash.txt" 2>&1 3>&-
}

# calls_of WHO: all its calls, in each of WAYS.
calls_of() {
	WHO=$1
	rm "$STORE/$VOLUME/RESTORE.txt" # it is written only where it differs
	cp -a "$STORE" "$D/template"
	"$CRASHAT" -e 5 -n 0 true 2>/dev/null || skip "crashat cannot do this on such a machine"
	# shellcheck disable=SC2086 # words
	from_template && tried ${WAYS[0]} -n 0 -p "$WHO" && [ "$TRIED" -eq 0 ]
	each $(($(cat "$D/steps") * ${#WAYS[@]})) call_fails
}

memory_fails() {
	local n=$((($1 + 1) / 2)) on=$((($1 + 1) % 2))
	WHAT="request $n fails$([ $on = 0 ] || echo ', and all after it')"
	head -c 8 /dev/zero >"$D/count"
	# shellcheck disable=SC2046 # a word or none
	attempt -n0 env LD_PRELOAD="$ROOT/build/nomem.so" FAULT_COUNT="$D/count" FAULT_AT="$n" \
		$([ $on = 0 ] || echo FAULT_ON=yes)
}

memory() {
	needs_plain_build
	rm "$STORE/$VOLUME/RESTORE.txt" # it is written only where it differs
	cp -a "$STORE" "$D/template"
	memory_fails -1
	each $(($(od -An -tu8 "$D/count") * 2)) memory_fails
}

# refused PATH CALL WHICH ERROR: a run in which this call to do with this place fails; what it says to $D/crash.txt.
refused() {
	from_template
	tick
	FLASHBACK_TEST_NOW=$(<"$D/now") strace -f --seccomp-bpf -qq -o "$D/strace" ${1:+-P "$1"} -e trace="$2" \
		-e inject="$2:error=$4:when=$3" "$FLASHBACK" -c "$CONF" -1 "$VOLUME" >"$D/crash.txt" 2>&1
}

# refusals: lines of what refused takes, the exit status, and the words that are to be said.
refusals() {
	local place call which error status words rc v=$STORE/$VOLUME
	rm "$STORE/$VOLUME/RESTORE.txt" # it is written only where it differs
	cp -a "$STORE" "$D/template"
	while read -r place call which error status words; do
		rc=0
		case $place in
		-) place= ;;
		store) place=$STORE ;;
		v*) place=$v${place#v} ;;
		esac
		refused "$place" "$call" "$which" "$error" || rc=$?
		if [ $rc -ne "$status" ] || ! grep -qF "$words" "$D/crash.txt" || ! told_the_truth $rc || ! in_order; then
			echo "exit status $rc, not $status, or not: $words ($call)"
			cat "$D/crash.txt"
			return 1
		fi
	done
}

@test "what cannot be done is reported in words, and nothing is claimed that is not so" {
	local v=$STORE/$VOLUME
	refusals <<-END
	- prctl 1+ EINVAL 2 this run could not be set up: Invalid argument
	store fstatfs 1+ EIO 75 the free space of the backup disk cannot be read: Input/output error
	v mkdirat 1 ENOSPC 2 $v cannot be written: No space left on device
	v mkdirat 1 EACCES 2 $v cannot be opened: Permission denied
	v/.flashback openat 1 EROFS 2 $v cannot be written: Read-only file system
	v/.flashback openat 2 ENFILE 2 $v cannot be opened: Too many open files in system
	v/.flashback/history read 1+ EIO 0 $v/.flashback/history could not be read: Input/output error; it was renamed
	v/.flashback/lock pwrite64 1 ENOSPC 2 the lock file cannot be written: No space left on device
	v mkdirat 2 EIO 2 cannot be made: Input/output error
	- getcwd 1 ENOENT 2 cannot determine the path of the volume's directory
	v syncfs 1 EIO 2 the disk could not store what was copied: Input/output error
	v renameat2 1 EIO 2 the finished copy could not be renamed: Input/output error
	v fsync 1 EIO 0 the volume's directory could not be synced: Input/output error
	v/.flashback symlinkat 1 EPERM 0 the link \`latest\` could not be changed: Operation not permitted
	v renameat 1 EIO 0 the link \`latest\` could not be changed: Input/output error
	v renameat 2 EIO 0 RESTORE.txt could not be written: Input/output error
	v/.flashback renameat 2 ENOSPC 0 the history could not be written: No space left on device
	v renameat2 2 EIO 0 cannot expire
	END
}

@test "what others have left and cannot be dealt with is reported in words" {
	cut_before
	refusals <<-END
	v renameat2 1 EIO 2 what the last run received could not be kept: Input/output error
	v syncfs 1 EIO 2 what the last run received could not be kept: Input/output error
	v renameat2 4 EIO 0 an .interrupted copy could not be renamed to .expired: Input/output error
	END
}

@test "a run, and what expires by it: a call of the main process fails" {
	calls_of daemon
}

@test "a run, and what expires by it: a call of its children fails" {
	calls_of flashback
}

@test "a run, and what expires by it: a request for memory fails" {
	memory
}

@test "a run after others were interrupted: a call of the main process fails" {
	cut_before
	calls_of daemon
}

@test "a run after others were interrupted: a call of its children fails" {
	cut_before
	calls_of flashback
}

@test "a run after others were interrupted: a request for memory fails" {
	cut_before
	memory
}

@test "a run from a host: a call of the main process fails" {
	from_host
	calls_of daemon
}

@test "a run from a host: a call of its children fails" {
	from_host
	calls_of flashback
}

@test "a run from a host: a call of the main process to the network fails" {
	from_host
	WAYS=("${NETWORK[@]}")
	calls_of daemon
}

@test "a run from a host: a call of its children to the network fails" {
	from_host
	WAYS=("${NETWORK[@]}")
	calls_of flashback
}

@test "a run from a host: a request for memory fails" {
	from_host
	memory
}

@test "the making of a store: a call fails" {
	WHO=daemon
	needs_root
	[ -n "${HOLDER:-}" ] || box_start
	mkdir "$D/disk" # a disk of its own, for on the file system of / --init would refuse to
	"${IN_BOX[@]}" mount -t tmpfs tmpfs "$D/disk"
	sed -i "s,\"$STORE\",\"$D/disk/store\"," "$CONF"
	STORE=/proc/$HOLDER/root$D/disk/store
	init "$CRASHAT" -e 5 -n 0 -p daemon -o "$D/steps" || skip "crashat cannot do this on such a machine"
	each $(($(cat "$D/steps") * ${#WAYS[@]})) init_fails
}
