/* Requests to a chat endpoint: how many at a time, when again. See chat.h; tests: tests/cli/kb-build-ask.sh. */
#include "lib/kb/chat.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/kb/chat_part.h"
#include "lib/util/err.h"
#include "lib/util/progress.h"
#include "lib/util/rng.h"

enum { FAILED_MAX = 5 }; /* questions without use in a row, before the first answer */
struct slot {            /* one question in flight */
    CURL *easy;
    bool used, running;
    size_t id;
    const char *prompt;
    int tries, asks; /* requests that failed; replies of no use */
    int more;        /* max_tokens << more */
    unsigned form;   /* CHAT_NO_... of the request that runs */
    double at;       /* not before */
    char *sent;
    struct buf body;
    bool large; /* the reply was too large and was cut */
    struct chat_headers headers;
};
struct chat {
    const struct chat_opts *o;
    const struct chat_calls *c;
    CURLM *multi;
    struct curl_slist *fields;
    char *url;
    struct slot *slot;
    unsigned form;      /* what was learnt */
    double pause, pace; /* no request before these */
    bool dry;           /* no more questions */
    size_t answered, failed;
    struct rng rng; /* jitter */
};

int chat_url_check(const char *url)
{
    const char *host = NULL;
    if (!strncasecmp(url, "http://", 7))
        host = url + 7;
    else if (!strncasecmp(url, "https://", 8))
        host = url + 8;
    if (!host || !*host || *host == '/')
        return err_set(E_USAGE, "--ask: needs a URL like http://localhost:8080/v1");
    if (strchr(host, '@'))
        return err_set(E_USAGE, "--ask: a user or password in the URL; a key goes into OPENAI_API_KEY");
    if (strpbrk(host, "?# \t\r\n"))
        return err_set(E_USAGE, "--ask: a URL without blanks, ? and #");
    return 0;
}

static int make_url(struct chat *c)
{
    static const char end[] = "/chat/completions";
    struct buf b = {0};
    size_t n = strlen(c->o->url), e = sizeof end - 1;
    while (n && c->o->url[n - 1] == '/')
        n--;
    if (n > e && !memcmp(c->o->url + n - e, end, e))
        n -= e;
    TRY(buf_add(&b, c->o->url, n));
    TRY(buf_add(&b, end, sizeof end));
    c->url = b.p;
    return 0;
}

static int add_field(struct chat *c, const char *field)
{
    struct curl_slist *l = curl_slist_append(c->fields, field);
    if (!l)
        return err_nomem(1);
    c->fields = l;
    return 0;
}

/* A header of ours; value NULL: not sent. */
static int add_named(struct chat *c, const char *name, const char *value)
{
    struct buf b = {0};
    if (!value || !*value)
        return 0;
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return err_set(E_USAGE, "a control character in the value of header %s (environment)", name);
    int rc = buf_fmt(&b, "%s%s%c", name, value, 0);
    rc = rc ? rc : add_field(c, b.p);
    if (b.p)
        explicit_bzero(b.p, b.n);
    buf_free(&b);
    return rc;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct slot *s = ctx;
    s->large = s->body.n + size * n > CHAT_BODY_MAX;
    return s->large || buf_add(&s->body, p, size * n) ? 0 : size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct slot *s = ctx;
    chat_header(&s->headers, p, size * n);
    return size * n;
}

static int request_body(const struct chat *c, const struct slot *s, char **out)
{
    json_t *j = json_pack("{s:s, s:[{s:s, s:s}], s:b}", "model", c->o->model, "messages", "role", "user", "content",
                          s->prompt, "stream", 0);
    if (!j)
        return err_set(E_DATA, "the model's name or the prompt is not UTF-8");
    json_object_set_new(j, s->form & CHAT_COMPLETION_TOKENS ? "max_completion_tokens" : "max_tokens",
                        json_integer((json_int_t)c->o->max_tokens << s->more));
    if (!(s->form & CHAT_NO_TEMPERATURE))
        json_object_set_new(j, "temperature", json_integer(0));
    if (!(s->form & CHAT_NO_SEED))
        json_object_set_new(j, "seed", json_integer(1 + s->asks));
    *out = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    return *out ? 0 : err_nomem(1);
}

static int start(struct chat *c, struct slot *s)
{
    s->form = c->form;
    s->body.n = 0;
    s->large = false;
    s->headers = (struct chat_headers){.retry_after = -1};
    free(s->sent);
    s->sent = NULL;
    TRY(request_body(c, s, &s->sent));
    curl_easy_reset(s->easy);
    curl_easy_setopt(s->easy, CURLOPT_URL, c->url);
    curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(s->easy, CURLOPT_FOLLOWLOCATION, 0L); /* the key is for this place only */
    curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, c->fields);
    curl_easy_setopt(s->easy, CURLOPT_USERAGENT, "icdpipe/" ICDPIPE_VERSION);
    curl_easy_setopt(s->easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, s->sent);
    curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)(c->o->timeout * 1000));
    curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
    CURLMcode m = curl_multi_add_handle(c->multi, s->easy);
    if (m != CURLM_OK)
        return err_set(E_BUG, "curl: %s", curl_multi_strerror(m));
    s->running = true;
    if (c->o->rpm > 0)
        c->pace = now_seconds() + 60 / c->o->rpm;
    return 0;
}

/* ---- when a request is over ---- */

static int give_up(const struct chat *c, const char *why)
{
    return err_set(E_IO, "%s: %s", c->url, why);
}

/* The server did not answer: the same again after a while. */
static int later(struct chat *c, struct slot *s, const char *why)
{
    if (s->tries++ >= c->o->retries)
        return err_set(E_IO, "%s: given up after %d tries: %s", c->url, s->tries, why);
    double wait = c->o->retry_wait * (1 << (s->tries < 5 ? s->tries - 1 : 4));
    wait *= 1 - 0.25 * rng_unit(&c->rng); /* those that failed together are not to come back together */
    double now = now_seconds(), asked = s->headers.retry_after;
    if (asked > CHAT_WAIT_MAX)
        return err_set(E_IO, "%s: it asks to wait %.0f s (%s)", c->url, asked, why);
    if (asked >= 0) { /* for everybody: the limit is the key's, not the question's */
        wait = asked;
        c->pause = now + asked > c->pause ? now + asked : c->pause;
    }
    s->at = now + wait;
    return 0;
}

static void free_slot(struct slot *s)
{
    s->used = false;
    s->tries = s->asks = s->more = 0;
    s->at = 0;
}

/* The server answers, but with nothing of use. */
static int again(struct chat *c, struct slot *s, const char *why)
{
    if (++s->asks < CHAT_ASKS)
        return 0;
    if (!c->answered && ++c->failed > FAILED_MAX) /* no such server, not a hard question */
        return give_up(c, why);
    free_slot(s);
    return c->c->failed(c->c->ctx, s->id, why);
}

static int over(struct chat *c, struct slot *s, CURLcode code)
{
    struct chat_result r;
    long status = 0;
    char *type = NULL;
    bool useless = false;
    /* no reply, or none that can be used */
    if (s->large)
        return again(c, s, "a reply that is too large");
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_PEER_FAILED_VERIFICATION)
        return give_up(c, curl_easy_strerror(code));
    if (code == CURLE_OUT_OF_MEMORY)
        return err_nomem(1);
    if (code != CURLE_OK)
        return later(c, s, curl_easy_strerror(code));
    /* a reply, and what it says about the next request */
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(s->easy, CURLINFO_CONTENT_TYPE, &type);
    TRY(chat_judge(status, &s->body, type, c->o->key, &r));
    if (s->headers.none_left && s->headers.reset > 0 && s->headers.reset <= CHAT_WAIT_MAX)
        c->pause = now_seconds() + s->headers.reset;
    switch (r.verdict) {
    case CHAT_ANSWERED: {
        int rc = c->c->answer(c->c->ctx, s->id, &r.reply, &useless);
        json_decref(r.json);
        TRY(rc);
        if (useless)
            return again(c, s, "an answer that cannot be read");
        c->answered++;
        free_slot(s);
        return 0;
    }
    case CHAT_CUT:
        s->more += s->more < 2;
        return again(c, s, r.why);
    case CHAT_USELESS:
        return again(c, s, r.why);
    case CHAT_BUSY:
        return later(c, s, r.why);
    case CHAT_REFORM: /* another request may have learnt it meanwhile; what the request had not is no way out */
        if (s->form & r.learnt)
            return give_up(c, r.why);
        c->form |= r.learnt;
        return 0;
    case CHAT_FATAL:
        break;
    }
    return give_up(c, r.why);
}

/* ---- the loop ---- */

static int start_what_may(struct chat *c, double *next)
{
    for (int i = 0; i < c->o->in_flight; i++) {
        struct slot *s = &c->slot[i];
        double now = now_seconds(), gate = c->pause > c->pace ? c->pause : c->pace;
        if (s->running)
            continue;
        if (!s->used && !c->dry && gate <= now) {
            TRY(c->c->next(c->c->ctx, &s->id, &s->prompt));
            s->used = s->prompt != NULL;
            c->dry = !s->prompt;
        }
        if (!s->used && c->dry)
            continue;
        double at = s->used && s->at > gate ? s->at : gate;
        if (at > now)
            *next = at < *next ? at : *next;
        else
            TRY(start(c, s));
    }
    return 0;
}

static int collect(struct chat *c, bool *any)
{
    CURLMsg *m;
    int left;
    *any = false;
    while ((m = curl_multi_info_read(c->multi, &left))) {
        struct slot *s = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
        curl_multi_remove_handle(c->multi, s->easy);
        s->running = false;
        *any = true;
        TRY(over(c, s, code));
    }
    return 0;
}

static bool busy(const struct chat *c)
{
    bool any = !c->dry;
    for (int i = 0; i < c->o->in_flight; i++)
        any |= c->slot[i].used;
    return any;
}

static int loop(struct chat *c)
{
    while (busy(c)) {
        double next = now_seconds() + 1;
        int running;
        bool any;
        TRY(start_what_may(c, &next));
        TRY(err_memory(0)); /* a request may lack a header */
        CURLMcode m = curl_multi_perform(c->multi, &running);
        if (m != CURLM_OK)
            return err_set(E_BUG, "curl: %s", curl_multi_strerror(m));
        TRY(collect(c, &any));
        double wait = next - now_seconds();
        if (!any) /* until something arrives, or the next one may start */
            curl_multi_poll(c->multi, NULL, 0, wait > 0 ? (int)(wait * 1000) + 1 : 0, NULL);
    }
    return 0;
}

static int open_all(struct chat *c)
{
    TRY(make_url(c));
    TRY(add_field(c, "Content-Type: application/json"));
    TRY(add_field(c, "Expect:"));
    TRY(add_named(c, "Authorization: Bearer ", c->o->key));
    TRY(add_named(c, "OpenAI-Organization: ", getenv("OPENAI_ORG_ID")));
    TRY(add_named(c, "OpenAI-Project: ", getenv("OPENAI_PROJECT_ID")));
    if (!(c->slot = mem_zalloc((size_t)c->o->in_flight, sizeof *c->slot)))
        return E_NOMEM;
    c->multi = curl_multi_init();
    for (int i = 0; i < c->o->in_flight && c->multi; i++)
        if (!(c->slot[i].easy = curl_easy_init()))
            return err_nomem(1);
    return c->multi ? 0 : err_nomem(1);
}

/* Memory for libcurl, which does not tell of all that it did without: err_memory() knows. */
static void *curl_alloc(size_t n)
{
    return mem_alloc(n, 1);
}

static void *curl_grow(void *p, size_t n)
{
    return mem_grow(p, n, 1);
}

static char *curl_copy(const char *s)
{
    return mem_strndup(s, strlen(s));
}

static void *curl_zeroed(size_t n, size_t size)
{
    return mem_zalloc(n, size);
}

int chat_run(const struct chat_opts *o, const struct chat_calls *calls)
{
    struct chat c = {.o = o, .c = calls, .rng = rng_new((uint64_t)(now_seconds() * 1e9), 0)};
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_alloc, free, curl_grow, curl_copy, curl_zeroed) != CURLE_OK)
        return err_nomem(1);
    int rc = open_all(&c);
    rc = rc ? rc : loop(&c);
    for (int i = 0; c.slot && i < o->in_flight; i++) {
        struct slot *s = &c.slot[i];
        if (s->running)
            curl_multi_remove_handle(c.multi, s->easy);
        curl_easy_cleanup(s->easy);
        free(s->sent);
        buf_free(&s->body);
    }
    curl_multi_cleanup(c.multi);
    curl_slist_free_all(c.fields);
    free(c.slot);
    free(c.url);
    curl_global_cleanup();
    return rc;
}
