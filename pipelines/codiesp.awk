# CodiEsp's folder as JSON lines with id, split, text and codes: awk -f codiesp.awk -v top=50 LIST... TEXT..., where a
# LIST is SPLIT/SPLITD.tsv (note, code) and a TEXT SPLIT/text_files_en/NOTE.txt. The codes are the top most frequent of
# the training notes (0: all); a note without any of them is left out, as in MIMIC-III-50. Test: tests/e2e/codiesp.sh.
function part(path, back,   n, p) { n = split(path, p, "/"); return p[n - back] }
function quoted(s) {
    gsub(/\\/, "&&", s); gsub(/"/, "\\\\&", s); gsub(/\t/, "\\t", s); gsub(/\r/, "", s)
    gsub(/[\001-\037]/, " ", s)
    return "\"" s "\""
}
function choose(   code, best, i) { # equally frequent ones in the order of their names
    for (i = 0; i < top; i++) {
        best = ""
        for (code in count)
            if (!(code in kept) && (best == "" || count[code] > count[best] ||
                                    count[code] == count[best] && code < best)) best = code
        if (best == "") break
        kept[best] = 1
    }
}
function finish(   n, i, c, codes, list) {
    if (note == "") return
    n = split(of[split_name, note], c, " ")
    for (i = 1; i <= n; i++)
        if (!top || c[i] in kept) codes = codes (codes == "" ? "" : ",") quoted(c[i])
    if (codes != "")
        printf "{\"id\":%s,\"split\":\"%s\",\"text\":%s\",\"codes\":[%s]}\n", quoted(note), split_name, text, codes
    note = ""
}
FILENAME ~ /\.tsv$/ {
    sub(/\r$/, ""); code = toupper($2)
    s = part(FILENAME, 1)
    if (code == "" || (s, $1, code) in has) next
    has[s, $1, code] = 1
    of[s, $1] = of[s, $1] " " code
    if (s == "train") count[code]++
    next
}
FNR == 1 {
    finish()
    if (!chosen++) choose()
    note = part(FILENAME, 0); sub(/\.txt$/, "", note); split_name = part(FILENAME, 2); text = "\""
}
{ line = quoted($0); text = text substr(line, 2, length(line) - 2) "\\n" }
END { finish() }
