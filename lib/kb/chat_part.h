/* Between chat.c (requests and their timing) and chat_reply.c (what comes back). */
#ifndef ICD_CHAT_PART_H
#define ICD_CHAT_PART_H
#include "lib/kb/chat.h"
#include "lib/util/buf.h"

/* What a server may not take of the usual request; learnt from its 400, for all requests from then on. */
enum { CHAT_NO_TEMPERATURE = 1, CHAT_NO_SEED = 2, CHAT_COMPLETION_TOKENS = 4 };

struct chat_headers {
    double retry_after; /* seconds, -1: not said */
    double reset;       /* seconds until requests are allowed again, 0: they are */
    bool none_left;     /* x-ratelimit-remaining-requests: 0 */
};
void chat_header(struct chat_headers *h, const char *line, size_t n);

enum chat_verdict {
    CHAT_ANSWERED,
    CHAT_USELESS, /* ask once more */
    CHAT_CUT,     /* once more with more tokens */
    CHAT_BUSY,    /* retry later */
    CHAT_REFORM,  /* again right away, in the form learnt */
    CHAT_FATAL    /* the next one would fare no better */
};
struct chat_result {
    enum chat_verdict verdict;
    char why[256];   /* never the key */
    unsigned learnt; /* CHAT_NO_... */
    json_t *json;    /* CHAT_ANSWERED: owns what reply points to */
    struct chat_reply reply;
};
/* body: as it came. type: the content type, may be NULL. */
int chat_judge(long status, const struct buf *body, const char *type, const char *key, struct chat_result *out);

#endif
