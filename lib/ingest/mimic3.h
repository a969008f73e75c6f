/* MIMIC-III v1.4 tables -> admissions with notes and codes: a hash join on HADM_ID against the split lists. What is
 * kept is the text of the admissions in the lists, nothing else, so memory is bounded by it. Notes and codes are read
 * by two functions: who wants notes only never opens a label table. Tests: tests/cli/mimic-split.sh. */
#ifndef ICD_MIMIC3_H
#define ICD_MIMIC3_H
#include "lib/ingest/icd9.h"
#include "lib/ingest/splits.h"
#include "lib/util/buf.h"

struct mimic_part { /* one note of an admission */
    char *kind, *date; /* DESCRIPTION, CHARTDATE */
    int64_t row;       /* ROW_ID; where there is none the number of the row in the table */
    size_t begin, end; /* bytes of the admission's text */
};
struct mimic_code {
    char code[ICD9_MAX];
    int64_t seq; /* SEQ_NUM, -1: not given */
};
struct mimic_admission {
    int64_t id, subject;
    enum split split;
    struct buf text;
    struct mimic_part *part;
    struct mimic_code *code; /* diagnoses in file order, then procedures */
    size_t parts, codes;
};
struct mimic3 {
    const struct splits *splits;
    struct mimic_admission *adm; /* as in splits->v */
    struct mimic_admission **order; /* those with a note, by subject and id; after mimic3_sort */
    size_t n;
    struct mimic_counts {
        uint64_t note_rows, summaries, no_hadm, not_listed, bad_bytes, code_rows, null_codes, code_no_hadm;
    } counts;
};
int mimic3_open(struct mimic3 *m, const struct splits *s);
/* NOTEEVENTS: the rows of category exactly "Discharge summary", Report and Addendum, file order within an admission,
 * joined with `separator`. */
int mimic3_notes(struct mimic3 *m, const char *where, const char *separator);
/* DIAGNOSES_ICD, then PROCEDURES_ICD. */
int mimic3_codes(struct mimic3 *m, const char *where);
int mimic3_sort(struct mimic3 *m);
void mimic3_close(struct mimic3 *m);

#endif
