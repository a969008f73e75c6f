#!/usr/bin/env bash
# pred-show: what a person sees of predictions, with and without notes and titles, in three forms.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
python3 - <<'PY'
import base64, json, struct
bin = lambda *x: {"$bin": base64.b64encode(struct.pack("<%df" % len(x), *x)).decode()}
out = lambda name, *r: open(name, "w").writelines(json.dumps(x) + "\n" for x in r)
a = "Acute on chronic systolic heart failure. Lungs: pulmonary\nedema. HEART FAILURE again."
b = "Known hypertension; asthmatic."
at = lambda t, w, n=0: [t.index(w), t.index(w) + len(w) - n]
out("note.json", {"id": "b", "split": "test", "text": b}, {"id": "z", "text": "other"}, {"id": "a", "split": "test", "text": a})
out("pred.json",
    {"id": "a", "split": "test", "codes": ["401.9", "428.0"], "scores": bin(0.25, 0.75, 0.875, 0.0625), "evidence": [
        {"code": "428.0", "spans": [at(a, "pulmonary", 4) + [0.5], at(a, "edema.") + [0.25], at(a, "heart failure") + [0.2],
                                    at(a, "HEART FAILURE") + [0.2], at(a, ".") + [0.125]]}]},
    {"id": "b", "split": "test", "codes": [], "scores": bin(0.25, 0.5, 0.125, 0)})
out("gen.json",
    {"id": "g", "codes": ["428.0", "250.00"], "gen": {"codes": ["428.0", "250.00"], "text": "428.0, 250.00, 42", "unknown": 1, "cut": True}},
    {"id": "h", "codes": ["401.9"], "gen": {"codes": ["401.9"], "text": "401.9", "unknown": 0}})
out("both.json", {"id": "a", "codes": ["428.0"], "scores": bin(0, 0.5, 0.75, 0), "gen": {"codes": ["401.9"], "text": "401.9", "unknown": 0}})
out("kb.json", {"code": "428.0", "kind": "diagnosis", "title": "Congestive heart failure", "terms": []},
    {"code": "401.9", "kind": "diagnosis", "title": "Hypertension\tunspecified", "terms": []})
PY
labels='"labels":["250.00","401.9","428.0","V10.3"],"scores":"f32"'
rec-cat --from-json --schema pred --meta "{$labels,\"threshold\":0.6}" -o pred.icds pred.json &&
    rec-cat --from-json --schema pred --meta "{$labels}" -o gen.icds gen.json &&
    rec-cat --from-json --schema pred --meta "{$labels}" -o both.icds both.json &&
    rec-cat --from-json --schema note -o note.icds note.json &&
    rec-cat --from-json --schema kb -o kb.icds kb.json || exit 1
shows() { # NAME ARGUMENT...: standard output is what is on standard input
    local name=$1; shift
    cat >want
    exits "$name: runs" 0 pred-show -q "$@"
    if cmp -s want out; then ok "$name"; else no "$name" "$(diff want out | head -n 6 | tr '\n' '~')"; fi
}

shows "all there is" -n note.icds -k kb.icds pred.icds <<'TEXT'
a (test): 2 codes, score above 0.6
  +  428.0    0.875  Congestive heart failure
                     pulmonary edema | heart failure
  +  401.9    0.750  Hypertension unspecified

b (test): 0 codes, score above 0.6
TEXT
shows "without notes and titles" pred.icds <<'TEXT'
a (test): 2 codes, score above 0.6
  +  428.0    0.875
  +  401.9    0.750

b (test): 0 codes, score above 0.6
TEXT
shows "the best codes, predicted or not" -k kb.icds --top 3 --id b pred.icds <<'TEXT'
b (test): 0 codes, score above 0.6
  -  401.9    0.500  Hypertension unspecified
  -  250.00   0.250
  -  428.0    0.125  Congestive heart failure
TEXT
shows "more than there are labels" --top 9 --id b pred.icds <<'TEXT'
b (test): 0 codes, score above 0.6
  -  401.9    0.500
  -  250.00   0.250
  -  428.0    0.125
  -  V10.3    0.000
TEXT
shows "generated text without scores" -k kb.icds gen.icds <<'TEXT'
g: 2 codes, the generated text was cut, 1 generated string is no code
  +  428.0    Congestive heart failure
  +  250.00

h: 1 code
  +  401.9    Hypertension unspecified
TEXT
shows "--top without scores" --top 1 --id g gen.icds <<'TEXT'
g: 2 codes, the generated text was cut, 1 generated string is no code
  +  428.0
TEXT
shows "generated text and scores" --top 2 both.icds <<'TEXT'
a: 1 code
  +  428.0    0.750
  -  401.9    0.500  [generated]
TEXT
# The table, with "." for a field that holds nothing.
table() { pred-show -q --format tsv "$@" | awk -F'\t' '{for (i = 1; i <= NF; i++) printf "%s%s", ($i == "" ? "." : $i), (i < NF ? ";" : "\n")}'; }
cat >want <<'TABLE'
id;split;code;score;predicted;title;words
a;test;428.0;0.875;1;Congestive heart failure;pulmonary edema | heart failure
a;test;401.9;0.75;1;Hypertension unspecified;.
b;test;401.9;0.5;0;Hypertension unspecified;.
b;test;250.00;0.25;0;.;.
TABLE
table -n note.icds -k kb.icds --top 2 pred.icds >got
is "tsv" "$(cat got)" "$(cat want)"
is "tsv of generated text" "$(table --id h gen.icds | tail -n 1)" "h;.;401.9;.;1;.;."
shows "json" -n note.icds -k kb.icds --format json pred.icds <<'TEXT'
{"id":"a","split":"test","codes":[{"code":"428.0","predicted":true,"score":0.875,"title":"Congestive heart failure","words":[{"text":"pulmonary edema","begin":48,"end":63,"weight":0.75},{"text":"heart failure","begin":26,"end":39,"weight":0.4}]},{"code":"401.9","predicted":true,"score":0.75,"title":"Hypertension\tunspecified"}],"threshold":0.6}
{"id":"b","split":"test","codes":[],"threshold":0.6}
TEXT
shows "json of generated text" --format json --id g gen.icds <<'TEXT'
{"id":"g","split":"","codes":[{"code":"428.0","predicted":true,"generated":true},{"code":"250.00","predicted":true,"generated":true}],"unknown":1,"cut":true}
TEXT

# notes in any order, from a pipe, and to a file; a note that is not there
rec-cat --stream note.icds | pred-show -q -n - --format tsv pred.icds >piped
pred-show -q -n note.icds --format tsv -o file pred.icds
same "notes from a pipe, output to a file" piped file
is "mode of the file" "$(stat -c %a file)" 600
rec-cat --where id=b,z note.icds -o fewer.icds
exits "a note is missing" 0 pred-show -n fewer.icds pred.icds
is "and that is said" "$(cat err)" "pred-show: warning: 1 predicted notes are not in fewer.icds: shown without words"

refused() { # NAME STATUS MESSAGE COMMAND...
    local name=$1 rc=$2 message=$3; shift 3
    exits "$name" "$rc" "$@"
    case $(cat err) in *"$message"*) ok "$name: message" ;; *) no "$name: message" "$(cat err)" ;; esac
}
altered() { # SED: pred.json edited, as a stream
    sed "$1" pred.json | rec-cat --from-json --schema pred --meta "{$labels}" -o altered.icds
}
refused "no such note" 65 "pred.icds: no prediction of note 'nobody'" pred-show --id a --id nobody -o x pred.icds
refused "another schema" 65 "wanted here: pred" pred-show -o x note.icds
altered 's/\[48, 53, 0.5\]/[48, 530, 0.5]/'
refused "a place behind the text" 65 "note.icds: record 3: a place of evidence is not within the note's text" \
    pred-show -n note.icds -o x altered.icds
for bad in '[53, 48, 0.5]' '[48, 53]' '[-1, 53, 0.5]' '["x", 53, 0.5]' '7' '[48, 53, null]'; do
    altered "s/\[48, 53, 0.5\]/$bad/"
    refused "a place $bad" 65 "altered.icds: record 1: field evidence: span 0 is not" pred-show -o x altered.icds
done
altered 's/"evidence": \[{/"evidence": [3, {/'
refused "evidence without a code" 65 "altered.icds: record 1: field evidence: entry 0 has no code" pred-show -o x altered.icds
altered 's/"spans": \[/"spans": 4, "s": [/'
refused "no places" 65 "field evidence: spans: not an array" pred-show -o x altered.icds
altered '2s/"b"/"a"/'
refused "a note twice" 65 "altered.icds: record 2: field id: given twice" pred-show -o x altered.icds
rec-cat --from-json --schema pred --meta '{"labels":["1","2"]}' -o altered.icds pred.json
refused "scores of other labels" 65 "record 1: field scores: 16 bytes for 2 labels" pred-show -o x altered.icds
rec-cat --from-json --schema pred -o altered.icds pred.json
refused "scores without labels" 65 "record 1: field scores: 16 bytes for 0 labels" pred-show -o x altered.icds
refused "form" 64 "--format" pred-show --format html pred.icds
is "nothing is left behind" "$(ls x* 2>/dev/null)" ""
is "no note text in messages" "$(grep -c 'heart\|edema' err)" 0
exit $failed
