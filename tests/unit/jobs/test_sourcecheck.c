// SPDX-License-Identifier: ISC
#include "scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "flashback/jobs/sourcecheck.h"
#include "flashback/lib/text.h"

#define NAME "many.test"
#define QUEUE 4

/* The resolver sorts addresses by how much they have in common with 127.0.0.1.
 * Sockets at one port: one that answers at 127.0.0.19, one that accepts no more at 127.0.0.18. */
struct net {
	int answers, silent, queued[QUEUE], signals[2], port;
	char source[64];
	struct volume volume;
};

static char its_name[] = NAME;

static struct sockaddr_in
address_of(const char *ip, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	assert_int_equal(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	return a;
}

/* Listen at the port, 0 for any.  Return the socket. */
static int
listen_at(const char *ip, int *port, int queue)
{
	struct sockaddr_in a = address_of(ip, *port);
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, queue), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void
begin(struct net *n)
{
	struct sockaddr_in a;

	*n = (struct net){.volume = {.transport = VOLUME_RSYNCD, .remote_host = its_name}};
	n->answers = listen_at("127.0.0.19", &n->port, 16);
	n->silent = listen_at("127.0.0.18", &n->port, 0);
	a = address_of("127.0.0.18", n->port);
	/* Its queue is full: who connects now gets no answer. */
	for (int i = 0; i < QUEUE; i++) {
		n->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(n->queued[i], (struct sockaddr *)&a, sizeof(a));
	}
	assert_int_equal(pipe2(n->signals, O_CLOEXEC), 0);
	snprintf(n->source, sizeof(n->source), "rsync://u@" NAME ":%d/m/", n->port);
	n->volume.source = n->source;
	n->volume.source_port = n->port;
}

static void
end(struct net *n)
{
	text_list_free(&n->volume.rsync_options);
	for (int i = 0; i < QUEUE; i++)
		close(n->queued[i]);
	close(n->signals[0]);
	close(n->signals[1]);
	close(n->silent);
	close(n->answers);
}

/* The name has these addresses, in this order. */
static void
resolves_to(const char *addresses)
{
	char copy[256], *next = copy, *ip;
	FILE *hosts = fopen("hosts", "w");

	assert_non_null(hosts);
	snprintf(copy, sizeof(copy), "%s", addresses);
	while ((ip = strsep(&next, " ")) != NULL)
		fprintf(hosts, "%s " NAME "\n", ip);
	fclose(hosts);
}

static void
expect(struct net *n, const char *source)
{
	struct resolve address = {.text = ""};
	char *found = sourcecheck_address(&n->volume, n->signals[0], &address);

	if (source == NULL)
		assert_null(found);
	else
		assert_string_equal(found, source);
	free(found);
}

static void
test_addresses(void **state)
{
	struct net n;
	char by_address[64];

	(void)state;
	NEEDS_ROOT();
	begin(&n);
	snprintf(by_address, sizeof(by_address), "rsync://u@127.0.0.19:%d/m/", n.port);
	/* One alone is rsync's own affair; one that refuses costs it no time. */
	resolves_to("127.0.0.18");
	expect(&n, NULL);
	resolves_to("127.0.0.4 127.0.0.19");
	expect(&n, NULL);
	resolves_to("127.0.0.18 127.0.0.19");
	expect(&n, by_address);
	/* Not more than four are tried, whatever a name server says. */
	resolves_to("127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.7 127.0.0.18 127.0.0.19");
	expect(&n, NULL);
	end(&n);
}

/* A signal ends the wait; an option that chooses, another transport: nobody is asked. */
static void
test_not_asked(void **state)
{
	struct net n;

	(void)state;
	NEEDS_ROOT();
	begin(&n);
	resolves_to("127.0.0.18 127.0.0.19");
	assert_int_equal(write(n.signals[1], "", 1), 1);
	expect(&n, NULL);
	n.volume.transport = VOLUME_SHELL;
	expect(&n, NULL);
	n.volume.transport = VOLUME_RSYNCD;
	n.volume.remote_host = (char[]){"no such name"};
	expect(&n, NULL);
	n.volume.remote_host = its_name;
	assert_int_equal(text_list_add(&n.volume.rsync_options, "--address=127.0.0.1"), 0);
	expect(&n, NULL);
	end(&n);
}

/* In mounts of its own: names are looked up in the file hosts of the test's directory alone. */
static int
setup(void **state)
{
	scratch_setup(state);
	if (geteuid() != 0)
		return 0;
	make_file("hosts", "");
	make_file("nsswitch", "hosts: files\n");
	return mount("hosts", "/etc/hosts", NULL, MS_BIND, NULL) == 0 &&
	               mount("nsswitch", "/etc/nsswitch.conf", NULL, MS_BIND, NULL) == 0
	           ? 0
	           : -1;
}

static int
teardown(void **state)
{
	if (geteuid() == 0) {
		umount2("/etc/hosts", MNT_DETACH);
		umount2("/etc/nsswitch.conf", MNT_DETACH);
	}
	return scratch_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_asked, setup, teardown),
	};

	if (!private_mounts())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
