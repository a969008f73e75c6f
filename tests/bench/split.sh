#!/usr/bin/env bash
# mimic-split on a NOTEEVENTS.csv.gz of MB megabytes (2.86 % discharge summaries) beside pandas reading and filtering the
# same file, and beside the two things that have to be done to it, each alone (split.c): libarchive's inflate, libcsv's
# parse. Rounds alternate; the best of each counts. Goals: 4.5 times as fast as pandas, 1.2 times the slower of the two
# halves, resident memory at most the kept text and 150 MB. TABLE=DIR takes one that noteevents.py has made.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
ORACLE=${ORACLE:-python3}
"$ORACLE" -c 'import pandas' 2>/dev/null || { echo "split.sh: needs pandas (make bench-deps)" >&2; exit 1; }
dir=${TABLE:-$T/table}
[ -n "${TABLE:-}" ] || python3 "$ROOT/tests/bench/noteevents.py" "$dir" "${MB:-1050}" || exit 1
zcat "$dir/NOTEEVENTS.csv.gz" >plain.csv || exit 1
cat >filter.py <<'PY'
import sys
import pandas
columns = ["ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CATEGORY", "DESCRIPTION", "TEXT"]
notes = pandas.read_csv(sys.argv[1], dtype=str, usecols=columns)
kept = notes[notes.CATEGORY == "Discharge summary"]
print(len(notes), len(kept), kept.TEXT.str.len().sum())
PY
cat >run.py <<'PY'
"""run.py NAME COMMAND...: appends NAME, wall seconds, CPU seconds and peak resident MB of the command to times."""
import resource, subprocess, sys, time
t = time.perf_counter()
subprocess.run(sys.argv[2:], check=True, stdout=open(sys.argv[1] + ".out", "w"))
t, r = time.perf_counter() - t, resource.getrusage(resource.RUSAGE_CHILDREN)
print(sys.argv[1], t, r.ru_utime + r.ru_stime, r.ru_maxrss / 1024, file=open("times", "a"))
PY
for i in $(seq "${ROUNDS:-5}"); do
    python3 run.py split mimic-split -q --lists full --splits "$dir/splits" -o note.icds "$dir" &&
        python3 run.py split-j1 mimic-split -q -j1 --lists full --splits "$dir/splits" -o note1.icds "$dir" &&
        python3 run.py inflate "$B/tests/bench/split" inflate "$dir/NOTEEVENTS.csv.gz" &&
        python3 run.py parse "$B/tests/bench/split" parse plain.csv &&
        python3 run.py pandas "$ORACLE" filter.py "$dir/NOTEEVENTS.csv.gz" || exit 1
done
cmp note.icds note1.icds || { echo "split.sh: one thread writes other bytes than two" >&2; exit 1; }
python3 - "$(rec-cat --text note.icds | wc -c)" "$(stat -c %s plain.csv)" <<'PY'
import sys
kept, size = (int(x) / 1e6 for x in sys.argv[1:])
rows = {}
for line in open("times"):
    name, *v = line.split()
    rows.setdefault(name, []).append([float(x) for x in v])
best = {n: [min(x) for x in zip(*v)] for n, v in rows.items()}
best = {n: (*v[:2], max(x[2] for x in rows[n])) for n, v in best.items()}
title = {"split": "mimic-split", "split-j1": "mimic-split -j 1", "inflate": "libarchive's inflate alone",
         "parse": "libcsv's parse alone", "pandas": "pandas: read_csv and filter"}
print("%.0f MB of CSV, %.1f MB of text kept, best of %d rounds" % (size, kept, len(rows["split"])))
for n, (wall, cpu, rss) in best.items():
    print("%-28s %6.2f s %6.0f MB/s %6.2f s of CPU time %6.0f MB of memory" % (title[n], wall, size / wall, cpu, rss))
split = best["split"]
print("pandas / mimic-split: %.1f, CPU time %.1f (goal 4.5)" % (best["pandas"][0] / split[0], best["pandas"][1] / split[1]))
print("mimic-split / the slower half: %.2f (goal 1.2)" % (split[0] / max(best["inflate"][0], best["parse"][0])))
print("memory beside the kept text: %.0f MB (goal 150)" % (split[2] * 1.048576 - kept))
PY
