/* Files of answers: see answers.h. Tests: tests/cli/kb-build-answers.sh. */
#include "lib/kb/answers.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "lib/kb/answer.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include "lib/util/utf8.h"

enum { FILE_MAX = 1 << 28 };

static int remark(struct answers *a, const char *code, size_t line, bool lost, const char *why)
{
    const struct remark m = {a->file, code, a->record, line, lost, why};
    return a->remark(a->ctx, &m);
}

static int on_term(void *ctx, enum kb_type type, const char *text, size_t n)
{
    struct answers *a = ctx;
    a->answered[a->code] = true;
    return a->term(a->ctx, a->code, type, text, n);
}

static int on_left_out(void *ctx, size_t line, bool lost, const char *why)
{
    struct answers *a = ctx;
    return remark(a, a->codes->set.code[a->code], line, lost, why);
}

int answers_text(struct answers *a, const char *file, uint32_t code, const char *text, size_t n, size_t *found)
{
    const struct answer_sink sink = {a, on_term, on_left_out};
    a->file = file;
    a->code = code;
    a->answers++;
    return answer_read(text, n, a->description, a->codes->set.code[code], &sink, found);
}

/* Where the text is in what programs save: {"answer": ...}, {"message": {"content": ...}}, a whole response. */
static const json_t *text_of(const json_t *j)
{
    static const char *const names[] = {"answer", "text", "content", "response", "output", "completion"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_is_string(json_object_get(j, names[i])))
            return json_object_get(j, names[i]);
    const json_t *choice = json_array_get(json_object_get(j, "choices"), 0);
    const json_t *content = json_object_get(json_object_get(choice ? choice : j, "message"), "content");
    return json_is_string(content) ? content : NULL;
}

/* {"code", "type", "text"}: the term itself. */
static int typed_line(struct answers *a, int type, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return remark(a, a->codes->set.code[a->code], 0, true, "a control character in an expression");
    if (!n || n > (type == KB_DESCRIPTION ? DESCRIPTION_MAX : ENTRY_MAX))
        return remark(a, a->codes->set.code[a->code], 0, true,
                      n ? "too long for an expression" : "an empty expression");
    if ((type == KB_DESCRIPTION) != a->description)
        return 0; /* such files hold both */
    return on_term(a, (enum kb_type)type, text, n);
}

/* One answer as JSON; `name` is the code where the object has none. */
static int object(struct answers *a, json_t *j, const char *name)
{
    size_t found;
    const char *code = json_string_value(json_object_get(j, "code")), *kind;
    code = code ? code : name;
    if (!code)
        return err_set(E_DATA, "no code");
    ptrdiff_t place = code_list_find(a->codes, code);
    if (place < 0) {
        a->outside++;
        return remark(a, code, 0, place == CODE_AMBIGUOUS,
                      place == CODE_AMBIGUOUS ? "without its dot it is the code of two" : "not a code of the list");
    }
    kind = json_string_value(json_object_get(j, "kind")); /* the cache of --ask */
    if (kind && strcmp(kind, a->description ? "descriptions" : "expressions"))
        return remark(a, code, 0, false, "an answer of the other kind");
    int type =
        kb_type_find(json_is_string(json_object_get(j, "type")) ? json_string_value(json_object_get(j, "type")) : "");
    const json_t *text = text_of(j);
    if (type >= 0 && text) {
        a->code = (uint32_t)place;
        a->answers++;
        return typed_line(a, type, json_string_value(text), json_string_length(text));
    }
    if (text)
        return answers_text(a, a->file, (uint32_t)place, json_string_value(text), json_string_length(text), &found);
    char *dump = json_dumps(j, JSON_COMPACT); /* perhaps the lists are in it */
    if (!dump)
        return err_nomem(1);
    int rc = answers_text(a, a->file, (uint32_t)place, dump, strlen(dump), &found);
    free(dump);
    return rc;
}

static int json_lines(struct answers *a, char *p, size_t n)
{
    int rc = 0;
    for (char *s = p, *end = p + n, *stop; s < end && !rc; s = stop + 1) {
        stop = memchr(s, '\n', (size_t)(end - s));
        stop = stop ? stop : end;
        a->record++;
        if (strspn(s, " \t\r") >= (size_t)(stop - s))
            continue;
        json_t *j = json_loadb(s, (size_t)(stop - s), 0, NULL);
        rc = json_is_object(j) ? object(a, j, NULL) : err_set(E_DATA, "not a JSON object");
        json_decref(j);
        if (rc)
            err_ctx(rc, "line %zu", a->record);
    }
    return rc;
}

/* One answer, or a list of answers as JSON. */
static int one_file(struct answers *a, const char *name, char *p, size_t n)
{
    char code[64];
    size_t i, found, stem = strlen(name);
    json_t *one;
    static const char *const ends[] = {".txt", ".md", ".json"};
    /* the code is in the name */
    for (i = 0; i < sizeof ends / sizeof *ends; i++)
        if (stem > strlen(ends[i]) && !strcasecmp(name + stem - strlen(ends[i]), ends[i])) {
            stem -= strlen(ends[i]);
            break;
        }
    snprintf(code, sizeof code, "%.*s", (int)(stem < 63 ? stem : 63), name);
    /* one object, a list of objects, or text */
    json_t *j = json_loadb(p, n, 0, NULL);
    int rc = 0;
    if (json_is_object(j)) {
        rc = object(a, j, code);
    } else if (json_is_array(j) && json_is_object(json_array_get(j, 0))) {
        json_array_foreach(j, i, one)
        {
            a->record = i + 1;
            if (!rc && (rc = json_is_object(one) ? object(a, one, code) : err_set(E_DATA, "not an object")))
                err_ctx(rc, "member %zu", i + 1);
        }
    } else {
        ptrdiff_t place = code_list_find(a->codes, code);
        if (place >= 0) {
            rc = answers_text(a, name, (uint32_t)place, p, n, &found);
        } else {
            a->outside++;
            rc = remark(a, NULL, 0, place == CODE_AMBIGUOUS,
                        place == CODE_AMBIGUOUS ? "the name without a dot is the code of two"
                                                : "the name is not a code of the list");
        }
    }
    json_decref(j);
    return rc;
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n > k && !strcasecmp(name + n - k, end);
}

static int read_file(struct answers *a, const char *path, XXH64_state_t *x, bool named)
{
    char *p;
    size_t n;
    uint64_t bad = 0;
    struct buf b = {0};
    TRY(file_read(path, FILE_MAX, &p, &n));
    a->file = path_base(path);
    a->record = 0;
    if (named) {
        uint64_t size = n;
        XXH64_update(x, a->file, strlen(a->file) + 1);
        XXH64_update(x, &size, sizeof size);
    }
    XXH64_update(x, p, n);
    /* What is no UTF-8 becomes U+FFFD, which no expression may hold, so it is reported and the rest is read. */
    int rc = text_settle(p, &n, false);
    rc = rc ? rc : utf8_add(&b, p, n, &bad);
    free(p);
    rc = rc ? rc : buf_add(&b, "", 1);
    if (!rc)
        rc = ends_in(a->file, ".ndjson") || ends_in(a->file, ".jsonl") ? json_lines(a, b.p, b.n - 1)
                                                                       : one_file(a, a->file, b.p, b.n - 1);
    if (rc)
        err_ctx(rc, "%s", a->file);
    buf_free(&b);
    return rc;
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int read_folder(struct answers *a, const char *path, XXH64_state_t *x)
{
    struct dirent **e;
    struct stat st;
    int rc = 0, n = scandir(path, &e, visible, alphasort);
    if (n < 0)
        return err_errno(E_NOINPUT, path);
    for (int i = 0; i < n; i++) {
        struct buf file = {0};
        rc = rc ? rc : buf_fmt(&file, "%s/%s", path, e[i]->d_name);
        if (!rc && stat(file.p, &st) == 0 && S_ISREG(st.st_mode))
            rc = read_file(a, file.p, x, true);
        else if (!rc) {
            a->file = e[i]->d_name;
            a->record = 0;
            rc = remark(a, NULL, 0, false, "not a file");
        }
        buf_free(&file);
        free(e[i]);
    }
    free(e);
    return rc;
}

int answers_read(struct answers *a, const char *path)
{
    struct stat st;
    XXH64_state_t *x = XXH64_createState();
    if (!x)
        return err_nomem(1);
    XXH64_reset(x, 0);
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    int rc = folder ? read_folder(a, path, x) : read_file(a, path, x, false);
    snprintf(a->xxh64, sizeof a->xxh64, "%016llx", (unsigned long long)XXH64_digest(x));
    XXH64_freeState(x);
    return rc;
}
