// SPDX-License-Identifier: ISC
#include "unit.h"

/*
 * The prober in a network of this test's own: a link whose far end is a responder that we write, a
 * name server that we write, and all kinds of hosts, asked in one go, since one that is silent
 * takes its time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flashback/jobs/probe.h"
#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"

#define MAX_HOSTS 500

/* What the prober said. */
static struct {
	struct probe_host host[MAX_HOSTS];
	size_t n;
	struct {
		int times;
		enum probe_answer answer;
		char reason[200];
		int64_t ms; /* since it began */
	} said[MAX_HOSTS];
	int64_t began;
	bool in_order;
} asked;

static void
take_message(const struct probe_message *m)
{
	if (m->host >= asked.n || m->answer > PROBE_CANNOT) {
		print_message("not understood: %zu %d\n", m->host, (int)m->answer);
		asked.in_order = false;
		return;
	}
	asked.said[m->host].times++;
	asked.said[m->host].answer = m->answer;
	asked.said[m->host].ms = clock_mono() - asked.began;
	snprintf(asked.said[m->host].reason, sizeof(asked.said[m->host].reason), "%.199s",
	         m->reason);
}

/* Run a prober over what has been set in asked.  Return its status. */
static int
run_prober(event_body *body)
{
	struct probe_hosts hosts = {asked.host, asked.n};
	struct probe_message m;
	enum event_news news = EVENT_NOTHING;
	struct event_child c;
	bool ready;

	memset(asked.said, 0, sizeof(asked.said));
	asked.in_order = true;
	asked.began = clock_mono();
	if (event_fork(&c, body, &hosts) < 0)
		return -1;
	while (news != EVENT_ENDED && clock_mono() < asked.began + 120000) {
		event_wait(&c.fd, c.fd >= 0, &ready, clock_mono() + 10);
		while ((news = event_next(&c, &m, sizeof(m))) == EVENT_MESSAGE)
			take_message(&m);
	}
	int status = c.status;

	event_close(&c);
	return status;
}

static void
add(const char *address, enum volume_probe how, int port)
{
	asked.host[asked.n++] = (struct probe_host){.address = address, .how = how, .port = port};
}

/* ---- a network ---- */

static uint16_t
checksum(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Answer for 10.77.2.x at the far end of the link: */
static const struct {
	int delay;         /* milliseconds */
	int deaf, answers; /* it does not hear the first so many pings, and answers so many */
} behaviour[] = {
    [1] = {.delay = 250, .answers = 99}, /* slow */
    [2] = {.delay = 700, .answers = 99}, /* very slow */
    [3] = {.deaf = 1, .answers = 99},    /* the first ping is lost */
    [4] = {.answers = 1},                /* a single reply, as if it were another's */
};

#define BEHAVIOURS (sizeof(behaviour) / sizeof(behaviour[0]))

/* Where things stand in a packet of Ethernet, ARP, IP and ICMP. */
enum { TO = 0, FROM = 6, TYPE = 12, ARP_OP = 20, ARP_SENDER = 22, ARP_SENDER_IP = 28 };
enum { ARP_TARGET = 32, ARP_TARGET_IP = 38, ARP_END = 42 };
enum { IP_PROTOCOL = 23, IP_FROM = 26, IP_TO = 30, ICMP = 34, ICMP_SUM = 36 };

static void
answer_arp(int fd, unsigned char *p, size_t len, const unsigned char *mac)
{
	unsigned char asked_for[4];

	if (p[ARP_OP + 1] != 1 || memcmp(p + ARP_TARGET_IP, "\12\115\2", 3) != 0)
		return;
	memcpy(asked_for, p + ARP_TARGET_IP, 4);
	memcpy(p + ARP_TARGET, p + ARP_SENDER, 10);
	memcpy(p + ARP_SENDER, mac, 6);
	memcpy(p + ARP_SENDER_IP, asked_for, 4);
	p[ARP_OP + 1] = 2;
	memcpy(p + TO, p + FROM, 6);
	memcpy(p + FROM, mac, 6);
	(void)!write(fd, p, len);
}

static void
answer_ping(int fd, unsigned char *p, size_t len)
{
	static int heard[BEHAVIOURS];
	size_t who = p[IP_TO + 3];
	unsigned char swap[6];
	uint16_t sum;
	int turn;

	if (who >= BEHAVIOURS || p[IP_PROTOCOL] != 1 || p[ICMP] != 8 ||
	    memcmp(p + IP_TO, "\12\115\2", 3) != 0)
		return;
	turn = heard[who]++ - behaviour[who].deaf;
	if (turn < 0 || turn >= behaviour[who].answers || fork() != 0)
		return;
	usleep((useconds_t)behaviour[who].delay * 1000);
	memcpy(swap, p + TO, 6);
	memcpy(p + TO, p + FROM, 6);
	memcpy(p + FROM, swap, 6);
	memcpy(swap, p + IP_TO, 4);
	memcpy(p + IP_TO, p + IP_FROM, 4);
	memcpy(p + IP_FROM, swap, 4);
	p[ICMP] = 0;
	memset(p + ICMP_SUM, 0, 2);
	sum = checksum(p + ICMP, len - ICMP);
	memcpy(p + ICMP_SUM, &sum, 2);
	(void)!write(fd, p, len);
	_exit(0);
}

/* The far end of the link. */
static int
be_the_far_end(int out, void *arg)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	socklen_t size = sizeof(where);

	(void)arg;
	where.sll_ifindex = (int)if_nametoindex("far");
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&where, &size) < 0)
		return 1;
	signal(SIGCHLD, SIG_IGN);
	event_send(out, "ready", sizeof("ready"));
	for (;;) {
		unsigned char packet[2000];
		ssize_t n = read(fd, packet, sizeof(packet));

		if (n >= ARP_END && memcmp(packet + TYPE, "\10\6", 2) == 0)
			answer_arp(fd, packet, (size_t)n, where.sll_addr);
		else if (n >= ARP_END && memcmp(packet + TYPE, "\10\0", 2) == 0)
			answer_ping(fd, packet, (size_t)n);
	}
}

/* A name server, which is asked three times: names that begin with "gone" do not exist, on all
 * others it is silent. */
static int
be_a_name_server(int out, void *arg)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)arg;
	here.sin_addr.s_addr = htonl(0x7f000035);
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return 1;
	event_send(out, "ready", sizeof("ready"));
	for (;;) {
		unsigned char packet[512];
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n =
		    recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);

		if (n < 17 || memcmp(packet + 13, "gone", 4) != 0)
			continue;
		packet[2] = 0x81;
		packet[3] = 0x83;
		sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&from, size);
	}
}

static struct event_child far_end, name_server;
static bool has_network_of_our_own;

static bool
start(struct event_child *c, event_body *body)
{
	char text[16] = "";
	bool ready;

	if (event_fork(c, body, NULL) < 0)
		return false;
	while (event_next(c, text, sizeof(text)) == EVENT_NOTHING &&
	       event_wait(&c->fd, 1, &ready, clock_mono() + 120000) > 0)
		;
	return strcmp(text, "ready") == 0;
}

/* Put text in place of a file below /etc, for us alone. */
static bool
replace_etc(const char *dir, const char *name, const char *text)
{
	char ours[100], theirs[100];
	FILE *f;

	snprintf(ours, sizeof(ours), "%s/%s", dir, name);
	snprintf(theirs, sizeof(theirs), "/etc/%s", name);
	f = fopen(ours, "w");
	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 &&
	       mount(ours, theirs, NULL, MS_BIND, NULL) == 0;
}

static bool
make_network(void)
{
	char dir[] = "/tmp/test_probe.XXXXXX";

	if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mkdtemp(dir) == NULL)
		return false;
	/* A file system of its own, which ends with the name space; the directory need not stay. */
	bool made =
	    mount("tmpfs", dir, "tmpfs", 0, NULL) == 0 &&
	    replace_etc(dir, "hosts",
	                "10.77.0.1 up.test\n10.77.9.9 dead.test\nfd77::1 six.test\n"
	                "10.77.9.8 multi.test\n10.77.0.1 multi.test\n10.77.9.7 multi.test\n") &&
	    replace_etc(dir, "resolv.conf",
	                "nameserver 127.0.0.53\nnameserver 127.0.0.53\nnameserver 127.0.0.53\n") &&
	    replace_etc(dir, "nsswitch.conf", "hosts: files dns\n") &&
	    system(
	        "{ ip link set lo up && ip link add near type veth peer name far &&"
	        "ip addr add 10.77.0.1/16 dev near && ip -6 addr add fd77::1/64 dev near nodad &&"
	        "ip link set far up && ip link set near up &&"
	        "ip route add 224.0.0.0/4 dev near && ip route add blackhole 10.66.0.0/16 && ip "
	        "route add unreachable 10.67.0.0/16;"
	        "} >/dev/null 2>&1") == 0;
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return made && start(&far_end, be_the_far_end) && start(&name_server, be_a_name_server);
}

/* ---- all kinds of hosts, at once ---- */

#define DEAD 130
#define NAMELESS 50
#define LATE 240 /* more names than a resolver that does not answer leaves time for */

/* Those who answer must not wait for the others: at once is before the first of the dead is given
 * up.  One after the other, these would take minutes. */
#define AT_ONCE 0
#define IN_TIME 60000

#define PING VOLUME_PROBE_PING
#define TCP VOLUME_PROBE_TCP

static const struct {
	const char *address;
	enum volume_probe how;
	int port;
	enum probe_answer answer;
	const char *words;
	int64_t ms;
} expected[] = {
    {"10.77.0.1", PING, 0, PROBE_UP, "answers ping", AT_ONCE},
    {"127.0.0.1", PING, 0, PROBE_UP, "answers ping", AT_ONCE},
    {"up.test", PING, 0, PROBE_UP, "answers ping", AT_ONCE},
    {"six.test", PING, 0, PROBE_UP, "answers ping", AT_ONCE},
    {"anything", VOLUME_PROBE_NONE, 0, PROBE_UP, "not probed", AT_ONCE},
    {"10.77.0.1", TCP, 8022, PROBE_UP, "port 8022 answers", AT_ONCE},
    {"10.77.0.1", TCP, 8023, PROBE_UP, "port 8023 refuses", AT_ONCE}, /* is there, then */
    /* One address of a name will do. */
    {"multi.test", PING, 0, PROBE_UP, "answers ping", AT_ONCE},
    {"multi.test", TCP, 8022, PROBE_UP, "port 8022 answers", AT_ONCE},
    /* Slow, very slow, and the first ping lost; but a single reply, never repeated, is none. */
    {"10.77.2.1", PING, 0, PROBE_UP, "answers ping", IN_TIME},
    {"10.77.2.2", PING, 0, PROBE_UP, "answers ping", IN_TIME},
    {"10.77.2.3", PING, 0, PROBE_UP, "answers ping", IN_TIME},
    {"10.77.2.4", PING, 0, PROBE_SILENT, "host silent", IN_TIME},
    {"10.77.9.6", TCP, 22, PROBE_SILENT, "host silent", IN_TIME},
    {"dead.test", PING, 0, PROBE_SILENT, "host silent", IN_TIME},
    {"10.66.1.1", PING, 0, PROBE_SILENT, "this machine's routes forbid sending", AT_ONCE},
    {"10.67.1.1", PING, 0, PROBE_NO_NET, "No route to host", AT_ONCE},
    {"10.68.1.1", PING, 0, PROBE_NO_NET, "Network is unreachable", AT_ONCE},
    {"224.0.0.1", TCP, 22, PROBE_SILENT, "host silent", IN_TIME}, /* connect fails at once */
    {"gone.test", PING, 0, PROBE_UNKNOWN, "the name gone.test does not exist", AT_ONCE},
    {"010.077.0.1", PING, 0, PROBE_UNKNOWN, "010.077.0.1", AT_ONCE},
    {"fd77::xyz", TCP, 22, PROBE_UNKNOWN, "fd77::xyz", AT_ONCE},
    /* Twice the same, and behind all others. */
    {"10.77.0.1", PING, 0, PROBE_UP, "answers ping", AT_ONCE},
};

#define EXPECTED (sizeof(expected) / sizeof(expected[0]))

/* Listen where a TCP probe is to find someone. */
static int
listen_at(uint16_t port)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(fd, 5) < 0)
		return -1;
	return fd;
}

/* Ask the dead, those without a name, those that are expected, and names that come too late, in
 * this order. */
static int
ask_all(void **state)
{
	static char names[DEAD + NAMELESS + LATE][20];
	int fd, status;

	(void)state;
	has_network_of_our_own = make_network();
	if (!has_network_of_our_own) {
		print_message("SKIPPED: a network of one's own needs root and ip(8)\n");
		return 0;
	}
	fd = listen_at(8022);
	for (size_t i = 0; i < DEAD + NAMELESS; i++) {
		snprintf(names[i], sizeof(names[i]), i < DEAD ? "10.77.8.%zu" : "silent%zu.test",
		         i + 1);
		add(names[i], PING, 0);
	}
	for (size_t i = 0; i < EXPECTED; i++)
		add(expected[i].address, expected[i].how, expected[i].port);
	for (size_t i = DEAD + NAMELESS; i < DEAD + NAMELESS + LATE; i++) {
		snprintf(names[i], sizeof(names[i]), "silent%zu.test", i + 1);
		add(names[i], i % 2 == 0 ? PING : TCP, 22);
	}
	status = run_prober(probe_body);
	close(fd);
	return fd < 0 ? -1 : status;
}

static int
end_all(void **state)
{
	struct event_child *const helpers[] = {&far_end, &name_server};

	(void)state;
	for (size_t i = 0; i < 2 && has_network_of_our_own; i++) {
		event_kill(helpers[i], SIGKILL);
		waitpid(helpers[i]->pid, NULL, 0);
		event_close(helpers[i]);
	}
	return 0;
}

static int64_t
first_given_up(void)
{
	int64_t first = IN_TIME;

	for (size_t i = 0; i < DEAD; i++)
		if (asked.said[i].ms < first)
			first = asked.said[i].ms;
	return first;
}

static void
assert_said(size_t i, enum probe_answer answer, const char *words, int64_t ms)
{
	if (asked.said[i].times != 1 || asked.said[i].answer != answer ||
	    strstr(asked.said[i].reason, words) == NULL || asked.said[i].ms > ms)
		fail_msg("%s: %d times, %d '%s' after %ld ms", asked.host[i].address,
		         asked.said[i].times, (int)asked.said[i].answer, asked.said[i].reason,
		         (long)asked.said[i].ms);
}

static void
every_host_gets_its_answer_in_time(void **state)
{
	(void)state;
	if (!has_network_of_our_own)
		skip();
	assert_true(asked.in_order);
	for (size_t i = 0; i < EXPECTED; i++)
		assert_said(DEAD + NAMELESS + i, expected[i].answer, expected[i].words,
		            expected[i].ms == AT_ONCE ? first_given_up() : expected[i].ms);
}

static void
so_do_the_many_that_do_not_answer(void **state)
{
	(void)state;
	if (!has_network_of_our_own)
		skip();
	for (size_t i = 0; i < DEAD; i++)
		assert_said(i, PROBE_SILENT, "host silent", IN_TIME);
	for (size_t i = DEAD; i < DEAD + NAMELESS; i++)
		assert_said(i, PROBE_NO_NET, "cannot resolve", IN_TIME);
}

/* Those that get no turn are the last ones of the list, whatever the way: the next wake begins with
 * the first of them. */
static void
names_without_a_turn_are_the_last_ones(void **state)
{
	size_t first = DEAD + NAMELESS + EXPECTED, i;

	(void)state;
	if (!has_network_of_our_own)
		skip();
	for (i = first; i < asked.n && asked.said[i].answer == PROBE_NO_NET; i++)
		;
	assert_in_range(i, first + 1, asked.n - 1);
	for (; i < asked.n; i++)
		assert_said(i, PROBE_NO_TURN, "not probed yet", IN_TIME);
}

/* Without the right to open raw sockets. */
static int
probe_without_right(int out, void *arg)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}, {0}};

	if (syscall(SYS_capset, &header, none) < 0 || probe_may_ping())
		return 1;
	return probe_body(out, arg);
}

static void
without_the_right_to_ping_it_says_so(void **state)
{
	(void)state;
	if (!has_network_of_our_own)
		skip();
	asked.n = 0;
	add("127.0.0.1", PING, 0);
	add("127.0.0.1", TCP, 1);
	assert_int_equal(run_prober(probe_without_right), 0);
	assert_said(0, PROBE_CANNOT, "no permission to ping", 2900);
	assert_said(1, PROBE_UP, "refuses", 2900);
}

/* That there is no descriptor left just now is no lack of a right. */
static int
ask_without_descriptors(int out, void *arg)
{
	const struct rlimit none = {0};

	(void)out;
	(void)arg;
	return setrlimit(RLIMIT_NOFILE, &none) == 0 && probe_may_ping() ? 0 : 1;
}

static void
a_right_is_not_taken_for_lacking(void **state)
{
	(void)state;
	asked.n = 0;
	assert_int_equal(run_prober(ask_without_descriptors), 0);
}

static void
no_hosts_no_answers(void **state)
{
	(void)state;
	asked.n = 0;
	assert_int_equal(run_prober(probe_body), 0);
	assert_true(asked.in_order);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_host_gets_its_answer_in_time),
	    cmocka_unit_test(so_do_the_many_that_do_not_answer),
	    cmocka_unit_test(names_without_a_turn_are_the_last_ones),
	    cmocka_unit_test(without_the_right_to_ping_it_says_so),
	    cmocka_unit_test(a_right_is_not_taken_for_lacking),
	    cmocka_unit_test(no_hosts_no_answers),
	};

	return cmocka_run_group_tests(tests, ask_all, end_all);
}
