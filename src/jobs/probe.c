// SPDX-License-Identifier: ISC
#include "flashback/jobs/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <oping.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"
#include "flashback/lib/resolve.h"

_Static_assert(sizeof(struct probe_message) <= EVENT_SIZE, "it can be sent");

/* Addresses in one liboping object.  With 128 that all wait for ARP its socket stalls, and the
 * addresses after them are never pinged. */
#define TARGETS_MAX 64

#define TASKS_MAX 64 /* children of the prober at a time */

/* Milliseconds after which hosts without an answer are given up. */
#define GIVE_UP ((PROBE_DEADLINE - 2) * 1000)

/* Seconds that each round of pings waits.  The first is short, because liboping returns when all
 * hosts have answered or at the end, and those that answer must not wait for those that do not.
 * The later ones are for slow links, for a first ping that was lost while a link came up, and
 * because the kernel caches a failed ARP lookup for a second or two. */
static const double rounds[] = {0.1, 0.4, 1.0, 1.5};

#define TCP_WAIT 3000 /* milliseconds: as long as all rounds together */

static void
send_answer(int out, size_t host, enum probe_answer answer, const char *reason)
{
	struct probe_message m = {.host = host, .answer = answer};

	snprintf(m.reason, sizeof(m.reason), "%s", reason);
	event_send(out, &m, offsetof(struct probe_message, reason) + strlen(m.reason) + 1);
}

bool
probe_may_ping(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd < 0)
		return errno != EPERM && errno != EACCES;
	close(fd);
	return true;
}

/* ---- one task: a child of the prober that probes a batch of numeric addresses, or one name ----
 */

/* The hosts that one child probes: all by ping or all by TCP. A name has a child of its own, since
 * resolving it may take long. */
struct batch {
	const struct probe_hosts *hosts;
	size_t host[TARGETS_MAX]; /* indexes */
	size_t n;
	struct event_child child;
};

/* An address that is probed. */
struct target {
	size_t host; /* its index */
	struct resolve address;
	int fd;        /* for TCP */
	bool answered; /* it answered in the last round */
	bool sent;     /* a packet was really sent to it */
};

/* The state of such a child. */
struct task {
	const struct probe_hosts *hosts;
	int out;
	struct target target[TARGETS_MAX]; /* the addresses of hosts without an answer so far */
	size_t ntargets;
};

/* Report the answer for a host, and drop its other addresses: one answer is enough. */
static void
settle(struct task *t, size_t host, enum probe_answer answer, const char *reason)
{
	size_t kept = 0;

	send_answer(t->out, host, answer, reason);
	for (size_t i = 0; i < t->ntargets; i++) {
		if (t->target[i].host != host)
			t->target[kept++] = t->target[i];
		else if (t->target[i].fd >= 0)
			close(t->target[i].fd);
	}
	t->ntargets = kept;
}

/* Resolve a host and add its addresses to the targets.  If it has none, that is its answer. */
static void
add_host(struct task *t, size_t host)
{
	static const enum probe_answer answer[] = {
	    [RESOLVE_UNKNOWN] = PROBE_UNKNOWN,
	    [RESOLVE_NO_NET] = PROBE_NO_NET,
	    [RESOLVE_REFUSED] = PROBE_SILENT,
	};
	const struct probe_host *h = &t->hosts->host[host];
	struct resolve found[TARGETS_MAX];
	char reason[1024];
	size_t n;
	enum resolve_result result = resolve_find(
	    h->address, h->port, found, TARGETS_MAX - t->ntargets, &n, reason, sizeof(reason));

	if (result != RESOLVE_FOUND)
		settle(t, host, answer[result], reason);
	for (size_t i = 0; i < n; i++)
		t->target[t->ntargets++] =
		    (struct target){.host = host, .address = found[i], .fd = -1};
}

/* ---- ping ---- */

/* Collect the results of one round.  Targets are found by their text, as liboping knows only that;
 * two hosts may have the same address.  Return how many answered.  The sequence number shows
 * whether liboping has sent anything: "could not be probed" must not become "host silent". */
static size_t
take_answers(struct task *t, pingobj_t *ping)
{
	size_t answered = 0;

	for (pingobj_iter_t *i = ping_iterator_get(ping); i != NULL; i = ping_iterator_next(i)) {
		char text[sizeof(t->target[0].address.text)];
		size_t size = sizeof(text), size_latency, size_sequence;
		double latency = -1;
		uint32_t sequence = 0;

		size_latency = sizeof(latency);
		size_sequence = sizeof(sequence);
		if (ping_iterator_get_info(i, PING_INFO_HOSTNAME, text, &size) != 0 ||
		    ping_iterator_get_info(i, PING_INFO_LATENCY, &latency, &size_latency) != 0 ||
		    ping_iterator_get_info(i, PING_INFO_SEQUENCE, &sequence, &size_sequence) != 0)
			continue;
		for (size_t k = 0; k < t->ntargets; k++) {
			struct target *target = &t->target[k];

			if (strcmp(target->address.text, text) != 0)
				continue;
			target->sent = target->sent || sequence > 0;
			target->answered = latency >= 0;
			answered += target->answered;
		}
	}
	return answered;
}

/* Ping all targets, or only those that answered in the last round.  A new liboping object each
 * time: its socket has no packets queued, no late replies, and other identifiers.  Return how many
 * answered. */
static size_t
ping_round(struct task *t, double seconds, bool only_answered)
{
	pingobj_t *ping = ping_construct();
	size_t added = 0, answered = 0;

	if (ping == NULL)
		return 0;
	ping_setopt(ping, PING_OPT_TIMEOUT, &seconds);
	for (size_t i = 0; i < t->ntargets; i++) {
		if (only_answered && !t->target[i].answered)
			continue;
		t->target[i].answered = false;
		/* A host that cannot be added is in the list anyway, and makes ping_send fail. */
		if (ping_host_add(ping, t->target[i].address.text) == 0)
			added++;
		else
			ping_host_remove(ping, t->target[i].address.text);
	}
	/* Its result is useless: an error for one host is reported for all. */
	if (added > 0) {
		ping_send(ping);
		answered = take_answers(t, ping);
	}
	ping_destroy(ping);
	return answered;
}

/* liboping distinguishes replies by a random 16-bit number alone: of a hundred hosts that are
 * pinged at once, the reply of one may well be taken for that of another that is down.  So a host
 * counts as up only after it has answered once more, with another number. */
static void
probe_by_ping(struct task *t)
{
	for (size_t r = 0; r < sizeof(rounds) / sizeof(rounds[0]) && t->ntargets > 0; r++) {
		if (ping_round(t, rounds[r], false) == 0 || ping_round(t, rounds[r], true) == 0)
			continue;
		for (size_t i = t->ntargets; i-- > 0;)
			if (i < t->ntargets && t->target[i].answered)
				settle(t, t->target[i].host, PROBE_UP, "answers ping");
	}
}

/* ---- TCP ---- */

/* Evaluate a connection attempt; error is its errno, 0 when it is established.  A host that refuses
 * is up: rsync will report the refusal better. */
static void
judge_connection(struct task *t, struct target *target, int error)
{
	int port = t->hosts->host[target->host].port;
	char reason[64];

	if (error == 0 || error == ECONNREFUSED || error == ECONNRESET) {
		snprintf(reason, sizeof(reason), "port %d %s", port,
		         error == 0 ? "answers" : "refuses");
		settle(t, target->host, PROBE_UP, reason);
		return;
	}
	close(target->fd);
	target->fd = -1;
}

static void
start_connection(struct task *t, struct target *target)
{
	const struct resolve *a = &target->address;
	int fd = socket(a->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	target->fd = fd;
	target->sent = true;
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) < 0 && errno != EINPROGRESS)
		judge_connection(t, target, errno);
}

/* Connect to all targets in parallel.  Each pass runs from the end, because an answer removes all
 * targets of its host and moves others; those are handled in the next pass. */
static void
probe_by_tcp(struct task *t)
{
	int64_t now, deadline = clock_mono() + TCP_WAIT;

	for (size_t i = t->ntargets; i-- > 0;)
		if (i < t->ntargets && !t->target[i].sent)
			start_connection(t, &t->target[i]);
	while (t->ntargets > 0 && (now = clock_mono()) < deadline) {
		struct pollfd set[TARGETS_MAX];
		size_t n = t->ntargets;

		for (size_t i = 0; i < n; i++)
			set[i] = (struct pollfd){.fd = t->target[i].fd, .events = POLLOUT};
		if (poll(set, (nfds_t)n, (int)(deadline - now)) <= 0)
			return;
		for (size_t i = n; i-- > 0;) {
			int error = 0;
			socklen_t size = sizeof(error);

			if (i >= t->ntargets || t->target[i].fd != set[i].fd || set[i].revents == 0)
				continue;
			/* SO_ERROR has the result of a non-blocking connect. */
			getsockopt(set[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
			judge_connection(t, &t->target[i], error);
		}
	}
}

/* The body of a child: resolve, probe, and answer for every host of the batch.  A host that does
 * not answer is silent only if something was sent to it. */
static int
run_task(int out, void *arg)
{
	const struct batch *b = arg;
	struct task t = {.hosts = b->hosts, .out = out};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	/* liboping writes its errors there. */
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	/* A name server that does not answer costs 10 to 28 s a name with the default options. */
	setenv("RES_OPTIONS", "timeout:2 attempts:1", 1);
	for (size_t i = 0; i < b->n; i++)
		add_host(&t, b->host[i]);
	if (b->hosts->host[b->host[0]].how == VOLUME_PROBE_PING)
		probe_by_ping(&t);
	else
		probe_by_tcp(&t);
	/* All time is over: settle the hosts that have not answered. */
	while (t.ntargets > 0) {
		size_t host = t.target[0].host;
		bool sent = false;

		for (size_t i = 0; i < t.ntargets; i++)
			sent = sent || (t.target[i].host == host && t.target[i].sent);
		settle(&t, host, sent ? PROBE_SILENT : PROBE_CANNOT,
		       sent ? "host silent" : "cannot send to it");
	}
	return 0;
}

/* The prober itself: it starts the children and passes on their answers. */
struct probe {
	int out;
	const struct probe_hosts *hosts;
	bool *answered;      /* for each host */
	struct batch *batch; /* at most one for each host */
	size_t n;
};

/* Pass on the first answer for a host; later ones are ignored. */
static void
answer(struct probe *p, size_t host, enum probe_answer a, const char *reason)
{
	if (p->answered[host])
		return;
	p->answered[host] = true;
	send_answer(p->out, host, a, reason);
}

/* Add a host to batch b, or to a new one if b is NULL or full.  Return its batch. */
static struct batch *
put(struct probe *p, struct batch *b, size_t host)
{
	if (b == NULL || b->n == TARGETS_MAX) {
		b = &p->batch[p->n++];
		b->hosts = p->hosts;
	}
	b->host[b->n++] = host;
	return b;
}

/* Numeric addresses that are probed in the same way share batches, and come first, as they need no
 * resolver.  Each name has a batch of its own, in the order of the list whatever the way: those
 * that get no turn must be the last ones of the list. */
static void
plan(struct probe *p)
{
	struct batch *ping = NULL, *tcp = NULL;

	for (size_t i = 0; i < p->hosts->n; i++) {
		const struct probe_host *h = &p->hosts->host[i];

		if (p->answered[i] || !resolve_is_numeric(h->address))
			continue;
		if (h->how == VOLUME_PROBE_PING)
			ping = put(p, ping, i);
		else
			tcp = put(p, tcp, i);
	}
	for (size_t i = 0; i < p->hosts->n; i++)
		if (!p->answered[i] && !resolve_is_numeric(p->hosts->host[i].address))
			(void)put(p, NULL, i);
}

/* Answer for hosts that need not or cannot be probed, and plan the batches. */
static void
prepare(struct probe *p)
{
	bool may_ping = probe_may_ping();

	for (size_t i = 0; i < p->hosts->n; i++) {
		enum volume_probe how = p->hosts->host[i].how;

		if (how == VOLUME_PROBE_NONE)
			answer(p, i, PROBE_UP, "not probed");
		else if (how == VOLUME_PROBE_PING && !may_ping)
			answer(p, i, PROBE_CANNOT,
			       "no permission to ping (needs root or CAP_NET_RAW)");
	}
	plan(p);
}

/* Wait until one of the first last children has written a line or ended. */
static void
await_children(const struct probe *p, size_t last, int64_t deadline)
{
	int fds[TASKS_MAX];
	bool ready[TASKS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < last; i++) {
		const struct event_child *c = &p->batch[i].child;

		if (c->pid > 0 && c->fd >= 0)
			fds[n++] = c->fd;
		else if (c->pid > 0 && clock_mono() + 5 < deadline)
			deadline = clock_mono() + 5; /* its pipe is closed: it is about to end */
	}
	event_wait(fds, n, ready, deadline);
}

/* Pass on the answers of a child; return true when it has ended.  A child that was killed leaves
 * hosts without an answer, which must not be taken for silent. */
static bool
read_answers(struct probe *p, struct batch *b)
{
	struct probe_message m;
	enum event_news news;

	while ((news = event_next(&b->child, &m, sizeof(m))) == EVENT_MESSAGE)
		if (m.host < p->hosts->n)
			answer(p, m.host, m.answer, m.reason);
	if (news == EVENT_NOTHING)
		return false;
	event_close(&b->child);
	for (size_t i = 0; i < b->n; i++)
		answer(p, b->host[i], PROBE_CANNOT, "the probe ended without an answer");
	return true;
}

/* Run all batches, at most TASKS_MAX at a time, until all have ended or the deadline has passed.  A
 * child in a resolver that hangs is killed; the others have answered long before. */
static void
run_batches(struct probe *p, int64_t deadline)
{
	size_t started = 0, running = 0;

	while ((started < p->n || running > 0) && clock_mono() < deadline) {
		/* Start more, as long as there is room; a fork that fails is retried. */
		while (started < p->n && running < TASKS_MAX) {
			struct batch *b = &p->batch[started];

			if (event_fork(&b->child, run_task, b) < 0)
				break;
			started++;
			running++;
		}
		await_children(p, started, running > 0 ? deadline : clock_mono() + 100);
		for (size_t i = 0; i < started; i++)
			if (p->batch[i].child.pid > 0 && read_answers(p, &p->batch[i]))
				running--;
	}
	for (size_t i = 0; i < started; i++)
		event_kill(&p->batch[i].child, SIGKILL);
	/* The hosts of batches that were never started. */
	for (; started < p->n; started++)
		for (size_t i = 0; i < p->batch[started].n; i++)
			answer(p, p->batch[started].host[i], PROBE_NO_TURN,
			       "not probed yet: resolving other names took all the time");
}

/* Every host gets an answer: those still without one at the end were waiting for the resolver. */
int
probe_body(int out, void *arg)
{
	const struct probe_hosts *hosts = arg;
	int64_t deadline = clock_mono() + GIVE_UP;
	struct probe p = {.out = out, .hosts = hosts};

	p.answered = calloc(hosts->n + 1, sizeof(*p.answered));
	p.batch = calloc(hosts->n + 1, sizeof(*p.batch));
	if (p.answered != NULL && p.batch != NULL) {
		prepare(&p);
		run_batches(&p, deadline);
		for (size_t i = 0; i < hosts->n; i++)
			answer(&p, i, PROBE_NO_NET, "resolving the name timed out");
	}
	free(p.batch);
	free(p.answered);
	return 0;
}
