// SPDX-License-Identifier: ISC
#include "flashback/config/source.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flashback/lib/text.h"
#include "flashback/lib/units.h"

#define URL "rsync://"
#define PORT_MAX 65535

void
source_free(struct source *s)
{
	free(s->text);
	free(s->host);
	free(s->path);
	*s = (struct source){0};
}

/* Only digits and dots?  A host such as 010.1.2.3 must be a valid IPv4 address, since some
 * programs read it as octal. */
static bool
looks_numeric(const char *host)
{
	return host[strspn(host, "0123456789.")] == '\0';
}

static bool
is_ipv6(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(host, "%"); /* fe80::1%eth0 */
	struct in6_addr in6;

	if (len >= sizeof(address) || (host[len] == '%' && host[len + 1] == '\0'))
		return false;
	memcpy(address, host, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, &in6) == 1;
}

/* fe80::/10 without a zone: nobody knows on which network that is. */
static bool
is_bare_link_local(const char *host)
{
	struct in6_addr in6;

	return strchr(host, '%') == NULL && inet_pton(AF_INET6, host, &in6) == 1 &&
	       IN6_IS_ADDR_LINKLOCAL(&in6);
}

/* Reject what ssh or rsync would misinterpret: an option, an ambiguous address, a character that
 * no host name has. */
int
source_check_host(const char *host, char **why)
{
	char q[TEXT_QUOTE];
	struct in_addr in;

	if (*host == '\0')
		return text_refuse(why, "the host's name is empty");
	if (*host == '-')
		return text_refuse(why,
		                   "the host %s begins with '-': it would be taken for an option",
		                   text_quote(q, host));
	if (strchr(host, ':') != NULL) {
		if (is_ipv6(host) && is_bare_link_local(host))
			return text_refuse_word(
			    why, host,
			    " is a link-local address, which needs its interface: "
			    "%s%%eth0",
			    host);
		if (is_ipv6(host))
			return 0;
		return text_refuse_word(why, host, " is not an IPv6 address");
	}
	if (looks_numeric(host) && inet_pton(AF_INET, host, &in) != 1)
		return text_refuse_word(why, host,
		                        " is not an IPv4 address: four numbers up to 255, "
		                        "no leading zeros");
	for (const char *c = host; *c != '\0'; c++)
		if ((unsigned char)*c < 0x80 && !isalnum((unsigned char)*c) &&
		    strchr(".-_", *c) == NULL)
			return text_refuse_word(why, host, " is not the name of a host");
	return 0;
}

/* Normalise by text alone, without the file system: the source may not be mounted when the
 * config is read. */
char *
source_tidy_path(const char *path, char **why)
{
	size_t used = 0;
	char *tidy;

	if (*path != '/' || text_has_control(path)) {
		text_refuse_word(why, path,
		                 *path == '/' ? " contains a control character"
		                              : " is not an absolute path: begin it with '/'");
		return NULL;
	}
	tidy = malloc(strlen(path) + 2);
	if (tidy == NULL) {
		*why = NULL;
		return NULL;
	}
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && memcmp(path, "..", 2) == 0) {
			text_refuse(why, "the path contains '..': write where it leads");
			free(tidy);
			return NULL;
		}
		if (len > 0 && !(len == 1 && *path == '.')) {
			tidy[used++] = '/';
			memcpy(tidy + used, path, len);
			used += len;
		}
		path += len;
		path += strspn(path, "/");
	}
	if (used == 0)
		tidy[used++] = '/';
	tidy[used] = '\0';
	return tidy;
}

bool
source_is_inside(const char *path, const char *dir)
{
	size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Checks of the path part, for every kind of source. */
static int
check_path(const char *path, char **why)
{
	if (*path == '~')
		return text_refuse(why, "'~' is not expanded: write the whole path");
	if (strpbrk(path, "*?[") != NULL)
		return text_refuse_word(
		    why, path,
		    " contains a wildcard: name one directory, and leave out parts "
		    "of it with exclude");
	return 0;
}

static int
check_user(const char *user, char **why)
{
	if (*user == '\0')
		return text_refuse(why, "the user before the '@' is missing");
	if (*user == '-' || strchr(user, ' ') != NULL)
		return text_refuse_word(why, user, " is not the name of a user");
	return 0;
}

/* Skip the user in what text has before end; return what follows, or NULL. */
static const char *
skip_user(const char *text, const char *end, char **why)
{
	const char *at = memrchr(text, '@', (size_t)(end - text));
	char *user;
	int rc;

	if (at == NULL)
		return text;
	user = strndup(text, (size_t)(at - text));
	rc = user != NULL ? check_user(user, why) : -1;
	free(user);
	return rc == 0 ? at + 1 : NULL;
}

/* Parse the host, in brackets or up to one of stop; return what follows, or NULL. */
static const char *
take_host(const char *text, const char *stop, struct source *s, char **why)
{
	bool bracket = *text == '[';
	size_t len;

	text += bracket;
	len = strcspn(text, bracket ? "]" : stop);
	if (bracket && text[len] == '\0') {
		text_refuse(why, "the ']' after the '[' is missing");
		return NULL;
	}
	s->host = strndup(text, len);
	if (s->host == NULL || source_check_host(s->host, why) == -1)
		return NULL;
	if (bracket && strchr(s->host, ':') == NULL) {
		text_refuse(why, "brackets are only for an IPv6 address");
		return NULL;
	}
	return text + len + bracket;
}

/* Parse :PORT, if present; return what follows, or NULL. */
static const char *
take_port(const char *text, struct source *s, char **why)
{
	char digits[sizeof("65535")] = "", q[TEXT_QUOTE];
	size_t len = strcspn(text, "/");
	unsigned port;

	if (len == 0)
		return text;
	if (*text == ':' && len <= sizeof(digits))
		memcpy(digits, text + 1, len - 1);
	if (units_parse_count(digits, PORT_MAX, &port) == -1 || port == 0) {
		text_refuse(why, "what follows the host, %s, is not a port from 1 to 65535",
		            text_quote(q, text));
		return NULL;
	}
	s->port = (int)port;
	return text + len;
}

static int
no_module(char **why)
{
	return text_refuse(why, "the module is missing: write rsync://HOST/MODULE or HOST::MODULE");
}

/* Parse [user@]host[:port]/module/path, the part after rsync://. */
static int
parse_url(const char *text, struct source *s, char **why)
{
	text = skip_user(text, text + strcspn(text, "/"), why);
	if (text != NULL)
		text = take_host(text, ":/", s, why);
	if (text != NULL)
		text = take_port(text, s, why);
	if (text == NULL)
		return -1;
	if (text[0] != '/' || text[1] == '\0' || text[1] == '/')
		return no_module(why);
	s->transport = VOLUME_RSYNCD;
	s->path = strdup(text + 1);
	return s->path == NULL ? -1 : 0;
}

/* Parse [user@]host:path or [user@]host::module/path. */
static int
parse_remote(const char *text, struct source *s, char **why)
{
	char q[TEXT_QUOTE];
	bool daemon;

	text = skip_user(text, text + strcspn(text, ":[/"), why);
	if (text != NULL)
		text = take_host(text, ":", s, why);
	if (text == NULL)
		return -1;
	if (*text != ':')
		return text_refuse(why, "the ':' after the host is missing");
	daemon = text[1] == ':';
	s->transport = daemon ? VOLUME_RSYNCD : VOLUME_SHELL;
	text += daemon ? 2 : 1;
	if (daemon && text[strcspn(text, ":/")] == ':')
		return text_refuse(why, "an IPv6 address needs brackets: [ADDRESS]:PATH");
	if (daemon && (*text == '\0' || *text == '/'))
		return no_module(why);
	if (*text == '\0')
		return text_refuse(why,
		                   "the path after the ':' of %s is missing: write it, such as "
		                   "/home/, or /",
		                   text_quote(q, s->host));
	s->path = strdup(text);
	return s->path == NULL ? -1 : 0;
}

static bool
ends_in_slash(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && s[len - 1] == '/';
}

/* Check the path, and add a slash to it and to the text: without it rsync would copy the
 * directory itself, not its contents. */
static int
finish(const char *text, struct source *s, char **why)
{
	if (check_path(s->path, why) == -1)
		return -1;
	if (s->transport == VOLUME_LOCAL)
		text = s->path;
	s->text = text_format("%s%s", text, ends_in_slash(text) ? "" : "/");
	if (s->text == NULL || ends_in_slash(s->path))
		return s->text == NULL ? -1 : 0;
	return text_replace(&s->path, "%s/", s->path);
}

/* Does text name a host?  As in rsync: a colon before any slash. */
static bool
is_remote(const char *text)
{
	return *text == '[' || strstr(text, "@[") != NULL || text[strcspn(text, ":/")] == ':';
}

/* Parse text by its kind of source. */
static int
parse(const char *text, struct source *s, char **why)
{
	char q[TEXT_QUOTE];

	if (*text == '\0')
		return text_refuse(why, "it is empty: write a path, or HOST:PATH");
	if (text_has_control(text))
		return text_refuse_word(why, text, " contains a control character");
	if (*text == '-')
		return text_refuse_word(why, text,
		                        " begins with '-': it would be taken for an option");
	if (*text == '/' || *text == '~') {
		if (check_path(text, why) == 0)
			s->path = source_tidy_path(text, why);
		return s->path != NULL ? 0 : -1;
	}
	if (strncasecmp(text, URL, strlen(URL)) == 0)
		return parse_url(text + strlen(URL), s, why);
	if (strncmp(text + strcspn(text, ":/@"), "://", 3) == 0)
		return text_refuse(why,
		                   "unknown kind of URL %s: write USER@HOST:/PATH "
		                   "for ssh, rsync://HOST/MODULE, or /PATH",
		                   text_quote(q, text));
	if (is_remote(text))
		return parse_remote(text, s, why);
	return text_refuse_word(why, text, " is neither an absolute path nor HOST:PATH");
}

char *
source_at(const char *text, const char *address)
{
	bool url = strncasecmp(text, URL, strlen(URL)) == 0, bracket = strchr(address, ':') != NULL;
	const char *host = text + (url ? strlen(URL) : 0);
	const char *at = memrchr(host, '@', strcspn(host, url ? "/" : ":/"));

	if (at != NULL)
		host = at + 1;
	return text_format("%.*s%s%s%s%s", (int)(host - text), text, bracket ? "[" : "", address,
	                   bracket ? "]" : "", host + strcspn(host, ":/"));
}

int
source_parse(const char *text, struct source *s, char **why)
{
	*s = (struct source){.transport = VOLUME_LOCAL};
	*why = NULL;
	if (parse(text, s, why) == 0 && finish(text, s, why) == 0)
		return 0;
	source_free(s);
	return -1;
}
