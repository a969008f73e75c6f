/* What mimic-split tells of a corpus: counts, label frequencies, prior shift, and whether it is MIMIC-III v1.4 as
 * everybody knows it. Everything is one JSON object; the tool prints its lines from it. Tests:
 * tests/cli/mimic-split*.sh. */
#ifndef ICD_SPLIT_REPORT_H
#define ICD_SPLIT_REPORT_H
#include "lib/ingest/caml_text.h"
#include "lib/ingest/label_set.h"
#include <jansson.h>

struct split_tally { /* of the records written */
    uint64_t admissions[SPLITS_N], positives[SPLITS_N], unlabelled[SPLITS_N], uncoded[SPLITS_N];
    uint64_t (*by_label)[SPLITS_N]; /* positives of each label */
    uint64_t duplicates;
};
struct split_facts {
    const struct mimic *m;
    const struct label_set *labels; /* NULL: no gold was asked for */
    const char *label_set, *lists;
    bool bundled; /* CAML's own lists */
    const struct split_tally *tally;
    const struct caml_text *caml; /* NULL: raw text */
};
/* E_NOMEM. *out is a new reference. Its parts: "source", "tables", "notes", "codes", "splits", "subjects", "shift",
 * "labels" (each label's positives and share in every split), "checks" [{check, got, want, ok}]. */
int split_report(const struct split_facts *f, json_t **out);

/* ---- known_counts.c: the counts of MIMIC-III v1.4 ---- */
/* [{check, got, want, ok}], empty where the published counts do not apply. */
json_t *known_counts(const struct split_facts *f);
/* Are these CAML's lists over a NOTEEVENTS of v1.4's size, addenda and all? Nine in ten admissions of the lists are to
 * be there. */
bool known_corpus(const struct split_facts *f);
/* [sentence]: what is known to go wrong, seen here. */
json_t *known_symptoms(const struct split_facts *f);
uint64_t subjects_in_two_splits(const struct mimic *m);
bool subjects_ordered(const struct mimic *m); /* largest of train < smallest of dev, and so on */

#endif
