/* Four parts: expressions of two codes (a line each, in turn), denials, words that never count by themselves, a text.
 * Words that are covered are some of its words. The last byte chooses how it is matched. */
#include "lib/kb/kb.h"
#include "tests/fuzz/fuzz.h"

static void lines(struct kb *kb, struct fuzz_part in)
{
    static struct kb_code code[2];
    static struct kb_term term[64];
    kb->codes = 2;
    kb->code = code;
    kb->term = term;
    kb->terms = 0;
    kb->text = (struct buf){(char *)in.p, in.n, in.n};
    for (int c = 0; c < 2; c++) {
        code[c] = (struct kb_code){.first = kb->terms};
        size_t line = 0;
        for (const char *p = in.p, *end = p + in.n, *nl; p < end && kb->terms < 64; p = nl + 1, line++) {
            nl = memchr(p, '\n', (size_t)(end - p));
            nl = nl ? nl : end;
            if (line % 2 == (size_t)c)
                term[kb->terms++] = (struct kb_term){(size_t)(p - in.p), (size_t)(nl - p)};
        }
        code[c].n = kb->terms - code[c].first;
    }
}

static void find(const struct matcher *m, struct fuzz_part text)
{
    uint64_t scope = 1;
    struct match_count all = {0}, one = {0};
    struct match_words w = {0};
    matcher_count(m, text.p, text.n, NULL, &all);
    matcher_count(m, text.p, text.n, &scope, &one);
    FUZZ_CHECK(all.covered <= all.words * matcher_unit(m) && one.covered <= all.covered && one.words == all.words);
    FUZZ_CHECK(!matcher_mark(m, text.p, text.n, NULL, &w));
    uint64_t sum = 0;
    int64_t at = 0;
    for (size_t i = 0; i < w.n; i++) {
        FUZZ_CHECK(w.word[i].begin >= at && w.word[i].begin < w.word[i].end && w.word[i].end <= (int64_t)text.n);
        at = w.word[i].end;
        sum += w.word[i].weight;
    }
    FUZZ_CHECK(sum == all.covered && w.n == all.words);
    match_words_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = fuzz_choice(data, &size, 16);
    struct fuzz_part part[4];
    for (int i = 0; i < 4; i++)
        part[i] = fuzz_next(&data, &size);
    struct kb kb = {0};
    struct matcher *m = NULL;
    struct buf form = {0};
    lines(&kb, part[0]);
    struct kb_matching match = {.words = how & 1, .idf = (how & 3) == 3, .any_case = how & 4, .negation = how & 8,
                                .denials = fuzz_file("denials.tsv", part[1].p, part[1].n),
                                .stop = fuzz_file("stop.txt", part[2].p, part[2].n)};
    if (!fuzz_rc(kb_matcher(&kb, &match, &m)))
        find(m, part[3]);
    FUZZ_CHECK(!match_fold(part[3].p, part[3].n, &form));
    buf_free(&form);
    matcher_free(m);
    return 0;
}
