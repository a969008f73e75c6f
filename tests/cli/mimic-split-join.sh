#!/usr/bin/env bash
# mimic-split record by record beside an independent reference (mimic_split.py) on a synthetic MIMIC-III, on a MIMIC-IV made
# from it, and with every option that changes records.
. "$(dirname "$0")/../lib.sh"
mimic-synth -q --admissions 150 --seed 3 --length 120 "$T/m"

# More of what real tables have: addenda before their report, times, repeated notes, letters that are not ASCII.
cat >"$T/twist.py" <<'E2'
import csv, gzip, random, sys
csv.field_size_limit(1 << 30)
d, r = sys.argv[1], random.Random(4)
rows = list(csv.reader(gzip.open(d + '/NOTEEVENTS.csv.gz', 'rt', newline='')))
out = rows[:1]
for x in rows[1:]:
    if x[6] == 'Discharge summary':
        x[10] += r.choice(('', ' Café ½ µg _x_ 12 ÀÉ', ' "quoted", twice "" \r\n'))
        x[4] = r.choice(('', x[3] + ' 10:00:00', x[3] + ' 09:00:00'))
        if r.random() < .3:
            out.append(['9' + x[0]] + x[1:7] + ['Addendum'] + x[8:10] + [r.choice((x[10], 'Addendum: none.'))])
        if r.random() < .2:
            out.append(['8' + x[0]] + x[1:3] + ['2101-01-01'] + x[4:])
        if r.random() < .1:  # without an admission, of one in no list
            out.append(['7' + x[0]] + x[1:2] + [r.choice(('', '900000', '9' + x[2]))] + x[3:])
    out.append(x)
csv.writer(gzip.open(d + '/NOTEEVENTS.csv.gz', 'wt', newline=''), quoting=csv.QUOTE_ALL).writerows(out)
for t in ('DIAGNOSES_ICD', 'PROCEDURES_ICD'):
    rows = list(csv.reader(gzip.open(f'{d}/{t}.csv.gz', 'rt', newline='')))
    for x in rows[1::9]:
        rows.append(x[:2] + r.choice(([''], ['900000'], ['9' + x[2]])) + x[3:])
        rows.append(x[:3] + ['', ''])
    csv.writer(gzip.open(f'{d}/{t}.csv.gz', 'wt', newline='')).writerows(rows)
# an admission of a list without a note, and a subject in two splits
for s in ('dev', 'test'):
    for k in ('50', 'full'):
        open(f'{d}/splits/{s}_{k}_hadm_ids.csv', 'a').write('91%d\n' % (s == 'dev'))
by = {}
for x in rows[1:]:
    by.setdefault(x[1], set()).add(x[2])
for k in ('50', 'full'):
    lists = {s: open(f'{d}/splits/{s}_{k}_hadm_ids.csv').read().split() for s in ('train', 'dev')}
    two = next(sorted(h) for h in by.values() if len(h & set(lists['train'])) > 1)
    lists['train'].remove(two[0])
    lists['dev'].append(two[0])
    for s in lists:
        open(f'{d}/splits/{s}_{k}_hadm_ids.csv', 'w').write('\n'.join(lists[s]) + '\n')
E2
python3 "$T/twist.py" "$T/m"

# agree NAME DIR "options of mimic-split" key=value...
agree() {
    local name=$1 dir=$2 opts=$3 bad; shift 3
    # shellcheck disable=SC2086
    mimic-split -q $opts --gold "$T/gold" -o "$T/note" --report "$T/report" "$dir" 2>"$T/err" || { no "$name" "$(cat "$T/err")"; return; }
    rec-cat --json "$T/note" >"$T/note.json"; rec-cat --json "$T/gold" >"$T/gold.json"
    bad=$(python3 "$ROOT/tests/cli/mimic_split.py" "$dir" "$T/note.json" "$T/gold.json" "$T/report" "$@" 2>&1)
    is "$name" "$bad" ""
}
S="--splits $T/m/splits"
agree "full" "$T/m" "$S --labels full"
agree "caml50" "$T/m" "$S --lists full --labels caml50" labels="$ROOT/share/caml/TOP_50_CODES.csv"
agree "caml50 with its lists" "$T/m" "$S" labels="$ROOT/share/caml/TOP_50_CODES.csv" lists=50
agree "laat50" "$T/m" "$S --labels laat50" labels="$ROOT/share/labels/laat50" lists=50
agree "fixed50" "$T/m" "$S --labels fixed50" labels="$ROOT/share/labels/fixed50" lists=50
agree "order report" "$T/m" "$S --labels full --order report" order=report
agree "order time, no duplicates" "$T/m" "$S --labels full --order time --no-duplicates --separator tab" order=time duplicates=no "separator=$(printf '\t')"
agree "no addenda" "$T/m" "$S --labels full --no-addenda --separator space" addenda=no "separator= "
agree "codes of 5 admissions of train" "$T/m" "$S --labels full --min-count 5" min=5
agree "codes of 5 admissions" "$T/m" "$S --labels full --min-count 5 --count-in all" min=5 count_in=all
agree "caml50, codes of 20 admissions" "$T/m" "$S --lists full --labels caml50 --min-count 20" min=20 labels="$ROOT/share/caml/TOP_50_CODES.csv"
agree "CAML's text" "$T/m" "$S --labels full --caml-text" caml_text=1
agree "CAML's numbers" "$T/m" "$S --labels full --caml-bug" caml_bug=1
agree "CAML's numbers and 50 codes" "$T/m" "$S --lists full --caml-bug" caml_bug=1 labels="$ROOT/share/caml/TOP_50_CODES.csv"

# What is told on standard error is what the report says.
mimic-split $S --labels full --caml-text --no-addenda --no-duplicates --gold "$T/gold" -o "$T/note" --report "$T/report" "$T/m" 2>"$T/err"
cat >"$T/told.py" <<'E2'
import json, sys
r, err = json.load(open(sys.argv[1])), open(sys.argv[2]).read().splitlines()
n, c, sub, caml = r['notes'], r['codes'], r['subjects'], r['notes']['caml_text']
want = [f"{r['tables'][0]['rows']} rows of NOTEEVENTS, {n['summaries']} discharge summaries, {sum(x['admissions'] for x in r['splits'].values())} admissions written",
        f"{len(r['labels'])} labels in the set (full), 0 of them of no admission",
        f"{caml['tokens']} tokens, {caml['types']} different ones",
        f"{n['not_listed']} discharge summaries of admissions in no list were skipped",
        f"{n['addenda_dropped']} addenda and {n['duplicates_dropped']} duplicates were left out as asked",
        f"{c['not_listed']} code rows of admissions in no list, 0 of the other ICD version were skipped",
        f"SUBJECT_ID {'rises' if sub['ordered_by_split'] else 'does not rise'} from train to dev to test",
        "not compared with MIMIC-III v1.4: other lists than CAML's",
        f"warning: {sum(x['without_note'] for x in r['splits'].values())} admissions of the lists have no discharge summary and are left out",
        f"warning: {n['without_admission']} discharge summaries without HADM_ID were skipped",
        f"warning: {c['without_admission']} code rows without HADM_ID were skipped",
        f"warning: {c['null']} code rows of listed admissions without a code were skipped",
        f"warning: {sub['in_two_splits']} subjects have admissions in more than one split",
        f"warning: {caml['bytes_not_ascii']} bytes are not ASCII: CAML's tokens may be others there"]
for s, x in r['splits'].items():
    want.append(f"{s}: {x['admissions']} admissions of {x['listed']} in the list")
    want.append(f"{s}: {x['positives']} labels, {x['labels_per_admission']:.2f} an admission; "
                f"{x['without_label']} admissions without one, {x['without_code']} of them without any code")
for s in ('dev', 'test'):
    x = r['shift'][s]
    most = ', '.join(f"{m['code']} {100 * m['train']:.1f} to {100 * m[s]:.1f} %" for m in x['most'])
    want.append(f"prior shift from train to {s}: {100 * x['mean_difference']:.2f} points a label; {most}; "
                f"{x['only_in_train']} labels of train not in {s}, {x['never_in_train']} of {s} not in train")
print(*['missing: ' + w for w in want if 'mimic-split: ' + w not in err], sep='\n')
nothing = [k for d in (n, c, caml, sub) for k, v in d.items() if v == 0 and k not in ('bytes_replaced', 'other_system', 'read_as_numbers', 'ordered_by_split')]
print(*['nothing to count: ' + k for k in nothing], sep='\n')
E2
is "standard error tells every count of the report" "$(python3 "$T/told.py" "$T/report" "$T/err" 2>&1 | grep .)" ""
is "the text's kind is in the header" "$(rec-cat --head --json "$T/note" | grep -c '"text": *"caml"')" 1
printf '4019\n25000\n' >"$T/undotted"
mimic-split -q $S --lists full --labels "$T/undotted" --gold "$T/gold" -o "$T/note" "$T/m" 2>"$T/err"
is "labels that no admission has" "$?:$(grep -c 'warning: no admission has one of the 2 labels: codes have dots' "$T/err")" 0:1

# The reference does tell a difference.
is "notes in another order are noticed" "$(mimic-split -q $S --labels full --order report --gold "$T/gold" -o "$T/note" --report "$T/report" "$T/m" 2>/dev/null
    rec-cat --json "$T/note" >"$T/note.json"; rec-cat --json "$T/gold" >"$T/gold.json"
    python3 "$ROOT/tests/cli/mimic_split.py" "$T/m" "$T/note.json" "$T/gold.json" "$T/report")" "notes"

# The label sets of 50 are what they are said to be.
for s in "laat50 37.23 93.90" "fixed50 33.24,45.13 93.90,V45.82"; do
    set -- $s
    is "$1 is CAML's list without $2, with $3" "$(sort "$ROOT/share/labels/$1" | tr '\n' ' ')" \
        "$( (grep -vFx "$(echo "$2" | tr , '\n')" "$ROOT/share/caml/TOP_50_CODES.csv"; echo "$3" | tr , '\n') | grep . | sort | tr '\n' ' ')"
done

# ---- MIMIC-IV: other names, both code systems, two places ----
cat >"$T/four.py" <<'E2'
import csv, gzip, os, sys
csv.field_size_limit(1 << 30)
m, d = sys.argv[1:]
def rows(t): return csv.DictReader(gzip.open(f'{m}/{t}.csv.gz', 'rt', newline=''))
def table(path, head, lines, eol):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    w = csv.writer(gzip.open(path, 'wt', newline=''), lineterminator=eol)
    w.writerow(head)
    w.writerows(lines)
ds = [r for r in rows('NOTEEVENTS') if r['CATEGORY'] == 'Discharge summary']
table(d + '/n/note/discharge.csv.gz', 'note_id subject_id hadm_id note_type note_seq charttime storetime text'.split(),
      ([f"{r['SUBJECT_ID']}-DS-{i}", r['SUBJECT_ID'], r['HADM_ID'], 'AD' if r['DESCRIPTION'] == 'Addendum' else 'DS', i, r['CHARTDATE'] + ' 00:00:00', '', r['TEXT']]
       for i, r in enumerate(ds)), '\r\n')
ten = {'4019': 'I10', '4280': 'I509', '25000': 'E119', '42731': 'I4891', '3893': '02HV33Z', '9604': '0BH17EZ'}
for t in ('DIAGNOSES_ICD', 'PROCEDURES_ICD'):
    out = []
    for r in rows(t):
        s, h, n, c = r['SUBJECT_ID'], r['HADM_ID'], r['SEQ_NUM'], r['ICD9_CODE']
        out.append([s, h, n, c + ' ', 9])
        if c in ten: out.append([s, h, n, ten[c], 10])
    table(f'{d}/h/hosp/{t.lower()}.csv.gz', 'subject_id hadm_id seq_num icd_code icd_version'.split(), [o for o in out if o[2]], '\n')
E2
python3 "$T/four.py" "$T/m" "$T/four"
F="--source mimic4 $S"
agree "MIMIC-IV, ICD-10" "$T/four" "$F" source=mimic4 icd=10 splits="$T/m/splits"
is "MIMIC-IV: dots" "$(rec-cat --head --json "$T/gold" | python3 -c 'import json,sys; m=json.loads(sys.stdin.readline()); print(*m.get("header",m)["meta"]["labels"])')" "02HV33Z 0BH17EZ E11.9 I10 I48.91 I50.9"
is "MIMIC-IV: admissions of the other version alone" "$(python3 -c 'import json,sys; r=json.load(open(sys.argv[1]))["splits"]; print(all(x["other_version"] > 0 for x in r.values()))' "$T/report")" True
cp "$T/note" "$T/note9"; mimic-split -q $F -o "$T/note" "$T/four"; same "MIMIC-IV: the same notes without --gold" "$T/note" "$T/note9"
agree "MIMIC-IV, ICD-10, the others kept" "$T/four" "$F --other-version keep" source=mimic4 icd=10 other=keep splits="$T/m/splits"
mimic-split -q $F --other-version keep -o "$T/note2" "$T/four/n" 2>"$T/err"; rec-cat --json "$T/note9" | sed '1d;$d' | sort >"$T/a"; rec-cat --json "$T/note2" | sed '1d;$d' | sort >"$T/b"
is "MIMIC-IV: kept, the notes need no code table; the others are among them" "$(comm -23 "$T/a" "$T/b" | wc -l) $([ "$(wc -l <"$T/b")" -gt "$(wc -l <"$T/a")" ] && echo more)" "0 more"
agree "MIMIC-IV, dots as Edin" "$T/four" "$F --icd10-form edin" source=mimic4 icd=10 form=edin splits="$T/m/splits"
is "MIMIC-IV: dots as Edin" "$(rec-cat --head --json "$T/gold" | python3 -c 'import json,sys; m=json.loads(sys.stdin.readline()); print(*m.get("header",m)["meta"]["labels"])')" "02HV33Z 0BH17EZ E11.9 I10. I48.91 I50.9"
agree "MIMIC-IV, no dots" "$T/four" "$F --icd10-form undotted" source=mimic4 icd=10 form=undotted splits="$T/m/splits"
agree "MIMIC-IV, ICD-9" "$T/four" "$F --icd 9 --no-addenda" source=mimic4 icd=9 addenda=no splits="$T/m/splits"
agree "MIMIC-IV, ICD-9, 50 codes" "$T/four" "$F --icd 9 --labels caml50" source=mimic4 icd=9 labels="$ROOT/share/caml/TOP_50_CODES.csv" lists=50 splits="$T/m/splits"
mimic-split -q $F -o "$T/note" --gold "$T/gold" "$T/four"
mimic-split -q $F -o "$T/note2" --gold "$T/gold2" "$T/four/h" "$T/four/n"
same "MIMIC-IV in two places" "$T/note2" "$T/note"; same "MIMIC-IV in two places, labels" "$T/gold2" "$T/gold"
is "MIMIC-IV needs lists" "$(mimic-split --source mimic4 "$T/four" 2>&1 >/dev/null; echo $?)" "mimic-split: MIMIC-IV needs --splits: the lists that come with icdpipe are for MIMIC-III
64"
exits "MIMIC-III has no ICD-10" 64 mimic-split --icd 10 "$T/m"
exits "--caml-bug is for MIMIC-III" 64 mimic-split $F --caml-bug "$T/four"
zcat "$T/four/h/hosp/diagnoses_icd.csv.gz" | sed '2s/,9\r*$/,8/' | gzip >"$T/eight.gz"; mv "$T/eight.gz" "$T/four/h/hosp/diagnoses_icd.csv.gz"
exits "a version that is neither" 65 mimic-split $F -g "$T/g" -o "$T/n" "$T/four"
grep -q 'diagnoses_icd.csv.gz: row 1: column ICD_VERSION: neither 9 nor 10' "$T/err" && ok "and it is named" || no "and it is named" "$(cat "$T/err")"
exit $failed
