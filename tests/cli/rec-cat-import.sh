#!/usr/bin/env bash
# A corpus in one file becomes notes and labels, apart: columns guessed or given, codes as people write them, splits
# checked, mapped or drawn, and what is odd counted and named.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
# csv [OPTION]... [FILE]: a table to n.icds and g.icds
csv() { rec-cat --from-csv -g g.icds -o n.icds "$@" 2>err; }
notes() { rec-cat --json n.icds | sed '1d;$d'; }
gold() { rec-cat --json g.icds | sed '1d;$d'; }
said() { grep -cF -- "warning: $1" err; }
# bad NAME MESSAGE [OPTION]... [FILE]: refused with 65 and one line that says MESSAGE; no text in it, no file left
bad() {
    local name=$1 message=$2 rc; shift 2
    rm -f n.icds g.icds
    rec-cat --from-csv -g g.icds -o n.icds "$@" 2>err >out; rc=$?
    if [ $rc = 65 ] && grep -qF -- "$message" err && ! grep -q SECRET err && [ "$(wc -l <err)" = 1 ] &&
        [ ! -e n.icds ] && [ ! -e g.icds ]; then ok "$name"; else no "$name" "$rc $(cat err)"; fi
}

cat >a.csv <<'X'
Note_ID,subject_id,note,ICD-Codes,split,extra
1,7,"Has HTN, and
""more""","401.9;428.0",train,x
2,8,  two ,"401.9, 250.00",dev,y
3,9,three,"['401.9', ""428.0""]",test,z
4,9,four,401.9|428.0,test,
5,9,five,401.9 428.0,train,
6,9,six,"[""428.0""]",train,
7,9,seven,{401.9},train,
X
csv a.csv
is "text is as it was" "$(notes | head -2)" '{"id":"1","subject":"7","split":"train","text":"Has HTN, and\n\"more\""}
{"id":"2","subject":"8","split":"dev","text":"  two "}'
is "no label in the notes" "$(notes | grep -c '401\|428')$(rec-cat --head --json n.icds | grep -c '401')" 00
is "codes in every way to write them" "$(gold | cut -d, -f3- | tr -d '"' | tr '\n' ' ')" \
    'codes:[401.9,428.0]} codes:[401.9,250.00]} codes:[401.9,428.0]} codes:[401.9,428.0]} codes:[401.9,428.0]} codes:[428.0]} codes:[401.9]} '
is "labels of gold" "$(rec-cat --head g.icds | sed -n 3p)" \
    'meta     {"labels":["250.00", "401.9", "428.0"], "label_set":"found"}'
is "it says which columns it took" "$(head -n 1 err)" \
    "rec-cat: columns id=Note_ID,text=note,codes=ICD-Codes,split=split,subject=subject_id; left out: 1"
is "and which version of the ICD" "$(grep -c 'the codes look like ICD-9' err)" 1
is "both streams are sound" "$(rec-cat --check n.icds | cut -c1-15)$(rec-cat --check g.icds | cut -c1-15)" \
    "note  7 recordsgold  7 records"
cp n.icds n1.icds; cp g.icds g1.icds

# ---- the firewall: no byte of the notes depends on a label ----
sed 's/401\.9/V10.3/' a.csv >b.csv
csv b.csv
same "other labels, the same notes" n.icds n1.icds
cmp -s g.icds g1.icds && no "other labels, other gold" || ok "other labels, other gold"

# ---- the same from every kind of file ----
python3 - <<'P'
import csv, json, gzip
rows = list(csv.reader(open("a.csv", newline="")))
def write(name, sep, end, enc="utf-8"):
    with open(name, "w", newline="", encoding=enc) as f: csv.writer(f, delimiter=sep, lineterminator=end).writerows(rows)
write("tab.tsv", "\t", "\n"); write("semi.csv", ";", "\n"); write("crlf.csv", ",", "\r\n"); write("cr.csv", ",", "\r")
write("bom.csv", ",", "\n", "utf-8-sig"); write("utf16.csv", ",", "\n", "utf-16"); write("utf16le.csv", ",", "\n", "utf-16-le")
gzip.open("a.csv.gz", "wb").write(open("a.csv", "rb").read())
codes = [["401.9", "428.0"], "401.9, 250.00", ["401.9", "428.0"], "401.9|428.0", "401.9 428.0", ["428.0"], ["401.9"]]
with open("a.ndjson", "w") as f:
    for r, c in zip(rows[1:], codes):
        f.write(json.dumps({"hadm_id": int(r[0]), "subject": r[1], "text": r[2], "labels": c, "split": r[4]}) + "\n")
P
for f in tab.tsv semi.csv crlf.csv cr.csv bom.csv a.csv.gz; do
    csv $f
    same "$f: notes" n.icds n1.icds
    same "$f: gold" g.icds g1.icds
done
csv <a.csv
same "from a pipe" n.icds n1.icds
csv --delimiter comma a.csv && same "--delimiter" g.icds g1.icds
rec-cat --from-json -g g.icds -o n.icds a.ndjson 2>err
is "JSON lines: the same records" "$(notes; gold)" "$(rec-cat --json n1.icds | sed '1d;$d'; rec-cat --json g1.icds | sed '1d;$d')"
rec-cat --from-csv --schema gold a.csv 2>/dev/null | rec-cat --json | sed '1d;$d' >only
is "gold alone" "$(cat only)" "$(rec-cat --json g1.icds | sed '1d;$d')"
rec-cat --from-csv a.csv >n.icds 2>err
is "notes alone: the labels are left out, and that is said" \
    "$(notes | cut -c1-20 | head -1) $(said 'column ICD-Codes is left out, as no note stream holds labels')" '{"id":"1","subject": 1'
for f in utf16.csv utf16le.csv; do bad "$f" "$f: UTF-16" $f; done

# ---- several rows of one id ----
printf '%s\n' id,text,code,split,patient 1,one,I10,train,p 2,two,J18.9,dev,q 1,one,E11.9,train,p 1,,I10,, 3,,A00.0,test,r \
    3,three,,test,r >rows.csv
csv rows.csv
is "rows of one id are joined" "$(gold | cut -d'"' -f4,12- | tr -d '"' | tr '\n' ' ')" "1I10,E11.9]} 2J18.9]} 3A00.0]} "
is "each text once" "$(notes | cut -d, -f1,4 | tr '\n' ' ')" '{"id":"1","text":"one"} {"id":"2","text":"two"} {"id":"3","text":"three"} '
is "that is counted, and the repeated code too" \
    "$(grep -c 'whose codes were joined: 3' err)$(said 'repeated codes of a note, which are taken once: 1')" 11
bad "two texts of one id" "row 2: column text: an earlier row of this id has another text" \
    <<<$'id,text,codes\n1,SECRET,I10\n1,SECRET too,I10'
bad "two splits of one id" "row 2: column split: an earlier row of this id has another split" \
    <<<$'id,text,codes,split\n1,SECRET,I10,train\n1,SECRET,I10,dev'
bad "two subjects of one id" "row 2: column mrn: an earlier row of this id has another subject" \
    <<<$'id,text,codes,mrn\n1,SECRET,I10,7\n1,SECRET,I10,8'

# ---- what is odd is counted and named ----
cat >odd.csv <<'X'
id,text,codes,split,subject
 1 ,a,"nan;I10",train,p
2,b,NULL,dev,p
3,c,"['N/A', 'j18.9']",test,q
4,d,"J18.9; 99999999, J189",train,q
5,nan,I10,train,q
6,e,"401.9",train,q
7,f,"E11.9",,q
8,g,"['E11.9 ']",train,q
9,h,K76.0,train,q
X
csv odd.csv; rc=$?
is "odd things: read" "$rc $(rec-cat --check n.icds | cut -d' ' -f3)" "0 8"
is "null words" "$(said 'words for no code, which are left out: 3: nan, NULL, N/A')" 1
is "notes without a code" "$(said 'notes without a code: 1')" 1
is "notes without a text" "$(said 'notes without a text, which are left out: 1')" 1
is "blanks" "$(said 'values with blanks around them, which were taken off: 2')" 1
is "impossible shapes" "$(said 'labels with the shape of no ICD code: 1: 99999999')" 1
is "another version" "$(said 'labels that are not ICD-10, as most are: 1: 401.9')" 1
is "two spellings" "$(said 'codes in two spellings, each a label of its own: 2: j18.9/J18.9, j18.9/J189')" 1
is "a note without a split" "$(said 'notes without a split: 1')" 1
is "a subject in two splits" "$(said 'subjects with notes in more than one split: 2')" 1
is "the id lost its blanks" "$(notes | head -1 | cut -c1-9)" '{"id":"1"'
bad "no code at all" "column codes: no code in any row" <<<$'id,text,codes\n1,SECRET,nan'
bad "no text at all" "no note has a text" <<<$'id,text,codes\n1,,I10'
csv <<<$'id,text,codes\n1,a,I10'
is "no split at all: what to do is said" "$(said 'no note has a split, and training needs train and dev: --draw 70,10,20')" 1

# ---- labels that could not be read back ----
bad "a code with a blank" "row 1: column codes: code 'I 10' holds a blank, which separates codes" <<<$'id,text,codes\n1,SECRET,I 10;E11.9'
bad "in a list" "code 'I 10' holds a blank" <<<$'id,text,codes\n1,SECRET,"[\'I 10\']"'
bad "a comma in quotes" "code '401,9' holds a comma" <<<$'id,text,codes\n1,SECRET,"[\'401,9\']"'
bad "a label of words" "a code of 24 bytes holds a blank" <<<$'id,text,codes\n1,SECRET,"[\'SECRET label of 24 bytes\']"'
bad "a quote that stays open" "column codes: a quote that does not close" <<<$'id,text,codes\n1,SECRET,"[\'I10]"'
bad "not UTF-8" "row 2: column text: byte 8: not UTF-8" < <(printf 'id,text,codes\n1,a,I10\n2,SECRET \xe9,I10\n')
bad "a NUL" "row 1: column text: a NUL" < <(printf 'id,text,codes\n1,SECRET\0x,I10\n')
bad "an id that is missing" "row 2: column id: empty" <<<$'id,text,codes\n1,SECRET,I10\nnan,SECRET,I10'
bad "an id of two lines" "row 1: column id: a control character" <<<$'id,text,codes\n"1\n2",SECRET,I10'
bad "another width" "row 1: 4 columns where the heading has 3" <<<$'id,text,codes\n1,SECRET,I10,x'
bad "a heading and no row" "a heading and no row" <<<'id,text,codes'
bad "nothing" "empty file" </dev/null
# a table without quoting
printf 'id\ttext\tcodes\n1\t5" wide, "so called\tI10\n' >raw.tsv
bad "quotes in a raw table" "row 1: column 2: a quote where none may be" raw.tsv
csv --no-quotes raw.tsv
is "--no-quotes" "$(notes)" '{"id":"1","split":"","text":"5\" wide, \"so called"}'
bad "--no-quotes and a NUL" "a NUL, which no text holds" --no-quotes < <(printf 'id,text,codes\n1,SECRET\0x,I10\n')

# ---- columns ----
printf '%s\n' nr,letter,diag,who 1,SECRET,I10,7 >own.csv
bad "columns nobody knows" "heading: no column looks like id; say which it is with --columns id=NAME (id=#: the number of the row); there are: nr, letter, diag, who" own.csv
csv --columns id=nr,text=letter,codes=diag,subject=who own.csv
is "--columns" "$(notes; gold)" '{"id":"1","subject":"7","split":"","text":"SECRET"}
{"id":"1","split":"","codes":["I10"]}'
csv --columns id=#,text=letter,codes=diag own.csv
is "rows as ids" "$(notes)" '{"id":"1","split":"","text":"SECRET"}'
bad "a column that is not there" "--columns text=note: there is no such column" --columns id=nr,text=note,codes=diag own.csv
bad "no heading: its text is not shown" "no column looks like id" <<<$'1,"SECRET SECRET",I10\n2,b,I10'
exits "a role that is none" 64 rec-cat --from-csv --columns ids=nr own.csv
is "a note_id comes before a hadm_id" "$(csv <<<$'hadm_id,note_id,text,codes\n5,6,t,I10'; notes | cut -c1-9)" '{"id":"6"'

# ---- splits ----
for s in valid validation val development eval; do
    bad "split $s" "column split: '$s' is not train, dev or test; --map-split $s=dev says that it is" \
        <<<$'id,text,codes,split\n1,SECRET,I10,'$s
done
bad "split Train" "'Train' is not train, dev or test; --map-split Train=train" <<<$'id,text,codes,split\n1,SECRET,I10,Train'
bad "split 0" "'0' is not train, dev or test; --map-split 0=train (or dev, test)" <<<$'id,text,codes,split\n1,SECRET,I10,0'
bad "a text where a split should be" "column split: not train, dev or test" \
    <<<$'id,text,codes,split\n1,a,I10,SECRET text of a note'
csv --map-split 0=train --map-split valid=dev --map-split 2=test <<<$'id,text,codes,split\n1,a,I10,0\n2,b,I10,valid\n3,c,I10,2'
is "--map-split" "$(notes | cut -d'"' -f8 | tr '\n' ' ')" "train dev test "
exits "--map-split to nothing" 64 rec-cat --from-csv --map-split valid=val a.csv

# ---- drawing ----
awk 'BEGIN { print "id,patient,text,codes"; for (i = 0; i < 600; i++) printf "%d,p%d,text %d,%s\n", i, i % 200, i,
    (i % 200 % 20 == 0 ? "A00.0;I10" : i % 3 ? "I10" : "E11.9") }' >draw.csv
draws() { # notes in train, dev and test, and the most splits that a subject is in
    notes | python3 -c '
import json, sys, collections
split, of = collections.Counter(), collections.defaultdict(set)
for l in sys.stdin:
    r = json.loads(l); split[r["split"]] += 1; of[r["subject"]].add(r["split"])
print(split["train"], split["dev"], split["test"], max(map(len, of.values())))'
}
shares() { for s in train dev test; do rec-cat --json --where split=$s g.icds | grep -c "$1"; done | tr '\n' ' '; }
csv --draw 70,10,20 draw.csv && cp n.icds d1.icds
is "shares, and no subject in two" "$(draws)" "420 60 120 1"
is "gold has the same splits" "$(gold | cut -d'"' -f4,8)" "$(notes | cut -d'"' -f4,12)"
csv --draw 70,10,20 draw.csv; same "the same draw again" n.icds d1.icds
csv --draw 7,1,2 draw.csv; is "shares of any sum" "$(draws)" "420 60 120 1"
csv --draw 70,10,20 --seed 2 draw.csv
cmp -s <(notes) <(rec-cat --json d1.icds | sed '1d;$d') && no "another seed" || ok "another seed"
csv --draw 80,20,0 draw.csv; is "no test notes" "$(draws)" "480 120 0 1"
csv --draw 70,10,20 --stratify draw.csv
is "stratified: shares, and no subject in two" "$(draws)" "420 60 120 1"
is "stratified: each split has its share of the rare code" "$(shares A00.0)" "21 3 6 "
all=$(gold | grep -c E11.9)
is "stratified: of another one, too" "$(shares E11.9 | awk -v all="$all" '{ d = 0.7 * all - $1; e = 0.1 * all - $2
    print (d * d < 9 && e * e < 9) ? "near" : $0 }')" near
cut -d, -f1,3,4 draw.csv >nosub.csv; csv --draw 70,10,20 nosub.csv
is "without a subject a warning" "$(said 'there is no subject')" 1
rec-cat --from-json -g g.icds -o n.icds --draw 50,25,25 a.ndjson 2>/dev/null # subjects of 1, 1 and 5 notes
is "a draw of JSON lines, whose own split is not looked at" "$(draws | cut -d' ' -f4) $(notes | wc -l)" "1 7"
exits "a draw from a pipe" 64 sh -c 'rec-cat --from-csv --draw 70,10,20 <draw.csv'
exits "a draw of two" 64 rec-cat --from-csv --draw 70,30 draw.csv
exits "a draw without train" 64 rec-cat --from-csv --draw 0,50,50 draw.csv
exits "--stratify without codes" 64 rec-cat --from-csv --draw 70,10,20 --stratify -o n draw.csv
exits "--stratify without --draw" 64 rec-cat --from-csv --stratify -g g draw.csv

# ---- JSON ----
badj() {
    local name=$1 message=$2; shift 2
    rec-cat --from-json -o n "$@" 2>err; local rc=$?
    if [ $rc = 65 ] && grep -qF -- "$message" err && ! grep -q SECRET err; then ok "$name"; else no "$name" "$rc $(cat err)"; fi
}
badj "codes as numbers" "line 1: field codes: code 2 is a number" -g g <<<'{"id":"1","text":"SECRET","codes":["I10",250.00]}'
badj "a text that is none" "line 1: field text: not a string" -g g <<<'{"id":"1","text":["SECRET"],"codes":[]}'
badj "no codes" "line 1: no field looks like codes" -g g <<<'{"id":"1","text":"SECRET"}'
badj "bare notes: a split" "line 1: field split: 'valid' is not train, dev or test" --schema note \
    <<<'{"id":"1","split":"valid","text":"SECRET"}'
badj "bare gold: a split" "line 1: field split: 'training' is not" --schema gold <<<'{"id":"1","split":"training","codes":["I10"]}'
badj "bare gold: a blank" "line 1: field codes: code 'I 10' holds a blank" --schema gold <<<'{"id":"1","codes":["I 10"]}'
badj "bare gold: blanks around" "line 1: field codes: code ' 428.0' holds a blank" --schema gold <<<'{"id":"1","codes":[" 428.0"]}'
badj "bare gold: a null word" "line 1: field codes: 'nan' says that there is no code" --schema gold <<<'{"id":"1","codes":["nan"]}'
badj "bare gold with labels given: the same" "code 'I;10' holds a semicolon" --schema gold --meta '{"labels":["I;10"]}' \
    <<<'{"id":"1","codes":["I;10"]}'
rec-cat --from-json --schema note -o n.icds 2>err <<<'{"id":"1","text":"t","codes":["I10"],"Labels":"I10","x":1}'
is "bare notes keep no labels" "$(notes) $(said 'field Labels is left out of 1 notes')" '{"id":"1","text":"t","x":1} 1'
exits "a schema that is not lists them" 64 rec-cat --from-json --schema notes a.ndjson
is "all of them" "$(sed 's/.*there are //' "$T/err")" "note, gold, kb, token, target, pred, metric, trainlog"
exits "--gold without a corpus" 64 rec-cat --gold g a.ndjson
exits "--gold and -o the same" 64 rec-cat --from-csv --gold x -o x a.csv
exits "no such file" 66 rec-cat --from-csv none.csv
rm -f n g
exits "a full disk" 74 sh -c 'rec-cat -q --from-csv a.csv >/dev/full'
exits "a full disk for gold" 74 rec-cat -q --from-csv --gold /dev/full -o n a.csv
is "nothing half-written" "$(ls n 2>/dev/null)$(find . -name '.*.??????')" ""

# ---- looking at what came in ----
is "--where that nothing fits" "$(rec-cat --where id=NOPE n1.icds 2>err | rec-cat --check | cut -c1-15) $(said '--where: none of 7 records fits')" \
    "note  0 records 1"
span() { # name, message, fields of a note
    rec-cat --from-json --schema note -o s.icds <<<"{\"id\":\"1\",\"text\":\"aüb\",$3}"
    rec-cat --check s.icds >out 2>err; local rc=$?
    if [ $rc = 65 ] && grep -qF "$2" err; then ok "--check: $1"; else no "--check: $1" "$rc $(cat err)"; fi
}
span "a span beyond the text" "record 1: field spans: span 1" '"spans":[[0,5]]'
span "spans that overlap" "field spans: two spans overlap" '"spans":[[0,3],[1,4]]'
span "a span that cuts a character" "field spans: span 2 begins or ends within a character" '"spans":[[0,1],[1,2]]'
span "a part beyond the text" "field parts: part 1" '"parts":[{"begin":0,"end":9}]'
span "parts in no order" "field parts: part 2" '"parts":[{"begin":1,"end":3},{"begin":0,"end":1}]'
span "a part that cuts a character" "field parts: part 1 begins or ends within" '"parts":[{"begin":2,"end":4}]'
echo 'Chest pain.' | rec-cat --check 2>err
is "a text is no stream: what makes one" "$(grep -c -- '--from-csv.*--from-json' err)" 1

# ---- memory does not grow with the text ----
case $B in
    */san) ;; # its memory is its own
    *)
        python3 -c '
text = "word " * 20000
print("id,text,codes,split")
for i in range(600): print(f"{i},{text},I10,train")' >big.csv # 60 MB
        peak=$(python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' rec-cat -q --from-csv -g g.icds -o n.icds big.csv)
        [ "$peak" -lt 40 ] && ok "60 MB of text in little memory" || no "60 MB of text in 40 MB" "$peak MB" ;;
esac
exit $failed
