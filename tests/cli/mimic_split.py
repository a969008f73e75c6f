"""mimic-split once more, in Python's standard library and without a line of it in common: what the streams should hold. Joins by
dictionaries, tables by csv and gzip, tokens by re.  mimic_split.py DIR [key=value]... prints {"notes": [...], "gold": [...], ...}."""
import csv
import glob
import gzip
import json
import os
import re
import sys

csv.field_size_limit(1 << 30)


def table(where, name):
    path, = [p for p in glob.glob(where + '/**', recursive=True) if os.path.basename(p).lower().split('.')[0] == name
             and re.search(r'\.csv(\.gz)?$', p)]
    with (gzip.open if path.endswith('.gz') else open)(path, 'rt', encoding='utf-8', errors='strict', newline='') as f:
        rows = csv.reader(f)
        heading = [c.lower() for c in next(rows)]
        return [dict(zip(heading, row)) for row in rows]


def icd9(code, procedure):
    if procedure:
        return code[:2] + '.' + code[2:] if len(code) > 2 else code
    k = 4 if code.startswith('E') else 3
    return code[:k] + '.' + code[k:] if len(code) > k else code


def icd10(code, procedure, form):
    if procedure or form == 'undotted':
        return code
    return code[:3] + '.' + code[3:] if len(code) > 3 or (form == 'edin' and len(code) == 3) else code


def caml_text(text):
    return ' '.join(w.lower() for w in re.findall(r'\w+', text) if not w.isnumeric())


def pandas_column(codes):
    """A column of strings as pandas types it, block by block of 131,072 rows, and prints it again."""
    out = []
    for at in range(0, len(codes), 131072):
        block = codes[at:at + 131072]
        try:
            numbers = [float(c) if c else None for c in block]
        except ValueError:
            out += block
            continue
        whole = all(map(str.isdigit, block))
        out += ['' if x is None else str(int(x)) if whole else repr(x) for x in numbers]
    return out


def caml_codes(where, admitted):
    rows, kinds = [], []
    for name, procedure in (('diagnoses_icd', False), ('procedures_icd', True)):
        t = table(where, name)
        for row, code in zip(t, pandas_column([r['icd9_code'] for r in t])):
            code = code.replace('.', '')
            if code and procedure:
                code = code[:2] + '.' + code[2:]
            elif code:
                code = icd9(code, False)
            if row['hadm_id'] in admitted:
                rows.append((row, code))
    return [(row, code) for (row, _), code in zip(rows, pandas_column([c for _, c in rows]))]


def codes_of(where, o, admitted):
    if o.get('caml_bug'):
        return caml_codes(where, admitted)
    out = []
    for name, procedure in (('diagnoses_icd', False), ('procedures_icd', True)):
        for row in table(where, name):
            if o['source'] == 'mimic4' and row['icd_version'] != o['icd']:
                continue
            raw = row.get('icd9_code', row.get('icd_code')).strip()
            out.append((row, icd9(raw, procedure) if o.get('icd', '9') == '9' else icd10(raw, procedure, o.get('form', 'dotted'))))
    return out


def count_codes(where, o, split):
    """What the report says of the code tables' rows."""
    c = {'icd': int(o.get('icd', '9')), 'without_admission': 0, 'not_listed': 0, 'null': 0, 'other_system': 0, 'read_as_numbers': 0,
         'null_words': {'rows': 0, 'first': []}, 'bad_codes': {'rows': 0, 'first': []}}
    for name in ('diagnoses_icd', 'procedures_icd'):
        for row in table(where, name):
            if row.get('icd_version', str(c['icd'])) != str(c['icd']):
                c['other_system'] += 1
            elif not row['hadm_id']:
                c['without_admission'] += 1
            elif row['hadm_id'] not in split:
                c['not_listed'] += 1
            elif not row.get('icd9_code', row.get('icd_code')).strip():
                c['null'] += 1
    return c


def left_out(where, o):
    """Admissions whose code rows are all of the other version."""
    if o['source'] != 'mimic4' or o.get('other') == 'keep':
        return set()
    coded = {v: {r['hadm_id'] for name in ('diagnoses_icd', 'procedures_icd') for r in table(where, name) if (r['icd_version'] == o['icd']) == v}
             for v in (True, False)}
    return coded[False] - coded[True]


def frequent(sequence, split, o):
    """Codes that at least o['min'] admissions have, of train or of all."""
    have = {}
    for h, v in sequence.items():
        for c in {c for c, _ in v} if o.get('count_in') == 'all' or split[h] == 'train' else ():
            have[c] = have.get(c, 0) + 1
    return {c for c, n in have.items() if n >= int(o['min'])}


def arrange(notes, o):
    blank_last = lambda s: (not s, s)
    if o.get('order') == 'report':
        notes = sorted(notes, key=lambda n: (n['description'] != 'Report', blank_last(n['charttime']), blank_last(n['chartdate']), int(n['row_id'])))
    elif o.get('order') == 'time':
        notes = sorted(notes, key=lambda n: n['description'], reverse=True)
        notes = sorted(notes, key=lambda n: (blank_last(n['charttime']), blank_last(n['chartdate'])))
    if o.get('duplicates') == 'no':
        seen = set()
        notes = [n for n in notes if not (n['text'] in seen or seen.add(n['text']))]
    return notes


def main(where, o):
    o.setdefault('source', 'mimic3')
    labels, lists = o.get('labels', 'full'), o.get('lists', 'full')
    split = {}
    for s in ('train', 'dev', 'test'):
        for line in open(f"{o.get('splits', where + '/splits')}/{s}_{lists}_hadm_ids.csv"):
            split[line.strip()] = s
    if o['source'] == 'mimic4':
        notes = table(where, 'discharge')
        for i, n in enumerate(notes):
            n.update(row_id=str(i + 1), chartdate='', description={'DS': 'Report', 'AD': 'Addendum'}.get(n['note_type'], n['note_type']))
    else:
        notes = [n for n in table(where, 'noteevents') if n['category'] == 'Discharge summary']
    admitted = {n['hadm_id'] for n in notes}
    count = {'summaries': len(notes), 'without_admission': sum(not n['hadm_id'] for n in notes),
             'not_listed': sum(n['hadm_id'] not in split for n in notes if n['hadm_id'])}
    by = {}
    count['addenda_dropped'] = 0
    for n in notes:
        if n['hadm_id'] in split and o.get('addenda') == 'no' and n['description'] == 'Addendum':
            count['addenda_dropped'] += 1
        elif n['hadm_id'] in split:
            by.setdefault(n['hadm_id'], []).append(n)
    out_of = left_out(where, o)
    with_note, by = set(by), {h: v for h, v in by.items() if h not in out_of}
    sequence = {h: [] for h in by}
    for row, code in codes_of(where, o, admitted):
        if row['hadm_id'] in by and code:
            sequence[row['hadm_id']].append([code, int(row['seq_num'])])
    order = sorted(by, key=lambda h: (int(by[h][0]['subject_id']), int(h)))
    allowed = {c for h in by for c, _ in sequence[h]} if labels == 'full' else {l.split()[0] for l in open(labels)}
    if 'min' in o:
        allowed &= frequent(sequence, split, o)
    separator = o.get('separator', ' ' if o.get('caml_text') else '\n')
    out = {'notes': [], 'gold': [], 'labels': sorted(allowed), 'count': count}
    count['admissions'] = len(admitted - {''} - (set(split) - with_note) - (out_of & set(split)))
    count['duplicates_dropped'] = sum(len(v) - len(arrange(v, o)) for v in by.values())
    count['bytes_replaced'] = 0
    out['listed'] = {s: sum(x == s for x in split.values()) for s in ('train', 'dev', 'test')}
    out['codes'] = count_codes(where, o, split)
    out['other'] = {s: sum(split.get(h) == s for h in with_note & out_of) for s in ('train', 'dev', 'test')}
    for h in order:
        text, parts = b'', []
        for n in arrange(by[h], o):
            text += separator.encode() if parts else b''
            begin = len(text)
            text += (caml_text(n['text']) if o.get('caml_text') else n['text']).encode()
            parts.append({'kind': n['description'], 'date': n['chartdate'] or n['charttime'], 'row': int(n['row_id']), 'begin': begin, 'end': len(text)})
        out['notes'].append({'id': h, 'subject': by[h][0]['subject_id'], 'split': split[h], 'text': text.decode(), 'parts': parts})
        out['gold'].append({'id': h, 'split': split[h], 'codes': sorted({c for c, _ in sequence[h]} & allowed), 'sequence': sequence[h]})
    out['tokens'] = sum(len(n['text'].split()) for n in out['notes'])
    out['not_ascii'] = sum(len(c.encode()) for h in by for n in by[h] for c in n['text'] if ord(c) > 127)
    out['types'] = len({w for n in out['notes'] for w in n['text'].split()})
    return out


def compare(where, o, note, gold, report):
    """The reference beside the streams (JSON lines of rec-cat --json) and the report."""
    want, bad = main(where, o), []
    lines = [json.loads(l) for l in open(note)]
    if lines[1:-1] != want['notes']:
        bad.append('notes')
    lines = [json.loads(l) for l in open(gold)]
    if lines[1:-1] != want['gold']:
        bad.append('gold')
    if lines[0]['header']['meta']['labels'] != want['labels']:
        bad.append('labels')
    r = json.load(open(report))
    size = {}
    for s in ('train', 'dev', 'test'):
        mine = [g for g in want['gold'] if g['split'] == s]
        size[s] = len(mine)
        x = r['splits'][s]
        if (x['admissions'], x['positives'], x['without_code'], x['without_label']) != (
                len(mine), sum(len(g['codes']) for g in mine), sum(not g['sequence'] for g in mine), sum(not g['codes'] for g in mine)):
            bad.append('report: ' + s)
    if [x['code'] for x in r['labels']] != want['labels']:
        bad.append('report: labels')
    caml = r['notes'].pop('caml_text', None)
    if r['notes'] != want['count']:
        bad.append('report: notes')
    if r['codes'] != want['codes']:
        bad.append('report: codes')
    files = [('discharge' if o['source'] == 'mimic4' else 'noteevents'), 'diagnoses_icd', 'procedures_icd']
    if [(t['table'].lower(), t['file'].lower(), t['rows'], t['not_read']) for t in r['tables']] != [
            (t, t + '.csv.gz', len(table(where, t)), 0) for t in files]:
        bad.append('report: tables')
    if any((x['listed'], x['without_note'], x.get('other_version', 0)) != (n, n - size[s] - want['other'][s], want['other'][s])
           for s, n in want['listed'].items() for x in (r['splits'][s],)):
        bad.append('report: lists')
    subjects = {s: sorted(int(n['subject']) for n in want['notes'] if n['split'] == s) for s in size}
    x, v = r['subjects'], list(subjects.values())
    if (x['in_two_splits'] != len({i for a in size for b in size if a != b for i in set(subjects[a]) & set(subjects[b])})
            or x['ordered_by_split'] != all(a[-1] < b[0] for a, b in zip(v, v[1:]))
            or any(x[s] != [i[0], i[-1]] for s, i in subjects.items())):
        bad.append('report: subjects')
    share = {}
    for x in r['labels']:
        if x.get('kind', 'none') != ('none' if o.get('icd') == '10' else 'procedure' if x['code'][2:3] == '.' else 'diagnosis'):
            bad.append('report: kind of ' + x['code'])
        for s in size:
            n = sum(x['code'] in g['codes'] for g in want['gold'] if g['split'] == s)
            share[x['code'], s] = n / size[s] if size[s] else 0
            if x[s]['positives'] != n or abs(x[s]['share'] - share[x['code'], s]) > 1e-9:
                bad.append('report: ' + x['code'])
    for s in ('dev', 'test'):
        d = sum(abs(share[c, s] - share[c, 'train']) for c in want['labels']) / len(want['labels'])
        if not abs(r['shift'][s]['mean_difference'] - d) < 1e-9:
            bad.append('report: shift to ' + s)
        if (r['shift'][s]['only_in_train'], r['shift'][s]['never_in_train']) != tuple(
                sum(bool(share[c, a]) and not share[c, b] for c in want['labels']) for a, b in (('train', s), (s, 'train'))):
            bad.append('report: labels of one split only, ' + s)
        most = max(abs(share[c, s] - share[c, 'train']) for c in want['labels'])
        x = r['shift'][s]['most'][0]
        if not abs(abs(x['train'] - x[s]) - most) < 1e-9:
            bad.append('report: largest shift to ' + s)
    if o.get('caml_text') and (caml['tokens'], caml['types'], caml['bytes_not_ascii']) != (
            want['tokens'], want['types'], want['not_ascii']):
        bad.append('report: tokens')
    if len(want['notes']) < 20:
        bad.append('too few notes to tell')
    return ', '.join(bad)


if __name__ == '__main__':
    print(compare(sys.argv[1], dict(a.split('=', 1) for a in sys.argv[5:]), *sys.argv[2:5]))
