/* Two parts: the list of labels, and a template. */
#include "lib/text/encode.h"
#include "lib/text/spm_train.h"
#include "tests/fuzz/fuzz.h"

static struct spm *vocabulary(void)
{
    struct spm_corpus *c;
    struct spm_training how = {.size = 120, .coverage = 1};
    struct buf model = {0};
    struct spm *s;
    int64_t got;
    FUZZ_CHECK(!spm_corpus_new(&c));
    for (int i = 0; i < 50; i++)
        FUZZ_CHECK(!spm_corpus_add(c, "heart failure and chest pain of the note", 40));
    FUZZ_CHECK(!spm_train(c, &how, &model, &got) && !spm_open_bytes(&s, "own", model.p, model.n));
    spm_corpus_free(c);
    buf_free(&model);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct spm *s;
    static const char note[] = "chest pain";
    s = s ? s : vocabulary();
    struct fuzz_part labels = fuzz_next(&data, &size), template = fuzz_next(&data, &size);
    struct buf list = {(char *)labels.p, labels.n, labels.n};
    struct prompt p = {0};
    struct spm_ids ids = {0};
    size_t full;
    if (!fuzz_rc(prompt_make(&p, s, template.p, template.n, labels.n > 1 ? &list : NULL)) &&
        !fuzz_rc(encode_note(s, &p, note, sizeof note - 1, NULL, 0, 20, &ids, &full, NULL)))
        FUZZ_CHECK(ids.n <= 20 && ids.n <= full);
    spm_ids_free(&ids);
    prompt_free(&p);
    return 0;
}
