/* What of a model runs: the options of a user against what icd-train kept in icd.json.
 * Tests: tests/cli/icd-infer.sh. */
#ifndef ICD_CHOICE_H
#define ICD_CHOICE_H
#include "lib/predict/decide.h"

struct choice {
    const char *use;       /* gen, att, auto, ensemble */
    const char *ensemble;  /* a name of the readings, or global; NULL: the model's best */
    const char *threshold; /* a number from 0 to 1; NULL and dev: the model's own */
    bool thresholds;       /* a file has one per code instead: `by` gets them from who reads it */
};
struct chosen {
    struct decision by;
    bool gen;               /* the text is needed, or asked for */
    struct ensemble values; /* what `by` may point to; ensemble_close */
};
/* icd: the model's icd.json; head: does it have label attention, for L labels? E_USAGE, E_DATA. */
int choice_decision(const struct choice *c, const json_t *icd, bool head, size_t L, struct chosen *out);

#endif
