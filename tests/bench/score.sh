#!/usr/bin/env bash
# icd-score beside scikit-learn on the shape of MIMIC-III-full's test set, every metric over all labels: the whole program,
# reading its streams included, against the library's calls alone. CPU seconds and wall seconds; the best of ROUNDS runs of
# icd-score, one of scikit-learn (minutes). Goal: 20 times.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
ORACLE=${ORACLE:-python3}
"$ORACLE" -c 'import sklearn' 2>/dev/null || { echo "no scikit-learn (make bench-deps)" >&2; exit 1; }
"$ORACLE" "$ROOT/tests/bench/score.py" make . || exit 1
for s in gold pred; do
    rec-cat --from-json --schema $s --meta "$(cat meta.json)" $s.ndjson -o $s.icds && rm $s.ndjson || exit 1
done
for j in 1 2; do
    for i in $(seq "${ROUNDS:-5}"); do
        TIMEFORMAT="$j %R %U %S"
        { time icd-score -q -j $j --universe all -g gold.icds -o score.icds pred.icds; } 2>>times || exit 1
    done
done
rec-cat --json score.icds >score.ndjson
read -r wall cpu shared apart worst all < <("$ORACLE" "$ROOT/tests/bench/score.py" time . score.ndjson) || exit 1
awk -v wall="$wall" -v cpu="$cpu" '{c = $3 + $4; if (!($1 in w) || $2 < w[$1]) w[$1] = $2; if (!($1 in u) || c < u[$1]) u[$1] = c}
    END {printf "scikit-learn: %.1f s, %.1f s of CPU\n", wall, cpu
         for (j = 1; j <= 2; j++) printf "icd-score -j %d: %.2f s (%.0f times), %.2f s of CPU (%.0f times, goal 20)\n", j, w[j], wall / w[j], u[j], cpu / u[j]}' times
echo "$shared values of scikit-learn, at most $apart apart ($worst); icd-score wrote $all"
