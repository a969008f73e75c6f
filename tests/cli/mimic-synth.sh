#!/usr/bin/env bash
# mimic-synth: determinism, and that Python's csv and gzip read what it says it wrote.
. "$(dirname "$0")/../lib.sh"
umask 022
exits "makes a directory" 0 mimic-synth --admissions 300 --seed 7 --length 300 "$T/a"
cp "$T/err" "$T/summary"
mimic-synth -q -j 3 -n 300 -s 7 -l 300 "$T/b" 2>"$T/err"; is "quiet" "$(wc -c <"$T/err")" 0
if diff -r "$T/a" "$T/b" >/dev/null; then ok "the same bytes, whatever the threads"; else no "the same bytes, whatever the threads"; fi
mimic-synth -q -n 300 -s 8 -l 300 "$T/c"
cmp -s "$T/a/NOTEEVENTS.csv.gz" "$T/c/NOTEEVENTS.csv.gz" && no "another seed" "same notes" || ok "another seed, other notes"
cmp -s "$T/a/splits/test_50_hadm_ids.csv" "$T/c/splits/test_50_hadm_ids.csv" && no "another seed" "same ids" || ok "another seed, other ids"
mimic-synth -q -n 300 -s 7 -l 900 "$T/d"
is "readable by the owner only" "$(find "$T/a" -perm /077 | wc -l)" 0
cat >"$T/check.py" <<'E2'
import csv, gzip, json, re, sys, collections
csv.field_size_limit(1 << 30)
a, summary, longer = sys.argv[1:4]
def case(name, ok, why=''): print('ok' if ok else 'not ok', name, '' if ok else ': ' + str(why))
def rows(t, d=a): return list(csv.reader(gzip.open(f'{d}/{t}.csv.gz', 'rt', encoding='utf-8', newline='')))
N, DX, PX = rows('NOTEEVENTS'), rows('DIAGNOSES_ICD'), rows('PROCEDURES_ICD')
case('columns', N[0] == 'ROW_ID SUBJECT_ID HADM_ID CHARTDATE CHARTTIME STORETIME CATEGORY DESCRIPTION CGID ISERROR TEXT'.split()
     and DX[0] == PX[0] == 'ROW_ID SUBJECT_ID HADM_ID SEQ_NUM ICD9_CODE'.split()
     and rows('D_ICD_DIAGNOSES')[0] == rows('D_ICD_PROCEDURES')[0] == 'ROW_ID ICD9_CODE SHORT_TITLE LONG_TITLE'.split())
N, DX, PX = N[1:], DX[1:], PX[1:]
m = re.search(r'(\d+) notes, (\d+) diagnosis and (\d+) procedure rows, (\d+) mentions', open(summary).read())
truth = [json.loads(l) for l in open(a + '/truth.ndjson')]
case('counts as reported', tuple(map(int, m.groups())) == (len(N), len(DX), len(PX), len(truth)), m.groups())
case('row numbers are unique', all(len({r[0] for r in t}) == len(t) for t in (N, DX, PX)))
case('titles', len(rows('D_ICD_DIAGNOSES')) == 14568 and len(rows('D_ICD_PROCEDURES')) == 3883)
ds = [r for r in N if r[6] == 'Discharge summary']
adm = {r[2]: r[1] for r in ds}
case('every admission has a discharge summary', len(adm) == 300)
case('categories', {r[6] for r in N} == {'Discharge summary', 'Nursing/other', 'Radiology', 'ECG', 'Physician '})
case('addenda and second reports', 5 < sum(r[7] == 'Addendum' for r in ds) < 80 and len(ds) > 300)
case('both layouts', any('BRIEF' not in r[10] and 'HOSPITAL COURSE:  ' in r[10] for r in ds) and any('Brief Hospital Course:\n' in r[10] for r in ds))
case('de-identification marks', all('[**' in r[10] for r in ds if r[7] == 'Report'))
case('several admissions of a subject', len(set(adm.values())) < 290)
order = [int(r[1]) for r in ds]
case('the file is not sorted by subject', order != sorted(order))
ids = {}
for s in ('train', 'dev', 'test'):
    for k in ('50', 'full'): ids[s, k] = open(f'{a}/splits/{s}_{k}_hadm_ids.csv').read().split()
case('lists: disjoint, all admissions', sorted(sum((ids[s, 'full'] for s in ('train', 'dev', 'test')), [])) == sorted(adm))
case('lists: 50 within full', all(set(ids[s, '50']) <= set(ids[s, 'full']) for s in ('train', 'dev', 'test')))
case('lists: sizes', .65 < len(ids['train', 'full']) / 300 < .75 and .1 < len(ids['test', 'full']) / 300 < .2)
sub = {s: [int(adm[h]) for h in ids[s, 'full']] for s in ('train', 'dev', 'test')}
case('lists: by subject, none in two', max(sub['train']) < min(sub['dev']) and max(sub['dev']) < min(sub['test']))
def dot(c, k): return c[:k] + '.' + c[k:] if len(c) > k else c
codes = collections.defaultdict(set)
for r in DX: codes[r[2]].add(dot(r[4], 4 if r[4][:1] == 'E' else 3))
for r in PX: codes[r[2]].add(dot(r[4], 2))
top = set(l.strip() for l in open(sys.argv[4]))
in50 = {h for h in adm if codes[h] & top}
case('lists: 50 is who has one of the 50', in50 == set(ids['train', '50'] + ids['dev', '50'] + ids['test', '50']))
mean = sum(len(codes[h] & top) for h in in50) / len(in50)
case('5 to 6.6 of the 50 an admission', 5 < mean < 6.6, mean)
case('other codes too', len(set().union(*codes.values()) - top) > 500)
text = {r[0]: (r[2], r[10].encode()) for r in ds}
bad, seen = 0, collections.defaultdict(set)
for t in truth:
    h, b = text[str(t['row'])]
    bad += h != t['id'] or b[t['begin']:t['end']].decode() != t['text'] or t['code'] not in codes[h]
    seen[h].add(t['code'])
case('truth: the bytes hold the expression', bad == 0, bad)
case('truth: every one of the 50 codes assigned has evidence', all(codes[h] & top == seen[h] for h in adm))
case('truth: many wordings', len({(t['code'], t['text'].lower()) for t in truth}) > 500)
bare = sum(not any(codes[h]) for h in adm)
case('admissions without codes', bare == int(re.search(r'(\d+) without any code', open(summary).read()).group(1)) and bare > 0, bare)
twice = collections.Counter((r[2], r[4]) for r in PX)
case('procedures that stand twice', 3 < sum(v > 1 for v in twice.values()) < 40)
# Distractors: a code's expression in a note whose codes have it not, denied or in the family.
said = {t['text'].lower() for t in truth}
def found(pattern): # where what {x} stands for is an expression of one of the 50
    return sum(m.group(1).lower() in said for r in ds for m in re.finditer(pattern, ' '.join(r[10].split())))
denied = found(r'(?:No evidence of|The patient denied any|There was no sign of|Denies|Workup was negative for) (.{3,60}?)\.')
family = found(r'(?:Mother with|Father had|A brother with|Sister:|Maternal aunt with) (.{3,60}?)(?: at age \d+)?\.')
case('negations', denied > 60, denied)
case('family history', family > 30, family)
# Evidence stands anywhere in the note, and anywhere in its section.
far = {int(r[0]): r[10].encode() for r in rows('NOTEEVENTS', longer) if r[7] == 'Report' and r[6] == 'Discharge summary'}
at, within = [], []
for t in map(json.loads, open(longer + '/truth.ndjson')):
    b = far.get(t['row'], b'')
    if not b: continue
    at.append(t['begin'] / len(b))
    i, j = b.find(b'Brief Hospital Course:\n'), b.find(b'\n\nMedications on Admission:')
    if 0 < i < t['begin'] < j: within.append((t['begin'] - i) / (j - i))
case('evidence early and late', .4 < sum(at) / len(at) < .6 and sum(x > .75 for x in at) > .1 * len(at))
case('evidence spread over its section', len(within) > 300 and .4 < sum(within) / len(within) < .65, sum(within) / len(within))
words = lambda d: [len(r[10].split()) for r in rows('NOTEEVENTS', d)[1:] if r[6] == 'Discharge summary' and r[7] == 'Report']
w = words(longer)
case('--length is the mean', 750 < sum(w) / len(w) < 1050, sum(w) / len(w))
case('a long tail', max(w) > 2200, max(w))
E2
python3 "$T/check.py" "$T/a" "$T/summary" "$T/d" "$ROOT/share/caml/TOP_50_CODES.csv" || no "check.py" "failed"
mimic-split -q --splits "$T/a/splits" --labels full --gold "$T/gold" -o "$T/note" "$T/a" 2>/dev/null
is "mimic-split reads it" "$(rec-cat --check "$T/note" | grep -o '[0-9]* records') $(rec-cat --check "$T/gold" | grep -o '[0-9]* records')" "300 records 300 records"
# A patient is in one split only, wherever the borders fall.
for s in 1 2 3 4 5 6 7 8 9 10; do mimic-synth -q -n 30 -s $s -l 50 "$T/few$s"; done
python3 - "$T"/few* >"$T/split" <<'E2'
import csv, gzip, sys
csv.field_size_limit(1 << 30)
for d in sys.argv[1:]:
    sub = {r[2]: r[1] for r in csv.reader(gzip.open(d + '/NOTEEVENTS.csv.gz', 'rt', newline=''))}
    of = {}
    for s in ('train', 'dev', 'test'):
        for h in open('%s/splits/%s_full_hadm_ids.csv' % (d, s)).read().split(): of.setdefault(sub[h], set()).add(s)
    if any(len(v) > 1 for v in of.values()): print(d, 'has a patient in two splits')
E2
is "no patient in two splits" "$(cat "$T/split")" ""
exits "one admission" 0 mimic-synth -n 1 "$T/one"

exits "what nohup ignores stays ignored" 0 sh -c "trap '' HUP; mimic-synth -q -n 300 -l 50 '$T/hup' & p=\$!; sleep 0.05; kill -HUP \$p; wait \$p"
sh -c "exec mimic-synth -n 300 -s 7 -l 300 '$T/closed' <&- >&- 2>&-"
is "closed descriptors: the same files" "$? $(diff -r "$T/a" "$T/closed" 2>&1 | head -n 1)" "0 "
exits "no directory named" 64 mimic-synth
exits "two directories" 64 mimic-synth "$T/a" "$T/b"
exits "no admissions" 64 mimic-synth -n 0 "$T/x"
exits "length not a number" 64 mimic-synth --length nan "$T/x"
exits "unknown option" 64 mimic-synth --colour "$T/x"
: >"$T/file"
exits "a file in the way" 74 mimic-synth -n 1 "$T/file"
exits "no parent" 74 mimic-synth -n 1 "$T/no/where"
is "nothing half-written" "$(find "$T" -name '*.tmp*' -o -name '.*' -type f | wc -l)" 0
ICDPIPE_SHARE=$T exits "no share/" 66 mimic-synth -n 1 "$T/x"
exits "--help" 0 mimic-synth --help
mimic-synth --help >/dev/full 2>/dev/null; is "--help to /dev/full" $? 74
exit $failed
