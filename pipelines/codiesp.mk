# CodiEsp (v4, the English text, diagnoses): a public corpus of 1,000 clinical cases coded in ICD-10, as an example of
# notes of one's own. make codiesp CODIESP=FOLDER runs it; the folder has train, dev and test, and nothing is fetched.
# It is at https://doi.org/10.5281/zenodo.3837305. Change anything here, or write a file like it: base.mk says how.
CODIESP ?=
ifeq ($(wildcard $(CODIESP)/train/trainD.tsv),)
$(error $(or $(CODIESP),CODIESP=FOLDER)/train/trainD.tsv is not there. The folder of CodiEsp v4 has train, dev and test)
endif
D     := build/codiesp
NOTES := $D/codiesp.json
TOP   ?= 50# codes, the most frequent ones in training; 0: all
# A case has some 400 words; the budget holds all but the longest.
BUDGET := 1024

SAMPLE.text := --level none

LINEAR.linear :=
ABOUT.linear := TF-IDF and logistic regression

INPUT.att := text
TRAIN.att := --loss att
ABOUT.att := label attention, from random weights, all options as they come

INPUT.gen+att := text
TRAIN.gen+att := --loss gen+att
ABOUT.gen+att := the same with text generation trained beside it

ROWS := linear att gen+att
include $(dir $(lastword $(MAKEFILE_LIST)))base.mk

lists := $(foreach s,train dev test,$(CODIESP)/$s/$sD.tsv)
texts := $(foreach s,train dev test,$(CODIESP)/$s/text_files_en/*.txt)
do.codiesp = LC_ALL=C awk -f $(HERE)codiesp.awk -v top=$(TOP) $(lists) $(texts) > $D/codiesp.json
$D/codiesp.json: $(lists) $$(call changed,codiesp,$$(do.codiesp))
	$(call do,codiesp,$(do.codiesp))
