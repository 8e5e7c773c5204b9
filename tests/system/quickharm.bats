#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A quick run touches no file of a snapshot, whatever has become of its spare, and whatever a host says or sends.

load lib
load tree
load net
load rounds
load quick

# harms: what may have become of a spare ($S) since it was laid out.
harms() {
	cat <<-'END'
	rm -rf "$S" && ln -s "$D/outside" "$S"
	rm -rf "$S" && ln -s "$NEW" "$S"
	rm -rf "$S" && echo file >"$S"
	rm -rf "$S" "$S.of"
	rm -rf "$S" && cp -al "$PREVIOUS" "$S"
	rm -rf "$S/deep" "$S/f1"*
	rm -rf "$S/deep/1" && ln -s "$D/outside" "$S/deep/1"
	rm -rf "$S/deep" && ln "$S/f1" "$S/deep"
	rm "$S/f1" && mkdir "$S/f1" && echo x >"$S/f1/x"
	rm "$S/f1" && echo 2 >"$S/f1" && touch -r "$S/f2" "$S/f1"
	ln -f "$S/f2" "$S/f1"
	mkdir -p "$S/strange/deep" && echo x | tee "$S/strange/deep/f" "$S/deep/strange" >"$S/strange/f"
	chmod 777 "$S/deep" && touch "$S/deep" && chown 7:7 "$S/deep/1" && setfattr -n user.x -v x "$S"
	END
}

@test "a spare that was damaged, replaced or removed by hand does no harm" {
	local harm S=$STORE/$VOLUME/.flashback/spare
	make_tree "$D/src"
	seq 40 | while read -r n; do echo "$n" >"$D/src/f$n"; done
	mkdir "$D/outside"
	echo x | tee "$D/outside/2" "$D/outside/f1" >"$D/outside/f"
	manifest "$D/outside" >"$D/before"
	back_up
	remember
	echo 0 >"$D/src/f2"
	next_day
	while read -r harm; do
		eval "$harm"
		echo "$harm" | tee "$D/src/f2" >"$D/src/deep/new"
		echo "after $harm"
		next_day
		manifest "$D/outside" | diff "$D/before" -
	done < <(harms)
	# Between the scan and the copy: nothing is left of what was compared.
	for harm in "rm -rf '$S'" "mv '$S' '$D/away' && ln -s '$D/away' '$S'"; do
		echo "$harm" | tee "$D/src/f2" >"$D/src/deep/new"
		between "$harm"
		back_up
		kind_is 'full run: the spare tree could not be changed'
		between :
		same_as_full
	done
	# As where it could not be laid out: that is not tried before the run.
	rm -rf "$S"
	echo other >"$D/src/f2"
	back_up
	kind_is 'full run: the spare tree could not be made, or was removed'
	same_as_full
	echo last >"$D/src/f2"
	next_day
}

# lies: what a host may have rsync print in the comparison, besides what is so.
lies() {
	cat <<-'END'
	>f+++++++++ 5 ../../../../../outside/f//
	>f+++++++++ 5 /etc/passwd//
	*deleting   5 ../../../../../outside/f//
	*deleting   5 deep/../../../../../../outside///
	*deleting   2 f3//
	>f.st...... 2 f3//
	*deleting   5 .///
	*deleting   5 loop/f1//
	*deleting   5 away/f//
	>f.st...... 5 away/f//
	cd+++++++++ 5 away///
	.d..t...... 5 f1///
	>f.st...... 5 deep//
	>f.st...... 99999999999999999 f1//
	>f+++++++++ 99999999999999999999999999 f1//
	>f+++++++++ 5 a\#012b//
	>f+++++++++ 5 a\#000b//
	hf+++++++++ 5 f2// => ../../../../../outside/f
	hf+++++++++ 5 f2// => nothing
	Number of files: 99999999999
	END
}

@test "a host that lies in the comparison harms nothing but its own newest snapshot" {
	local lie n=0
	first_day_of_lies
	while read -r lie; do
		echo "$lie" >"$D/lie"
		may_fail ' --delete ' "cat '$D/lie'; exec rsync \"\$@\""
		((++n % 4)) || good_again
	done < <(lies)
}

@test "a host that sends what was not asked for harms nothing but its own newest snapshot" {
	local harm n=0
	first_day_of_lies
	while read -r harm; do
		may_fail ' --files-from=' "rsync \"\$@\"; rc=\$?; cd \"\${!#}\" && { $harm; }; exit \$rc"
		((++n % 3)) || good_again
	done <<-END
	ln -s '$D/outside' deep
	ln -s '$D/outside/f' f1
	mkdir -p away; echo evil >away/f
	mkdir -p loop/deep; echo evil >loop/f2
	mkdir -p deep/1; chmod 777 deep deep/1; echo evil >deep/1/f
	mkdir f1; echo evil >f1/f
	rm f3; ln -s '$D/outside' f3
	rm f3; mkfifo f3
	ln -f '$D/outside/f' f3
	END
}

@test "a host that sends less than it has listed: what the snapshot lacks is counted here" {
	mkdir -p "$D/src/most"
	touch "$D"/src/most/{1..200}
	sed -i 's/shrink_guard = "0%"/shrink_guard = "50%"/' "$D/hosts.conf"
	first_day_of_lies
	touch "$D/src/most" # all that is listed of it is the directory itself
	may_fail ' --files-from=' 'rsync "$@"; rm -r "${!#}/most"
		for i in {1..300}; do
			echo "rsync: [sender] send_files failed to open \"/src/$i\": Permission denied (13)" >&2
		done'
	cat "$D/lied.txt"
	grep -q 'suspect.*only [0-9]* files where [0-9]* were before' "$D/lied.txt"
	has_snapshots 1 "$VOLUME"
	has_snapshots 1 "$VOLUME" suspect
}

# first_day_of_lies: a source with links that lead out of it, and what is there.
first_day_of_lies() {
	make_tree "$D/src"
	seq 40 | while read -r n; do echo "$n" >"$D/src/f$n"; done
	mkdir "$D/outside"
	echo x | tee "$D/outside/f1" >"$D/outside/f"
	ln -s "$D/outside" "$D/src/away"
	manifest -i "$D/outside" | sed 's/ nlink=[0-9]*//' >"$D/before"
	back_up
	remember
}

# may_fail WORDS COMMANDS: an hour later, with a change, and these commands where rsync has such arguments; whatever comes
# of it, nothing else has changed.
may_fail() {
	echo "$2"
	echo "$RANDOM" >"$D/src/f3"
	instead_of "$1" ": >'$D/lied'; $2"
	tick
	flashback -1 "$VOLUME" >"$D/lied.txt" 2>&1 || true
	rm "$D/lied"
	refuse grep -E 'Sanitizer|runtime error|signal' "$D/lied.txt"
	as_it_was "$NEW"
	manifest -i "$D/outside" | sed 's/ nlink=[0-9]*//' | diff "$D/before" -
}

# good_again: the next honest run makes up for all that.
good_again() {
	instead_of ' --no-such-option ' ''
	back_up
	same_tree "$D/src" "$NEW"
	remember
}

@test "no file of a snapshot is opened for writing, nor are its attributes changed" {
	local -x ASAN_OPTIONS=detect_leaks=0 # which would not work below strace
	local name
	first_day
	echo new >"$D/src/new"
	chmod 600 "$D/src/empty"
	mkdir "$D/src/new-dir"
	echo x >"$D/src/new-dir/f"
	rm "$D/src/owned"
	tick
	strace -f --seccomp-bpf -qq -y -o "$D/trace" \
		-e trace=open,openat,creat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,utimensat,setxattr,fsetxattr,lsetxattr,removexattr,fremovexattr,lremovexattr \
		"$FLASHBACK" -c "$CONF" -1 "$VOLUME" >"$D/run.txt" 2>&1
	kind_is "$QUICK"
	# What is opened to be written, or has its attributes changed, in the volume: nothing but our own files, what
	# rsync receives, and directories of the spare.
	grep -E 'O_WRONLY|O_RDWR|O_CREAT|^[0-9]+ +(f?truncate|f?chmod|fchmodat|[fl]?chown|fchownat|utimensat|[fl]?(set|remove)xattr)' "$D/trace" |
		grep -v ' = -1 ' | grep -F "$STORE" >"$D/writes"
	[ -s "$D/writes" ]
	snapshots_of "$VOLUME"
	while read -r line; do
		for name in "${SNAPSHOTS[@]}"; do
			[[ "$line" != *"$VOLUME/$name/"* && "$line" != *"$VOLUME/$name>"* ]] ||
				{ echo "in a snapshot: $line"; return 1; }
		done
		[[ "$line" != *"/.flashback/spare"* || "$line" =~ ^[0-9]+\ +(fchmod|fchown|utimensat|fsetxattr|fremovexattr)\( ]] ||
			{ echo "in the spare: $line"; return 1; }
	done <"$D/writes"
	PREVIOUS=$STORE/$VOLUME/${SNAPSHOTS[0]}
	NEW=$STORE/$VOLUME/${SNAPSHOTS[-1]}
	# And of the spare nothing but directories.
	sed -n 's|.*([0-9]*<.*/\.flashback/spare\([^>]*\)>.*|\1|p' "$D/writes" | sort -u >"$D/dirs"
	[ -s "$D/dirs" ]
	while IFS= read -r name; do
		printf -v name '%b' "${name//\\\"/\"}"
		[ -d "$NEW$name" ] && [ ! -L "$NEW$name" ] || [ -d "$PREVIOUS$name" ] || { echo "no directory: $name"; return 1; }
	done <"$D/dirs"
	as_it_was "$PREVIOUS"
}
