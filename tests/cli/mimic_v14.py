"""Tables without a patient that have the published counts of MIMIC-III v1.4: its admission numbers, rows, summaries, codes by
split, so that mimic-split's comparison finds nothing.  mimic_v14.py SHARE COUNTS DIR;  COUNTS: code<TAB>train<TAB>dev<TAB>test."""
import itertools
import sys

share, counts, where = sys.argv[1:]
SPLITS = ('train', 'dev', 'test')
POSITIVES = {'train': 748306, 'dev': 28402, 'test': 60666}
UNCODED = {'109963', '110220', '142890', '182252'}
ids = {(s, k): open(f'{share}/caml/{s}_{k}_hadm_ids.csv').read().split() for s in SPLITS for k in ('50', 'full')}
top = {c: dict(zip(SPLITS, map(int, n))) for c, *n in (line.split('\t') for line in open(counts))}


def raw(code):
    """The table's letter and the code as the table has it."""
    return ('P' if code.find('.') == 2 else 'D') + code.replace('.', '')


# 6,918 diagnoses and 2,011 procedures in all
mine = {raw(c) for c in top}
others = [c for i in range(1000, 99999, 11) for c in [f'D{i:05d}'] if c not in mine][:6918 - 33]
others += [c for i in range(0, 9999, 4) for c in [f'P{i:04d}'] if c not in mine][:2011 - 17]
subject = {h: i + 2 for i, h in enumerate(itertools.chain.from_iterable(sorted(ids[s, 'full']) for s in SPLITS))}
codes = {h: [] for h in subject}
for s in SPLITS:
    # Few enough have no other of CAML's codes than 33.24 that a list without it gives the well-known wrong counts.
    few = {'train': 14, 'dev': 4, 'test': 4}[s]
    special, pool = ids[s, '50'][:few], [h for h in ids[s, '50'] if h not in UNCODED][few:]
    at = 0
    for c, n in top.items():
        n = n[s]
        if c == '33.24':
            for h in special:
                codes[h].append(raw(c))
            n -= few
        for k in range(n):
            codes[pool[(at + k) % len(pool)]].append(raw(c))
        at += n
    rest = POSITIVES[s] - sum(n[s] for n in top.values())
    pool = [h for h in ids[s, 'full'] if h not in UNCODED]
    for k in range(rest):
        codes[pool[k % len(pool)]].append(others[(k % len(pool) + k // len(pool)) % len(others)])

with open(where + '/NOTEEVENTS.csv', 'w') as f:
    f.write('ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,CATEGORY,DESCRIPTION,TEXT\n')
    for i, (h, s) in enumerate(subject.items()):
        f.write(f'{2 * i},{s},{h},,,Discharge summary,Report,Note {i}\n')
        if i < 59652 - 52726:
            f.write(f'{2 * i + 1},{s},{h},,,Discharge summary,Addendum,"more, of ""it"""\n')
    f.write('1,2,,,,Nursing/other,Report,"a\nb"\n' * (2083180 - 59652))
f = {'D': open(where + '/DIAGNOSES_ICD.csv', 'w'), 'P': open(where + '/PROCEDURES_ICD.csv', 'w')}
for t in f:
    f[t].write('SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE\n')
rows = 0
for h, v in codes.items():
    for i, c in enumerate(v):
        f[c[0]].write(f'{subject[h]},{h},{i + 1},{c[1:]}\n')
    rows += len(v)
for h in sorted(UNCODED):
    f['D'].write(f'{subject[h]},{h},1,\n')
f['D'].write('1,1,1,4019\n' * (891142 - rows - 4))
