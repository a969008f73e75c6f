/* tokenize: note, gold or kb -> token, target or kb tokens, with a SentencePiece vocabulary; -d turns ids back into
 * text. How a note becomes ids is lib/text/encode.c's; here are the records. Tests: tests/cli/tokenize.sh. */
#include <stdlib.h>
#include <string.h>

#include "lib/stream/stage.h"
#include "lib/text/encode.h"
#include "lib/text/labels.h"
#include "lib/util/file.h"

static const char *model, *template, *order = "freq", *separator = ", ";
static int64_t max_length = 2048;
static bool decode;
static const char *const orders[] = {"freq", "code", "sequence", NULL};

static const struct opt opts[] = {
    {"model", 'm', OPT_FILE, &model, "MODEL",
     "SentencePiece vocabulary: a file, or a model directory with spiece.model or tokenizer.model.",
         .flags = OPT_REQUIRED},
    {"max-length", 0, OPT_INT, &max_length, "N",
     "Notes and knowledge: keep the first N-1 ids and end with eos; 0 keeps all. Targets are never cut.", 0, 1 << 30},
    {"template", 0, OPT_FILE, &template, "FILE",
     "Notes: put this text's ids before each note; they count in the length."},
    {"order", 0, OPT_CHOICE, &order, "ORDER",
     "Gold: order of a note's codes in its target: freq (most frequent in the training notes first), code (byte-wise) "
     "or sequence (the coder's own, where it is known).",
     .choices = orders},
    {"separator", 0, OPT_STR, &separator, "TEXT", "Gold: text between two codes of a target."},
    {"decode", 'd', OPT_FLAG, &decode, NULL,
     "Read a token or target stream and write one line a record: id, tab, text. Newline, tab, carriage return and "
     "backslash of the text are written as \\n, \\t, \\r and \\\\."},
    {0},
};

struct tally { /* of one thread; added up at the end */
    uint64_t ids, cut, cut_records, unknown;
};
struct scratch {
    struct spm_ids ids;
    struct tally tally;
};
struct gold { /* targets wait for the whole stream: the order needs all training records */
    char *id, *split;
    uint32_t *code; /* label indices, none twice */
    int64_t *seq;   /* the coder's place of each */
    size_t n;
};
static struct {
    struct spm *spm;
    struct spm_ids prompt;
    struct scratch *scratch; /* one a thread */
    int threads;
    enum { NOTE, GOLD, KB, DECODE } job;
    bool descriptions; /* kb: what is encoded */
    struct labels labels;
    uint32_t *rank; /* of each label in byte-wise order; with --order freq by frequency, then so */
    struct gold *gold;
    size_t n_gold, cap_gold;
    struct outfile text; /* -d */
    struct buf line;
} st;

/* ---- gold ---- */

static int encode_text(const char *p, size_t n, struct spm_ids *out)
{
    out->n = 0;
    return spm_encode(st.spm, p, n, 0, out);
}

/* Does text come back from its ids? */
static int survives(const char *p, size_t n, bool *yes)
{
    struct spm_ids v = {0};
    struct buf b = {0};
    int rc = encode_text(p, n, &v);
    if (!rc)
        rc = spm_decode(st.spm, v.id, v.n, &b);
    *yes = !rc && b.n == n && memcmp(b.p, p, n) == 0;
    spm_ids_free(&v);
    buf_free(&b);
    return rc;
}

/* Which character of p is to blame, for a message; codes and the separator are no note text. */
static int blame(const char *p, const char *what)
{
    for (size_t i = 0, n; p[i]; i += n) {
        bool yes;
        for (n = 1; (p[i + n] & 0xc0) == 0x80; n++)
            ;
        char probe[16] = "0";
        if (n > 4 || p[i] == ' ')
            continue;
        memcpy(probe + 1, p + i, n);
        memcpy(probe + 1 + n, "0", 2);
        TRY(survives(probe, n + 2, &yes));
        if (!yes && (unsigned char)p[i] < ' ')
            return err_set(E_DATA, "this vocabulary can't express the control character 0x%02x of %s", p[i], what);
        if (!yes)
            return err_set(E_DATA, "this vocabulary can't express '%.*s' of %s", (int)n, p + i, what);
    }
    return err_set(E_DATA, "%s does not survive a round trip through this vocabulary", what);
}

/* Every code, alone and between separators, must come back: a vocabulary that lacks a character would teach the
 * model targets that no decoder can read. */
static int check_round_trip(void)
{
    struct buf b = {0};
    char what[160];
    bool yes = true;
    int rc = 0;
    for (size_t i = 0; i < st.labels.n && !rc; i++) {
        const char *a = st.labels.code[i];
        snprintf(what, sizeof what, "code %s", a);
        if ((rc = survives(a, strlen(a), &yes)) || (!yes && (rc = blame(a, what))))
            break;
    }
    for (size_t i = 0; i < st.labels.n && !rc; i++) {
        const char *a = st.labels.code[i], *next = st.labels.code[(i + 1) % st.labels.n];
        b.n = 0;
        if ((rc = buf_str(&b, a)) || (rc = buf_str(&b, separator)) || (rc = buf_str(&b, next)) ||
            (rc = survives(b.p, b.n, &yes)))
            break;
        if (!yes)
            rc = blame(separator, "the separator");
    }
    buf_free(&b);
    return rc;
}

static int begin_gold(struct run *r)
{
    TRY(labels_open(&st.labels, r->meta));
    if (!*separator)
        return err_set(E_USAGE, "--separator is empty");
    TRY(check_round_trip());
    if (!(st.rank = mem_alloc(st.labels.n, sizeof *st.rank)))
        return E_NOMEM;
    for (size_t i = 0; i < st.labels.n; i++)
        st.rank[st.labels.sorted[i]] = (uint32_t)i;
    return 0;
}

/* The coder's place of code p: the smallest seq_num that `sequence` gives it, INT64_MAX if none. */
static int place_of(const msgpack_object *seq, const char *p, size_t n, int64_t *place)
{
    *place = INT64_MAX;
    for (uint32_t i = 0; seq && i < seq->via.array.size; i++) {
        const msgpack_object *e = &seq->via.array.ptr[i];
        if (e->type != MSGPACK_OBJECT_ARRAY || e->via.array.size != 2 || e->via.array.ptr[0].type != MSGPACK_OBJECT_STR)
            return err_set(E_DATA, "field sequence: not [code, number] pairs");
        const msgpack_object *c = &e->via.array.ptr[0], *s = &e->via.array.ptr[1];
        int64_t at;
        if (s->type == MSGPACK_OBJECT_POSITIVE_INTEGER && s->via.u64 < INT64_MAX)
            at = (int64_t)s->via.u64;
        else if (s->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
            at = s->via.i64;
        else if (s->type == MSGPACK_OBJECT_NIL)
            at = INT64_MAX;
        else
            return err_set(E_DATA, "field sequence: not [code, number] pairs");
        if (c->via.str.size == n && memcmp(c->via.str.ptr, p, n) == 0 && at < *place)
            *place = at;
    }
    return 0;
}

static int keep_gold(const msgpack_object *rec)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
    const msgpack_object *codes = rec_get(rec, "codes"), *seq = rec_get(rec, "sequence");
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (st.n_gold == st.cap_gold) {
        size_t cap = st.cap_gold ? 2 * st.cap_gold : 1024;
        struct gold *g = mem_grow(st.gold, cap, sizeof *g);
        if (!g)
            return E_NOMEM;
        st.gold = g;
        st.cap_gold = cap;
    }
    struct gold *g = &st.gold[st.n_gold++];
    *g = (struct gold){0};
    uint32_t n = codes ? codes->via.array.size : 0;
    if (!(g->id = mem_strndup(id, id_n)) || !(g->split = mem_strndup(split, split_n)) ||
        !(g->code = mem_alloc(n, sizeof *g->code)) || !(g->seq = mem_alloc(n, sizeof *g->seq)))
        return E_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t l = labels_find(&st.labels, c->ptr, c->size);
        if (l < 0)
            return err_set(E_DATA, "field codes: code %u is not in meta.labels", i + 1);
        size_t j = 0;
        while (j < g->n && g->code[j] != l)
            j++;
        if (j < g->n)
            continue;
        g->code[g->n] = (uint32_t)l;
        TRY(place_of(seq, c->ptr, c->size, &g->seq[g->n]));
        g->n++;
    }
    return 0;
}

static int by_frequency(const void *a, const void *b, void *count)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const uint64_t *c = count;
    if (c[x] != c[y])
        return c[x] > c[y] ? -1 : 1;
    return st.rank[x] < st.rank[y] ? -1 : st.rank[x] > st.rank[y];
}

/* rank becomes the place of each label by how many training records have it. */
static int rank_by_frequency(void)
{
    size_t n = st.labels.n, train = 0;
    uint64_t *count = mem_zalloc(n, sizeof *count);
    uint32_t *by = mem_alloc(n, sizeof *by);
    if (count && by) {
        for (size_t i = 0; i < st.n_gold; i++) {
            if (strcmp(st.gold[i].split, "train") != 0)
                continue;
            train++;
            for (size_t j = 0; j < st.gold[i].n; j++)
                count[st.gold[i].code[j]]++;
        }
        for (size_t i = 0; i < n; i++)
            by[i] = (uint32_t)i;
        qsort_r(by, n, sizeof *by, by_frequency, count);
        for (size_t i = 0; i < n; i++)
            st.rank[by[i]] = (uint32_t)i;
    }
    bool room = count && by;
    free(count);
    free(by);
    if (!room)
        return E_NOMEM;
    if (train == 0 && st.n_gold > 0)
        return err_set(E_DATA, "no record of the train split: --order freq has nothing to count (use --order code)");
    return 0;
}

static bool goes_before(const struct gold *g, size_t a, size_t b)
{
    if (strcmp(order, "sequence") == 0 && g->seq[a] != g->seq[b])
        return g->seq[a] < g->seq[b];
    return st.rank[g->code[a]] < st.rank[g->code[b]];
}

static int emit_target(struct run *r, struct gold *g, struct spm_ids *ids, struct buf *text, struct sink *k)
{
    for (size_t i = 1; i < g->n; i++) /* insertion: a note has few codes */
        for (size_t j = i; j > 0 && goes_before(g, j, j - 1); j--) {
            uint32_t c = g->code[j];
            int64_t s = g->seq[j];
            g->code[j] = g->code[j - 1];
            g->seq[j] = g->seq[j - 1];
            g->code[j - 1] = c;
            g->seq[j - 1] = s;
        }
    text->n = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (i)
            TRY(buf_str(text, separator));
        TRY(buf_str(text, st.labels.code[g->code[i]]));
    }
    TRY(encode_text(text->n ? text->p : "", text->n, ids));
    TRY(spm_ids_add(ids, spm_info(st.spm)->eos, 0, 0));
    msgpack_sbuffer_clear(&k->sb);
    msgpack_pack_map(&k->pk, 4);
    pk_str(&k->pk, "id");
    pk_str(&k->pk, g->id);
    pk_str(&k->pk, "split");
    pk_str(&k->pk, g->split);
    pk_str(&k->pk, "codes");
    msgpack_pack_array(&k->pk, g->n);
    for (size_t i = 0; i < g->n; i++)
        pk_str(&k->pk, st.labels.code[g->code[i]]);
    pk_str(&k->pk, "ids");
    pk_bin(&k->pk, ids->id, ids->n * sizeof *ids->id);
    st.scratch[0].tally.ids += ids->n;
    return run_emit(r, k->sb.data, k->sb.size);
}

static int emit_targets(struct run *r)
{
    struct spm_ids ids = {0};
    struct buf text = {0};
    struct sink k = {0};
    int rc = 0;
    if (strcmp(order, "freq") == 0)
        TRY(rank_by_frequency());
    msgpack_sbuffer_init(&k.sb);
    msgpack_packer_init(&k.pk, &k.sb, msgpack_sbuffer_write);
    for (size_t i = 0; i < st.n_gold && !rc; i++)
        rc = emit_target(r, &st.gold[i], &ids, &text, &k);
    msgpack_sbuffer_destroy(&k.sb);
    spm_ids_free(&ids);
    buf_free(&text);
    return rc;
}

/* ---- notes and knowledge ---- */

struct item { /* a note, or one text of a kb record */
    const char *id, *split, *text, *code, *type; /* code NULL: a note */
    size_t id_n, split_n, text_n, code_n, type_n;
};

static int emit_item(const struct item *it, const int64_t *span, size_t nspan, struct scratch *s, struct sink *sink)
{
    size_t full;
    TRY(encode_note(st.spm, &st.prompt, it->text, it->text_n, span, nspan, (size_t)max_length, &s->ids, &full));
    s->tally.ids += full;
    s->tally.cut += full - s->ids.n;
    s->tally.cut_records += full > s->ids.n;
    for (size_t i = 0; i < s->ids.n; i++)
        s->tally.unknown += s->ids.id[i] == spm_info(st.spm)->unk;
    msgpack_packer *pk = &sink->pk;
    msgpack_pack_map(pk, it->code ? 6 : 4);
    pk_str(pk, "id");
    pk_strn(pk, it->id, it->id_n);
    pk_str(pk, "split");
    pk_strn(pk, it->split, it->split_n);
    if (it->code) {
        pk_str(pk, "code");
        pk_strn(pk, it->code, it->code_n);
        pk_str(pk, "type");
        pk_strn(pk, it->type, it->type_n);
    }
    pk_str(pk, "ids");
    pk_bin(pk, s->ids.id, s->ids.n * sizeof *s->ids.id);
    pk_str(pk, "offsets");
    pk_bin(pk, s->ids.offset, s->ids.n * 2 * sizeof *s->ids.offset);
    return sink_next(sink);
}

static int each_note(const msgpack_object *rec, struct scratch *s, struct sink *sink)
{
    struct item it = {.split = ""};
    int64_t *span;
    size_t nspan;
    rec_str(rec, "id", &it.id, &it.id_n);
    rec_str(rec, "split", &it.split, &it.split_n);
    rec_str(rec, "text", &it.text, &it.text_n);
    TRY(rec_spans(rec, "spans", it.text_n, false, &span, &nspan));
    int rc = emit_item(&it, span, nspan, s, sink);
    free(span);
    return rc;
}

/* One token record a text: the description, or every term; the title where a code has neither. */
static int each_kb(const msgpack_object *rec, struct scratch *s, struct sink *sink)
{
    struct item it = {.split = "", .type = "title", .type_n = 5};
    const msgpack_object *terms = st.descriptions ? NULL : rec_get(rec, "terms");
    uint32_t n = terms ? terms->via.array.size : 0;
    char id[256];
    rec_str(rec, "code", &it.code, &it.code_n);
    if (it.code_n > 200)
        return err_set(E_DATA, "field code: longer than any code");
    it.id = id;
    for (uint32_t i = 0; i < n || i == 0; i++) {
        if (n > 0) {
            const msgpack_object *t = &terms->via.array.ptr[i];
            if (t->type != MSGPACK_OBJECT_MAP || !rec_get(t, "text") ||
                rec_get(t, "text")->type != MSGPACK_OBJECT_STR ||
                !rec_get(t, "type") || rec_get(t, "type")->type != MSGPACK_OBJECT_STR)
                return err_set(E_DATA, "field terms: item %u has no text and type", i + 1);
            rec_str(t, "text", &it.text, &it.text_n);
            rec_str(t, "type", &it.type, &it.type_n);
        } else if (st.descriptions && rec_str(rec, "description", &it.text, &it.text_n) && it.text_n > 0) {
            it.type = "description";
            it.type_n = strlen(it.type);
        } else if (!rec_str(rec, "title", &it.text, &it.text_n) || it.text_n == 0) {
            return err_set(E_DATA, "a code without any text");
        }
        it.id_n = (size_t)snprintf(id, sizeof id, "%.*s/%u", (int)it.code_n, it.code, i);
        TRY(emit_item(&it, NULL, 0, s, sink));
    }
    return 0;
}

/* ---- decoding ---- */

static int decode_record(const msgpack_object *rec)
{
    const char *id, *p;
    size_t id_n, n;
    struct spm_ids v = {0};
    struct buf text = {0};
    int rc = 0;
    rec_str(rec, "id", &id, &id_n);
    rec_bin(rec, "ids", &p, &n);
    if (n % sizeof(int32_t))
        return err_set(E_DATA, "field ids: not whole i32");
    for (size_t i = 0; i < n && !rc; i += sizeof(int32_t)) {
        int32_t x;
        memcpy(&x, p + i, sizeof x);
        rc = spm_ids_add(&v, x, 0, 0);
    }
    if (!rc)
        rc = spm_decode(st.spm, v.id, v.n, &text);
    st.line.n = 0;
    if (!rc && !(rc = buf_add(&st.line, id, id_n)))
        rc = buf_str(&st.line, "\t");
    for (size_t i = 0; i < text.n && !rc; i++) {
        static const char from[] = "\n\t\r\\", to[] = "ntr\\";
        const char *c = text.p[i] ? strchr(from, text.p[i]) : NULL;
        rc = c ? buf_add(&st.line, (char[]){'\\', to[c - from]}, 2) : buf_add(&st.line, text.p + i, 1);
    }
    if (!rc && !(rc = buf_str(&st.line, "\n")))
        rc = outfile_write(&st.text, st.line.p, st.line.n);
    spm_ids_free(&v);
    buf_free(&text);
    return rc;
}

/* ---- the stage ---- */

static int begin_prompt(struct run *r)
{
    char *p;
    size_t n;
    TRY(run_input_file(r, template));
    TRY(file_read(template, 1 << 20, &p, &n));
    while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
        n--;
    int rc = encode_prompt(st.spm, p, n, &st.prompt);
    free(p);
    if (!rc && max_length && (size_t)max_length < st.prompt.n + 2)
        rc = err_set(E_USAGE, "--max-length %lld leaves no room behind the template's %zu ids", (long long)max_length,
                     st.prompt.n);
    return rc;
}

static int set_meta(struct run *r)
{
    json_t *m = r->meta, *tok = spm_json(st.spm);
    int bad = !tok || json_object_set_new(m, "tokenizer", tok) || json_object_set_new(m, "ids", json_string("i32"));
    if (st.job == GOLD)
        bad = bad || json_object_set_new(m, "order", json_string(order)) ||
              json_object_set_new(m, "separator", json_string(separator));
    else
        bad = bad || json_object_set_new(m, "of", json_string(st.job == KB ? "kb" : "note")) ||
              json_object_set_new(m, "max_length", json_integer(max_length)) ||
              json_object_set_new(m, "offsets", json_string("u32"));
    return bad ? err_nomem(0) : 0;
}

static int begin(struct run *r)
{
    const char *schema = stream_schema(r->in)->name;
    bool encoded = strcmp(schema, "token") == 0 || strcmp(schema, "target") == 0;
    char file[4096];
    if (!decode) /* first of all: so that a failure from here on is told to who reads us */
        run_schema(r, strcmp(schema, "gold") == 0 ? "target" : "token");
    if (decode != encoded)
        return err_set(E_DATA, decode ? "%s: a %s stream has no ids to decode"
                       : "%s: a %s stream is encoded already (-d decodes)",
                       stream_name(r->in), schema);
    st.job = decode ? DECODE : strcmp(schema, "gold") == 0 ? GOLD : strcmp(schema, "kb") == 0 ? KB : NOTE;
    if (template && st.job != NOTE)
        return err_set(E_USAGE, "--template is for notes only");
    TRY(spm_find(model, file, sizeof file));
    TRY(run_input_file(r, file));
    TRY(spm_open(&st.spm, file));
    st.threads = r->threads;
    if (!(st.scratch = mem_zalloc((size_t)r->threads, sizeof *st.scratch)))
        return E_NOMEM;
    if (st.job == DECODE) {
        json_t *mine = spm_json(st.spm);
        int rc = mine ? spm_same(mine, json_object_get(r->meta, "tokenizer")) : E_NOMEM;
        json_decref(mine);
        return rc ? err_ctx(rc, "%s", stream_name(r->in)) : outfile_open(&st.text, r->output);
    }
    if (spm_info(st.spm)->eos < 0)
        return err_set(E_DATA, "%s: this vocabulary has no end-of-sequence piece", path_base(file));
    if (template)
        TRY(begin_prompt(r));
    if (st.job == GOLD)
        TRY(begin_gold(r));
    const char *knowledge = json_string_value(json_object_get(r->meta, "knowledge"));
    st.descriptions = knowledge && strcmp(knowledge, "descriptions") == 0;
    return set_meta(r);
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    switch (st.job) {
    case NOTE:
        return each_note(rec, &st.scratch[thread], sink);
    case KB:
        return each_kb(rec, &st.scratch[thread], sink);
    case GOLD: /* the firewall: labels of test notes end here */
        if (rec_is(rec, "split", "test"))
            return err_set(E_DATA,
                           "labels of a test note: filter the gold stream with rec-cat --where split=train,dev");
        return 0;
    case DECODE:
        return 0;
    }
    return E_BUG;
}

static int after(struct run *r, const msgpack_object *rec, struct sink *sink)
{
    if (st.job == GOLD)
        return keep_gold(rec);
    return st.job == DECODE ? decode_record(rec) : 0;
}

static int end(struct run *r)
{
    if (st.job == DECODE)
        return outfile_commit(&st.text);
    if (st.job == GOLD)
        TRY(emit_targets(r));
    struct tally t = {0};
    for (int i = 0; i < st.threads; i++) {
        t.ids += st.scratch[i].tally.ids;
        t.cut += st.scratch[i].tally.cut;
        t.cut_records += st.scratch[i].tally.cut_records;
        t.unknown += st.scratch[i].tally.unknown;
    }
    if (t.cut)
        run_note(r, "--max-length %lld cut %llu records and %.2f %% of all %llu ids", (long long)max_length,
                 (unsigned long long)t.cut_records, 100 * (double)t.cut / (double)t.ids, (unsigned long long)t.ids);
    if (t.unknown)
        run_note(r, "%llu ids are the unknown piece", (unsigned long long)t.unknown);
    return 0;
}

static void done(struct run *r)
{
    outfile_discard(&st.text);
    for (size_t i = 0; i < st.n_gold; i++) {
        free(st.gold[i].id);
        free(st.gold[i].split);
        free(st.gold[i].code);
        free(st.gold[i].seq);
    }
    for (int i = 0; st.scratch && i < st.threads; i++)
        spm_ids_free(&st.scratch[i].ids);
    free(st.gold);
    free(st.scratch);
    free(st.rank);
    buf_free(&st.line);
    spm_ids_free(&st.prompt);
    labels_close(&st.labels);
    spm_close(st.spm);
}

static const struct stage stage = {
    .doc = {"tokenize", "-m MODEL [OPTION]... [FILE]", "turn notes, labels or knowledge into sub-word ids"},
    .opts = opts,
    .in = "note,gold,kb,token,target",
    .parallel = true,
    .unit = "records",
    .begin = begin,
    .each = each,
    .after = after,
    .end = end,
    .done = done,
};

int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
