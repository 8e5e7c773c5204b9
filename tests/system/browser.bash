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
	    "--disable-gpu", "--in-process-gpu", "--disable-software-rasterizer", "--disable-extensions",
	    "--disable-quic", "--no-first-run", "--disable-background-networking",
	    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-breakpad",
	    "--hide-scrollbars", "--user-data-dir='"$BATS_FILE_TMPDIR/profile"'"]}}}}')
	SESSION=$(sed -nE 's/.*"sessionId": ?"([0-9a-f]+)".*/\1/p' <<<"$reply")
	[ -n "$SESSION" ] || { echo "$reply"; cat "$log"; return 1; }
	export SESSION=/session/$SESSION DRIVER_PORT=$port
}

# browser_stop: from teardown_file.
browser_stop() {
	[ -n "${DRIVER:-}" ] || return 0
	[ -z "${SESSION:-}" ] || http DELETE "$DRIVER_PORT" "$SESSION" || true
	kill "$DRIVER" 2>/dev/null || true
	wait "$DRIVER" 2>/dev/null || true
}

# tab_open, tab_close: a tab of its own for a test; what it did to its clock and its scripts goes with it.
tab_open() {
	say window/new '{"type": "tab"}'
	[[ $BODY =~ \"handle\":\ ?\"([^\"]+)\" ]] || { echo "$BODY"; return 1; }
	TAB=${BASH_REMATCH[1]}
	ask window
	[[ $BODY =~ \"value\":\ ?\"([^\"]+)\" ]] && FIRST=${BASH_REMATCH[1]}
	say window "{\"handle\": \"$TAB\"}"
}

tab_close() {
	[ -n "${TAB:-}" ] || return 0
	http DELETE "$DRIVER_PORT" "$SESSION/window"
	say window "{\"handle\": \"$FIRST\"}"
}

# say COMMAND JSON, ask COMMAND: to the browser; its whole answer is in $BODY.
say() {
	http POST "$DRIVER_PORT" "$SESSION/$1" "$2"
}

ask() {
	http GET "$DRIVER_PORT" "$SESSION/$1"
}

# script MODE TEXT: have the page run it; what it returns, or hands to done(), is in $VALUE, as text.
script() {
	local text=${2//\\/\\\\}
	text=${text//\"/\\\"}
	text=${text//[$'\t\n']/ }
	say "execute/$1" "{\"args\": [], \"script\": \"$text\"}"
	if [[ $BODY != '{"value":"'*'"}' ]]; then
		echo "the browser says: $BODY" >&2
		return 1
	fi
	text=${BODY#'{"value":"'}
	text=${text%'"}'}
	printf -v VALUE %b "${text//%/\\x}"
}

# js EXPRESSION: its value in the page, as text.
js() {
	script sync "return encodeURIComponent(String($1))"
	echo "$VALUE"
}

# devtools METHOD PARAMETERS
devtools() {
	say goog/cdp/execute "{\"cmd\": \"$1\", \"params\": $2}"
	[[ $BODY != *'"error"'* ]] || { echo "$1: $BODY"; return 1; }
}

# screen WIDTH HEIGHT [dark]: what the page is shown on.
screen() {
	devtools Emulation.setDeviceMetricsOverride "{\"width\": $1, \"height\": $2, \"deviceScaleFactor\": 1, \"mobile\": false}"
	devtools Emulation.setEmulatedMedia "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"${3:-light}\"}]}"
}

# go URL: returns when the page is loaded.
go() {
	say url "{\"url\": \"$1\"}"
	[ "$BODY" = '{"value":null}' ] || { echo "$1: $BODY"; return 1; }
}

# screenshot NAME: into $SCREENSHOTS, if that is set.
screenshot() {
	[ -n "${SCREENSHOTS:-}" ] || return 0
	ask screenshot
	BODY=${BODY#*'"value":"'}
	base64 -d <<<"${BODY%%\"*}" >"$SCREENSHOTS/$1.png"
}
