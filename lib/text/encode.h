/* How a note becomes ids: one rule, shared by tokenize (which writes them) and note-sample (whose budget counts them).
 *   prompt before | pieces of each span, or of the whole text | prompt after | eos
 * Every span is a segment of its own, so the count of a selection is the sum of its spans' counts (spm_count),
 * plus the prompt's, plus one for eos. Tests: tests/unit/spm.c. */
#ifndef ICD_ENCODE_H
#define ICD_ENCODE_H
#include "lib/text/prompt.h"

/* span: nspan pairs begin,end within text, in order; nspan 0: the whole text. prompt may be NULL. max_length 0: no
 * limit; else the note is cut so that all has at most max_length ids (E_USAGE when the prompt alone has more).
 * *full: how many ids there were before the cut (eos counted), so the note was cut iff *full > out->n. Of a text longer
 * than SPM_WINDOW bytes only as much is encoded as the limit needs; *full is then a guess from the ids per byte so far,
 * and *guess (NULL is fine) is set. `out` is overwritten. */
int encode_note(const struct spm *s, const struct prompt *prompt, const char *text, size_t n, const int64_t *span,
                size_t nspan, size_t max_length, struct spm_ids *out, size_t *full, bool *guess);

#endif
