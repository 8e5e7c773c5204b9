# SPDX-License-Identifier: ISC
# Runs of one volume, here/v, quick or full, and what they must have made.
# shellcheck disable=SC2119,SC2120 # the arguments may be left out

setup() {
	needs_root
	begin
	SOURCE=$D/src/
	box_start
	volume
}

teardown() {
	finish
}

# volume [LINE...]: here/v backs up $SOURCE.
volume() {
	hosts_conf <<-END
	host "here" { volume "v" {
	    source = "$SOURCE"  ssh = "$SSH"  probe = none  shrink_guard = "0%"  change_guard = "0%"
	    $(printf '%s\n' "$@")
	} }
	END
}

# poor_daemon [LINE...]: here/v backs up a source of an rsync daemon that cannot read all of it.
poor_daemon() {
	host_start 1
	rsyncd_start 1 "$D/src"
	sed -i 's/^uid = 0/uid = nobody/; s/^gid = 0/gid = nogroup/' "$D/rsyncd1/config"
	chmod o+x "$D" "$(dirname "$D")"
	SOURCE=rsync://10.77.1.2/data/
	volume "$@"
}

# run_log: of the newest run.  kind_is WORDS: what it says about the kind of that run.
run_log() {
	local logs=("$STORE/$VOLUME/.flashback/logs"/*)
	printf '%s\n' "${logs[-1]}"
}

kind_is() {
	grep -qF "$1" "$(run_log)" || { echo "wanted: $1"; cat "$(run_log)"; return 1; }
}

QUICK='flashback: quick run'

# back_up [STATUS]: an hour later; NEW is the newest snapshot, complete or partial, PREVIOUS the one before.
back_up() {
	tick
	PREVIOUS=${NEW:-}
	run flashback -1 "$VOLUME"
	expect_exit "${1:-0}"
	NEW=$STORE/$VOLUME/$({ snapshots "$VOLUME"; snapshots "$VOLUME" partial; } | sort | tail -n 1)
}

# same_as_full [OPTION...]: NEW is what a full run, with these options besides, would have made after PREVIOUS, which is
# as it was.
same_as_full() {
	local rc=0
	manifest -i "$PREVIOUS" | diff - "$D/previous" || { echo "$PREVIOUS was changed"; return 1; }
	rm -rf "$D/full"
	mkdir "$D/full"
	"${IN_BOX[@]}" rsync -aHAX --sparse --numeric-ids -x --modify-window=-1 --link-dest="$PREVIOUS" ${RSH:+-e "$RSH"} \
		"$@" "$SOURCE" "$D/full/" >"$D/full.txt" 2>&1 || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 23 ] || { cat "$D/full.txt"; return 1; }
	same_tree "$D/full" "$NEW" || return 1
	diff <(shared "$D/full") <(shared "$NEW") || { echo "other files are shared"; return 1; }
}

# shared TREE: what it has in common with PREVIOUS, by name and inode.
shared() {
	comm -z -12 <(inodes "$PREVIOUS") <(inodes "$1") | tr '\0' '\n'
}

inodes() {
	(cd "$1" && find . ! -type d -printf '%p %i\0' | sort -z)
}

# remember: what same_as_full will compare with.
remember() {
	manifest -i "$NEW" >"$D/previous"
}

# two_days: a first snapshot, and the next one after what the caller has changed.
first_day() {
	make_tree "$D/src"
	back_up
	remember
}

next_day() {
	back_up "${1:-0}"
	kind_is "$QUICK"
	same_as_full
	remember
}

# instead_of WORDS COMMANDS: what an rsync with such arguments is.
instead_of() {
	cat >"$D/rsync" <<-END
	#!/bin/bash
	[[ " \$* " == *'$1'* ]] || exec rsync "\$@"
	$2
	END
	chmod 755 "$D/rsync"
	sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
}

# between WORDS...: run this between the scan and the copy.
between() {
	instead_of ' --files-from=' "{ $*; } >&2; exec rsync \"\$@\""
}
