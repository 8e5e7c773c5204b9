# SPDX-License-Identifier: ISC
# Hosts, in a network without a way out: an rsync daemon at every 127.0.0.N, and whatever is sent to
# 10.88.0.0/16 is lost.

# net_start FILES
net_start() {
	ip link set lo up
	ip link add void type veth peer name drain
	ip link set drain up
	ip link set void up arp off
	ip addr add 10.88.0.1/16 dev void
	make_tree "$1"
	printf 'use chroot = no\nuid = 0\ngid = 0\n[data]\npath = %s\n' "$D/src" >rsyncd.conf
	rsync --daemon --no-detach --config=rsyncd.conf --log-file=/dev/null &
	server=$!
	until ss -ltn | grep -q ':873 '; do nap 0.05; done
	rm -rf store
	main_conf "$D/store" 1
}

# From the start of the daemon to the first run, with fifty hosts that do not answer before it.
bench_silent() {
	local n began
	net_start 1
	{
		for ((n = 1; n <= 50; n++)); do
			echo "host \"dead$n\" { volume \"v\" { source = \"root@10.88.1.$n:/etc/\" } }"
		done
		echo 'host "there" { volume "v" { source = "rsync://127.0.0.1/data/" } }'
	} >hosts.conf
	flashback -c flashback.conf --init --force >/dev/null
	began=${EPOCHREALTIME/./}
	flashback -c flashback.conf >log 2>&1 &
	daemon=$!
	until [ -d store/there/v ]; do nap 0.01; done
	judged "50 silent hosts: the run of another starts after" "$(ms_since "$began")" ms 3000
	kill "$daemon"
	wait "$daemon"
	daemon=''
}

# Eight hosts, each behind a link of 200 kB/s; by bare rsync one after the other.
bench_parallel() {
	local n parallel command cpu wall bare
	net_start "$HOST_FILES"
	for ((n = 1; n <= 8; n++)); do
		echo "host \"h$n\" { volume \"v\" { source = \"rsync://127.0.0.$n/data/\"
		    rsync_options = { \"--bwlimit=200\" } } }"
	done >hosts.conf
	flashback -c flashback.conf --init --force >/dev/null
	command=$(bare_rsync flashback.conf h1/v "$D/slow")
	mkdir slow
	cost sh -c "cd slow && for n in 1 2 3 4 5 6 7 8; do
	    mkdir \$n && $command -- rsync://127.0.0.\$n/data/ \$n/ >/dev/null || exit; done"
	bare=$wall
	for parallel in 1 2 4; do
		rm -rf store
		main_conf "$D/store" 1
		echo "parallel = $parallel" >>flashback.conf
		flashback -c flashback.conf --init --force >/dev/null
		cost flashback -1 -c flashback.conf
		row "8 hosts of $HOST_FILES files, slow, parallel $parallel: wall" "$bare ms" \
		    "$(awk -v a="$wall" -v b="$bare" 'BEGIN { printf "%.3f", a / b }')"
	done
}
