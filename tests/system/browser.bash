# SPDX-License-Identifier: ISC
# A real browser without a screen, by chromedriver.  One for a file of tests: it takes a second to start.

# browser_start: from setup_file.  Leaves the address of its session in $SESSION.
browser_start() {
	local log=$BATS_FILE_TMPDIR/chromedriver port reply
	mkdir "$BATS_FILE_TMPDIR/home" "$BATS_FILE_TMPDIR/profile"
	HOME=$BATS_FILE_TMPDIR/home chromedriver --port=0 >"$log" 2>&1 </dev/null 3>&- &
	export DRIVER=$!
	wait_for grep -q 'successfully on port' "$log" || { cat "$log"; return 1; }
	port=$(sed -nE 's/.*successfully on port ([0-9]+).*/\1/p' "$log")
	reply=$(curl -qs --max-time 120 "http://127.0.0.1:$port/session" -d '{"capabilities": {"alwaysMatch": {
	    "timeouts": {"script": 120000, "pageLoad": 120000},
	    "goog:chromeOptions": {"binary": "'"$(command -v chromium)"'", "args": ["--headless", "--no-sandbox",
	    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-breakpad",
	    "--hide-scrollbars", "--user-data-dir='"$BATS_FILE_TMPDIR/profile"'"]}}}}')
	SESSION=$(sed -nE 's/.*"sessionId": ?"([0-9a-f]+)".*/\1/p' <<<"$reply")
	[ -n "$SESSION" ] || { echo "$reply"; cat "$log"; return 1; }
	export SESSION=http://127.0.0.1:$port/session/$SESSION
}

# browser_stop: from teardown_file.
browser_stop() {
	[ -n "${DRIVER:-}" ] || return 0
	[ -z "${SESSION:-}" ] || curl -qs --max-time 120 -X DELETE "$SESSION" >/dev/null || true
	kill "$DRIVER" 2>/dev/null || true
	wait "$DRIVER" 2>/dev/null || true
}

# tab_open, tab_close: a fresh tab for each test; what it did to its clock and its window goes with it.
tab_open() {
	local reply
	reply=$(say window/new '{"type": "tab"}')
	TAB=$(sed -nE 's/.*"handle": ?"([^"]+)".*/\1/p' <<<"$reply")
	[ -n "$TAB" ] || { echo "$reply"; return 1; }
	FIRST=$(ask window | sed -nE 's/.*"value": ?"([^"]+)".*/\1/p')
	say window "{\"handle\": \"$TAB\"}" >/dev/null
}

tab_close() {
	curl -qs --max-time 120 -X DELETE "$SESSION/window" >/dev/null
	say window "{\"handle\": \"$FIRST\"}" >/dev/null
}

# say COMMAND JSON: to the browser; its whole answer.
say() {
	curl -qs --max-time 120 "$SESSION/$1" -H 'Content-Type: application/json' --data-binary @- <<<"$2"
}

# ask COMMAND: the browser; its whole answer.
ask() {
	curl -qs --max-time 120 "$SESSION/$1"
}

# json TEXT: as a string of JSON.
json() {
	local text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	echo "\"${text//[$'\t\n']/ }\""
}

# value: of an answer that is a string in base64.
value() {
	local answer
	answer=$(</dev/stdin)
	if [[ $answer != '{"value":"'*'"}' ]]; then
		echo "the browser says: $answer" >&2
		return 1
	fi
	answer=${answer#'{"value":"'}
	base64 -d <<<"${answer%'"}'}"
}

# js EXPRESSION: its value in the page, as text.
js() {
	say execute/sync "{\"args\": [], \"script\": $(json "const text = String($1);
	    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));")}" | value
}

# devtools METHOD PARAMETERS
devtools() {
	local answer
	answer=$(say goog/cdp/execute "{\"cmd\": \"$1\", \"params\": $2}")
	[[ $answer != *'"error"'* ]] || { echo "$1: $answer"; return 1; }
}

# screen WIDTH HEIGHT [dark]: what the page is shown on.
screen() {
	devtools Emulation.setDeviceMetricsOverride "{\"width\": $1, \"height\": $2, \"deviceScaleFactor\": 1, \"mobile\": false}"
	devtools Emulation.setEmulatedMedia "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"${3:-light}\"}]}"
}

# go URL: returns when the page is loaded.
go() {
	local answer
	answer=$(say url "{\"url\": \"$1\"}")
	[ "$answer" = '{"value":null}' ] || { echo "$1: $answer"; return 1; }
}

# screenshot NAME: into $SCREENSHOTS if that is set, else it is only taken.
screenshot() {
	ask screenshot | value >"$BATS_TEST_TMPDIR/$1.png"
	[ -z "${SCREENSHOTS:-}" ] || cp "$BATS_TEST_TMPDIR/$1.png" "$SCREENSHOTS"
}
