#!/usr/bin/env bash
# once
# The tree keeps its own rules: every kernel has its CPU side and a unit test, every tool its tests, every file a head, no
# line is too wide, and nothing names the machine it was written on. A rule is a function that prints what breaks it.
. "$(dirname "$0")/../lib.sh"
export LC_ALL=C.UTF-8 # columns are characters
command -v git >/dev/null && git -C "$ROOT" rev-parse --git-dir >/dev/null 2>&1 ||
    { skip tree "not a clone: what belongs to the tree is not known"; exit 0; }
tracked() { git ls-files -- "$@"; }

# Folders of somebody's own: where the tree stands, home directories, scratch folders of a clone beside it.
absolute_paths() {
    tracked . | while read -r f; do
        grep -InE '(^|[^A-Za-z0-9_./-])/(wor[k]|hom[e]/[a-z]|tmp/(w[t]|b-|s-)|Use[r]s/)' "$f" | sed "s|^|$f:|" | cut -c1-120
    done
}
wide_lines() { tracked '*.c' '*.h' '*.cc' | xargs -r grep -nE '^.{121}' | cut -c1-60; }
heads() {
    tracked '*.c' '*.cc' '*.h' '*.sh' '*.mk' '*.awk' '*.def' Makefile Makefile.more | while read -r f; do
        case $(head -n 1 "$f") in
            '/*'*|'//'*|'#!'*|'# '*) ;;
            *) echo "$f has no head" ;;
        esac
    done
}
kernels() {
    local op n=0
    for op in $(sed -nE 's/^OP\(([a-z0-9_]+),.*/\1/p' kernels/ops.def); do
        n=$((n + 1))
        grep -qE "^void cpu_$op\(" kernels/cpu/*.c || echo "$op has no cpu_$op in kernels/cpu"
        grep -qE "op\.$op\(" tests/unit/*.c || echo "$op is in no unit test"
    done
    [ $n -ge 20 ] || echo "only $n ops found in kernels/ops.def"
}
tools() {
    local f t n=0
    for f in tools/*.c; do
        t=$(basename "$f" .c) n=$((n + 1))
        [ -f "tests/cli/$t.sh" ] || echo "$t has no tests/cli/$t.sh"
        grep -qE "^$t +\|" tests/fault/table || echo "$t has no row in tests/fault/table"
        [ -f "man/$t.1" ] || echo "$t has no man/$t.1"
        grep -qF "| \`$t\` |" README.md || echo "$t is not in README.md"
        # Without it OpenMP's threads spin wherever they wait: on a machine with other work six times slower.
        ! grep -q backend_open "$f" || grep -q backend_share_cpu "$f" || echo "$t computes without backend_share_cpu"
    done
    [ $n -ge 9 ] || echo "only $n tools found"
}
# Four blanks, not tabs, and none at the end of a line.
blanks() { tracked '*.c' '*.h' '*.cc' '*.cu' '*.1' '*.5' '*.7' | xargs -r grep -nP '^ *\t|\s$' | cut -c1-60; }
# Elsewhere in a line the Makefile would not see it.
registered() { tracked '*.c' | xargs -r grep -nE '^.+REGISTER\([a-z_]+, *[a-z0-9_]+[,)]' | cut -c1-60; }
# qsort of nothing at all, NULL, is undefined: mem_sort (lib/util/buf.h).
sorts() { tracked 'lib/*.c' 'tools/*.c' | grep -v '^lib/util/buf\.c$' | xargs -r grep -nE '(^|[^a-z_])qsort\('; }
# No ?: in an arm of another: an if or a small function is easier to read. Comments and literals are blanked first; a ?: is
# open until the comma, semicolon or bracket that ends it.
nested_choices() {
    tracked 'lib/*.c' 'lib/*.h' 'kernels/*.c' 'kernels/*.h' 'kernels/*.cu' 'tools/*.c' | xargs -r awk '
        FNR == 1 { depth = comment = 0; split("", open) }
        {
            line = $0; seen = 0
            if (comment && !sub(/^([^*]|\*+[^*\/])*\*+\//, "", line)) next
            comment = 0
            gsub(/\\./, "", line)
            gsub(/"[^"]*"|\047[^\047]*\047/, "0", line)
            gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
            sub(/\/\/.*/, "", line)
            if (sub(/\/\*.*/, "", line)) comment = 1
            for (i = 1; i <= length(line); i++) {
                c = substr(line, i, 1)
                if (c ~ /[[({]/) open[++depth] = 0
                else if (c ~ /[])}]/) { if (depth) depth--; if (c == "}") open[depth] = 0 }
                else if (c ~ /[,;]/) open[depth] = 0
                else if (c == "?") {
                    for (d = 0; d <= depth; d++) if (open[d] && !seen++) print FILENAME ":" FNR ": " $0
                    open[depth] = 1
                }
            }
        }' | cut -c1-120
}
rules="absolute_paths wide_lines heads kernels tools blanks registered sorts nested_choices"

cd "$ROOT" || exit 1
for rule in $rules; do is "$rule" "$($rule 2>&1)" ""; done

# In an archive one of two definitions of a name wins without a word, and the other's callers get it.
twice() { nm -g --defined-only "$1" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBR]/ {print $3}' | grep -v '^_Z' | sort | uniq -d; }
is "external names are defined once" "$(twice "$B/libicdpipe.a")" ""
(cd "$T" && echo 'int choose(void) { return 1; }' >one.c && echo 'int choose(void) { return 2; }' >two.c &&
    cc -c one.c two.c && ar rcs two.a one.o two.o && rm one.* two.[co])
is "a name that is defined twice is seen" "$(twice "$T/two.a")" choose
rm -f "$T/two.a"

# Each rule sees a tree that breaks it.
tracked . | tar -cf - -T - 2>/dev/null | tar -xf - -C "$T"
cd "$T" || exit 1
git init -q . && git add -A
mkdir -p "$T/tools" "$T/kernels" "$T/lib/util"
printf '/* Data are in %s/data. */\n' /wor"k" >lib/util/path.c
printf '/* head */\n/* %0120d */\n' 0 >lib/util/wide.c
echo 'int x;' >lib/util/bare.c
printf '/* head */\nint x; \n\tint y;\n' >lib/util/blank.c
printf '/* head */\n  REGISTER(metric, x, .order = 1);\n' >lib/metric/indented.c
printf '/* head */\nbackend_open\n' >tools/other-tool.c
cat >lib/util/nested.c <<'EOF'
/* head: a ? b : c ? d : e
 * and x ? y : z; */
int x = f(a ? b : c, d ? e : f) + (g ? '?' : h); // ? ?
char *s = a ? "?:\"?" : /* ? */ "'";
int y = a ? b
          : c ? d : e;
int z = a ? f(1, (b ? c : d)) : g(e ? 1 : 2, 3);
EOF
echo 'OP(conv, (T y, T x))' >>kernels/ops.def
git add -A
is 'a path of a machine is seen' "$(absolute_paths | cut -d: -f1,2)" lib/util/path.c:1
is 'a wide line is seen' "$(wide_lines | cut -d: -f1,2)" lib/util/wide.c:2
is 'a missing head is seen' "$(heads)" 'lib/util/bare.c has no head'
is 'an op without kernel and test is seen' "$(kernels | wc -l)" 2
is 'a tool without tests, page and mention is seen' "$(tools | wc -l)" 5
is 'blanks are seen' "$(blanks | cut -d: -f1,2 | tr '\n' ' ')" 'lib/util/blank.c:2 lib/util/blank.c:3 '
is 'a REGISTER that the Makefile would not see is seen' "$(registered | cut -d: -f1)" lib/metric/indented.c
is 'a nested ?: is seen, one that is in a comment or a literal is not' "$(nested_choices | cut -d: -f1,2 | tr '\n' ' ')" \
    'lib/util/nested.c:6 lib/util/nested.c:7 '
