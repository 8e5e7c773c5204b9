# SPDX-License-Identifier: ISC
# The system calls with which each program writes metadata, for each file of the tree.

TRACED='open,openat,creat,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,rename,renameat,renameat2
unlink,unlinkat,rmdir,chmod,fchmod,fchmodat,chown,lchown,fchown,fchownat,utime,utimes,utimensat,futimesat
setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr'
KINDS='create link rename remove attribute'

declare -A counts=() # by situation, kind and program

# traced SITUATION PROGRAM: its next snapshot, and what it called.  A file a process, so that no line is cut.
traced() {
	local command kind n
	next_command "$2"
	rm -rf trace
	mkdir trace
	cost strace -ff -qq -z --seccomp-bpf -e signal=none -e "trace=?${TRACED//[,$'\n']/,?}" -o trace/t \
	    sh -c "$command"
	while read -r kind n; do
		counts[$1 $kind $2]=$n
	done < <(kinds trace/t.*)
}

# kinds FILE...: the lines of strace, counted by kind.
kinds() {
	awk -F '(' '
	/^(open|openat|creat)\(/ && !/^creat|O_CREAT/ { next }
	/^(open|creat|mk|symlink)/ { n["create"]++ }
	/^link/ { n["link"]++ }
	/^rename/ { n["rename"]++ }
	/^(unlink|rmdir)/ { n["remove"]++ }
	/^(l|f)?(ch|utime|set|remove)/ || /^futimes/ { n["attribute"]++ }
	END { for (kind in n) print kind, n[kind] }' "$@"
}

# show_calls SITUATION WHAT [LIMIT]: a row for each kind that anybody called, and the sum, with its limit.
show_calls() {
	local kind program why cells n sum limit='' verdict=
	for kind in $KINDS all; do
		cells=() sum=0
		for program in bare flashback $OTHERS; do
			if absent "$program"; then
				cells+=("$why")
				continue
			fi
			n=${counts[$1 $kind $program]-0}
			counts[$1 all $program]=$((${counts[$1 all $program]-0} + n))
			sum=$((sum + n)) n=$(((n * 100 + CALL_FILES / 2) / CALL_FILES)) # hundredths of a call a file
			printf -v n '%d.%02d' $((n / 100)) $((n % 100))
			cells+=("$n")
		done
		[ "$kind" != all ] || [ -z "${3-}" ] || within "${cells[1]}" "$3"
		[ "$sum" -eq 0 ] || row "$2: $kind" "${cells[@]:0:2}" "$limit" "$verdict" "${cells[@]:2}"
	done
}

bench_calls() {
	local program n
	private_etc
	make_tree "$CALL_FILES"
	for program in $(everybody); do
		anew "$program"
		traced first "$program"
		for ((n = 1; n <= KEEP; n++)); do
			next_command "$program"
			cost sh -c "$command"
		done
		traced same "$program"
	done
	change_tree 1
	for program in $(everybody); do
		traced changed "$program"
		is_right "$program" "$KEEP"
	done
	row "metadata calls a file of $CALL_FILES"
	show_calls first 'first copy'
	show_calls same 'nothing changed' "$(awk -v files="$CALL_FILES" 'BEGIN { print 200 / files }')"
	show_calls changed '1 % changed'
}
