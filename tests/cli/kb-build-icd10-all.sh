#!/usr/bin/env bash
# once
# kb-build on every ICD-10 code there is: each has its own title, the kinds and the categories are those of the table.
. "$(dirname "$0")/kb-common"
zstdcat "$ICDPIPE_SHARE/icd10/titles.tsv.zst" | cut -f1 >"$T/all"
exits "every code" 0 kb-build -q --no-builtin --labels "$T/all" -o "$T/k.icds"
is "what is odd about them" "$(sed 's/.*warning: //' "$T/err")" "23324 codes are categories of ICD-10, too general to be billed: A00, A01, A01.0, ..."
zstdcat "$ICDPIPE_SHARE/icd10/titles.tsv.zst" | cut -f1,3 | sort >"$T/want"
rec-cat --json "$T/k.icds" | sed -n 's/^{"code":"\([^"]*\)","kind":"[a-z]*","title":"\(\([^"\\]\|\\.\)*\)".*/\1\t\2/p' | sed 's/\\"/"/g' | sort >"$T/got"
same "every title" "$T/got" "$T/want"
is "kinds of all" "$(rec-cat --json "$T/k.icds" | grep -c '"kind":"procedure"')" 68367

exit $failed
