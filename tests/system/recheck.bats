#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# recheck: a byte that has changed by itself, in the source or in the store, is found; the new snapshot has what the
# source has, and older ones keep what they had.

load lib
load tree
load net
load rounds
load quick

# Names that a list of names, a shell or a terminal could take for something else.
ODD=('with space' $'new\nline' '-leading' '--delete' '#' ';semicolon' '\#012' $'\377\376' 'grün' ' both ends '
	'deep/1/2/3/4/5/6/7/8/9/file' "dir with space/#")

# begin_with OPTION...: the first day of a volume that compares all that did not change, an hour after each run.
begin_with() {
	make_tree "$D/src"
	echo x >"$D/src/;semicolon"
	echo x >"$D/src/dir with space/#"
	volume 'recheck = "1h"' "$@"
	back_up
	remember
}

# flip TREE NAME...: another byte in each, with the same size and time.
flip() {
	python3 -IS - "$@" <<-'END'
	import os, sys
	for name in sys.argv[2:]:
	    f = os.open(os.path.join(os.fsencode(sys.argv[1]), os.fsencode(name)), os.O_RDWR)
	    time = os.fstat(f)
	    os.pwrite(f, bytes([os.pread(f, 1, 0)[0] ^ 1]), 0)
	    os.utime(f, ns=(time.st_atime_ns, time.st_mtime_ns))
	END
}

# found N: so many were, and both versions are kept.
found() {
	expect "$1 file"
	expect "from $([ "$1" -eq 1 ] && echo its || echo their) source though size and time are the same; first: "
	expect "; a disk or memory is failing, here or on the host; both versions are kept: see the run's log"
	[ "$(grep -c 'recheck: differs from its source though' "$(run_log)")" -eq "$1" ]
	as_it_was "$PREVIOUS"
	same_tree "$D/src" "$NEW"
	# Whatever did not differ is shared as ever.
	[ "$(comm -z -23 <(inodes "$NEW") <(inodes "$PREVIOUS") | tr -cd '\0' | wc -c)" -eq "${2:-$1}" ]
	remember
	[ ! -e "$STORE/$VOLUME/.flashback/recheck.new" ]
}

# both_at_once: bytes flipped in either, found by one run.
both_at_once() {
	local half=$((${#ODD[@]} / 2))
	flip "$D/src" "${ODD[@]:half}"
	flip "$NEW" "${ODD[@]:0:half}"
	remember
	back_up
	found ${#ODD[@]}
}

# found_nothing: all that did not change has been compared.
found_nothing() {
	kind_is "recheck: $(find "$D/src" -type f -size +0 -printf '%i\n' | sort -u | wc -l) files ("
	refuse grep -q 'recheck: differs' "$(run_log)"
	refuse expect 'differ'
	remember
}

# source_and_store: bytes flipped in either.
source_and_store() {
	back_up
	found_nothing
	flip "$D/src" "${ODD[@]}"
	back_up
	found ${#ODD[@]}
	flip "$NEW" "${ODD[@]}"
	remember
	back_up
	found ${#ODD[@]}
}

@test "bytes that have changed in the source, and in the store, on this machine" {
	begin_with
	source_and_store
	kind_is "$QUICK"
	back_up
	found_nothing
}

@test "in full runs" {
	begin_with "$(runs full)"
	both_at_once
	back_up
	found_nothing
}

@test "behind ssh" {
	host_start 1
	sshd_start 1
	SOURCE=root@10.77.1.2:$D/src/ RSH=$SSH
	begin_with
	both_at_once
}

@test "behind an rsync daemon" {
	host_start 1
	mkdir -p "$D/src"
	rsyncd_start 1 "$D/src"
	SOURCE=rsync://10.77.1.2/data/
	begin_with
	instead_of ' --checksum ' "[[ \" \$* \" != *' --link-dest='* ]] || touch '$D/reads-bases'; exec rsync \"\$@\""
	both_at_once
	[ ! -e "$D/reads-bases" ]
	# One that refuses to is no reason to believe that all is well.
	echo 'refuse options = checksum' >>"$D/rsyncd1/config"
	back_up
	expect 'recheck: no file can be compared: '
	expect 'refuse --checksum'
	expect 'allow that on the host, or set recheck = "0" for this volume'
	expect_round '0% of the files compared with their source in 1h, the oldest comparison is about 2h old'
}

@test "a file with several names: all of them get the new one, and it is compared under one" {
	local dir='dir with space'
	begin_with
	flip "$D/src" linked
	back_up
	found 1 3
	expect "first: $dir/linked three; "
	awk "END { print \$11 }" "$STORE/$VOLUME/.flashback/history" | grep "^0/0/1$" # the guard counts nothing
	kind_is "cmp '$PREVIOUS/$dir/linked three' '$NEW/$dir/linked three'"
}

@test "off, nothing is compared; a file that changes between scan and comparison is no find" {
	make_tree "$D/src"
	instead_of --checksum "touch $D/compared"
	back_up
	back_up
	[ ! -e "$D/compared" ]
	[ ! -e "$STORE/$VOLUME/.flashback/recheck" ]
	volume 'recheck = "1h"'
	back_up
	remember
	instead_of --checksum "echo more >>'$D/src/linked'; echo other >'$D/src/owned'; exec rsync \"\$@\""
	back_up
	found_nothing
	# Nor is one that changes, or is removed, before it is copied.
	flip "$D/src" linked random
	instead_of recheck.new/differ "rm '$D/src/linked'; echo x >>'$D/src/random'; exec rsync \"\$@\""
	back_up
	refuse expect 'differ'
	refuse grep 'recheck: differs' "$(run_log)"
	as_it_was "$PREVIOUS"
}

@test "it is a WARNING until USR1, notify is called, -l tells how far it is" {
	mkdir "$D/src/ann"
	echo 1 >"$D/src/ann/photo.jpg"
	volume 'recheck = "1h"' 'every = "1h"'
	main_conf "$STORE" <<-END
	notify = { "/bin/sh", "-c", "cat >>$D/told" }
	END
	tick
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	expect_round '0% of the files compared with their source in 0s, the others not yet'
	flip "$D/src" f ann/photo.jpg
	tick
	wake_at "@$(<"$D/now")"
	status_is health WARNING
	status reason | grep '^here/v: 2 files differ from their source though size and time are the same; first: f; '
	row_has here/v 'first: f; '
	expect_round '0% of the files compared with their source in 0s, the oldest comparison is about 1h old'
	tick
	wake_at "@$(<"$D/now")"
	status_is health WARNING
	wait_for grep -q '^here/v differs: 2 files differ from their source though' "$D/told"
	[ "$(grep -c differs "$D/told")" -eq 1 ]
	kill -USR1 "$DAEMON"
	wait_for status_is health OK
	# That nothing can be compared is one, too, and news once.
	instead_of --checksum 'echo "rsync: The server is configured to refuse --checksum" >&2; exit 4'
	tick
	wake_at "@$(<"$D/now")"
	status_is health WARNING
	status reason | grep '^here/v: recheck: no file can be compared: "rsync: The server is configured to refuse --checksum": '
	tick
	wake_at "@$(<"$D/now")"
	status_is health WARNING
	wait_for grep -q '^here/v differs: recheck: no file' "$D/told"
	[ "$(grep -c differs "$D/told")" -eq 2 ]
	stop_daemon
}

expect_round() {
	run flashback -l here/v
	expect "recheck: $1"
}

# few_files: a volume of three.
few_files() {
	echo a >"$D/src/a"
	echo b >"$D/src/b"
	volume 'recheck = "1h"'
	back_up
	remember
}

@test "stopped while it compares, a run succeeds and the next one resumes; what takes too long each time is left out" {
	local n
	few_files
	flip "$D/src" f a b
	instead_of --checksum 'kill -TERM $PPID; exec sleep 1000'
	for n in 1 2 3 4; do
		back_up
		kind_is 'recheck: interrupted'
		refuse expect differ
	done
	kind_is 'recheck: left out, its comparison was interrupted each time: '
	expect 'recheck: left out, its comparison was interrupted each time: '
	expect 'recheck: left out, its comparison was interrupted each time: '
	remember
	instead_of --checksum 'exec rsync "$@"'
	back_up
	expect '2 files differ'
	as_it_was "$PREVIOUS"
}

@test "killed before what it has found is a snapshot: the next run reports it" {
	few_files
	flip "$D/src" a b
	crash_unseen -p flashback -n 1 -m "$SNAPSHOT_MADE"
	[ ! -e "$NEW.partial" ] && has_snapshots 1 "$VOLUME"
	back_up
	expect '2 files differ from their source though size and time are the same; first: in the log of a run that was cut; '
	as_it_was "$PREVIOUS"
	same_tree "$D/src" "$NEW"
	remember
	back_up
	refuse expect differ
}

@test "a clock that jumps ahead and back: all are compared, and none is said to be that was not" {
	local all='recheck: 3 files (' logs=$STORE/$VOLUME/.flashback/logs
	few_files
	HOUR=$((HOUR + 8760))
	back_up
	kind_is "$all"
	HOUR=$((HOUR - 8760))
	back_up
	[ "$(grep -rF "$all" "$logs" | wc -l)" -eq 1 ]
	expect_round '0% of the files compared with their source in 0s, the others not yet'
	back_up
	[ "$(grep -rF "$all" "$logs" | wc -l)" -eq 2 ]
	expect_round '0% of the files compared with their source in 0s, the oldest comparison is about 1h old'
	refuse grep -r 'recheck: differs' "$logs"
}

@test "a host that lies in the comparison harms its own newest snapshot at most, and nothing is claimed falsely" {
	local list=.flashback/recheck.new/list harm outside
	few_files
	mkdir "$D/outside"
	echo c >"$D/outside/f"
	touch -r "$D/src/f" "$D/outside/f"
	outside=$(manifest "$D/outside")
	# Nothing at all, or too little: it is asked again.
	for harm in "''" "'a\\0'"; do
		instead_of --checksum "printf $harm >$list; exec rsync \"\$@\""
		back_up
		kind_is 'recheck: interrupted'
		kind_is 'recheck: 0 files (0) compared'
	done
	# Names of others.
	remember
	instead_of --checksum "printf '>fc........ 2 %s//\n' ../../../../../outside/f '$D/outside/f' none a/f; exec rsync \"\$@\""
	back_up
	kind_is 'recheck: interrupted'
	same_tree "$D/src" "$NEW"
	# Other bytes than there are, and what was not asked for.
	while read -r harm; do
		echo "$harm"
		remember
		flip "$D/src" f
		instead_of recheck.new/differ "rsync \"\$@\"; rc=\$?; cd .flashback/recheck.new/files && { $harm; }; exit \$rc"
		back_up
		as_it_was "$PREVIOUS"
		manifest "$D/outside" | diff - <(echo "$outside")
		[ -f "$NEW/f" ] && [ ! -L "$NEW/f" ] && [ ! -e "$NEW/none" ]
	done <<-END
	echo z >f; touch -r '$D/src/f' f
	rm f; ln -s '$D/outside/f' f
	rm f; mkdir f; cp -p '$D/src/f' f/f
	rm f; mkfifo f; cp -p '$D/src/f' none
	END
	instead_of --checksum 'exec rsync "$@"'
	back_up
	expect '1 file differs'
	same_tree "$D/src" "$NEW"
}

@test "a file that can no longer be read is reported, and is not what differs" {
	few_files
	flip "$D/src" f
	instead_of recheck.new/differ 'rsync --exclude=f "$@"
		echo "rsync: [sender] read errors mapping \"/src/f\": Input/output error (5)" >&2
		exit 23'
	back_up
	refuse expect differ
	expect 'recheck: 1 old file could not be read; first: /src/f: Input/output error (5)'
}

# deeds: what may become of a comparison, or of who asked for it.
deeds() {
	cat <<-'END'
	compare
	compare; kill -KILL $PPID
	rsync "$@" & nap; kill -KILL $PPID; wait $!; exit
	rsync "$@" & nap; kill -TERM $PPID; wait $!; exit
	rsync "$@" & nap; kill -KILL $!; wait $!; note
	kill -KILL $main; compare
	rsync "$@" | head -c 30; exit 12
	END
}

# note_round N: after run N, how far the round is said to be, and the files of the newest snapshot.
note_round() {
	{
		sed -n 2p "$STORE/$VOLUME/.flashback/recheck"
		find "$(newest "$VOLUME")" -type f -printf '%i %P\n'
	} >"$D/rounds/$1"
}

# rounds_are_true N: of N runs.  Which files are said to be compared follows from their inode numbers.
rounds_are_true() {
	python3 - "$D/rounds" "$1" <<-'END'
	import os, sys
	M = (1 << 63) - 1
	def place(ino):
	    h = ino & M
	    for factor in 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53:
	        h = (h ^ h >> 33) * factor & M
	    return h ^ h >> 33 or 1
	def compared(begun):
	    try: return set(open("%s/%d.compared" % (sys.argv[1], begun)).read().split("\0"))
	    except FileNotFoundError: return set()
	def check(files, first, upto, begun):
	    claimed = {name for ino, name in files.items() if seen[ino] <= first and place(ino) <= upto}
	    missing = claimed - compared(begun)
	    assert not missing, "run %d claims %s" % (n, missing)
	    return len(claimed)
	seen, last, first, rounds, claims = {}, None, None, 0, 0
	for n in range(1, int(sys.argv[2]) + 1):
	    lines = open("%s/%d" % (sys.argv[1], n)).read().splitlines()
	    begun, oldest, done = map(int, lines[0].split()[:3])
	    files = {int(ino): name for ino, name in (line.split(" ", 1) for line in lines[1:])}
	    for ino in files: seen.setdefault(ino, n)
	    if begun != last:
	        if last is not None: claims += check(files, first, M, last)
	        rounds, last, first = rounds + 1, begun, n
	    claims += check(files, first, done, begun)
	print("# %d rounds, %d claims" % (rounds, claims))
	assert rounds > 1 and claims > 0
	END
}

@test "interrupted at random, a round compares each file, and nothing is claimed before" {
	local n deed deeds runs=$((6 * ${FLASHBACK_SOAK:-1}))
	rounds_begin
	mapfile -t deeds < <(deeds)
	mkdir "$D/rounds"
	for n in {0..39}; do
		echo "$n" >"$D/src/$n"
	done
	cat >"$D/compare" <<-END
	note() { rc=\$?; [ \$rc -ne 0 ] || cat .flashback/recheck.new/list >>'$D/rounds/'\$round.compared; exit \$rc; }
	compare() { (rsync "\$@"; note); }
	nap() { sleep 0.0\$((RANDOM % 10))\$((RANDOM % 10)); }
	read -r _ _ _ main _ </proc/\$PPID/stat
	round=\$(sed -n '2s/ .*//p' .flashback/recheck)
	. '$D/deed'
	END
	volume 'recheck = "2h"'
	instead_of --checksum "exec bash '$D/compare' \"\$@\""
	for ((n = 1; n <= runs + 3; n++)); do
		tick
		draw deed "${deeds[@]}"
		[ "$n" -le "$runs" ] || deed=compare
		echo "${deed//compare/compare \"\$@\"}" >"$D/deed"
		run flashback -1 "$VOLUME"
		refuse grep -E 'Assertion|Sanitizer|runtime error' <<<"$output"
		wait_for nobody_works
		note_round "$n"
		draw_below deed 40
		[ "$n" -ge "$runs" ] || flip "$D/src" "$deed"
	done
	rounds_are_true "$((n - 1))"
	same_tree "$D/src" "$(newest "$VOLUME")"
}

@test "each file is compared once in a round, a share in each run, whatever is moved, changed or added between" {
	local n i count=0 files=$((10000 * (${FLASHBACK_SOAK:-1} > 1 ? 10 : 1)))
	python3 - "$D/src" "$files" <<-'END'
	import os, sys
	for i in range(int(sys.argv[2])):
	    d = "%s/%d" % (sys.argv[1], i % 100)
	    os.path.isdir(d) or os.mkdir(d)
	    with open("%s/%d" % (d, i), "w") as f: f.write("x")
	END
	volume 'recheck = "5h"'
	back_up
	instead_of --checksum "cat .flashback/recheck.new/list >>$D/compared; exec rsync \"\$@\""
	: >"$D/compared"
	for i in 1 2 3 4 5; do
		[ "$i" -ne 2 ] || { mv "$D/src/7" "$D/src/moved" && echo y >>"$D/src/8/8" && echo z >"$D/src/new"; }
		back_up
		n=$(tr -cd '\0' <"$D/compared" | wc -c)
		[ $((n - count)) -gt $((files / 5 - files / 20)) ] && [ $((n - count)) -lt $((files / 5 + files / 20)) ]
		count=$n
	done
	refuse expect differ
	tr '\0' '\n' <"$D/compared" | grep -Ev '^(7|moved)/|^8/8$|^new$' | sort >"$D/names"
	[ "$(wc -l <"$D/names")" -eq $((files - files / 100)) ]
	[ -z "$(uniq -d "$D/names")" ]
}
