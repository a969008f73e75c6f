#!/usr/bin/env bash
# The label firewall, over the whole pipe: with every test label changed, no record of any stream up to and including the
# predictions changes, nor a weight; with every dev label changed, no note, sample or token does.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common"
pipe a || { no "the pipe runs" "$(tail -n 3 a/err)"; exit 1; }
# relabel SPLIT DIR: a copy of a's tables in DIR/mimic3 where each code of the split's admissions is another code
relabel() {
    mkdir -p "$2" && cp -r a/d/mimic3 "$2/mimic3" && python3 - "$1" "$2/mimic3" <<'PY'
import csv, gzip, sys
split, d = sys.argv[1:]
ids = {l.strip() for s in ("50", "full") for l in open("%s/splits/%s_%s_hadm_ids.csv" % (d, split, s))}
swap = {"DIAGNOSES_ICD": ["4019", "4280", "42731", "41401", "5849", "25000", "2724", "51881", "5990"],
        "PROCEDURES_ICD": ["3893", "9604", "966", "9671", "9904"]}
for table, codes in swap.items():
    name = "%s/%s.csv.gz" % (d, table)
    with gzip.open(name, "rt", newline="") as f: rows = list(csv.reader(f))
    hadm, code = rows[0].index("HADM_ID"), rows[0].index("ICD9_CODE")
    n = 0
    for i, r in enumerate(rows[1:]):
        if r[hadm] in ids:
            new = codes[i % len(codes)]
            r[code] = new if r[code] != new else codes[(i + 1) % len(codes)]
            n += 1
    assert n > 5, (split, n)
    with gzip.open(name, "wt", newline="") as f: csv.writer(f, quoting=csv.QUOTE_ALL).writerows(rows)
PY
}
sampled() { (cd "$1/d" && note-sample -q -k kb.icds --budget 64 --tokenizer spiece.model -o sampled.icds note.icds); }
sampled a

relabel test b && pipe b MIMIC=mimic3 'SPLIT=--splits mimic3/splits' && sampled b || { no "with other test labels" "$(tail -n 3 b/err)"; exit 1; }
records_differ "test labels are others" a/d/gold.icds b/d/gold.icds
records_differ "and so is the score" a/d/row.score.icds b/d/row.score.icds
for s in note kb kg sampled know.token target row.train row.pred; do
    records_equal "$s: no test label in it" a/d/$s.icds b/d/$s.icds
done
for f in spiece.model row.model/model.safetensors row.model/icd.safetensors row.model/config.json; do
    same "$f: no test label in it" a/d/$f b/d/$f
done

relabel dev c && pipe c MIMIC=mimic3 'SPLIT=--splits mimic3/splits' && sampled c || { no "with other dev labels" "$(tail -n 3 c/err)"; exit 1; }
records_differ "dev labels are others" a/d/gold.icds c/d/gold.icds
records_differ "and so are dev targets" a/d/target.icds c/d/target.icds
for s in note kb kg sampled know.token; do records_equal "$s: no dev label in it" a/d/$s.icds c/d/$s.icds; done
same "vocabulary: no dev label in it" a/d/spiece.model c/d/spiece.model
exit $failed
