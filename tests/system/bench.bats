#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# make bench on a small scale: it gives its rows, and a figure over its limit is not passed over.

load lib

setup() {
	D=$BATS_TEST_TMPDIR
	mkdir "$D/tmp"
}

teardown() {
	finish
	[ -z "$(ls -A "$D/tmp")" ]
}

# bench SLACK PART...: by flashback and bare rsync alone, as small as it can be.
bench() {
	TMPDIR=$D/tmp SLACK=$1 OTHERS='' FILES=100 ROUNDS=1 VOLUMES=10 WAKES=1 CALL_FILES=100 \
	    run "$ROOT/tests/bench/run" "${@:2}"
}

# expect_row PATTERN: an extended regular expression that one line fits, from its beginning.
expect_row() {
	grep -qE "^$1" <<<"$output" || { printf 'wanted:  %s\nbut got: %s\n' "$1" "$output"; return 1; }
}

@test "a figure over its limit is reported, and the exit status is 1" {
	bench 0 idle cycles
	expect_exit 1
	expect_row 'idle with 10 volumes: resident memory +[0-9]+ KiB +0 KiB TOO MUCH'
	expect_row 'first copy of 100 files: CPU +[0-9.]+ ms +[0-9.]+ +0 TOO MUCH'
	expect_row 'first copy of 100 files: wall, until on the disk +[0-9.]+ ms +[0-9.]+ *$'
	expect_row 'nothing of 100 files changed: CPU +[0-9.]+ ms +[0-9.]+ +0 TOO MUCH'
	expect_row '1 % of 100 files changed: wall +[0-9.]+ ms +[0-9.]+ *$'
	expect_row 'Over their limits: 6$'
}

@test "within its limits the exit status is 0" {
	needs_root
	bench 1000 silent disk calls
	expect_exit 0
	expect_row '50 silent hosts: the run of another starts after +[0-9]+ ms +3000000 ms good'
	expect_row 'cold, nothing of 100 files changed: written +[0-9]+ KiB +[0-9.]+ +[0-9]+ good'
	expect_row 'nothing changed: link +1\.00 +0\.00 *$'
	expect_row '1 % changed: all +[0-9.]+ +[0-9.]+ *$'
}
