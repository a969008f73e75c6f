/* What an option table prints: --help, --version, --help-man, --help-completion. Tests: tests/unit/opt.c */
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/opt.h"
#include <math.h>
#include <string.h>

enum { HELP_COLUMN = 28, HELP_WIDTH = 100 };

static const struct opt builtin[] = {
    {.name = "help", .letter = 'h', .type = OPT_FLAG, .help = "Show this help and exit."},
    {.name = "version", .letter = 'V', .type = OPT_FLAG, .help = "Show the version and exit."},
    {.type = OPT_END},
};

static int help_default(struct buf *b, const struct opt *o)
{
    const char *s = NULL;
    switch (o->type) {
    case OPT_FLAG:
        return o->value && *(bool *)o->value ? buf_fmt(b, " (default; --no-%s turns it off)", o->name) : 0;
    case OPT_INT: /* what is not set yet has a default that the help tells */
        return *(int64_t *)o->value == INT64_MIN ? 0 : buf_fmt(b, " (default: %lld)", (long long)*(int64_t *)o->value);
    case OPT_REAL:
        return isnan(*(double *)o->value) ? 0 : buf_fmt(b, " (default: %.15g)", *(double *)o->value);
    case OPT_STR:
    case OPT_CHOICE:
    case OPT_FILE:
    case OPT_DIR:
    case OPT_OUT:
        s = *(const char **)o->value;
        if (s && *s)
            return buf_fmt(b, " (default: %s)", s);
        return o->flags & OPT_REQUIRED ? buf_str(b, " (needed)") : 0;
    default:
        return 0;
    }
}

/* Help text; its default and choices follow its first line. Further lines say what each choice does. */
static int full_help(struct buf *b, const struct opt *o)
{
    const char *help = o->help ? o->help : "";
    size_t first = strcspn(help, "\n");
    TRY(buf_add(b, help, first));
    if (o->type == OPT_CHOICE && !help[first]) {
        TRY(buf_str(b, " One of"));
        for (const char *const *c = o->choices; *c; c++)
            TRY(buf_fmt(b, "%s %s", c == o->choices ? "" : ",", *c));
        TRY(buf_str(b, "."));
    }
    TRY(help_default(b, o));
    return buf_str(b, help + first);
}

static const char *metavar(const struct opt *o)
{
    if (o->type == OPT_FLAG)
        return NULL;
    return o->arg ? o->arg : "VALUE";
}

/* Words of s from column `col` on, continued at HELP_COLUMN. */
static void print_wrapped(FILE *f, const char *s, int col)
{
    while (*s) {
        int n = (int)strcspn(s, " \n");
        if (col > HELP_COLUMN && col + 1 + n > HELP_WIDTH) {
            fprintf(f, "\n%*s", HELP_COLUMN, "");
            col = HELP_COLUMN;
        } else if (col > HELP_COLUMN) {
            fputc(' ', f);
            col++;
        }
        fprintf(f, "%.*s", n, s);
        col += n;
        s += n;
        if (*s == '\n') {
            fprintf(f, "\n%*s", HELP_COLUMN, "");
            col = HELP_COLUMN;
        }
        s += *s != 0;
    }
    fputc('\n', f);
}

static int help_row(FILE *f, const struct opt *o)
{
    struct buf text = {0};
    const char *arg = metavar(o);
    int rc = 0, col = 0;
    TRY_GOTO(rc, out, full_help(&text, o));
    TRY_GOTO(rc, out, buf_add(&text, "", 1));
    col += o->letter ? fprintf(f, "  -%c, ", o->letter) : fprintf(f, "      ");
    col += fprintf(f, "--%s%s%s", o->name, arg ? " " : "", arg ? arg : "");
    if (col + 2 > HELP_COLUMN)
        fprintf(f, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(f, "%*s", HELP_COLUMN - col, "");
    print_wrapped(f, text.p, HELP_COLUMN);
out:
    buf_free(&text);
    return rc;
}

/* Text as roff: a line must not start with a control character, and - and \ would be changed. */
static void print_roff(FILE *f, const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", f);
    for (; *s; s++) {
        if (*s == '-')
            fputs("\\-", f);
        else if (*s == '\\')
            fputs("\\e", f);
        else if (*s == '\n')
            fputs("\n.br\n", f);
        else
            fputc(*s, f);
    }
}

static int man_row(FILE *f, const struct opt *o)
{
    struct buf text = {0};
    const char *arg = metavar(o);
    int rc = 0;
    TRY_GOTO(rc, out, full_help(&text, o));
    TRY_GOTO(rc, out, buf_add(&text, "", 1));
    fputs(".TP\n", f);
    if (o->letter)
        fprintf(f, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", f);
    print_roff(f, o->name);
    fputs("\\fR", f);
    if (arg) {
        fputs(" \\fI", f);
        print_roff(f, arg);
        fputs("\\fR", f);
    }
    fputc('\n', f);
    print_roff(f, text.p);
    fputc('\n', f);
out:
    buf_free(&text);
    return rc;
}

/* ---- completion: a bash function per tool ---- */

enum fill { FILL_NOTHING, FILL_WORDS, FILL_FILES, FILL_DIRS }; /* what a value can be completed to */

static enum fill fill_of(const struct opt *o)
{
    const char *arg = o->arg ? o->arg : "";
    switch (o->type) {
    case OPT_CHOICE:
        return FILL_WORDS;
    case OPT_DIR:
        return FILL_DIRS;
    case OPT_FILE:
    case OPT_FILES:
    case OPT_OUT:
        return strcmp(arg, "DIR") ? FILL_FILES : FILL_DIRS;
    case OPT_STR:
    case OPT_LIST: /* what is named by its metavariable */
        if (!strncmp(arg, "FILE", 4))
            return FILL_FILES;
        return strcmp(arg, "DIR") ? FILL_NOTHING : FILL_DIRS;
    default:
        return FILL_NOTHING;
    }
}

/* The options themselves, long and short. */
static int completion_words(FILE *f, const struct opt *o)
{
    fprintf(f, " --%s", o->name);
    if (o->type == OPT_FLAG && o->value && *(bool *)o->value)
        fprintf(f, " --no-%s", o->name);
    if (o->letter)
        fprintf(f, " -%c", o->letter);
    return 0;
}

/* One case of the word before: an option that takes a value. */
static int completion_value(FILE *f, const struct opt *o)
{
    static const char *const how[] = {[FILL_NOTHING] = "", [FILL_WORDS] = "-W '", [FILL_FILES] = "-f",
                                      [FILL_DIRS] = "-d"};
    if (o->type == OPT_FLAG)
        return 0;
    fprintf(f, "    --%s", o->name);
    if (o->letter)
        fprintf(f, "|-%c", o->letter);
    enum fill fill = fill_of(o);
    if (fill == FILL_NOTHING)
        return fputs(") return ;;\n", f), 0;
    fprintf(f, ") fill=(%s", how[fill]);
    if (fill == FILL_WORDS) {
        for (const char *const *c = o->choices; *c; c++)
            fprintf(f, "%s%s", c == o->choices ? "" : " ", *c);
        fputc('\'', f);
    }
    fputs(") ;;\n", f);
    return 0;
}

static int each_row(FILE *f, const struct opt *t, int (*print)(FILE *, const struct opt *))
{
    for (; t && t->type != OPT_END; t++)
        TRY(print(f, t));
    return 0;
}

static int all_rows(FILE *f, const struct opt *own, const struct opt *common, int (*print)(FILE *, const struct opt *))
{
    TRY(each_row(f, own, print));
    TRY(each_row(f, common, print));
    return each_row(f, builtin, print);
}

/* bash splits --use=att into three words. After -- and where no option is begun an operand is wanted: a file. */
static int completion(FILE *f, const char *tool, const struct opt *own, const struct opt *common)
{
    fputs("_icdpipe_", f);
    for (const char *c = tool; *c; c++)
        fputc(*c == '-' ? '_' : *c, f);
    fputs("()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} ended= fill=(-f)\n"
          "    COMPREPLY=()\n"
          "    if [ \"$cur\" = = ]; then cur=; elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
          "    if [[ \" ${COMP_WORDS[*]:1:COMP_CWORD-1} \" == *' -- '* ]]; then ended=yes before=; fi\n"
          "    case $before in\n",
          f);
    TRY(all_rows(f, own, common, completion_value));
    fputs("    *) [[ $ended || $cur != -* ]] || fill=(-W '", f);
    TRY(all_rows(f, own, common, completion_words));
    fputs("') ;;\n"
          "    esac\n"
          "    [ \"${fill[0]}\" = -W ] || compopt -o filenames 2>/dev/null\n"
          "    mapfile -t COMPREPLY < <(compgen \"${fill[@]}\" -- \"$cur\")\n"
          "}\ncomplete -o bashdefault -F _icdpipe_",
          f);
    for (const char *c = tool; *c; c++)
        fputc(*c == '-' ? '_' : *c, f);
    fprintf(f, " %s\n", tool);
    return 0;
}

int opt_print(FILE *f, enum opt_asked what, const struct opt_doc *doc, const struct opt *own, const struct opt *common)
{
    switch (what) {
    case OPT_HELP:
        fprintf(f, "Usage: %s %s\n%s\n\nOptions:\n", doc->tool, doc->synopsis, doc->about);
        TRY(all_rows(f, own, common, help_row));
        break;
    case OPT_VERSION:
        fprintf(f, "%s (icdpipe) " ICDPIPE_VERSION "\n", doc->tool);
        break;
    case OPT_MAN:
        TRY(all_rows(f, own, common, man_row));
        break;
    case OPT_COMPLETION:
        TRY(completion(f, doc->tool, own, common));
        break;
    default:
        return err_set(E_BUG, "nothing to print");
    }
    if (fflush(f) != 0 || ferror(f))
        return err_set(E_IO, "standard output: write failed");
    return 0;
}
