/* Files of a language model's answers (answer.h): one file per code, or many codes as JSON lines; also what is written
 * by hand in the form of share/kb/expressions.ndjson. Tests: tests/cli/kb-build-answers.sh. */
#ifndef ICD_ANSWERS_H
#define ICD_ANSWERS_H
#include <stdbool.h>
#include <stdint.h>

#include "lib/kb/code_list.h"
#include "lib/kb/terms.h"

/* Something in a file became no term: see answer_sink. */
struct remark {
    const char *file, *code; /* code NULL: unknown */
    size_t record, line;     /* line of the file that holds the answer, 0: the file is one answer; line of the answer */
    bool lost;
    const char *why;
};
struct answers {
    /* what is wanted; all borrowed */
    const struct code_list *codes;
    bool description;
    void *ctx;
    int (*term)(void *ctx, uint32_t code, enum kb_type type, const char *text, size_t n);
    int (*remark)(void *ctx, const struct remark *m);
    /* what was found */
    bool *answered;          /* by code: an answer gave a term; from the caller, zeroed */
    size_t answers, outside; /* for codes of the list; for others */
    char xxh64[17];          /* of the file; of the folder's names and files */
    /* private */
    const char *file;
    size_t record;
    uint32_t code;
};
/* FILE: .ndjson or .jsonl, a line a record {"code": ..., "answer" or "text" or "content": ...}, or with the lists
 * themselves, or {"code", "type", "text"}; else one answer, the file's name without .txt, .md or .json being the code.
 * DIR: such files, but for hidden ones. E_DATA for lines that are no JSON or name no code. */
int answers_read(struct answers *a, const char *path);
/* One answer in memory, as if it were a file of this name. */
int answers_text(struct answers *a, const char *file, uint32_t code, const char *text, size_t n, size_t *found);

#endif
