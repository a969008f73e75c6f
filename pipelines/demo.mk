# The demo (make demo): the whole pipe on 2,000 synthetic admissions, with a T5 small enough to train from scratch on
# two cores in about 6 minutes. Rows:
#   linear     TF-IDF and logistic regression: what a classical system gets from whole notes
#   baseline   a T5 that reads the head of the note; its label attention decides
#   sampling   the same on what the knowledge says is worth reading, instead of the head
#   knowledge  the baseline with the knowledge injected behind the encoder (KG-injection)
#   text       the model of sampling, but the codes that it writes decide
#   proposed   sampling and knowledge; the mixture of text and labels that was best on dev notes decides (eq. 5)
# The paper's baseline writes codes, because its T5 comes with a language. Random weights learn to write slowly: after
# as many passes over sampled notes, text generation alone has micro-F1 0.29 on the dev notes, and the floor 0.28. So all rows
# are trained to write and to label, and label attention teaches the encoder what to look for.
# All T5 rows have the same model, budget of tokens and passes over the notes. Sizes, passes and the cut of paragraphs were
# chosen on dev notes only. There is no dropout in so few passes.
# The knowledge is a vector per code: a token each, as in the paper, costs ten times the rest on a processor.
# Change anything here, or write a file like it: base.mk says how.
D      := build/demo
SYNTH  := --admissions 2000 --seed 1 --length 200
BUDGET := 256
VOCAB  := 2000
SPIECE := --whole-codes
INIT   := t5:d_model=256,layers=1
TRAIN  := --epochs 8 --dropout 0 --d-a 256 --gen-eval 64 --patience 0
SCORE  := --bootstrap 1000

SAMPLE.head := --level none
SAMPLE.know := --level paragraph --para line --top-sections 10
KG          := --kg $D/kg.icds --kg-pool code

LINEAR.linear :=
ABOUT.linear  := TF-IDF and logistic regression, on whole notes

INPUT.baseline := head
INFER.baseline := --use att
ABOUT.baseline := a T5 reads the head of the note, $(BUDGET) tokens, and its label attention decides

INPUT.sampling := know
INFER.sampling := --use att
ABOUT.sampling := reads the lines that speak of codes instead

INPUT.knowledge := head
TRAIN.knowledge := $(KG)
INFER.knowledge := --use att
ABOUT.knowledge := the baseline, with the codes' expressions injected behind the encoder

INPUT.text := know
INFER.text := --use gen
ABOUT.text := the model of sampling, but the codes that it writes decide

INPUT.proposed := know
TRAIN.proposed := $(KG)
INFER.proposed := --use ensemble --evidence
ABOUT.proposed := sampling and knowledge; text and label attention decide together

ROWS := linear baseline sampling knowledge text proposed
include $(dir $(lastword $(MAKEFILE_LIST)))base.mk

# The table, then one note: what was predicted and what spoke for it. id: the first test note in the order of the tables.
.DEFAULT_GOAL := demo
.PHONY: demo
id = $$(rec-cat --json -n 1 $D/proposed.pred.icds | sed -n 's/^{"id":"\([^"]*\)".*/\1/p')
codes = rec-cat --json --where id=$$id $D/gold.icds | sed -n 's/.*"codes":\[\([^]]*\)\].*/\1/p' | tr -d '"' | sed 's/,/, /g'
demo: table
	@id=$(id); echo; echo "One test note by row proposed: +, the code, its score, its title, the words of the note that spoke for it"; \
	    pred-show --id $$id -k $D/kb.icds -n $D/note.icds $D/proposed.pred.icds; echo "  coded: $$($(codes))"
	@printf '%s\n' '' 'Everything is in $D: NAME.pred.icds and NAME.score.icds of each row, NAME.model, and in options the commands.' \
	    'The notes are synthetic. Next:' \
	    '  man icdpipe-corpus   notes of your own, from a CSV file to an explained prediction' \
	    '  pipelines/base.mk    MIMIC=DIR reads MIMIC-III or IV, MODEL=DIR starts from a checkpoint such as T5-base' \
	    '  make codiesp         a public corpus of real cases'
