/* Records and reports of a kb stream: see kb_record.h. Tests: tests/cli/kb-build*.sh. */
#include "lib/kb/kb_record.h"

#include <stdlib.h>
#include <string.h>

#include "lib/stream/stream.h"
#include "lib/util/err.h"

static int pack_terms(const struct kb_record *k, msgpack_packer *pk)
{
    size_t first, n = terms_of(k->terms, k->place, &first);
    struct buf source = {0};
    uint32_t in = 0;
    int rc = 0;
    for (size_t i = first; i < first + n; i++)
        in += !k->terms->v[i].out;
    pk_str(pk, "terms");
    msgpack_pack_array(pk, in);
    for (size_t i = first; i < first + n && !rc; i++) {
        const struct term *t = &k->terms->v[i];
        if (t->out)
            continue;
        rc = terms_sources(k->terms, t, &source);
        msgpack_pack_map(pk, 3);
        pk_str(pk, "text");
        pk_str(pk, k->terms->text.p + t->text);
        pk_str(pk, "type");
        pk_str(pk, kb_type_name[t->type]);
        pk_str(pk, "source");
        pk_str(pk, rc ? "" : source.p);
    }
    buf_free(&source);
    return rc;
}

int kb_record_pack(const struct kb_record *k, msgpack_sbuffer *sb)
{
    msgpack_packer pk;
    pk_init(&pk, sb);
    msgpack_pack_map(&pk, 2u + (k->title != NULL) + (k->description != NULL) + (k->terms != NULL));
    pk_str(&pk, "code");
    pk_str(&pk, k->code);
    pk_str(&pk, "kind");
    pk_str(&pk, k->procedure ? "procedure" : "diagnosis");
    if (k->title) {
        pk_str(&pk, "title");
        pk_str(&pk, k->title);
    }
    if (k->description) {
        pk_str(&pk, "description");
        pk_str(&pk, k->description);
    }
    return k->terms ? pack_terms(k, &pk) : 0;
}

/* ---- the report ---- */

static int add_line(struct kb_report *r, json_t *j)
{
    char *s = j ? json_dumps(j, JSON_COMPACT) : NULL;
    int rc = s ? buf_fmt(&r->text, "%s\n", s) : err_set(E_DATA, "--report: a name is not UTF-8");
    free(s);
    json_decref(j);
    return rc;
}

int kb_report_remark(struct kb_report *r, const struct remark *m)
{
    if (!r->file)
        return 0;
    return add_line(r, json_pack("{s:s, s:s, s:s*, s:I, s:I, s:s}", "what", m->lost ? "unread" : "passed over", "file",
                                 m->file, "code", m->code, "record", (json_int_t)m->record, "line", (json_int_t)m->line,
                                 "why", m->why));
}

int kb_report_shared(struct kb_report *r, const char *form, const struct code_list *l, const uint32_t *code, size_t n)
{
    if (!r->file)
        return 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(l->set.code[code[i]]));
    return add_line(r, json_pack("{s:s, s:s, s:o}", "what", "shared", "form", form, "codes", list));
}

int kb_report_write(struct kb_report *r)
{
    return r->file ? outfile_write(r->file, r->text.p, r->text.n) : 0;
}

void kb_report_free(struct kb_report *r)
{
    buf_free(&r->text);
}
