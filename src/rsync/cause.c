// SPDX-License-Identifier: ISC
#include "flashback/rsync/cause.h"

#include <stdbool.h>
#include <string.h>

#include "flashback/lib/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LINE_READ 1024 /* a longer line is not a message */
#define CAPTURES 4
#define CAPTURE_SHOWN 72

/* Ranks: of several lines that match, the one with the highest rank is shown, because it is closest
 * to the root cause.  ENDED: the connection ended.  SAID: with a reason.  REFUSED: by the other
 * side.  EXACT: what to change is known.  UNREACHABLE: nothing else can have happened before it. */
enum { ENDED = 1, SAID, REFUSED, EXACT, UNREACHABLE };

/*
 * A pattern matches a whole line: `*` matches any text, `%` a name (of a host, file, module or
 * option), that is, one or more plain characters; each extends to the first place where the text
 * after it matches.  $1 to $4 in the words are replaced by what they matched.
 *
 * A remote shell writes to the same standard error, and can print whatever ssh here prints: words
 * that name a command which changes something on this machine are a question, and the text of a `*`
 * before what to do is quoted.
 */
struct cause_row {
	int rank;
	enum cause_mark mark;
	const char *pattern, *words;
};

#define NO_RSYNC                                                                                   \
	"no rsync on the host: install it there, or give its path with --rsync-path in "           \
	"rsync_options"
#define NAME_UNKNOWN                                                                               \
	"unknown host name $1: check its spelling in source, and that this machine can resolve it"
#define NO_LOOKUP "cannot resolve $1: no name server answered"
#define PORT_REFUSED "connection refused by $1 port $2: is the ssh server running there?"
#define RSYNCD_REFUSED "connection refused by $2: is the rsync daemon running there?"
#define UNREACHED "$1 cannot be reached: $3"
#define SUDO                                                                                       \
	"sudo on the host asks for a password: allow the command in --rsync-path without one "     \
	"(NOPASSWD)"
#define FAR_OPTION                                                                                 \
	"the rsync on the host does not know an option that is needed (is it openrsync?): "

static const struct cause_row rows[] = {
    /* ssh, connecting to the host */
    {UNREACHABLE, CAUSE_PLAIN, "Host key for % has changed and you have requested strict checking.",
     "has the host key of $1 changed? connect by hand: if the new key is right, run ssh-keygen "
     "-R '$1', and connect again"},
    {UNREACHABLE, CAUSE_PLAIN,
     "No * host key is known for [%]:% and you have requested strict checking.",
     "is the host key of $2 port $3 unknown? as the user that runs flashback, run `ssh -p $3 $2` "
     "once, and compare the fingerprint"},
    {UNREACHABLE, CAUSE_PLAIN,
     "No * host key is known for % and you have requested strict checking.",
     "is the host key of $2 unknown? as the user that runs flashback, run `ssh $2` once, and "
     "compare the fingerprint"},
    {EXACT, CAUSE_PLAIN, "Host key verification failed.",
     "is the host key unknown? as the user that runs flashback, run `ssh HOST` once, and compare "
     "the fingerprint"},
    {UNREACHABLE, CAUSE_PLAIN, "ssh: Could not resolve hostname %: Temporary failure*", NO_LOOKUP},
    {UNREACHABLE, CAUSE_PLAIN, "ssh: Could not resolve hostname %: *", NAME_UNKNOWN},
    {UNREACHABLE, CAUSE_PLAIN, "ssh: connect to host % port %: Connection refused", PORT_REFUSED},
    {UNREACHABLE, CAUSE_PLAIN, "ssh: connect to host % port %: *", UNREACHED},
    {UNREACHABLE, CAUSE_PLAIN, "Connection timed out during banner exchange",
     "connected, but the ssh server sends nothing: it hangs or is overloaded"},
    {UNREACHABLE, CAUSE_PLAIN,
     "Unable to negotiate with * port *: no matching * found. Their offer: *",
     "ssh on the host and ssh here have no \"$3\" in common (\"Their offer: $4\"): see "
     "ssh_config(5)"},
    {REFUSED, CAUSE_PLAIN, "kex_exchange_identification: *",
     "the host closed the connection before the login: a ban, too many logins at once, or no ssh "
     "server at that "
     "port"},
    {ENDED, CAUSE_PLAIN, "Connection closed by % port %", "the host closed the connection"},
    {ENDED, CAUSE_PLAIN, "Connection reset by % port %", "the host closed the connection"},
    {ENDED, CAUSE_PLAIN, "Connection to % port % timed out", "$1 does not answer at port $2"},
    {ENDED, CAUSE_PLAIN, "Connection to % closed by remote host.", "$1 closed the connection"},
    {REFUSED, CAUSE_PLAIN, "Timeout, server % not responding.",
     "$1 stopped answering: it was switched off, or the network failed"},
    {SAID, CAUSE_PLAIN, "client_loop: send disconnect: *", "the network connection was lost: $1"},

    /* ssh, logging in */
    {REFUSED, CAUSE_PLAIN, "%: Permission denied (%).",
     "key refused: not in authorized_keys? passphrase, no SSH_AUTH_SOCK? home writable by all? "
     "PermitRootLogin no? account expired? key type? \"$1: Permission denied ($2)\""},
    {EXACT, CAUSE_PLAIN, "*: no mutual signature supported",
     "the key is of a type that the host rejects: make an ed25519 one, or see "
     "PubkeyAcceptedAlgorithms in ssh_config(5)"},
    {EXACT, CAUSE_PLAIN, "Your account has expired*", "the account on the host has expired"},
    {EXACT, CAUSE_PLAIN, "Password change required but no TTY available.",
     "the password of the account on the host has expired: change or disable it there"},
    {EXACT, CAUSE_PLAIN, "This account is currently not available.",
     "the account on the host has no login shell (nologin): give it one, such as /bin/sh"},
    {EXACT, CAUSE_PLAIN, "Load key \"%\": bad permissions",
     "may others read the private key $1? ssh ignores it then: look with ls -l, and chmod 600 it"},
    {EXACT, CAUSE_PLAIN, "Warning: Identity file % not accessible: *",
     "the private key $1 named in the ssh option does not exist"},
    {EXACT, CAUSE_PLAIN, "Received disconnect from *: Too many authentication failures",
     "ssh tried too many keys: name the right one, ssh = \"ssh -i FILE -o IdentitiesOnly=yes\""},
    {EXACT, CAUSE_PLAIN, "Bad owner or permissions on %",
     "does ssh refuse its file $1? it must belong to its user and be writable by nobody else"},
    {EXACT, CAUSE_PLAIN, "command-line: line *: Bad configuration option: %",
     "ssh does not know the option $2: check the ssh option of the volume"},
    {EXACT, CAUSE_PLAIN, "unknown option -- *",
     "ssh does not know the option \"$1\": check the ssh option of the volume"},
    {EXACT, CAUSE_PLAIN, "rsync: *Failed to exec %: *",
     "the remote shell $2 could not be started on this machine: $3"},

    /* the login shell, and the command that it runs */
    {EXACT, CAUSE_PLAIN, "*rsync: command not found", NO_RSYNC},
    {EXACT, CAUSE_PLAIN, "*rsync: not found", NO_RSYNC},
    {EXACT, CAUSE_PLAIN, "*rsync: Command not found.", NO_RSYNC},
    {EXACT, CAUSE_PLAIN, "*ommand not found: *rsync", NO_RSYNC},
    {EXACT, CAUSE_PLAIN, "*Unknown command*rsync*", NO_RSYNC},
    {EXACT, CAUSE_PLAIN, "*sh: *rsync: No such file or directory", NO_RSYNC},
    {EXACT, CAUSE_PLAIN, "*sh: line %: %: command not found", "the host has no command $3"},
    {EXACT, CAUSE_PLAIN, "*sh: line %: %: No such file or directory", "the host has no command $3"},
    {EXACT, CAUSE_PLAIN, "*sh: %: %: not found", "the host has no command $3"},
    {EXACT, CAUSE_PLAIN, "*sh: %: command not found", "the host has no command $2"},
    {EXACT, CAUSE_PLAIN, "sudo: * password*", SUDO},
    {EXACT, CAUSE_PLAIN, "sudo: no tty present*", SUDO},
    {EXACT, CAUSE_PLAIN, "sudo: sorry, you must have a tty*",
     "sudo on the host wants a terminal: turn requiretty off in its sudoers (Defaults:USER "
     "!requiretty)"},
    {EXACT, CAUSE_PLAIN, "Sorry, user % is not allowed to execute *",
     "sudo on the host does not let $1 run this: sudoers must allow the command in --rsync-path, "
     "with any options"},
    {EXACT, CAUSE_PLAIN, "% is not in the sudoers file*",
     "$1 is not in the sudoers file of the host"},
    {EXACT, CAUSE_PLAIN, "sudo: *ccount *expired*", "sudo on the host: the account has expired"},
    {REFUSED, CAUSE_PLAIN, "protocol version mismatch -- is your shell clean?",
     "no rsync answers on the host: does its login shell print text (`ssh HOST true` must print "
     "nothing)? lets it no command run? has the ssh option -t? rsync: is your shell clean?"},
    {EXACT, CAUSE_SOURCE, "*rrsync error: *No such file or directory",
     "rrsync on the host does not find the source: its path begins at rrsync's own directory: for "
     "all of that directory write HOST:/"},
    {EXACT, CAUSE_OPTION, "*rrsync error: option *", "rrsync on the host refuses: option $2"},
    {EXACT, CAUSE_PLAIN, "*rrsync error: *", "rrsync on the host refuses: $2"},
    {REFUSED, CAUSE_PLAIN, "*Killed*rsync*", "rsync on the host was killed: out of memory?"},

    /* rsync, on either side */
    {EXACT, CAUSE_OPTION, "rsync: on remote machine: *: unknown option", FAR_OPTION "$1"},
    {EXACT, CAUSE_OPTION, "rsync: %: invalid option*", FAR_OPTION "$1"},
    {EXACT, CAUSE_OPTION, "*openrsync: *option*",
     "the rsync on the host is openrsync: add --no-acls and --no-xattrs to rsync_options, or "
     "install "
     "the rsync of samba.org there"},
    {EXACT, CAUSE_OPTION, "*rsync: invalid option *", FAR_OPTION "$2"},
    {EXACT, CAUSE_OPTION, "*rsync: unrecognized option *", FAR_OPTION "$2"},
    {EXACT, CAUSE_OPTION, "*ACLs are not supported on this server",
     "the rsync on the host has no ACLs: add --no-acls to rsync_options"},
    {EXACT, CAUSE_OPTION, "*xtended attributes are not supported on this server",
     "the rsync on the host has no xattrs: add --no-xattrs to rsync_options"},
    {EXACT, CAUSE_OPTION, "--% requires protocol * or higher (negotiated *).",
     "the rsync on the host is too old for --$1: upgrade it, or add --no-acls and --no-xattrs to "
     "rsync_options"},
    {EXACT, CAUSE_OPTION, "rsync: The server is configured to refuse *",
     "the rsync daemon refuses \"$1\": turn it off in rsync_options, as in --no-acls"},
    {EXACT, CAUSE_PLAIN, "rsync: %: unknown option", "rsync does not know the option $1"},
    {EXACT, CAUSE_PLAIN, "unknown compress name: *", "one of the two rsyncs cannot compress by $1"},
    {EXACT, CAUSE_PLAIN, "Unknown filter rule: *", "rsync does not know the filter rule $1"},
    {EXACT, CAUSE_PLAIN, "rsync: [client] failed to open * file *: *",
     "rsync could not open the $1 file $2: $3"},
    {REFUSED, CAUSE_PLAIN, "*io timeout after % seconds*",
     "no data for $2 s (io_timeout): the host or the network hangs"},
    {REFUSED, CAUSE_PLAIN, "ERROR: out of memory*", "rsync ran out of memory"},
    {SAID, CAUSE_PLAIN, "rsync error: received SIGINT, SIGTERM, or SIGHUP *",
     "rsync, here or on the host, was terminated"},

    /* an rsync daemon */
    {UNREACHABLE, CAUSE_PLAIN, "rsync: *failed to connect to % (*): Connection refused*",
     RSYNCD_REFUSED},
    {UNREACHABLE, CAUSE_PLAIN, "rsync: *failed to connect to % (%): *", "$2 cannot be reached: $4"},
    {UNREACHABLE, CAUSE_PLAIN, "rsync: getaddrinfo: % *: Temporary failure*", NO_LOOKUP},
    {UNREACHABLE, CAUSE_PLAIN, "rsync: getaddrinfo: % *: *", NAME_UNKNOWN},
    {REFUSED, CAUSE_PLAIN, "rsync: server sent * rather than greeting",
     "the server at that port of the host is not an rsync daemon"},
    {EXACT, CAUSE_SOURCE, "@ERROR: chdir failed",
     "the directory of the rsync daemon's module does not exist"},
    {EXACT, CAUSE_PLAIN, "@ERROR: Unknown module '%'", "the rsync daemon has no module $1"},
    {EXACT, CAUSE_PLAIN, "@ERROR: auth failed on module %",
     "the rsync daemon refuses the user or the password for its module $1: see --password-file"},
    {EXACT, CAUSE_PLAIN, "*@ERROR: auth failed on module %",
     "the rsync daemon requires a password for its module $2: see --password-file in "
     "rsync_options"},
    {EXACT, CAUSE_PLAIN, "@ERROR: max connections *",
     "the rsync daemon has reached its max connections: the run is retried"},
    {EXACT, CAUSE_PLAIN, "@ERROR: access denied to % *",
     "the rsync daemon denies this machine access to its module $1 (hosts allow)"},
    {REFUSED, CAUSE_PLAIN, "@ERROR: *", "the rsync daemon reports: $1"},
    {EXACT, CAUSE_PLAIN, "ERROR: module is write only", "the rsync daemon's module is write only"},
    {EXACT, CAUSE_PLAIN, "ERROR: password file *", "rsync refuses its password file: it $1"},
    {EXACT, CAUSE_PLAIN, "rsync: *could not open password file *",
     "rsync could not open its password file $2"},
};

static const struct {
	int code;
	const char *words;
} codes[] = {
    {1, "rsync did not understand its options"},
    {2, "the rsync on the host is incompatible, or its login shell prints text"},
    {3, "rsync could not use the source or its own directory"},
    {4, "one of the two rsyncs does not support what was requested"},
    {5, "the rsync daemon refused the connection"},
    {6, "the rsync daemon could not write its log"},
    {10, "the connection to the rsync daemon was lost"},
    {11, "rsync could not write or read a file"},
    {12, "the connection was lost: rsync on the host exited, or the network failed"},
    {14, "rsync could not start a process"},
    {19, "rsync was terminated"},
    {20, "rsync was terminated"},
    {22, "rsync ran out of memory"},
    {30, "no data for longer than io_timeout: the host or the network hangs"},
    {35, "the rsync daemon did not answer"},
    {126, "a command could not be run"},
    {127, "a command was not found"},
    {137, "the command on the host was killed: out of memory?"},
    {255, "ssh could not connect, or the connection was lost"},
};

/* A part of a line; not NUL-terminated. */
struct match_span {
	const char *s;
	size_t n;
};

/* Only plain characters: people paste these names into a shell, and the line may have been written
 * by a hostile host. */
static bool
is_name(struct match_span text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	                            "._-@:[],/+~=%";

	for (size_t i = 0; i < text.n; i++)
		if (text.s[i] == '\0' || strchr(plain, text.s[i]) == NULL)
			return false;
	return text.n > 0;
}

/* Find the n characters of a literal in text: the first occurrence or, with last, only at the very
 * end. */
static const char *
find_literal(struct match_span text, const char *literal, size_t n, bool last)
{
	if (!last)
		return memmem(text.s, text.n, literal, n);
	if (text.n < n || memcmp(text.s + text.n - n, literal, n) != 0)
		return NULL;
	return text.s + text.n - n;
}

/* Match a line against a pattern, without backtracking: a host chooses the line, and must not
 * choose how long matching takes. */
static bool
matches(const char *pattern, struct match_span line, struct match_span captures[CAPTURES])
{
	size_t n = strcspn(pattern, "*%"), count = 0;

	if (line.n < n || memcmp(line.s, pattern, n) != 0)
		return false;
	pattern += n;
	line = (struct match_span){line.s + n, line.n - n};
	while (*pattern != '\0') {
		char wild = *pattern++;
		struct match_span text = line;
		const char *next;

		/* The literal up to the next wildcard; the last one must be at the end of the
		 * line. */
		n = strcspn(pattern, "*%");
		next = find_literal(line, pattern, n, pattern[n] == '\0');
		if (next == NULL)
			return false;
		text.n = (size_t)(next - line.s);
		if (wild == '%' && !is_name(text))
			return false;
		if (count < CAPTURES)
			captures[count++] = text;
		pattern += n;
		line = (struct match_span){next + n, line.n - text.n - n};
	}
	return line.n == 0;
}

/* Copy words to out, with $1 to $4 replaced by the captures: escaped, without double quotes, which
 * would end those in the words, and cut so that one long name does not displace what to do. */
static void
fill_in(const char *words, const struct match_span captures[CAPTURES], char out[CAUSE_TEXT])
{
	size_t used = 0;

	for (; *words != '\0' && used + 1 < CAUSE_TEXT; words++) {
		size_t room = CAUSE_TEXT - used, which;

		if (*words != '$') {
			out[used++] = *words;
			continue;
		}
		/* "$N": the text of the Nth wildcard. */
		which = (size_t)(*++words - '1');
		if (room > CAPTURE_SHOWN + 1)
			room = CAPTURE_SHOWN + 1;
		text_escape(out + used, room, captures[which].s, captures[which].n);
		for (; out[used] != '\0'; used++)
			if (out[used] == '"')
				out[used] = '\'';
	}
	out[used] = '\0';
}

/* The first row that matches: specific patterns are listed before general ones. */
int
cause_find(const char *line, size_t len, struct cause *out)
{
	if (len > LINE_READ)
		return -1;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct match_span captures[CAPTURES] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};

		if (!matches(rows[i].pattern, (struct match_span){line, len}, captures))
			continue;
		out->rank = rows[i].rank;
		out->mark = rows[i].mark;
		fill_in(rows[i].words, captures, out->text);
		return 0;
	}
	return -1;
}

const char *
cause_of_code(int code)
{
	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i].code == code)
			return codes[i].words;
	return "rsync failed with an unexpected exit status";
}
