/* CAML's F1 by kind of code, defects and all, for comparison with numbers made by it; f1_micro_diagnosis and
 * f1_micro_procedure (icd-score --kinds) are the clean ones. The defects: only notes with a gold and a predicted
 * diagnosis are looked at, for procedures too; and an E code with a dot is a diagnosis where it is predicted but
 * nothing where it is gold, so that every right one counts as wrong. */
#include <stdlib.h>
#include <string.h>

#include "lib/metric/kind.h"
#include "lib/metric/metric.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum { OTHER, DIAGNOSIS, PROCEDURE, E_DOTTED };

static uint8_t kind(const char *code)
{
    const char *dot = strchr(code, '.');
    size_t n = dot ? (size_t)(dot - code) : strlen(code);
    bool e_code = *code == 'E' && n == 4;
    if (dot && n == 2)
        return PROCEDURE;
    if (dot && e_code)
        return E_DOTTED;
    return n == 3 || e_code ? DIAGNOSIS : OTHER;
}

static uint32_t any(const uint8_t *of, const uint32_t *label, uint32_t n, bool predicted)
{
    uint32_t k = 0;
    for (uint32_t j = 0; j < n; j++)
        k += of[label[j]] == DIAGNOSIS || (predicted && of[label[j]] == E_DOTTED);
    return k;
}

/* F1 over kind x = DIAGNOSIS or PROCEDURE. */
static double f1(const struct metric_set *s, const uint8_t *of, uint8_t x)
{
    double tp = 0, gold = 0, pred = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        if (!any(of, n->gold, n->n_gold, false) || !any(of, n->pred, n->n_pred, true))
            continue;
        for (uint32_t g = 0; g < n->n_gold; g++)
            gold += of[n->gold[g]] == x ? n->weight : 0;
        for (uint32_t g = 0, p = 0; p < n->n_pred; p++) {
            uint32_t l = n->pred[p];
            while (g < n->n_gold && n->gold[g] < l)
                g++;
            pred += of[l] == x || (x == DIAGNOSIS && of[l] == E_DOTTED) ? n->weight : 0;
            tp += of[l] == x && g < n->n_gold && n->gold[g] == l ? n->weight : 0;
        }
    }
    return metric_ratio(2 * tp, gold + pred);
}

static int eval(const struct metric_set *s, struct metric_list *out)
{
    uint8_t *of = mem_alloc(s->L, sizeof *of);
    if (!of)
        return E_NOMEM;
    for (size_t l = 0; l < s->L; l++)
        of[l] = kind(s->code[l]);
    double diagnosis = f1(s, of, DIAGNOSIS), procedure = f1(s, of, PROCEDURE);
    free(of);
    TRY(metric_add(out, "f1_micro_diagnosis_caml", diagnosis));
    return metric_add(out, "f1_micro_procedure_caml", procedure);
}

REGISTER(metric, kind_caml, .order = 85, .needs = METRIC_WHOLE, .eval = eval);
