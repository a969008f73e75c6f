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

/* Help text with its default or choices behind. */
static int full_help(struct buf *b, const struct opt *o)
{
    TRY(buf_str(b, o->help ? o->help : ""));
    if (o->type == OPT_CHOICE) {
        TRY(buf_str(b, " One of"));
        for (const char *const *c = o->choices; *c; c++)
            TRY(buf_fmt(b, "%s %s", c == o->choices ? "" : ",", *c));
        TRY(buf_str(b, "."));
    }
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

static const char *metavar(const struct opt *o)
{
    return o->type == OPT_FLAG ? NULL : o->arg ? o->arg : "VALUE";
}

/* Words of s from column `col` on, continued at HELP_COLUMN. */
static void print_wrapped(FILE *f, const char *s, int col)
{
    while (*s) {
        int n = (int)strcspn(s, " ");
        if (col > HELP_COLUMN && col + 1 + n > HELP_WIDTH) {
            fprintf(f, "\n%*s", HELP_COLUMN, "");
            col = HELP_COLUMN;
        } else if (col > HELP_COLUMN) {
            fputc(' ', f);
            col++;
        }
        fprintf(f, "%.*s", n, s);
        col += n;
        s += n + (s[n] == ' ');
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

static void completion_words(FILE *f, const struct opt *t)
{
    for (; t && t->type != OPT_END; t++) {
        fprintf(f, " --%s", t->name);
        if (t->type == OPT_FLAG && t->value && *(bool *)t->value)
            fprintf(f, " --no-%s", t->name);
    }
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
        fputs("complete -o default -W '", f);
        completion_words(f, own);
        completion_words(f, common);
        completion_words(f, builtin);
        fprintf(f, "' %s\n", doc->tool);
        break;
    default:
        return err_set(E_BUG, "nothing to print");
    }
    if (fflush(f) != 0 || ferror(f))
        return err_set(E_IO, "standard output: write failed");
    return 0;
}
