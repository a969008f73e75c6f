#!/usr/bin/env bash
# Every text that a tool reads, in eight encodings: with a byte order mark, with CRLF and with lone CRs as line ends it
# says the same; UTF-16, a NUL and bytes that are not UTF-8 are refused by name. The one rule is lib/util/text_file.h.
. "$(dirname "$0")/table"
E=$T/enc; mkdir "$E" "$E/model" "$E/splits"
(cd "$V" && {
    printf '%s\n' 428.0 401.9 427.31 >"$E/labels"
    printf '401.9\tHypertension\n428.0\tHeart failure\n427.31\tFibrillation\n' >"$E/titles"
    rec-cat --json gold.icds | sed '1d;$d' | head -n 20 >"$E/gold.ndjson"
    printf '{"code":"401.9","answer":"Terms: hypertension, HTN"}\n{"code":"428.0","answer":"Terms: heart failure"}\n' >"$E/answers.ndjson"
    printf 'Terms:\nhypertension\nhigh blood pressure\n\nAbbreviations:\nHTN\n' >"$E/401.9.txt"
    printf 'Assign codes.\nNote: {note}\nCodes:\n' >"$E/template"
    printf 'id,text,codes,split\n1,a,I10,train\n2,b,E11.9,dev\n' >"$E/corpus.csv"
    cp "$ROOT/share/words/denials.tsv" "$ROOT/share/words/stop.txt" "$ROOT/share/sections/canonical.tsv" "$E"
    cp model/config.json model/icd.json "$E"; cp mimic3/splits/train_50_hadm_ids.csv "$E/train"
}) || no "texts" "not made"
# tool | text | arguments; IN is the file, MODEL and SPLITS a folder with it in its place
texts="
rec-cat     | gold.ndjson    | --from-json --schema gold IN
rec-cat     | corpus.csv     | --from-csv IN
mimic-split | train          | --splits SPLITS mimic3
mimic-split | labels         | --labels IN --splits mimic3/splits --gold - -o $E/x mimic3
kb-build    | labels         | --labels IN
kb-build    | titles         | --labels $E/labels --titles IN
kb-build    | answers.ndjson | --labels $E/labels --no-builtin --answers IN
kb-build    | 401.9.txt      | --labels $E/labels --no-builtin --answers IN
note-sample | denials.tsv    | -k kb.icds --budget 64 --negex --denials IN note.icds
note-sample | stop.txt       | -k kb.icds --budget 64 --match word --stop IN note.icds
note-sample | canonical.tsv  | -k kb.icds --budget 64 --sections IN note.icds
note-sample | template       | -k kb.icds --budget 64 --tokenizer spiece.model --template IN note.icds
tokenize    | template       | -m spiece.model --template IN sampled.icds
icd-infer   | config.json    | -m MODEL --use att token.icds
icd-infer   | icd.json       | -m MODEL --use att token.icds
"
# turn FORM <IN >OUT
turn() {
    case $1 in
        plain) cat ;;
        bom) printf '\xef\xbb\xbf'; cat ;;
        crlf) sed 's/$/\r/' ;;
        cr) tr '\n' '\r' ;;
        utf16) printf '\xff\xfe'; iconv -f UTF-8 -t UTF-16LE ;;
        utf16le) iconv -f UTF-8 -t UTF-16LE ;;
        nul) sed '2s/./\x00/2;t;1s/./\x00/2' ;;
        latin1) sed '1s/$/ \xe9/' ;;
    esac
}
# call TOOL TEXT ARGUMENTS: with $E/in/TEXT in its place; records (no header and end: they name the input) to $T/got
call() {
    local tool=$1 text=$2 args=$3
    rm -rf "$E/model" "$E/splits"; mkdir "$E/model" "$E/splits"
    ln -s "$V"/model/* "$E/model"; ln -s "$V"/mimic3/splits/* "$E/splits"
    case $args in
        *MODEL*) rm "$E/model/$text"; cp "$E/in/$text" "$E/model/$text" ;;
        *SPLITS*) rm "$E/splits/train_50_hadm_ids.csv"; cp "$E/in/$text" "$E/splits/train_50_hadm_ids.csv" ;;
    esac
    args=${args//MODEL/$E/model}; args=${args//SPLITS/$E/splits}
    (cd "$V" && "$tool" -q ${args//IN/$E/in/$text} 2>"$T/err" >"$T/out.icds"); local rc=$?
    [ $rc = 0 ] && rec-cat --json "$T/out.icds" | sed '1d;$d' >"$T/got"
    return $rc
}
matrix() {
    local tool=$1 text=$2 args=$3 form rc bad=
    mkdir -p "$E/in"
    for form in plain bom crlf cr utf16 utf16le nul latin1; do
        case "$text $form" in
            titles\ latin1 | answers.ndjson\ latin1 | 401.9.txt\ latin1) continue ;; # old lists and answers may be
        esac
        turn $form <"$E/$text" >"$E/in/$text"
        call "$tool" "$text" "$args"; rc=$?
        case $form in
            plain) [ $rc = 0 ] && [ -s "$T/got" ] || bad+=" plain:$rc:$(head -c 200 "$T/err")"; cp "$T/got" "$T/plain" ;;
            bom|crlf|cr) [ $rc = 0 ] && cmp -s "$T/got" "$T/plain" || bad+=" $form:$rc:$(head -c 200 "$T/err")" ;;
            utf16*) [ $rc = 65 ] && grep -q 'UTF-16' "$T/err" || bad+=" $form:$rc:$(head -c 200 "$T/err")" ;;
            nul) [ $rc = 65 ] && grep -q 'NUL\|UTF-16' "$T/err" || bad+=" $form:$rc:$(head -c 200 "$T/err")" ;;
            latin1) [ $rc = 65 ] && grep -q 'not UTF-8' "$T/err" || bad+=" $form:$rc:$(head -c 200 "$T/err")" ;;
        esac
    done
    is "$tool: $text in eight encodings" "$bad" ""
}
while IFS='|' read -r tool text args; do
    tool=${tool// /}; text=${text// /}
    [ -n "$tool" ] && matrix "$tool" "$text" "$args"
done <<<"$texts"
exit $failed
