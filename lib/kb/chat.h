/* Questions to an OpenAI-compatible chat endpoint (POST BASE/chat/completions), several in flight, with the patience
 * that such servers ask for. The only network code of the project. Replies are read in chat_reply.c. Tests:
 * tests/cli/kb-build-ask.sh, against a server that misbehaves. */
#ifndef ICD_CHAT_H
#define ICD_CHAT_H
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct chat_opts {
    const char *url; /* BASE with its version: "https://api.openai.com/v1"; see chat_url_check */
    const char *key; /* NULL: none. Goes into the Authorization header and nowhere else. */
    const char *model;
    long max_tokens; /* doubled, twice at most, for an answer that is cut off by it */
    int in_flight;
    int retries;       /* of a question the server did not answer: busy, failing, not there */
    double retry_wait; /* seconds before the first retry; doubles up to 16 times that. What the server asks for goes
                          first */
    double timeout;    /* seconds a request may take */
    double rpm;        /* requests a minute at most; 0: no limit */
};
struct chat_reply {
    const char *content; /* UTF-8, may hold NULs */
    size_t n;
    const char *model;   /* as the server calls it, may be NULL */
    const json_t *usage; /* may be NULL */
};
struct chat_calls {
    void *ctx;
    /* The next question; *prompt stays valid until `answer` or `failed`. NULL: no more. */
    int (*next)(void *ctx, size_t *id, const char **prompt);
    /* *again: the answer is of no use, ask once more (with another seed). */
    int (*answer)(void *ctx, size_t id, const struct chat_reply *r, bool *again);
    /* The server answers, but never with something of use; `why` for the last time. */
    int (*failed)(void *ctx, size_t id, const char *why);
};
enum { CHAT_ASKS = 3, CHAT_WAIT_MAX = 600, CHAT_BODY_MAX = 4 << 20 };

/* http or https, without user, password, query or fragment: E_USAGE otherwise. */
int chat_url_check(const char *url);
/* Asks everything. E_IO when the server refuses (key, model, quota, request), points elsewhere, or stays away after all
 * retries; E_NOMEM; what the callbacks return. */
int chat_run(const struct chat_opts *o, const struct chat_calls *c);

#endif
