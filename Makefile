# icdpipe: what to build is found by wildcard, so adding a tool, module, kernel, metric or test is adding a file.
# make help lists targets and variables: the lines here and in Makefile.more that begin with two hashes.

## all: Programs, into bin/ (the default).
## tests-build: Programs and compiled tests.
## check: All tests, as shipped and under ASan and UBSan.
## check-fast: All tests of one build; T=tests/unit/stream: those whose names begin so.

## B=build: Folder of everything that is made.
## BIN=bin: Folder of the programs.
## ARCH=native: Processor to compile for, as gcc's -march. native: this machine; dist and deb: x86-64-v3.
## CUDA=auto: yes, no, or auto: with CUDA when there is nvcc.
## SAN=: 1: under ASan and UBSan, in build/san.
## CC=cc: C compiler; CXX and NVCC likewise.
## CFLAGS=-g -O3: Options of C and C++; CPPFLAGS and LDFLAGS are added to ours.
## JOBS=nproc: Commands at a time.
## V=: 1: show whole commands.
## CODIESP=: Folder of CodiEsp, for make codiesp.

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
comma  := ,
say    := $(if $(V),@:,@printf '  %-5s %s\n')
Q      := $(if $(V),,@)

ifdef SAN
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT := -O1
else
OPT := -O3
endif
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wno-unused-parameter -Wno-missing-field-initializers
CPPF   := -I. -I$(B)/gen -D_GNU_SOURCE -DICDPIPE_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS ?= -g $(OPT)
CF     := -std=c11 $(WARN) $(CFLAGS) -march=$(ARCH) -fopenmp -fno-math-errno -fno-trapping-math -ffp-contract=fast $(SANFLAGS) -pthread
CXXF   := -std=c++17 -Wall -Wextra $(CFLAGS) -march=$(ARCH) $(SANFLAGS) -pthread
LDLIBS := -larchive -lcsv -lzstd -lmsgpackc -lxxhash -ljansson -lutf8proc -lisal -lcurl -lsentencepiece_train -lsentencepiece -llinear -ldnnl -lstdc++ -lm
LDF    := -fopenmp -pthread -Wl,--as-needed -Wl,-u,icd_cpu_guard $(SANFLAGS) $(LDFLAGS)
# a build that brings its libraries along (dist)
LDF    += $(if $(BUNDLE),-Wl$(comma)--disable-new-dtags -Wl$(comma)-rpath$(comma)'$$ORIGIN/../lib/icdpipe')

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

# What is in these folders, and what is below them, is the engine: built in float for the programs, in double for
# tests/grad. Every other folder of lib/ is plain C, built once: a new one needs no line here.
ENGINE := lib/tensor lib/nn lib/model lib/train kernels
LIB_C    := $(wildcard lib/*/*.c lib/*/*/*.c)
ENGINE_C := $(filter $(ENGINE:%=%/%),$(LIB_C)) $(wildcard kernels/*.c kernels/cpu/*.c)
PLAIN_C  := $(filter-out $(ENGINE:%=%/%),$(LIB_C))
PLAIN_CC := $(wildcard lib/*/*.cc lib/*/*/*.cc)
TOOLS    := $(sort $(patsubst tools/%.c,%,$(wildcard tools/*.c)))
PROGRAMS := $(addprefix $(BIN)/,$(TOOLS))
PLAIN_O  := $(PLAIN_C:%.c=$(B)/o/%.o) $(PLAIN_CC:%.cc=$(B)/o/%.o)
ENGINE_O := $(ENGINE_C:%.c=$(B)/o/%.o)
ENGINE_D := $(ENGINE_C:%.c=$(B)/d/%.o)

all: $(PROGRAMS) $(B)/completion.bash

# ---- what was chosen is remembered ----
# IS_x is a choice of this make; build/is/x keeps that of the last one and is written again when they differ. What
# depends on the choice has that file among its prerequisites, and nothing else is made again.
HOST_SAN   := -fsanitize=alignment,bounds,signed-integer-overflow -fno-sanitize-recover=all
IS_cc      := $(CC) $(CPPF) $(CF)
IS_cxx     := $(CXX) $(CPPF) $(CXXF) $(HOST_SAN)
IS_nvcc    := $(NVCC) $(CPPF) $(NVF)
IS_link    := $(CC) $(LDF) $(LDLIBS)
IS_prefix  := $(PREFIX)
IS_cuda    := $(CUDA_IS)
IS_sources := $(sort $(LIB_C) $(PLAIN_CC) $(ENGINE_C) $(CUDA_C))
IS_tools   := $(TOOLS)
CHOICES    := cc cxx nvcc link prefix cuda sources tools
differ      = $(if $(and $(findstring $1x,$2x),$(findstring $2x,$1x)),,yes)
quote       = '$(subst ','\'',$(strip $1))'
$(foreach x,$(CHOICES),$(if $(call differ,$(strip $(file <$(B)/is/$x)),$(strip $(IS_$x))),$(eval $(B)/is/$x: FORCE)))
$(CHOICES:%=$(B)/is/%): $(B)/is/%:
	@mkdir -p $(@D)
	$(CHANGED_$*)
	@printf '%s\n' $(call quote,$(IS_$*)) >$@
CHANGED_cuda  = @printf '  %-5s %s\n' CUDA $(call quote,$(CUDA_IS))
# the program of a tool that is gone goes, too
CHANGED_tools = @[ ! -f $@ ] || for t in $$(cat $@); do case ' $(TOOLS) ' in *" $$t "*) ;; \
	    *) printf '  %-5s %s\n' RM $(BIN)/$$t; rm -f $(BIN)/$$t $(B)/host/bin/$$t ;; esac; done
FORCE:

# REGISTER(kind, name, ...) at the start of a line of any lib/ file puts X(name) into gen/kind.def: the table behind a
# choice on a command line (model family, metric, schedule) is made from the files that are there.
KINDS := $(shell sed -n 's/^ *REGISTER_\([a-z_]*\),.*/\1/p' lib/util/register.h)
GENDEFS := $(KINDS:%=$(B)/gen/%.def)
$(B)/gen/%.def: $(LIB_C) $(B)/is/sources
	@mkdir -p $(@D)
	@sed -n 's/^REGISTER($*, *\([a-z0-9_]*\)[,)].*/X(\1)/p' $(sort $(LIB_C)) > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp && touch $@ || mv $@.tmp $@

# the only one that knows PREFIX
$(B)/o/lib/util/file.o: CPPF += -DICDPIPE_PREFIX='"$(PREFIX)"'
$(B)/o/lib/util/file.o: $(B)/is/prefix
$(B)/o/%.o: %.c $(B)/is/cc | $(GENDEFS)
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPF) $(CF) -MMD -MP -c $< -o $@
$(B)/d/%.o: %.c $(B)/is/cc | $(GENDEFS)
	@mkdir -p $(@D)
	$(say) CCd $<
	$(Q)$(CC) $(CPPF) -DICD_DOUBLE $(CF) -MMD -MP -c $< -o $@
$(B)/o/%.o: %.cc $(B)/is/cxx
	@mkdir -p $(@D)
	$(say) CXX $<
	$(Q)$(CXX) $(CPPF) $(CXXF) -MMD -MP -c $< -o $@

$(B)/o/%.o: %.cu $(B)/is/nvcc
	@mkdir -p $(@D)
	$(say) NVCC $<
	$(Q)$(NVCC) $(CPPF) $(NVF) -MMD -MP -c $< -o $@

$(B)/libicdpipe.a: $(PLAIN_O) $(ENGINE_O) $(CUDA_O) $(B)/is/cuda $(B)/is/sources
	@rm -f $@; ar rcs $@ $(filter %.o,$^)
$(B)/libicdpipe-double.a: $(PLAIN_O) $(ENGINE_D) $(B)/o/kernels/cuda/none.o $(B)/is/sources
	@rm -f $@; ar rcs $@ $(filter %.o,$^)

LINK = $(CC) $(LDF) $(filter %.o %.a,$^) $(LDLIBS) -o $@
$(PROGRAMS): $(BIN)/%: $(B)/o/tools/%.o $(B)/libicdpipe.a $(B)/is/link $(B)/is/tools
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK)

# ---- tests: C programs and shell scripts, one runner ----
TEST_GRAD_C := $(wildcard tests/grad/*.c tests/selftest/grad*.c)
TWIN_C      := $(wildcard tests/twin/*.c)
TEST_C      := $(filter-out $(TEST_GRAD_C),$(wildcard tests/unit/*.c tests/golden/*.c tests/selftest/*.c tests/fuzz/*.c)) $(if $(CUDA_C),$(TWIN_C))
TEST_SH     := $(wildcard tests/cli/*.sh tests/fault/*.sh tests/golden/*.sh tests/selftest/*.sh tests/e2e/*.sh)
TEST_BIN    := $(patsubst tests/%.c,$(B)/tests/%,$(TEST_C) $(TEST_GRAD_C))
BENCH_C     := $(wildcard tests/bench/*.c)
$(patsubst tests/%.c,$(B)/tests/%,$(TEST_C) $(BENCH_C)): $(B)/tests/%: $(B)/o/tests/%.o $(B)/libicdpipe.a $(B)/is/link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK)
$(patsubst tests/%.c,$(B)/tests/%,$(TEST_GRAD_C)): $(B)/tests/%: $(B)/d/tests/%.o $(B)/libicdpipe-double.a $(B)/is/link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK)

# The twin tests once more, on kernels/cuda compiled for the CPU (tests/twin/host/cuda_runtime.h): with nvcc or without.
HOST_CU  := $(patsubst kernels/cuda/%.cu,%.o,$(filter-out %/blas_load.cu,$(wildcard kernels/cuda/*.cu))) runtime.o
HOST_O   := $(HOST_CU:%=$(B)/host/%) $(B)/host/host.o
# HOST_SAN: a GPU ends a program at an address that is no multiple of what is read there; here the compiler's check does
HOST_C    = $(CXX) $(CPPF) -Itests/twin/host -DATTENTION_CHUNK=65536 $(CXXF) -MMD -MP
HOST_BIN := $(if $(SAN),,$(TWIN_C:tests/twin/%.c=$(B)/tests/twin/host/%))
$(B)/host/%.o: kernels/cuda/%.cu $(B)/is/cxx
	@mkdir -p $(@D)
	$(say) HOST $<
	$(Q)$(HOST_C) -DICD_BLOCK=64 $(HOST_SAN) -x c++ -c $< -o $@
$(B)/host/%.o: tests/twin/host/%.cc $(B)/is/cxx
	@mkdir -p $(@D)
	$(say) HOST $<
	$(Q)$(HOST_C) -DICD_BLOCK=64 $(HOST_SAN) -c $< -o $@
$(HOST_BIN): $(B)/tests/twin/host/%: $(B)/o/tests/twin/%.o $(HOST_O) $(B)/libicdpipe.a $(B)/is/link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK) $(HOST_SAN)
# and the tools that compute with it: training and inference end to end (tests/gpu)
HOST_TOOL := $(if $(SAN),,$(addprefix $(B)/host/bin/,icd-train icd-infer))
$(HOST_TOOL): $(B)/host/bin/%: $(B)/o/tools/%.o $(HOST_O) $(B)/libicdpipe.a $(B)/is/link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK) $(HOST_SAN)
# The same under ThreadSanitizer (tests/twin/race.sh), and with blocks as large as a GPU's.
# SHARED: shared memory of kernels, which is static here, gets a section that race.cc knows.
SHARED   := objcopy --set-section-flags .bss=alloc,load,data,contents --rename-section .bss=icd_shared
RACE_BIN := $(if $(SAN),,$(patsubst %,$(B)/tests/twin/race/%,ops model planted))
$(B)/race/%.o: kernels/cuda/%.cu $(B)/is/cxx
	@mkdir -p $(@D)
	$(say) RACE $<
	$(Q)$(HOST_C) -O1 -fsanitize=thread -x c++ -c $< -o $@ && $(SHARED) $@
$(B)/race/%.o: tests/twin/host/%.cc $(B)/is/cxx
	@mkdir -p $(@D)
	$(say) RACE $<
	$(Q)$(HOST_C) -O1 -fsanitize=thread -c $< -o $@ $(if $(filter planted,$*),&& $(SHARED) $@)
$(B)/tests/twin/race/%: $(B)/o/tests/twin/%.o $(HOST_CU:%=$(B)/race/%) $(B)/race/race.o $(B)/libicdpipe.a $(B)/is/link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK) -fsanitize=thread
$(B)/tests/twin/race/planted: $(B)/race/planted.o $(B)/race/runtime.o $(B)/race/race.o $(B)/libicdpipe.a $(B)/is/link
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(LINK) -fsanitize=thread
# What fails allocations of a program it is loaded into; a sanitizer has its own allocator.
SHIM := $(if $(SAN),,$(B)/tests/fault/alloc.so)
$(SHIM): $(B)/%.so: %.c $(B)/is/cc
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -g -O2 -shared -fPIC $< -ldl -o $@
tests-build: all $(TEST_BIN) $(HOST_BIN) $(HOST_TOOL) $(RACE_BIN) $(SHIM)

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
include Makefile.more
-include $(shell find $(B)/o $(B)/d $(B)/host $(B)/race -name '*.d' 2>/dev/null)
endif
