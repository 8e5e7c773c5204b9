# SPDX-License-Identifier: ISC
# Runs of one volume, here/v, quick or full, and what they must have made.
# shellcheck disable=SC2119,SC2120 # the arguments may be left out

setup() {
	needs_root
	begin
	SOURCE=$D/src/
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
	local logs=("$STORE/$VOLUME/.flashback/logs"/*) words
	contents words "${logs[-1]}" || true
	[[ $words == *"$1"* ]] || { echo "wanted: $1"; cat "${logs[-1]}"; return 1; }
}

QUICK='flashback: quick run'

# back_up [STATUS]: an hour later; NEW is the newest snapshot, complete or partial, PREVIOUS the one before.
back_up() {
	tick
	PREVIOUS=${NEW:-}
	run flashback -1 "$VOLUME"
	expect_exit "${1:-0}"
	snapshots_of "$VOLUME" partial
	NEW=${SNAPSHOTS[*]: -1}
	snapshots_of "$VOLUME"
	[[ $NEW > ${SNAPSHOTS[*]: -1} ]] || NEW=${SNAPSHOTS[*]: -1}
	NEW=$STORE/$VOLUME/$NEW
}

# remember: what as_it_was and same_as_full will compare with: the manifest of NEW.
remember() {
	REMEMBERED=$D/manifest.$HOUR
	manifest -i "$NEW" >"$REMEMBERED"
}

# as_it_was TREE: what was remembered was of this one, and nothing in it was changed.
as_it_was() {
	manifest -i "$1" >"$D/manifest.now"
	same_file "$REMEMBERED" "$D/manifest.now" || { echo "$1 was changed"; return 1; }
}

# same_as_full [OPTION...]: NEW is what a full run, with these options besides, would have made after PREVIOUS, which is
# as it was.  NEW is remembered.
same_as_full() {
	local rc=0 before=$REMEMBERED full=$D/full.$HOUR
	as_it_was "$PREVIOUS" || return 1
	"${IN_BOX[@]}" rsync -aHAX --sparse --numeric-ids -x --modify-window=-1 --link-dest="$PREVIOUS" ${RSH:+-e "$RSH"} \
		"$@" "$SOURCE" "$full/" >"$D/full.txt" 2>&1 || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 23 ] || { cat "$D/full.txt"; return 1; }
	manifest -i "$full" >"$full.manifest"
	remember
	alike "$before" "$full.manifest" "$REMEMBERED"
}

# alike PREVIOUS FULL NEW: by their manifests: the two last have the same names with the same attributes, and share the
# same files with the first.
alike() {
	awk '
	FNR == 1 { file++ }
	{ name = $1; inode = $2 ~ /^mode=4....$/ ? "" : $5; $5 = "" }
	file == 1 { was[name] = inode; next }
	{ $5 = inode != "" && was[name] == inode ? "shared" : "" }
	file == 2 { full[name] = $0; next }
	full[name] != $0 { print "full: " full[name] "\nnow:  " $0; bad = 1 }
	{ delete full[name] }
	END {
		for (name in full) {
			print "gone: " full[name]
			bad = 1
		}
		exit bad || file != 3
	}' "$@"
}

# inodes TREE: by name.
inodes() {
	(cd "$1" && find . ! -type d -printf '%p %i\0' | sort -z)
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
}

# instead_of WORDS COMMANDS: what an rsync with such arguments is.
instead_of() {
	printf '%s\n' '#!/bin/bash' "[[ \" \$* \" == *'$1'* ]] || exec rsync \"\$@\"" "$2" >"$D/rsync"
	[ -x "$D/rsync" ] || chmod 755 "$D/rsync"
	line_of "$CONF" "rsync = \"$D/rsync\"" || sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
}

# between WORDS...: run this between the scan and the copy.
between() {
	instead_of ' --files-from=' "{ $*; } >&2; exec rsync \"\$@\""
}
