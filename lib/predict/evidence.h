/* Where a label attention looked: the places of a note with the most weight. Tests: tests/cli/icd-infer.sh. */
#ifndef ICD_EVIDENCE_H
#define ICD_EVIDENCE_H
#include <stdint.h>

enum { TOP_TOKENS = 8 }; /* tokens of evidence per code */
struct evidence_span {
    uint32_t begin, end; /* bytes of the raw note; end 0: none */
    double weight;
};
/* The TOP_TOKENS heaviest of n tokens by their weights for one label, those that touch in the note made one span; the
 * heaviest first. offset: begin and end of each token; tokens without bytes (eos, a prompt's pieces) do not count.
 * top (TOP_TOKENS) is zeroed. */
void evidence_top(const uint32_t *offset, int64_t n, const float *weight, struct evidence_span *top);

#endif
