/* Reports on samples: --explain's field for one note, --stats' table over all notes. Neither has any text of a note.
 * Tests: tests/cli/note-sample.sh. */
#ifndef ICD_SAMPLE_REPORT_H
#define ICD_SAMPLE_REPORT_H
#include <msgpack.h>
#include <stdio.h>

#include "lib/text/sample.h"

/* The map that note-sample(1) describes under SAMPLE FIELD. `s` was ranked, unless the level is none. E_NOMEM. */
int sample_explain(msgpack_packer *pk, const struct sample_cfg *cfg, const char *text, const struct sample *s);

/* One kind of section over all notes. Sums are integers, so that threads cannot change them. */
struct sample_tally {
    uint64_t chosen, n, words, p; /* p in billionths */
};
struct sample_stats { /* zero it; tally: one of each kind, NULL at level none */
    struct sample_tally *tally;
    uint64_t notes, unmatched, flat, fitting, tokens, head, kept;
    uint64_t longest, longest_head, longest_kept;
};
void sample_stats_add(struct sample_stats *t, const struct sample_cfg *cfg, const struct sample *s);
/* The paper's Table 4 and what is lost. */
int sample_stats_print(const struct sample_stats *t, const struct sample_cfg *cfg, FILE *f);

#endif
