# SPDX-License-Identifier: BSD-2-Clause
# giltop: make (no root), make check, make demo, make bench, make install; V=1 shows the commands.

VERSION   := 0.1.0
BUILD     ?= build
prefix    ?= /usr/local
bindir    ?= $(prefix)/bin
mandir    ?= $(prefix)/share/man
docdir    ?= $(prefix)/share/doc/giltop
bashdir   ?= $(prefix)/share/bash-completion/completions
zshdir    ?= $(prefix)/share/zsh/site-functions
fishdir   ?= $(prefix)/share/fish/vendor_completions.d
INSTALL   ?= install
CC        ?= cc
CLANG     ?= clang
LLVM_STRIP ?= $(firstword $(shell command -v llvm-strip llvm-strip-14 llvm-strip-19 2>/dev/null) llvm-strip)
PROTOC_C  ?= protoc-c
BPFTOOL   ?= $(firstword $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool 2>/dev/null) bpftool)
PKGCONF   ?= pkg-config

ARCH      ?= $(shell uname -m | sed 's/aarch64/arm64/;s/x86_64/x86/')
CFLAGS    ?= -O2 -g
WARNINGS  := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla
ifneq ($(CI)$(WERROR),)
WARNINGS  += -Werror
endif
# Cross build: make ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- SYSROOT=DIR BUILD=DIR static, where DIR holds
# the unpacked -dev packages of that architecture (scripts/kernel-matrix makes one).
SYSROOT   ?=
ifneq ($(CROSS_COMPILE),)
CC        := $(CROSS_COMPILE)gcc
AR        := $(CROSS_COMPILE)ar
STRIP     := $(CROSS_COMPILE)strip
endif
STRIP     ?= strip
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
ifneq ($(SYSROOT),)
# After the compiler's own headers: those of two C libraries must not mix.
EXTRA_CFLAGS  += -idirafter $(SYSROOT)/usr/include -idirafter $(SYSROOT)/usr/include/$(MULTIARCH)
EXTRA_LDFLAGS += -L$(SYSROOT)/usr/lib/$(MULTIARCH)
endif
GT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DGILTOP_VERSION='"$(VERSION)"' $(WARNINGS) -I. -I$(BUILD) \
             -ffile-prefix-map=$(CURDIR)/= $(EXTRA_CFLAGS)
LIBS      := -lbpf -lcapstone -ldw -lelf -lz -lncursesw -ltinfo -ljansson -lprotobuf-c -lm
LDLIBS_ALL = $(EXTRA_LDFLAGS) $(LIBS)

# libcapstone.a brings decoders for all its architectures by one table of their init functions: 3.2 MB.
# A table entry of 0 means "not built in"; so does an address that is defined as 0 here. What this machine
# runs is enough for a program that looks at this machine's processes.
CAPSTONE_UNUSED := ARM BPF EVM M680X M68K MOS65XX Mips PPC RISCV SH Sparc SystemZ TMS320C64x TRICORE WASM XCore \
                   $(filter-out $(if $(filter arm64,$(ARCH)),AArch64,X86),AArch64 X86)
STATIC_LDFLAGS  := -static -Wl,--gc-sections \
                   $(foreach a,$(CAPSTONE_UNUSED),-Wl,--defsym=$(a)_global_init=0,--defsym=$(a)_option=0)

ifeq ($(V),1)
Q :=
say =
else
Q := @
say = @printf '  %-8s %s\n' "$(1)" "$(2)";
endif

LIB_SRCS  := $(sort $(filter-out user/app/main.c,$(wildcard user/*/*.c)) $(wildcard tui/*.c))
PROTOS    := $(wildcard user/view/proto/*.proto)
PROTO_OBJS := $(PROTOS:%.proto=$(BUILD)/%.pb-c.o)
LIB_OBJS  := $(LIB_SRCS:%.c=$(BUILD)/%.o) $(PROTO_OBJS)
ASAN_OBJS := $(LIB_SRCS:%.c=$(BUILD)/asan/%.o) $(PROTO_OBJS)
UNIT_SRCS := $(wildcard tests/unit/test_*.c)
UNIT_BINS := $(UNIT_SRCS:tests/unit/%.c=$(BUILD)/unit/%)
FUZZERS   := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
CORPUS_BINS := $(FUZZERS:%=$(BUILD)/unit/corpus_%)
SKEL      := $(BUILD)/giltop.skel.h
SANITIZE  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.DELETE_ON_ERROR:
.PHONY: all install uninstall clean help deps check check-all check-consumers unit e2e long consumers lint bench bench-sched demo demo-compare static fuzz fuzzers soak check-kernels
.SECONDARY:

COMPLETIONS := $(addprefix $(BUILD)/completions/giltop.,bash zsh fish)

all: $(BUILD)/giltop $(BUILD)/giltop.1 $(COMPLETIONS)

help:
	@sed -n 's/^#: //p' Makefile

#: make              build $(BUILD)/giltop (no root needed)
#: make deps         install what building and testing need (root)
#: make demo         build, start a threaded service, look at it for 10 s (root)
#: make demo-compare threads beside processes, I/O-bound and CPU-bound, under giltop (root)
#: make check        all tests (root; installs what is missing)
#: make check-all    all tests, and those that take minutes: tests/long
#: make check-consumers  the exports in the programs that people open them with: from npm, and Chromium (root)
#: make unit         the unit tests alone (no root), make e2e: the tests against real interpreters
#: make bench        cost of each mode, side by side with bare, an empty uprobe and other tools: doc/cost.md (root)
#: make bench-sched  what --sched costs the context switches of other processes (root)
#: make static       one static file, $(BUILD)/giltop-static
#: make check-kernels  boot Debian's kernels under emulation and compare with the oracle there
#: make fuzz         feed what reads foreign files, memory and words with broken ones (FUZZ_SECONDS=25 for each)
#: make soak         giltop beside a program that never stays the same (root; SOAK_MINUTES=15)
#: make install      DESTDIR=, prefix=

# ---- BPF ----------------------------------------------------------------------------------------
BPF_BUILD := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Werror -I. \
             -idirafter $(SYSROOT)/usr/include/$(MULTIARCH) $(BPF_CFLAGS)
$(BUILD)/giltop.bpf.o: bpf/gil.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_BUILD) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.tmp
	$(Q)$(LLVM_STRIP) -g $@.tmp
# The linker drops names and symbols that nothing needs: a quarter of the file, which is in giltop.
	$(Q)$(BPFTOOL) gen object $@.linked $@.tmp && rm -f $@.tmp && mv $@.linked $@

$(SKEL): $(BUILD)/giltop.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name giltop_bpf > $@

# Only the files that include the skeleton wait for it.
SKEL_USERS := $(shell grep -l '"giltop.skel.h"' $(LIB_SRCS) $(UNIT_SRCS))
$(foreach d,$(BUILD) $(BUILD)/asan,$(SKEL_USERS:%.c=$(d)/%.o)): $(SKEL)

# ---- what protoc-c makes of user/view/proto/ ------------------------------------------------------
$(BUILD)/user/view/proto/%.pb-c.c $(BUILD)/user/view/proto/%.pb-c.h &: user/view/proto/%.proto
	@mkdir -p $(@D)
	$(call say,PROTO,$<)
	$(Q)$(PROTOC_C) --proto_path=user/view/proto --c_out=$(BUILD)/user/view/proto $<

# Its code is not ours to warn about.
$(BUILD)/user/view/proto/%.pb-c.o: $(BUILD)/user/view/proto/%.pb-c.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 $(EXTRA_CFLAGS) -I$(BUILD)/user/view/proto -c $< -o $@

# Who includes it, or a header that does, waits for it.
PROTO_VIA := $(shell grep -l 'user/view/proto/.*\.pb-c\.h"' $(wildcard user/*/*.h tests/unit/*.h))
PROTO_USERS := $(shell grep -l -e 'user/view/proto/.*\.pb-c\.h"' $(PROTO_VIA:%=-e '"%"') $(LIB_SRCS) $(UNIT_SRCS))
$(foreach d,$(BUILD) $(BUILD)/asan $(BUILD)/fuzz,$(PROTO_USERS:%.c=$(d)/%.o)): $(PROTOS:%.proto=$(BUILD)/%.pb-c.h)

# ---- the page of -f html: user/view/html/ ---------------------------------------------------------
PAGE_PARTS := $(foreach p,html css js,$(BUILD)/page_$(p).inc)
$(BUILD)/page_%.inc: user/view/html/page.% scripts/embed
	@mkdir -p $(@D)
	$(call say,EMBED,$<)
	$(Q)scripts/embed page_$* $< > $@.tmp && mv $@.tmp $@

# One script, in a scope of its own.
PAGE_SCRIPTS := $(foreach p,data use timeline flame tables page,user/view/html/$(p).js)
$(BUILD)/page_js.inc: $(PAGE_SCRIPTS) scripts/embed Makefile
	@mkdir -p $(@D)
	$(call say,EMBED,user/view/html/*.js)
	$(Q){ echo "'use strict';(() => {"; cat $(PAGE_SCRIPTS); echo '})();'; } > $(BUILD)/page.js
	$(Q)scripts/embed page_js $(BUILD)/page.js > $@.tmp && mv $@.tmp $@

$(foreach d,$(BUILD) $(BUILD)/asan $(BUILD)/fuzz,$(d)/user/view/html.o): $(PAGE_PARTS)

# Names of system calls, of the headers that are compiled against.
$(BUILD)/syscall_names.inc: Makefile
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)echo '#include <asm/unistd.h>' | $(CC) $(EXTRA_CFLAGS) -E -dM - | \
	sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/[__NR_\1] = "\1",/p' | \
	grep -v -e '"syscalls"' -e '"arch_specific_syscall"' | sort > $@

$(foreach d,$(BUILD) $(BUILD)/asan $(BUILD)/fuzz,$(d)/user/base/syscall_name.o): $(BUILD)/syscall_names.inc

# ---- user space ---------------------------------------------------------------------------------
$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) $(GT_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/asan/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC asan,$<)
	$(Q)$(CC) -O1 -g $(GT_CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

# A file that is gone makes nothing newer, yet it must leave the libraries.
ifneq ($(shell cat $(BUILD)/lib.sources 2>/dev/null),$(LIB_SRCS))
.PHONY: $(BUILD)/lib.sources
endif
$(BUILD)/lib.sources:
	@mkdir -p $(@D)
	@echo '$(LIB_SRCS)' > $@

# q, not r: files of two folders may share a name, and r would keep the last of them. D: no times, no owners.
$(BUILD)/libgiltop.a: $(LIB_OBJS) $(BUILD)/lib.sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) qcsD $@ $(LIB_OBJS)

$(BUILD)/asan/libgiltop.a: $(ASAN_OBJS) $(BUILD)/lib.sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) qcsD $@ $(ASAN_OBJS)

$(BUILD)/giltop: $(BUILD)/user/app/main.o $(BUILD)/libgiltop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/giltop-static: $(BUILD)/user/app/main.o $(BUILD)/libgiltop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(STATIC_LDFLAGS) $^ $(LDLIBS_ALL) -o $@ && $(STRIP) $@

static: $(BUILD)/giltop-static

# The whole program with sanitizers, for a test.
$(BUILD)/asan/giltop: $(BUILD)/asan/user/app/main.o $(BUILD)/asan/libgiltop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/unit/%: $(BUILD)/asan/tests/unit/%.o $(BUILD)/asan/libgiltop.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) $^ $(LDLIBS_ALL) -lcmocka -o $@

$(BUILD)/tools/%: $(BUILD)/tests/tools/%.o $(BUILD)/libgiltop.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS_ALL) -o $@

# The options, the columns and the formats come from the program's own tables.
$(BUILD)/giltop.1: doc/giltop.1.scd doc/live-view.scd.in $(BUILD)/giltop
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$(BUILD)/giltop --help=man > $(BUILD)/options.scd
	$(Q)$(BUILD)/giltop --help=columns > $(BUILD)/columns.scd
	$(Q)$(BUILD)/giltop --help=formats > $(BUILD)/formats.scd
	$(Q)$(BUILD)/giltop --help=checks > $(BUILD)/checks.scd
	$(Q)sed -e '/^@COLUMNS@$$/{r $(BUILD)/columns.scd' -e 'd}' doc/live-view.scd.in > $(BUILD)/live-view.scd
	$(Q)sed -e '/^@OPTIONS@$$/{r $(BUILD)/options.scd' -e 'd}' \
	        -e '/^@FORMATS@$$/{r $(BUILD)/formats.scd' -e 'd}' \
	        -e '/^@CHECKS@$$/{r $(BUILD)/checks.scd' -e 'd}' \
	        -e '/^@LIVE@$$/{r $(BUILD)/live-view.scd' -e 'd}' $< > $(BUILD)/giltop.1.scd
	$(Q)if command -v scdoc >/dev/null; then scdoc < $(BUILD)/giltop.1.scd > $@; \
	else echo "scdoc is missing: no man page" >&2; : > $@; fi

$(COMPLETIONS): $(BUILD)/completions/giltop.%: $(BUILD)/giltop
	@mkdir -p $(@D)
	$(call say,SHELL,$@)
	$(Q)$(BUILD)/giltop --help=$* > $@

# ---- tests and the rest -------------------------------------------------------------------------
deps:
	$(Q)scripts/deps

unit: $(UNIT_BINS) $(CORPUS_BINS)
	$(Q)scripts/run-unit $(UNIT_BINS) $(CORPUS_BINS)

$(BUILD)/oracle.so: tests/oracle/oracle.c tests/oracle/oracle_file.c tests/oracle/oracle.h Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -shared -fPIC $(filter %.c,$^) -o $@ -ldl

# Static: it runs in the kernel guests, too.
$(BUILD)/nobpf: tests/tools/nobpf.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -static $(EXTRA_CFLAGS) $< -o $@

e2e: all $(BUILD)/oracle.so $(BUILD)/nobpf $(BUILD)/asan/giltop
	$(Q)BUILD=$(BUILD) scripts/run-e2e

long: all $(BUILD)/oracle.so $(BUILD)/nobpf $(BUILD)/asan/giltop
	$(Q)BUILD=$(BUILD) scripts/run-e2e tests/long/*.bats

soak: all
	$(Q)BUILD=$(BUILD) scripts/run-e2e tests/long/soak.bats

lint:
	$(Q)scripts/lint

check:
	$(Q)scripts/check

check-all:
	$(Q)scripts/check --all

check-consumers:
	$(Q)scripts/check consumers

consumers: all
	$(Q)scripts/fetch-consumers
	$(Q)BUILD=$(BUILD) scripts/run-e2e tests/consumers/*.bats

demo:
	$(Q)scripts/demo

demo-compare:
	$(Q)scripts/demo-compare

# BENCH_ARGS=--quick: three minutes instead of eleven. A part alone: scripts/bench PART.
bench: all $(BUILD)/tools/play $(BUILD)/bench/hit $(BUILD)/bench/naive $(BUILD)/bench/cost.bpf.o
	$(Q)BUILD=$(BUILD) scripts/bench $(BENCH_ARGS)

# What --sched costs the context switches of others.
bench-sched: $(BUILD)/giltop.bpf.o $(BUILD)/bench/switch $(BUILD)/bench/cost.bpf.o
	$(Q)$(BUILD)/bench/switch $(BUILD)/giltop.bpf.o $(BUILD)/bench/cost.bpf.o

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libgiltop.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/bench/cost.bpf.o: tests/bench/cost.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_BUILD) -MMD -MP -c $< -o $@

check-kernels:
	$(Q)BUILD=$(BUILD) scripts/kernel-matrix

# ---- fuzzers: tests/fuzz/fuzz_NAME.c ------------------------------------------------------------
# What they replace of the world around the code.
wrap        = $(addprefix -Wl$(comma)--wrap=,$(WRAP_$(1)))
comma      := ,
WRAP_proc  := fopen openat
WRAP_python := process_vm_readv proc__tids proc__own_tid proc__comm proc__exe read_file

# What they have found, without libFuzzer: among the unit tests.
$(BUILD)/unit/corpus_%: $(BUILD)/asan/tests/fuzz/fuzz_%.o $(BUILD)/asan/tests/fuzz/replay.o $(BUILD)/asan/libgiltop.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) $(call wrap,$*) $^ $(LDLIBS_ALL) -o $@

FUZZ_OBJS := $(patsubst %.c,$(BUILD)/fuzz/%.o,$(filter-out $(SKEL_USERS),$(LIB_SRCS))) $(PROTO_OBJS)
$(BUILD)/fuzz/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC fuzz,$<)
	$(Q)$(CLANG) -O1 -g $(GT_CFLAGS) $(SANITIZE) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(BUILD)/fuzz/libgiltop.a: $(FUZZ_OBJS) $(BUILD)/lib.sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) qcsD $@ $(FUZZ_OBJS)

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/libgiltop.a
	$(call say,LD,$@)
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $(call wrap,$*) $^ $(LDLIBS_ALL) -o $@

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)

fuzz:
	$(Q)BUILD=$(BUILD) scripts/fuzz

# What the manual names.
DOCS := exports.md merge.jq format.md accounting.md

install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(bindir) $(mandir)/man1 $(docdir) $(bashdir) $(zshdir) $(fishdir))
	$(INSTALL) -m 755 $(BUILD)/giltop $(DESTDIR)$(bindir)/giltop
	$(INSTALL) -m 644 $(BUILD)/giltop.1 $(DESTDIR)$(mandir)/man1/giltop.1
	$(INSTALL) -m 644 $(addprefix doc/,$(DOCS)) $(DESTDIR)$(docdir)
	$(INSTALL) -m 644 $(BUILD)/completions/giltop.bash $(DESTDIR)$(bashdir)/giltop
	$(INSTALL) -m 644 $(BUILD)/completions/giltop.zsh $(DESTDIR)$(zshdir)/_giltop
	$(INSTALL) -m 644 $(BUILD)/completions/giltop.fish $(DESTDIR)$(fishdir)/giltop.fish

uninstall:
	rm -f $(addprefix $(DESTDIR),$(bindir)/giltop $(mandir)/man1/giltop.1 $(bashdir)/giltop \
	      $(zshdir)/_giltop $(fishdir)/giltop.fish $(addprefix $(docdir)/,$(DOCS)))
	-rmdir $(DESTDIR)$(docdir) 2>/dev/null

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
