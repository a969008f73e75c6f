# The stages as pattern rules, so that an experiment is a few lines. An experiment sets options and includes this file:
#
#   D := build/mine                          # where everything goes
#   SAMPLE.know := --level paragraph         # an input named "know": options of note-sample
#   INPUT.full  := know                      # a row named "full" reads it
#   TRAIN.full  := --loss gen+att --kg $D/kg.icds   # and is trained so; kg.icds: the knowledge as tokens,
#                                            #   described.kg.icds: descriptions in place of expressions
#   INFER.full  := --use ensemble            #   and decides so
#   ROWS := full                             # what the table shows
#   include pipelines/base.mk
#
# make -f mine.mk prints the table; D/full.score.icds is the score of row "full", D/full.model its model, and so on. What is
# there and newer than what it is made from is not made again; an interrupted training goes on where it was. After a
# change of options, remove what they made. All options of all stages:

D       ?= build/run
MIMIC   ?= # MIMIC-III directory or archive; empty: a synthetic one is made
SYNTH   ?= --admissions 2000 --seed 1
SPLIT   ?= $(if $(MIMIC),,--splits $D/mimic3/splits)
KB      ?=
VOCAB   ?= 2000
# spm_train needs threads to have a number; one keeps the vocabulary independent of the machine.
SPM     ?= --model_type=unigram --vocab_size=$(VOCAB) --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 \
           --num_threads=1 --minloglevel=2
BUDGET  ?= 512
SAMPLE  ?= --budget $(BUDGET)
TOKENS  ?= --max-length $(BUDGET)
TARGET  ?=
TRAIN   ?= --init t5:d_model=64,layers=2
INFER   ?= --split test
SCORE   ?=
ROWS    ?=
HERE    := $(dir $(lastword $(MAKEFILE_LIST)))
ifdef BIN
export PATH := $(BIN):$(PATH)
endif

# One stage after another, whatever -j says: each uses all threads itself.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: table
table: $(ROWS:%=$D/%.score.icds)
	@for r in $(ROWS); do rec-cat --json $D/$$r.score.icds | sed "s|^|$$r |"; done | awk -f $(HERE)table.awk

$D:
	@mkdir -p -m 700 $@

# ---- notes and labels, apart ----
$D/mimic3/NOTEEVENTS.csv.gz: | $D
	mimic-synth $(SYNTH) $D/mimic3
$D/note.icds: $(if $(MIMIC),,$D/mimic3/NOTEEVENTS.csv.gz) | $D
	mimic-split -q $(SPLIT) --gold $D/gold.icds -o $@ $(or $(MIMIC),$D/mimic3)
$D/gold.icds: $D/note.icds ;

# ---- knowledge and vocabulary ----
$D/kb.icds: | $D
	kb-build $(KB) -o $@
$D/corpus.txt: $D/note.icds $D/kb.icds
	(rec-cat --where split=train --text $D/note.icds; rec-cat --text $D/kb.icds) > $@
$D/spiece.model: $D/corpus.txt
	spm_train --input=$< --model_prefix=$D/spiece $(SPM)

# ---- what the model reads: D/NAME.token.icds by SAMPLE.NAME ----
$D/%.token.icds: $D/note.icds $D/kb.icds $D/spiece.model
	note-sample -k $D/kb.icds $(SAMPLE) $(SAMPLE.$*) --tokenizer $D/spiece.model $D/note.icds | \
	    tokenize -q -m $D/spiece.model $(TOKENS) -o $@
$D/target.icds: $D/gold.icds $D/spiece.model
	rec-cat --where split=train,dev $D/gold.icds | tokenize -q -m $D/spiece.model $(TARGET) -o $@

$D/described.kb.icds: | $D
	kb-build $(KB) --kind descriptions -o $@
$D/kg.icds: $D/kb.icds $D/spiece.model
	tokenize -q -m $D/spiece.model -o $@ $<
$D/described.kg.icds: $D/described.kb.icds $D/spiece.model
	tokenize -q -m $D/spiece.model -o $@ $<

# ---- a row: D/NAME.model, D/NAME.pred.icds, D/NAME.score.icds by INPUT.NAME, TRAIN.NAME, INFER.NAME ----
.SECONDEXPANSION:
$D/%.model/icd.json: $D/$$(INPUT.$$*).token.icds $D/target.icds $$(filter $D/kg.icds $D/described.kg.icds,$$(TRAIN.$$*))
	@[ -d $(@D)/checkpoint ] || rm -rf $(@D)
	icd-train $(TRAIN) --tokenizer $D/spiece.model --target $D/target.icds $(TRAIN.$*) \
	    $$([ -d $(@D)/checkpoint ] && echo --resume) --save $(@D) -o $D/$*.train.icds $<
$D/%.pred.icds: $D/%.model/icd.json $D/$$(INPUT.$$*).token.icds
	icd-infer -m $(<D) $(INFER) $(INFER.$*) -o $@ $(word 2,$^)
$D/%.score.icds: $D/%.pred.icds $D/gold.icds
	icd-score -g $D/gold.icds $(SCORE) -o $@ $<
