// SPDX-License-Identifier: ISC
#ifndef FLASHBACK_SERVICE_H
#define FLASHBACK_SERVICE_H

/**
 * service_notify(fmt, ...):
 * Send a message to the service manager that started the daemon (NOTIFY_SOCKET, as in
 * sd_notify(3)), for example "READY=1".  Does nothing without a service manager.
 */
void service_notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
