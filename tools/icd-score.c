/* icd-score: pred + gold -> metric records, or a table on a terminal. The only tool that reads the labels of test
 * notes. What is computed is lib/metric's, one metric a file; here predictions and gold are joined by id into two
 * matrices. Tests: tests/cli/icd-score.sh, tests/unit/metric.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/metric/metric.h"
#include "lib/stream/stage.h"
#include "lib/text/labels.h"
#include "lib/util/file.h"

static const char *gold_path, *train_path;
static double threshold = -1;
static bool table;

static const struct opt opts[] = {
    {"gold", 'g', OPT_FILE, &gold_path, "FILE", "Gold stream; it may hold further splits.", .flags = OPT_REQUIRED},
    {"train-gold", 0, OPT_FILE, &train_path, "FILE",
     "Gold stream with the training records, for the note-blind floor, where the gold stream has none."},
    {"threshold", 0, OPT_REAL, &threshold, "T",
     "Score the codes whose score is above T instead of the final codes; -1: the final codes.", -1, 1},
    {"table", 0, OPT_FLAG, &table, NULL,
     "Write a table, also where standard output is no terminal; --no-table: records, also on a terminal. Without "
     "either a terminal gets the table.",
     .flags = OPT_QUIET},
    {0},
};

struct gold {
    char *id;
    int split; /* index into st.split */
    uint32_t *code;
    size_t n;
    bool scored;
};
static struct {
    struct labels labels; /* the predictions': their index order is the matrices' */
    struct gold *gold;
    size_t n_gold, cap_gold;
    struct {
        char name[32];
        size_t scored;
    } split[16];
    int n_split;
    int64_t *count, n_train; /* training records with each label */
    uint8_t *floor;          /* (L) the constant prediction */
    size_t floor_k;
    uint32_t *row;           /* gold index of each prediction */
    uint8_t *pred;           /* (n,L) */
    float *score;            /* (n,L) */
    size_t n, cap;
    bool scores;             /* the first record has some, so all must */
    int64_t unknown;
    struct outfile text;
} st = {.unknown = -1};

/* ---- gold ---- */

static int split_index(const char *p, size_t n, int *index)
{
    for (int i = 0; i < st.n_split; i++)
        if (strlen(st.split[i].name) == n && memcmp(st.split[i].name, p, n) == 0) {
            *index = i;
            return 0;
        }
    if (st.n_split == (int)(sizeof st.split / sizeof *st.split) || n >= sizeof st.split->name)
        return err_set(E_DATA, "field split: too many or too long names");
    memcpy(st.split[st.n_split].name, p, n);
    *index = st.n_split++;
    return 0;
}

static int count_train(const uint32_t *code, size_t n)
{
    st.n_train++;
    for (size_t i = 0; i < n; i++)
        st.count[code[i]]++;
    return 0;
}

/* codes -> label indices, none twice. */
static int read_codes(const msgpack_object *codes, uint32_t **index, size_t *n)
{
    uint32_t size = codes ? codes->via.array.size : 0;
    *n = 0;
    if (!(*index = mem_alloc(size, sizeof **index)))
        return E_NOMEM;
    for (uint32_t i = 0; i < size; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t l = labels_find(&st.labels, c->ptr, c->size);
        if (l < 0)
            return err_set(E_DATA, "field codes: code %u is not in meta.labels", i + 1);
        size_t j = 0;
        while (j < *n && (*index)[j] != l)
            j++;
        if (j == *n)
            (*index)[(*n)++] = (uint32_t)l;
    }
    return 0;
}

static int keep_gold(const msgpack_object *rec)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
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
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (memchr(id, 0, id_n))
        return err_set(E_DATA, "field id: holds a NUL");
    if (!(g->id = mem_strndup(id, id_n)))
        return E_NOMEM;
    TRY(split_index(split, split_n, &g->split));
    TRY(read_codes(rec_get(rec, "codes"), &g->code, &g->n));
    return !train_path && rec_is(rec, "split", "train") ? count_train(g->code, g->n) : 0;
}

static int keep_train(const msgpack_object *rec)
{
    uint32_t *code = NULL;
    size_t n;
    if (!rec_is(rec, "split", "train"))
        return 0;
    int rc = read_codes(rec_get(rec, "codes"), &code, &n);
    if (!rc)
        rc = count_train(code, n);
    free(code);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct gold *)a)->id, ((const struct gold *)b)->id);
}

/* Reads a whole gold stream of the predictions' labels. */
static int read_gold(struct run *r, const char *path, int (*keep)(const msgpack_object *))
{
    struct stream *s;
    struct labels own;
    const msgpack_object *rec;
    enum stream_got got;
    int rc;
    TRY(run_input(r, path, "gold", &s));
    rc = labels_open(&own, stream_meta(s));
    if (!rc)
        rc = labels_same(&st.labels, &own);
    labels_close(&own);
    if (rc)
        return err_ctx(rc, "%s", stream_name(s));
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        if ((rc = keep(rec)) != 0)
            return err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    return got == STREAM_ERROR ? rc : 0;
}

static bool streams(void)
{
    return !table;
}

static int begin(struct run *r)
{
    if (!table)
        run_schema(r, "metric");
    int rc = labels_open(&st.labels, r->meta);
    if (rc)
        return err_ctx(rc, "%s", stream_name(r->in));
    if (!(st.count = mem_zalloc(st.labels.n, sizeof *st.count)) || !(st.floor = mem_alloc(st.labels.n, 1)))
        return E_NOMEM;
    TRY(read_gold(r, gold_path, keep_gold));
    if (st.n_gold)
        qsort(st.gold, st.n_gold, sizeof *st.gold, by_id);
    for (size_t i = 1; i < st.n_gold; i++)
        if (strcmp(st.gold[i - 1].id, st.gold[i].id) == 0)
            return err_set(E_DATA, "%s: an id stands there twice", path_base(gold_path));
    if (train_path)
        TRY(read_gold(r, train_path, keep_train));
    if (st.n_train == 0)
        return err_set(E_DATA, "%s: no record of the train split, so no note-blind floor (give --train-gold)",
                       path_base(train_path ? train_path : gold_path));
    TRY(metric_floor(st.count, st.labels.n, st.n_train, st.floor, &st.floor_k));
    if (json_object_set_new(r->meta, "scored_threshold", threshold < 0 ? json_null() : json_real(threshold)))
        return err_nomem(0);
    return 0;
}

/* ---- predictions ---- */

static int room_for_row(void)
{
    if (st.n < st.cap)
        return 0;
    size_t cap = st.cap ? 2 * st.cap : 256, L = st.labels.n;
    if (cap > SIZE_MAX / sizeof(float) / L)
        return err_nomem(SIZE_MAX);
    void *p;
    if (!(p = mem_grow(st.row, cap, sizeof *st.row)))
        return E_NOMEM;
    st.row = p;
    if (!(p = mem_grow(st.pred, cap, L)))
        return E_NOMEM;
    st.pred = p;
    if (st.scores) {
        if (!(p = mem_grow(st.score, cap, L * sizeof *st.score)))
            return E_NOMEM;
        st.score = p;
    }
    st.cap = cap;
    return 0;
}

static int read_scores(const char *p, size_t bytes, float *out)
{
    size_t L = st.labels.n;
    if (bytes != L * sizeof *out)
        return err_set(E_DATA, "field scores: %zu bytes for %zu labels", bytes, L);
    memcpy(out, p, bytes);
    for (size_t l = 0; l < L; l++)
        if (out[l] != out[l])
            return err_set(E_DATA, "field scores: not a number at label %zu", l);
    return 0;
}

/* Generated strings that are no code. */
static int read_unknown(const msgpack_object *rec)
{
    const msgpack_object *gen = rec_get(rec, "gen");
    int64_t n;
    if (!gen || gen->type != MSGPACK_OBJECT_MAP)
        return 0;
    const msgpack_object *u = rec_get(gen, "unknown");
    if (!u || u->type != MSGPACK_OBJECT_POSITIVE_INTEGER || !rec_int(gen, "unknown", &n) ||
        n > INT64_MAX / 2 - st.unknown)
        return err_set(E_DATA, "field gen: no count of unknown strings");
    st.unknown = (st.unknown < 0 ? 0 : st.unknown) + n;
    return 0;
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    const char *id, *p;
    size_t id_n, bytes, L = st.labels.n, n = 0;
    uint32_t *code = NULL;
    rec_str(rec, "id", &id, &id_n);
    bool scores = rec_bin(rec, "scores", &p, &bytes);
    if (st.n == 0)
        st.scores = scores;
    if (scores != st.scores)
        return err_set(E_DATA, "field scores: some records have it and some do not");
    if (threshold >= 0 && !scores)
        return err_set(E_DATA, "field scores: not there, but --threshold needs it");
    TRY(room_for_row());
    char *key = mem_strndup(id, id_n);
    if (!key)
        return E_NOMEM;
    struct gold *g = st.n_gold && !memchr(id, 0, id_n)
                         ? bsearch(&(struct gold){.id = key}, st.gold, st.n_gold, sizeof *st.gold, by_id)
                         : NULL;
    free(key);
    if (!g)
        return err_set(E_DATA, "field id: not in the gold stream");
    if (g->scored)
        return err_set(E_DATA, "field id: predicted twice");
    g->scored = true;
    st.split[g->split].scored++;
    st.row[st.n] = (uint32_t)(g - st.gold);
    uint8_t *y = st.pred + st.n * L;
    memset(y, 0, L);
    int rc = scores ? read_scores(p, bytes, st.score + st.n * L) : 0;
    if (!rc)
        rc = read_codes(rec_get(rec, "codes"), &code, &n);
    if (!rc)
        rc = read_unknown(rec);
    if (!rc && threshold >= 0)
        for (size_t l = 0; l < L; l++)
            y[l] = (double)st.score[st.n * L + l] > threshold;
    else if (!rc)
        for (size_t i = 0; i < n; i++)
            y[code[i]] = 1;
    free(code);
    st.n += !rc;
    return rc;
}

/* ---- the result ---- */

static const char *only_split(void) /* of all that is scored; NULL: several, or unnamed */
{
    const char *name = NULL;
    for (int i = 0; i < st.n_split; i++)
        if (st.split[i].scored) {
            if (name)
                return NULL;
            name = st.split[i].name;
        }
    return name && *name ? name : NULL;
}

static int emit(struct run *r, const char *prefix, const struct metric_value *v, int k)
{
    msgpack_sbuffer sb;
    msgpack_packer pk;
    char name[64];
    const char *split = only_split();
    if (v->value != v->value) /* not defined on this data: no record */
        return 0;
    snprintf(name, sizeof name, "%s%s", prefix, v->name);
    msgpack_sbuffer_init(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, 3 + (k > 0) + (split != NULL));
    pk_str(&pk, "metric");
    pk_str(&pk, name);
    pk_str(&pk, "value");
    msgpack_pack_double(&pk, v->value);
    pk_str(&pk, "n");
    msgpack_pack_uint64(&pk, st.n);
    if (k > 0) {
        pk_str(&pk, "k");
        msgpack_pack_int(&pk, k);
    }
    if (split) {
        pk_str(&pk, "split");
        pk_str(&pk, split);
    }
    int rc = run_emit(r, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

static int emit_all(struct run *r, const struct metric_list *v, const struct metric_list *f)
{
    for (size_t i = 0; i < v->n; i++)
        TRY(emit(r, "", &v->v[i], v->v[i].k));
    for (size_t i = 0; i < f->n; i++)
        TRY(emit(r, "floor_", &f->v[i], (int)st.floor_k));
    return 0;
}

static int print_table(struct run *r, const struct metric_list *v, const struct metric_list *f)
{
    struct buf b = {0};
    const char *split = only_split();
    int rc = 0;
    if (r->oracle)
        rc = buf_str(&b,
                     "ORACLE: an input of this score was made with the labels; it is an upper bound, not a result\n");
    if (!rc)
        rc = buf_fmt(
            &b, "%zu notes%s%s, %zu labels; the floor predicts the %zu most frequent training codes for every note\n",
            st.n, split ? " of split " : "", split ? split : "", st.labels.n, st.floor_k);
    if (!rc)
        rc = buf_fmt(&b, "%-16s %10s %10s\n", "metric", "score", "floor");
    for (size_t i = 0; i < v->n && !rc; i++) {
        const struct metric_value *m = &v->v[i], *fl = metric_get(f, m->name);
        bool whole = strcmp(m->name, "gen_unknown") == 0;
        rc = buf_fmt(&b, whole ? "%-16s %10.0f" : "%-16s %10.4f", m->name, m->value);
        if (!rc)
            rc = fl ? buf_fmt(&b, " %10.4f\n", fl->value) : buf_fmt(&b, " %10s\n", "-");
    }
    if (!rc && !(rc = outfile_open(&st.text, r->output)) && !(rc = outfile_write(&st.text, b.p, b.n)))
        rc = outfile_commit(&st.text);
    buf_free(&b);
    return rc;
}

static int check_complete(void)
{
    size_t missing = 0;
    for (size_t i = 0; i < st.n_gold; i++)
        missing += !st.gold[i].scored && st.split[st.gold[i].split].scored;
    if (st.n == 0)
        return err_set(E_DATA, "no predictions to score");
    if (missing)
        return err_set(E_DATA, "%zu gold records of the splits that were predicted have no prediction", missing);
    return 0;
}

static int end(struct run *r)
{
    size_t L = st.labels.n;
    struct metric_list v = {0}, f = {0};
    TRY(check_complete());
    uint8_t *gold = mem_zalloc(st.n, L), *flat = mem_alloc(st.n, L);
    struct metric_set s = {.n = st.n, .L = L, .gold = gold, .pred = st.pred, .score = st.score, .unknown = st.unknown};
    struct metric_set b = {.n = st.n, .L = L, .gold = gold, .pred = flat, .unknown = -1};
    int rc = gold && flat ? 0 : E_NOMEM;
    for (size_t i = 0; !rc && i < st.n; i++) {
        const struct gold *g = &st.gold[st.row[i]];
        for (size_t j = 0; j < g->n; j++)
            gold[i * L + g->code[j]] = 1;
        memcpy(flat + i * L, st.floor, L);
    }
    if (!rc && !(rc = metric_count(&s)) && !(rc = metric_count(&b)) && !(rc = metric_all(&s, &v)))
        rc = metric_all(&b, &f);
    if (!rc)
        rc = table ? print_table(r, &v, &f) : emit_all(r, &v, &f);
    free(gold);
    free(flat);
    free(s.label);
    free(b.label);
    free(v.v);
    free(f.v);
    return rc;
}

static void done(struct run *r)
{
    outfile_discard(&st.text);
    for (size_t i = 0; i < st.n_gold; i++) {
        free(st.gold[i].id);
        free(st.gold[i].code);
    }
    free(st.gold);
    free(st.count);
    free(st.floor);
    free(st.row);
    free(st.pred);
    free(st.score);
    labels_close(&st.labels);
}

static const struct stage stage = {
    .doc = {"icd-score", "-g GOLD [OPTION]... [FILE]", "score predicted codes against the gold ones"},
    .opts = opts,
    .in = "pred",
    .unit = "notes",
    .streams = streams,
    .begin = begin,
    .each = each,
    .end = end,
    .done = done,
};

/* What standard output gets when neither --table nor --no-table is given: a table on a terminal, unless -o sends the
 * result elsewhere. */
int main(int argc, char **argv)
{
    table = isatty(STDOUT_FILENO);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "-o", 2) == 0 || strncmp(argv[i], "--output", 8) == 0)
            table = false;
    return stage_main(&stage, argc, argv);
}
