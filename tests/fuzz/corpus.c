/* A corpus of one's own: three parts, the columns (--columns), the shares of a draw, the file; CSV, or JSON lines where
 * its first byte is a brace. */
#include "lib/ingest/corpus.h"
#include "tests/fuzz/fuzz.h"

static int count(void *ctx, const char *body, size_t n)
{
    *(size_t *)ctx += n;
    return body ? 0 : E_BUG;
}
static void say(void *ctx, bool warning, const char *line)
{
    *(size_t *)ctx += strlen(line) + warning;
}

static int read_all(struct corpus *c, const char *path, bool json)
{
    return fuzz_rc(json ? corpus_read_json(c, path) : corpus_read_csv(c, path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_part columns = fuzz_next(&data, &size), draw = fuzz_next(&data, &size), file = fuzz_next(&data, &size);
    char spec[256], shares[64];
    size_t seen = 0;
    snprintf(spec, sizeof spec, "%.*s", (int)(columns.n ? columns.n - 1 : 0), columns.p);
    snprintf(shares, sizeof shares, "%.*s", (int)(draw.n ? draw.n - 1 : 0), draw.p);
    struct opt_list none = {0};
    struct corpus_opts o = {.text = true, .codes = columns.n % 2, .map_split = &none, .draw = *shares ? shares : NULL,
                            .seed = 1, .stratify = draw.n % 2};
    struct corpus c;
    corpus_open(&c, &o);
    c.emit = count;
    c.ctx = &seen;
    const char *path = fuzz_file("corpus", file.p, file.n);
    bool json = file.n && *file.p == '{';
    if (!fuzz_rc(corpus_columns_parse(&c.columns, *spec ? spec : NULL)) && !read_all(&c, path, json)) {
        if (!o.draw || !fuzz_rc(corpus_draw(&c))) {
            c.again = o.draw != NULL;
            if (c.again)
                FUZZ_CHECK(!read_all(&c, path, json)); /* what was read once can be read again */
            json_t *meta = NULL;
            if (o.codes && !fuzz_rc(corpus_gold_meta(&c, &meta)))
                fuzz_rc(corpus_gold(&c, count));
            json_decref(meta);
            corpus_report(&c, say);
        }
    }
    corpus_close(&c);
    return 0;
}
