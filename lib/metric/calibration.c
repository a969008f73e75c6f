/* Whether scores are probabilities: Brier score and expected calibration error over all cells (a note and a label
 * each), ten bins of equal width; the reliability table has the bins. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static void add_up(const struct metric_set *s, struct metric_bin *bin)
{
    for (size_t i = 0; i < s->n; i++)
        for (int b = 0; b < METRIC_BINS; b++) {
            const struct metric_bin *own = &s->note[i].bin[b];
            bin[b].cells += own->cells * s->note[i].weight;
            bin[b].gold += own->gold * s->note[i].weight;
            bin[b].score += own->score * s->note[i].weight;
        }
}

static int eval(const struct metric_set *s, struct metric_list *out)
{
    struct metric_bin bin[METRIC_BINS] = {{0}};
    double square = 0, apart = 0, cells = (double)s->notes * (double)s->L;
    add_up(s, bin);
    for (size_t i = 0; i < s->n; i++)
        square += s->note[i].square * s->note[i].weight;
    for (int b = 0; b < METRIC_BINS; b++) /* |mean score - mean gold| times cells */
        apart += fabs(bin[b].score - (double)bin[b].gold);
    TRY(metric_add(out, "brier", metric_ratio(square, cells)));
    return metric_add(out, "ece", metric_ratio(apart, cells));
}

static int rows(const struct metric_set *s, struct metric_list *out)
{
    struct metric_bin bin[METRIC_BINS] = {{0}};
    add_up(s, bin);
    for (int b = 0; b < METRIC_BINS; b++) {
        double cells = (double)bin[b].cells, to = (b + 1) / (double)METRIC_BINS;
        TRY(metric_add_row(out, "reliability_cells", cells, -1, to));
        TRY(metric_add_row(out, "reliability_score", bin[b].cells ? bin[b].score / cells : NAN, -1, to));
        TRY(metric_add_row(out, "reliability_gold", bin[b].cells ? (double)bin[b].gold / cells : NAN, -1, to));
    }
    return 0;
}

REGISTER(metric, calibration,
         .order = 70, .needs = METRIC_PROBABILITY, .eval = eval, .rows_of = ROWS_RELIABILITY, .rows = rows);
