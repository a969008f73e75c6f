/* The notes of one admission as one text. Tests: tests/cli/mimic-split.sh. */
#ifndef ICD_DOCUMENT_H
#define ICD_DOCUMENT_H
#include "lib/ingest/caml_text.h"
#include "lib/ingest/mimic.h"

enum note_order {
    ORDER_FILE,   /* as in the table (CAML) */
    ORDER_REPORT, /* reports before all else, then by time, date, row (Edin et al. 2024) */
    ORDER_TIME    /* by time, date, kind descending (LAAT) */
}; /* an empty time or date comes last; what is equal stays in file order */
struct document {
    /* how */
    enum note_order order;
    const char *separator;
    bool duplicates;        /* keep a note that is the same text as an earlier one of the admission */
    struct caml_text *caml; /* CAML's words instead of the text; NULL: the text */
    /* what: of the admission made last */
    struct buf text;
    struct mimic_part *part; /* strings borrowed from the admission; bytes of `text` */
    size_t parts;
    uint64_t dropped; /* duplicates, so far */
};
int document_make(struct document *d, const struct mimic_admission *a);
void document_free(struct document *d);

#endif
