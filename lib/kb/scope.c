/* Codes of notes: see scope.h. */
#include "lib/kb/scope.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

static int add_code(struct scopes *t, uint32_t code)
{
    if (t->codes == t->code_cap) {
        size_t cap = t->code_cap ? 2 * t->code_cap : 4096;
        uint32_t *v = mem_grow(t->code, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        t->code = v;
        t->code_cap = cap;
    }
    t->code[t->codes++] = code;
    return 0;
}

static int add_note(struct scopes *t, const msgpack_object *rec, const struct kb *kb)
{
    const char *id;
    size_t n;
    rec_str(rec, "id", &id, &n);
    if (t->notes == t->note_cap) {
        size_t cap = t->note_cap ? 2 * t->note_cap : 1024;
        struct scope_note *v = mem_grow(t->note, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        t->note = v;
        t->note_cap = cap;
    }
    struct scope_note *note = &t->note[t->notes++];
    if (t->codes > UINT32_MAX / 2)
        return err_set(E_DATA, "more codes than can be counted");
    *note = (struct scope_note){t->text.n, n, (uint32_t)t->codes, 0};
    TRY(buf_add(&t->text, id, n));
    const msgpack_object *codes = rec_get(rec, "codes");
    for (uint32_t i = 0; codes && i < codes->via.array.size; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        size_t first, found = kb_find(kb, c->ptr, c->size, &first);
        t->unknown += found == 0;
        for (size_t k = 0; k < found; k++)
            TRY(add_code(t, kb->sorted[first + k]));
    }
    note->n = (uint32_t)(t->codes - note->first);
    return 0;
}

static int compare(const char *a, size_t an, const char *b, size_t bn)
{
    int d = memcmp(a, b, an < bn ? an : bn);
    return d ? d : (an > bn) - (an < bn);
}

static int by_id(const void *a, const void *b, void *text)
{
    const struct scope_note *x = a, *y = b;
    const char *p = text;
    return compare(p + x->id, x->id_n, p + y->id, y->id_n);
}

static int load(struct scopes *t, struct stream *s, const struct kb *kb, bool train_only)
{
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    while (!rc && (got = stream_next(s, &rec, &rc)) == STREAM_RECORD) {
        if (train_only && rec_is(rec, "split", "test"))
            rc = err_set(E_DATA, "labels of a test note: filter the stream with rec-cat --where split=train");
        else if (!train_only || rec_is(rec, "split", "train"))
            rc = add_note(t, rec, kb);
        if (rc)
            return err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    }
    return rc;
}

int scopes_load(struct scopes *t, struct stream *s, const struct kb *kb, bool train_only)
{
    TRY(load(t, s, kb, train_only));
    if (t->notes)
        qsort_r(t->note, t->notes, sizeof *t->note, by_id, t->text.p);
    for (size_t i = 1; i < t->notes; i++)
        if (by_id(&t->note[i - 1], &t->note[i], t->text.p) == 0)
            return err_set(E_DATA, "%s: field id: two records of one note", stream_name(s));
    return 0;
}

bool scopes_of(const struct scopes *t, const struct kb *kb, const char *id, size_t n, uint64_t *scope)
{
    size_t lo = 0, hi = t->notes;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare(t->text.p + t->note[mid].id, t->note[mid].id_n, id, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == t->notes || compare(t->text.p + t->note[lo].id, t->note[lo].id_n, id, n) != 0)
        return false;
    memset(scope, 0, (kb->codes + 63) / 64 * sizeof *scope);
    for (uint32_t i = 0; i < t->note[lo].n; i++) {
        uint32_t c = t->code[t->note[lo].first + i];
        scope[c / 64] |= 1ull << c % 64;
    }
    return true;
}

void scopes_free(struct scopes *t)
{
    buf_free(&t->text);
    free(t->note);
    free(t->code);
    *t = (struct scopes){0};
}
