#!/usr/bin/env bash
# icd-linear gives the probabilities of scikit-learn's TfidfVectorizer and LogisticRegression (tests/golden/make_linear.py).
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
golden=$ROOT/tests/golden/linear
rec-cat --from-json --schema token -o token.icds --meta '{"of":"note","ids":"i32","tokenizer":{"eos":1,"pieces":60}}' \
    "$golden/token.ndjson" &&
    rec-cat --from-json --schema gold -o gold.icds --meta '{"labels":["250.00","401.9","428.0","V10.3"]}' "$golden/gold.ndjson" || exit 1
while read -r want; do
    read -r ngrams least C features <<<"$(python3 -c 'import json, sys; w = json.loads(sys.argv[1]); print(w["ngrams"], w["least"], w["C"], w["features"])' "$want")"
    icd-linear -q -t gold.icds --ngrams "$ngrams" --least-notes "$least" --penalty "$C" -o pred.icds token.icds
    is "runs of $ngrams, at least $least notes, C = $C" "$(rec-cat --json pred.icds | python3 -c '
import base64, json, struct, sys
want = json.loads(sys.argv[1])
r = [json.loads(line) for line in sys.stdin]
got = [struct.unpack("<4f", base64.b64decode(x["scores"]["$bin"])) for x in r if "id" in x]
far = max(abs(a - b) for x, y in zip(got, want["p"]) for a, b in zip(x, y))
# scikit-learn goes on until nothing changes; ours ends when the gradient is small
print(len(got) == len(want["p"]) and r[0]["header"]["meta"]["model"]["features"] == want["features"] and
      (far < 1e-3 or f"differs by {far:g}"))' "$want")" True
done <"$golden/want.ndjson"
exit $failed
