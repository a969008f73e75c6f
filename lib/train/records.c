/* Records of token and target streams as examples. Tests: tests/cli/icd-train.sh. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <stdlib.h>

static int split_of(const msgpack_object *rec) /* SPLITS: neither train nor dev */
{
    if (rec_is(rec, "split", "train"))
        return SPLIT_TRAIN;
    return rec_is(rec, "split", "dev") ? SPLIT_DEV : SPLITS;
}

static int label_indices(const struct labels *l, const msgpack_object *codes, int32_t *label)
{
    for (uint32_t i = 0; i < codes->via.array.size; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t at = labels_find(l, c->ptr, c->size);
        if (at < 0)
            return err_set(E_DATA, "field codes: a code is not in the header's labels");
        label[i] = (int32_t)at;
    }
    return 0;
}

static int read_target(struct dataset *d, int turn, const msgpack_object *rec, const struct labels *l, int64_t V)
{
    const char *id;
    size_t id_n;
    int split = split_of(rec);
    int32_t *ids;
    int64_t n;
    rec_str(rec, "id", &id, &id_n);
    if (split == SPLITS)
        return err_set(E_DATA, "field split: a target must be train or dev (labels of test notes are never read)");
    const msgpack_object *codes = rec_get(rec, "codes");
    if (!codes)
        return err_set(E_DATA, "field codes: missing");
    if (turn && split == SPLIT_DEV) /* dev notes are told by the first targets */
        return 0;
    TRY(rec_ids(rec, "ids", V, &ids, &n));
    int32_t *label = mem_alloc(codes->via.array.size, sizeof *label);
    int rc = label ? label_indices(l, codes, label) : E_NOMEM;
    if (!rc)
        rc = turn ? dataset_turn(d, turn, id, id_n, ids, n, label, codes->via.array.size)
                  : dataset_target(d, id, id_n, split, ids, n, label, codes->via.array.size);
    free(ids);
    free(label);
    return rc;
}

/* Every training note of the first stream has its target of this turn. */
static int whole_turn(const struct dataset *d, int turn, const struct stream *s)
{
    int64_t missing = 0;
    for (int64_t i = 0; turn && i < d->n; i++)
        missing += d->split[i] == SPLIT_TRAIN && !(d->ex[i].turn && d->ex[i].turn[turn].ids);
    return missing ? err_set(E_DATA, "%s: no target for %lld training notes of the first target stream",
                             stream_name(s), (long long)missing)
                   : 0;
}

int dataset_read_targets(struct dataset *d, int turn, struct stream *s, const struct labels *l, int64_t V)
{
    const msgpack_object *rec;
    int rc = 0;
    enum stream_got got;
    d->labels = (int64_t)l->n;
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        if ((rc = read_target(d, turn, rec, l, V)))
            return err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    return got == STREAM_ERROR ? rc : whole_turn(d, turn, s);
}

int dataset_read_note(struct dataset *d, const msgpack_object *rec, int64_t V)
{
    const char *id;
    size_t id_n;
    int32_t *ids;
    int64_t n;
    int split = split_of(rec);
    if (split == SPLITS) {
        d->other_notes++;
        return 0;
    }
    if (!rec_str(rec, "id", &id, &id_n))
        return err_set(E_DATA, "field id: missing");
    TRY(rec_ids(rec, "ids", V, &ids, &n));
    int rc = dataset_note(d, id, id_n, split, ids, n);
    free(ids);
    return rc;
}
