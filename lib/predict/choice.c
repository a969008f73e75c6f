/* What of a model runs: see choice.h. */
#include "lib/predict/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

static int number_in(const json_t *icd, const char *key, double *v)
{
    const json_t *j = json_object_get(icd, key);
    *v = json_is_number(j) ? json_number_value(j) : NAN;
    return isfinite(*v) ? 0 : err_set(E_DATA, "icd.json has no number %s", key);
}

/* NAN: none is given, so the model's. */
static int given_threshold(const char *text, double *t)
{
    char *end;
    *t = NAN;
    if (!text || !strcmp(text, "dev"))
        return 0;
    *t = strtod(text, &end);
    if (!*text || *end || !(*t >= 0 && *t <= 1))
        return err_set(E_USAGE, "--threshold: a number from 0 to 1, or dev");
    return 0;
}

/* One of the two sides for all codes: the one that was better on the dev notes. A threshold asks for scores. */
static int choose_side(const json_t *icd, bool head, bool threshold, enum decide_by *by)
{
    double lambda = 1;
    if (head)
        TRY(number_in(icd, "lambda", &lambda));
    if (lambda != 0 && lambda != 1)
        return err_set(E_DATA, "icd.json: lambda is not 0 or 1");
    *by = lambda == 1 && !(threshold && head) ? DECIDE_GEN : DECIDE_ATT;
    return 0;
}

static int choose_reading(const char *name, const json_t *icd, size_t L, struct chosen *out)
{
    const json_t *j = json_object_get(icd, "ensemble");
    if (!j)
        return err_set(E_DATA, "icd.json has no ensemble: the model was not trained with --loss gen+att and dev notes");
    TRY(ensemble_open(&out->values, L));
    TRY(ensemble_read(&out->values, j));
    enum decide_by by = out->values.best;
    for (int i = DECIDE_CODE; name && i < DECISIONS; i++)
        if (!strcmp(name, decide_names[i]))
            by = (enum decide_by)i;
    out->by = out->values.of[by];
    return 0;
}

int choice_decision(const struct choice *c, const json_t *icd, bool head, size_t L, struct chosen *out)
{
    bool both = c->ensemble || !strcmp(c->use, "ensemble");
    bool global = c->ensemble && !strcmp(c->ensemble, "global");
    double given;
    *out = (struct chosen){.by = {.by = DECIDE_ATT, .L = L, .threshold = 0.5}};
    /* what goes together */
    if (c->thresholds && c->threshold)
        return err_set(E_USAGE, "--threshold and --thresholds cannot go together");
    if (c->thresholds && (both || !strcmp(c->use, "gen")))
        return err_set(E_USAGE, "--thresholds are of the label attention alone: --use att or auto");
    if (c->ensemble && strcmp(c->use, "ensemble") && strcmp(c->use, "auto"))
        return err_set(E_USAGE, "--ensemble goes with --use ensemble");
    TRY(given_threshold(c->threshold, &given));
    if (!head && (both || !strcmp(c->use, "att") || c->thresholds))
        return err_set(E_DATA, "the model has no label attention");
    /* what decides */
    if (!strcmp(c->use, "gen"))
        out->by.by = DECIDE_GEN;
    else if (both && !global)
        TRY(choose_reading(c->ensemble, icd, L, out));
    else if (strcmp(c->use, "att"))
        TRY(choose_side(icd, head, !isnan(given) || c->thresholds, &out->by.by));
    out->gen = global || out->by.by != DECIDE_ATT;
    /* at which threshold */
    if (!isnan(given) && out->by.by == DECIDE_GEN)
        return err_set(E_USAGE, "--threshold: generated text has no scores");
    if (!isnan(given))
        out->by.threshold = given;
    else if (out->by.by == DECIDE_ATT && !c->thresholds)
        TRY(number_in(icd, "threshold", &out->by.threshold));
    return 0;
}
