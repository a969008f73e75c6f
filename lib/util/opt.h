/* Options: one table per tool, the only place where an option is declared. It drives parsing, range checks, --help, the
 * man page's OPTIONS (--help-man), shell completion (--help-completion) and the resolved options in a stream's history.
 * Tests: tests/unit/opt.c, tests/cli/man.sh. */
#ifndef ICD_OPT_H
#define ICD_OPT_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum opt_type {
    OPT_END = 0, /* last row of a table */
    OPT_FLAG,    /* bool *, --x and --no-x */
    OPT_INT,     /* int64_t *, within [min,max] */
    OPT_REAL,    /* double *, within [min,max], NaN refused */
    OPT_STR,     /* const char ** */
    OPT_CHOICE,  /* const char **, one of `choices` */
    OPT_FILE,    /* const char **, a file to read; history keeps its base name only */
    OPT_DIR,     /* const char **, a directory or archive to read; likewise */
    OPT_OUT,     /* const char **, a file to write; never in history */
    OPT_LIST,    /* struct opt_list *, may be given several times */
    OPT_FILES,   /* likewise, files or directories to read; history keeps their base names */
};
enum { /* flags */
    OPT_REQUIRED = 1,
    OPT_QUIET = 2, /* left out of history: does not change the records (-q, -j, progress) */
};
struct opt_list {
    const char **v;
    int n;
};
struct opt {
    const char *name; /* long name without -- */
    char letter;      /* short name or 0 */
    enum opt_type type;
    void *value;     /* holds the default before parsing; defaults are printed from here (not INT64_MIN, NaN, NULL:
                        not set; the help says what follows then) */
    const char *arg; /* metavariable, NULL for flags */
    /* What it is for, in a sentence or more; the default is added. OPT_CHOICE: a line more for each choice, "name: what
     * it does"; without such lines the names are added. */
    const char *help;
    double min, max; /* OPT_INT and OPT_REAL; both 0: unlimited */
    const char *const *choices; /* OPT_CHOICE, NULL-terminated */
    unsigned flags;
};

/* What a tool is, for help and man. */
struct opt_doc {
    const char *tool;     /* "rec-cat" */
    const char *synopsis; /* "[OPTION]... [FILE]" */
    const char *about;    /* one line */
};

/* Parse argv against up to two tables (the tool's, then the common one; each ends with OPT_END).
 * Operands are left in argv[1..*nargs] order-preserved; "--" ends options; a lone "-" is an operand.
 * `--opt value`, `--opt=value`, `-o value`, `-ovalue`, unambiguous long prefixes are NOT accepted.
 * E_USAGE with a message on anything wrong. --help, --version, --help-man and --help-completion are
 * recognised here and returned in *asked (0 when not asked for). */
enum opt_asked { OPT_NOTHING = 0, OPT_HELP, OPT_VERSION, OPT_MAN, OPT_COMPLETION };
int opt_parse(const struct opt *own, const struct opt *common, int *argc, char **argv, enum opt_asked *asked);

int opt_print(FILE *f, enum opt_asked what, const struct opt_doc *doc, const struct opt *own, const struct opt *common);

/* Resolved options as a JSON object {name: value} (new reference), OPT_QUIET and OPT_OUT left out,
 * paths as base names, NULL strings left out. Keys in table order. */
json_t *opt_resolved(const struct opt *own, const struct opt *common);

/* The index of `one`, the value of an OPT_CHOICE, among its choices: an enum in the order of the choices. */
int opt_place(const char *const *choices, const char *one);

/* "k=v,k=v", the form of --init: calls set(key, value, ctx) for each pair. */
int opt_pairs(const char *s, int (*set)(const char *k, const char *v, void *ctx), void *ctx);

#endif
