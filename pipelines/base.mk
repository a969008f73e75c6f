# The stages as make rules, so that an experiment is a few lines. It sets options and includes this file last:
#
#   D := build/mine                          # where everything goes
#   SAMPLE.know := --level paragraph         # an input named "know": options of note-sample
#   INPUT.full  := know                      # a row named "full" reads it,
#   TRAIN.full  := --loss gen+att --kg $D/kg.icds   #   is trained so (kg.icds: the knowledge as tokens,
#                                            #   described.kg.icds: descriptions in place of expressions)
#   INFER.full  := --use ensemble            #   and decides so
#   ABOUT.full  := all three parts           #   a line under the table
#   LINEAR.bag  :=                           # a row named "bag" is TF-IDF and logistic regression, on whole notes
#   ROWS := bag full                         # what the table shows
#   include pipelines/base.mk
#
# make -f mine.mk prints the table. D/full.score.icds is the score of row "full", D/full.pred.icds its predictions,
# D/full.model its model. Rows of equal INPUT and TRAIN share one model.
#
# What is made again: what is not there, what is older than its inputs, and what another command would make now; then
# all that follows from it. Every product's command is in D/options. What followed from an old product goes as soon as
# the new one is there. An interrupted training goes on where it was, unless its command or an input has changed.
#
# A stage of your own is a rule in the experiment: one for $D/mine.token.icds and INPUT.full := mine, or one for
# $D/mine.pred.icds and mine among ROWS.
#
# The options of all stages. A variable that nothing reads is an error, so a misspelt name is found.
#   D        folder of the experiment
# Notes, one of three:
#   MIMIC    MIMIC directory or archive; SPLIT: options of mimic-split
#   NOTES    notes of your own: a table (.csv, .tsv), JSON lines or a stream (.icds); IMPORT: options of rec-cat that
#            reads it; GOLD: their codes, where they are in another file; TITLES: a table of titles (kb-build)
#   (none)   a synthetic MIMIC-III; SYNTH: options of mimic-synth
# Knowledge and vocabulary:
#   KB       options of kb-build
#   VOCAB    size of the vocabulary; SPIECE: further options of vocab-train
# Model and stages:
#   MODEL    a directory in Hugging Face layout to start from, with its own vocabulary; without it INIT: the model
#            that icd-train --init makes
#   BUDGET   tokens of a note that the model reads
#   SAMPLE, TOKENS, TARGET, TRAIN, INFER, SCORE   options of note-sample, tokenize for notes, tokenize for codes,
#            icd-train, icd-infer, icd-score. SAMPLE.x and TOKENS.x are added for input x, TRAIN.x, INFER.x for row x.
#   LINEAR   options of icd-linear; LINEAR.x is added for row x
#   SEEDS    numbers: every row is trained once with each, and the table has means and standard deviations
#   COMPARE  a row: the others are compared with it on the same notes (icd-score --compare), and the table has p
#   BIN      where the programs are, if not in bin/ next to pipelines/, where they were installed, or on the PATH

D       ?= build/run
MIMIC   ?=
SYNTH   ?= --admissions 2000 --seed 1
SPLIT   ?= $(if $(MIMIC),,--splits $D/mimic3/splits)
NOTES   ?=
GOLD    ?=
TITLES  ?=
IMPORT  ?=
KB      ?= $(if $(NOTES),--labels $D/gold.icds $(TITLES:%=--titles %))
VOCAB   ?= 4000
SPIECE  ?=
MODEL   ?=
INIT    ?= t5
BUDGET  ?= 512
SAMPLE  ?= --budget $(BUDGET)
TOKENS  ?= --max-length $(BUDGET)
TARGET  ?=
LINEAR  ?=
TRAIN   ?=
INFER   ?= --split test
SCORE   ?=
ROWS    ?=
SEEDS   ?=
COMPARE ?=

HERE := $(dir $(lastword $(MAKEFILE_LIST)))
include $(HERE)check.mk

tokenizer  := $(or $(MODEL),$D/spiece.model)
own_pieces := $(wildcard $(addprefix $(MODEL)/,spiece.model tokenizer.model tokenizer.json))
vocabulary := $(if $(MODEL),$(own_pieces),$D/spiece.model)
start      := $(if $(MODEL),$(MODEL)/config.json $(wildcard $(MODEL)/*.safetensors))

# One stage after another, whatever -j says: each uses all threads itself.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PRECIOUS: $D/gold.icds
.SECONDEXPANSION:
.PHONY: table FORCE
.DEFAULT_GOAL := table
FORCE:

# ---- a product and its command ----
# $(call do,NAME,COMMAND,FILES): makes product NAME. Then goes what followed from the old one, FILES. A command that
# fails leaves all as it was.
define do
@mkdir -p -m 700 $D $D/options; : >> $D/options/$1
$2
@rm -rf $3; printf '%s\n' '$(call quoted,$2)' > $D/options/$1
endef
quoted = $(subst ','\'',$1)
# FORCE, where the command is not the one that NAME was made by
changed = $(if $(call same,$(strip $2),$(strip $(file <$D/options/$1))),,FORCE)
# files that options name: streams of the experiment, and what is there and looks like a file's name
operands = $(filter-out -%,$(subst =, ,$1))
paths    = $(foreach w,$(operands),$(if $(findstring .,$w)$(findstring /,$w),$w))
needs    = $(filter $D/%.icds,$(operands)) $(filter-out $D/%,$(wildcard $(paths)))

# ---- what follows from what ----
of_rows  = $(foreach r,$1,$(wildcard $D/$r.model $D/$r.train.icds $D/$r.pred.icds $D/$r.score.icds))
readers  = $(foreach r,$(all_rows),$(if $(call same,$(input),$1),$r))
input    = $(or $(INPUT.$r),whole)
users    = $(foreach r,$(trained),$(if $(filter $D/$1.icds,$(TRAIN) $(TRAIN.$r)),$r $(call sharers,$r)))
sharers  = $(foreach r,$(trained),$(if $(call same,$(owner.$r),$1),$r))
anything = $(filter-out $D/spiece.model,$(wildcard $D/*.model $D/*.train.icds $D/*.pred.icds $D/*.score.icds))
all_ids  = $(wildcard $D/*.token.icds $D/target.icds $D/kg.icds $D/described.kg.icds) $(anything)

# ---- notes and labels, apart ----
do.mimic3 = mimic-synth $(SYNTH) $D/mimic3
do.note   = $(if $(NOTES),$(if $(GOLD),$(do.gold) && )$(do.import),$(do.split))
do.split  = mimic-split -q $(SPLIT) --gold $D/gold.icds -o $D/note.icds $(tables)
do.gold   = rec-cat $(call reading,$(GOLD),--schema gold) -o $D/gold.icds $(GOLD)
do.import = rec-cat $(call reading,$(NOTES),$(IMPORT) $(if $(GOLD),--schema note,--gold $D/gold.icds)) \
            -o $D/note.icds $(NOTES)
tables    = $(or $(MIMIC),$D/mimic3)
reading   = $(if $(filter %.icds,$(plain)),--stream,$(if $(filter %.csv %.tsv,$(plain)),--from-csv,--from-json) $2)
plain     = $(patsubst %.zst,%,$(patsubst %.gz,%,$1))
$D/mimic3/NOTEEVENTS.csv.gz: $$(call changed,mimic3,$$(do.mimic3))
	$(call do,mimic3,$(do.mimic3),$D/note.icds $D/gold.icds)
$D/note.icds $D/gold.icds &: $(if $(NOTES),$(NOTES) $(GOLD),$(if $(MIMIC),,$D/mimic3/NOTEEVENTS.csv.gz)) \
    $$(call needs,$$(SPLIT) $$(IMPORT)) $$(call changed,note,$$(do.note)) \
    $$(if $$(and $$(wildcard $D/note.icds),$$(wildcard $D/gold.icds)),,FORCE)
	$(call do,note,$(do.note),$(if $(NOTES),$(wildcard $D/kb.icds $D/described.kb.icds)) $D/spiece.model $(all_ids))

# ---- knowledge and vocabulary ----
do.kb        = kb-build $(KB) -o $D/kb.icds
do.described = kb-build $(KB) --kind descriptions -o $D/described.kb.icds
do.spiece    = vocab-train --size $(VOCAB) $(SPIECE) --codes $D/gold.icds -o $D/spiece.model $D/note.icds $D/kb.icds
$D/kb.icds: $$(call needs,$$(KB)) $$(call changed,kb,$$(do.kb))
	$(call do,kb,$(do.kb),$(all_ids))
$D/described.kb.icds: $$(call needs,$$(KB)) $$(call changed,described.kb,$$(do.described))
	$(call do,described.kb,$(do.described),$(wildcard $D/described.kg.icds) $(call of_rows,$(call users,described.kg)))
$D/spiece.model: $D/note.icds $D/gold.icds $D/kb.icds $$(call changed,spiece,$$(do.spiece))
	$(call do,spiece,$(do.spiece),$(all_ids))

# ---- what the model reads: D/NAME.token.icds by SAMPLE.NAME ----
do.token = note-sample -k $D/kb.icds $(SAMPLE) $(SAMPLE.$1) --tokenizer $(tokenizer) $D/note.icds | \
           tokenize -q -m $(tokenizer) $(TOKENS) $(TOKENS.$1) -o $D/$1.token.icds
token_options = $(SAMPLE) $(SAMPLE.$1) $(TOKENS) $(TOKENS.$1)
do.whole  = tokenize -q -m $(tokenizer) --max-length 0 -o $D/whole.token.icds $D/note.icds
do.target = rec-cat --where split=train,dev $D/gold.icds | tokenize -q -m $(tokenizer) $(TARGET) -o $D/target.icds
do.kg     = tokenize -q -m $(tokenizer) -o $D/$1kg.icds $D/$1kb.icds
$(inputs:%=$D/%.token.icds): $D/%.token.icds: $D/note.icds $D/kb.icds $(vocabulary) \
    $$(call needs,$$(call token_options,$$*)) $$(call changed,$$*.token,$$(call do.token,$$*))
	$(call do,$*.token,$(call do.token,$*),$(call of_rows,$(call readers,$*)))
ifeq ($(filter whole,$(inputs)),)
$D/whole.token.icds: $D/note.icds $(vocabulary) $$(call changed,whole.token,$$(do.whole))
	$(call do,whole.token,$(do.whole),$(call of_rows,$(call readers,whole)))
endif
$D/target.icds: $D/gold.icds $(vocabulary) $$(call needs,$$(TARGET)) $$(call changed,target,$$(do.target))
	$(call do,target,$(do.target),$(anything))
$D/kg.icds: $D/kb.icds $(vocabulary) $$(call changed,kg,$$(call do.kg,))
	$(call do,kg,$(call do.kg,),$(call of_rows,$(call users,kg)))
$D/described.kg.icds: $D/described.kb.icds $(vocabulary) $$(call changed,described.kg,$$(call do.kg,described.))
	$(call do,described.kg,$(call do.kg,described.),$(call of_rows,$(call users,described.kg)))

# ---- a row: D/NAME.model, D/NAME.pred.icds, D/NAME.score.icds by INPUT.NAME, TRAIN.NAME, INFER.NAME ----
state    = $D/$1.model/checkpoint/state.safetensors
train    = icd-train $(if $(MODEL),-m $(MODEL),--init $(INIT) --tokenizer $D/spiece.model) $(TRAIN) \
           --target $D/target.icds $(TRAIN.$1)
do.train = $(call train,$1)$2 --save $D/$1.model -o $D/$1.train.icds $D/$(INPUT.$1).token.icds
do.pred  = icd-infer -m $D/$(owner.$1).model $(INFER) $(INFER.$1) -o $D/$1.pred.icds $D/$(INPUT.$1).token.icds
do.bag   = icd-linear -m $(tokenizer) $(LINEAR) $(LINEAR.$1) -t $D/target.icds \
           -o $D/$1.pred.icds $D/$(or $(INPUT.$1),whole).token.icds
against  = $(if $(filter-out $(COMPARE),$1),$(COMPARE:%=--compare $D/%.pred.icds))
do.score = icd-score -g $D/gold.icds $(SCORE) $(call against,$1) -o $D/$1.score.icds $D/$1.pred.icds
# Rows of equal INPUT and TRAIN share a model: one that is there, else that of the first of them in the table.
in_turn = $(filter $(trained),$(shown)) $(filter-out $(shown),$(trained))
alike   = $(foreach s,$(in_turn),$(if $(call same,$(call learns,$s),$(call learns,$1)),$s))
learns  = $(subst $(space),<>,$(strip $(INPUT.$1) $(TRAIN.$1)))
made_as = $(if $(call changed,$s.$1,$(call do.train,$s)),,$s)
is_made = $(foreach s,$1,$(or $(call made_as,model),$(call made_as,begun)))
$(foreach r,$(trained),$(eval owner.$r := $(firstword $(call is_made,$(call alike,$r)) $(call alike,$r))))

# A state is gone on from where it was begun by this command and no input is newer. Else the options are looked at, and
# then the old model goes.
define begin
@{ [ -f $(call state,$1) ] && [ -z "$$(find $3 -newer $(call state,$1))" ] && \
    printf '%s\n' '$(call quoted,$2)' | cmp -s - $D/options/$1.begun; } || \
    { $(call train,$1) --help > /dev/null && rm -rf $4 && printf '%s\n' '$(call quoted,$2)' > $D/options/$1.begun; }
endef
$(trained:%=$D/%.model/icd.json): $D/%.model/icd.json: $D/$$(INPUT.$$*).token.icds $D/target.icds $(start) \
    $$(call needs,$$(TRAIN) $$(TRAIN.$$*)) $$(call changed,$$*.model,$$(call do.train,$$*))
	$(call begin,$*,$(call do.train,$*),$(filter-out FORCE,$^),$(call of_rows,$(sort $* $(call sharers,$*))))
	$(call do.train,$*, $$([ -f $(call state,$*) ] && echo --resume))
	@mv $D/options/$*.begun $D/options/$*.model
$(trained:%=$D/%.pred.icds): $D/%.pred.icds: $D/$$(owner.$$*).model/icd.json $D/$$(INPUT.$$*).token.icds \
    $$(call needs,$$(INFER) $$(INFER.$$*)) $$(call changed,$$*.pred,$$(call do.pred,$$*))
	$(call do,$*.pred,$(call do.pred,$*),$D/$*.score.icds $(if $(call same,$*,$(owner.$*)),,$D/$*.model $D/$*.train.icds))
$(linear:%=$D/%.pred.icds): $D/%.pred.icds: $D/$$(or $$(INPUT.$$*),whole).token.icds $D/target.icds \
    $$(call needs,$$(LINEAR) $$(LINEAR.$$*)) $$(call changed,$$*.pred,$$(call do.bag,$$*))
	$(call do,$*.pred,$(call do.bag,$*),$D/$*.score.icds)
$(patsubst %,$D/%.score.icds,$(sort $(all_rows) $(shown))): $D/%.score.icds: $D/%.pred.icds $D/gold.icds \
    $$(call needs,$$(SCORE) $$(call against,$$*)) \
    $$(call changed,$$*.score,$$(call do.score,$$*))
	$(call do,$*.score,$(call do.score,$*))

table: $(shown:%=$D/%.score.icds)
	@($(foreach r,$(shown),printf 'row\t%s\t%s\t%s\t%s\n' $r $(call group,$r) '$(call quoted,$(call row_options,$r))' \
	    '$(call quoted,$(ABOUT.$r))'; rec-cat --json $D/$r.score.icds;)) | awk -f $(HERE)history.awk -f $(HERE)table.awk
group       = $(or $(strip $(foreach s,$(if $(SEEDS),$(ROWS)),$(if $(filter $(SEEDS:%=$s.%),$1),$s))),$1)
row_options = $(if $(INPUT.$1),$(SAMPLE.$(INPUT.$1)) $(TOKENS.$(INPUT.$1)),--max-length) \
              $(TRAIN.$1) $(INFER.$1) $(LINEAR.$1)
