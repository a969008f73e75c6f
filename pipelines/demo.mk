# The demo (make demo): the whole pipe on about 2,000 synthetic admissions, with a T5 small enough to train from scratch on
# two cores. What is compared, after the paper:
#   baseline   the head of the note, text generation alone
#   proposed   what the knowledge says is worth reading, generation and label attention trained together, ensemble
# Both rows have the same model, budget of tokens and passes over the notes. Sizes and steps were chosen on dev notes only.
# Change anything here, or write a file like it: base.mk says how.
D     := build/demo
SYNTH := --admissions 2000 --seed 1 --length 400
BUDGET := 256
TRAIN := --init t5:d_model=128,layers=1,d_ff=256 --epochs 8 --lr 2e-3 --gen-eval 32 --patience 0

SAMPLE.head := --level none
SAMPLE.know := --level paragraph

INPUT.baseline := head
TRAIN.baseline := --loss gen
INFER.baseline := --use gen

INPUT.proposed := know
# From scratch the two losses have little in common yet; the classifier's needs weight to shape the encoder.
TRAIN.proposed := --loss gen+att --att-weight 10 --d-a 128
INFER.proposed := --use ensemble

INFER := --split test --max-new 96

ROWS := baseline proposed
include $(dir $(lastword $(MAKEFILE_LIST)))base.mk
