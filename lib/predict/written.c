/* What a decoder wrote: see written.h. */
#include "lib/predict/written.h"

#include <string.h>

#include "lib/text/codes.h"

int written_codes(const struct written *w, const int32_t *ids, int64_t n, bool cut, uint8_t *set, struct buf *text,
                  int64_t *unknown)
{
    struct buf own = {0}, *to = text ? text : &own;
    int rc = spm_decode(w->spm, ids, (size_t)n, to);
    if (!rc)
        *unknown = codes_parse(w->labels, to->p ? to->p : "", to->n, cut, set);
    buf_free(&own);
    return rc;
}

/* Does the piece of the last token end an item? A blank at its beginning, a comma or the like in it. */
static bool ends_item(const char *piece)
{
    return piece && (!strncmp(piece, "\xe2\x96\x81", 3) || strpbrk(piece, ",; \t\r\n\f\v"));
}

bool written_again(void *written, const int32_t *ids, int64_t n)
{
    const struct written *w = written;
    struct buf text = {0};
    bool again = n > 0 && ends_item(spm_piece(w->spm, ids[n - 1])) && !spm_decode(w->spm, ids, (size_t)n, &text) &&
                 codes_again(w->labels, text.p ? text.p : "", text.n);
    buf_free(&text);
    return again;
}
