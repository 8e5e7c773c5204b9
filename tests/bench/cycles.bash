# SPDX-License-Identifier: ISC
# Each program in turn makes a snapshot of the same tree and removes its oldest: the cost of it, as a ratio
# against bare rsync and rm -rf in the same round.

declare -A figures=() # a number for each round, by situation, figure and program

# everybody: the programs that are here.
everybody() {
	local program
	for program in bare flashback $OTHERS; do
		absent "$program" || echo "$program"
	done
}

# in_turn ROUND: the same, another one first in each round.
in_turn() {
	local programs
	mapfile -t programs < <(everybody)
	echo "${programs[@]:$1 % ${#programs[@]}}" "${programs[@]:0:$1 % ${#programs[@]}}"
}

# anew PROGRAM: without snapshots.
anew() {
	rm -rf "${D:?}/$1"
	mkdir -m 700 "$1"
	"begin_$1"
	made[$1]=0
}

declare -A made=()

# next_command PROGRAM: what makes its next snapshot, in $command, as soon as that can have a name of its own.
next_command() {
	made[$1]=$((made[$1] + 1))
	command=$("command_$1" "${made[$1]}")
	case $1 in
	flashback | rsbackup) next_second ;;
	esac
}

# cycle SITUATION PROGRAM: one more snapshot; what was written is on the disk before and after.
cycle() {
	local command cpu wall began
	next_command "$2"
	sync -f .
	began=${EPOCHREALTIME/./}
	cost sh -c "$command"
	sync -f .
	figures[$1 safe $2]+=" $(((${EPOCHREALTIME/./} - began) / 1000))"
	figures[$1 cpu $2]+=" $cpu"
	figures[$1 wall $2]+=" $wall"
}

# is_right PROGRAM N: it has N snapshots, the newest is like the source, and an old file is shared by all.
is_right() {
	local snapshots tree wrong=''
	mapfile -t snapshots < <("snapshots_$1")
	for tree in "${snapshots[@]}"; do
		[ "$tree/0/99" -ef "${snapshots[0]}/0/99" ] || wrong=$tree
	done
	if [ -n "$wrong" ] || [ ${#snapshots[@]} -ne "$2" ] || ! diff -r src "${snapshots[-1]}"; then
		echo "$1 has not made what it should: ${snapshots[*]}"
		tail -c 1000 output
		return 1
	fi >&2
}

# ratio SITUATION FIGURE PROGRAM: against bare rsync, pair by pair, the median.
ratio() {
	printf '%.3f\n' "$(median "${figures[$1 $2 $3]}" "${figures[$1 $2 bare]}")"
}

# show SITUATION FIGURE WHAT [LIMIT [UNIT]]: its row.
show() {
	local program why limit='' verdict='' cells=()
	for program in $OTHERS; do
		absent "$program" || why=$(ratio "$1" "$2" "$program")
		cells+=("$why")
	done
	program=$(ratio "$1" "$2" flashback)
	[ -z "${4-}" ] || within "$program" "$4"
	row "$3" "$(median "${figures[$1 $2 bare]}") ${5-ms}" "$program" "$limit" "$verdict" "${cells[@]}"
}

# most RATIO: the limit of a figure that may be RATIO of bare rsync's with 50,000 files.  Some milliseconds of a run
# are the same for any number of them, so with fewer it may be as many milliseconds more.
most() {
	awk -v ratio="$1" -v files="$FILES" 'BEGIN { print ratio + 0.03 * (files < 50000 ? 50000 / files - 1 : 0) }'
}

# situation NAME WHAT N CPU [SAFE]: its rows, once all has been looked at; the limits of the CPU time, and of the
# time until all is on the disk.
situation() {
	local program
	for program in $(everybody); do
		is_right "$program" "$3"
	done
	show "$1" cpu "$2: CPU" "$4"
	show "$1" wall "$2: wall"
	show "$1" safe "$2: wall, until on the disk" "${5-}"
}

# looks: what rsync takes to compare the source with flashback's newest snapshot, as a program of its own.
looks() {
	local cpu wall
	cost sh -c "$bare -n -- $D/src/ flashback/store/h/v/latest/"
	figures[same cpu looks]+=" $cpu"
}

# show_looks LIMIT: how many times as much processor time a run of flashback takes.
show_looks() {
	local limit verdict times
	times=$(median "${figures[same cpu flashback]}" "${figures[same cpu looks]}")
	within "$times" "$1"
	row "nothing of $FILES files changed: CPU, of an rsync -n" "$(median "${figures[same cpu looks]}") ms" \
	    "$times" "$limit" "$verdict"
}

# fill: from now on one snapshot expires in each cycle.
fill() {
	local round program
	for ((round = 1; round <= KEEP; round++)); do
		for program in $(everybody); do
			cycle filling "$program"
		done
	done
}

bench_cycles() {
	local round program
	private_etc
	make_tree "$FILES"
	for ((round = 0; round < ROUNDS; round++)); do
		for program in $(in_turn $round); do
			anew "$program"
			cycle first "$program"
		done
	done
	situation first "first copy of $FILES files" 1 "$(most 1.03)"
	fill
	for ((round = 0; round < ROUNDS; round++)); do
		for program in $(in_turn $round); do
			cycle same "$program"
		done
		looks
	done
	situation same "nothing of $FILES files changed" "$KEEP" "$(most 0.25)" "$(most 0.30)"
	show_looks "$(most 1.35)"
	for ((round = 0; round < ROUNDS; round++)); do
		change_tree $round
		for program in $(in_turn $round); do
			cycle changed "$program"
		done
	done
	situation changed "1 % of $FILES files changed" "$KEEP" "$(most 0.35)"
}
