// SPDX-License-Identifier: ISC
#ifndef TESTS_JUDGE_CASES_H
#define TESTS_JUDGE_CASES_H

#include <stdbool.h>

#include "flashback/rsync/verdict.h"

/*
 * What rsync 3.5.0 and OpenSSH 9.2 really said in every situation that the table of judgement
 * knows, with the names of hosts and files made shorter, and what is to be made of it.
 */

static const struct judge_real_case {
	const char *name;
	int status; /* rsync's exit status; a signal is negative */
	bool removable, broken, full;
	const char *out; /* what the closing statistics said, if there were any */
	const char *err;
	enum result result;
	enum verdict_tree tree;
	const char *reason;
} judge_real_cases[] = {
    {"ok", 0, false, false, false, "Number of files: 5 (reg: 3, dir: 2)\n", "", RESULT_SUCCEEDED,
     VERDICT_TREE_COMPLETE, ""},
    {"vanished", 24, false, false, false, "Number of files: 5 (reg: 4, dir: 1)\n",
     "file has vanished: \"/srv/van/z1\"\n"
     "file has vanished: \"/srv/van/z2\"\n"
     "file has vanished: \"/srv/van/z3\"\n"
     "rsync warning: some files vanished before they could be transferred (code 24) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_SUCCEEDED, VERDICT_TREE_COMPLETE, "3 files vanished while they were copied"},
    {"unreadable", 23, false, false, false, "Number of files: 7 (reg: 4, dir: 3)\n",
     "rsync: [sender] opendir \"/srv/unr/lock\" failed: Permission denied (13)\n"
     "rsync: [sender] send_files failed to open \"/srv/unr/nl\\#012name\": Permission denied (13)\n"
     "rsync: [sender] send_files failed to open \"/srv/unr/q\"uote \\#303\\#251\": Permission "
     "denied (13)\n"
     "rsync: [sender] send_files failed to open \"/srv/unr/secret\": Permission denied (13)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1956) [generator=3.5.0]\n",
     RESULT_PARTIAL, VERDICT_TREE_PARTIAL,
     "4 files could not be read; first: /srv/unr/lock: Permission denied (13)"},
    {"d_unr", 23, false, false, false, "Number of files: 7 (reg: 4, dir: 3)\n",
     "rsync: [sender] opendir \"lock\" (in unr) failed: Permission denied (13)\n"
     "rsync: [sender] send_files failed to open \"nl\\#012name\" (in unr): Permission denied (13)\n"
     "rsync: [sender] send_files failed to open \"q\"uote \\#303\\#251\" (in unr): Permission "
     "denied (13)\n"
     "rsync: [sender] send_files failed to open \"secret\" (in unr): Permission denied (13)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1956) [generator=3.5.0]\n",
     RESULT_PARTIAL, VERDICT_TREE_PARTIAL,
     "4 files could not be read; first: lock: Permission denied (13)"},
    {"io_error", 23, false, false, false, "Number of files: 3 (reg: 2, dir: 1)\n",
     "rsync: [sender] read errors mapping \"/srv/bigd/big\": Input/output error (5)\n"
     "rsync: [sender] read errors mapping \"/srv/bigd/big\": Input/output error (5)\n"
     "ERROR: big failed verification -- update discarded.\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_PARTIAL, VERDICT_TREE_PARTIAL,
     "1 file could not be read; first: /srv/bigd/big: Input/output error (5)"},
    {"noxattr", 23, false, false, false, "Number of files: 2 (reg: 1, dir: 1)\n",
     "rsync: [receiver] rsync_xal_set: fsetxattr(\"/backup/k/v/1.working/.f.YBJ7BS\",\"user.x\") "
     "failed: Operation not supported (95)\n"
     "rsync: [receiver] set_acl: xacl_set(.f.YBJ7BS, ACL_TYPE_ACCESS): Operation not supported "
     "(95)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_PARTIAL, VERDICT_TREE_PARTIAL,
     "this disk cannot hold some owners, ACLs or xattrs (see --no-acls, --no-xattrs); first: "
     ".f.YBJ7BS: Operation not supported (95)"},
    {"bigxattr", 23, false, false, false, "Number of files: 2 (reg: 1, dir: 1)\n",
     "rsync: [receiver] rsync_xal_set: fsetxattr(\"/backup/k/v/1.working/.f.ANo6Ci\",\"user.big\") "
     "failed: No space left on device (28)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_PARTIAL, VERDICT_TREE_PARTIAL,
     "this disk cannot hold some owners, ACLs or xattrs (see --no-acls, --no-xattrs); first: "
     ".f.ANo6Ci: No space left on device (28)"},
    {"missing_local", 23, false, false, false, "Number of files: 0\n",
     "rsync: [sender] change_dir \"/srv/nope\" failed: No such file or directory (2)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED,
     "the source cannot be opened: /srv/nope: No such file or directory (2)"},
    {"missing_removable", 23, true, false, false, "Number of files: 0\n",
     "rsync: [sender] change_dir \"/srv/nope\" failed: No such file or directory (2)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_NOT_FOUND, VERDICT_TREE_EXPIRED,
     "the source cannot be opened: /srv/nope: No such file or directory (2)"},
    {"missing_ssh", 23, false, false, false, "Number of files: 0\n",
     "rsync: [sender] change_dir \"/srv/nope\" failed: No such file or directory (2)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1956) [Receiver=3.5.0]\n"
     "rsync: [Receiver] write error: Broken pipe (32)\n",
     RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED,
     "the source cannot be opened: /srv/nope: No such file or directory (2)"},
    {"unr_root", 23, false, false, false, "Number of files: 0\n",
     "rsync: [sender] change_dir \"/srv/unr/lock\" failed: Permission denied (13)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1956) [Receiver=3.5.0]\n"
     "rsync: [Receiver] write error: Broken pipe (32)\n",
     RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED,
     "the source cannot be opened: /srv/unr/lock: Permission denied (13)"},
    {"rr_missing", 12, false, false, false, "",
     "/usr/bin/rrsync error: post-realpath open failed (race detected): /nope/ No such file or "
     "directory\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED,
     "rrsync on the host does not find the source: its path begins at rrsync's own directory: for "
     "all of that directory write HOST:/"},
    {"rr_missing_removable", 12, true, false, false, "",
     "/usr/bin/rrsync error: post-realpath open failed (race detected): /nope/ No such file or "
     "directory\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_NOT_FOUND, VERDICT_TREE_EXPIRED,
     "rrsync on the host does not find the source: its path begins at rrsync's own directory: for "
     "all of that directory write HOST:/"},
    {"d_submissing", 23, false, false, false, "Number of files: 0\n",
     "rsync: [sender] change_dir \"nope\" (in home) failed: No such file or directory (2)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1956) [Receiver=3.5.0]\n"
     "rsync: [Receiver] read error: Connection reset by peer (104)\n",
     RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED,
     "the source cannot be opened: nope: No such file or directory (2)"},
    {"d_gone", 5, false, false, false, "",
     "@ERROR: chdir failed\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_NO_SOURCE, VERDICT_TREE_EXPIRED,
     "the directory of the rsync daemon's module does not exist"},
    {"empty", 0, false, false, false, "Number of files: 1 (dir: 1)\n", "", RESULT_SUSPECT,
     VERDICT_TREE_SUSPECT, "the source is empty, or all of it is left out: is its disk mounted?"},
    {"empty_ssh_removable", 0, true, false, false, "Number of files: 1 (dir: 1)\n", "",
     RESULT_NOT_FOUND, VERDICT_TREE_EXPIRED, "the source is there but empty"},
    {"enospc", 11, false, true, true, "",
     "rsync: [receiver] write failed on \"/backup/k/v/1.working/big\": No space left on device "
     "(28)\n"
     "rsync error: error in file IO (code 11) at receiver.c(657) [receiver=3.5.0]\n"
     "rsync: [sender] write error: Broken pipe (32)\n",
     RESULT_FULL, VERDICT_TREE_EXPIRED,
     "the backup disk is full: make room, or lower keep_ options"},
    {"enospc_but_room", 11, false, false, false, "",
     "rsync: [receiver] write failed on \"/backup/k/v/1.working/big\": No space left on device "
     "(28)\n"
     "rsync error: error in file IO (code 11) at receiver.c(657) [receiver=3.5.0]\n"
     "rsync: [sender] write error: Broken pipe (32)\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "rsync could not write or read a file: big: No space left on device "
     "(28)"},
    {"inodes", 23, false, true, true, "Number of files: 81 (reg: 80, dir: 1)\n",
     "rsync: [receiver] mkstemp \"/backup/k/v/1.working/.f53.4rv6p5\" failed: No space left on "
     "device (28)\n"
     "rsync: [receiver] mkstemp \"/backup/k/v/1.working/.f54.FjxiSI\" failed: No space left on "
     "device (28)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_FULL, VERDICT_TREE_EXPIRED,
     "the backup disk is full: make room, or lower keep_ options"},
    {"inodes_but_room", 23, false, false, false, "Number of files: 81 (reg: 80, dir: 1)\n",
     "rsync: [receiver] mkstemp \"/backup/k/v/1.working/.f53.4rv6p5\" failed: No space left on "
     "device (28)\n"
     "rsync: [receiver] mkstemp \"/backup/k/v/1.working/.f54.FjxiSI\" failed: No space left on "
     "device (28)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_PARTIAL, VERDICT_TREE_PARTIAL,
     "2 files could not be written; first: .f53.4rv6p5: No space left on "
     "device (28)"},
    {"erofs", 23, false, true, false, "Number of files: 5 (reg: 3, dir: 2)\n",
     "rsync: [generator] failed to set times on \"/backup/k/v/1.working/.\": Read-only file system "
     "(30)\n"
     "rsync: [generator] recv_generator: mkdir \"/backup/k/v/1.working/dir\" failed: Read-only "
     "file system (30)\n"
     "*** Skipping any contents from this failed directory ***\n"
     "rsync: [receiver] mkstemp \"/backup/k/v/1.working/.a.likvT0\" failed: Read-only file system "
     "(30)\n"
     "rsync: [receiver] mkstemp \"/backup/k/v/1.working/.b.8UMy5d\" failed: Read-only file system "
     "(30)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_DISK, VERDICT_TREE_INTERRUPTED,
     "the backup disk is read-only: the kernel's log (dmesg) says why"},
    {"eio", 23, false, true, false, "Number of files: 5 (reg: 3, dir: 2)\n",
     "rsync: [receiver] rename \"/backup/k/v/1.working/.b.wWTbQM\" -> \"b\": Input/output error "
     "(5)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_DISK, VERDICT_TREE_INTERRUPTED,
     "the backup disk has errors: the kernel's log (dmesg) says more; first: "
     ".b.wWTbQM: Input/output error (5)"},
    {"links", 23, false, false, false, "Number of files: 3 (reg: 2, dir: 1)\n",
     "rsync: [generator] link \"/backup/k/v/1.working/b\" => a failed: Too many links (31)\n"
     "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at "
     "main.c(1394) [sender=3.5.0]\n",
     RESULT_LINKS, VERDICT_TREE_EXPIRED,
     "more hard links than this disk allows: b: Too many links (31)"},
    {"hostkey_unknown", 255, false, false, false, "",
     "No ED25519 host key is known for [kimono.lan]:2222 and you have requested strict "
     "checking.\015\n"
     "Host key verification failed.\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "is the host key of kimono.lan port 2222 unknown? as the user that runs flashback, run `ssh "
     "-p 2222 "
     "kimono.lan` once, and compare the fingerprint"},
    {"ask_unknown", 255, false, false, false, "",
     "Host key verification failed.\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "is the host key unknown? as the user that runs flashback, run `ssh HOST` once, and compare "
     "the "
     "fingerprint"},
    {"hostkey_changed", 12, false, false, false, "",
     "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\015\n"
     "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\015\n"
     "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\015\n"
     "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\015\n"
     "Someone could be eavesdropping on you right now (man-in-the-middle attack)!\015\n"
     "It is also possible that a host key has just been changed.\015\n"
     "The fingerprint for the ED25519 key sent by the remote host is\n"
     "SHA256:bj5lly4bFbhslSLFH346Y8g0aTwW+qizi0/q4xno0mw.\015\n"
     "Please contact your system administrator.\015\n"
     "Add correct host key in /root/known_changed to get rid of this message.\015\n"
     "Offending ED25519 key in /root/known_changed:1\015\n"
     "  remove with:\015\n"
     "  ssh-keygen -f \"/root/known_changed\" -R \"[kimono.lan]:2222\"\015\n"
     "Host key for [kimono.lan]:2222 has changed and you have requested strict checking.\015\n"
     "Host key verification failed.\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "has the host key of [kimono.lan]:2222 changed? connect by hand: if the new key is right, run "
     "ssh-keygen -R '[kimono.lan]:2222', and connect again"},
    {"key_refused", 255, false, false, false, "",
     "root@kimono.lan: Permission denied (publickey).\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "key refused: not in authorized_keys? passphrase, no SSH_AUTH_SOCK? home writable by all? "
     "PermitRootLogin no? account expired? key type? \"root@kimono.lan: Permission denied "
     "(publickey)\""},
    {"key_perm", 255, false, false, false, "",
     "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\015\n"
     "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\015\n"
     "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\015\n"
     "Permissions 0644 for '/root/id_perm' are too open.\015\n"
     "It is required that your private key files are NOT accessible by others.\015\n"
     "This private key will be ignored.\015\n"
     "Load key \"/root/id_perm\": bad permissions\015\n"
     "root@kimono.lan: Permission denied (publickey).\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "may others read the private key /root/id_perm? ssh ignores it then: look with ls -l, and "
     "chmod 600 it"},
    {"key_gone", 255, false, false, false, "",
     "Warning: Identity file /root/id_gone not accessible: No such file or directory.\n"
     "root@kimono.lan: Permission denied (publickey).\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "the private key /root/id_gone named in the ssh option does not exist"},
    {"conn_refused", 255, false, false, false, "",
     "ssh: connect to host kimono.lan port 2299: Connection refused\015\n"
     "rsync: [Receiver] safe_write failed to write 4 bytes to socket: Broken pipe (32)\n"
     "rsync error: unexplained error (code 255) at io.c(387) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "connection refused by kimono.lan port 2299: is the ssh server running there?"},
    {"name_unknown", 255, false, false, false, "",
     "ssh: Could not resolve hostname no-such-host.invalid: Name or service not known\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "unknown host name no-such-host.invalid: check its spelling in source, and that this machine "
     "can resolve it"},
    {"ssh_noroute", 12, false, false, false, "",
     "ssh: connect to host 10.9.8.7 port 22: Network is unreachable\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "10.9.8.7 cannot be reached: Network is unreachable"},
    {"banner", 255, false, false, false, "",
     "Connection timed out during banner exchange\015\n"
     "Connection to kimono.lan port 2298 timed out\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "connected, but the ssh server sends nothing: it hangs or is overloaded"},
    {"connclosed", 12, false, false, false, "",
     "kex_exchange_identification: Connection closed by remote host\015\n"
     "Connection closed by kimono.lan port 2298\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "the host closed the connection before the login: a ban, too many logins at once, or no ssh "
     "server at that "
     "port"},
    {"fakedisc", 12, false, false, false, "",
     "Connection to kimono.lan closed by remote host.\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "kimono.lan closed the connection"},
    {"bad_sshopt", 255, false, false, false, "",
     "command-line: line 0: Bad configuration option: nosuchthing\015\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "ssh does not know the option nosuchthing: check the ssh option of the volume"},
    {"bad_sshopt2", 12, false, false, false, "",
     "unknown option -- -\015\n"
     "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]\n"
     "           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]\n"
     "           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]\n"
     "           [-i identity_file] [-J [user@]host[:port]] [-L address]\n"
     "           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]\n"
     "           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]\n"
     "           [-w local_tun[:remote_tun]] destination [command [argument ...]]\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "ssh does not know the option \"-\": check the ssh option of the volume"},
    {"no_ssh", 12, false, false, false, "",
     "rsync: [Receiver] Failed to exec /usr/bin/no-such-ssh: No such file or directory (2)\n"
     "rsync error: error in IPC code (code 14) at pipe.c(85) [Receiver=3.5.0]\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "the remote shell /usr/bin/no-such-ssh could not be started on this machine: No such file or "
     "directory (2)"},
    {"no_rsync", 12, false, false, false, "",
     "bash: line 1: /usr/bin/no-such-rsync: No such file or directory\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "no rsync on the host: install it there, or give its path with --rsync-path in "
     "rsync_options"},
    {"nosudo", 127, false, false, false, "",
     "bash: line 1: sudo: command not found\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: remote command not found (code 127) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "the host has no command sudo"},
    {"talk", 2, false, false, false, "",
     "protocol version mismatch -- is your shell clean?\n"
     "(see the rsync manpage for an explanation)\n"
     "rsync error: protocol incompatibility (code 2) at compat.c(625) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "no rsync answers on the host: does its login shell print text (`ssh HOST true` must print "
     "nothing)? lets it no command run? has the ssh option -t? rsync: is your shell clean?"},
    {"exit24", 24, false, false, false, "",
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync warning: some files vanished before they could be transferred (code 24) at io.c(285) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "exit status 24 without rsync's closing words: is another command run in its place?"},
    {"exit1", 12, false, false, false, "",
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "the connection was lost: rsync on the host exited, or the network failed"},
    {"openr", 12, false, false, false, "",
     "rsync: -HAX: invalid option\n"
     "usage: rsync\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync on the host does not know an option that is needed (is it openrsync?): -HAX"},
    {"badopt_remote", 12, false, false, false, "",
     "rsync: on remote machine: --no-such-option: unknown option\n"
     "rsync error: syntax or usage error (code 1) at main.c(1886) [server=3.5.0]\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync on the host does not know an option that is needed (is it openrsync?): "
     "--no-such-option"},
    {"badopt_local", 1, false, false, false, "",
     "rsync: --no-such-option: unknown option\n"
     "rsync error: syntax or usage error (code 1) at main.c(1886) [client=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED, "rsync does not know the option --no-such-option"},
    {"rr_s", 12, false, false, false, "",
     "/usr/bin/rrsync error: option -s has been disabled on this server.\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "rrsync on the host refuses: option -s has been disabled on this server."},
    {"rr_dots", 12, false, false, false, "",
     "/usr/bin/rrsync error: do not use .. in arg (anchor the path at the root of your restricted "
     "dir)\n"
     "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "rrsync on the host refuses: do not use .. in arg (anchor the path at the root of your "
     "restricted dir"},
    {"exclfrom", 11, false, false, false, "",
     "rsync: [client] failed to open exclude file /nope: No such file or directory (2)\n"
     "rsync error: error in file IO (code 11) at exclude.c(1719) [client=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "rsync could not open the exclude file /nope: No such file or directory (2)"},
    {"iconv", 4, false, false, false, "",
     "iconv_open(\"UTF-8\", \"yy\") failed\n"
     "rsync error: requested action not supported (code 4) at argv.c(134) [Receiver=3.5.0]\n"
     "iconv_open(\"UTF-8\", \"xx\") failed\n"
     "rsync error: requested action not supported (code 4) at argv.c(134) [sender=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "one of the two rsyncs does not support what was requested: iconv_open(\"UTF-8\", \"xx\") "
     "failed"},
    {"hang", 30, false, false, false, "",
     "[Receiver] io timeout after 1 seconds -- exiting\n"
     "rsync error: timeout in data send/receive (code 30) at io.c(248) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "no data for 1 s (io_timeout): the host or the network hangs"},
    {"killremote", 255, false, false, false, "",
     "rsync: connection unexpectedly closed (712967 bytes received so far) [receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [receiver=3.5.0]\n"
     "rsync: connection unexpectedly closed (69 bytes received so far) [generator]\n"
     "rsync error: unexplained error (code 255) at io.c(285) [generator=3.5.0]\n"
     "rsync: [generator] write error: Broken pipe (32)\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "ssh could not connect, or the connection was lost"},
    {"termremote", 124, false, false, false, "",
     "rsync error: received SIGINT, SIGTERM, or SIGHUP (code 20) at io.c(586) [sender=3.5.0]\n"
     "rsync: connection unexpectedly closed (721159 bytes received so far) [receiver]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [receiver=3.5.0]\n"
     "rsync: connection unexpectedly closed (69 bytes received so far) [generator]\n"
     "rsync error: remote shell failed (code 124) at io.c(285) [generator=3.5.0]\n"
     "rsync: [generator] write error: Broken pipe (32)\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "rsync, here or on the host, was terminated"},
    {"term", 20, false, false, false, "",
     "rsync error: received SIGINT, SIGTERM, or SIGHUP (code 20) at argv.c(874) [sender=3.5.0]\n"
     "rsync error: received SIGUSR1 (code 19) at main.c(1660) [generator=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "rsync, here or on the host, was terminated"},
    {"kill", -9, false, false, false, "",
     "rsync: connection unexpectedly closed (65 bytes received so far) [generator]\n"
     "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [generator=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED, "rsync was killed by signal 9"},
    {"d_unknown", 5, false, false, false, "",
     "@ERROR: Unknown module 'nosuch'\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED, "the rsync daemon has no module nosuch"},
    {"d_authfail", 5, false, false, false, "",
     "@ERROR: auth failed on module auth\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync daemon refuses the user or the password for its module auth: see --password-file"},
    {"d_authnone", 5, false, false, false, "",
     "Password: @ERROR: auth failed on module auth\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync daemon requires a password for its module auth: see --password-file in "
     "rsync_options"},
    {"d_busy", 5, false, false, false, "",
     "@ERROR: max connections (-1) reached -- try again later\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync daemon has reached its max connections: the run is retried"},
    {"d_deny", 5, false, false, false, "",
     "@ERROR: access denied to deny from localhost (kimono.lan)\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync daemon denies this machine access to its module deny (hosts allow)"},
    {"d_refuse", 10, false, false, false, "",
     "rsync: The server is configured to refuse --acls (-A)\n"
     "rsync: [Receiver] read error: Connection reset by peer (104)\n"
     "rsync error: error in socket IO (code 10) at io.c(907) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the rsync daemon refuses \"--acls (-A)\": turn it off in rsync_options, as in --no-acls"},
    {"d_wo", 1, false, false, false, "",
     "ERROR: module is write only\n"
     "rsync error: syntax or usage error (code 1) at main.c(951) [sender=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED, "the rsync daemon's module is write only"},
    {"d_connref", 10, false, false, false, "",
     "rsync: [Receiver] failed to connect to kimono.lan (kimono.lan): Connection refused (111)\n"
     "rsync error: error in socket IO (code 10) at clientserver.c(165) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "connection refused by kimono.lan: is the rsync daemon running there?"},
    {"d_noroute", 10, false, false, false, "",
     "rsync: [Receiver] failed to connect to 10.9.8.7 (10.9.8.7): Network is unreachable (101)\n"
     "rsync error: error in socket IO (code 10) at clientserver.c(165) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_INTERRUPTED,
     "10.9.8.7 cannot be reached: Network is unreachable (101)"},
    {"d_wrongproto", 5, false, false, false, "",
     "rsync: server sent \"SSH-2.0-OpenSSH_9.2p1 Debian-2\" rather than greeting\n"
     "rsync error: error starting client-server protocol (code 5) at main.c(1954) "
     "[Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "the server at that port of the host is not an rsync daemon"},
    {"pwperm", 1, false, false, false, "",
     "ERROR: password file must not be other-accessible\n"
     "rsync error: syntax or usage error (code 1) at authenticate.c(261) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "rsync refuses its password file: it must not be other-accessible"},
    {"pwgone", 1, false, false, false, "",
     "rsync: [Receiver] could not open password file /nope: No such file or directory (2)\n"
     "rsync error: syntax or usage error (code 1) at authenticate.c(247) [Receiver=3.5.0]\n",
     RESULT_FAILED, VERDICT_TREE_EXPIRED,
     "rsync could not open its password file /nope: No such file or directory (2)"},
};

#endif
