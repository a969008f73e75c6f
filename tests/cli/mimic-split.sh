#!/usr/bin/env bash
# mimic-split on a small MIMIC directory with every oddity, on archives, on the public demo tables, and on what is wrong.
. "$(dirname "$0")/../lib.sh"

# ---- a corpus of six admissions, written by Python's own csv and gzip ----
cat >"$T/make.py" <<'E2'
import csv, gzip, io, os, sys
def table(path, rows, eol='\n', quote=csv.QUOTE_NONNUMERIC):
    s = io.StringIO(newline='')
    w = csv.writer(s, lineterminator=eol, quoting=quote)
    w.writerows(rows)
    data = s.getvalue().encode('utf-8', 'surrogateescape')
    (gzip.open if path.endswith('.gz') else open)(path, 'wb').write(data)
d = sys.argv[1]
os.makedirs(d + '/splits')
N = ["ROW_ID","SUBJECT_ID","HADM_ID","CHARTDATE","CHARTTIME","STORETIME","CATEGORY","DESCRIPTION","CGID","ISERROR","TEXT"]
DS = "Discharge summary"
table(d + '/NOTEEVENTS.csv.gz', [N,
    [11, 20, 100005, '2101-01-02', '', '', DS, 'Report', '', '', 'Second subject.\nHe said "no".\n'],
    [12, 3, 100002, '2101-02-03', '', '', DS, 'Report', '', 1, 'Late admission, caf\u00e9'],
    [13, 3, 100001, '2101-03-04', '', '', 'Nursing', 'Report', '', '', 'not kept'],
    [14, 3, 100002, '2101-02-04', '', '', DS, 'Addendum', '', '', 'Addendum:\r\nmore'],
    [15, 3, 100001, '2101-03-04', '', '', DS, 'Report', '', '', 'Bad byte \udce9 here'],
    [16, 9, '', '2101-03-04', '', '', DS, 'Report', '', '', 'no admission'],
    [17, 9, 100009, '2101-03-04', '', '', DS, 'Report', '', '', 'in no list'],
    [18, 9, 100003, '2101-03-04', '', '', 'Discharge Summary', 'Report', '', '', 'category of another case'],
    [19, 9, 100004, '2101-03-04', '', '', DS, 'Report', '', '', 'none of the fifty'],
    [20, 3, 100002, '2101-02-05', '', '', DS, 'Addendum', '', '', 'Addendum:\r\nmore'],
    [21, 40, 100006, '2101-02-05', '', '', DS, 'Report', '', '', ''],
], '\r\n')
table(d + '/diagnoses_icd.csv', [[c.lower() for c in ("ROW_ID","SUBJECT_ID","HADM_ID","SEQ_NUM","ICD9_CODE")],
    [1, 20, 100005, 1, '4019'], [2, 20, 100005, 2, '0389'], [3, 20, 100005, 3, '4019'],
    [4, 3, 100002, 2, 'V4581'], [5, 3, 100002, 1, 'E8120'], [6, 3, 100001, '', '25000'],
    [7, 9, 100004, 1, '0380'], [8, 9, 100009, 1, '4019'], [9, 40, 100006, 1, ''], [10, 9, '', 1, '4019'],
])
table(d + '/PROCEDURES_ICD.csv', [["ROW_ID","SUBJECT_ID","HADM_ID","SEQ_NUM","ICD9_CODE"],
    [1, 20, 100005, 1, '3893'], [2, 20, 100005, 2, '0331'], [3, 20, 100005, 3, '3893'], [4, 3, 100002, 1, '3890'],
    [5, 3, 100002, 2, '966'], [6, 3, 100001, 1, '9604'],
])
for name, ids in (('train', '100001\n100002\n'), ('dev', '100004\n100005\r\n'), ('test', '100006\n100007')):
    for lists in ('50', 'full'):
        open(f'{d}/splits/{name}_{lists}_hadm_ids.csv', 'w', newline='').write(ids)
E2
python3 "$T/make.py" "$T/m" || no "corpus" "python3 failed"
split() { mimic-split --splits "$T/m/splits" --gold "$T/gold" -o "$T/note" "$@" 2>"$T/err"; }
notes() { rec-cat --json "$T/note" | sed '1d;$d'; }
golds() { rec-cat --json "$T/gold" | sed '1d;$d'; }

split "$T/m"; is "exit 0" $? 0
# the lineage names the notes' table by its plain bytes
of_notes() { rec-cat --json "$T/note" | tail -n 1 | grep -o '"name":"NOTEEVENTS","xxh64":"[0-9a-f]*"'; }
was=$(of_notes)
mkdir "$T/plain" && cp "$T"/m/*.csv "$T/plain" && gzip -dc "$T/m/NOTEEVENTS.csv.gz" >"$T/plain/NOTEEVENTS.csv"
split "$T/plain"; is "digest of a table, compressed or not" "$(of_notes)" "${was:-none}"
printf '22,40,100008,2101-02-05,,,Nursing,Report,,,\r\n' >>"$T/plain/NOTEEVENTS.csv"
split "$T/plain"; is "of another table: another" "$([ -n "$(of_notes)" ] && [ "$(of_notes)" != "$was" ] && echo yes)" yes
split "$T/m"
cat >"$T/check.py" <<'E2'
import json, sys
note = [json.loads(l) for l in open(sys.argv[1])]
gold = [json.loads(l) for l in open(sys.argv[2])]
def case(name, ok): print('ok' if ok else 'not ok', name)
head, note, end = note[0]['header'], note[1:-1], note[-1]
meta = gold[0]['header']['meta']; gold = {g['id']: g for g in gold[1:-1]}
by = {n['id']: n for n in note}
case('order: subject, then admission, as numbers', [n['id'] for n in note] == ['100001', '100002', '100004', '100005', '100006'])
case('fields of a note', all(set(n) == {'id', 'subject', 'split', 'text', 'parts'} for n in note))
case('split and subject', [(n['split'], n['subject']) for n in note] == [('train', '3'), ('train', '3'), ('dev', '9'), ('dev', '20'), ('test', '40')])
case('raw text, quotes undone', by['100005']['text'] == 'Second subject.\nHe said "no".\n')
case('addenda in file order, newline between, duplicates kept',
     by['100002']['text'] == 'Late admission, café\nAddendum:\r\nmore\nAddendum:\r\nmore')
case('bad byte replaced', by['100001']['text'] == 'Bad byte \ufffd here')
t = by['100002']['text'].encode()
case('parts', [(p['kind'], p['date'], p['row'], t[p['begin']:p['end']].decode()) for p in by['100002']['parts']] ==
     [('Report', '2101-02-03', 12, 'Late admission, café'), ('Addendum', '2101-02-04', 14, 'Addendum:\r\nmore'), ('Addendum', '2101-02-05', 20, 'Addendum:\r\nmore')])
case('empty note', by['100006']['text'] == '' and by['100006']['parts'][0]['end'] == 0)
case('gold has the same ids', list(gold) == [n['id'] for n in note])
case('codes: a set, byte order, of the fifty', gold['100005']['codes'] == ['038.9', '38.93', '401.9'])
case('sequence: all codes, repeats, numbers; diagnoses then procedures', gold['100005']['sequence'] ==
     [['401.9', 1], ['038.9', 2], ['401.9', 3], ['38.93', 1], ['03.31', 2], ['38.93', 3]])
case('zeros kept, E and V codes', [c for c, _ in gold['100002']['sequence']] == ['V45.81', 'E812.0', '38.90', '96.6'])
case('no SEQ_NUM', gold['100001']['sequence'] == [['250.00', None], ['96.04', 1]])
case('none of the fifty: kept with no codes', gold['100004']['codes'] == [] and gold['100004']['sequence'] == [['038.0', 1]])
case('null code only', gold['100006']['codes'] == [] and gold['100006']['sequence'] == [])
case('meta', head['meta'] == {'source': 'mimic3'} and len(meta['labels']) == 50 and meta['labels'] == sorted(meta['labels']) and meta['label_set'] == 'caml50')
E2
rec-cat --json "$T/note" >"$T/note.json"; rec-cat --json "$T/gold" >"$T/gold.json"
python3 "$T/check.py" "$T/note.json" "$T/gold.json" || no "check.py" "failed"
has() { if grep -q -- "$2" "$T/err"; then ok "$1"; else no "$1" "$(cat "$T/err")"; fi; }
has "report: splits" "dev: 2 admissions of 2 in the list"
has "report: not in the label set" "dev: 3 labels, 1.50 an admission; 1 admissions without one, 0 of them without any code"
has "report: without any code" "test: 0 labels, 0.00 an admission; 1 admissions without one, 1 of them without any code"
has "report: no note" "1 admissions of the lists have no discharge summary"
has "report: no HADM_ID" "1 discharge summaries without HADM_ID"
has "report: code rows without HADM_ID" "1 code rows without HADM_ID"
has "report: null code" "1 code rows of listed admissions without a code"
has "report: bad byte" "1 bytes were not UTF-8"
has "report: in no list" "1 discharge summaries of admissions in no list"
is "mode of notes and labels" "$(stat -c %a "$T/note" "$T/gold" | tr '\n' ' ')" "600 600 "

# ---- options ----
cp "$T/note" "$T/note1"; cp "$T/gold" "$T/gold1"
split "$T/m"; same "the same bytes again" "$T/note" "$T/note1"; same "the same labels again" "$T/gold" "$T/gold1"
mimic-split -q --splits "$T/m/splits" "$T/m" >"$T/only" 2>"$T/err"; is "notes alone, quiet about what went well" "$(grep -vc warning "$T/err")" 0
same "notes do not depend on --gold" "$T/only" "$T/note1"
split --labels full "$T/m"
is "full label set" "$(rec-cat --head --json "$T/gold" | python3 -c 'import json,sys; h=json.loads(sys.stdin.readline()); m=h.get("header",h)["meta"]; print(m["label_set"],*m["labels"])')" \
    "full 03.31 038.0 038.9 250.00 38.90 38.93 401.9 96.04 96.6 E812.0 V45.81"
printf '401.9\tremark\n038.0\n\n401.9\n' >"$T/mine"
split --labels "$T/mine" --lists 50 "$T/m"
is "label file" "$(golds | python3 -c 'import json,sys; print([json.loads(l)["codes"] for l in sys.stdin])')" "[[], [], ['038.0'], ['401.9'], []]"
for s in "newline|'\\n'" "blank-line|'\\n\\n'" "space|' '"; do
    split --separator "${s%%|*}" "$T/m"
    is "separator ${s%%|*}" "$(notes | python3 -c 'import json,sys; n=[json.loads(l) for l in sys.stdin][1]; t=n["text"].encode(); p=n["parts"]; print(repr(t[p[0]["end"]:p[1]["begin"]].decode()))')" "${s#*|}"
done

# ---- the firewall: labels of any split can change, records of notes cannot ----
cp -r "$T/m" "$T/f"
sed 's/,"\(4019\|0380\)"$/,"42731"/; s/"V4581"/"486"/' "$T/m/diagnoses_icd.csv" >"$T/f/diagnoses_icd.csv"
mimic-split -q --splits "$T/f/splits" --gold "$T/gold2" -o "$T/note2" "$T/f" 2>/dev/null
same "firewall: other labels, the same note stream to the byte" "$T/note2" "$T/note1"
cmp -s "$T/gold2" "$T/gold1" && no "firewall: the labels did change" "gold is the same" || ok "firewall: the labels did change"
sed '/1000/d' "$T/m/diagnoses_icd.csv" >"$T/f/diagnoses_icd.csv"; sed '/1000/d' "$T/m/PROCEDURES_ICD.csv" >"$T/f/PROCEDURES_ICD.csv"
mimic-split -q --splits "$T/f/splits" --gold "$T/gold2" -o "$T/note2" "$T/f" 2>/dev/null
same "firewall: no label at all, the same notes" "$T/note2" "$T/note1"

# ---- what is wrong ----
id=0
wrong() { # NAME CODE PATTERN arguments...
    local name=$1 code=$2 pattern=$3 got; shift 3
    rm -f "$T/note" "$T/gold"
    split "$@"; got=$?
    if [ $got -ne "$code" ]; then no "$name" "exit $got, wanted $code: $(cat "$T/err")"
    elif ! grep -q -- "$pattern" "$T/err"; then no "$name" "$(cat "$T/err")"
    elif grep -q "Bad byte\|Late admission" "$T/err"; then no "$name" "text in a message"
    elif [ -e "$T/note" ] || [ -e "$T/gold" ]; then no "$name" "an output was left"
    else ok "$name"; fi
}
spoil() { rm -rf "$T/w"; cp -r "$T/m" "$T/w"; }
spoil; head -c 300 "$T/m/NOTEEVENTS.csv.gz" >"$T/w/NOTEEVENTS.csv.gz"; wrong "truncated gzip" 65 "NOTEEVENTS.csv.gz" "$T/w"
spoil; rm "$T/w/NOTEEVENTS.csv.gz"; zcat "$T/m/NOTEEVENTS.csv.gz" | head -c 500 >"$T/w/NOTEEVENTS.csv"
wrong "a quote that never closes" 65 "NOTEEVENTS.csv: row .*: column .*: the quote never closes" "$T/w"
spoil; rm "$T/w/PROCEDURES_ICD.csv"; wrong "missing table" 66 "no table PROCEDURES_ICD" "$T/w"
spoil; sed -i '1s/icd9_code/code/' "$T/w/diagnoses_icd.csv"; wrong "missing column" 65 "diagnoses_icd.csv: no column ICD9_CODE" "$T/w"
spoil; sed -i 's/"4019"/"40 19"/' "$T/w/diagnoses_icd.csv"; wrong "a code with a blank" 65 "row 1: column ICD9_CODE" "$T/w"
spoil; sed -i '2s/,20,/,21,/' "$T/w/diagnoses_icd.csv"; wrong "another subject" 65 "row 1: column SUBJECT_ID" "$T/w"
spoil; sed -i '2s/100005/1e5/' "$T/w/diagnoses_icd.csv"; wrong "HADM_ID no number" 65 "row 1: column HADM_ID: not a whole number" "$T/w"
spoil; : >"$T/w/PROCEDURES_ICD.csv"; wrong "empty table" 65 "PROCEDURES_ICD.csv: empty file" "$T/w"
wrong "missing split list" 66 "train_50_hadm_ids.csv" --splits "$T" "$T/m"
spoil; echo 100001 >>"$T/w/splits/dev_50_hadm_ids.csv"; wrong "id in two splits" 65 "admission 100001 is in two lists" --splits "$T/w/splits" "$T/w"
mkdir "$T/other"; for s in train dev test; do echo $((++id)) >"$T/other/${s}_50_hadm_ids.csv"; done
wrong "lists of another corpus" 65 "no discharge summary belongs to" --splits "$T/other" "$T/m"
wrong "no directory" 66 "nowhere" "$T/nowhere"
wrong "not an archive" 65 "mine" "$T/mine"
wrong "no operand" 64 "operand"
wrong "unknown option" 64 "colour" --colour "$T/m"
wrong "bad label file" 65 "line 1: not a code" --labels "$T/m/diagnoses_icd.csv" "$T/m"
wrong "no label file" 66 "absent" --labels "$T/absent" "$T/m"
exits "--gold and -o the same" 64 mimic-split --gold "$T/x" -o "$T/x" --splits "$T/m/splits" "$T/m"
exits "two streams on standard output" 64 mimic-split --gold - --splits "$T/m/splits" "$T/m"
exits "/dev/full for --gold" 74 mimic-split --splits "$T/m/splits" --gold /dev/full -o "$T/full" "$T/m"
[ -e "$T/full" ] && no "/dev/full: no notes either" "left" || ok "/dev/full: no notes either"
mimic-split --splits "$T/m/splits" "$T/m" >/dev/full 2>/dev/null; is "/dev/full for notes" $? 74
printf '"ROW_ID","SUBJECT_ID","HADM_ID","CATEGORY","TEXT"\n' >"$T/w/NOTEEVENTS.csv"; rm -f "$T/w/NOTEEVENTS.csv.gz"
wrong "no discharge summary at all" 65 "no note of category Discharge summary" "$T/w"

# ---- tables whose codes have dots already ----
mkdir "$T/dots"; cp -r "$T/m/splits" "$T/dots"
printf 'SUBJECT_ID,HADM_ID,CATEGORY,TEXT\n3,100002,Discharge summary,a note\n' >"$T/dots/NOTEEVENTS.csv"
printf 'SUBJECT_ID,HADM_ID,ICD9_CODE\n3,100002,428.0\n3,100002,V10.0\n3,100002,E812.0\n' >"$T/dots/DIAGNOSES_ICD.csv"
printf 'SUBJECT_ID,HADM_ID,ICD9_CODE\n3,100002,03.31\n' >"$T/dots/PROCEDURES_ICD.csv"
numbers() { mimic-split -q --labels full --splits "$T/dots/splits" --gold "$T/gold" -o "$T/note" "$T/dots" 2>"$T/err"; grep -c 'read the codes as numbers' "$T/err"; }
is "a dot is no sign of numbers" "$(numbers)" 0
is "codes keep their dots" "$(rec-cat --json "$T/gold" | grep -o '"codes":\[[^]]*]')" '"codes":["03.31","428.0","E812.0","V10.0"]'
for code in 4280.0 25000.0 428.; do
    printf 'SUBJECT_ID,HADM_ID,ICD9_CODE\n3,100002,%s\n' $code >"$T/dots/DIAGNOSES_ICD.csv"; is "$code is one" "$(numbers)" 1
done

# ---- the public demo (its NOTEEVENTS is a heading without rows), with notes of our own for its admissions;
# MIMIC3_DEMO=FOLDER says where it is ----
D=${MIMIC3_DEMO:-$ROOT/../shared/data/mimic3_demo}
if [ -f "$D/DIAGNOSES_ICD.csv" ]; then
    wrong "demo: no notes" 65 "no note of category Discharge summary" --splits "$ROOT/share/caml" "$D"
    cat >"$T/demo.py" <<'E2'
import csv, json, sys, os, collections
D, T, mode = sys.argv[1:4]
hadm = sorted({(r['subject_id'], r['hadm_id']) for t in ('DIAGNOSES_ICD', 'PROCEDURES_ICD') for r in csv.DictReader(open(f'{D}/{t}.csv'))})
if mode == 'make':
    os.makedirs(T + '/demo/splits')
    w = csv.writer(open(T + '/demo/NOTEEVENTS.csv', 'w', newline=''))
    w.writerow(['SUBJECT_ID', 'HADM_ID', 'CATEGORY', 'TEXT'])
    for s, h in hadm: w.writerow([s, h, 'Discharge summary', 'note of ' + h])
    for i, n in enumerate(('train', 'dev', 'test')):
        open(f'{T}/demo/splits/{n}_full_hadm_ids.csv', 'w').write(''.join(h + '\n' for _, h in hadm[i::3]))
    for t in ('DIAGNOSES_ICD', 'PROCEDURES_ICD'): os.symlink(f'{os.path.abspath(D)}/{t}.csv', f'{T}/demo/{t}.csv')
else:
    def dot(c, proc): k = 2 if proc else 4 if c[0] == 'E' else 3; return c[:k] + '.' + c[k:] if len(c) > k else c
    want = collections.defaultdict(set)
    for t in ('DIAGNOSES_ICD', 'PROCEDURES_ICD'):
        for r in csv.DictReader(open(f'{D}/{t}.csv')): want[r['hadm_id']].add(dot(r['icd9_code'], t[0] == 'P'))
    got = [json.loads(l) for l in sys.stdin][1:-1]
    print('ok' if [g['id'] for g in got] == [h for _, h in sorted(hadm, key=lambda x: (int(x[0]), int(x[1])))] else 'not ok', 'demo: all admissions in order')
    print('ok' if all(g['codes'] == sorted(want[g['id']]) for g in got) and len(got) > 100 else 'not ok', 'demo: every code as Python computes it')
E2
    python3 "$T/demo.py" "$D" "$T" make
    mimic-split -q --labels full --splits "$T/demo/splits" --gold "$T/gold" -o "$T/note" "$T/demo" 2>"$T/err"
    rec-cat --json "$T/gold" | python3 "$T/demo.py" "$D" "$T" check || no "demo" "$(cat "$T/err")"
    # The demo's own files, as PhysioNet's zip and as a .tar.gz have them, with our notes from elsewhere.
    mkdir "$T/notes"; mv "$T/demo/NOTEEVENTS.csv" "$T/notes"
    rows=$(tail -q -n +2 "$D"/DIAGNOSES_ICD.csv "$D"/PROCEDURES_ICD.csv | wc -l)
    for kind in zip gztar; do
        a=$(python3 -c 'import shutil,sys; print(shutil.make_archive(*sys.argv[1:]))' "$T/demo-$kind" $kind "$D" .)
        mimic-split -q --labels full --splits "$T/demo/splits" --gold "$T/gold2" -o "$T/note2" --report "$T/report" \
            "$T/notes" "$a" 2>"$T/err"
        same "demo as $kind" "$T/gold2" "$T/gold"; same "demo as $kind: notes" "$T/note2" "$T/note"
        is "demo as $kind: every row was read" "$(python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); print(
            sum(t["rows"] for t in r["tables"][1:]), *(r["codes"][k] for k in ("null", "not_listed", "without_admission")))' \
            "$T/report")" "$rows 0 0 0"
    done
else skip "demo" "no MIMIC-III demo (MIMIC3_DEMO=FOLDER)"; fi
exit $failed
