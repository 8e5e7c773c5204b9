// SPDX-License-Identifier: ISC
#ifndef SENDER_H
#define SENDER_H

#include "unit.h"

#include <unistd.h>

#include "flashback/lib/clock.h"
#include "flashback/lib/event.h"

/* A child that stands in for one of ours: it sends what the test gives it. */

struct sender {
	const void *messages; /* n of so many bytes each */
	size_t size, n;
	int status; /* with which it exits then; SENDER_STAYS: it does not */
};

#define SENDER_STAYS 1000

static inline int
sender_body(int out, void *arg)
{
	const struct sender *s = arg;

	for (size_t i = 0; i < s->n; i++)
		if (event_send(out, (const char *)s->messages + i * s->size, s->size) != 0)
			return 255;
	while (s->status == SENDER_STAYS)
		pause();
	return s->status;
}

static inline void
sender_start(struct event_child *c, struct sender s)
{
	assert_int_equal(event_fork(c, sender_body, &s), 0);
}

/* Wait a moment for what a child does next. */
static inline void
sender_wait(const struct event_child *c)
{
	bool ready;

	event_wait(&c->fd, c->fd >= 0, &ready, clock_mono() + 5);
}

#endif
