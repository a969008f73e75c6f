# What base.mk looks at before anything runs: the programs are there, every variable is read by something, and the rows
# and sources fit together. Included by base.mk. Tests: tests/e2e/make.sh, tests/e2e/own.sh.
ifeq ($(filter grouped-target,$(.FEATURES)),)
$(error base.mk needs GNU make 4.3 or newer; this is $(MAKE_VERSION))
endif
space := $() $()
same  = $(and $(findstring <$1>,<$2>),$(findstring <$2>,<$1>))

# ---- programs: in the tree or the installation that this file belongs to, else on the PATH ----
BIN ?= $(patsubst %/icd-train,%,$(firstword $(wildcard $(addsuffix bin/icd-train,$(HERE)../ $(HERE)../../../))))
ifneq ($(BIN),)
export PATH := $(abspath $(BIN)):$(PATH)
endif
ifeq ($(shell PATH='$(PATH)'; command -v icd-train),)
$(error icd-train is neither in $(abspath $(or $(BIN),$(HERE)../bin)) nor on the PATH. Run make, or give BIN=FOLDER)
endif

# ---- names: a variable that no makefile reads is a misspelt one ----
uses  := [$$][^A-Za-z0-9 ](call |origin |value )?[A-Za-z0-9_.-]+|[$$][A-Za-z]|^ *(ifn?def|(un)?export|undefine) +[^ ]+
read  := $(shell grep -ohE '$(uses)' $(MAKEFILE_LIST) | sed -E 's/.*[^A-Za-z0-9_.-]//' | sort -u)
mine  := .% -% MAKE% CURDIR SHELL MFLAGS SUFFIXES GNUMAKEFLAGS
known := $(filter $(mine),$(.VARIABLES)) $(read) $(patsubst %.,%.%,$(filter %.,$(read)))
given  = $(filter file command override,$(firstword $(origin $1)))
lost  := $(strip $(foreach v,$(filter-out $(known),$(.VARIABLES)),$(if $(call given,$v),$v)))
ifneq ($(lost),)
$(error $(firstword $(lost)): nothing reads a variable of this name. Options are \
    $(shell sed -nE 's/^([A-Z]+) *[?]=.*/\1/p' $(HERE)base.mk) BIN \
    INPUT.x SAMPLE.x TOKENS.x TRAIN.x INFER.x LINEAR.x ABOUT.x)
endif

# ---- rows have INPUT.x or LINEAR.x, inputs SAMPLE.x or TOKENS.x, if only an empty one; others have rules of their own ----
named    = $(patsubst $1.%,%,$(filter $1.%,$(.VARIABLES)))
linear   := $(sort $(call named,LINEAR))
trained  := $(sort $(filter-out $(linear),$(call named,INPUT)))
all_rows := $(linear) $(trained)
inputs   := $(sort $(call named,SAMPLE) $(call named,TOKENS))
$(foreach p,TRAIN INFER,$(foreach r,$(filter-out $(trained),$(call named,$p)),\
    $(error $p.$r: no such row is trained, as $(if $(filter $r,$(linear)),LINEAR.$r is set,INPUT.$r is not set))))
$(foreach r,$(trained),$(if $(filter-out 1,$(words $(INPUT.$r))),$(error INPUT.$r: '$(INPUT.$r)' is not one input)))

# ---- SEEDS: a row "full" becomes rows full.1, full.2, ... of other seeds ----
shown := $(foreach r,$(ROWS),$(if $(filter $r,$(trained)),$(if $(SEEDS),$(SEEDS:%=$r.%),$r),$r))
ifneq ($(SEEDS),)
$(foreach r,$(trained),$(foreach s,$(SEEDS),$(eval TRAIN.$r.$s := $(TRAIN.$r) --seed $s)\
    $(foreach v,INPUT INFER ABOUT,$(eval $v.$r.$s := $($v.$r)))))
trained  := $(foreach r,$(trained),$(SEEDS:%=$r.%))
all_rows := $(linear) $(trained)
$(if $(COMPARE),$(error COMPARE and SEEDS do not go together))
endif
$(foreach r,$(COMPARE),$(if $(filter $r,$(ROWS)),,$(error COMPARE: $r is not among ROWS)))

# ---- what is in D without a trace of how it got there is somebody's own, not to be made again ----
strange = $(and $(wildcard $D/$1),$(if $(wildcard $D/options/$2),,$1))
$(foreach f,$(or $(call strange,mimic3,mimic3),$(call strange,note.icds,note),$(call strange,gold.icds,note)) \
    $(call strange,kb.icds,kb),$(error $D/$f was not made here. Give what is yours by MIMIC or NOTES, and another D))

# ---- where it starts ----
ifneq ($(MODEL),)
ifeq ($(wildcard $(MODEL)/config.json),)
$(error MODEL: $(MODEL)/config.json is not there. MODEL is a folder on this machine in Hugging Face layout)
endif
endif
$(foreach v,NOTES GOLD TITLES,$(foreach f,$(filter-out $D/%,$($v)),$(if $(wildcard $f),,$(error $v: $f is not there))))
$(if $(and $(MIMIC),$(NOTES)),$(error MIMIC and NOTES are two sources of notes; give one))
$(if $(GOLD),$(if $(NOTES),,$(error GOLD goes with NOTES)))
$(if $(GOLD),,$(if $(filter %.icds %.icds.zst,$(NOTES)),$(error NOTES: a stream of notes has no codes; give GOLD, too)))
