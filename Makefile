# SPDX-License-Identifier: ISC
# make, make check, make demo, make install; see README.md.

VERSION    = 1.0.0
PREFIX     = /usr/local
SYSCONFDIR = /etc
SBINDIR    = $(PREFIX)/sbin
BINDIR     = $(PREFIX)/bin
MANDIR     = $(PREFIX)/share/man
DOCDIR     = $(PREFIX)/share/doc/flashback
DATADIR    = $(PREFIX)/share/flashback
UNITDIR    = $(PREFIX)/lib/systemd/system
INITDIR    = $(SYSCONFDIR)/init.d
CONFDIR    = $(SYSCONFDIR)/flashback
DESTDIR    =

CC       = gcc
CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wformat-nonliteral -Wundef \
	   -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wswitch-enum -Wimplicit-fallthrough \
	   -Wnull-dereference -Wdouble-promotion -Werror
HARDEN   = -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
LDHARDEN = -pie -Wl,-z,relro,-z,now
CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Iinclude \
	   -DFLASHBACK_VERSION='"$(VERSION)"' -DFLASHBACK_SYSCONFDIR='"$(SYSCONFDIR)"'
LDLIBS   = -lconfuse -loping

ALL_CFLAGS  = -std=c11 $(WARNINGS) $(HARDEN) $(CFLAGS)
# The tests themselves, which run for a moment, are not worth optimizing.
UNIT_CFLAGS = -O0 -U_FORTIFY_SOURCE -Wno-null-dereference
# Without optimization, where gcc warns of things that it does not see with it.
SAN_CFLAGS  = -std=c11 $(WARNINGS) -O0 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	      -fno-sanitize-recover=all -Wno-null-dereference
# Programs with sanitizers start faster without their libraries; and many programs are linked, which gold does faster.
SAN_LDFLAGS = $(TEST_LD) -static-libasan -static-libubsan
TEST_LD     = $(if $(shell command -v ld.gold),-fuse-ld=gold)
# Not c11, with which gcc does not know fork and exec, nor that the counters must be written there.
COV_CFLAGS  = -std=gnu11 $(WARNINGS) -O0 -g --coverage -Wl,--wrap=_exit,--wrap=kill
# Programs under test have the product's own objects, and tests/clock.c besides.
TEST_CLOCK  = -Wl,--wrap=clock_wall

SOURCES = $(sort $(wildcard src/*/*.c))
UNITS   = $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*/test_*.c)))
LIB     = $(filter-out src/cli/main.c,$(SOURCES))

.PHONY: all unit unit-asan check check-asan demo bench install uninstall clean
all: build/flashback

# What everything is compiled with; when it changes, everything is compiled anew.
FLAGS = $(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(SAN_CFLAGS) $(COV_CFLAGS) $(LDHARDEN) $(LDFLAGS) $(LDLIBS)
ifneq ($(file <build/flags),$(strip $(FLAGS)))
  $(shell mkdir -p build)
  $(file >build/flags,$(strip $(FLAGS)))
endif

# The product; the same objects with another clock, for tests; and those under sanitizers.
build/flashback: $(SOURCES:src/%.c=build/obj/%.o)
	$(CC) $(ALL_CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $^ $(LDLIBS)
build/test/flashback: $(SOURCES:src/%.c=build/obj/%.o) build/test/clock.o
	$(CC) $(ALL_CFLAGS) $(LDHARDEN) $(LDFLAGS) $(TEST_CLOCK) -o $@ $^ $(LDLIBS)
build/asan/flashback: $(SOURCES:src/%.c=build/asan/%.o) build/asan/test/clock.o
	$(CC) $(SAN_CFLAGS) $(SAN_LDFLAGS) $(LDFLAGS) $(TEST_CLOCK) -o $@ $^ $(LDLIBS)

build/obj/libflashback.a: $(LIB:src/%.c=build/obj/%.o)
	rm -f $@ && $(AR) rcs $@ $^
build/asan/libflashback.a: $(LIB:src/%.c=build/asan/%.o)
	rm -f $@ && $(AR) rcs $@ $^

build/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
build/asan/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(SAN_CFLAGS) -MMD -MP -c -o $@ $<
build/test/%.o: tests/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
build/asan/test/%.o: tests/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(SAN_CFLAGS) -MMD -MP -c -o $@ $<

build/unit/%: tests/unit/%.c build/test/clock.o build/obj/libflashback.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(ALL_CFLAGS) $(UNIT_CFLAGS) $(TEST_LD) $(TEST_CLOCK) -MMD -MP -o $@ $< $(filter %.o %.a,$^) -lcmocka $(LDLIBS)
build/unit-asan/%: tests/unit/%.c build/asan/test/clock.o build/asan/libflashback.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(SAN_CFLAGS) $(SAN_LDFLAGS) $(TEST_CLOCK) -MMD -MP -o $@ $< $(filter %.o %.a,$^) -lcmocka $(LDLIBS)

# And those that count what was run: make coverage; make coverage MODULE=work for the lines that were not.
build/cov/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(COV_CFLAGS) -MMD -MP -c -o $@ $<
build/cov/flashback: $(SOURCES:src/%.c=build/cov/%.o) tests/dump.c tests/clock.c
	$(CC) $(CPPFLAGS) $(COV_CFLAGS) $(TEST_CLOCK) -o $@ $^ $(LDLIBS)
build/cov/libflashback.a: $(LIB:src/%.c=build/cov/%.o)
	rm -f $@ && $(AR) rcs $@ $^
build/cov/unit/%: tests/unit/%.c tests/dump.c tests/clock.c build/cov/libflashback.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(COV_CFLAGS) $(TEST_CLOCK) -o $@ $^ -lcmocka $(LDLIBS)
MODULE =
coverage:
ifeq ($(MODULE),)
	@tests/setup check
	@$(MAKE) --no-print-directory -s -j2 check-build build/cov/flashback build/cov/sim $(UNITS:%=build/cov/unit/%)
	@tests/coverage run
else
	@tests/coverage show $(MODULE)
endif
.PHONY: coverage

# Fuzz targets: where clang is, programs that go on by themselves from their corpus; else, ones that replay it.
FUZZ        = $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_CC     = $(if $(wildcard $(shell clang --print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer*.a),clang)
FUZZ_CFLAGS = -std=c11 -O0 -gline-tables-only -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
build/fuzz/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c build/asan/libflashback.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(SAN_CFLAGS) $(SAN_LDFLAGS) -o $@ $^ $(LDLIBS)
build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c build/fuzz/libflashback.a
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
build/fuzz/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
# Only of the rooms that read what others write, and without what no target needs, for clang takes its time.
FUZZ_NOT = child clock columns event log resolve argv runplan transfer version firstseen masschange mkstore round \
	   runlog storewarn traits treediff unlisted usage
FUZZ_LIB = $(filter-out $(foreach not,$(FUZZ_NOT),%/$(not).c), \
	   $(foreach room,lib config store rsync,$(filter src/$(room)/%,$(LIB))))
build/fuzz/libflashback.a: $(FUZZ_LIB:src/%.c=build/fuzz/obj/%.o)
	rm -f $@ && $(AR) rcs $@ $^
FUZZ_BUILD = $(FUZZ:%=build/fuzz/$(if $(FUZZ_CC),fuzz,replay)_%)

# For as long as you like: make fuzz FUZZ_SECONDS=3600 FUZZ=conf.
FUZZ_SECONDS = 600
fuzz:
	@$(MAKE) --no-print-directory -s -j2 $(FUZZ_BUILD)
	@FUZZ_FOUND=build/fuzz/found tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)
.PHONY: fuzz

# unit, unit-asan: build and run all unit tests; run one with build/unit/test_NAME.
unit: $(UNITS:%=build/unit/%)
	@set -e; for t in $^; do ./$$t; done
unit-asan: $(UNITS:%=build/unit-asan/%)
	@set -e; for t in $^; do ./$$t; done

# Tests: installs what is missing, builds everything, runs everything.  tests/run WORD runs a part.
TOOLS = build/manifest build/churn build/crashat
build/crashat: tests/syscalls.c tests/syscalls.h
$(TOOLS): build/%: tests/%.c build/flags
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDHARDEN) -o $@ $(filter %.c,$^)
build/nomem.so: tests/nomem.c build/flags
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fPIC -shared -o $@ $<
# The simulation: the daemon and its workers upon a pretend machine; sources of the same name stand in for
# modules, so that the linker takes no more of the library than is left.
SIM = $(sort $(wildcard tests/sim/*.c))
build/sim: $(SIM) $(wildcard tests/sim/*.h) tests/unit/judge_cases.h build/obj/libflashback.a
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -o $@ $(SIM) build/obj/libflashback.a $(LDLIBS)
build/cov/sim: $(SIM) $(wildcard tests/sim/*.h) tests/unit/judge_cases.h tests/dump.c build/cov/libflashback.a
	$(CC) $(CPPFLAGS) $(COV_CFLAGS) -o $@ \
	    $(SIM) tests/dump.c build/cov/libflashback.a $(LDLIBS)
check:
	@tests/setup check
	@$(MAKE) --no-print-directory -s -j2 check-build
	@tests/run
# The system tests once more, over the program with sanitizers.
check-asan:
	@tests/setup check
	@$(MAKE) --no-print-directory -s -j2 check-build
	@FLASHBACK=$(CURDIR)/build/asan/flashback tests/run system/
# What the analyzers find, which takes minutes.
analyze:
	@tests/setup analyze
	@tests/analyze
.PHONY: check-build analyze
# The random tests for as long as you like: make soak SOAK=100 goes on a hundred times longer than make check.
SOAK = 40
soak:
	@tests/setup check
	@$(MAKE) --no-print-directory -s -j2 check-build
	@FLASHBACK_SOAK=$(SOAK) tests/run $(RANDOM_TESTS)
RANDOM_TESTS = system/changeguard system/crash system/every system/fault system/memcheck system/power system/quick system/recheck system/reload sim/
.PHONY: soak
# Every call and every request for memory of a run made to fail, one after the other, for hours.  A failure is
# named with its number; make every TEST='after others were cut: a request' FROM=1234 begins there.
TEST = .
FROM = 1
every:
	@tests/setup check
	@$(MAKE) --no-print-directory -s -j2 check-build
	@test ! -d /dev/shm || export TMPDIR=/dev/shm; FLASHBACK_EVERY=$(FROM) nice -n 5 bats --tap -f '$(TEST)' tests/system/every.bats
.PHONY: every
check-build: all build/test/flashback build/asan/flashback build/sim $(TOOLS) build/nomem.so \
    $(UNITS:%=build/unit/%) $(UNITS:%=build/unit-asan/%) $(FUZZ_BUILD)

# A first look: builds, then shows the real program at work in a scratch directory.
demo:
	@tests/setup demo
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/demo

# What flashback costs, beside bare rsync and other programs: a table.
bench:
	@tests/setup bench
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/bench/run

# The files name the places where a plain make install puts things; placed says where they are put.
placed = sed -e 's|/usr/local/sbin/flashback|$(SBINDIR)/flashback|g' -e 's|/etc/flashback|$(CONFDIR)|g' \
    -e 's|/usr/local/bin/check-f|$(BINDIR)/check-f|g' -e 's|/usr/local/bin/flashback-m|$(BINDIR)/flashback-m|g' \
    -e 's|/usr/local/share/flashback|$(DATADIR)|g' -e 's|/usr/local/share/doc/flashback|$(DOCDIR)|g'
MANUAL = flashback.8 flashback-hosts.7 flashback.conf.5 hosts.conf.5
CONFIG = flashback.conf hosts.conf
SNIPPETS = lighttpd-flashback.conf nginx-flashback.conf
MONITORS = check-flashback flashback-metrics
NOTIFIERS = notify-mail notify-ntfy notify-led

# A config that is there is never touched: it is the user's.
install: build/flashback
	install -d $(addprefix $(DESTDIR),$(SBINDIR) $(BINDIR) $(DATADIR) $(addprefix $(MANDIR)/,man5 man7 man8) $(DOCDIR)/examples \
	    $(UNITDIR) $(INITDIR) $(CONFDIR))
	install -m 755 build/flashback $(DESTDIR)$(SBINDIR)/flashback
	for file in $(MONITORS); do \
		$(placed) etc/$$file >build/$$file && \
		install -m 755 build/$$file $(DESTDIR)$(BINDIR)/$$file || exit 1; \
	done
	install -m 644 etc/index.html $(DESTDIR)$(DATADIR)/index.html
	for page in $(MANUAL); do \
		$(placed) man/$$page >build/$$page && \
		install -m 644 build/$$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page || exit 1; \
	done
	$(placed) README.md >build/README.md
	install -m 644 build/README.md LICENSE $(DESTDIR)$(DOCDIR)
	install -m 644 $(CONFIG:%=etc/%) $(DESTDIR)$(DOCDIR)/examples
	for file in $(SNIPPETS) $(NOTIFIERS); do \
		$(placed) etc/$$file >build/$$file && \
		install -m 644 build/$$file $(DESTDIR)$(DOCDIR)/examples/$$file || exit 1; \
	done
	cd $(DESTDIR)$(DOCDIR)/examples && chmod 755 $(NOTIFIERS)
	$(placed) etc/flashback.service >build/flashback.service
	install -m 644 build/flashback.service $(DESTDIR)$(UNITDIR)/flashback.service
	$(placed) etc/flashback.init >build/flashback.init
	install -m 755 build/flashback.init $(DESTDIR)$(INITDIR)/flashback
	for file in $(CONFIG); do \
		test -e $(DESTDIR)$(CONFDIR)/$$file || \
		install -m 644 etc/$$file $(DESTDIR)$(CONFDIR)/$$file || exit 1; \
	done
	@$(if $(DESTDIR),:,echo "Next: edit the two files in $(CONFDIR); flashback --init; flashback --check;" \
	    "systemctl enable --now flashback.  After an upgrade: systemctl restart flashback.")

# The config stays, and so does every backup.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/flashback $(DESTDIR)$(UNITDIR)/flashback.service \
	    $(DESTDIR)$(INITDIR)/flashback $(MONITORS:%=$(DESTDIR)$(BINDIR)/%)
	rm -f $(foreach page,$(MANUAL),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page))
	rm -rf $(DESTDIR)$(DOCDIR) $(DESTDIR)$(DATADIR)
	@# What enable has made would hang in the air.
	rm -f $(DESTDIR)/etc/systemd/system/*.wants/flashback.service $(DESTDIR)/etc/rc?.d/[SK]??flashback
	-rmdir $(addprefix $(DESTDIR),$(UNITDIR) $(dir $(UNITDIR) $(DOCDIR)) $(addprefix $(MANDIR)/,man5 man7 man8)) 2>/dev/null || :
	@echo "Left in place: $(DESTDIR)$(CONFDIR) and all snapshots."

# The same bytes from the same files, whoever packs them, wherever and when: the names are sorted, the date
# is that of the last commit (in an unpacked tarball, of its files), and no owner, umask or packer's clock
# gets in.  BUILD: the directory for it.
DIST = flashback-$(VERSION)
# A clone whose git is missing, or refuses it as somebody else's, is packed like an unpacked tarball.
cloned = test -e .git && git rev-parse -q --verify HEAD >/dev/null 2>&1
files = { if $(cloned); then git ls-files -z; else find . \( -path ./build -o -path ./.git \) -prune -o -type f -printf '%P\0'; fi; }
changed = if $(cloned); then git log -1 --format=%ct; else $(files) | xargs -0 stat -c %Y | sort -n | tail -n 1; fi
epoch = $${SOURCE_DATE_EPOCH:-$$($(changed))}
BUILD = build
dist:
	@mkdir -p $(BUILD)
	$(files) | LC_ALL=C sort -z | tar --create --format=ustar --null --no-recursion --files-from=- \
	    --mtime="@$(epoch)" --owner=root:0 --group=root:0 --mode=u=rwX,go=rX --transform='s|^|$(DIST)/|' \
	    >$(BUILD)/$(DIST).tar
	gzip -9nf $(BUILD)/$(DIST).tar
.PHONY: dist

# A Debian package in build/, with what make install installs.
deb:
	@tests/setup deb
	@$(MAKE) --no-print-directory -s -j2 all
	rm -rf build/deb
	@$(MAKE) --no-print-directory -s install DESTDIR=build/deb PREFIX=/usr UNITDIR=/usr/lib/systemd/system \
	    DOCDIR=/usr/share/doc/flashback
	@SOURCE_DATE_EPOCH=$(epoch) etc/deb/build build/deb $(VERSION)
.PHONY: deb

# The README's commands on a machine that has nothing: a minimal Debian in a chroot.  Takes minutes, as root.
check-fresh: dist
	@tests/fresh
# The unit tests on 32 bits and on the other byte order, by qemu-user; likewise.  ARCH=armhf for one alone.
check-cross: dist
	@tests/cross $(ARCH)
.PHONY: check-fresh check-cross

clean:
	rm -rf build

-include $(wildcard $(foreach dir,obj test asan cov unit unit-asan cov/unit fuzz/obj,build/$(dir)/*/*.d) build/*.d build/test/*.d)
