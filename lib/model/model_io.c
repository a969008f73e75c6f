/* Model directories, Hugging Face's layout: config.json, model.safetensors (or shards), generation_config.json,
 * spiece.model and its configuration; ours beside them: icd.json and icd.safetensors (label attention, KG-injection).
 * Tests: tests/golden/t5.c, tests/unit/model.c. */
#include "lib/model/knowledge.h"
#include "lib/util/buf.h"
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JSON_FILE_MAX (64u << 20)
#define TOKENIZER_MAX (256u << 20)

#ifdef ICD_DOUBLE
#define st_to_real st_to_double
#define REAL_DTYPE "F64"
#else
#define st_to_real st_to_float
#define REAL_DTYPE "F32"
#endif

static const char *const passed_on[] = {"generation_config.json", "tokenizer_config.json", "special_tokens_map.json",
                                        "added_tokens.json", "tokenizer.json"};
_Static_assert(sizeof passed_on / sizeof *passed_on == sizeof((struct model *)0)->file / sizeof(struct model_file),
               "a place for each file");

static int join(char out[PATH_MAX], const char *dir, const char *name)
{
    return snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ? 0 : err_set(E_DATA, "path too long");
}

/* ---- reading ---- */
/* *p NULL when there is no such file. */
static int read_optional(const char *dir, const char *name, size_t limit, char **p, size_t *n)
{
    char path[PATH_MAX];
    TRY(join(path, dir, name));
    *p = NULL;
    return access(path, F_OK) ? 0 : file_read(path, limit, p, n);
}

static int read_object(const char *dir, const char *name, json_t **j)
{
    char *text;
    size_t n;
    *j = NULL;
    TRY(read_optional(dir, name, JSON_FILE_MAX, &text, &n));
    if (!text)
        return 0;
    int rc = text_settle(text, &n, true);
    json_error_t e;
    *j = rc ? NULL : json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    free(text);
    if (rc)
        return err_ctx(rc, "%s", name);
    if (json_is_object(*j))
        return 0;
    json_decref(*j);
    *j = NULL;
    return err_set(E_DATA, "%s: not a JSON object (line %d)", name, e.line);
}

/* What the file says about the head against what config.json says. A head of its own, with other numbers than the
 * embedding, is untied whatever the configuration says (transformers 5 writes tied for all T5); without one the
 * embedding is it, whatever the configuration says (transformers 5 reads it so). */
static void settle_head(struct model *m, const struct st_file *f)
{
    const struct st_tensor *head = st_find(f, "lm_head.weight");
    if (!head) {
        m->arch.tied = true;
        return;
    }
    if (!m->arch.tied)
        return;
    const char *name = m->family->alias(m, "lm_head.weight");
    for (int i = 0; i < st_count(f); i++) {
        const struct st_tensor *t = st_at(f, i);
        const char *as = m->family->alias(m, t->name);
        if (t != head && as && !strcmp(as, name) &&
            (t->bytes != head->bytes || strcmp(t->dtype, head->dtype) || memcmp(t->data, head->data, t->bytes))) {
            m->arch.tied = false;
            return;
        }
    }
}

static bool same_shape(const struct st_tensor *t, const struct tensor *v)
{
    bool same = t->nd == v->nd;
    for (int i = 0; same && i < t->nd; i++)
        same = t->dim[i] == v->dim[i];
    return same;
}

static int upload(struct model *m, const struct param *p, const struct st_tensor *t, bool again)
{
    size_t n = (size_t)st_numel(t), bytes = n * sizeof(real);
    real *host = mem_alloc(n, sizeof *host), *before = again ? mem_alloc(n, sizeof *before) : NULL;
    int rc = !host || (again && !before) ? err_nomem(bytes) : st_to_real(t, host);
    if (!rc && again) { /* the same parameter under another name */
        rc = m->params.be->download(before, p->w.data, bytes);
        if (!rc && memcmp(before, host, bytes))
            rc = err_set(E_DATA, "tensor %.100s: not the same numbers as in the others that mean %s", t->name, p->name);
    } else if (!rc)
        rc = m->params.be->upload(p->w.data, host, bytes);
    free(host);
    free(before);
    return rc;
}

/* Match the file's tensors with parameters [first, first+n): each found with its shape, none left over. `load` puts
 * them in place too. head: names are our own, no aliases. */
static int match(struct model *m, const struct st_file *f, int first, int n, bool head, bool load)
{
    bool *seen = mem_zalloc((size_t)m->params.n, sizeof *seen);
    int rc = seen ? 0 : E_NOMEM;
    for (int i = 0; !rc && i < st_count(f); i++) {
        const struct st_tensor *t = st_at(f, i);
        const char *name = head ? t->name : m->family->alias(m, t->name);
        if (!name || (head && m->kg && knowledge_tensor(name)))
            continue;
        const struct param *p = params_find(&m->params, name);
        int at = p ? (int)(p - m->params.p) : -1;
        if (at < first || at >= first + n)
            rc = err_set(E_DATA, "unexpected tensor %.100s", t->name);
        else if (!same_shape(t, &p->x.v))
            rc = err_set(E_DATA, "tensor %.100s: its shape is not what the configuration says", t->name);
        else if (load)
            rc = upload(m, p, t, seen[at]);
        if (!rc)
            seen[at] = true;
    }
    for (int i = first; !rc && i < first + n; i++)
        if (!seen[i])
            rc = err_set(E_DATA, "tensor %s is missing", m->params.p[i].name);
    free(seen);
    return rc;
}

int model_files(const char *dir, int (*each)(void *ctx, const char *path), void *ctx)
{
    static const char *const head[] = {"icd.safetensors", "icd.json", "generation_config.json"};
    char path[PATH_MAX];
    TRY(join(path, dir, "config.json"));
    TRY(each(ctx, path));
    TRY(st_dir_files(dir, each, ctx));
    for (int i = 0; i < 3; i++) {
        TRY(join(path, dir, head[i]));
        if (access(path, F_OK) == 0)
            TRY(each(ctx, path));
    }
    return 0;
}

/* Are these the weights that icd.json was written with? One that does not say so (an older one, or none at all, as in
 * directories of other programs) is taken at its word, and so are shards, which other programs make. */
static int same_weights(const struct model *m, const struct st_file *f, const char *name)
{
    const json_t *all = json_object_get(m->icd, "weights");
    const char *want = json_string_value(json_object_get(all, name));
    char hex[17];
    st_xxh64(f, hex);
    if (!all || !*hex || (want && !strcmp(want, hex)))
        return 0;
    return err_set(E_DATA, "not what icd.json was written with: files of two models are mixed, or one was changed");
}

static int open_head(struct model *m, const char *dir, struct st_file **f)
{
    char path[PATH_MAX];
    *f = NULL;
    TRY(join(path, dir, "icd.safetensors"));
    return access(path, F_OK) ? 0 : st_open(f, path);
}

/* icd.json's labels. */
static int check_labels(const json_t *labels)
{
    size_t i;
    const json_t *j;
    if (labels && !json_is_array(labels))
        return err_set(E_DATA, "icd.json: labels must be an array");
    json_array_foreach(labels, i, j)
        if (!json_is_string(j))
            return err_set(E_DATA, "icd.json: labels must be strings");
    return 0;
}

/* The label attention's size from its tensors, the knowledge, and that all else is there too. */
static int read_tensors(struct model *m, const struct st_file *f)
{
    const json_t *labels = json_object_get(m->icd, "labels"), *kg = json_object_get(m->icd, "kg");
    const struct st_tensor *U = st_find(f, "icd.label_attn.U");
    if (!U && (!kg || json_object_get(m->icd, "d_a")))
        return err_set(E_DATA, "has no label attention");
    if (U && (U->nd != 2 || (size_t)U->dim[0] != json_array_size(labels)))
        return err_set(E_DATA, "the head does not have the labels of icd.json");
    if (U)
        TRY(model_add_label_attn(m, U->dim[0], U->dim[1]));
    if (kg) {
        struct knowledge *k;
        TRY(knowledge_open(&k, kg, f, m->arch.V));
        int rc = model_add_knowledge(m, k);
        if (rc)
            return rc == E_USAGE ? E_DATA : rc;
    }
    return match(m, f, m->family_params, m->params.n - m->family_params, true, false);
}

static int read_head(struct model *m, const char *dir)
{
    struct st_file *f;
    TRY(read_object(dir, "icd.json", &m->icd));
    TRY(check_labels(json_object_get(m->icd, "labels")));
    TRY(open_head(m, dir, &f));
    if (!f) /* icd.json knows whether there was one: a lost file must not turn into another model */
        return json_object_get(m->icd, "d_a") || json_object_get(m->icd, "kg")
                   ? err_set(E_DATA, "icd.safetensors: not there, but icd.json says what is in it")
                   : 0;
    int rc = read_tensors(m, f);
    st_close(f);
    return rc ? err_ctx(rc, "icd.safetensors") : 0;
}

static int read_tokenizer(struct model *m, const char *dir)
{
    static const char *const names[] = {"spiece.model", "tokenizer.model", "tokenizer.json"};
    for (int i = 0; i < 3 && !m->spiece; i++) {
        m->spiece_name = names[i];
        TRY(read_optional(dir, names[i], TOKENIZER_MAX, &m->spiece, &m->spiece_n));
    }
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        m->file[i].name = passed_on[i];
        TRY(read_optional(dir, passed_on[i], TOKENIZER_MAX, &m->file[i].p, &m->file[i].n));
    }
    return 0;
}

/* generation_config.json: of what it says, the start and the ends of a text. */
static int read_generation(struct model *m, const char *dir)
{
    json_t *j;
    TRY(read_object(dir, passed_on[0], &j));
    int rc = model_special(m, j, passed_on[0], false);
    json_decref(j);
    return rc;
}

static int open_into(struct model *m, const char *dir)
{
    char path[PATH_MAX];
    TRY(join(path, dir, "config.json"));
    if (access(path, F_OK))
        return err_set(E_NOINPUT, "no config.json: not a model directory" MODEL_HINT);
    TRY(read_object(dir, "config.json", &m->config));
    TRY(model_family_of(m->config, &m->family));
    TRY(m->family->configure(m));
    TRY(read_generation(m, dir));
    struct st_file *f;
    TRY(st_open_dir(&f, dir));
    settle_head(m, f);
    int rc = m->family->declare(m);
    m->family_params = m->params.n;
    if (!rc)
        rc = match(m, f, 0, m->family_params, false, false); /* before memory is taken for what a file only claims */
    st_close(f);
    TRY(rc);
    TRY(read_head(m, dir));
    m->own_params = m->params.n;
    return read_tokenizer(m, dir);
}

int model_open(struct model **out, const char *dir)
{
    struct model *m = mem_zalloc(1, sizeof *m);
    *out = NULL;
    if (!m)
        return E_NOMEM;
    m->label_head = -1;
    m->spiece_name = "spiece.model";
    int rc = open_into(m, dir);
    if (rc) {
        model_free(m);
        return err_ctx(rc, "%s", path_base(dir));
    }
    *out = m;
    return 0;
}

int model_weights(struct model *m, const char *dir)
{
    struct st_file *f;
    int rc = st_open_dir(&f, dir);
    if (!rc && (rc = same_weights(m, f, "model.safetensors")))
        err_ctx(rc, "model.safetensors");
    if (!rc)
        rc = match(m, f, 0, m->family_params, false, true);
    st_close(f);
    if (rc)
        return err_ctx(rc, "%s", path_base(dir));
    params_changed(&m->params);
    if (m->own_params == m->family_params)
        return 0;
    rc = open_head(m, dir, &f);
    if (!rc && f)
        rc = same_weights(m, f, "icd.safetensors");
    if (!rc && f)
        rc = match(m, f, m->family_params, m->own_params - m->family_params, true, true);
    st_close(f);
    params_changed(&m->params);
    return rc ? err_ctx(rc, "%s/icd.safetensors", path_base(dir)) : 0;
}

/* ---- writing ---- */
static int write_file(const char *dir, const char *name, const void *p, size_t n)
{
    char path[PATH_MAX];
    struct outfile o = {0};
    TRY(join(path, dir, name));
    int rc = outfile_open_own(&o, path);
    if (!rc)
        rc = outfile_write(&o, p, n);
    if (!rc)
        rc = outfile_commit(&o);
    outfile_discard(&o);
    return rc;
}

/* Takes the reference to j. */
static int write_json(const char *dir, const char *name, json_t *j)
{
    char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
    json_decref(j);
    size_t n = text ? strlen(text) : 0;
    if (text)
        text[n++] = '\n'; /* over the NUL */
    int rc = text ? write_file(dir, name, text, n) : err_nomem(0);
    free(text);
    return rc;
}

static json_t *config_to_write(const struct model *m)
{
    json_t *c = json_deep_copy(m->config);
    bool tied = m->arch.tied, scaled = m->arch.hscale < 1;
    json_object_set_new(c, "tie_word_embeddings", json_boolean(tied));
    if (m->family->encoder_decoder && (scaled != tied || json_object_get(c, "scale_decoder_outputs")))
        json_object_set_new(c, "scale_decoder_outputs", json_boolean(scaled));
    if (json_object_get(c, "dtype"))
        json_object_set_new(c, "dtype", json_string(REAL_NAME));
    if (json_object_get(c, "torch_dtype") || !json_object_get(c, "dtype"))
        json_object_set_new(c, "torch_dtype", json_string(REAL_NAME));
    return c;
}

/* k: whose texts go with them, or NULL. `weights` gets the file's digest under its name. */
static int write_weights(const struct model *m, const char *dir, const char *name, int first, int n,
                         const struct knowledge *k, json_t *weights)
{
    char path[PATH_MAX], hex[17];
    struct st_writer *w = NULL;
    size_t largest = 0;
    TRY(join(path, dir, name));
    int rc = st_create(&w, path, NULL);
    for (int i = first; !rc && i < first + n; i++) {
        const struct tensor *v = &m->params.p[i].w;
        size_t bytes = (size_t)tensor_numel(v) * sizeof(real);
        largest = bytes > largest ? bytes : largest;
        rc = st_declare(w, m->params.p[i].name, REAL_DTYPE, v->nd, v->dim);
    }
    if (!rc && k)
        rc = knowledge_declare(k, w);
    void *host = rc ? NULL : mem_alloc(1, largest);
    if (!rc && !host)
        rc = E_NOMEM;
    for (int i = first; !rc && i < first + n; i++) {
        const struct tensor *v = &m->params.p[i].w;
        size_t bytes = (size_t)tensor_numel(v) * sizeof(real);
        rc = m->params.be->download(host, v->data, bytes);
        if (!rc)
            rc = st_data(w, host, bytes);
    }
    free(host);
    if (!rc && k)
        rc = knowledge_write(k, w);
    if (!rc)
        rc = st_end(w);
    if (!rc) {
        st_written(w, hex);
        rc = json_object_set_new(weights, name, json_string(hex)) ? err_nomem(0) : 0;
    }
    st_discard(w);
    return rc;
}

/* icd.json, with the digests of the weights that it is about. */
static int write_icd(const struct model *m, const char *dir, json_t *weights)
{
    json_t *icd = json_copy(m->icd);
    if (!icd || json_object_set(icd, "weights", weights)) {
        json_decref(icd);
        return err_nomem(0);
    }
    return write_json(dir, "icd.json", icd);
}

static int write_model(const struct model *m, const char *dir, json_t *weights)
{
    TRY(write_weights(m, dir, "model.safetensors", 0, m->family_params, NULL, weights));
    if (m->params.n > m->family_params)
        TRY(write_weights(m, dir, "icd.safetensors", m->family_params, m->params.n - m->family_params, m->kg, weights));
    return m->icd ? write_icd(m, dir, weights) : 0;
}

/* The files that transformers wants beside a T5 made from scratch. */
static json_t *file_to_write(const struct model *m, const char *name)
{
    const struct model_arch *a = &m->arch;
    if (!strcmp(name, "generation_config.json"))
        return json_pack("{s:i, s:i, s:i, s:b, s:i}", "decoder_start_token_id", (int)a->start, "eos_token_id",
                         (int)a->eos, "pad_token_id", (int)a->pad, "do_sample", 0, "max_new_tokens", 256);
    bool spiece = m->spiece && strcmp(m->spiece_name, "tokenizer.json") != 0;
    if (spiece && !strcmp(name, "special_tokens_map.json"))
        return json_pack("{s:s, s:s, s:s}", "eos_token", "</s>", "pad_token", "<pad>", "unk_token", "<unk>");
    if (spiece && !strcmp(name, "tokenizer_config.json"))
        return json_pack("{s:s, s:s, s:s, s:s, s:i, s:[], s:b}", "tokenizer_class", "T5Tokenizer", "eos_token", "</s>",
                         "pad_token", "<pad>", "unk_token", "<unk>", "extra_ids", 0, "additional_special_tokens",
                         "legacy", 1);
    return NULL;
}

static int write_all(const struct model *m, const char *dir)
{
    TRY(write_json(dir, "config.json", config_to_write(m)));
    json_t *weights = json_object();
    int rc = weights ? write_model(m, dir, weights) : err_nomem(0);
    json_decref(weights);
    TRY(rc);
    if (m->spiece)
        TRY(write_file(dir, m->spiece_name, m->spiece, m->spiece_n));
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        json_t *j;
        if (m->file[i].p)
            TRY(write_file(dir, passed_on[i], m->file[i].p, m->file[i].n));
        else if ((j = file_to_write(m, passed_on[i])))
            TRY(write_json(dir, passed_on[i], j));
    }
    return 0;
}

static const char *const names[] = {"config.json",  "model.safetensors", "icd.safetensors", "icd.json",
                                    "spiece.model", "tokenizer.model"};

int model_claim(const char *dir)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TRY(join(path, dir, names[i]));
        TRY(claim_output(path, path));
    }
    return 0;
}

/* The files a model directory may hold: of an old one these are removed, everything else moves into the new one. */
static bool ours(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        if (!strcmp(name, passed_on[i]))
            return true;
    return false;
}

/* Empties `old`: its model files go, what else it holds (checkpoint/) goes to `dir`, or stays when that name is
 * taken. */
static void sweep(const char *old, const char *dir)
{
    char from[PATH_MAX], to[PATH_MAX];
    DIR *d = opendir(old);
    struct dirent *e;
    if (!d && errno == ENOMEM) /* it stays */
        err_nomem(0);
    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || join(from, old, e->d_name))
            continue;
        if (ours(e->d_name))
            unlink(from);
        else if (dir && !join(to, dir, e->d_name))
            renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    }
    if (d)
        closedir(d);
    rmdir(old);
}

/* `tmp` becomes `dir`; a directory that is there already is exchanged in one step. */
static int put_in_place(const char *tmp, const char *dir)
{
    char path[PATH_MAX];
    if (!rename(tmp, dir)) /* none there, or an empty one */
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_set(E_IO, "%s: %s", path_base(dir), strerror(errno));
    TRY(join(path, dir, "config.json"));
    if (access(path, F_OK))
        return err_set(E_DATA, "%s: is not empty and not a model directory: will not be replaced", path_base(dir));
    if (renameat2(AT_FDCWD, tmp, AT_FDCWD, dir, RENAME_EXCHANGE))
        return err_set(E_IO, "%s: %s", path_base(dir), strerror(errno));
    sweep(tmp, dir);
    return 0;
}

int model_save(const struct model *m, const char *dir)
{
    char tmp[PATH_MAX];
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (snprintf(tmp, sizeof tmp, "%.*s.XXXXXX", (int)n, dir) >= (int)sizeof tmp)
        return err_set(E_IO, "path too long");
    if (!mkdtemp(tmp)) /* mode 0700: a model may repeat what it was trained on */
        return err_set(E_IO, "%s: %s", path_base(dir), strerror(errno));
    int rc = write_all(m, tmp);
    if (!rc)
        rc = dir_sync(tmp);
    if (!rc)
        rc = put_in_place(tmp, dir);
    if (rc) {
        sweep(tmp, NULL);
        return rc;
    }
    return entry_sync(dir);
}
