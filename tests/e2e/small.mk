# The whole pipe, small enough to run many times: what tests/e2e/*.sh make. It is an experiment file like any other.
SYNTH  := --admissions 80 --seed 3 --length 300
BUDGET := 64
VOCAB  := 600
SPIECE := -q
INIT   := t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=16
TRAIN  := --epochs 1 --lr 5e-3 --gen-eval 2 --max-new 12 -q
INFER  := --split test --max-new 12 -q

SAMPLE.know := --level paragraph
INPUT.row   := know
TRAIN.row   := --loss gen+att --d-a 16 --kg $D/kg.icds --kg-pool code
INFER.row   := --use ensemble
ROWS        := row
include $(dir $(lastword $(MAKEFILE_LIST)))../../pipelines/base.mk
