#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The worst day: the commands in RESTORE.txt, as they stand, bring everything back.

load lib
load tree
load net

setup() {
	begin
	cd "$D" || return
}

teardown() {
	finish
}

# small_source DIR: what the examples in RESTORE.txt are about.  make_source DIR: the same in a tree with everything in it.
small_source() {
	mkdir -p "$1/Documents"
	echo dear >"$1/Documents/letter.odt"
	touch -d '2001-02-03 04:05:06.789' "$1/Documents/letter.odt" "$1/Documents" "$1"
}

make_source() {
	make_tree "$1"
	small_source "$1"
}

# empty DIR: the disk of that host was lost.
empty() {
	shopt -s dotglob
	rm -rf -- "${1:?}"/*
	shopt -u dotglob
}

# run_lines VOLUME REGEX: the commands of RESTORE.txt that fit it, each as it stands, where flashback runs.
run_lines() {
	local line lines n=0
	mapfile -t lines <"$STORE/$1/RESTORE.txt"
	for line in "${lines[@]}"; do
		[[ $line =~ ^"    "$2 ]] || continue
		n=$((n + 1))
		"${IN_BOX[@]}" sh -c "$line" >>"$D/restore.txt" 2>&1 </dev/null ||
			{ echo "$line"; cat "$D/restore.txt"; return 1; }
	done
	[ "$n" -gt 0 ]
}

# Of rsync's commands, those that restore all, not a part of it.
WHOLE='rsync -v .*=-1 .[^R]'

# everything_comes_back VOLUME SOURCE: by each of the ways that RESTORE.txt has.
everything_comes_back() {
	local last='' line
	manifest "$2" >"$D/before"
	run_lines "$1" 'ls '
	run_lines "$1" 'du '
	empty "$2"
	run_lines "$1" "${WHOLE/-v/-n -v}"
	[ -z "$(ls -A "$2")" ]
	while IFS= read -r line; do
		[[ $last != '    rsync -n -v '* ]] || [ "${last/ -n/}" = "$line" ]
		last=$line
	done <"$STORE/$1/RESTORE.txt"
	run_lines "$1" 'rsync -v .* -R '
	[ "$(ls -A "$2")" = Documents ]
	[ "$(<"$2/Documents/letter.odt")" = dear ]
	run_lines "$1" "$WHOLE"
	is_as_before "$2"
	is_as_before "$D/restored"
	compares "$1" "$2"
}

# is_as_before DIR: by the manifest that was taken before.
is_as_before() {
	manifest "$1" >"$D/after"
	same_file "$D/before" "$D/after"
}

# compares VOLUME SOURCE: the comparison of a restore with the source prints nothing, and then what differs.
compares() {
	local letter=Documents/letter.odt
	: >"$D/restore.txt"
	run_lines "$1" 'rsync -n -i -c '
	same_file "$D/restore.txt" /dev/null
	echo dead >"$D/restored/$letter"
	touch -r "$2/$letter" "$D/restored/$letter"
	: >"$D/restored/more"
	run_lines "$1" 'rsync -n -i -c '
	grep -v '^\.' "$D/restore.txt" | diff <(printf '%s\n' '*deleting   more' ">fc........ $letter") -
}

@test "RESTORE.txt of a local source" {
	make_source "$D/src"
	flashback -1 here/v
	everything_comes_back here/v "$D/src"
}

@test "RESTORE.txt of a host, over a real sshd, with a path that a shell would take apart" {
	needs_root
	box_start
	host_start 1
	sshd_start 1
	make_source "$D/it's \$HOME; src"
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:$D/it's \$HOME; src"  ssh = "$SSH" } }
	END
	flashback -1 h/v
	everything_comes_back h/v "$D/it's \$HOME; src"
}

@test "RESTORE.txt where the key is restricted to a directory: no line runs before it is known where files go" {
	needs_root
	local line n=0
	box_start
	host_start 1
	sshd_start 1
	sed -i "1s|^|command=\"$(command -v rrsync) -ro $D/src\",restrict |" "$D/sshd1/authorized_keys"
	make_source "$D/src"
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:/"  ssh = "$SSH" } }
	END
	run flashback --check
	expect '# h/v: the source is / of 10.77.1.2'
	expect 'such as restore_to = "root@10.77.1.2:/home/"'
	flashback -1 h/v
	has_snapshots 1 h/v
	while IFS= read -r line; do
		n=$((n + 1))
		refuse sh -c "$line" 2>/dev/null
		refuse bash -c "$line" 2>/dev/null
	done < <(grep -E '^    rsync .*<root@10.77.1.2:/PATH/>$' "$STORE/h/v/RESTORE.txt")
	[ "$n" -eq 6 ]
	[ "$(grep -c '^    rsync' "$STORE/h/v/RESTORE.txt")" -eq 10 ]
	# The key that may only read serves to compare.
	[ "$(grep -F -e "-i $D/id" "$STORE/h/v/RESTORE.txt")" = "$(grep 'rsync -n -i -c ' "$STORE/h/v/RESTORE.txt")" ]
	run_lines h/v "$WHOLE.* ./restored/"
	manifest "$D/src" >"$D/before"
	is_as_before "$D/restored"

	# With it, and a key that may write.
	ssh-keygen -q -t ed25519 -N '' -f "$D/writing"
	cat "$D/writing.pub" >>"$D/sshd1/authorized_keys"
	sed -i "s|ssh = |restore_to = \"root@10.77.1.2:$D/src\" ssh = |" "$D/hosts.conf"
	run flashback --check -v
	expect "restore_to      = \"root@10.77.1.2:$D/src/\""
	refuse expect '# h/v: the source is /'
	next_second
	flashback -1 h/v
	sed -i "/ -i -c /!s|-e 'ssh |-e 'ssh -i $D/writing |" "$STORE/h/v/RESTORE.txt"
	empty "$D/src"
	run_lines h/v "$WHOLE"
	is_as_before "$D/src"
	compares h/v "$D/src"
}

@test "RESTORE.txt of an rsync daemon that may only be read, and of one that may be written" {
	needs_root
	box_start
	host_start 1
	rsyncd_start 1 "$D/src"
	make_source "$D/src"
	hosts_conf <<-END
	host "h" { volume "v" { source = "rsync://10.77.1.2/data/" } }
	END
	flashback -1 h/v
	manifest "$D/src" >"$D/before"
	empty "$D/src"
	run run_lines h/v 'rsync -v .* rsync:'
	[ "$status" -ne 0 ]
	[ -z "$(ls -A "$D/src")" ]
	run_lines h/v 'rsync -v .* ./restored/'
	is_as_before "$D/restored"
	cp -a "$D/restored/." "$D/src"
	compares h/v "$D/src"
	sed -i 's/read only = yes/read only = no/; s/chroot = no/chroot = yes/' "$D/rsyncd1/config"
	run_lines h/v 'rsync -v .* rsync:'
	is_as_before "$D/src"
}

@test "what RESTORE.txt adds to --delete spares what never was backed up" {
	small_source "$D/src"
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  exclude = { ".cache", "*.tmp" }
	                           rsync_options = { "--filter=- /held back/", "--max-size=30M" } } }
	END
	mkdir "$D/src/.cache" "$D/src/held back"
	echo x | tee "$D/src/.cache/f" "$D/src/held back/f" >"$D/src/f.tmp"
	flashback -1 here/v
	run_lines here/v "$WHOLE.* ./restored/"
	compares here/v "$D/src"
	echo x >"$D/src/new"
	local add command
	add=$(grep '^--delete' "$STORE/here/v/RESTORE.txt")
	command=$(grep '^    rsync -v .*latest/ .*src/$' "$STORE/here/v/RESTORE.txt")
	sh -c "${command/rsync/rsync $add}"
	grep -q '^What --max-size=30M leaves out is removed all the same' "$STORE/here/v/RESTORE.txt"
	[ ! -e "$D/src/new" ]
	[ -e "$D/src/.cache/f" ]
	[ -e "$D/src/f.tmp" ]
	[ -e "$D/src/held back/f" ]
}

@test "an older version of one file, its name put in the place of latest" {
	hosts_conf <<-END
	host "here" { volume "v" { source = "$D/src/"  keep_last = 3 } }
	END
	small_source "$D/src"
	flashback -1 here/v
	echo 'never mind' >"$D/src/Documents/letter.odt"
	next_second
	flashback -1 here/v
	run_lines here/v 'ls -l .*letter'
	[ "$(grep -c letter.odt "$D/restore.txt")" -eq 3 ] # by the name latest, too
	sed -i "s/latest/$(snapshots here/v | head -n 1)/" "$STORE/here/v/RESTORE.txt"
	run_lines here/v 'rsync -v .*letter.odt .*src/$'
	[ "$(cat "$D/src/Documents/letter.odt")" = dear ]
}

@test "a store that was copied with its links followed: \`latest\` is a directory; said, and RESTORE.txt does without" {
	local old words
	small_source "$D/src"
	flashback -1 here/v
	old=$(snapshots here/v)
	rm "$STORE/here/v/latest"
	cp -a "$STORE/here/v/$old" "$STORE/here/v/latest"
	next_second
	echo new >"$D/src/f"
	run flashback -1 here/v
	expect_exit 0
	refuse grep -q latest "$STORE/here/v/RESTORE.txt"
	manifest "$D/src" >"$D/before"
	empty "$D/src"
	run_lines here/v 'rsync -v '
	is_as_before "$D/src"
	is_as_before "$D/restored"
	grep -qx new "$D/src/f"
	start_daemon
	wait_for status_is health WARNING
	words=$(status reason)
	[[ "$words" == *'here/v: latest in its directory is not what flashback made'* ]]
	sh -c "cd ${words##*: cd }"
	[ -d "$STORE/here/v/latest.old" ]
	kill -USR1 "$DAEMON"
	wait_for status_is health OK
	[ "$(readlink "$STORE/here/v/latest")" = "$(snapshots here/v | tail -n 1)" ]
}

# line WORDS: the command of RESTORE.txt with these words, about the older of two snapshots.
line() {
	sed -n "/^    .*$1/{s/^    //; s/YYYY-MM-DDThhmmss+zzzz/$OLDER/; p}" "$STORE/here/v/RESTORE.txt"
}

@test "RESTORE.txt: an example that is there, what has changed, and what removing a snapshot frees" {
	mkdir "$D/src/ann"
	seq 10000 >"$D/src/ann/todo"
	flashback -1 here/v
	OLDER=$(snapshots here/v)
	echo "done" >"$D/src/ann/todo"
	next_second
	flashback -1 here/v
	grep -q 'latest/./ann/todo ' "$STORE/here/v/RESTORE.txt"
	run sh -c "$(line 'diff')"
	expect_exit 1
	[ "$output" = "Files $OLDER/ann/todo and latest/ann/todo differ" ]
	run sh -eu -c "$(line 'find')"
	[ "$output" -eq $((512 * $(stat -c %b "$STORE/here/v/$OLDER/ann/todo"))) ]
	sh -eu -c "$(line 'rm -rf')"
	has_snapshots 1 here/v
}
