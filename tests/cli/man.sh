#!/usr/bin/env bash
# once
# What is written about the tools is what they do: man pages, completion, and the pipe in README.md. Nothing to add for a
# new tool: it is found in tools/, and needs man/TOOL.1 with BEGIN/END OPTIONS comments that make man fills.
. "$(dirname "$0")/../lib.sh"
tools=$(for t in "$ROOT"/tools/*.c; do basename "$t" .c; done)

# options TOOL: long names in --help, without the dashes
options() { "$1" --help | sed -nE 's/^  (-.,|   ) --([a-z0-9-]+)( .*)?$/\2/p'; }

# page TOOL FILE: what is wrong with a page, nothing if it is right
page() {
    local o
    sed -n '/^\.\\" BEGIN OPTIONS$/,/^\.\\" END OPTIONS$/p' "$2" | sed '1d;$d' >"$T/page"
    "$1" --help-man | cmp -s - "$T/page" || echo "OPTIONS is not what --help-man prints: make man"
    for o in $(options "$1"); do
        grep -qF -- "\\-\\-${o//-/\\-}" "$2" || echo "--$o is missing"
    done
    grep '^\.SH ' "$2" | tr '\n' ' ' |
        grep -q '^\.SH NAME \.SH SYNOPSIS \.SH DESCRIPTION .*\.SH OPTIONS \.SH EXIT STATUS ' || echo 'a section is missing'
    # --help-man prints macros of man(7): in a page of mdoc(7) they come to nothing.
    grep '^\.' "$2" | grep -vE '^\.(TH|SH|SS|TP|PP|IP|RS|RE|br|nf|fi|[BIR]|[BIR][BIR]|\\")( |$)' | head -n 1
    sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p' "$2" | sed 's/\\//g' | grep -q "^\.B $1" || echo 'SYNOPSIS has another name'
    grep -qF "${1//-/\\-} \\- " "$2" || echo 'NAME is not "tool \- what it does"'
}

for t in $tools; do
    f=$ROOT/man/$t.1
    if [ ! -f "$f" ]; then no "$t.1" "there is no such page"; continue; fi
    [ "$(options "$t" | wc -l)" -ge 4 ] || no "$t --help" "fewer than four options found"
    is "$t.1" "$(page "$t" "$f")" ""
done
# choices TOOL: "option choice choice..." of every option that has them, from what the tool says of a wrong one
choices() {
    mkdir -p "$T/tried"
    [ -f "$T/choices.$1" ] || for o in $(options "$1"); do
        (cd "$T/tried" && command "$1" "--$o" '?' 2>&1 </dev/null) | sed -nE "s/^$1: (--$o): '\?' is not one of ([^;]*).*/\1 \2/p" | sed 's/, / /g'
    done >"$T/choices.$1"
    cat "$T/choices.$1"
}
# Where the choices of an option have lines of their own, each has one.
told() {
    "$1" --help-man | sed -e 's/\\f.//g' -e 's/\\\([-&]\)/\1/g' -e 's/^&//' |
        awk '/^\.TP/ {getline; sub(/^-., /, ""); o = $1; next} /^\.br/ {getline; print o, $0}' >"$T/told"
    choices "$1" | while read -r o values; do
        grep -q "^$o " "$T/told" || continue
        for v in $values; do grep -q "^$o $v: ." "$T/told" || echo "$o: $v is not told"; done
    done
}
for t in $tools; do is "choices of $t" "$(told "$t")" ''; done
note-sample() { command note-sample "$@" | sed '/^skip: /d'; }
is 'a choice that is not told is seen' "$(told note-sample)" '--overflow: skip is not told'
unset -f note-sample
is 'choices are told' "$(told note-sample; grep -c . "$T/told")" 30
# A page that is wrong is found out.
sed '/^Show the version/s/version/Version/' "$ROOT/man/rec-cat.1" >"$T/bad.1"
is 'OPTIONS that differ are seen' "$(page rec-cat "$T/bad.1")" 'OPTIONS is not what --help-man prints: make man'
sed 's/^\.PP/.Pp/;s/^\.SH EXIT STATUS/.SH RESULT/' "$ROOT/man/rec-cat.1" >"$T/bad.1"
is 'a missing section and mdoc are seen' "$(page rec-cat "$T/bad.1" | tr '\n' ' ')" 'a section is missing .Pp '

# ---- completion ----
# fills WORD...: what bash would offer for the last word
fills() {
    (cd "$T/files" && bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); f=$(complete -p "$1")
        f=${f#*-F }; ${f% *}; printf "%s\n" "${COMPREPLY[@]}"' - "$B/completion.bash" "$@" | sort | tr '\n' ' ')
}
mkdir -p "$T/files/a dir" "$T/files/models"; : >"$T/files/notes.icds"; : >"$T/files/my notes"
all='a dir models my notes notes.icds ' dirs='a dir models '
for t in $tools; do
    is "completion of $t: options" "$(fills "$t" -- | tr ' ' '\n' | sed -n 's/^--//p' | grep -v '^no-' | sort | tr '\n' ' ')" \
        "$(options "$t" | sort | tr '\n' ' ')"
    is "completion of $t: files" "$(fills "$t" '')/$(fills "$t" -o '')/$(fills "$t" --output = n)" "$all/$all/notes.icds "
    is "completion of $t: numbers" "$(fills "$t" --threads '')/$(fills "$t" -j '')" ' / '
    is "completion of $t: after --" "$(fills "$t" -q -- '')/$(fills "$t" -- --)" "$all/ "
    while read -r option values; do
        [ -n "$option" ] || continue
        wanted=$(printf '%s\n' $values | sort | tr '\n' ' ')
        is "completion of $t: $option" "$(fills "$t" "$option" '')/$(fills "$t" "$option" =)/$(fills "$t" "$option" = zzz)" \
            "$wanted/$wanted/ "
    done < <(choices "$t")
done
is 'choices are found' "$(for t in $tools; do choices "$t"; done | wc -l | awk '{print ($1 >= 15)}')" 1
is 'one of several' "$(fills icd-infer -q --use a)" 'att auto '
is 'folders' "$(fills icd-infer -m '')/$(fills icd-infer --model = m)/$(fills icd-train --save '')" "$dirs/models /$dirs"
is 'files that are given several times' "$(fills icd-train --target '')/$(fills icd-train -t a x -t '')" "$all/$all"
is 'short options' "$(fills icd-infer - | tr ' ' '\n' | grep -cE '^-[mqzojhV]$')" 7
is 'the name of a file that looks like an option' "$(: >"$T/files/-x"; fills icd-infer -- -)" '-x '

# ---- the pipe in README.md is what make demo runs ----
cat >"$T/pipe.py" <<'PY'
"""pipe.py README MAKE: the commands of README's pipe that MAKE (the output of make -n) has not, and the other way round."""
import collections, os, re, shlex, subprocess, sys

SAYS = {"output", "quiet"}  # where to and how loud
known = {}

def options(tool):
    """{option: (long name, takes a value)} from --help."""
    if tool not in known:
        text = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True).stdout
        known[tool] = {}
        for short, name, arg in re.findall(r"^  (?:-(.),|   ) --([a-z0-9-]+)( [^ ]+)?(?:  .*)?$", text, re.M):
            known[tool]["--" + name] = known[tool]["-" + short] = (name, bool(arg))
            known[tool]["--no-" + name] = ("no-" + name, False)
    return known[tool]

def plain(value):
    """A path without its folder and the name of the row or the sample."""
    return re.sub(r"^(proposed|know)\.", "", os.path.basename(value))

def command(words):
    tool, found, operands = words[0], [], []
    words = iter(words[1:])
    for w in words:
        if not w.startswith("-"):
            operands.append(plain(w))
            continue
        w, given, value = w.partition("=")
        name, takes = options(tool)[w]
        if takes and not given:
            value = next(words)
        if name not in SAYS:
            found.append((name, plain(value)))
    return (tool, tuple(sorted(found))), operands

def commands(text):
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"\$\([^()]*\)", "", text)  # --resume, where there is something to resume
    for line in text.splitlines():
        words = []
        lex = shlex.shlex(line, posix=True, punctuation_chars=True)
        lex.whitespace_split = True
        for w in list(lex) + [";"]:
            if w and set(w) <= set("|;()"):
                if words:
                    yield command(words)
                words = []
            elif w == ">" or words[-1:] == [">"]:
                words = words[:-1] if words[-1:] == [">"] else words + [w]
            else:
                words.append(w)

readme = open(sys.argv[1]).read().split("\n## The pipe\n")[1].split("\n## ")[0]
readme = "\n".join(line[4:] for line in readme.splitlines() if line.startswith("    "))
made = "\n".join(l for l in open(sys.argv[2]).read().split("\n") if not re.match(r"mkdir |rm |\{ |mv |\(", l))
told, run = collections.defaultdict(list), collections.defaultdict(list)
for side, text in (told, readme), (run, made):
    for key, operands in commands(text):
        side[key].append(operands)
if len(run) < 10:
    print("only", len(run), "commands are run")
for key in sorted(set(told) | set(run)):
    a, b = sorted(told[key]), sorted(run[key])
    # What one side reads from a pipe the other may read from a file.
    if len(a) != len(b) or any(x and y and x != y for x, y in zip(a, b)):
        print(key[0], *("--%s=%s" % o for o in key[1]), "README:", a, "run:", b)
PY
(cd "$T" && env -i PATH="$PATH" make -n -f "$ROOT/pipelines/demo.mk" D=d BIN="$BIN" ROWS=proposed table) >"$T/made" 2>"$T/err"
differs() { python3 "$T/pipe.py" "$1" "$T/made" 2>&1; }
is 'README.md has the pipe of make demo' "$(differs "$ROOT/README.md")" ""
for change in 's/--budget 256/--budget 512/' 's/--epochs 8 //' 's/-k kb.icds/-k know.icds/' 's/ token.icds . icd-score/ other.icds | icd-score/'; do
    sed "$change" "$ROOT/README.md" >"$T/README"
    is "a pipe that differs is seen: $change" "$(differs "$T/README" | grep -o -m 1 'README:')" README:
done
