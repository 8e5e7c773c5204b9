#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What is most likely a mistake in the config is said before the first run meets it.

load lib

setup() {
	begin
}

teardown() {
	finish
}

@test "--check: a source, a key that is not there; several patterns in one string" {
	touch "$D/key"
	hosts_conf <<-END
	host "here" {
	    volume "v" { source = "$D/src/" exclude = { "a,b", "*.tmp" } }
	    volume "gone" { source = "$D/sorce/" exclude = "*.o, *.a" }
	    volume "stick" { source = "$D/stick/" removable = yes }
	}
	host "far" {
	    volume "good" { source = "root@far:/home/" ssh = "ssh -p 22 -i $D/key" }
	    volume "bad" { source = "root@far:/etc/" ssh = "ssh -i$D/kye -p 22" }
	}
	END
	run flashback --check
	expect_exit 0
	expect '# here/gone: its source is not there now'
	expect '# here/gone: exclude = "*.o, *.a" is one pattern; several are a list, { "a", "b" }'
	expect '# far/bad: the key that ssh -i names is not there'
	[ "$(grep -cE '^# (here|far)/' <<<"$output")" -eq 3 ]
}

# is_refused LINE WORDS
is_refused() {
	hosts_conf <<<"host \"h\" { volume \"v\" { $1 } }"
	run flashback --check
	expect_exit 1
	expect "$2"
}

@test "what no run could use is an error of the config" {
	is_refused 'source = "root@[fe80::1]:/x"' "'fe80::1' is a link-local address, which needs its interface: fe80::1%eth0"
	is_refused 'source = "/etc" rsync_options = "--iconv=."' 'a run has no locale'
	is_refused 'source = "/etc" keep = 10' 'did you mean keep_last, keep_hourly, keep_daily'
	is_refused 'source = "h:/etc" ssh = "ssh -tt -p 22"' 'remove it'
	is_refused "source = \"/etc\" restore_to = \"$STORE/x\"" 'it is inside data_dir'
	hosts_conf <<<'host "h" { volume "v" { source = "root@[fe80::1%lo]:/x" ssh = "ssh -p 22" } }'
	run flashback --check
	expect_exit 0
}
