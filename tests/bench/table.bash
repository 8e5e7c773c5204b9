# SPDX-License-Identifier: ISC
# The table: a row for each figure, a column for each program; and what is measured.

row_format='%-60s %10s %10s %10s %-8s'

# row WHAT [BARE [FLASHBACK [LIMIT [VERDICT [OTHER...]]]]]
row() {
	local cell
	# shellcheck disable=SC2059 # a constant
	printf "$row_format" "$1" "${2-}" "${3-}" "${4-}" "${5-}"
	for cell in "${@:6}"; do
		printf ' %13s' "$cell"
	done
	echo
}

heading() {
	# shellcheck disable=SC2086 # names without blanks
	row what 'bare rsync' flashback limit '' $OTHERS
}

# within VALUE LIMIT UNIT: the cells LIMIT and VERDICT, in those variables; one that is over is counted.
within() {
	limit=$(awk -v l="$2" -v s="$SLACK" 'BEGIN { printf "%.10g", l * s }')
	verdict=good
	if awk -v v="$1" -v l="$limit" 'BEGIN { exit v <= l }'; then
		verdict='TOO MUCH'
		echo "$1" >>over
	fi
	limit+=${3:+ $3}
}

# judged WHAT VALUE UNIT [LIMIT]: a row of flashback alone.
judged() {
	local limit='' verdict=''
	[ -z "${4-}" ] || within "$2" "$4" "$3"
	row "$1" '' "$2 $3" "$limit" "$verdict"
}

# cost COMMAND...: run it; the CPU time of it and its children goes to $cpu, the time that passed to $wall, in ms.
cost() {
	local TIMEFORMAT='%R %U %S' user system
	{ time "$@" >output 2>&1; } 2>spent || { tail -c 1000 output; echo "failed: $*"; return 1; } >&2
	read -r wall user system <spent
	cpu=$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%d", (u + s) * 1000 }')
	wall=$(awk -v w="$wall" 'BEGIN { printf "%d", w * 1000 }')
}

# median: of the numbers in the lines of standard input.
median() {
	sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# ms_since MICROSECONDS
ms_since() {
	echo $(((${EPOCHREALTIME/./} - $1) / 1000))
}

# nap SECONDS: sleep(1) without a process.  Nobody writes to that pipe.
exec {NAP}<> <(:)
nap() {
	read -rt "$1" -u "$NAP" || true
}

# next_second: snapshots are named by the second.
next_second() {
	local now=$EPOCHSECONDS
	while [ "$EPOCHSECONDS" -eq "$now" ]; do nap 0.02; done
}
