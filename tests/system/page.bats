#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# etc/index.html in a real browser, from a real web server.  SCREENSHOTS=DIR tests/run page leaves there
# what the browser showed.

load lib
load web
load browser

setup_file() {
	! has_browser || browser_start
}

teardown_file() {
	browser_stop
}

has_browser() {
	command -v chromium >/dev/null && command -v chromedriver >/dev/null
}

setup() {
	has_browser || skip "NO CHROMIUM HERE: nobody has looked at etc/index.html"
	web_begin
	cp "$ROOT/etc/index.html" "$SHARE"
	serve_with lighttpd
	screen 1400 900
}

teardown() {
	has_browser || return 0
	tab_close
	finish
}

# A quiet day, and one on which everything happens.
quiet_day() {
	volumes <<-END
	kimono/home|2026-11-21T193238+0100|43200|86400|24|44238712012|327155712|27066|NEXT RUN IN 7:31:06
	kimono/etc|2026-11-21T193238+0100|59350|604800|24|8493466|0|544398|NEXT RUN IN 6d+7:13:18
	nas/music|2026-11-19T111522+0100|273700|86400|10|871985000000|1395864371|600|NOT FOUND: host silent since 2026-11-19 11:20
	old/attic|2024-01-01T030000+0100|59616100|86400|3|1181116006|0|-|DISABLED
	END
	status_file volumes.ok=2 volumes.disabled=1
}

bad_day() {
	volumes <<-END
	old/attic|2024-01-01T030000+0100|59616100|86400|3|1181116006|0|-|DISABLED
	here/srv|2026-11-22T030000+0100|32400|86400|18|4299161|12288|10|SUCCEEDED (1:09:00)
	kimono/home|2026-11-21T193238+0100|59350|86400|24|44238712012|327155712|-|BACKING UP 43% 12.3M/s 0:07:12
	kimono/var|2026-11-21T193238+0100|59350|86400|24|1288490188|2097152|-|ROTATING: expiring old snapshots
	here/opt|2026-11-22T030000+0100|32400|86400|18|4299161|12288|-|COMPARING 41234 files
	nas/photos|2026-11-21T111522+0100|82800|86400|10|121118077747|0|50|PARTIAL: /photos/2019/Grüße: permission denied (and 3 more)
	nas/music|2026-11-21T111522+0100|90100|86400|10|871985000000|1395864371|60|SUSPECT: 12 files where there were 48,211; look at it; to accept it: cd /backup/nas/music && mv 2026-11-22T031003+0100.suspect 2026-11-22T031003+0100
	laptop/home|2026-11-20T111522+0100|176500|86400|10|94596654694|125829120|70|FAILED (0:09:00): permission denied (publickey): is the key in authorized_keys of ann@laptop.local?; again at 14:10
	digit/users|2026-08-11T111522+0200|8899300|86400|10|8697308774|0|80|NOT FOUND, OVERDUE: host silent since 2026-08-11 11:20
	here/etc|2026-11-22T030000+0100|32400|86400|18|4299161|12288|20|READY: starts when a slot is free
	here/root|2026-11-22T030000+0100|32400|86400|18|4299161|12288|30|WAITING (window): its window opens at 22:00
	new/box|-|-|86400|0|-|-|40|READY: probing the host
	END
	status_file status=BACKING_UP target=kimono/home,kimono/var health=CRITICAL wait=0 \
	    'reason=nas/music SUSPECT: 12 files where there were 48,211' volumes.ok=3 \
	    volumes.running=2 volumes.failed=1 volumes.partial=1 volumes.suspect=1 volumes.overdue=1 \
	    volumes.notfound=1 volumes.disabled=1
}

# look STATE: open the page; it must come to say that.
look() {
	go "$URL/"
	wait_for state_is "$1"
}

state_is() {
	[ "$(js 'document.body.dataset.state')" = "$1" ]
}

# again: as when somebody comes back to the page.
again() {
	js 'document.dispatchEvent(new Event("visibilitychange"))' >/dev/null
}

# text_of SELECTOR: what is to be read there; nothing if it is not there or not to be seen.
text_of() {
	js "[...document.querySelectorAll('$1')].filter(e => e.checkVisibility()).map(e => e.innerText.trim().replace(/\s+/g, ' ')).join('|')"
}

is() {
	if [ "$1" != "$2" ]; then
		printf 'wanted: %s\ngot:    %s\n' "$2" "$1"
		return 1
	fi
}

# time_flies SECONDS: for the page.
time_flies() {
	devtools Emulation.setVirtualTimePolicy "{\"policy\": \"advance\", \"budget\": ${1}000}"
}

text_has() {
	run text_of "$1"
	expect "$2"
}

# cells VOLUME: the row's, a line each.
cells() {
	js "[...document.querySelectorAll('tbody tr')].find(r => r.cells[0].textContent === '$1').cells.length &&
	    [...[...document.querySelectorAll('tbody tr')].find(r => r.cells[0].textContent === '$1').cells]
	    .map(c => c.innerText.replace(/\s+/g, ' ').trim()).join('|')"
}

# fill VOLUME CELL: how full its bar is, in percent, and of what kind.
fill() {
	js "(() => { const bar = [...document.querySelectorAll('tbody tr')]
	    .find(r => r.cells[0].textContent === '$1').querySelector('.$2 .bar');
	    return Math.round(100 * bar.firstChild.getBoundingClientRect().width / bar.getBoundingClientRect().width) +
		' ' + bar.className; })()"
}

# fits: nothing is wider than the window.
fits() {
	is "$(js '(() => { const wide = document.documentElement.clientWidth;
	    return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && !e.closest("svg, thead") &&
	    (e.getBoundingClientRect().right > wide + 1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0))
	    .map(e => e.outerHTML.slice(0, 200)).concat(document.documentElement.scrollWidth > wide ? "scrolls" : []).join() })()')" ''
}

# The lowest contrast of a text to what is behind it, after WCAG 2.
contrast() {
	js '(() => {
	    const rgb = c => { const n = c.match(/[\d.]+/g).map(Number); return c.startsWith("color(") ? n.map((v, i) => i < 3 ? v * 255 : v) : n };
	    const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	    const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
		if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
	    let worst = 99;
	    for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
		const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
		worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
	    }
	    return Math.floor(worst * 10) })()'
}

@test "a quiet day: health, facts, a row a volume" {
	quiet_day
	look OK
	is "$(text_of h1)" OK
	is "$(text_of '#reason')" 'all is well (1 of 4 volumes not found)'
	is "$(text_of '#notice')" ''
	is "$(text_of 'dt')" 'Now|Volumes|/backup'
	is "$(text_of 'dd')" 'sleeping 9 min|2 of 4 ok, 1 not found, 1 disabled|501G free of 2.0T; grows 3.1G a day: full in about 150 days'
	is "$(js 'document.title')" 'OK - flashback'
	text_has '#when' 'just now'
	is "$(cells kimono/home)" 'kimono/home|NEXT IN 7 h 31 min|12h / 1d|2026-11-21 19:32|24|41.2G|312M'
	is "$(cells kimono/etc)" 'kimono/etc|NEXT IN 6 d 7 h|16h29m / 7d|2026-11-21 19:32|24|8.1M|0'
	is "$(cells nas/music)" 'nas/music|NOT FOUND|3d4h / 1d|2026-11-19 11:15|10|812G|1.3G|host silent since 2026-11-19 11:20'
	# Those with problems first, then by the time of the next run.
	is "$(text_of 'tbody th')" 'nas/music|kimono/home|kimono/etc|old/attic'
	is "$(fill kimono/home age)" '50 bar '
	is "$(fill nas/music age)" '100 bar warn'
	is "$(js 'Math.round(100 * document.querySelector("dd .bar i").offsetWidth / document.querySelector("dd .bar").offsetWidth)')" 70
	is "$(text_of footer)" 'status.txt queue.txt flashback 1.0.0'
	# Nothing was asked for but the page and the file.
	is "$(js 'performance.getEntriesByType("resource").map(e => new URL(e.name).pathname).sort().join(" ")')" \
	    '/flashback/status.txt'
	# Who hears the page knows the bars, too.
	is "$(js 'document.querySelector("dd [role=meter]").ariaLabel + " " + document.querySelector("dd [role=meter]").ariaValueNow')" \
	    '/backup: 70 % used 70'
	is "$(js '[...document.querySelectorAll("[role=meter]")].every(e => e.ariaLabel && e.ariaValueNow)')" true
	is "$(js 'document.querySelectorAll("[role=row] > [role=cell]").length')" 25
}

@test "a bad day: each state in its colour and in words" {
	bad_day
	look CRITICAL
	is "$(text_of h1)" CRITICAL
	is "$(text_of '#reason')" 'nas/music SUSPECT: 12 files where there were 48,211'
	is "$(js 'document.getElementById("health").className')" 'health bad'
	is "$(text_of 'dd:first-of-type')" \
	    "backing up kimono/home, kimono/var|3 of 12 ok, 2 running, 1 overdue, 1 suspect, 1 failed, 1 partial, 1 not found, 1 disabled|501G free of 2.0T; grows 3.1G a day: full in about 150 days"
	is "$(js '[...document.querySelectorAll(".state")].map(e => e.className.slice(6) + ":" + e.innerText.replace(/\s+/g, " ")).join("|")')" \
	    'run:BACKING UP 43%|run:ROTATING|run:COMPARING 41234 files|off:NOT FOUND OVERDUE|warn:FAILED after 9 min|bad:SUSPECT|warn:PARTIAL|ok:SUCCEEDED in 1 h 9 min|run:READY|run:WAITING window|run:READY NO BACKUP|off:DISABLED'
	is "$(cells kimono/home)" 'kimono/home|BACKING UP 43%|16h29m / 1d|2026-11-21 19:32|24|41.2G|312M|43% done, 12.3M/s, 7 min left'
	is "$(fill kimono/home why)" '43 bar run'
	is "$(fill digit/users age)" '100 bar bad'
	is "$(fill new/box age)" '0 bar bad'
	is "$(fill old/attic age)" '100 bar '
	run cells laptop/home
	expect '|permission denied (publickey): is the key in authorized_keys of ann@laptop.local?; again at 14:10'
	run cells nas/photos
	expect '|/photos/2019/Grüße: permission denied (and 3 more)'
	is "$(cells new/box)" 'new/box|READY NO BACKUP|every 1d|never|0|||probing the host'
	is "$(js 'getComputedStyle(document.querySelector(".last .bad")).color === getComputedStyle(document.querySelector(".state .bad, .state.bad b")).color')" true
	# On a telephone two bars say what they are, and what is unknown is left out.
	screen 360 800
	is "$(cells kimono/home)" 'kimono/home|BACKING UP 43%|age 16h29m / 1d|2026-11-21 19:32 24 kept 41.2G 312M new|24|41.2G|312M|43% done, 12.3M/s, 7 min left'
	is "$(cells new/box)" 'new/box|READY NO BACKUP|every 1d|never 0 kept|0|||probing the host'
	screen 1400 900
	# The colours are really there, and differ.
	is "$(js 'new Set(["ok", "run", "warn", "bad", "off"].map(k => getComputedStyle(document.querySelector(`.state.${k} b`)).color)).size')" 5
}

@test "long names and great numbers; what is unknown is left out" {
	local long
	long=$(printf '%064d/%064d' 0 1)
	volumes <<-END
	a/b|-|-|90|-|-|-|60|READY
	$long|2026-11-21T193238+0100|106700000|31449600|1000000|1099404098765|1073636147|6|NEXT RUN IN 0:00:06
	END
	status_file health=WARNING reason=x
	look WARNING
	is "$(cells "$long")" "$long|NEXT IN 6 s|1234d / 364d|2026-11-21 19:32|1000000|1024G|1024M"
	is "$(cells a/b)" 'a/b|READY|every 90s||||'
	fits
	volumes <<<'a/b|-|1|2|-|1|0|-|SOMETHING NEW: in words: of its own'
	status_file
	again
	wait_for text_has tbody 'SOMETHING NEW'
	is "$(cells a/b)" 'a/b|SOMETHING NEW|1s / 2s|||1B|0|in words: of its own'
	is "$(fill a/b age)" '50 bar '
	# None at all.
	volumes </dev/null
	status_file
	again
	wait_for text_has '#gap' 'No volumes are configured.'
	is "$(text_of 'tbody th')" ''
}

@test "stale: a dead daemon's good news is no good news" {
	quiet_day
	status_file epoch=-7622 next.update=-7502
	look STALE
	is "$(js 'document.getElementById("health").className')" 'health bad'
	text_has '#notice' 'the next one was due 2 h 5 min ago'
	text_has '#when' '2 h 7 min ago'
	refuse text_has '.health' 'all is well'
	refuse text_has 'h1' 'OK'
	is "$(js 'document.title')" 'STALE - flashback'
	is "$(js 'getComputedStyle(document.getElementById("known")).filter')" 'grayscale(1)'
	# What was wrong before it died is said.
	status_file epoch=-7622 next.update=-7502 health=WARNING 'reason=nas/music failed'
	again
	wait_for text_has '#reason' 'Then it was WARNING: nas/music failed'
	# And when it lives again.
	status_file reason=
	again
	wait_for state_is OK
	is "$(text_of '#notice')" ''
	is "$(text_of '#reason')" 'all is well'
}

@test "stopped" {
	quiet_day
	status_file status=DOWN epoch=-60 next.update=-60
	look STOPPED
	is "$(text_of 'dd:first-of-type')" 'stopped|3 of 4 ok, 1 not found|501G free of 2.0T; grows 3.1G a day: full in about 150 days'
	text_has '#notice' 'Nothing is backed up until it is started again'
	refuse text_has '.health' 'all is well'
}

@test "the disk is not there, the config is broken" {
	quiet_day
	status_file disk.mounted=false '!disk.forecast' '!disk.total.bytes' '!disk.free.bytes' '!disk.used.percent' health=CRITICAL \
	    'reason=the backup disk is absent' 'config=/etc/flashback/hosts.conf:12: no such option'
	look CRITICAL
	is "$(text_of dd)" 'sleeping 9 min|3 of 4 ok, 1 not found|absent|/etc/flashback/hosts.conf:12: no such option'
	# Once is enough.
	status_file health=WARNING 'reason=the config has errors and is not used: /etc/flashback/hosts.conf:12: no such option' \
	    'config=/etc/flashback/hosts.conf:12: no such option'
	again
	wait_for state_is WARNING
	is "$(text_of dd)" 'sleeping 9 min|3 of 4 ok, 1 not found|501G free of 2.0T; grows 3.1G a day: full in about 150 days'
}

@test "unreachable, at first and later" {
	look UNREACHABLE
	is "$(text_of '#notice')" 'status.txt cannot be read: the web server says 404.'
	is "$(text_of '#known')" ''
	is "$(text_of footer)" 'status.txt queue.txt'
	quiet_day
	again
	wait_for state_is OK
	kill "$SERVER"
	wait "$SERVER" || true
	again
	wait_for state_is UNREACHABLE
	text_has '#notice' 'status.txt cannot be read: no answer. Below is the status of '
	is "$(js 'document.getElementById("known").className')" old
	text_has tbody kimono/home
	refuse text_has '.health' 'all is well'
	screenshot unreachable
	# It comes back by itself.
	lighttpd_command "$D/lighttpd" >>"$D/lighttpd/log" 2>&1 </dev/null 3>&- &
	PIDS+=" $!"
	wait_for curl -qsf -o "$D/answer" "http://127.0.0.1:$PORT/whose"
	js 'window.dispatchEvent(new Event("online"))' >/dev/null
	wait_for state_is OK
}

@test "half a file is not taken for a whole one" {
	quiet_day
	damage() { "$@" "$RUN/status.txt"; again; wait_for state_is UNREADABLE; quiet_day; again; wait_for state_is OK; }
	head -c 400 "$RUN/status.txt" >"$RUN/half"
	mv "$RUN/half" "$RUN/status.txt"
	look UNREADABLE
	is "$(text_of '#notice')" 'status.txt is damaged or cut off.'
	quiet_day
	again
	wait_for state_is OK
	# A volume is missing, or the end of its line.
	damage sed -i '$d'
	damage truncate -s -2
}

@test "hostile contents are text" {
	local bad='<img src=x onerror=document.title=1><script>alert(1)</script></td></table>&lt;${1}`"' at='"><b id=known>'
	volumes <<-END
	$(tr -d ' ' <<<"$bad")|$at|777600|0|$(tr -d ' ' <<<"$bad")|x|y|-|BACKING UP 4000% $bad: $bad
	a/b|c|777600|86400|1|2|3|-|$bad, OVERDUE: $bad
	constructor|c|x|-|1|2|3|z|__proto__
	END
	status_file health=WARNING "reason=$bad" "version=$bad" "disk.mntpt=$bad" "config=$bad." "time=$bad" \
	    "volumes.ok=$bad" disk.used.percent=1e99 __proto__=1 'volumes.failed=-1'
	look WARNING
	is "$(text_of '#reason')" "$bad"
	is "$(text_of '#version')" "flashback $bad"
	text_has dt "$bad"
	text_has dd "$bad"
	text_has tbody "$bad"
	is "$(js 'document.querySelectorAll("img").length + " " + document.querySelectorAll("script").length +
	    " " + document.querySelectorAll("#known").length + " " + document.querySelectorAll("tbody tr").length')" '0 1 1 3'
	is "$(fill a/b age)" '100 bar bad'
	is "$(js 'document.title')" 'WARNING - flashback'
	screen 360 800
	fits
	# A policy stands behind it: what is injected all the same does not run, and asks for nothing.
	js '(() => { window.refused = []; addEventListener("securitypolicyviolation", e => refused.push(e.effectiveDirective));
	    const s = document.createElement("script"); s.textContent = "document.title = 1"; document.body.append(s);
	    const d = document.createElement("div"); d.setAttribute("onclick", "document.title = 2"); document.body.append(d); d.click();
	    d.setAttribute("style", "color: red");
	    new Image().src = "/x.png"; fetch("http://127.0.0.2:1/").catch(() => 0); })()' >/dev/null
	refused() { is "$(js 'window.refused.sort().join(" ")')" "$1"; }
	wait_for refused 'connect-src img-src script-src-attr script-src-elem style-src-attr'
	is "$(js 'document.title')" 'WARNING - flashback'
}

@test "360 and 1,400 pixels wide, light and dark" {
	local day mode
	local -A state=([quiet]=OK [bad]=CRITICAL [stale]=STALE) paper=()
	stale_day() { quiet_day; status_file epoch=-7622 next.update=-7502 health=WARNING 'reason=nas/music failed'; }
	for day in quiet bad stale; do
		${day}_day
		look "${state[$day]}"
		for mode in '360 1000 light' '360 1000 dark' '1400 1000 dark' '1400 1000 light'; do
			[ $day != stale ] || [[ $mode == 360* ]] || continue
			# shellcheck disable=SC2086 # three words
			screen $mode
			fits
			[ "$(contrast)" -ge 45 ] || { echo "contrast: $(contrast)"; return 1; }
			screenshot "$day-${mode// /-}"
			paper[$(js 'getComputedStyle(document.body).backgroundColor')]=$mode
		done
	done
	[ ${#paper[@]} -eq 2 ]
}

@test "it looks again each minute; stale: it is seen while the page stands open, without a word from the server" {
	tab_open
	quiet_day
	look OK
	status_file health=WARNING reason=x next.update=+30
	sleep 0.2
	state_is OK
	time_flies 61
	wait_for state_is WARNING
	kill "$SERVER"
	time_flies 46
	wait_for state_is STALE
}

@test "a telephone whose clock is wrong" {
	tab_open
	quiet_day
	look OK
	devtools Page.addScriptToEvaluateOnNewDocument \
	    '{"source": "{ const now = Date.now; Date.now = () => now() + 3 * 86400000; }"}'
	look OK
	text_has '#when' 'just now'
	status_file epoch=-7622 next.update=-7502
	look STALE
	text_has '#when' '2 h 7 min ago'
}

@test "without JavaScript the two files are a touch away" {
	local element
	tab_open
	quiet_day
	devtools Emulation.setScriptExecutionDisabled '{"value": true}'
	screen 360 800
	go "$URL/"
	screenshot no-script
	say element '{"using": "css selector", "value": "noscript a"}'
	[[ $BODY =~ :\ ?\"([^\"]+)\"\ ?\}\ ?\}$ ]] && element=element/${BASH_REMATCH[1]}
	ask "$element/displayed"
	is "$BODY" '{"value":true}'
	ask "$element/text"
	is "$BODY" '{"value":"status.txt"}'
	say "$element/click" '{}'
	ask url
	is "$BODY" "{\"value\":\"$URL/status.txt\"}"
}

@test "a thousand volumes" {
	local i start
	for i in $(seq 1000); do
		echo "host$i/home|2026-11-21T193238+0100|59350|86400|24|44238712012|327155712|$i|NEXT RUN IN 7:31:06"
	done | volumes
	status_file
	start=${EPOCHREALTIME/./}
	look OK
	is "$(js 'document.querySelectorAll("tbody tr").length')" 1000
	[ $((${EPOCHREALTIME/./} - start)) -lt 60000000 ] # were it by the square, it would be minutes
}

# readme_volumes: what the queue.txt in README.md says, as figures.
readme_volumes() {
	sed -n '/^    VOLUME  /,/^$/p' "$ROOT/README.md" | awk '
	function seconds(text,    n) {
		for (; match(text, /^[0-9]+[dhm]/); text = substr(text, RLENGTH + 1))
			n += substr(text, 1, RLENGTH - 1) * unit[substr(text, RLENGTH, 1)]
		return n
	}
	function bytes(text) { return text == 0 ? 0 : substr(text, 1, length(text) - 1) * unit[substr(text, length(text))] }
	BEGIN { unit["d"] = 86400; unit["h"] = 3600; unit["m"] = 60; unit["K"] = 1024; unit["M"] = 1048576 }
	$1 ~ "/" {
		gsub(/:/, "", $3)
		printf "%s|%sT%s+0100|%d|%d|%s|%d|%d|%d|", $1, $2, $3, seconds($4), seconds($6), $7, bytes($8), bytes($9), NR
		for (i = 10; i <= NF; i++)
			printf "%s%s", $i, i < NF ? " " : "\n"
	}'
}

# What README.md shows first; etc/page.png is what SCREENSHOTS=etc leaves here.
@test "the queue.txt of README.md makes its picture" {
	devtools Emulation.setDeviceMetricsOverride '{"width": 1140, "height": 655, "deviceScaleFactor": 0.75, "mobile": false}'
	readme_volumes | volumes
	status_file time=13:40:00 wait=10
	look OK
	is "$(text_of 'tbody th')" "$(cut -d'|' -f1 "$D/volumes" | paste -sd '|')"
	is "$(cells kimono/etc)" 'kimono/etc|NEXT IN 2 d 13 h|4d10h / 7d|2027-03-08 03:10|2|2.3M|0'
	is "$(cells laptop/home)" 'laptop/home|NOT FOUND|2d10h / 1d|2027-03-10 03:10|10|42.6M|880K|host silent since 13:40'
	fits
	screenshot page
	grep -qF '](etc/page.png)' "$ROOT/README.md"
	[ "$(stat -c %s "$ROOT/etc/page.png")" -lt 60000 ]
}

@test "what flashback itself writes is understood" {
	local mine=$PIDS
	begin || { PIDS=$mine; return 1; }
	PIDS=$mine
	start_daemon
	wait_for has_snapshots 1 here/v
	wait_for settled
	look OK
	run cells here/v
	expect 'here/v|'
	expect ' / 1d|20'
	stop_daemon
	again
	wait_for state_is STOPPED
}
