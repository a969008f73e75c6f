/* Eq. 5 and thresholds: see decide.h. */
#include "lib/predict/decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metric/threshold.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

const char *const decide_names[DECISIONS + 1] = {"gen", "att", "code", "mix", "or", "and", NULL};

/* ---- deciding ---- */

/* What is compared with the threshold. */
static inline float combined(enum decide_by by, double lambda, float score, bool text)
{
    switch (by) {
    case DECIDE_MIX:
        return (float)(lambda * text + (1 - lambda) * (double)score);
    case DECIDE_OR:
        return text ? 1 : score;
    case DECIDE_AND:
        return text ? score : 0;
    default:
        return score;
    }
}

void decide(const struct decision *d, const float *score, const uint8_t *gen, uint8_t *code)
{
    for (size_t l = 0; l < d->L; l++) {
        bool text = d->by != DECIDE_ATT && gen[l];
        double t = d->thresholds ? d->thresholds[l] : d->threshold;
        if (d->by == DECIDE_GEN || (d->by == DECIDE_CODE && d->text[l]))
            code[l] = text;
        else
            code[l] = (double)combined(d->by, d->lambda, score[l], text) > t;
    }
}

int decide_f1(const struct decision *d, const struct metric_note *note, size_t n, const uint8_t *gen, double *f1)
{
    uint64_t hits = 0, both = 0; /* both: predicted and gold */
    uint8_t *code = mem_alloc(d->L, 1);
    if (!code)
        return E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        decide(d, note[i].score, gen ? gen + i * d->L : NULL, code);
        for (size_t l = 0; l < d->L; l++)
            both += code[l];
        for (uint32_t j = 0; j < note[i].n_gold; j++)
            hits += code[note[i].gold[j]];
        both += note[i].n_gold;
    }
    free(code);
    *f1 = metric_ratio(2 * (double)hits, (double)both);
    return 0;
}

/* ---- choosing ---- */

int ensemble_open(struct ensemble *e, size_t L)
{
    *e = (struct ensemble){.best = DECIDE_MIX};
    for (int by = 0; by < DECISIONS; by++)
        e->of[by] = (struct decision){.by = (enum decide_by)by, .L = L, .threshold = 0.5, .lambda = 0.5};
    return (e->of[DECIDE_CODE].text = mem_zalloc(L, 1)) ? 0 : E_NOMEM;
}

void ensemble_close(struct ensemble *e)
{
    free(e->of[DECIDE_CODE].text);
    *e = (struct ensemble){0};
}

/* The threshold of a reading that combines the sides to a number, and its F1. x (n,L), own (n): scratch. */
static int fit_threshold(struct decision *d, const struct metric_note *note, size_t n, const uint8_t *gen, float *x,
                         struct metric_note *own)
{
    struct metric_set set = {.n = n, .L = d->L, .note = own};
    double f1;
    for (size_t i = 0; i < n; i++) {
        own[i] = note[i];
        own[i].score = x + i * d->L;
        for (size_t l = 0; l < d->L; l++)
            x[i * d->L + l] = combined(d->by, d->lambda, note[i].score[l], gen[i * d->L + l]);
    }
    int rc = threshold_all(&set, &d->threshold, &f1);
    if (rc == E_DATA) { /* no gold code: nothing to choose by */
        d->threshold = 0.5;
        rc = 0;
    }
    return rc ? rc : decide_f1(d, note, n, gen, &d->f1);
}

/* Lambda of a mixture: the most even of the best. */
static int fit_mix(struct decision *d, const struct metric_note *note, size_t n, const uint8_t *gen, float *x,
                   struct metric_note *own)
{
    static const double lambda[] = {0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9};
    struct decision one = *d;
    d->f1 = -1;
    for (size_t i = 0; i < sizeof lambda / sizeof *lambda; i++) {
        one.lambda = lambda[i];
        TRY(fit_threshold(&one, note, n, gen, x, own));
        if (one.f1 > d->f1)
            *d = one;
    }
    return 0;
}

/* Lambda of each code by its own F1 on either side. */
static int fit_code(struct decision *d, const struct metric_note *note, size_t n, const uint8_t *gen, bool text)
{
    struct tally {
        int64_t gold, predicted[2], hit[2]; /* by the scores, by the text */
    } *tally = mem_zalloc(d->L, sizeof *tally);
    if (!tally)
        return E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *row = gen + i * d->L;
        for (size_t l = 0; l < d->L; l++) {
            tally[l].predicted[0] += (double)note[i].score[l] > d->threshold;
            tally[l].predicted[1] += row[l];
        }
        for (uint32_t j = 0; j < note[i].n_gold; j++) {
            uint32_t l = note[i].gold[j];
            tally[l].gold++;
            tally[l].hit[0] += (double)note[i].score[l] > d->threshold;
            tally[l].hit[1] += row[l];
        }
    }
    for (size_t l = 0; l < d->L; l++) {
        const struct tally *t = &tally[l];
        double f[2];
        for (int s = 0; s < 2; s++)
            f[s] = metric_ratio(2 * (double)t->hit[s], (double)(t->gold + t->predicted[s]));
        d->text[l] = f[1] != f[0] ? f[1] > f[0] : text;
    }
    free(tally);
    return decide_f1(d, note, n, gen, &d->f1);
}

int ensemble_fit(struct ensemble *e, const struct metric_note *note, size_t n, const uint8_t *gen, double threshold,
                 bool text)
{
    static const enum decide_by order[] = {DECIDE_MIX, DECIDE_CODE, DECIDE_OR, DECIDE_AND};
    float *x = mem_alloc(n * e->of[0].L, sizeof *x);
    struct metric_note *own = mem_alloc(n, sizeof *own);
    int rc = x && own ? 0 : E_NOMEM;
    e->of[DECIDE_CODE].threshold = threshold;
    TRY_GOTO(rc, out, rc);
    TRY_GOTO(rc, out, fit_mix(&e->of[DECIDE_MIX], note, n, gen, x, own));
    TRY_GOTO(rc, out, fit_code(&e->of[DECIDE_CODE], note, n, gen, text));
    TRY_GOTO(rc, out, fit_threshold(&e->of[DECIDE_OR], note, n, gen, x, own));
    TRY_GOTO(rc, out, fit_threshold(&e->of[DECIDE_AND], note, n, gen, x, own));
    e->best = order[0];
    for (int i = 1; i < 4; i++)
        if (e->of[order[i]].f1 > e->of[e->best].f1)
            e->best = order[i];
out:
    free(x);
    free(own);
    return rc;
}

/* ---- in icd.json ---- */

static json_t *decision_json(const struct decision *d)
{
    json_t *j = json_pack("{s:f,s:f}", "f1", d->f1, "threshold", d->threshold), *codes = NULL;
    int bad = !j;
    if (!bad && d->by == DECIDE_MIX)
        bad = json_object_set_new(j, "lambda", json_real(d->lambda));
    if (!bad && d->by == DECIDE_CODE) {
        codes = json_array();
        for (size_t l = 0; l < d->L; l++)
            bad |= json_array_append_new(codes, json_integer(d->text[l]));
        bad |= json_object_set_new(j, "lambda", codes);
    }
    if (!bad)
        return j;
    json_decref(j);
    return NULL;
}

json_t *ensemble_json(const struct ensemble *e)
{
    json_t *j = json_pack("{s:s}", "best", decide_names[e->best]);
    for (int by = DECIDE_CODE; j && by < DECISIONS; by++)
        if (json_object_set_new(j, decide_names[by], decision_json(&e->of[by]))) {
            json_decref(j);
            return NULL;
        }
    return j;
}

static int decision_read(struct decision *d, const json_t *j)
{
    const char *name = decide_names[d->by];
    const json_t *t = json_object_get(j, "threshold"), *lambda = json_object_get(j, "lambda");
    if (!json_is_number(t))
        return err_set(E_DATA, "ensemble: %s has no threshold", name);
    d->threshold = json_number_value(t);
    d->f1 = json_number_value(json_object_get(j, "f1"));
    if (d->by == DECIDE_MIX) {
        d->lambda = json_is_number(lambda) ? json_number_value(lambda) : NAN;
        return d->lambda >= 0 && d->lambda <= 1 ? 0 : err_set(E_DATA, "ensemble: mix has no lambda from 0 to 1");
    }
    if (d->by != DECIDE_CODE)
        return 0;
    if (json_array_size(lambda) != d->L)
        return err_set(E_DATA, "ensemble: code has %zu lambdas for %zu labels", json_array_size(lambda), d->L);
    for (size_t l = 0; l < d->L; l++) {
        const json_t *v = json_array_get(lambda, l);
        if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 1)
            return err_set(E_DATA, "ensemble: code: lambda %zu is not 0 or 1", l + 1);
        d->text[l] = json_integer_value(v) == 1;
    }
    return 0;
}

int ensemble_read(struct ensemble *e, const json_t *j)
{
    const char *best = json_string_value(json_object_get(j, "best"));
    bool found = false;
    for (int by = DECIDE_CODE; by < DECISIONS; by++) {
        TRY(decision_read(&e->of[by], json_object_get(j, decide_names[by])));
        if (best && !strcmp(best, decide_names[by])) {
            e->best = (enum decide_by)by;
            found = true;
        }
    }
    return found ? 0 : err_set(E_DATA, "ensemble: best is none of them");
}
