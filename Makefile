# icdpipe: what to build is found by wildcard, so adding a tool, module, kernel, metric or test is adding a file.
#   make            programs into bin/          make check    all tests          make demo   the main job, end to end
#   make deps       install what is needed      make doctor   what was found     make bench  measurements
#   make install    PREFIX, DESTDIR             make man      OPTIONS sections   make clean
# Variables: B=build  ARCH=native  SAN=1 (ASan+UBSan)  PREFIX=/usr/local  JOBS=nproc  V=1 (whole commands)

VERSION := 0.1.0
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)

# Several goals run one after the other, each by a make of its own with -j: "make deps demo" installs before it
# looks for what it installed, and the demo is never mixed with another goal.
ifndef ONE_GOAL
GOALS := $(or $(MAKECMDGOALS),all)
.NOTPARALLEL:
.PHONY: $(GOALS)
$(GOALS):
	@+$(MAKE) --no-print-directory ONE_GOAL=1 $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS)) $@
else

B      ?= $(if $(SAN),build/san,build)
BIN    ?= $(if $(SAN),$(B)/bin,bin)
ARCH   ?= native
PREFIX ?= /usr/local
CC     ?= cc
CXX    ?= c++
PYTHON ?= python3
say    := $(if $(V),@:,@printf '  %-5s %s\n')
Q      := $(if $(V),,@)

ifdef SAN
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT := -O1
else
OPT := -O3
endif
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wno-unused-parameter -Wno-missing-field-initializers
CPPFLAGS := -I. -I$(B)/gen -D_GNU_SOURCE -DICDPIPE_VERSION='"$(VERSION)"' -DICDPIPE_PREFIX='"$(PREFIX)"'
CFLAGS ?= -g $(OPT)
CF     := -std=c11 $(WARN) $(CFLAGS) -march=$(ARCH) -fopenmp -fno-math-errno -fno-trapping-math -ffp-contract=fast $(SANFLAGS) -pthread
CXXF   := -std=c++17 -Wall -Wextra $(CFLAGS) -march=$(ARCH) $(SANFLAGS) -pthread
LDLIBS := -larchive -lcsv -lzstd -lmsgpackc -lxxhash -ljansson -lisal -lcurl -lsentencepiece -ldnnl -lstdc++ -lm
LDF    := -fopenmp -pthread $(SANFLAGS)

# lib/{tensor,nn,model,train} and kernels/ are the engine: built in float for the programs, in double for tests/grad.
ENGINE_DIRS := lib/tensor lib/nn lib/model lib/train kernels kernels/cpu
PLAIN_DIRS  := lib/util lib/stream lib/ingest lib/kb lib/text lib/metric
PLAIN_C  := $(wildcard $(addsuffix /*.c,$(PLAIN_DIRS)))
PLAIN_CC := $(wildcard $(addsuffix /*.cc,$(PLAIN_DIRS)))
ENGINE_C := $(wildcard $(addsuffix /*.c,$(ENGINE_DIRS)))
TOOLS    := $(sort $(patsubst tools/%.c,%,$(wildcard tools/*.c)))
PROGRAMS := $(addprefix $(BIN)/,$(TOOLS))
PLAIN_O  := $(PLAIN_C:%.c=$(B)/o/%.o) $(PLAIN_CC:%.cc=$(B)/o/%.o)
ENGINE_O := $(ENGINE_C:%.c=$(B)/o/%.o)
ENGINE_D := $(ENGINE_C:%.c=$(B)/d/%.o)

all: $(PROGRAMS) $(B)/completion.bash

# REGISTER(kind, name) at the start of a line of any lib/ file puts X(name) into gen/kind.def: the table behind a
# choice on a command line (model family, metric, schedule) is made from the files that are there.
KINDS := metric model_family schedule section_rules
GENDEFS := $(KINDS:%=$(B)/gen/%.def)
$(B)/gen/%.def: $(PLAIN_C) $(ENGINE_C) | $(B)/gen
	@sed -n 's/^REGISTER($*, *\([a-z0-9_]*\)).*/X(\1)/p' $(sort $(PLAIN_C) $(ENGINE_C)) > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp && touch $@ || mv $@.tmp $@
$(B)/gen:
	@mkdir -p $@

$(B)/o/%.o: %.c | $(GENDEFS)
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CF) -MMD -MP -c $< -o $@
$(B)/d/%.o: %.c | $(GENDEFS)
	@mkdir -p $(@D)
	$(say) CCd $<
	$(Q)$(CC) $(CPPFLAGS) -DICD_DOUBLE $(CF) -MMD -MP -c $< -o $@
$(B)/o/%.o: %.cc
	@mkdir -p $(@D)
	$(say) CXX $<
	$(Q)$(CXX) $(CPPFLAGS) $(CXXF) -MMD -MP -c $< -o $@

$(B)/libicdpipe.a: $(PLAIN_O) $(ENGINE_O)
	@rm -f $@; ar rcs $@ $^
$(B)/libicdpipe-double.a: $(PLAIN_O) $(ENGINE_D)
	@rm -f $@; ar rcs $@ $^

$(PROGRAMS): $(BIN)/%: $(B)/o/tools/%.o $(B)/libicdpipe.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDF) $^ $(LDLIBS) -o $@

# ---- tests: C programs and shell scripts, one runner ----
TEST_GRAD_C := $(wildcard tests/grad/*.c tests/selftest/grad*.c)
TEST_C      := $(filter-out $(TEST_GRAD_C),$(wildcard tests/unit/*.c tests/golden/*.c tests/twin/*.c tests/selftest/*.c))
TEST_SH     := $(wildcard tests/cli/*.sh tests/fault/*.sh tests/golden/*.sh tests/selftest/*.sh tests/e2e/*.sh)
TEST_BIN    := $(patsubst tests/%.c,$(B)/tests/%,$(TEST_C) $(TEST_GRAD_C))
BENCH_C     := $(wildcard tests/bench/*.c)
$(patsubst tests/%.c,$(B)/tests/%,$(TEST_C) $(BENCH_C)): $(B)/tests/%: $(B)/o/tests/%.o $(B)/libicdpipe.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDF) $^ $(LDLIBS) -o $@
$(patsubst tests/%.c,$(B)/tests/%,$(TEST_GRAD_C)): $(B)/tests/%: $(B)/d/tests/%.o $(B)/libicdpipe-double.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDF) $^ $(LDLIBS) -o $@
tests-build: all $(TEST_BIN)

# All tests twice: as shipped, then under ASan+UBSan.
check:
	@$(MAKE) --no-print-directory tests-build
	@$(MAKE) --no-print-directory SAN=1 B=$(B)/san BIN=$(B)/san/bin tests-build
	@tests/run $(B) $(BIN) $(B)/san $(B)/san/bin
# One build only: make check-fast [SAN=1] [T=tests/unit/stream]
check-fast: tests-build
	@tests/run $(B) $(BIN) $(if $(T),-- $(T))

.PHONY: all tests-build check check-fast
.SECONDARY:
-include Makefile.more
-include $(shell find $(B)/o $(B)/d -name '*.d' 2>/dev/null)
endif
