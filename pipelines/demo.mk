# The demo (make demo): the whole pipe on about 2,000 synthetic admissions, with a T5 small enough to train from scratch on
# two cores. What is compared, after the paper:
#   baseline   the head of the note, text generation alone
#   sampling   what the knowledge says is worth reading instead of the head
#   labels     the baseline with label attention trained beside it, and the better of the two on dev notes
#   knowledge  the baseline with the knowledge injected behind the encoder (KG-injection)
#   proposed   all three
# All rows have the same model, budget of tokens and passes over the notes. Sizes were chosen on dev notes only, the passes and
# the form of the knowledge so that the demo ends in minutes.
# The knowledge is a vector a code: a token each, as in the paper, costs ten times the rest on a processor.
# Change anything here, or write a file like it: base.mk says how.
D     := build/demo
SYNTH := --admissions 2000 --seed 1 --length 400
BUDGET := 256
INIT  := t5:d_model=128,layers=1,d_ff=256
TRAIN := --epochs 3 --lr 2e-3 --gen-eval 32 --patience 0

SAMPLE.head := --level none
SAMPLE.know := --level paragraph
# From scratch the two losses have little in common yet; the classifier's needs weight to shape the encoder.
LABELS := --loss gen+att --att-weight 10 --d-a 128
KG     := --kg $D/kg.icds --kg-pool code

INPUT.baseline := head
TRAIN.baseline := --loss gen
INFER.baseline := --use gen

INPUT.sampling := know
TRAIN.sampling := --loss gen
INFER.sampling := --use gen

INPUT.labels := head
TRAIN.labels := $(LABELS)
INFER.labels := --use ensemble

INPUT.knowledge := head
TRAIN.knowledge := --loss gen $(KG)
INFER.knowledge := --use gen

INPUT.proposed := know
TRAIN.proposed := $(LABELS) $(KG)
INFER.proposed := --use ensemble

INFER := --split test --max-new 96

ROWS := baseline sampling labels knowledge proposed
include $(dir $(lastword $(MAKEFILE_LIST)))base.mk
