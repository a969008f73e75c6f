/* What a chat endpoint sends back: headers, errors, answers. See chat.h; tests: tests/cli/kb-build-ask.sh. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/kb/chat_part.h"
#include "lib/kb/content.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"

/* ---- headers ---- */

/* "6m0s", "1.5s", "20ms" as seconds; -1: not a duration. */
static double duration(const char *s)
{
    double total = 0;
    char *end;
    if (!*s)
        return -1;
    while (*s) {
        double v = strtod(s, &end);
        if (end == s || !(v >= 0))
            return -1;
        s = end;
        if (!strncmp(s, "ms", 2))
            total += v / 1000, s += 2;
        else if (*s == 'h')
            total += v * 3600, s++;
        else if (*s == 'm')
            total += v * 60, s++;
        else if (*s == 's')
            total += v, s++;
        else
            return -1;
    }
    return total;
}

/* Seconds, or a date of HTTP. */
static double retry_after(const char *s)
{
    char *end;
    double v = strtod(s, &end);
    if (end != s && !*end)
        return v >= 0 ? v : -1;
    time_t at = curl_getdate(s, NULL), now = time(NULL);
    if (at < 0)
        return -1;
    return at > now ? (double)(at - now) : 0;
}

void chat_header(struct chat_headers *h, const char *line, size_t n)
{
    char name[64], value[128];
    const char *colon = memchr(line, ':', n);
    if (n >= 5 && !memcmp(line, "HTTP/", 5)) /* a new response: 100 Continue came before */
        *h = (struct chat_headers){.retry_after = -1};
    if (!colon || colon - line >= (int)sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(colon - line), line);
    const char *v = colon + 1, *end = line + n;
    while (v < end && (*v == ' ' || *v == '\t'))
        v++;
    while (end > v && strchr(" \t\r\n", end[-1]))
        end--;
    snprintf(value, sizeof value, "%.*s", (int)(end - v < 127 ? end - v : 127), v);
    if (!strcasecmp(name, "retry-after-ms")) {
        double ms = strtod(value, NULL);
        h->retry_after = ms >= 0 ? ms / 1000 : -1;
    } else if (!strcasecmp(name, "retry-after") && h->retry_after < 0) {
        h->retry_after = retry_after(value);
    } else if (!strcasecmp(name, "x-ratelimit-remaining-requests")) {
        h->none_left = !strcmp(value, "0");
    } else if (!strcasecmp(name, "x-ratelimit-reset-requests")) {
        double s = duration(value);
        h->reset = s > 0 ? s : 0;
    }
}

/* ---- bodies ---- */

/* In front of what the server said, with the key struck out of it, should the server repeat it. */
static void explain(struct chat_result *r, const char *what, const char *said, const char *key)
{
    char text[160];
    snprintf(text, sizeof text, "%s", said ? said : "");
    for (char *at = text; key && *key && (at = strstr(at, key)); at += strlen(key))
        memset(at, '*', strlen(key));
    /* A key that the end of the excerpt cut in two. */
    for (size_t n = key ? strlen(key) : 0; n > 3; n--) {
        size_t len = strlen(text);
        if (len >= n && !strncmp(text + len - n, key, n))
            memset(text + len - n, '*', n);
    }
    snprintf(r->why, sizeof r->why, "%s%s%s", what, *text ? ": " : "", text);
}

/* A string member of {"error": {...}}; {"error": "..."} is its message. */
static const char *error_member(const json_t *body, const char *name)
{
    const json_t *e = json_object_get(body, "error");
    if (json_is_string(e))
        return strcmp(name, "message") ? NULL : json_string_value(e);
    return json_string_value(json_object_get(e, name));
}

static bool says(const char *s, const char *word)
{
    return s && strstr(s, word);
}

static void judge_error(long status, const json_t *j, const char *key, struct chat_result *r)
{
    const char *message = error_member(j, "message"), *param = error_member(j, "param");
    const char *code = error_member(j, "code"), *type = error_member(j, "type");
    char what[64];
    snprintf(what, sizeof what, "HTTP %ld", status);
    explain(r, what, message, key);
    r->verdict = CHAT_FATAL;
    if (status >= 300 && status < 400) {
        snprintf(r->why, sizeof r->why, "HTTP %ld: it points to another place; give that place's URL", status);
    } else if (status == 400) {
        const char *about = param ? param : message;
        if (says(about, "max_tokens"))
            r->learnt = CHAT_COMPLETION_TOKENS;
        else if (says(about, "temperature"))
            r->learnt = CHAT_NO_TEMPERATURE;
        else
            r->learnt = says(about, "seed") ? CHAT_NO_SEED : 0;
        r->verdict = r->learnt ? CHAT_REFORM : CHAT_FATAL;
    } else if (status == 429 && (says(code, "insufficient_quota") || says(type, "insufficient_quota"))) {
        explain(r, "the quota is used up", message, key);
    } else if (status == 408 || status == 409 || status == 429 || status >= 500) {
        r->verdict = CHAT_BUSY;
    }
}

static int judge_answer(json_t *j, const char *type, struct chat_result *r)
{
    const json_t *choice = json_array_get(json_object_get(j, "choices"), 0);
    json_t *message = json_object_get(choice, "message");
    TRY(content_settle(message, "content"));
    const json_t *content = json_object_get(message, "content");
    const char *finish = json_string_value(json_object_get(choice, "finish_reason")), *why = NULL;
    r->verdict = CHAT_USELESS;
    if (!j)
        why = "no JSON";
    else if (!choice)
        why = "no choices";
    else if (json_is_string(json_object_get(message, "refusal")))
        why = "a refusal";
    else if (finish && !strcmp(finish, "content_filter"))
        why = "the server's filter took the content away";
    else if (!json_is_string(content) || !json_string_length(content))
        why = "no content";
    if (why) {
        char kind[64];
        snprintf(kind, sizeof kind, "%.*s", (int)(type ? strcspn(type, ";") : 0), type ? type : "");
        snprintf(r->why, sizeof r->why, "%s%s%s%s", why, !j && *kind ? " (" : "", !j ? kind : "",
                 !j && *kind ? ")" : "");
        return 0;
    }
    if (finish && !strcmp(finish, "length")) {
        r->verdict = CHAT_CUT;
        snprintf(r->why, sizeof r->why, "cut off by the number of tokens (--max-tokens)");
        return 0;
    }
    r->verdict = CHAT_ANSWERED;
    r->reply = (struct chat_reply){json_string_value(content), json_string_length(content),
                                   json_string_value(json_object_get(j, "model")), json_object_get(j, "usage")};
    return 0;
}

int chat_judge(long status, const struct buf *body, const char *type, const char *key, struct chat_result *out)
{
    struct buf clean = {0};
    uint64_t bad = 0;
    *out = (struct chat_result){0};
    TRY(utf8_add(&clean, body->p ? body->p : "", body->n,
                 &bad)); /* U+FFFD for what is none; no expression may hold it */
    json_t *j = json_loadb(clean.p, clean.n, JSON_ALLOW_NUL, NULL);
    buf_free(&clean);
    int rc = status == 200 ? judge_answer(j, type, out) : 0;
    if (status != 200)
        judge_error(status, j, key, out);
    if (out->verdict == CHAT_ANSWERED)
        out->json = j;
    else
        json_decref(j);
    return rc;
}
