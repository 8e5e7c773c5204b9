# SPDX-License-Identifier: ISC
# A daemon at rest: its memory, and what a wake costs at which nothing is due.

ticks() {
	awk '{ print $14 + $15 + $16 + $17 }' "/proc/$daemon/stat"
}

at_rest() {
	grep -qsx status=IDLE status.txt && grep -qs "NEXT RUN IN" queue.txt
}

# idle_limits VOLUMES: of the memory in KiB and of a wake in ms, where there is one.
idle_limits() {
	case $1 in
	10) memory=3072 ;;
	100) memory=4096 ;;
	1000) memory=8192 wake=10 ;;
	10000) wake=100 ;;
	esac
}

# idle_store VOLUMES: ten volumes a host, each with a snapshot of this moment.
idle_store() {
	local stamp
	stamp=$(date +%Y-%m-%dT%H%M%S%z)
	rm -rf store status.txt queue.txt
	main_conf "$D/store" 1
	awk -v volumes="$1" 'BEGIN {
		for (n = 0; n < volumes; n++) {
			if (n % 10 == 0)
				print (n ? "}\n" : "") "host \"host" n / 10 "\" {"
			print "volume \"volume" n "\" { source = \"/etc/\"  exclude = { \"*.tmp\" } }"
		}
		print "}"
	}' >hosts.conf
	flashback -c flashback.conf --init --force >/dev/null
	awk -v volumes="$1" -v stamp="$stamp" 'BEGIN {
		for (n = 0; n < volumes; n++)
			print "store/host" int(n / 10) "/volume" n "/" stamp
	}' | xargs mkdir -m 700 -p
}

bench_idle() {
	local n memory='' wake=''
	idle_limits "$1"
	idle_store "$1"
	flashback -c flashback.conf >log 2>&1 &
	daemon=$!
	for ((n = 0; n < 200; n++)); do
		! at_rest || break
		nap 0.1
	done
	at_rest
	n=$(awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status")
	judged "idle with $1 volumes: resident memory" "$n" KiB "$memory"
	before=$(ticks)
	for ((n = 0; n < WAKES; n++)); do
		kill -HUP "$daemon"
		nap 0.1
	done
	n=$(awk -v t=$(($(ticks) - before)) -v hz="$(getconf CLK_TCK)" -v n="$WAKES" \
	    'BEGIN { printf "%.1f", t * 1000 / hz / n }')
	judged "a wake with $1 volumes, none due: CPU" "$n" ms "$wake"
	kill "$daemon"
	wait "$daemon"
	daemon=''
}
