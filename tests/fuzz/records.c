/* Records that fit their schema, as JSON lines, given to those who read them: predictions, gold, knowledge, scopes,
 * targets. The first part is the header's meta, the last byte chooses the schema. */
#include "lib/kb/scope.h"
#include "lib/metric/preds.h"
#include "lib/predict/prediction.h"
#include "lib/stream/import.h"
#include "lib/text/target.h"
#include "tests/fuzz/fuzz.h"

struct readers {
    struct labels labels;
    struct gold gold;
    struct targets targets;
    struct preds preds;
    bool has_labels, has_gold, has_targets, has_preds;
};

static void open_all(struct readers *r, const json_t *meta)
{
    r->has_labels = !fuzz_rc(labels_open(&r->labels, meta));
    r->has_gold = !fuzz_rc(gold_open(&r->gold, "gold", meta));
    r->has_targets = !fuzz_rc(targets_open(&r->targets, meta));
    r->has_preds = r->has_gold && !fuzz_rc(preds_open(&r->preds, &r->gold, "preds", false)) &&
                   !fuzz_rc(preds_labels(&r->preds, meta));
}
static void close_all(struct readers *r)
{
    labels_close(&r->labels);
    gold_close(&r->gold);
    targets_free(&r->targets);
    preds_close(&r->preds);
}

static void show(const msgpack_object *rec, const struct labels *l)
{
    struct prediction p = {0};
    if (!fuzz_rc(prediction_read(&p, rec, l, 2)))
        fuzz_rc(prediction_words(&p, "Chest pain on exertion.", 23));
    prediction_free(&p);
}

static void give(struct readers *r, const char *schema, const msgpack_object *rec, uint64_t number)
{
    if (!strcmp(schema, "pred")) {
        show(rec, &r->labels);
        if (r->has_preds)
            fuzz_rc(preds_record(&r->preds, rec));
    } else if (!strcmp(schema, "gold")) {
        if (r->has_gold && !fuzz_rc(gold_record(&r->gold, rec, number)))
            fuzz_rc(gold_train(&r->gold, rec));
        if (r->has_targets)
            fuzz_rc(targets_add(&r->targets, rec));
    }
}

static void end_all(struct readers *r)
{
    struct buf text = {0};
    if (r->has_gold && !fuzz_rc(gold_sort(&r->gold)))
        gold_find(&r->gold, "1", 1);
    if (r->has_targets && !fuzz_rc(targets_sort(&r->targets)))
        for (size_t i = 0; i < r->targets.n; i++)
            fuzz_rc(targets_text(&r->targets, &r->targets.note[i], &text));
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = fuzz_choice(data, &size, 8);
    struct fuzz_part head = fuzz_next(&data, &size);
    json_t *meta = json_loadb(head.p, head.n, 0, NULL), *j = NULL;
    const struct schema *schema = schema_find(how & 1 ? "pred" : "gold");
    struct readers r = {.targets = {.order = (enum target_order)(how >> 1), .separator = ", "}};
    struct import im;
    uint64_t number = 0;
    if (r.targets.order == ORDER_NOTE)
        r.targets.order = ORDER_GIVEN;
    open_all(&r, meta);
    FUZZ_CHECK(!import_open(&im, fuzz_file("records", data, size)));
    im.schema = schema;
    int rc = 0;
    while (!rc && !fuzz_rc(import_json(&im, &j)) && j) {
        rc = fuzz_rc(import_record(&im, j));
        json_decref(j);
        if (!rc)
            give(&r, schema->name, &im.rec.data, ++number);
    }
    end_all(&r);
    import_close(&im);
    close_all(&r);
    json_decref(meta);
    return 0;
}
