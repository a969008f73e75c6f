# icdpipe: what to build is found by wildcard, so adding a tool, module, kernel, metric or test is adding a file.
#   make            programs into bin/          make check    all tests          make demo   the main job, end to end
#   make deps       install what is needed      make doctor   what was found     make bench  measurements
#   make check-gpu      on a machine with a GPU     make bench-gpu
#   make install    PREFIX, DESTDIR             make man      OPTIONS sections   make clean
# Variables: B=build  ARCH=native  CUDA=auto|yes|no  SAN=1 (ASan+UBSan)  PREFIX=/usr/local  JOBS=nproc  V=1 (whole commands)

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

# CUDA: yes, no, or auto: when there is nvcc. Programs built with it run where there is no driver and no cuBLAS.
# Sanitized and double builds of the engine are the CPU's only.
CUDA ?= auto
NVCC ?= $(firstword $(shell command -v nvcc 2>/dev/null) $(wildcard /usr/local/cuda/bin/nvcc))
ifneq ($(filter-out auto yes no,$(CUDA)),)
$(error CUDA=$(CUDA): not one of auto, yes, no)
endif
ifeq ($(CUDA)$(NVCC),yes)
$(error CUDA=yes: nvcc is neither on the PATH nor in /usr/local/cuda/bin)
endif
CUDA_HOME ?= $(abspath $(dir $(realpath $(NVCC)))/..)
CUDA_LIB  ?= $(patsubst %/libcudart_static.a,%,$(firstword $(wildcard $(CUDA_HOME)/lib64/libcudart_static.a \
             $(CUDA_HOME)/lib/libcudart_static.a $(CUDA_HOME)/targets/*/lib/libcudart_static.a)))
ifneq ($(and $(NVCC),$(filter-out no,$(CUDA)),$(if $(SAN),,yes)),)
CUDA_C  := $(wildcard kernels/cuda/*.cu)
CUDA_O  := $(CUDA_C:%.cu=$(B)/o/%.o)
CUDA_IS := with CUDA ($(NVCC))
GENCODE ?= -gencode arch=compute_80,code=sm_80 -gencode=arch=compute_90a,code=sm_90a -gencode arch=compute_80,code=compute_80
NVF     := -std=c++17 -O3 -g -Xcompiler -Wall,-Wextra,-Wno-missing-field-initializers $(GENCODE) -DICD_CUDA_LIB='"$(CUDA_LIB)"'
LDLIBS  += $(CUDA_LIB:%=-L%) -lcudart_static -lrt -ldl
else
CUDA_O  := $(B)/o/kernels/cuda/none.o
CUDA_IS := without CUDA ($(if $(SAN),sanitized,$(if $(filter no,$(CUDA)),CUDA=no,no nvcc)))
endif

# lib/{tensor,nn,model,train} and kernels/ are the engine: built in float for the programs, in double for tests/grad.
ENGINE_DIRS := lib/tensor lib/nn lib/model lib/train kernels kernels/cpu
PLAIN_DIRS  := lib/util lib/stream lib/code lib/ingest lib/kb lib/text lib/metric
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

$(B)/o/%.o: %.cu $(B)/cuda
	@mkdir -p $(@D)
	$(say) NVCC $<
	$(Q)$(NVCC) $(CPPFLAGS) $(NVF) -MMD -MP -c $< -o $@

# What was chosen for CUDA; another choice compiles and links again.
$(B)/cuda: FORCE
	@mkdir -p $(@D); is() { printf '%s\n' '$(CUDA_IS)' '$(GENCODE)'; }; \
	is | cmp -s - $@ || { is >$@; printf '  %-5s %s\n' CUDA '$(CUDA_IS)'; }
FORCE:

$(B)/libicdpipe.a: $(PLAIN_O) $(ENGINE_O) $(CUDA_O) $(B)/cuda
	@rm -f $@; ar rcs $@ $(filter %.o,$^)
$(B)/libicdpipe-double.a: $(PLAIN_O) $(ENGINE_D) $(B)/o/kernels/cuda/none.o
	@rm -f $@; ar rcs $@ $^

$(PROGRAMS): $(BIN)/%: $(B)/o/tools/%.o $(B)/libicdpipe.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDF) $^ $(LDLIBS) -o $@

# ---- tests: C programs and shell scripts, one runner ----
TEST_GRAD_C := $(wildcard tests/grad/*.c tests/selftest/grad*.c)
TWIN_C      := $(wildcard tests/twin/*.c)
TEST_C      := $(filter-out $(TEST_GRAD_C),$(wildcard tests/unit/*.c tests/golden/*.c tests/selftest/*.c)) $(if $(CUDA_C),$(TWIN_C))
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

# The twin tests once more, on kernels/cuda compiled for the CPU (tests/twin/host/cuda_runtime.h): with nvcc or without.
HOST_O   := $(patsubst kernels/cuda/%.cu,$(B)/host/%.o,$(filter-out %/blas_load.cu,$(wildcard kernels/cuda/*.cu))) $(B)/host/host.o
# a GPU ends a program at an address that is no multiple of what is read there; here the compiler's check does
HOST_SAN := -fsanitize=alignment,bounds,signed-integer-overflow -fno-sanitize-recover=all
HOST_BIN := $(if $(SAN),,$(TWIN_C:tests/twin/%.c=$(B)/tests/twin/host/%))
$(B)/host/%.o: kernels/cuda/%.cu
	@mkdir -p $(@D)
	$(say) HOST $<
	$(Q)$(CXX) $(CPPFLAGS) -Itests/twin/host -DATTENTION_CHUNK=65536 -DICD_BLOCK=64 $(CXXF) $(HOST_SAN) -MMD -MP -x c++ -c $< -o $@
$(B)/host/host.o: tests/twin/host/host.cc
	@mkdir -p $(@D)
	$(say) HOST $<
	$(Q)$(CXX) $(CPPFLAGS) -Itests/twin/host -DICD_BLOCK=64 $(CXXF) $(HOST_SAN) -MMD -MP -c $< -o $@
$(HOST_BIN): $(B)/tests/twin/host/%: $(B)/o/tests/twin/%.o $(HOST_O) $(B)/libicdpipe.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDF) $(HOST_SAN) $^ $(LDLIBS) -o $@
# and the tools that compute with it: training and inference end to end (tests/gpu)
HOST_TOOL := $(if $(SAN),,$(addprefix $(B)/host/bin/,icd-train icd-infer))
$(HOST_TOOL): $(B)/host/bin/%: $(B)/o/tools/%.o $(HOST_O) $(B)/libicdpipe.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(LDF) $(HOST_SAN) $^ $(LDLIBS) -o $@
tests-build: all $(TEST_BIN) $(HOST_BIN) $(HOST_TOOL)

# All tests twice: as shipped, then under ASan+UBSan.
check:
	@$(MAKE) --no-print-directory tests-build
	@$(MAKE) --no-print-directory SAN=1 B=$(B)/san BIN=$(B)/san/bin tests-build
	@tests/run $(B) $(BIN) $(B)/san $(B)/san/bin
# One build only: make check-fast [SAN=1] [T=tests/unit/stream]
check-fast: tests-build
	@tests/run $(B) $(BIN) $(if $(T),-- $(T))

.PHONY: all tests-build check check-fast FORCE
.SECONDARY:
-include Makefile.more
-include $(shell find $(B)/o $(B)/d $(B)/host -name '*.d' 2>/dev/null)
endif
