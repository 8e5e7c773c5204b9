#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The config is read again at each wake: what comes, what goes, what changes, and what stays.

load lib
load net

setup() {
	begin
	echo x >"$D/src/f"
	slowly='rsync_options = { "--bwlimit=1000" }'
}

teardown() {
	finish
}

@test "volumes come, go and change; a run is left alone, and what is known is carried over" {
	head -c 4000000 /dev/urandom >"$D/src/big"
	local usb='host "usb" { address = "usb"  volume "v" { source = "'$D/usb/'"  removable = yes } }'
	mkdir "$D/small"
	echo x >"$D/small/f"
	hosts_conf <<-END
	host "a" { volume "slow" { source = "$D/src/"  $slowly } }
	host "b" { address = "b"  probe = "none"  volume "v" { source = "$D/small/" } }
	$usb
	END
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for row_has a/slow 'BACKING UP'
	wait_for has_snapshots 1 b/v
	wait_for row_has usb/v 'the source is absent since 12:00'
	# The slow one leaves, another comes, and one that is known gets another source and cycle.
	mkdir "$D/other"
	echo y >"$D/other/g"
	hosts_conf <<-END
	host "b" { address = "b"  probe = "none"
	    volume "v" { source = "$D/other/"  every = "2h" }
	    volume "w" { source = "$D/small/" } }
	$usb
	END
	set_clock '2027-03-01 12:10:00'
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 b/w
	row_has a/slow 'no longer in the config'
	row_has b/v '/ 2h'
	wait_for row_has usb/v 'the source is absent since 12:00'
	has_snapshots 1 b/v
	# Its run ends as it would have; then its row goes, and on the disk it is left alone.
	wait_for has_snapshots 1 a/slow
	wait_for settled
	same_tree "$D/src" "$(newest a/slow)"
	refuse row a/slow
	wake_at '2027-03-01 14:00:00'
	has_snapshots 2 b/v
	[ "$(cat "$(newest b/v)/g")" = y ]
	has_snapshots 1 a/slow
	# It comes back, and is known.
	hosts_conf <<-END
	host "a" { volume "slow" { source = "$D/src/" } }
	END
	wake_at '2027-03-01 14:10:00'
	row_has a/slow 'NEXT RUN IN 21:50:00'
	has_snapshots 1 a/slow
	status_is volumes.total 1
}

@test "a volume that changes while its host is probed is probed again" {
	needs_root
	silent_host
	start_daemon
	wait_for row_has h/v probing
	hosts_conf <<-END
	host "h" { volume "v" { source = "$D/src/" } }
	END
	kill -HUP "$DAEMON"
	wait_for refuse row_has h/v probing >/dev/null
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 h/v
}

@test "a volume that comes while hosts are probed is probed afterwards" {
	needs_root
	silent_host
	start_daemon
	wait_for row_has h/v probing
	echo 'host "new" { volume "v" { source = "'"$D/src/"'"  probe = "ping"  address = "10.77.1.1" } }' >>"$D/hosts.conf"
	kill -HUP "$DAEMON"
	wait_for has_snapshots 1 new/v
}

# silent_host: h/v is on a host that is down, which takes seconds to find out.
silent_host() {
	box_start
	host_start 1
	host_down 1
	hosts_conf <<-END
	host "h" { volume "v" { source = "root@10.77.1.2:/etc/"  probe = "tcp" } }
	END
}

descriptors() {
	find "/proc/$DAEMON/fd" -type l | wc -l
}

resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/$DAEMON/status"
}

# config N: one of several, some of which are broken.
config() {
	local n
	case $(($1 % 5)) in
	3) echo 'host "h" { volume "v" { sauce = "/etc/" } }' ;;
	4) echo 'host "h" { volume "v" { source = "/etc/"' ;;
	*)
		for n in {1..10}; do
			echo "host \"h$((n + $1 % 5))\" { volume \"v\" { source = \"$D/src/\"
			    exclude = { \"a\", \"b\" }  disabled = yes } }"
		done
		;;
	esac
}

# reload FIRST LAST: each as a new config, and until it has been read.  Replaced at once, as an editor would; by one
# process, for to start one each time takes longer than the reading.
reload() {
	local n
	for n in {0..4}; do
		config "$n" >"$D/config.$n"
	done
	perl -e '
		my ($dir, $daemon, $first, $last) = @ARGV;
		for my $n ($first .. $last) {
			link "$dir/config." . $n % 5, "$dir/new.conf" or die "link: $!";
			rename "$dir/new.conf", "$dir/hosts.conf" or die "rename: $!";
			unlink "$dir/new.conf"; # there still if both were the same file
			kill "HUP", $daemon or die "kill: $!";
			select undef, undef, undef, 0.001 while has_signals($daemon);
		}
		sub has_signals {
			open my $in, "<", "/proc/$_[0]/status" or die "the daemon: $!";
			return !grep { /^ShdPnd:\s0+$/ } <$in>;
		}' "$D" "$DAEMON" "$1" "$2"
}

# rsync_is VERSION STATUS: so it says, and ends with that status then; otherwise it is the real one.
rsync_is() {
	cat >"$D/rsync.new" <<-END
	#!/bin/sh
	case \$1 in --version) echo "rsync  version $1  protocol version 31"; exit $2 ;; esac
	exec $(command -v rsync) "\$@"
	END
	chmod 755 "$D/rsync.new"
	mv "$D/rsync.new" "$D/rsync"
}

@test "an rsync that is replaced while the daemon runs is looked at again" {
	local risk='this rsync is older than 3.5.0 and knows no --confine-root'
	rsync_is 3.5.0 0
	sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
	set_clock '2027-03-01 12:00:00'
	start_daemon
	wait_for settled
	status_is health OK
	rsync_is 3.2.7 0
	wake_at '2027-03-01 12:10:00'
	status_is health WARNING
	[[ "$(status reason)" == "$risk"* ]]
	rsync_is 3.5.0 1
	wake_at '2027-03-01 12:20:00'
	grep -q "$D/rsync does not work as rsync: install rsync" "$D/log"
	rsync_is 3.5.0 0
	wake_at '2027-03-02 12:30:00'
	status_is health OK
	[ "$(grep -c "$risk" "$D/log")" -eq 1 ]
}

@test "an rsync that hangs when asked for its version stops neither the loop nor the end" {
	rsync_is 3.5.0 0
	sed -i "s|^rsync .*|rsync = \"$D/rsync\"|" "$CONF"
	start_daemon
	wait_for settled
	printf '#!/bin/sh\necho $$ >"%s/hangs"\nexec sleep 1000\n' "$D" >"$D/rsync.new"
	chmod 755 "$D/rsync.new"
	mv "$D/rsync.new" "$D/rsync"
	kill -HUP "$DAEMON"
	wait_for test -s "$D/hangs"
	PIDS+=" $(<"$D/hangs")"
	echo nonsense >>"$CONF"
	kill -HUP "$DAEMON"
	wait_for grep -q "^config=$CONF:.*nonsense" "$RUN/status.txt"
	[ -n "$(alive "$(<"$D/hangs")")" ] # it is given up after ten seconds
	stop_daemon
	refuse grep -q 'could not be run' "$D/log"
	wait_for gone "$(<"$D/hangs")"
}

@test "a hundred reloads leave neither memory nor descriptors behind" {
	local before was last=$((100 * ${FLASHBACK_SOAK:-1}))
	hosts_conf < <(config 0)
	FLASHBACK=$ROOT/build/asan/flashback
	export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=1
	start_daemon
	wait_for settled
	reload 0 29
	wait_for settled
	before=$(descriptors)
	was=$(resident)
	reload 30 "$last"
	wait_for settled
	status_is config OK
	status_is volumes.total 10
	[ "$(descriptors)" -le "$before" ]
	[ $(($(resident) - was)) -lt 8000 ]
	# The leak check is at its end.
	stop_daemon
	refuse grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error' "$D/log"
	[ "$(grep -c 'config reloaded' "$D/log")" -ge $((last / 3)) ]
}

@test "volumes that leave the config are named, and so is a config without any" {
	cat >"$D/tell" <<-END
	#!/bin/sh
	echo "\$FLASHBACK_EVENT \$FLASHBACK_STATE \$FLASHBACK_REASON" >>"$D/told"
	END
	chmod 755 "$D/tell"
	main_conf "$STORE" <<-END
	notify = "$D/tell"
	END
	volumes a b c d e f g
	start_daemon
	wait_for status_is volumes.ok 7
	volumes a
	kill -HUP "$DAEMON"
	wait_for status_is health WARNING
	[[ "$(status reason)" == 'not in the config, and so not backed up: h/b, h/c, h/d, h/e, h/f and 1 more; the snapshots stay' ]]
	wait_for grep -q '^config WARNING not in the config.*h/b' "$D/told"
	# They are back: all is well.
	volumes a b c d e f g
	kill -HUP "$DAEMON"
	wait_for status_is health OK
	# A full disk, or an editor, has emptied the file.
	: >"$D/hosts.conf"
	kill -HUP "$DAEMON"
	wait_for status_is health WARNING
	[[ "$(status reason)" == *'h/a, h/b, h/c, h/d, h/e and 2 more'* ]]
	wait_for grep -q '^config WARNING .*h/a, h/b' "$D/told"
	stop_daemon

	# So it is at a start, and until they are listed, though disabled, or gone.
	volumes a b
	: >"$D/told"
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == 'not in the config, and so not backed up: h/c, h/d, h/e, h/f, h/g; the snapshots stay' ]]
	wait_for grep -q '^start WARNING not in the config.*h/c' "$D/told"
	[ "$(grep -c '^config WARNING not in the config.*h/c' "$D/told")" -eq 1 ]
	volumes a b c d e
	sed -i 's|/src/"|& disabled = yes|' "$D/hosts.conf"
	rm -r "$STORE"/h/[fg]
	kill -HUP "$DAEMON"
	wait_for status_is health OK
	stop_daemon

	rm -r "$STORE/h"
	: >"$D/hosts.conf"
	start_daemon
	wait_for status_is health WARNING
	[[ "$(status reason)" == 'no volumes are configured'* ]]
	wait_for grep -q 'WARNING no volumes are configured' "$D/told"
	stop_daemon
}

# volumes NAME...
volumes() {
	hosts_conf <<-END
	host "h" {
	    $(printf 'volume "%s" { source = "'"$D"'/src/" }\n' "$@")
	}
	END
}
