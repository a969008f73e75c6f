/* MIMIC tables -> admissions with notes and codes: a hash join on HADM_ID against the split lists. What is kept is the
 * text of the admissions in the lists, nothing else, so memory is bounded by it. Who asks for no codes never opens a
 * label table. MIMIC-III and MIMIC-IV differ in names and code systems only: the table `sources` in mimic.c. Tests:
 * tests/cli/mimic-split*.sh. */
#ifndef ICD_MIMIC_H
#define ICD_MIMIC_H
#include "lib/code/code.h"
#include "lib/ingest/caml_numbers.h"
#include "lib/ingest/icd10.h"
#include "lib/ingest/splits.h"
#include "lib/util/buf.h"
#include <stdbool.h>

struct mimic_part {           /* one note of an admission */
    char *kind, *date, *time; /* Report or Addendum, CHARTDATE, CHARTTIME */
    int64_t row;              /* ROW_ID; where there is none the number of the row in the table */
    size_t begin, end;        /* bytes of the admission's text */
};
struct mimic_code {
    char code[ICD9_MAX];
    enum icd9_kind kind;
    int64_t seq; /* SEQ_NUM, -1: not given */
};
struct mimic_admission {
    int64_t id, subject;
    enum split split;
    struct buf text; /* of its notes in file order, nothing between */
    struct mimic_part *part;
    struct mimic_code *code; /* diagnoses in file order, then procedures */
    size_t parts, codes;
    bool coded[2]; /* has code rows of the version asked for, of the other one */
};
struct mimic_opts {
    const char *source;                     /* "mimic3", "mimic4" */
    int icd;                                /* 9, 10: rows of the other version are left out (mimic4) */
    enum icd10_form form;                   /* of ICD-10 codes */
    bool addenda;                           /* keep addenda */
    bool codes;                             /* read the codes too */
    bool one_version;                       /* leave out admissions coded in the other version alone (mimic4) */
    bool skip_bad;                          /* leave out codes of an impossible shape; else they are an error */
    bool caml_numbers;                      /* spoil the codes as CAML did (mimic3) */
    bool thread;                            /* decompress in a thread of its own */
    void (*tick)(void *ctx, uint64_t rows); /* now and then while notes are read; may be NULL */
    void *ctx;
};
enum { MIMIC_TABLES = 3, MIMIC_SHOWN = 3 };
/* Cells of the code tables that are no codes: how many, and the first few different ones. */
struct mimic_odd {
    uint64_t n;
    size_t shown;
    struct mimic_cell {
        char text[ICD9_MAX], table[64];
        uint64_t row;
    } first[MIMIC_SHOWN];
};
struct mimic {
    const struct splits *splits;
    const struct mimic_opts *opts;
    struct mimic_admission *adm;    /* as in splits->v */
    struct mimic_admission **order; /* those with a note that are not left out, by subject and id */
    size_t n;
    struct mimic_table { /* notes, diagnoses, procedures */
        const char *name;
        char file[256], xxh64[17];
        uint64_t rows;
        unsigned others; /* files of the same name that were not read */
    } table[MIMIC_TABLES];
    struct mimic_counts {
        uint64_t summaries, no_hadm, not_listed, addenda, bad_bytes;      /* notes */
        uint64_t code_no_hadm, code_not_listed, null_codes, other_system; /* code rows */
        uint64_t procedures, zero_procedures;                             /* those that begin with 0 */
        uint64_t decimals;                                                /* raw codes like 66.0 or 14. */
        uint64_t admissions;                                              /* that have a summary, in a list or not */
        uint64_t other_version[SPLITS_N]; /* admissions left out because of opts->one_version */
        uint64_t two_versions;            /* admissions with codes of both versions */
        struct mimic_odd null_words, bad_codes;
    } counts;
    /* private */
    int64_t *unlisted; /* admissions with a summary that are in no list */
    size_t n_unlisted;
    struct caml_row *raw[2]; /* opts->caml_numbers: every code row */
    size_t n_raw[2];
};
int mimic_read(struct mimic *m, const struct splits *s, const struct mimic_opts *o, char *const *where, int n);
void mimic_close(struct mimic *m);

#endif
