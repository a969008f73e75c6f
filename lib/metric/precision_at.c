/* Precision at 5: hits among the labels with the highest scores, over min(5, L), averaged over admissions. Of equal
 * scores the higher label index goes first (what reversing a stable ascending sort gives; CAML's own sort is not
 * stable). */
#include "lib/metric/metric.h"

enum { AT = 5 };

static int eval(const struct metric_set *s, struct metric_list *out)
{
    size_t k = s->L < AT ? s->L : AT, hits = 0;
    for (size_t i = 0; i < s->n; i++) {
        const float *v = s->score + i * s->L;
        size_t top[AT + 1], n = 0; /* the best so far, best first; insertion, as k is small */
        for (size_t l = s->L; l-- > 0;) {
            size_t at = n;
            while (at > 0 && v[l] > v[top[at - 1]]) {
                top[at] = top[at - 1];
                at--;
            }
            top[at] = l;
            if (n < k)
                n++;
        }
        for (size_t j = 0; j < k; j++)
            hits += s->gold[i * s->L + top[j]];
    }
    return metric_add(out, "prec_at_5", metric_ratio((double)hits, (double)(s->n * k)), AT);
}

const struct metric metric_precision_at = {.name = "precision_at", .order = 50, .scores = true, .eval = eval};
REGISTER(metric, precision_at);
