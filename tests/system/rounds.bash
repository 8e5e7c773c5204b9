# SPDX-License-Identifier: ISC
# A volume's life in rounds: its source changes at random, a run is made, perhaps cut, and all that
# must be true of the store afterwards is looked at.  Everything is drawn from one seed, which is printed
# when a test fails: FLASHBACK_SEED=N repeats it.  FLASHBACK_SOAK=N makes it N times longer.

CHURN=$ROOT/build/churn
CRASHAT=$ROOT/build/crashat
KNOWN=$BATS_TEST_TMPDIR/known # the manifest, inode numbers included, of each snapshot when it appeared
GONE=$BATS_TEST_TMPDIR/gone   # the same of those that have expired
VOLUME=here/v

# The call by which a finished copy becomes a snapshot, as crashat -m takes it.
SNAPSHOT_MADE='renameat2 .*\.working [^ ]*/[0-9T+-]*$'

# rounds_begin: after begin; an hour passes at every run.
rounds_begin() {
	export ASAN_OPTIONS=detect_leaks=0 # which would not work below crashat
	SEED=${FLASHBACK_SEED:-$((EPOCHSECONDS % 1000000))}
	echo "FLASHBACK_SEED=$SEED"
	RANDOM=$SEED ROUND=0 HOUR=0
	mkdir "$KNOWN" "$GONE" "$D/now.d"
	manifest "$D/src" >"$D/source"
}

# churn N: so many random changes to the source.  They may take most of it away, which is good only with
# shrink_guard = "0%"  change_guard = "0%".  change N: and what it is then is remembered.
churn() {
	ROUND=$((ROUND + 1))
	"$CHURN" $((SEED * 100000 + ROUND)) "$1" "$D/src"
}

change() {
	churn "$1"
	manifest "$D/src" >"$D/source"
}

# tick: an hour passes.
tick() {
	HOUR=$((HOUR + 1))
	export FLASHBACK_TEST_NOW=@$D/now
	echo $((1800000000 + HOUR * 3600)) >"$D/now"
}

# no_crash STATUS: nor a hang, by the exit status of a run and its words in crash.txt.  What the loader of
# programs lacked before main is no crash of ours.
no_crash() {
	local words bad='Assertion|Sanitizer|runtime error|signal (6|7|8|11)([^0-9]|$)|left behind'
	contents words "$D/crash.txt" || true
	if [[ $words =~ $bad ]]; then
		echo "$words"
		return 1
	fi
	[ "$1" -lt 124 ] || [[ $words == *'error while loading shared libraries'* ]] ||
		{ echo "crashed, or hung"; return 1; }
}

# crash ARG...: a run that crashat (tests/crashat.c, with these arguments) cuts; what it leaves is checked.
crash() {
	crash_unseen "$@"
	history_is_whole || { echo "after crashat $*"; cat "$D/crash.txt"; return 1; }
}

crash_unseen() {
	tick
	"$CRASHAT" -o "$D/steps" "$@" "${IN_BOX[@]}" "$FLASHBACK" -c "$CONF" -1 "$VOLUME" \
		>"$D/crash.txt" 2>&1 3>&- || true
	# A worker whose daemon is dead finishes what it has begun to commit.
	wait_for nobody_works
}

nobody_works() {
	local lock=$STORE/$VOLUME/.flashback/lock
	[ ! -e "$lock" ] || flock -n 9 9<"$lock"
}

# recover: the next start goes on by itself, once what the last one left behind has ended.
recover() {
	local rc until=$((SECONDS + PATIENCE))
	tick
	while
		rc=0
		flashback -1 "$VOLUME" >"$D/once.txt" 3>&- || rc=$?
		[ $rc -eq 75 ] && grep -q "another flashback or an rsync" "$D/once.txt" && [ $SECONDS -lt $until ]
	do
		sleep 0.1
	done
	if [ $rc -ne 0 ] || ! history_is_whole || ! store_is_tidy; then
		cat "$D/once.txt"
		return 1
	fi
}

# history_is_whole: every snapshot is what it was when it appeared; a new one is equal to the source.
history_is_whole() {
	local name now
	snapshots_of "$VOLUME"
	[ "${#SNAPSHOTS[@]}" -eq 0 ] || manifest -i -d "$D/now.d" "${SNAPSHOTS[@]/#/"$STORE/$VOLUME/"}" || return 1
	for name in "${SNAPSHOTS[@]}"; do
		now=$D/now.d/$name
		[ ! -e "$GONE/$name" ] || mv "$GONE/$name" "$KNOWN/" # after a power cut it may be back
		if [ -e "$KNOWN/$name" ]; then
			differ "$KNOWN/$name" "$now" "$name is not what it was" || return 1
		else
			without_inodes "$now" >"$D/now.source"
			differ "$D/source" "$D/now.source" "$name is not like its source" || return 1
			shares_files "$now" || return 1
			mv "$now" "$KNOWN/$name"
		fi
	done
	nothing_is_lost && names_are_good
}

# shares_files MANIFEST: a file that is as it was in the snapshot before has the same inode, and no other.
# Not so where it has several names and one is new: rsync sends it again.
shares_files() {
	local known=("$KNOWN"/*)
	[ ! -e "${known[-1]}" ] || awk '
	$2 !~ /^mode=10/ || / same-as=/ { next }
	{ inode = $5; $5 = ""; }
	NR == FNR { was[$0] = inode; next }
	$0 in was && was[$0] != inode { print "stored twice: " $1; bad = 1 }
	END { exit bad }' "${known[-1]}" "$1"
}

without_inodes() {
	sed 's/ inode=[0-9]*//' "$1"
}

differ() {
	same_file "$1" "$2" >"$D/differ.txt" && return
	echo "$3:"
	cut -c1-300 "$D/differ.txt"
	return 1
}

# nothing_is_lost: what is gone has expired, which happens to none of the newest three.
nothing_is_lost() {
	local i name known=("$KNOWN"/*)
	for i in "${!known[@]}"; do
		name=${known[i]##*/}
		if [ -d "$STORE/$VOLUME/$name" ] || [ ! -e "${known[i]}" ]; then
			continue
		fi
		[ "$i" -lt $((${#known[@]} - 3)) ] || { echo "$name is lost"; return 1; }
		mv "${known[i]}" "$GONE/"
	done
}

# names_are_good: nothing but snapshots and our own files, and of what was cut at most one.
names_are_good() {
	local stamp='[0-9]{4}-[0-9-]{5}T[0-9]{6}[+-][0-9]{4}(\.(working|interrupted|expired))?' name known=("$KNOWN"/*)
	for name in "$STORE/$VOLUME"/* "$STORE/$VOLUME"/.[!.]*; do
		[[ ${name##*/} =~ ^($stamp|latest|RESTORE\.txt|\.RESTORE\.txt\.[0-9a-f]{16}|\.flashback)$ ]] ||
			[ "${name##*/}" = '.[!.]*' ] || [ "${name##*/}" = '*' ] || { echo "strange: $name"; return 1; }
	done
	snapshots_of "$VOLUME" interrupted
	[ "${#SNAPSHOTS[@]}" -le 1 ] || { echo "more than one .interrupted"; return 1; }
	[ -e "$STORE/$VOLUME/latest/" ] || [ ! -e "${known[0]}" ] ||
		{ echo "latest is $(readlink "$STORE/$VOLUME/latest")"; return 1; }
}

# store_is_tidy: after a success there is only what should be.
store_is_tidy() {
	local dir=$STORE/$VOLUME newest history left
	snapshots_of "$VOLUME"
	newest=${SNAPSHOTS[-1]}
	if [ ! -h "$dir/latest" ] || [ ! "$dir/latest" -ef "$dir/$newest" ]; then
		echo "latest is not $newest"
		return 1
	fi
	[ -s "$dir/RESTORE.txt" ] || { echo "no RESTORE.txt"; return 1; }
	contents history "$dir/.flashback/history" || true
	[[ $history == *"$newest"* ]] || { echo "not in the history"; return 1; }
	for left in "$dir"/*.{working,interrupted,expired} "$dir"/.*.* "$dir"/.flashback/{.*.*,quick.*}; do
		case $left in
		*/. | */..) ;;
		*) [ ! -e "$left" ] || { echo "left over: $left"; return 1; } ;;
		esac
	done
}

# draw VAR WORD...: one of them.  draw_below VAR N: a number.  (Not in a subshell, whose luck is its own.)
draw() {
	printf -v "$1" %s "${@:2 + RANDOM % ($# - 1):1}"
}

draw_below() {
	printf -v "$1" %d $(((RANDOM * 32768 + RANDOM) % $2))
}

# shuffle N: the numbers from 1 to N in random order, in SHUFFLED.
shuffle() {
	local n other
	SHUFFLED=()
	for ((n = 0; n < $1; n++)); do
		draw_below other $((n + 1))
		SHUFFLED[n]=${SHUFFLED[other]:-}
		SHUFFLED[other]=$((n + 1))
	done
}

# cuts N: N of these were made; said also when all is well, for how many there were depends on the machine.
cuts() {
	echo "# $1 cuts, seed $SEED" >&3
}
