#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# make demo is the first thing that a new user sees.

load lib

setup() {
	D=$BATS_TEST_TMPDIR
}

teardown() {
	finish
}

@test "the demo shows what it promises, comes to its end, and leaves nothing" {
	mkdir "$D/tmp"
	TMPDIR=$D/tmp run timeout 300 "$ROOT/tests/demo"
	expect_exit 0
	expect 'status=IDLE'
	expect 'succeeded after'
	[[ "$output" =~ desk/home\ .*\ (SUCCEEDED|NEXT RUN IN)\  ]]
	expect 'latest -> '
	expect 'health='
	[ -z "$(ls -A "$D/tmp")" ]
}
