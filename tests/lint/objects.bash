# SPDX-License-Identifier: ISC
# What the linker sees of the sources, for the lints about names.  One nm reads all objects.

# objects SOURCE...: the objects of these, to OBJECTS.  What is not built is said, and is an error.
objects() {
	local c o missing=0
	OBJECTS=()
	for c; do
		o=build/obj/${c#src/} o=${o%.c}.o
		OBJECTS+=("$o")
		[ -f "$o" ] || { echo "$o: not built"; missing=1; }
	done
	return $missing
}

# uses NAMES OBJECT...: which of the names each object asks for, a line each.
uses() {
	nm -uA "${@:2}" | awk -v names="${1//$'\n'/ }" '
		BEGIN { n = split(names, name, " "); for (i = 1; i <= n; i++) bad[name[i]] }
		{ object = $1; sub(/:.*/, "", object); sub(/@.*/, "", $NF) }
		$NF in bad { print object ": uses " $NF }'
}
