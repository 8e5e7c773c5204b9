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
	read -r limit verdict < <(awk -v v="$1" -v l="$2" -v s="$SLACK" 'BEGIN {
		printf "%.10g %s\n", l * s, v <= l * s ? "good" : "TOO MUCH"
	}')
	[ "$verdict" = good ] || echo "$1" >>over
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
	local TIMEFORMAT='%3R %3U %3S' user system
	{ time "$@" >output 2>&1; } 2>spent || { tail -c 1000 output; echo "failed: $*"; return 1; } >&2
	read -r wall user system <spent
	cpu=$((10#${user/./} + 10#${system/./}))
	wall=$((10#${wall/./}))
}

# median LIST [BY]: of the numbers in LIST, or of their ratios to those in BY, pair by pair.
median() {
	awk -v list="$1" -v by="${2-}" 'BEGIN {
		split(by, w)
		n = split(list, v)
		for (i = 1; i <= n; i++) {
			x = v[i] / (w[i] + 0 ? w[i] : 1)
			for (j = i; j > 1 && v[j - 1] > x; j--)
				v[j] = v[j - 1]
			v[j] = x
		}
		print (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
	}'
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
