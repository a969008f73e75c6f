#!/usr/bin/env bash
# once
# The test of the shipped expressions finds what it must: a made-up set that keeps every rule, then one fault at a time.
. "$(dirname "$0")/../lib.sh"
S=$T/share
mkdir -p "$S/kb" && ln -s "$ROOT/share/caml" "$ROOT/share/labels" "$S"
cat "$S/caml/TOP_50_CODES.csv" "$S/labels/laat50" "$S/labels/fixed50" | tr -d '\r' | grep . | sort -u >"$T/codes"
awk '{
    line = "{\"code\": \"" $1 "\", \"type\": \"%s\", \"text\": \"%s\"}\n"
    for (t = 0; t < 3; t++)
        for (i = 1; i <= 30; i++)
            printf line, t == 0 ? "term" : t == 1 ? "abbreviation" : "synonym", "T" t "X" i "Y" NR " found"
    printf line, "description", "What it is. How it shows. How it is written."
}' "$T/codes" >"$T/good"
printf 'A made-up set.\n' >"$S/kb/README"
printf '# form, codes\n' >"$S/kb/collisions.tsv"

# finds NAME RC WHAT: the test's answer to the set as it stands; then the set is good again
finds() {
    (cd "$ROOT" && ICDPIPE_SHARE=$S "$B/tests/unit/expressions") >"$T/out" 2>&1
    local rc=$?
    if [ $rc != "$2" ]; then no "$1" "exit $rc: $(grep -v '^ok' "$T/out" | head -n 3 | tr '\n' ' ')"
    elif ! grep -qF -- "$3" "$T/out"; then no "$1" "no '$3' in: $(head -n 3 "$T/out" | tr '\n' ' ')"
    else ok "$1"; fi
    cp "$T/good" "$S/kb/expressions.ndjson"
    printf 'A made-up set.\n' >"$S/kb/README"
    printf '# form, codes\n' >"$S/kb/collisions.tsv"
}
# first TYPE TEXT: the first expression of the first code's type is this now
first() { awk -v t="$1" -v x="$2" '!done && $4 ~ t { done = sub(/"text": ".*"/, "\"text\": \"" x "\"") } 1' \
    "$T/good" >"$S/kb/expressions.ndjson"; }

cp "$T/good" "$S/kb/expressions.ndjson"
finds 'a good set' 0 'ok expressions/collisions-are-listed'
first term 't0x2y1 Found'; finds 'case differs only' 1 "'T0X2Y1 found' is there twice"
first term 'T0-X2Y1 founds'; finds 'another word is another expression' 0 'ok expressions/unique'
first term 'T0X2Y1-found.'; finds 'hyphen and stop differ only' 1 'is there twice'
first synonym 'T1X1Y1 found'; finds 'twice in two types' 1 "038.9: 'T1X1Y1 found' is there twice"
first term 'bleeding'; finds 'an ordinary word' 1 "'bleeding' is an ordinary word"
first term 'Arms'; finds 'an ordinary word, plural and capital' 1 "'Arms' is an ordinary word"
first abbreviation 'CAP'; finds 'a short form in capitals is no word' 0 'ok expressions/unique'
first abbreviation 'BASE'; finds 'a long form in capitals is one' 1 "'BASE' is an ordinary word"
first abbreviation 'Hct 25'; finds 'a laboratory value' 1 "'Hct 25' is a value of every laboratory table"
first abbreviation 'Hct of 25'; finds 'a value in prose' 0 'ok expressions/unique'
first term 'T0X1Y2 found'; finds 'a collision' 1 "038.9 244.9: 't0x1y2 found' is of several codes"
first term 'T0X1Y2 found'; printf 't0x1y2 found\t038.9 244.9\n' >>"$S/kb/collisions.tsv"
finds 'a listed collision' 0 'ok expressions/collisions'
printf 't0x1y2 found\t038.9 244.9\n' >>"$S/kb/collisions.tsv"; finds 'a collision no more' 1 'and not of these codes'
first term '  x y'; finds 'blanks' 1 'blanks too many'
first term '-.-'; finds 'no word at all' 1 'too short'
first term 'caf\303\251 au lait'; finds 'not ASCII' 1 'is not plain ASCII'
first description 'What it is.'; finds 'a short description' 1 "038.9: 'description' has less than three sentences"
sed '/T1X7Y3 /d' "$T/good" >"$S/kb/expressions.ndjson"
finds 'too few' 1 '250.00: 29 of type abbreviation, not at least 30'
sed '/T1X7Y3 /d' "$T/good" >"$S/kb/expressions.ndjson"; echo 'fewer: 250.00 29' >"$S/kb/README"
finds 'fewer, and README says so' 0 'ok expressions/every-code'
echo 'fewer: 250.00 29' >"$S/kb/README"; finds 'README is behind' 1 '250.00: 30 of type abbreviation, not 29'
echo 'fewer: 250.0 29' >"$S/kb/README"; finds 'README names no code' 1 "'250.0' is no code"
echo 'fewer: 250.00 30' >"$S/kb/README"; finds 'fewer is not fewer' 1 "is not 'fewer: CODE N'"
sed '/"V58.61".*description/d' "$T/good" >"$S/kb/expressions.ndjson"
finds 'no description' 1 'V58.61: 0 of type description, not 1'
sed 's/"486"/"487"/' "$T/good" >"$S/kb/expressions.ndjson"; finds 'another code' 1 "is of a code that is in no list"
sed '1{s/term/word/}' "$T/good" >"$S/kb/expressions.ndjson"
finds 'another type' 1 "'T0X1Y1 found' is of an unknown type"
sed '1{h;d};2{G}' "$T/good" | sed '40{h;d};80{G}' >"$S/kb/expressions.ndjson"
finds 'types out of order' 1 'is not in order'
{ sed 1,91d "$T/good"; sed -n 1,91p "$T/good"; } >"$S/kb/expressions.ndjson"
finds 'codes out of order' 1 'is not in order'
sed '5s/}$/, "more": 1}/' "$T/good" >"$S/kb/expressions.ndjson"; finds 'a field more' 1 "line 5: "
sed '5s/}$//' "$T/good" >"$S/kb/expressions.ndjson"; finds 'no JSON' 1 'is not {code, type, text}'
rm "$S/kb/expressions.ndjson"; finds 'no file' 1 "'kb/expressions.ndjson' cannot be read"
rm "$S/kb/collisions.tsv"; finds 'no list of collisions' 1 "'kb/collisions.tsv' cannot be read"
exit $failed
