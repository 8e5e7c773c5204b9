# SPDX-License-Identifier: ISC
# The programs that are compared: each makes snapshots of src that share what did not change, and keeps KEEP.
# Each is set up as its manual says, with the same rsync, and told to keep the same attributes.
#   begin_X       makes its config and an empty store in the directory X
#   command_X N   what makes the N-th snapshot and removes the oldest, for sh
#   snapshots_X   its snapshots, the oldest first

KEEP=2
VAULT=flashback-bench

# absent PROGRAM: true if it cannot be had, with the reason in $why.
absent() {
	why=''
	case $1 in
	bare | flashback) ;;
	*) command -v "${1%_*}" >/dev/null || why='not installed' ;;
	esac
	[ "$1" != dirvish ] || [ "$EUID" -eq 0 ] || why='needs root'
	[ -n "$why" ]
}

begin_flashback() {
	(cd flashback && flashback_with "$D/flashback/store")
}

# flashback_with DATA_DIR: its config here, its store there.
flashback_with() {
	main_conf "$1" $KEEP
	echo "host \"h\" { volume \"v\" { source = \"$D/src/\" } }" >hosts.conf
	flashback -c flashback.conf --init --force >/dev/null
}

command_flashback() {
	echo "flashback -1 -c flashback/flashback.conf h/v"
}

snapshots_flashback() {
	printf '%s\n' flashback/store/h/v/[0-9]*
}

# bare_rsync CONFIG VOLUME DIRECTORY: rsync with the arguments that flashback gives it, as its dry run says, but
# for the source and the target, for work in DIRECTORY.
bare_rsync() {
	flashback -n -c "$1" "$2" |
		sed -n "s|--confine-root=[^ ]*|--confine-root=$3|; s|.* && \(.*rsync .*\) -- .*|\1|p"
}

# A directory as deep as flashback's: rsync 3.5.0 opens each directory on the way to each old file.
begin_bare() {
	mkdir -p like bare/store/h/v
	bare=$(cd like && flashback_with "$D/like/store" && bare_rsync flashback.conf h/v "$D/bare/store/h/v")
	rm -rf like
}

command_bare() {
	local link=
	[ "$1" -eq 1 ] || link=--link-dest=$D/bare/store/h/v/$(($1 - 1))
	echo "cd bare/store/h/v && mkdir $1 && $bare $link -- $D/src/ $1/ >/dev/null && rm -rf ./$(($1 - KEEP))"
}

snapshots_bare() {
	printf '%s\n' bare/store/h/v/* | sort -V
}

# begin_rsnapshot DIRECTORY LINK_DEST: by default it copies its newest snapshot by cp -al, and has rsync work
# in that.  Its config wants tabs.
begin_rsnapshot() {
	sed 's/  */\t/; s/ localhost/\tlocalhost/; s/ 2$/\t2/' >"$1/conf" <<-END
	config_version 1.2
	snapshot_root $D/$1/root/
	cmd_cp $(command -v cp)
	cmd_rm $(command -v rm)
	cmd_rsync $(command -v rsync)
	retain alpha $KEEP
	verbose 2
	loglevel 3
	logfile $D/$1/log
	lockfile $D/$1/lock
	rsync_short_args -aHAXS
	rsync_long_args --delete --numeric-ids --relative --delete-excluded
	one_fs 1
	link_dest $2
	backup $D/src/ localhost/
	END
}

begin_rsnapshot_cp() {
	begin_rsnapshot rsnapshot_cp 0
}

begin_rsnapshot_ld() {
	begin_rsnapshot rsnapshot_ld 1
}

command_rsnapshot_cp() {
	echo "rsnapshot -c rsnapshot_cp/conf alpha"
}

command_rsnapshot_ld() {
	echo "rsnapshot -c rsnapshot_ld/conf alpha"
}

snapshots_rsnapshot_cp() {
	find rsnapshot_cp/root -mindepth 1 -maxdepth 1 | sort -rV | sed "s|\$|/localhost$D/src|"
}

snapshots_rsnapshot_ld() {
	find rsnapshot_ld/root -mindepth 1 -maxdepth 1 | sort -rV | sed "s|\$|/localhost$D/src|"
}

# Without its --compress and --fuzzy, which only cost time here.  It keeps by age in days, or asks a script.
begin_rsbackup() {
	mkdir -m 700 rsbackup/store rsbackup/logs
	echo bench >rsbackup/store/device-id
	cat >rsbackup/prune <<-END
	#!/bin/sh
	set -- \$PRUNE_ONDEVICE
	while [ \$# -gt $KEEP ]; do
		echo "\$1:old"
		shift
	done
	END
	chmod +x rsbackup/prune
	cat >rsbackup/config <<-END
	store --no-mounted $D/rsbackup/store
	device bench
	public true
	logs $D/rsbackup/logs
	lock $D/rsbackup/lock
	rsync-base-options --archive --sparse --numeric-ids --hard-links --delete --stats
	rsync-extra-options --xattrs --acls
	backup-policy always
	prune-policy $D/rsbackup/prune
	host h
	  hostname localhost
	  volume v $D/src
	END
}

command_rsbackup() {
	echo "rsbackup -c rsbackup/config --backup --prune"
}

snapshots_rsbackup() {
	find rsbackup/store/h/v -mindepth 1 -maxdepth 1 | sort
}

# It reads /etc/dirvish, which is the directory dirvish.etc here; see private_etc.
begin_dirvish() {
	mkdir -p dirvish/$VAULT/dirvish
	tomorrow=$((EPOCHSECONDS + 86400))
	printf 'bank:\n\t%s\n' "$D/dirvish" >dirvish.etc/master.conf
	cat >dirvish/$VAULT/dirvish/default.conf <<-END
	client: localhost
	tree: $D/src
	xdev: 1
	sparse: 1
	rsync-option:
		-AX
	END
}

private_etc() {
	! absent dirvish || return 0
	mkdir -p dirvish.etc
	mount --bind dirvish.etc /etc/dirvish
}

# The N-th expires in N seconds, and it is that time, less those that are kept; all of it a day from now.
command_dirvish() {
	local expire now
	expire=$(date -d "@$((tomorrow + $1))" '+%F %T')
	now=$(date -d "@$((tomorrow + $1 - KEEP))" '+%F %T')
	echo "dirvish --vault $VAULT --image $1 --expire '$expire' $([ "$1" -gt 1 ] || echo --init) &&
	    dirvish-expire --quiet --vault $VAULT --time '$now'"
}

snapshots_dirvish() {
	find dirvish/$VAULT -mindepth 1 -maxdepth 1 -name '[0-9]*' | sort -V | sed 's|$|/tree|'
}
