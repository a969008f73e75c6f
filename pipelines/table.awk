# One table from the JSON lines of several metric streams, each line with the row's name in front: a row each, below the
# note-blind floor that all of them share. Only metrics that every prediction has; icd-score has the rest.
BEGIN {
    n = split("f1_micro f1_macro_caml f1_macro_mean prec_micro rec_micro acc_micro exact_match", metric)
}
match($0, /"metric": *"[a-z0-9_]+"/) {
    m = substr($0, RSTART, RLENGTH); gsub(/.*: *"|"$/, "", m)
    if (!match($0, /"value": *[-+.0-9eE]+/)) next
    v = substr($0, RSTART, RLENGTH); sub(/.*: */, "", v)
    if (!($1 in seen)) { seen[$1] = 1; row[++rows] = $1 }
    if (sub(/^floor_/, "", m)) floor[m] = v; else value[$1, m] = v
}
function width(m) { return length(m) > 9 ? length(m) : 9 }
function line(name, from, r,   i, v) {
    printf "%-22s", name
    for (i = 1; i <= n; i++) {
        v = from == "" ? floor[metric[i]] : value[r, metric[i]]
        printf " %*s", width(metric[i]), v == "" ? "-" : sprintf("%.4f", v)
    }
    print ""
}
END {
    if (!rows) { print "no metric records" > "/dev/stderr"; exit 1 }
    printf "%-22s", "test notes"
    for (i = 1; i <= n; i++) printf " %*s", width(metric[i]), metric[i]
    print ""
    line("note-blind floor", "")
    for (k = 1; k <= rows; k++) line(row[k], "row", row[k])
}
