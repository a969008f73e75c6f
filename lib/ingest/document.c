/* The notes of one admission as one text. Tests: tests/cli/mimic-split.sh. */
#include "lib/ingest/document.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

static int later(const char *a, const char *b)
{
    return !*a || !*b ? !*a - !*b : strcmp(a, b);
}
static int compare(enum note_order order, const struct mimic_part *a, const struct mimic_part *b)
{
    int c = 0;
    if (order == ORDER_REPORT)
        c = !strcmp(b->kind, "Report") - !strcmp(a->kind, "Report");
    c = c ? c : later(a->time, b->time);
    c = c ? c : later(a->date, b->date);
    if (order == ORDER_TIME)
        return c ? c : strcmp(b->kind, a->kind);
    return c ? c : (a->row > b->row) - (a->row < b->row);
}
/* By insertion, which is stable; an admission has a few notes. */
static void sort(enum note_order order, struct mimic_part *v, size_t n)
{
    for (size_t i = 1; order != ORDER_FILE && i < n; i++)
        for (size_t k = i; k && compare(order, &v[k - 1], &v[k]) > 0; k--) {
            struct mimic_part x = v[k];
            v[k] = v[k - 1];
            v[k - 1] = x;
        }
}
static void drop_duplicates(struct document *d, const char *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->parts; i++) {
        size_t n = d->part[i].end - d->part[i].begin, k = 0;
        while (k < kept &&
               (d->part[k].end - d->part[k].begin != n || memcmp(text + d->part[k].begin, text + d->part[i].begin, n)))
            k++;
        if (k == kept)
            d->part[kept++] = d->part[i];
    }
    d->dropped += d->parts - kept;
    d->parts = kept;
}

int document_make(struct document *d, const struct mimic_admission *a)
{
    const char *text = a->text.p ? a->text.p : "";
    struct mimic_part *v = mem_grow(d->part, a->parts, sizeof *v);
    if (!v)
        return E_NOMEM;
    d->part = v;
    d->parts = a->parts;
    d->text.n = 0;
    memcpy(v, a->part, a->parts * sizeof *v);
    sort(d->order, v, d->parts);
    if (!d->duplicates)
        drop_duplicates(d, text);
    for (size_t i = 0; i < d->parts; i++) {
        const char *note = text + v[i].begin;
        size_t n = v[i].end - v[i].begin;
        TRY(i ? buf_str(&d->text, d->separator) : 0);
        v[i].begin = d->text.n;
        TRY(d->caml ? caml_text_add(d->caml, note, n, &d->text) : buf_add(&d->text, note, n));
        v[i].end = d->text.n;
    }
    return 0;
}

void document_free(struct document *d)
{
    buf_free(&d->text);
    free(d->part);
    d->part = NULL;
}
