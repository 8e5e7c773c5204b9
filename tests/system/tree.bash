# SPDX-License-Identifier: ISC
# A source tree with everything in it that a careless backup loses.

# make_tree DIR: made once for all tests of a file and then copied, which takes one process instead of a hundred.
make_tree() {
	local made=$BATS_FILE_TMPDIR/tree
	[ -e "$made" ] || new_tree "$made"
	mkdir -p "$1"
	cp -a "$made/." "$1"
}

new_tree() {
	mkdir "$1"
	(
		cd "$1" || exit 1
		tree_names
		tree_links
		tree_attributes
		[ "$(id -u)" -ne 0 ] || tree_of_root
		tree_modes
		tree_times
	)
}

tree_names() {
	local name n=0
	local names=('with space' $'new\nline' '-leading' '--delete' 'a:b' 'host:path' '*?[x]' '~' '#'
		"it's" '"$(touch pwned)`touch pwned`' 'back\slash' '\#012' $'tab\there' $'bell\a\e[31m'
		' both ends ' $'latin\3711' $'\377\376' 'grün' '...' '.hidden' $'\342\200\256rtl'
		"$(printf 'x%.0s' {1..255})")
	for name in "${names[@]}"; do
		n=$((n + 1))
		printf 'content %d\n' "$n" >"./$name"
		mkdir "./dir $name" 2>/dev/null || mkdir "./dir $n"
	done
	printf 'inside\n' >$'./dir new\nline/also\nnew'
	: >empty
	mkdir -p 'deep/1/2/3/4/5/6/7/8/9' empty-dir
	printf 'deep\n' >deep/1/2/3/4/5/6/7/8/9/file
}

tree_links() {
	printf 'one inode\n' >linked
	ln linked 'linked too'
	ln linked 'dir with space/linked three'
	ln -s linked symlink
	ln -s /nowhere/at/all dangling
	ln -s $'new\nline' $'sym\nlink'
	ln -s ../../../../etc/passwd outside
	ln -s . loop
	ln symlink 'symlink too'
	mkfifo fifo
	perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un("socket")) or die'
}

tree_attributes() {
	setfattr -n user.plain -v value empty
	setfattr -n user.binary -v 0x00ff0a5c empty
	setfattr -n user.empty linked
	setfattr -n user.dir -v d empty-dir
	setfacl -m u:4711:rw-,g:4712:r-- 'with space'
	setfacl -m u:4711:rwx,d:u:4711:r-x,d:g::--- 'dir with space'
	truncate -s 2M sparse
	printf 'in the middle' | dd of=sparse bs=1 seek=999999 conv=notrunc status=none
	head -c 400000 /dev/urandom >random
}

tree_of_root() {
	mknod char-device c 1 3
	mknod block-device b 259 65537
	setfattr -n trusted.t -v t empty
	setfattr -h -n trusted.t -v t dangling
	setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 random
	printf 'theirs\n' >owned
	chown 12345:54321 owned empty-dir
	chown -h 12345:54321 dangling
	chown 0:54321 fifo
	printf 'locked\n' >mode-000
	mkdir dir-000
	printf 'behind\n' >dir-000/file
	chmod 000 mode-000 dir-000
}

tree_modes() {
	printf 'suid\n' >setuid
	printf 'sgid\n' >setgid
	chmod 4755 setuid
	chmod 2755 setgid
	mkdir sticky setgid-dir read-only-dir
	printf 'ro\n' >read-only-dir/file
	chmod 1777 sticky
	chmod 2770 setgid-dir
	chmod 400 read-only-dir/file
	chmod 555 read-only-dir
	chmod 6711 $'bell\a\e[31m'
}

tree_times() {
	touch -d '2001-02-03 04:05:06.123456789' linked
	touch -d '1970-01-01 00:00:01.000000001 UTC' empty
	touch -d '2038-01-19 03:14:08.5 UTC' random
	touch -h -d '1999-12-31 23:59:59.999999999' dangling
	touch -d '2011-11-11 11:11:11.111111111' empty-dir deep/1/2 'dir with space' read-only-dir .
}
