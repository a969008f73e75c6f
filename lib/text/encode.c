/* One rule from note to ids: see encode.h. */
#include "lib/text/encode.h"

#include "lib/util/err.h"
#include "lib/util/utf8.h"

int encode_note(const struct spm *s, const struct prompt *prompt, const char *text, size_t n, const int64_t *span,
                size_t nspan, size_t max_length, struct spm_ids *out, size_t *full, bool *guess)
{
    int32_t eos = spm_info(s)->eos;
    int64_t whole[2] = {0, (int64_t)n};
    if (eos < 0)
        return err_set(E_DATA, "the tokenizer has no end-of-sequence piece");
    if (n > UINT32_MAX)
        return err_set(E_DATA, "text is longer than 4 GiB");
    if (nspan == 0) {
        span = whole;
        nspan = 1;
    }
    size_t before = prompt ? prompt->before.n : 0, after = prompt ? prompt->after.n : 0;
    if (max_length && max_length < before + after + 1)
        return err_set(E_USAGE, "a length of %zu leaves no room behind the prompt's %zu ids", max_length,
                       before + after);
    size_t room = max_length ? max_length - before - after - 1 : SIZE_MAX;
    size_t read = 0, left = 0; /* bytes that were encoded, that were not */
    out->n = 0;
    for (size_t i = 0; i < before; i++)
        TRY(spm_ids_add(out, prompt->before.id[i], 0, 0));
    for (size_t i = 0; i < nspan; i++) {
        int64_t b = span[2 * i], e = span[2 * i + 1];
        if (b < 0 || e < b || (uint64_t)e > n)
            return err_set(E_DATA, "span %zu is outside the text", i);
        if (!utf8_border(text, n, (size_t)b) || !utf8_border(text, n, (size_t)e))
            return err_set(E_DATA, "field spans: span %zu begins or ends within a character", i + 1);
        size_t have = out->n - before, count, done = 0;
        if (have <= room || read < SPM_WINDOW)
            TRY(spm_encode_some(s, text + b, (size_t)(e - b), (uint32_t)b, SPM_WINDOW, have < room ? room - have : 0,
                                out, &count, &done));
        read += done;
        left += (size_t)(e - b) - done;
    }
    if (guess)
        *guess = left > 0;
    *full = out->n + after + 1;
    if (left)
        *full += (size_t)((double)left * (double)(out->n - before) / (double)read);
    if (max_length && *full > max_length)
        out->n = max_length - after - 1;
    uint32_t end = (uint32_t)span[2 * nspan - 1];
    for (size_t i = 0; i < after; i++)
        TRY(spm_ids_add(out, prompt->after.id[i], end, end));
    return spm_ids_add(out, eos, end, end);
}
