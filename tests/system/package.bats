#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# make dist and make deb; tests/fresh installs the package on a machine of its own.

load lib

export SOURCE_DATE_EPOCH=1795305601

setup_file() {
	make -s -C "$ROOT" dist BUILD="$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/make.txt" 2>&1 || { cat "$BATS_FILE_TMPDIR/make.txt"; return 1; }
}

# The tree as it would be published, unpacked in a private place.
setup() {
	D=$BATS_TEST_TMPDIR
	tarball=$(echo "$BATS_FILE_TMPDIR"/flashback-*.tar.gz)
	tar -xzf "$tarball" -C "$D"
	tree=$D/$(basename "$tarball" .tar.gz)
}

# borrow_build: a program for what is not about the compiler; what is built already need not be built again.
borrow_build() {
	[ -x "$ROOT/build/flashback" ] || skip "make first"
	mkdir "$tree/build"
	cp -rp "$ROOT/build/obj" "$ROOT/build/flags" "$ROOT/build/flashback" "$tree/build"
	find "$tree/src" "$tree/include" -exec touch -d '2001-01-01' {} +
}

quiet_make() {
	make -s -C "$tree" "$@" >"$D/make.txt" 2>&1 || { cat "$D/make.txt"; return 1; }
}

@test "make dist: all that belongs to it, and the same bytes from anywhere at any time" {
	[ ! -e "$ROOT/.git" ] || diff <(cd "$ROOT" && git ls-files | sort) <(cd "$tree" && find . -type f -printf '%P\n' | sort)
	[ ! -e "$tree/build" ]
	[ -x "$tree/tests/run" ]
	[ "$(stat -c %Y "$tree/Makefile")" = "$SOURCE_DATE_EPOCH" ]
	# Without git, without the variable, by another user, on another day.
	unset SOURCE_DATE_EPOCH
	(umask 077 && quiet_make dist BUILD="$D/again")
	cmp "$tarball" "$D/again/${tarball##*/}"
}

# Objects of the same bytes need not be made again, which would take a minute; tests/fresh does.
@test "what make dist has packed can be built, and its parts find each other" {
	diff -r "$ROOT/src" "$tree/src"
	diff -r "$ROOT/include" "$tree/include"
	cmp "$ROOT/Makefile" "$tree/Makefile"
	borrow_build
	rm "$tree/build/flashback"
	quiet_make all
	"$tree/build/flashback" --version | grep -q "$(sed -n 's/^VERSION *= *//p' "$tree/Makefile")"
	quiet_make install DESTDIR="$D/dest"
	[ -x "$D/dest/usr/local/sbin/flashback" ]
}

@test "make deb: what it holds, what it needs, what it asks of dpkg" {
	local deb
	command -v dpkg-shlibdeps >/dev/null || skip "dpkg-dev is not installed"
	borrow_build
	quiet_make deb
	deb=$(echo "$tree"/build/*.deb)
	dpkg-deb -x "$deb" "$D/root"
	dpkg-deb -e "$deb" "$D/control"
	run dpkg-deb -f "$deb" Depends Recommends
	expect libconfuse
	expect liboping0
	expect 'libc6 (>= '
	expect 'rsync (>= 3.1.3)'
	expect 'Recommends: openssh-client'
	refuse grep "@[A-Z]" "$D/control/control"
	# The config is the user's, and so is the init script; the unit is where packages have theirs.
	diff "$D/control/conffiles" - <<-END
	/etc/flashback/flashback.conf
	/etc/flashback/hosts.conf
	/etc/init.d/flashback
	END
	grep -qx 'ExecStart=/usr/sbin/flashback -c /etc/flashback/flashback.conf' \
	    "$D/root/usr/lib/systemd/system/flashback.service"
	[ ! -e "$D/root/usr/local" ]
	[ -x "$D/root/usr/sbin/flashback" ]
	refuse grep -rlE "/usr/local/(sbin/|share|lib)" "$D/root/etc" "$D/root/usr/lib" "$D/root/usr/share"
	(cd "$D/root" && md5sum -c --quiet "$D/control/md5sums")
	[ "$(dpkg-deb -c "$deb" | awk '{ print $2 }' | sort -u)" = root/root ]
	grep -q 'Permission to use' "$D/root/usr/share/doc/flashback/copyright"
	# Nothing is started when it is first installed, and nothing of the user's is removed.
	refuse grep -wE 'start|enable --now' "$D/control/postinst"
	refuse grep -E 'rm .*(/etc/flashback|/backup)' "$D/control/postrm"
	# The same bytes once more.
	mv "$deb" "$D/first.deb"
	quiet_make deb
	cmp "$D/first.deb" "$deb"
	[ ! -e "$ROOT/debian" ]
}
