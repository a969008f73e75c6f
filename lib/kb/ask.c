/* Asking a language model about codes: see ask.h. Tests: tests/cli/kb-build-ask.sh. */
#include "lib/kb/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "lib/kb/answer.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

enum { ENTRY_FILE_MAX = 1 << 24 };

struct asking {
    struct ask *a;
    char **prompt; /* of the codes still to be asked about, NULL for others; freed when answered */
    size_t at, todo, done;
};

static const char *code_at(const struct ask *a, size_t i)
{
    return a->answers->codes->set.code[i];
}

/* The template with the code in it. */
static int make_prompt(const struct ask *a, size_t i, const char *title, struct buf *out)
{
    const struct {
        const char *name, *value;
    } fields[] = {{"{code}", code_at(a, i)}, {"{title}", title}, {"{icd}", a->titles->icd == 10 ? "ICD-10" : "ICD-9"}};
    out->n = 0;
    for (const char *p = a->prompt; *p;) {
        size_t k, n = 1;
        for (k = 0; k < 3 && strncmp(p, fields[k].name, strlen(fields[k].name)) != 0; k++)
            ;
        TRY(k < 3 ? buf_str(out, fields[k].value) : buf_add(out, p, n));
        p += k < 3 ? strlen(fields[k].name) : n;
    }
    while (out->n && out->p[out->n - 1] == '\n')
        out->n--;
    return buf_add(out, "", 1);
}

/* ---- the cache ---- */

/* What an answer depends on; equal requests are equal as JSON. */
static json_t *request_of(const struct ask *a, const char *prompt)
{
    return json_pack("{s:s, s:I, s:i, s:i, s:s}", "model", a->chat.model, "max_tokens", (json_int_t)a->chat.max_tokens,
                     "temperature", 0, "seed", 1, "prompt", prompt);
}

static int entry_path(const struct ask *a, const json_t *request, struct buf *path)
{
    char *text = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return err_nomem(1);
    XXH128_hash_t h = XXH3_128bits(text, strlen(text));
    free(text);
    path->n = 0;
    return buf_fmt(path, "%s/%016llx%016llx.json%c", a->cache, (unsigned long long)h.high64,
                   (unsigned long long)h.low64, 0);
}

/* *entry NULL: it is not there, or is not what was written: then the question is asked again. */
static int cache_read(const struct ask *a, const char *prompt, json_t **entry)
{
    struct buf path = {0};
    char *text;
    size_t n;
    json_t *request = request_of(a, prompt);
    *entry = NULL;
    if (!a->cache) {
        json_decref(request);
        return 0;
    }
    int rc = request ? entry_path(a, request, &path) : err_set(E_DATA, "the prompt or the model's name is not UTF-8");
    if (!rc && access(path.p, F_OK) == 0 && !(rc = file_read(path.p, ENTRY_FILE_MAX, &text, &n))) {
        *entry = json_loadb(text, n, JSON_ALLOW_NUL, NULL);
        free(text);
        if (!json_is_string(json_object_get(*entry, "answer")) ||
            !json_equal(json_object_get(*entry, "request"), request)) {
            json_decref(*entry);
            *entry = NULL;
        }
    }
    json_decref(request);
    buf_free(&path);
    return rc;
}

static int cache_write(const struct ask *a, size_t i, const char *prompt, const struct chat_reply *r)
{
    struct buf path = {0};
    struct outfile f = {.fd = -1};
    char date[32], *text = NULL;
    time_t now = time(NULL);
    struct tm tm;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    json_t *request = request_of(a, prompt);
    /* Hosted models drift, so the entry says which one answered, and when. */
    json_t *e =
        json_pack("{s:s, s:s, s:O, s:s%, s:s*, s:O*, s:s}", "code", code_at(a, i), "kind", a->kind, "request", request,
                  "answer", r->content, r->n, "answered_by", r->model, "usage", r->usage, "date", date);
    int rc = e ? entry_path(a, request, &path) : err_nomem(r->n);
    if (!rc && !(text = json_dumps(e, JSON_INDENT(1))))
        rc = err_nomem(r->n);
    rc = rc ? rc : outfile_open_own(&f, path.p);
    rc = rc ? rc : outfile_write(&f, text, strlen(text));
    rc = rc ? rc : outfile_write(&f, "\n", 1);
    rc = rc ? rc : outfile_commit(&f);
    outfile_discard(&f);
    free(text);
    json_decref(e);
    json_decref(request);
    buf_free(&path);
    return rc;
}

/* ---- asking ---- */

static int next(void *ctx, size_t *id, const char **prompt)
{
    struct asking *s = ctx;
    size_t n = s->a->answers->codes->set.n;
    while (s->at < n && !s->prompt[s->at])
        s->at++;
    *id = s->at;
    *prompt = s->at < n ? s->prompt[s->at++] : NULL;
    return 0;
}

static void over(struct asking *s, size_t id)
{
    free(s->prompt[id]);
    s->prompt[id] = NULL;
    s->done++;
    if (s->a->progress)
        s->a->progress(s->a->ctx, s->done, s->todo);
}

static int deaf_term(void *ctx, enum kb_type type, const char *text, size_t n)
{
    return 0;
}
static int deaf_left_out(void *ctx, size_t line, bool lost, const char *why)
{
    return 0;
}

static int on_answer(void *ctx, size_t id, const struct chat_reply *r, bool *again)
{
    static const struct answer_sink deaf = {NULL, deaf_term, deaf_left_out};
    struct asking *s = ctx;
    size_t found;
    TRY(answer_read(r->content, r->n, s->a->answers->description, code_at(s->a, id), &deaf, &found));
    *again = !found;
    if (!found)
        return 0;
    TRY(cache_write(s->a, id, s->prompt[id], r));
    s->a->asked++;
    over(s, id);
    return 0;
}

static int on_failed(void *ctx, size_t id, const char *why)
{
    struct asking *s = ctx;
    const struct remark m = {.file = "--ask", .code = code_at(s->a, id), .lost = true, .why = why};
    s->a->failed++;
    over(s, id);
    return s->a->answers->remark(s->a->answers->ctx, &m);
}

/* Calls `with` for each code that is asked about, with its prompt and what the cache has for it (NULL: nothing). */
static int each_prompt(struct ask *a,
                       int (*with)(struct ask *a, void *ctx, size_t i, const char *prompt, json_t *entry), void *ctx)
{
    struct buf prompt = {0};
    json_t *entry = NULL;
    int rc = 0;
    a->untitled = 0;
    for (size_t i = 0; i < a->answers->codes->set.n && !rc; i++) {
        const char *title = titles_find(a->titles, code_at(a, i));
        a->untitled += !title;
        if (!title || (a->skip && a->skip[i])) /* a model that is given a bare code makes one up */
            continue;
        rc = make_prompt(a, i, title, &prompt);
        rc = rc ? rc : cache_read(a, prompt.p, &entry);
        rc = rc ? rc : with(a, ctx, i, prompt.p, entry);
        json_decref(entry);
        entry = NULL;
    }
    buf_free(&prompt);
    return rc;
}

static int find_missing(struct ask *a, void *ctx, size_t i, const char *prompt, json_t *entry)
{
    struct asking *s = ctx;
    if (entry)
        a->cached++;
    else if (!(s->prompt[i] = mem_strndup(prompt, strlen(prompt))))
        return E_NOMEM;
    else
        s->todo++;
    return 0;
}

static int take_answer(struct ask *a, void *ctx, size_t i, const char *prompt, json_t *entry)
{
    size_t found;
    if (!entry)
        return 0;
    const json_t *answer = json_object_get(entry, "answer");
    const char *text = json_string_value(answer);
    uint64_t n = json_string_length(answer);
    XXH64_update(ctx, code_at(a, i), strlen(code_at(a, i)) + 1);
    XXH64_update(ctx, &n, sizeof n);
    XXH64_update(ctx, text, n);
    return answers_text(a->answers, "--ask", (uint32_t)i, text, n, &found);
}

int ask_run(struct ask *a)
{
    struct asking s = {.a = a};
    const struct chat_calls calls = {&s, next, on_answer, on_failed};
    size_t n = a->answers->codes->set.n;
    XXH64_state_t *x = XXH64_createState();
    int rc = x && (s.prompt = mem_zalloc(n, sizeof *s.prompt)) ? 0 : err_nomem(n);
    if (!rc && mkdir(a->cache, 0700) != 0 && errno != EEXIST)
        rc = err_set(E_IO, "%s: %s", a->cache, strerror(errno));
    rc = rc ? rc : each_prompt(a, find_missing, &s);
    if (!rc && s.todo && (rc = chat_run(&a->chat, &calls)) == E_IO && a->asked)
        err_ctx(rc, "%zu of %zu answered and kept; the same command goes on from there", a->asked, s.todo);
    for (size_t i = 0; s.prompt && i < n; i++)
        free(s.prompt[i]);
    free(s.prompt);
    if (!rc) {
        XXH64_reset(x, 0);
        rc = each_prompt(a, take_answer, x);
        snprintf(a->answers->xxh64, sizeof a->answers->xxh64, "%016llx", (unsigned long long)XXH64_digest(x));
    }
    XXH64_freeState(x);
    return rc;
}

struct sizes {
    size_t prompts, bytes, cached;
};
static int show(struct ask *a, void *ctx, size_t i, const char *prompt, json_t *entry)
{
    struct sizes *s = ctx;
    size_t n = strlen(prompt);
    s->prompts++;
    s->bytes += entry ? 0 : n;
    s->cached += entry != NULL;
    printf("--- %s: %zu bytes, about %zu tokens%s\n%s\n", code_at(a, i), n, (n + 3) / 4,
           entry ? ", answered already" : "", prompt);
    return 0;
}

int ask_dry_run(struct ask *a)
{
    struct sizes s = {0};
    TRY(each_prompt(a, show, &s));
    size_t ask = s.prompts - s.cached;
    printf("--- %zu prompts, %zu answered already; to be sent: %zu prompts, %zu bytes, about %zu tokens; "
           "to be received: at most %zu tokens\n",
           s.prompts, s.cached, ask, s.bytes, (s.bytes + 3) / 4, ask * (size_t)a->chat.max_tokens);
    return 0;
}
