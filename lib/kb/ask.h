/* Expressions or descriptions of codes from a language model: prompts in the manner of the paper's Figures 4 and 5
 * (share/prompts), asked through chat.h, answers kept in a folder. A prompt has a code and its title, and can have
 * nothing else. Tests: tests/cli/kb-build-ask.sh. */
#ifndef ICD_ASK_H
#define ICD_ASK_H
#include "lib/kb/answers.h"
#include "lib/kb/chat.h"
#include "lib/kb/titles.h"

struct ask { /* all borrowed */
    struct chat_opts chat;
    const char *cache;  /* folder, made if need be: an answer a file of mode 0600, named by the hash of what was asked
                             (model, options, prompt), so nothing is asked twice; NULL in a dry run: none */
    const char *prompt; /* template with {code}, {title}, {icd} */
    const char *kind;   /* "expressions", "descriptions": kept in the cache, for those who read it with --answers */
    const struct titles *titles;
    struct answers *answers; /* where answers go, in the order of the codes, asked now or before */
    const bool *skip;        /* by code: not to be asked about; NULL: all are. So are codes without a title. */
    void (*progress)(void *ctx, size_t done, size_t all); /* may be NULL */
    void *ctx;
    size_t cached, asked, untitled, failed; /* filled */
};
/* E_IO from the server, else as chat_run; what was answered by then is in the cache. */
int ask_run(struct ask *a);
/* Every prompt and its size to standard output, nothing else. */
int ask_dry_run(struct ask *a);

#endif
