# One table from several metric streams: a row each, below the note-blind floor that all of them share, and under it
# what the rows are. Only metrics that every prediction has; icd-score has the rest. Streams of one group, the same row
# with other seeds, become one line of means. With history.awk: a row that differs from those above it in more than its
# own options is marked. Input, for each stream: a line "row TAB name TAB group TAB its own options TAB what it is", then
# the stream as JSON lines. Test: tests/e2e/table.sh.
BEGIN {
    n = split("f1_micro f1_macro_caml f1_macro_mean prec_micro rec_micro acc_micro exact_match", metric)
}
/^row\t/ {
    split($0, cell, "\t"); name = cell[2]; own(name, cell[4])
    group = cell[3]; of[name] = group; row[++rows] = name; about[group] = cell[5]
    if (!members[group]++) shown[++groups] = group
    next
}
function number(key) {
    if (!match($0, "\"" key "\": *[-+.0-9eE]+")) return ""
    return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
}
/^{"(header|end)":/ { history(name, $0); next }
match($0, /"metric": *"[a-z0-9_]+"/) {
    m = substr($0, RSTART, RLENGTH); gsub(/.*: *"|"$/, "", m)
    r = sub(/^floor_/, "", m) ? "" : of[name]
    v = number("value")
    if (v != "") { sum[r, m] += v; squares[r, m] += v * v; values[r, m]++ }
    if (m == "f1_micro") {
        if (number("lo") != "") range[r] = sprintf("%.3f-%.3f", number("lo"), number("hi"))
        if (number("p") != "") p[r] = sprintf("%.3f", number("p"))
        if (r != "") notes[name] = number("n")
    }
}
function spread(r,   k, v) { # the interval of a row's micro-F1, or how far it varies from seed to seed
    k = values[r, "f1_micro"]
    if (r == "" || members[r] < 2) return range[r]
    v = (squares[r, "f1_micro"] - sum[r, "f1_micro"] ^ 2 / k) / (k - 1)
    return sprintf("sd %.4f", v > 0 ? sqrt(v) : 0)
}
function width(m) { return length(m) > 9 ? length(m) : 9 }
function line(title, r,   i, m) {
    printf "%-*s", column, title
    for (i = 1; i <= n; i++) {
        m = metric[i]
        printf " %*s", width(m), values[r, m] ? sprintf("%.4f", sum[r, m] / values[r, m]) : "-"
        if (i == 1 && ranges) printf " %13s", spread(r)
        if (i == 1 && compared) printf " %6s", p[r]
    }
    print ""
}
END {
    if (!rows) { print "no rows" > "/dev/stderr"; exit 1 }
    column = length("note-blind floor")
    for (k = 1; k <= rows; k++) {
        r = row[k]; why[k] = differences(r)
        if (notes[r] != notes[row[1]]) why[k] = "other notes" (why[k] == "" ? "" : "; " why[k])
        if (why[k] != "") star[of[r]] = " *"
    }
    for (k = 1; k <= groups; k++) {
        r = shown[k]
        if (length(r) + 2 > column) column = length(r) + 2
        if (range[r] != "" || members[r] > 1) ranges = 1
        if (p[r] != "") compared = 1
    }
    printf "%-*s", column, notes[row[1]] " notes"
    for (i = 1; i <= n; i++) {
        printf " %*s", width(metric[i]), metric[i]
        if (i == 1 && ranges) printf " %13s", "95 % interval"
        if (i == 1 && compared) printf " %6s", "p"
    }
    print ""
    line("note-blind floor", "")
    for (k = 1; k <= groups; k++) line(shown[k] star[shown[k]], shown[k])
    for (k = 1; k <= groups; k++) {
        r = shown[k]
        if (about[r] != "" && !legend++) print ""
        if (about[r] != "") printf "%-*s %s\n", column, r, about[r]
    }
    for (k = 1; k <= rows; k++) {
        if (why[k] != "" && !marks++) print ""
        if (why[k] != "") printf "* %s differs in more than its own options: %s\n", row[k], why[k]
    }
}
