"""A NOTEEVENTS.csv.gz shaped like MIMIC-III's: 11 quoted columns, text over many lines, 2.86 % of the rows discharge
summaries (long ones), the rest short notes of other categories. Made from random words: no patient's data, the same bytes
every time. Usage: noteevents.py DIR MEGABYTES; writes DIR/NOTEEVENTS.csv.gz and DIR/splits/*."""
import itertools
import os
import random
import subprocess
import sys

EVERY, SUMMARY, OTHER = 35, 9300, 1650  # one row in 35 is a summary: 2.86 %; mean bytes of a text


def words(r, n):
    letters = 'etaoinshrdlcumwfgypbvk'
    return [''.join(r.choices(letters, k=r.choice((2, 3, 4, 5, 6, 7, 8, 9, 11)))) for _ in range(n)]


def lines(r, n):
    """Lines of a note: words by Zipf's law, numbers, dates in brackets, a quoted word now and then."""
    vocabulary = words(r, 12000)
    often = list(itertools.accumulate(1 / (i + 3) ** 1.5 for i in range(len(vocabulary))))
    made = []
    for _ in range(n):
        k = r.randint(3, 12)
        line = r.choices(vocabulary, cum_weights=often, k=k)
        if r.random() < .5:
            line[r.randrange(k)] = '%d/%d' % (r.randrange(200), r.randrange(100))
        if r.random() < .1:
            line[0] = '[**2%03d-%d-%d**]' % (r.randrange(100, 200), r.randint(1, 12), r.randint(1, 28))
        if r.random() < .02:
            line[-1] = '""%s""' % line[-1]
        made.append(' '.join(line) + r.choice(('.\n', '\n', ':\n', '.\n\n')))
    return made


def text(r, pool, line, mean):
    """About `mean` bytes on average; `line` is the mean of the pool's."""
    return ''.join(r.choices(pool, k=1 + int((r.expovariate(1 / mean) * .8 + mean * .2) / line)))


def main(where, megabytes):
    r = random.Random(20)
    pool = lines(r, 60000)
    line = sum(map(len, pool)) / len(pool)
    os.makedirs(where + '/splits', exist_ok=True)
    path = where + '/NOTEEVENTS.csv.gz'
    gzip = subprocess.Popen(['gzip', '-6nc'], stdin=subprocess.PIPE, stdout=open(path + '.part', 'wb'))
    gzip.stdin.write(b'"ROW_ID","SUBJECT_ID","HADM_ID","CHARTDATE","CHARTTIME","STORETIME","CATEGORY","DESCRIPTION","CGID","ISERROR","TEXT"\n')
    done, row, summaries = 0, 0, 0
    while done < megabytes * 1000000:
        row += 1
        if row % EVERY == 0:
            summaries += 1
            admission = summaries * 8 // 9
            head = '%d,%d,%d,2150-01-02,,,"Discharge summary","%s",,' % (
                row, admission // 2, 100000 + admission, 'Addendum' if summaries % 9 == 8 else 'Report')
            mean = SUMMARY
        else:
            head = '%d,%d,,2150-01-02,2150-01-02 03:04:00,2150-01-02 03:05:00,"%s","Report",15245,' % (
                row, row // 40, r.choice(('Nursing/other', 'Radiology', 'ECG', 'Physician ', 'Nursing')))
            mean = OTHER
        b = ('%s,"%s"\n' % (head, text(r, pool, line, mean))).encode()
        gzip.stdin.write(b)
        done += len(b)
    gzip.stdin.close()
    if gzip.wait():
        sys.exit('gzip failed')
    os.replace(path + '.part', path)
    last = 100000 + summaries * 8 // 9
    dev, test = (last // 2 * 2 - n for n in (200, 100))  # even: a subject has two admissions
    for split, ids in (('train', range(100000, dev)), ('dev', range(dev, test)), ('test', range(test, last + 1))):
        with open('%s/splits/%s_full_hadm_ids.csv' % (where, split), 'w') as f:
            f.writelines('%d\n' % i for i in ids)
    print('%d bytes, %d rows, %d discharge summaries (%.2f %%)' % (done, row, summaries, 100 * summaries / row))


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
