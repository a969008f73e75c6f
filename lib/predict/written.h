/* What a decoder wrote, read as codes; icd-train evaluates by it and icd-infer predicts by it.
 * Tests: tests/unit/codes.c, tests/cli/icd-infer.sh. */
#ifndef ICD_WRITTEN_H
#define ICD_WRITTEN_H
#include "lib/text/labels.h"
#include "lib/text/spm.h"

struct written {
    const struct spm *spm;
    const struct labels *labels;
};
/* set[label] becomes 1 for each code; text, if not NULL, gets the text; unknown: how many items are no label. cut: the
 * text met its limit, so an item that nothing follows is unfinished and says nothing. */
int written_codes(const struct written *w, const int32_t *ids, int64_t n, bool cut, uint8_t *set, struct buf *text,
                  int64_t *unknown);
/* For generate_greedy: has the last token ended a code that was written before? No more comes of such a text: targets
 * never repeat a code, and a decoder that does goes round in circles up to its limit. */
bool written_again(void *written, const int32_t *ids, int64_t n);

#endif
