# What base.mk looks at before anything runs: the programs are there, every variable is read by something, every row has
# an input, and which rows share a model. Included by base.mk.
ifeq ($(filter grouped-target,$(.FEATURES)),)
$(error base.mk needs GNU make 4.3 or newer; this is $(MAKE_VERSION))
endif
space := $() $()
same  = $(and $(findstring <$1>,<$2>),$(findstring <$2>,<$1>))

# ---- programs: in the tree or the installation that this file belongs to, else on the PATH ----
BIN ?= $(patsubst %/icd-train,%,$(firstword $(wildcard $(HERE)../bin/icd-train $(HERE)../../../bin/icd-train)))
ifneq ($(BIN),)
export PATH := $(abspath $(BIN)):$(PATH)
endif
ifeq ($(shell PATH='$(PATH)'; command -v icd-train),)
$(error icd-train is neither in $(abspath $(or $(BIN),$(HERE)../bin)) nor on the PATH: run make there first, or give BIN=FOLDER)
endif

# ---- names: a variable that no makefile reads is a misspelt one ----
names := grep -ohE '[$$][^A-Za-z0-9 ](call |origin |value )?[A-Za-z0-9_.-]+|[$$][A-Za-z]|^ *(ifn?def|(un)?export|undefine) +[^ ]+' \
         $(MAKEFILE_LIST) | sed -E 's/.*[^A-Za-z0-9_.-]//' | sort -u
read  := $(shell $(names))
known := $(filter .% -% MAKE% CURDIR SHELL MFLAGS SUFFIXES GNUMAKEFLAGS,$(.VARIABLES)) $(read) $(patsubst %.,%.%,$(filter %.,$(read)))
lost  := $(strip $(foreach v,$(filter-out $(known),$(.VARIABLES)),$(if $(filter file command override,$(firstword $(origin $v))),$v)))
ifneq ($(lost),)
$(error $(firstword $(lost)): nothing reads a variable of this name. Options are \
    $(shell sed -nE 's/^([A-Z]+) *[?]=.*/\1/p' $(HERE)base.mk) INPUT.x SAMPLE.x TOKENS.x TRAIN.x INFER.x LINEAR.x ABOUT.x)
endif

# ---- rows have INPUT.NAME, inputs SAMPLE.NAME or TOKENS.NAME, if only an empty one; others have rules of their own ----
named    = $(patsubst $1.%,%,$(filter $1.%,$(.VARIABLES)))
linear   := $(sort $(call named,LINEAR))
trained  := $(sort $(filter-out $(linear),$(call named,INPUT)))
all_rows := $(linear) $(trained)
inputs   := $(sort $(call named,SAMPLE) $(call named,TOKENS))
$(foreach p,TRAIN INFER,$(foreach r,$(filter-out $(trained),$(call named,$p)),\
    $(error $p.$r: there is no such row to train, as $(if $(filter $r,$(linear)),LINEAR.$r is set,INPUT.$r is not set))))
$(foreach r,$(trained),$(if $(filter-out 1,$(words $(INPUT.$r))),$(error INPUT.$r: '$(INPUT.$r)' is not one input)))

# ---- SEEDS: a row "full" becomes rows full.1, full.2, ... of other seeds ----
shown := $(foreach r,$(ROWS),$(if $(filter $r,$(trained)),$(if $(SEEDS),$(SEEDS:%=$r.%),$r),$r))
ifneq ($(SEEDS),)
$(foreach r,$(trained),$(foreach s,$(SEEDS),$(foreach v,INPUT INFER ABOUT,$(eval $v.$r.$s := $($v.$r)))$(eval TRAIN.$r.$s := $(TRAIN.$r) --seed $s)))
trained  := $(foreach r,$(trained),$(SEEDS:%=$r.%))
all_rows := $(linear) $(trained)
$(if $(COMPARE),$(error COMPARE and SEEDS do not go together))
endif
$(foreach r,$(COMPARE),$(if $(filter $r,$(ROWS)),,$(error COMPARE: $r is not among ROWS)))

# ---- what is in D without a trace of how it got there is somebody's own, not to be made again ----
$(foreach p,mimic3:mimic3 note.icds:note gold.icds:note kb.icds:kb,$(if $(wildcard $D/$(firstword $(subst :, ,$p))),\
    $(if $(wildcard $D/options/$(lastword $(subst :, ,$p))),,\
    $(error $D/$(firstword $(subst :, ,$p)) was not made here. Give what is yours by MIMIC, NOTES and GOLD, and another D))))

# ---- where it starts ----
ifneq ($(MODEL),)
ifeq ($(wildcard $(MODEL)/config.json),)
$(error MODEL: $(MODEL)/config.json is not there. MODEL is a folder on this machine in Hugging Face layout)
endif
endif
$(foreach v,NOTES GOLD TITLES,$(foreach f,$(filter-out $D/%,$($v)),$(if $(wildcard $f),,$(error $v: $f is not there))))
$(if $(and $(MIMIC),$(NOTES)),$(error MIMIC and NOTES are two sources of notes; give one))
$(if $(GOLD),$(if $(NOTES),,$(error GOLD goes with NOTES)),$(if $(filter %.icds %.icds.zst,$(NOTES)),$(error NOTES: a stream of notes has no codes; give GOLD, too)))
