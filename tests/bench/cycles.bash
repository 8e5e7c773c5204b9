# SPDX-License-Identifier: ISC
# Each program in turn makes a snapshot of the same tree and removes its oldest: the cost of it, as a ratio
# against bare rsync and rm -rf in the same round.

declare -A figures=() # a line for each round, by situation, figure and program

# everybody: the programs that are here.
everybody() {
	local program
	for program in bare flashback $OTHERS; do
		[ -n "$(absent "$program")" ] || echo "$program"
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
	figures[$1 safe $2]+="$(ms_since "$began")"$'\n'
	figures[$1 cpu $2]+=$cpu$'\n'
	figures[$1 wall $2]+=$wall$'\n'
}

# is_right PROGRAM N: it has N snapshots, the newest is like the source, and an old file is shared by all.
is_right() {
	local snapshots
	mapfile -t snapshots < <("snapshots_$1")
	if [ ${#snapshots[@]} -ne "$2" ] || ! diff -r src "${snapshots[-1]}" ||
		[ "$(stat -c %i "${snapshots[@]/%//0/99}" | sort -u | wc -l)" -ne 1 ]; then
		echo "$1 has not made what it should: ${snapshots[*]}"
		tail -c 1000 output
		return 1
	fi >&2
}

# ratio SITUATION FIGURE PROGRAM: against bare rsync, pair by pair, the median.
ratio() {
	paste <(printf %s "${figures[$1 $2 $3]}") <(printf %s "${figures[$1 $2 bare]}") |
		awk '{ print $1 / ($2 ? $2 : 1) }' | median | xargs printf '%.3f\n'
}

# show SITUATION FIGURE WHAT [LIMIT]: its row.
show() {
	local program why limit='' verdict='' cells=()
	for program in $OTHERS; do
		why=$(absent "$program")
		cells+=("${why:-$(ratio "$1" "$2" "$program")}")
	done
	program=$(ratio "$1" "$2" flashback)
	[ -z "${4-}" ] || within "$program" "$4"
	row "$3" "$(printf %s "${figures[$1 $2 bare]}" | median) ms" "$program" "$limit" "$verdict" "${cells[@]}"
}

# most_for FILES: the limit of the CPU time of a first copy, and of a cycle: 3 % more than bare rsync with 50,000
# files.  Most of what is flashback's own is the same for any number of them, so with fewer it may be as many
# milliseconds.
most_for() {
	awk -v files="$1" 'BEGIN { printf "%.3f", 1 + 0.03 * (files < 50000 ? 50000 / files : 1) }'
}

# situation NAME WHAT N [LIMIT]: its rows, once all has been looked at; LIMIT is that of the CPU.
situation() {
	local program
	for program in $(everybody); do
		is_right "$program" "$3"
	done
	show "$1" cpu "$2: CPU" "${4-}"
	show "$1" wall "$2: wall"
	show "$1" safe "$2: wall, until on the disk"
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
	situation first "first copy of $FILES files" 1 "$(most_for "$FILES")"
	for ((round = 1; round < KEEP; round++)); do # from now on one expires each time
		for program in $(everybody); do
			cycle filling "$program"
		done
	done
	for ((round = 0; round < ROUNDS; round++)); do
		for program in $(in_turn $round); do
			cycle same "$program"
		done
	done
	situation same "nothing of $FILES files changed" "$KEEP" "$(most_for "$FILES")"
	for ((round = 0; round < ROUNDS; round++)); do
		change_tree $round
		for program in $(in_turn $round); do
			cycle changed "$program"
		done
	done
	situation changed "1 % of $FILES files changed" "$KEEP"
}
