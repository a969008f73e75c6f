/* Lists of codes: see code_list.h. Tests: tests/cli/kb-build.sh. */
#include "lib/kb/code_list.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stream/stream.h"
#include "lib/text/labels.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

/* A stream begins with an array of two, or is compressed. Not a pipe: what is looked at here would be gone from it. */
bool code_list_is_stream(const char *path)
{
    unsigned char c[4] = {0};
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, c, sizeof c);
    if (fd >= 0)
        close(fd);
    return n == 4 && (c[0] == 0x92 || c[0] == 0xdc || c[0] == 0xdd || !memcmp(c, "\x28\xb5\x2f\xfd", 4));
}

static int load_stream(struct code_list *l, const char *path)
{
    struct stream *s;
    struct labels labels = {0};
    TRY(stream_open(&s, path, "gold,target,pred,kb"));
    int rc = labels_open(&labels, stream_meta(s));
    if (rc)
        err_ctx(rc, "%s", path_base(path));
    if (!rc && !(l->set.code = mem_zalloc(labels.n, sizeof *l->set.code)))
        rc = E_NOMEM;
    for (; !rc && l->set.n < labels.n; l->set.n++) {
        const char *code = labels.code[labels.sorted[l->set.n]];
        if (strlen(code) >= ICD9_MAX)
            rc = err_set(E_DATA, "%s: a label is too long for a code", path_base(path));
        else if (!(l->set.code[l->set.n] = mem_strndup(code, strlen(code))))
            rc = E_NOMEM;
        if (rc)
            break;
    }
    labels_close(&labels);
    stream_close(s);
    return rc;
}

static int index_codes(struct code_list *l)
{
    if (!(l->place = json_object()))
        return err_nomem(64);
    for (int undotted = 1; undotted >= 0; undotted--)
        for (size_t i = 0; i < l->set.n; i++) {
            char key[ICD9_MAX];
            size_t n = 0;
            for (const char *c = l->set.code[i]; *c; c++)
                if (!undotted || *c != '.')
                    key[n++] = *c;
            key[n] = 0;
            bool twice = undotted && json_object_get(l->place, key);
            if (json_object_set_new(l->place, key, json_integer(twice ? CODE_AMBIGUOUS : (json_int_t)i)))
                return err_set(E_DATA, "a code is not UTF-8");
        }
    return 0;
}

int code_list_load(struct code_list *l, const char *from)
{
    *l = (struct code_list){0};
    if (!strcmp(from, "full"))
        return err_set(E_USAGE,
                       "--labels full: which codes there are is known from the admissions; give the gold stream "
                       "that mimic-split wrote, or a file");
    TRY(code_list_is_stream(from) ? load_stream(l, from) : label_set_load(&l->set, from, NULL));
    return index_codes(l);
}

ptrdiff_t code_list_find(const struct code_list *l, const char *name)
{
    const json_t *place = json_object_get(l->place, name);
    return place ? (ptrdiff_t)json_integer_value(place) : CODE_UNKNOWN;
}

void code_list_free(struct code_list *l)
{
    label_set_free(&l->set);
    json_decref(l->place);
    l->place = NULL;
}
