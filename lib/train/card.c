/* What a model directory says of its training: see train.h. Tests: tests/cli/icd-train.sh, tests/cli/icd-infer.sh. */
#include "lib/train/train.h"

static json_t *dev_json(const struct train_state *s, const struct eval_result *r)
{
    return json_pack("{s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:f}", "step", (json_int_t)s->step, "notes",
                     (json_int_t)r->notes, "gen_notes", (json_int_t)r->gen_notes, "loss", r->loss, "f1", r->f1,
                     "f1_att", r->f1_att, "f1_att_best", r->f1_att_best, "f1_gen", r->f1_gen, "floor", r->floor);
}

json_t *train_card(const struct trainer *t, const struct train_state *s, const struct eval_result *r)
{
    const struct train_cfg *c = t->cfg;
    json_t *j = json_pack("{s:i,s:f}", "lambda", r ? r->lambda : !c->att, "threshold", r ? r->threshold : 0.5);
    int bad = !j;
    if (c->gen)
        bad = bad || json_object_set_new(j, "max_new", json_integer(train_max_new(c, t->data)));
    if (r && r->ensemble)
        bad = bad || json_object_set_new(j, "ensemble", ensemble_json(r->ensemble));
    if (t->m->label_head >= 0)
        bad = bad || json_object_set_new(j, "d_a", json_integer(t->m->d_a));
    if (t->m->kg)
        bad = bad || json_object_set_new(j, "kg", knowledge_json(t->m->kg));
    if (r)
        bad = bad || json_object_set_new(j, "dev", dev_json(s, r));
    if (!bad)
        return j;
    json_decref(j);
    return NULL;
}
