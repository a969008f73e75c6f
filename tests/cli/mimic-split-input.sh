#!/usr/bin/env bash
# mimic-split: the same records from wherever the tables are, and every damage to them found.
. "$(dirname "$0")/../lib.sh"
mimic-synth -q --admissions 60 --seed 9 --length 150 "$T/m"
mkdir "$T/csv"; for t in NOTEEVENTS DIAGNOSES_ICD PROCEDURES_ICD; do zcat "$T/m/$t.csv.gz" >"$T/csv/$t.csv"; done
split() { mimic-split --splits "$T/m/splits" --labels full --gold "$T/gold" -o "$T/note" "$@" 2>"$T/err"; }
split "$T/m"; is "exit 0" $? 0
cp "$T/note" "$T/note1"; cp "$T/gold" "$T/gold1"
is "records" "$(rec-cat --json "$T/note1" | wc -l)" 62
gives() { # NAME place...: the streams of the directory
    local name=$1; shift
    rm -f "$T/note" "$T/gold"
    split "$@" || { no "$name" "$(cat "$T/err")"; return; }
    same "$name" "$T/note" "$T/note1"; same "$name, labels" "$T/gold" "$T/gold1"
}

# ---- where tables may be ----
cat >"$T/pack.py" <<'E2'
import os, sys, tarfile, zipfile
out, src, prefix = sys.argv[1:4]
names = sys.argv[4:] or sorted(n for n in os.listdir(src) if n.split(".")[0] in ("NOTEEVENTS", "DIAGNOSES_ICD", "PROCEDURES_ICD"))
if '.zip' in out:
    how = zipfile.ZIP_STORED if 'stored' in out else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, 'w', how) as z:
        z.writestr(prefix + 'README.txt', 'x' * 3000)
        for n in names: z.write(os.path.join(src, n), prefix + n)
        z.writestr(prefix + 'LAST.txt', 'x' * 3000)
else:
    with tarfile.open(out, 'w:gz' if out.endswith('gz') else 'w:xz' if out.endswith('xz') else 'w:bz2' if out.endswith('bz2') else 'w',
                      format=tarfile.GNU_FORMAT if 'gnu' in out else tarfile.PAX_FORMAT) as z:
        for n in names: z.add(os.path.join(src, n), prefix + n)
E2
gives "plain tables" "$T/csv"
gives "one thread" -j 1 "$T/m"
mkdir "$T/strange"; cp "$T/csv/"*.csv "$T/strange"; tail -n 1 "$T/csv/DIAGNOSES_ICD.csv" >"$T/row"
awk -F, -v OFS=, '{$3 = 999999; print}' "$T/row" >>"$T/strange/DIAGNOSES_ICD.csv"
split --caml-bug "$T/strange"; is "CAML's numbers beside codes of an admission that is nowhere else" $? 0
mkdir -p "$T/deep/a/b/c/d/e/f/g/h/i"; cp "$T/m/"*.csv.gz "$T/deep/a/b/c/d/e/f/g/h/i"; ln -s ../../.. "$T/deep/a/b/c/up"
gives "tables far below, and a link that leads back" "$T/deep"
mkdir "$T/mixed" "$T/mixed/hosp"; cp "$T/m/NOTEEVENTS.csv.gz" "$T/mixed/noteevents.CSV.GZ"; cp "$T/csv/"*_ICD.csv "$T/mixed/hosp"
gives "names in lower case, some compressed" "$T/mixed"
mkdir "$T/n" "$T/d"; cp "$T/m/NOTEEVENTS.csv.gz" "$T/n"; cp "$T/csv/"*_ICD.csv "$T/d"
gives "notes and codes in two places" "$T/n" "$T/d"
gives "the other way round" "$T/d" "$T/n"
for a in plain.tar gnu.tar x.tar.gz x.tgz x.tar.xz x.tar.bz2 x.zip stored.zip; do
    python3 "$T/pack.py" "$T/$a" "$T/csv" "mimic-iii-1.4/"; gives "$a of plain tables" "$T/$a"
    python3 "$T/pack.py" "$T/gz$a" "$T/m" "./a/b/"; gives "$a of .gz tables" "$T/gz$a"
done
python3 "$T/pack.py" "$T/rev.tar" "$T/csv" "" PROCEDURES_ICD.csv NOTEEVENTS.csv DIAGNOSES_ICD.csv; gives "tables in another order" "$T/rev.tar"
python3 "$T/pack.py" "$T/n.zip" "$T/m" "" NOTEEVENTS.csv.gz; gives "an archive and a directory" "$T/n.zip" "$T/d"
for a in n.zip gzx.zip; do { head -c 70000 /dev/urandom; cat "$T/$a"; } >"$T/before.$a"; done
gives "a zip behind something else" "$T/before.gzx.zip"; gives "another, without its name" "$T/before.n.zip" "$T/d"
gives "a tar from a pipe" <(cat "$T/plain.tar"); gives "a .tar.gz from a pipe" <(cat "$T/gzx.tar.gz")
if command -v zstd >/dev/null; then
    mkdir "$T/z"; for f in "$T/csv/"*; do zstd -q "$f" -o "$T/z/$(basename "$f").zst"; done
    gives "tables as .zst" "$T/z"
    python3 "$T/pack.py" "$T/z.zip" "$T/z" "in/"; gives "a .zip of .zst tables" "$T/z.zip"
    zstd -q "$T/plain.tar" -o "$T/x.tar.zst"; gives ".tar.zst" "$T/x.tar.zst"
else skip "zstd" "no zstd program"; fi
# CRLF, and gzip members of a few rows each
mkdir "$T/crlf"; python3 - "$T" <<'E2'
import csv, gzip, sys
T = sys.argv[1]
csv.field_size_limit(1 << 30)
for t in ('NOTEEVENTS', 'DIAGNOSES_ICD', 'PROCEDURES_ICD'):
    rows = list(csv.reader(open(f'{T}/csv/{t}.csv', newline='')))
    with open(f'{T}/crlf/{t}.csv.gz', 'wb') as f:
        for i in range(0, len(rows), 7):
            import io
            s = io.StringIO(newline='')
            csv.writer(s, quoting=csv.QUOTE_ALL, lineterminator='\r\n').writerows(rows[i:i + 7])
            f.write(gzip.compress(s.getvalue().encode()))
E2
# other bytes of the same table: other digests of it in the lineage, the same records
split "$T/crlf" && for s in note gold; do
    for f in $s ${s}1; do rec-cat --json "$T/$f" | sed '$d' >"$T/of.$f"; done
    same "CRLF, everything quoted, many gzip members: $s" "$T/of.$s" "$T/of.${s}1"
done
cp "$T/m/NOTEEVENTS.csv.gz" "$T/d/"; cp "$T/csv/NOTEEVENTS.csv" "$T/d"
gives "a table that is there twice" "$T/d"
grep -q "warning: NOTEEVENTS is there 2 times; read was NOTEEVENTS.csv$" "$T/err" && ok "is named" || no "is named" "$(cat "$T/err")"
rm "$T/d/"NOTE*

# ---- what is damaged ----
bad() { # NAME CODE PATTERN place...
    local name=$1 code=$2 pattern=$3 got; shift 3
    rm -f "$T/note" "$T/gold" "$T/report"
    split "$@" --report "$T/report"; got=$?
    if [ $got -ne "$code" ]; then no "$name" "exit $got, wanted $code: $(cat "$T/err")"
    elif ! grep -q -- "$pattern" "$T/err"; then no "$name" "$(cat "$T/err")"
    elif [ "$(wc -l <"$T/err")" != 1 ]; then no "$name" "more than one line: $(cat "$T/err")"
    elif ls -A "$T" | grep -q '^\.\?\(note\|gold\|report\)\($\|[.-]\)'; then no "$name" "something was left"
    else ok "$name"; fi
}
flip() { # FILE OFFSET: one bit
    python3 -c 'import sys; f=open(sys.argv[1],"r+b"); f.seek(int(sys.argv[2])); b=f.read(1)[0]; f.seek(int(sys.argv[2])); f.write(bytes([b^4]))' "$1" "$2"
}
size() { stat -c %s "$1"; }
for how in first middle last; do
    rm -rf "$T/w"; cp -r "$T/m" "$T/w"; n=$(size "$T/w/NOTEEVENTS.csv.gz")
    case $how in first) at=2000 ;; middle) at=$((n / 2)) ;; last) at=$((n - 6)) ;; esac
    flip "$T/w/NOTEEVENTS.csv.gz" $at; bad "a bit of .gz turned over: $how" 65 "^mimic-split: NOTEEVENTS.csv.gz: .*" "$T/w"
done
grep -q 'gzip: the checksum is wrong' "$T/err" && ok "the checksum is verified" || no "the checksum is verified" "$(cat "$T/err")"
for cut in 30 3000 $((n - 4)); do
    rm -rf "$T/w"; cp -r "$T/m" "$T/w"; head -c "$cut" "$T/m/NOTEEVENTS.csv.gz" >"$T/w/NOTEEVENTS.csv.gz"
    bad ".gz cut short at $cut" 65 "NOTEEVENTS.csv.gz: .*gzip: the file is cut short" "$T/w"
done
rm -rf "$T/w"; cp -r "$T/m" "$T/w"; echo tail >>"$T/w/PROCEDURES_ICD.csv.gz"
bad "something behind the gzip data: what to do" 65 "gzip -dc <FILE leaves it out" "$T/w"
for a in "$T/csv/NOTEEVENTS.csv" "$T/m/NOTEEVENTS.csv.gz"; do
    bad "a table alone: ${a##*/}" 65 "^mimic-split: ${a##*/}: a single table; wanted is the directory" "$a"
done
bad "something behind the gzip data" 65 "PROCEDURES_ICD.csv.gz: after row .*: gzip: something else behind" "$T/w"
for a in plain.tar x.tar.gz x.tar.xz x.zip gzx.zip stored.zip gzplain.tar; do
    n=$(size "$T/$a")
    head -c $((n / 2)) "$T/$a" >"$T/cut.$a"; bad "$a cut short" 65 "^mimic-split: " "$T/cut.$a"
done
for a in x.tar.gz x.tar.xz x.tar.bz2 x.zip gzx.zip stored.zip gzplain.tar; do
    cp "$T/$a" "$T/flip.$a"; flip "$T/flip.$a" $(($(size "$T/$a") / 2)); bad "a bit of $a turned over" 65 "^mimic-split: " "$T/flip.$a"
done
n=$(size "$T/x.tar.gz"); head -c $((n - 5)) "$T/x.tar.gz" >"$T/cut.tgz"; bad "a .tar.gz without its checksum" 65 "cut.tgz: gzip: the file is cut short" "$T/cut.tgz"
if command -v zstd >/dev/null; then
    rm -rf "$T/w"; cp -r "$T/z" "$T/w"; n=$(size "$T/w/NOTEEVENTS.csv.zst"); head -c $((n / 2)) "$T/z/NOTEEVENTS.csv.zst" >"$T/w/NOTEEVENTS.csv.zst"
    bad ".zst cut short" 65 "NOTEEVENTS.csv.zst" "$T/w"
    cp "$T/z/NOTEEVENTS.csv.zst" "$T/w"; flip "$T/w/NOTEEVENTS.csv.zst" $((n / 2)); bad "a bit of .zst turned over" 65 "NOTEEVENTS.csv.zst" "$T/w"
    head -c 3000 "$T/x.tar.zst" >"$T/cut.tar.zst"; bad ".tar.zst cut short" 65 "cut.tar.zst" "$T/cut.tar.zst"
fi
# Between two members and without its end an archive looks whole, but is not.
cat >"$T/ends.py" <<'E2'
import sys, tarfile, zipfile
T = sys.argv[1]
last = tarfile.open(T + '/plain.tar').getmembers()[-1]
open(T + '/noend.tar', 'wb').write(open(T + '/plain.tar', 'rb').read()[:last.offset_data + (last.size + 511) // 512 * 512])
data = open(T + '/gzx.zip', 'rb').read()
open(T + '/nocontents.zip', 'wb').write(data[:zipfile.ZipFile(T + '/gzx.zip').start_dir])
open(T + '/noend.zip', 'wb').write(data[:-1])
E2
python3 "$T/ends.py" "$T"
bad "a tar without its end mark" 65 "noend.tar: the archive is cut short: it has no end mark" "$T/noend.tar"
for a in nocontents noend; do
    bad "a zip with $a" 65 "$a.zip: the zip file is cut short: it has no table of contents" "$T/$a.zip"
done
printf 'no archive at all, but long enough to look like something, perhaps: %0600d' 0 >"$T/text.tar"; bad "not an archive" 65 "text.tar" "$T/text.tar"
: >"$T/empty.tar"; bad "an empty file" 65 "empty.tar" "$T/empty.tar"
bad "a table alone is no archive" 65 "NOTEEVENTS.csv.gz: " "$T/m/NOTEEVENTS.csv.gz"
python3 "$T/pack.py" "$T/few.zip" "$T/m" "" NOTEEVENTS.csv.gz DIAGNOSES_ICD.csv.gz; bad "an archive without a table" 66 "few.zip: no table PROCEDURES_ICD" "$T/few.zip"
bad "two places without a table" 66 "the inputs: no table PROCEDURES_ICD" "$T/few.zip" "$T/n"
rm -rf "$T/w"; cp -r "$T/csv" "$T/w"; head -n 1 "$T/csv/PROCEDURES_ICD.csv" >"$T/w/PROCEDURES_ICD.csv"
split "$T/w"; is "a code table without rows" "$?:$(grep -c 'warning: PROCEDURES_ICD.csv has no rows' "$T/err")" 0:1
chmod 000 "$T/w/NOTEEVENTS.csv"
if [ -r "$T/w/NOTEEVENTS.csv" ]; then skip "a table that may not be read" "root may"; else bad "a table that may not be read" 66 "NOTEEVENTS.csv: Permission denied" "$T/w"; fi
chmod 600 "$T/w/NOTEEVENTS.csv"
exits "--report and -o the same" 64 mimic-split --report "$T/x" -o "$T/x" --splits "$T/m/splits" "$T/m"
exits "two outputs on standard output" 64 mimic-split --report - --splits "$T/m/splits" "$T/m"
exits "/dev/full for --report" 74 mimic-split --splits "$T/m/splits" --report /dev/full -o "$T/x" "$T/m"
[ -e "$T/x" ] && no "/dev/full: no notes either" "left" || ok "/dev/full: no notes either"
rm -f "$T/gold" "$T/report"
mimic-split --splits "$T/m/splits" --labels full --gold "$T/gold" --report "$T/report" "$T/m" >/dev/full 2>"$T/err"
is "/dev/full for the notes" $? 74
[ -e "$T/gold" ] || [ -e "$T/report" ] && no "/dev/full: neither labels nor a report" "left" || ok "/dev/full: neither labels nor a report"
exit $failed
