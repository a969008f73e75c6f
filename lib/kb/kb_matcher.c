/* From expressions to a matcher, by the ways of matching that kb.h names. The word lists are data: share/words. */
#include <stdlib.h>
#include <string.h>

#include "lib/kb/kb.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"

/* Calls each(line, end) for every line of the file that is neither empty nor begins with '#'. */
static int each_line(const char *path, const char *bundled, int (*each)(struct matcher *, const char *, const char *),
                     struct matcher *m)
{
    char found[4096], *text = NULL;
    size_t n;
    int rc = 0, line = 1;
    if (!path) {
        TRY(share_path(bundled, found, sizeof found));
        path = found;
    }
    TRY(text_read(path, 1 << 20, &text, &n));
    for (const char *p = text, *end = text + n; p < end && !rc; line++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
        if (stop > p && *p != '#' && (rc = each(m, p, stop)) != 0)
            err_ctx(rc, "%s: line %d", path_base(path), line);
        p = stop + 1;
    }
    free(text);
    return rc;
}

static int stop_line(struct matcher *m, const char *p, const char *end)
{
    return matcher_add_words(m, p, (size_t)(end - p), 0, NULL);
}

static int denial_line(struct matcher *m, const char *p, const char *end)
{
    static const struct {
        const char *name;
        enum match_role role;
    } roles[] = {{"NEXT", MATCH_NEGATES_NEXT}, {"LAST", MATCH_NEGATES_LAST}, {"NOT", MATCH_NEGATES_NOT}};
    const char *tab = memchr(p, '\t', (size_t)(end - p));
    for (size_t i = 0; tab && i < sizeof roles / sizeof *roles; i++) {
        if (strlen(roles[i].name) != (size_t)(tab - p) || memcmp(roles[i].name, p, (size_t)(tab - p)) != 0)
            continue;
        for (const char *q = tab + 1; q < end;) {
            const char *semi = memchr(q, ';', (size_t)(end - q)), *stop = semi ? semi : end;
            TRY(matcher_add_negation(m, q, (size_t)(stop - q), roles[i].role));
            q = stop + 1;
        }
        return 0;
    }
    return err_set(E_DATA, "not NEXT, LAST or NOT, a tab and expressions");
}

static int load_stop(const struct kb_matching *how, struct matcher **stop)
{
    TRY(matcher_new(stop));
    TRY(each_line(how->stop, "words/stop.txt", stop_line, *stop));
    return matcher_build(*stop);
}

static int add_all(const struct kb *kb, const struct kb_matching *how, const struct matcher *stop, struct matcher *m)
{
    if (how->any_case)
        matcher_any_case(m);
    for (size_t i = 0; i < kb->codes; i++)
        for (size_t k = kb->code[i].first; k < kb->code[i].first + kb->code[i].n; k++) {
            const char *p = kb->text.p + kb->term[k].text;
            TRY(how->words ? matcher_add_words(m, p, kb->term[k].n, (uint32_t)i, stop)
                           : matcher_add(m, p, kb->term[k].n, (uint32_t)i));
        }
    if (how->idf)
        matcher_idf(m, (uint32_t)kb->codes);
    if (how->negation)
        TRY(each_line(how->denials, "words/denials.tsv", denial_line, m));
    return matcher_build(m);
}

int kb_matcher(const struct kb *kb, const struct kb_matching *how, struct matcher **out)
{
    struct matcher *m = NULL, *stop = NULL;
    int rc = kb->terms ? 0 : err_set(E_DATA, "no expressions in it (kb-build --kind expressions writes them)");
    if (!rc && how->words)
        rc = load_stop(how, &stop);
    if (!rc)
        rc = matcher_new(&m);
    if (!rc)
        rc = add_all(kb, how, stop, m);
    matcher_free(stop);
    if (rc)
        matcher_free(m);
    else
        *out = m;
    return rc;
}
