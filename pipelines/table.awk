# One table from several metric streams: a row each, below the note-blind floor that all of them share, and under the table
# what the rows are. Only metrics that every prediction has; icd-score has the rest. With history.awk: a row that differs
# from those above it in more than its own options is marked. Input, for each row: a line "row TAB name TAB its own options
# TAB what it is", then its stream as JSON lines. Test: tests/e2e/table.sh.
BEGIN {
    n = split("f1_micro f1_macro_caml f1_macro_mean prec_micro rec_micro acc_micro exact_match", metric)
}
/^row\t/ { split($0, cell, "\t"); name = cell[2]; row[++rows] = name; about[name] = cell[4]; own(name, cell[3]); next }
/^{"(header|end)":/ { history(name, $0); next }
function number(key) { return match($0, "\"" key "\": *[-+.0-9eE]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : "" }
match($0, /"metric": *"[a-z0-9_]+"/) {
    m = substr($0, RSTART, RLENGTH); gsub(/.*: *"|"$/, "", m)
    r = sub(/^floor_/, "", m) ? "" : name
    if (number("value") != "") value_of[r, m] = number("value")
    if (m == "f1_micro") {
        if (number("lo") != "") { range[r] = sprintf("%.3f-%.3f", number("lo"), number("hi")); ranges = 1 }
        if (r != "") { notes[name] = number("n"); labels[name] = number("labels") }
    }
}
function width(m) { return length(m) > 9 ? length(m) : 9 }
function line(title, r,   i) {
    printf "%-*s", column, title
    for (i = 1; i <= n; i++) {
        printf " %*s", width(metric[i]), (r, metric[i]) in value_of ? sprintf("%.4f", value_of[r, metric[i]]) : "-"
        if (i == 1 && ranges) printf " %13s", range[r]
    }
    print ""
}
END {
    if (!rows) { print "no rows" > "/dev/stderr"; exit 1 }
    column = length("note-blind floor")
    for (k = 1; k <= rows; k++) {
        why[k] = differences(row[k])
        if (notes[row[k]] != notes[row[1]]) why[k] = "other notes" (why[k] == "" ? "" : "; " why[k])
        if (length(row[k]) + 2 > column) column = length(row[k]) + 2
    }
    printf "%-*s", column, notes[row[1]] " notes"
    for (i = 1; i <= n; i++) {
        printf " %*s", width(metric[i]), metric[i]
        if (i == 1 && ranges) printf " %13s", "95 % interval"
    }
    print ""
    line("note-blind floor", "")
    for (k = 1; k <= rows; k++) line(row[k] (why[k] == "" ? "" : " *"), row[k])
    for (k = 1; k <= rows; k++) if (about[row[k]] != "") { if (!legend++) print ""; printf "%-*s %s\n", column, row[k], about[row[k]] }
    for (k = 1; k <= rows; k++) if (why[k] != "") { if (!marks++) print ""; printf "* %s differs in more than its own options: %s\n", row[k], why[k] }
}
