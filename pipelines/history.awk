# Do the rows of a table differ in more than their own options? For table.awk: history() takes in the header and the end
# of a row's metric stream, own() the options that it sets itself; differences() says which other options, versions or
# inputs are not those of the first row with the same stage. Test: tests/e2e/table.sh.

# ---- JSON: flat(TEXT) sets J["a.b.0.c"] for each scalar of it ----
function flat(text) {
    gsub(/"labels": *\[("([^"\\]|\\.)*"[, ]*)*\]|"thresholds": *\[[^]]*\]/, "\"x\":0", text) # long, and no options
    rest = text; window = ""
    split("", J); value("", token())
}
function token(   t) { # the next one; the text comes in pieces, as cutting all of it at each token takes long
    if (length(window) < 4096) { window = window substr(rest, 1, 16384); rest = substr(rest, 16385) }
    if (!match(window, /^ *("([^"\\]|\\.)*"|[^][{}:, "]+|[][{}:,])/)) return ""
    t = substr(window, 1, RLENGTH); window = substr(window, RLENGTH + 1)
    sub(/^ */, "", t)
    return t
}
function bare(t) { return substr(t, 1, 1) == "\"" ? substr(t, 2, length(t) - 2) : t }
function value(path, t,   n, key) {
    if (t == "{") {
        while ((t = token()) != "}" && t != "")
            if (t != ",") { key = bare(t); token(); value(path == "" ? key : path "." key, token()) }
    } else if (t == "[") {
        while ((t = token()) != "]" && t != "")
            if (t != ",") value(path "." n++, t)
    } else J[path] = bare(t)
}

# ---- W[ROW, STAGE, WHAT]: what a row was made by; a stage is a tool and what it reads ----
function note(row, stage, what, v) {
    if (!(stage in first)) first[stage] = row
    if (!((row, stage, what) in W)) W[row, stage, what] = v
    if (!((stage, what) in seen_what)) { seen_what[stage, what] = 1; stage_of[++whats] = stage; what_of[whats] = what }
}
function stages(row, at,   i, k, stage, options, read) {
    for (i = 0; (at "." i ".tool") in J; i++) {
        stage = J[at "." i ".tool"]; read = at "." J[at "." i ".from.0"]
        if ((read ".tool") in J) stage = stage " of " J[read ".tool"]
        if ((read ".options.where.0") in J) stage = stage " " J[read ".options.where.0"]
        note(row, stage, "version", J[at "." i ".version"])
        options = at "." i ".options."
        for (k in J) if (index(k, options) == 1) note(row, stage, substr(k, length(options) + 1), J[k])
    }
}
function inputs(row, at,   i, n, tool, name) {
    for (i = 0; (at "." i ".tool") in J; i++)
        for (n = 0; (at "." i ".inputs." n ".name") in J; n++) {
            tool = J[at "." i ".tool"]; name = J[at "." i ".inputs." n ".name"]
            if (tool ~ /^(mimic-split|rec-cat|kb-build|note-sample|vocab-train)$/ || name == "spiece.model")
                note(row, "inputs", name, J[at "." i ".inputs." n ".xxh64"])
        }
}
function history(row, line) {
    flat(line)
    stages(row, "header.meta.model.history"); inputs(row, "header.meta.model.lineage")
    stages(row, "header.history"); inputs(row, "end.lineage")
}

# ---- options that a row sets itself, by name or letter ----
function own(row, text,   n, i, w) {
    n = split(text, w, " ")
    for (i = 1; i <= n; i++)
        if (sub(/^--(no-)?/, "", w[i])) { sub(/=.*/, "", w[i]); mine[row, w[i]] = 1 }
        else if (w[i] ~ /^-[A-Za-z]/) mine[row, substr(w[i], 2, 1)] = 1
}
function letter(tool, name,   command, line, found) { # of an option, from --help
    if (!((tool, name) in letters)) {
        command = tool " --help 2>/dev/null"
        while ((command | getline line) > 0)
            if (line ~ "^  -[A-Za-z], --" name "( |$)") found = substr(line, 4, 1)
        close(command)
        letters[tool, name] = found
    }
    return letters[tool, name]
}
function is_own(row, stage, what) {
    sub(/ of .*/, "", stage); sub(/\.[0-9]+$/, "", what)
    if (stage " " what ~ /^(icd-infer model|icd-score compare)$/ || (row, what) in mine) return 1
    if (what == "att-weight" && (row, "loss") in mine) return 1 # its default follows from the loss
    return stage != "inputs" && what != "version" && (row, letter(stage, what)) in mine
}

function some(row, s, w) { return (row, s, w) in W ? W[row, s, w] : "none" }
function differences(row,   i, s, w, a, n, text) {
    for (i = 1; i <= whats; i++) {
        s = stage_of[i]; w = what_of[i]; a = first[s]
        if (s == "inputs" ? !((row, s, w) in W && (a, s, w) in W) : !((row, s, "version") in W)) continue
        if (some(row, s, w) == some(a, s, w) || is_own(row, s, w) || is_own(a, s, w)) continue
        if (++n > 3) continue
        text = text (text == "" ? "" : "; ") (s == "inputs" ? "another " w " than " a : \
            s ": " w " " some(row, s, w) " where " a " has " some(a, s, w))
    }
    return n > 3 ? text "; and " n - 3 " more" : text
}
