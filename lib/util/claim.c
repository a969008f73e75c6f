/* Which files a run reads and writes: see claim.h. Tests: tests/unit/claim.c, tests/fault/overwrite.sh */
#include "lib/util/claim.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct claim {
    bool output;
    bool rewrites; /* an output that may replace what is read */
    bool socket;   /* may be read and written at once */
    bool there, placed;
    dev_t dev, folder_dev;
    ino_t ino, folder_ino; /* of the file, if it is there; of its folder, if `placed` */
    char *name;            /* as given, for messages */
    char *base;            /* in its folder */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool on;
    const char *rewrite;
    struct claim *v;
    size_t n, cap;
} kept;

static void drop(struct claim *c)
{
    free(c->name);
    free(c->base);
}

void claims_end(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < kept.n; i++)
        drop(&kept.v[i]);
    free(kept.v);
    memset(&kept, 0, sizeof kept);
    pthread_mutex_unlock(&lock);
}

void claims_begin(const char *rewrite)
{
    claims_end();
    kept.on = true;
    kept.rewrite = rewrite;
}

static bool same_file(const struct claim *a, const struct claim *b)
{
    if (a->there && b->there && a->dev == b->dev && a->ino == b->ino)
        return true;
    return a->placed && b->placed && a->folder_dev == b->folder_dev && a->folder_ino == b->folder_ino &&
           strcmp(a->base, b->base) == 0;
}

/* Both cannot be had: a message, whichever came first. */
static int compare(const struct claim *a, const struct claim *b)
{
    const struct claim *out = a->output ? a : b, *in = a->output ? b : a;
    if ((!a->output && !b->output) || !same_file(a, b))
        return 0;
    bool one_name = strcmp(a->name, b->name) == 0;
    if (a->output && b->output && one_name)
        return err_set(E_USAGE, "%s: two outputs of this run go there", a->name);
    if (a->output && b->output)
        return err_set(E_USAGE, "%s and %s are one file, and two outputs of this run", b->name, a->name);
    if (out->rewrites || in->socket)
        return 0;
    if (one_name)
        return err_set(E_USAGE, "%s: this run reads it, and its output would replace it", out->name);
    return err_set(E_USAGE, "%s: the output would replace %s, which this run reads", out->name, in->name);
}

static int keep(struct claim *c)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < kept.n && !rc; i++)
        rc = compare(&kept.v[i], c);
    if (!rc && kept.n == kept.cap) {
        size_t cap = kept.cap ? 2 * kept.cap : 16;
        struct claim *v = mem_grow(kept.v, cap, sizeof *v);
        if (v) {
            kept.v = v;
            kept.cap = cap;
        } else
            rc = E_NOMEM;
    }
    if (!rc)
        kept.v[kept.n++] = *c;
    pthread_mutex_unlock(&lock);
    if (rc)
        drop(c);
    return rc;
}

/* False for what many may read and write: a device, a terminal. */
static bool take_file(struct claim *c, const struct stat *st)
{
    c->there = true;
    c->dev = st->st_dev;
    c->ino = st->st_ino;
    c->socket = S_ISSOCK(st->st_mode);
    return !S_ISCHR(st->st_mode);
}

static int keep_open(int fd, const char *name, bool output)
{
    struct stat st;
    struct claim c = {.output = output};
    if (!kept.on || fstat(fd, &st) != 0 || !take_file(&c, &st))
        return 0;
    if (!(c.name = mem_strndup(name, strlen(name))))
        return E_NOMEM;
    return keep(&c);
}

int claim_input(int fd, const char *name)
{
    return keep_open(fd, name, false);
}

int claim_output_fd(int fd, const char *name)
{
    return keep_open(fd, name, true);
}

int claim_output(const char *path, const char *name)
{
    struct stat st;
    struct claim c = {.output = true};
    if (!kept.on || (stat(path, &st) == 0 && !take_file(&c, &st)))
        return 0;
    c.rewrites = kept.rewrite && strcmp(kept.rewrite, name) == 0;
    const char *base = path_base(path);
    char *folder = base == path ? mem_strndup(".", 1) : mem_strndup(path, (size_t)(base - path));
    c.name = mem_strndup(name, strlen(name));
    c.base = mem_strndup(base, strlen(base));
    if (!folder || !c.name || !c.base) {
        free(folder);
        drop(&c);
        return E_NOMEM;
    }
    c.placed = stat(folder, &st) == 0;
    c.folder_dev = st.st_dev;
    c.folder_ino = st.st_ino;
    free(folder);
    return keep(&c);
}
