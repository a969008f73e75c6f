/* tokenize: note, gold or kb -> token, target or kb tokens, with a SentencePiece vocabulary; -d turns ids back into
 * text. lib/text/encode.c turns a note into ids, lib/text/target.c writes a target's text; this file reads and writes
 * the records.
 * Tests: tests/cli/tokenize.sh. */
#include <stdlib.h>
#include <string.h>

#include "lib/stream/stage.h"
#include "lib/text/encode.h"
#include "lib/text/target.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"

static const char *model, *template, *knowledge, *notes, *order = "freq", *separator = ", ";
static int64_t max_length = 2048, format = 1, seed = 1;
static bool decode;
static const char *const orders[] = {"freq", "code",    "sequence", "given",
                                     "note", "shuffle", NULL}; /* enum target_order */

static const struct opt opts[] = {
    {"model", 'm', OPT_FILE, &model, "MODEL",
     "SentencePiece vocabulary: a file, or a model directory with spiece.model, tokenizer.model or tokenizer.json (of "
     "transformers, where it is a unigram one).",
     .flags = OPT_REQUIRED},
    {"max-length", 0, OPT_INT, &max_length, "N",
     "Notes and knowledge: keep at most N ids, prompt and eos included; the note is cut. 0: no limit. Targets are "
     "never cut.",
     0, 1 << 30},
    {"format", 0, OPT_INT, &format, "N",
     "The paper's format: 1 the note, codes to write; 2 codes with their titles to write; 3 the list of all codes goes "
     "with the "
     "note; 4 that list with titles. The same number is for notes and gold. 0, for gold only: no text to write, so any "
     "vocabulary will do; for icd-train --loss att.",
     0, 4},
    {"knowledge", 'k', OPT_FILE, &knowledge, "FILE",
     "The kb stream with the titles of format 2, the codes of formats 3 and 4, the expressions of --order note."},
    {"template", 0, OPT_FILE, &template, "FILE",
     "Notes: the prompt. {note} marks the place of the note, {labels} that of the list of formats 3 and 4. Without "
     "{note} the note follows the prompt; without {labels} the list follows the note. Examples: "
     "share/prompts/assign.txt, and choose.txt for formats 3 and 4."},
    {"order", 0, OPT_CHOICE, &order, "ORDER",
     "Gold: in which order a target has the codes of its note.\n"
     "freq: the most frequent of the training notes first\n"
     "code: sorted byte by byte\n"
     "sequence: as the coder ordered them, where that is known\n"
     "given: as in the record\n"
     "note: by the place in the note (--notes) where an expression of the code first occurs\n"
     "shuffle: at random (--seed); icd-train takes several such streams, one per epoch",
     .choices = orders},
    {"notes", 0, OPT_FILE, &notes, "FILE", "The note stream for --order note."},
    {"seed", 0, OPT_INT, &seed, "S", "For --order shuffle: another seed, another order.", 0, 9007199254740992.},
    {"separator", 0, OPT_STR, &separator, "TEXT", "Gold: text between two codes of a target."},
    {"decode", 'd', OPT_FLAG, &decode, NULL,
     "Read a token or target stream and write one line per record: id, tab, text. Newline, tab, carriage return and "
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
static struct {
    struct spm *spm;
    struct prompt prompt;
    struct scratch *scratch; /* one per thread */
    int threads;
    enum { NOTE, GOLD, KB, DECODE } job;
    bool descriptions; /* kb: what is encoded */
    const json_t *kb_meta;
    struct kb kb;           /* -k: titles, the list of labels, expressions */
    struct targets targets; /* they wait for the whole stream: the order needs all training records */
    struct stream *notes;   /* --notes */
    struct matcher *matcher;
    struct outfile text; /* -d */
    struct buf line;
} st;

/* ---- gold ---- */

static int begin_gold(struct run *r)
{
    if (!*separator)
        return err_set(E_USAGE, "--separator is empty");
    if (format == FORMAT_NONE)
        order = "given";
    st.targets.separator = separator;
    st.targets.seed = (uint64_t)seed;
    st.targets.kb = format == FORMAT_DESCRIBED ? &st.kb : NULL;
    st.targets.order = (enum target_order)opt_place(orders, order);
    TRY(targets_open(&st.targets, r->meta));
    TRY(format == FORMAT_NONE ? 0 : targets_check(&st.targets, st.spm));
    if (st.targets.order != ORDER_NOTE)
        return 0;
    int rc = kb_matcher(&st.kb, &(struct kb_matching){0}, &st.matcher);
    return rc ? err_ctx(rc, "%s", path_base(knowledge)) : run_input(r, notes, "note", &st.notes);
}

static int emit_target(struct run *r, const struct target *g, struct spm_ids *ids, struct buf *text, struct sink *k)
{
    ids->n = text->n = 0;
    TRY(format == FORMAT_NONE ? 0 : targets_text(&st.targets, g, text));
    TRY(spm_encode(st.spm, text->n ? text->p : "", text->n, 0, ids));
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
        pk_str(&k->pk, st.targets.labels.code[g->code[i]]);
    pk_str(&k->pk, "ids");
    pk_bin(&k->pk, ids->id, ids->n * sizeof *ids->id);
    st.scratch[0].tally.ids += ids->n;
    for (size_t i = 0; i < ids->n; i++)
        st.scratch[0].tally.unknown += ids->id[i] == spm_info(st.spm)->unk;
    return run_emit(r, k->sb.data, k->sb.size);
}

static int emit_targets(struct run *r)
{
    struct spm_ids ids = {0};
    struct buf text = {0};
    struct sink k = {0};
    if (st.notes)
        TRY(targets_read_notes(&st.targets, st.notes, st.matcher, &st.kb));
    int rc = targets_sort(&st.targets);
    msgpack_sbuffer_init(&k.sb);
    pk_init(&k.pk, &k.sb);
    for (size_t i = 0; i < st.targets.n && !rc; i++)
        rc = emit_target(r, &st.targets.note[i], &ids, &text, &k);
    msgpack_sbuffer_destroy(&k.sb);
    spm_ids_free(&ids);
    buf_free(&text);
    return rc;
}

/* ---- notes and knowledge ---- */

struct item {                                    /* a note, or one text of a kb record */
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
                rec_get(t, "text")->type != MSGPACK_OBJECT_STR || !rec_get(t, "type") ||
                rec_get(t, "type")->type != MSGPACK_OBJECT_STR)
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
    struct buf list = {0};
    char *p = NULL;
    size_t n = 0;
    if (template) {
        TRY(run_input_file(r, template));
        TRY(text_read(template, 1 << 20, &p, &n));
    }
    int rc = format > 2 ? prompt_labels(&st.kb, st.kb_meta, format == FORMAT_LABELS_DESCRIBED, &list) : 0;
    if (!rc)
        rc = prompt_make(&st.prompt, st.spm, p, n, format > 2 ? &list : NULL);
    free(p);
    buf_free(&list);
    size_t taken = st.prompt.before.n + st.prompt.after.n;
    if (!rc && max_length && taken && (size_t)max_length < taken + 2)
        rc = err_set(E_USAGE, "--max-length %lld leaves no room beside the prompt's %zu ids", (long long)max_length,
                     taken);
    return rc;
}

/* Options that would do nothing are mistakes. */
static int check_options(void)
{
    bool ordered = st.job == GOLD && strcmp(order, "note") == 0;
    bool needed = ordered || (st.job == GOLD && format == FORMAT_DESCRIBED) || (st.job == NOTE && format > 2);
    if (template && st.job != NOTE)
        return err_set(E_USAGE, "--template is for notes only");
    if (format > 1 && st.job != NOTE && st.job != GOLD)
        return err_set(E_USAGE, "--format is for notes and gold");
    if (format == FORMAT_NONE && st.job != GOLD)
        return err_set(E_USAGE, "--format 0 is for gold");
    if (format == FORMAT_NONE && (strcmp(order, "freq") || strcmp(separator, ", ")))
        return err_set(E_USAGE, "--order and --separator are of text, and --format 0 writes none");
    if (knowledge && !needed)
        return err_set(E_USAGE, "-k is not needed: it is for --format 2 to 4 and --order note");
    if (needed && !knowledge)
        return err_set(E_USAGE, "%s needs a kb stream: -k FILE", ordered ? "--order note" : "this --format");
    if (!ordered != !notes)
        return err_set(E_USAGE, "--order note and --notes FILE go together");
    return 0;
}

static int begin_knowledge(struct run *r)
{
    struct stream *s;
    if (!knowledge)
        return 0;
    TRY(run_input(r, knowledge, "kb", &s));
    TRY(kb_load(&st.kb, s));
    st.kb_meta = stream_meta(s);
    return 0;
}

static int set_meta(struct run *r)
{
    json_t *m = r->meta, *tok = spm_json(st.spm);
    int bad = !tok || json_object_set_new(m, "tokenizer", tok) || json_object_set_new(m, "ids", json_string("i32"));
    if (st.job == GOLD)
        bad = bad || json_object_set_new(m, "order", json_string(order)) ||
              json_object_set_new(m, "format", json_integer(format)) ||
              json_object_set_new(m, "separator", json_string(separator));
    else
        bad = bad || json_object_set_new(m, "of", json_string(st.job == KB ? "kb" : "note")) ||
              json_object_set_new(m, "max_length", json_integer(max_length)) ||
              json_object_set_new(m, "offsets", json_string("u32")) ||
              (st.job == NOTE && json_object_set_new(m, "format", json_integer(format)));
    return bad ? err_nomem(0) : 0;
}

static bool streams(void)
{
    return !decode;
}

static int begin(struct run *r)
{
    const char *schema = stream_schema(r->in)->name;
    bool encoded = strcmp(schema, "token") == 0 || strcmp(schema, "target") == 0;
    char file[4096];
    if (!decode)
        run_schema(r, strcmp(schema, "gold") == 0 ? "target" : "token");
    if (decode != encoded)
        return err_set(
            E_DATA, decode ? "%s: a %s stream has no ids to decode" : "%s: a %s stream is encoded already (-d decodes)",
            stream_name(r->in), schema);
    st.job = NOTE;
    if (decode)
        st.job = DECODE;
    else if (strcmp(schema, "gold") == 0)
        st.job = GOLD;
    else if (strcmp(schema, "kb") == 0)
        st.job = KB;
    /* what it reads */
    TRY(check_options());
    TRY(begin_knowledge(r));
    TRY(spm_find(model, file, sizeof file));
    TRY(run_input_file(r, file));
    TRY(spm_open(&st.spm, file));
    st.threads = r->threads;
    if (!(st.scratch = mem_zalloc((size_t)r->threads, sizeof *st.scratch)))
        return E_NOMEM;
    /* what it does */
    if (st.job == DECODE) {
        json_t *mine = spm_json(st.spm);
        int rc = mine ? spm_same(mine, json_object_get(r->meta, "tokenizer")) : E_NOMEM;
        json_decref(mine);
        return rc ? err_ctx(rc, "%s", stream_name(r->in)) : outfile_open(&st.text, r->output);
    }
    if (spm_info(st.spm)->eos < 0)
        return err_set(E_DATA, "%s: this vocabulary has no end-of-sequence piece", path_base(file));
    if (st.job == NOTE)
        TRY(begin_prompt(r));
    if (st.job == GOLD)
        TRY(begin_gold(r));
    const char *kind = json_string_value(json_object_get(r->meta, "knowledge"));
    st.descriptions = kind && strcmp(kind, "descriptions") == 0;
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
        return targets_add(&st.targets, rec);
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
    for (int i = 0; st.scratch && i < st.threads; i++)
        spm_ids_free(&st.scratch[i].ids);
    free(st.scratch);
    buf_free(&st.line);
    prompt_free(&st.prompt);
    targets_free(&st.targets);
    kb_free(&st.kb);
    matcher_free(st.matcher);
    spm_close(st.spm);
}

static const struct stage stage = {
    .doc = {"tokenize", "-m MODEL [OPTION]... [FILE]", "turn notes, labels or knowledge into sub-word ids"},
    .opts = opts,
    .in = "note,gold,kb,token,target",
    .parallel = true,
    .unit = "records",
    .streams = streams,
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
