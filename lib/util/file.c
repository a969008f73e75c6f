/* Output files that appear whole or not at all; whole-file reads; where share/ is. Tests: tests/unit/file.c */
#include "lib/util/file.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* Temporary files that exist now, for the signal handler. Their names are freed by outfile_* only after the entry is
 * gone. */
enum { PENDING_MAX = 64 };
static _Atomic(const char *) pending[PENDING_MAX];

static void pending_add(const char *tmp)
{
    for (int i = 0; i < PENDING_MAX; i++) {
        const char *none = NULL;
        if (atomic_compare_exchange_strong(&pending[i], &none, tmp))
            return;
    }
}

static void pending_remove(const char *tmp)
{
    for (int i = 0; i < PENDING_MAX; i++) {
        const char *it = tmp;
        if (atomic_compare_exchange_strong(&pending[i], &it, NULL))
            return;
    }
}

void outfile_unlink_all(void)
{
    for (int i = 0; i < PENDING_MAX; i++) {
        const char *tmp = atomic_load(&pending[i]);
        if (tmp)
            unlink(tmp);
    }
}

static const char *outfile_name(const struct outfile *o)
{
    return o->std ? "standard output" : o->path;
}

int outfile_open(struct outfile *o, const char *path)
{
    *o = (struct outfile){.fd = -1};
    if (!path || strcmp(path, "-") == 0) {
        o->fd = STDOUT_FILENO;
        o->std = true;
        return 0;
    }
    /* what the name means now */
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return err_set(E_IO, "%s: is a directory", path);
    /* Behind a symbolic link the file it names is replaced, not the link. */
    char *real = exists ? realpath(path, NULL) : NULL;
    o->path = real ? real : mem_strndup(path, strlen(path));
    if (!o->path)
        return E_NOMEM;
    if (exists && !S_ISREG(st.st_mode)) { /* a device or a named pipe: nothing to put in its place */
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
        if (o->fd < 0) {
            int e = errno;
            outfile_discard(o);
            return err_set(E_IO, "%s: %s", path, strerror(e));
        }
        return 0;
    }
    /* a file of another name in the same folder, renamed by outfile_commit */
    size_t n = strlen(o->path);
    const char *base = path_base(o->path);
    o->tmp = mem_alloc(n + sizeof "..XXXXXX", 1);
    if (!o->tmp) {
        outfile_discard(o);
        return E_NOMEM;
    }
    snprintf(o->tmp, n + sizeof "..XXXXXX", "%.*s.%s.XXXXXX", (int)(base - o->path), o->path, base);
    o->fd = mkostemp(o->tmp, O_CLOEXEC); /* mode 0600 */
    if (o->fd < 0) {
        int e = errno;
        free(o->tmp);
        o->tmp = NULL;
        outfile_discard(o);
        return err_set(E_IO, "%s: %s", path, strerror(e));
    }
    pending_add(o->tmp);
    return 0;
}

int outfile_write(struct outfile *o, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t w = write(o->fd, at, n < (1u << 30) ? n : (1u << 30));
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return err_set(E_IO, "%s: %s", outfile_name(o), strerror(errno));
        at += w;
        n -= (size_t)w;
    }
    return 0;
}

int outfile_commit(struct outfile *o)
{
    TRY(err_memory(0)); /* else what was written may lack something */
    /* What cannot be synced (a pipe, a device) says EINVAL or EROFS; that is not a failed write. */
    if (!o->std && fsync(o->fd) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        return err_set(E_IO, "%s: %s", o->path, strerror(errno));
    int fd = o->fd;
    o->fd = -1;
    if (close(fd) != 0)
        return err_set(E_IO, "%s: %s", outfile_name(o), strerror(errno));
    if (o->std) { /* no later open may take descriptor 1 and receive stray output */
        if (open("/dev/null", O_RDONLY) < 0)
            return err_set(E_IO, "/dev/null: %s", strerror(errno));
        return 0;
    }
    if (o->tmp) {
        if (rename(o->tmp, o->path) != 0)
            return err_set(E_IO, "%s: %s", o->path, strerror(errno));
        pending_remove(o->tmp);
        free(o->tmp);
        o->tmp = NULL;
    }
    free(o->path);
    o->path = NULL;
    return 0;
}

void outfile_discard(struct outfile *o)
{
    if (o->path && o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    if (o->tmp) {
        unlink(o->tmp);
        pending_remove(o->tmp);
    }
    free(o->tmp);
    free(o->path);
    o->tmp = o->path = NULL;
}

int dir_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(E_IO, "%s: %s", dir, strerror(errno));
    int e = fsync(fd) ? errno : 0;
    close(fd);
    if (e && e != EINVAL && e != EROFS && e != ENOTSUP) /* file systems that know no sync of a folder */
        return err_set(E_IO, "%s: %s", dir, strerror(e));
    return 0;
}

int entry_sync(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n && path[n - 1] != '/')
        n--;
    char *dir = n ? mem_strndup(path, n) : mem_strndup(".", 1);
    int rc = dir ? dir_sync(dir) : E_NOMEM;
    free(dir);
    return rc;
}

static int open_input(const char *path, int *fd)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return err_set(E_NOINPUT, "%s: %s", path, strerror(errno));
    if (fstat(*fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(*fd);
        return err_set(E_NOINPUT, "%s: is a directory", path);
    }
    return 0;
}

/* Up to n bytes; 0 at the end. */
static int read_some(int fd, const char *path, char *p, size_t n, size_t *got)
{
    ssize_t r;
    do
        r = read(fd, p, n);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return err_set(E_IO, "%s: %s", path, strerror(errno));
    *got = (size_t)r;
    return 0;
}

int file_read(const char *path, size_t limit, char **p, size_t *n)
{
    int fd, rc = 0;
    struct buf b = {0};
    TRY(open_input(path, &fd));
    for (size_t got = 1; got;) {
        TRY_GOTO(rc, out, buf_reserve(&b, 65536));
        TRY_GOTO(rc, out, read_some(fd, path, b.p + b.n, b.cap - b.n - 1, &got));
        b.n += got;
        if (b.n > limit) {
            rc = err_set(E_DATA, "%s: larger than %zu bytes", path, limit);
            goto out;
        }
    }
    b.p[b.n] = 0;
    *p = b.p;
    *n = b.n;
out:
    close(fd);
    if (rc)
        buf_free(&b);
    return rc;
}

size_t file_head(const char *path, void *p, size_t n)
{
    int fd;
    size_t at = 0, got = 1;
    if (open_input(path, &fd))
        return 0;
    while (got && at < n && !read_some(fd, path, (char *)p + at, n - at, &got))
        at += got;
    close(fd);
    return at;
}

int file_xxh64(const char *path, char hex[17])
{
    int fd, rc = 0;
    TRY(open_input(path, &fd));
    XXH64_state_t *x = XXH64_createState();
    char *chunk = mem_alloc(1 << 18, 1);
    if (!x || !chunk) {
        rc = err_nomem(1 << 18);
        goto out;
    }
    XXH64_reset(x, 0);
    for (size_t got = 1; got;) {
        TRY_GOTO(rc, out, read_some(fd, path, chunk, 1 << 18, &got));
        XXH64_update(x, chunk, got);
    }
    snprintf(hex, 17, "%016llx", (unsigned long long)XXH64_digest(x));
out:
    XXH64_freeState(x);
    free(chunk);
    close(fd);
    return rc;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* dir/name if it exists: 0; else 1. */
static int share_try(const char *dir, const char *name, char *out, size_t n)
{
    int k = snprintf(out, n, "%s/%s", dir, name);
    return k < 0 || (size_t)k >= n || access(out, F_OK) != 0;
}

int share_path(const char *name, char *out, size_t n)
{
    const char *env = getenv("ICDPIPE_SHARE");
    if (env && *env) {
        if (share_try(env, name, out, n) == 0)
            return 0;
        return err_set(E_NOINPUT, "%s: not in ICDPIPE_SHARE (%s)", name, env);
    }
    char exe[PATH_MAX], dir[PATH_MAX + 16];
    ssize_t k = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (k > 0) {
        exe[k] = 0;
        snprintf(dir, sizeof dir, "%.*s../share", (int)(path_base(exe) - exe), exe);
        if (share_try(dir, name, out, n) == 0)
            return 0;
        /* installed: PREFIX/bin/tool and PREFIX/share/icdpipe, wherever PREFIX was moved to */
        snprintf(dir, sizeof dir, "%.*s../share/icdpipe", (int)(path_base(exe) - exe), exe);
        if (share_try(dir, name, out, n) == 0)
            return 0;
    }
    if (share_try(ICDPIPE_PREFIX "/share/icdpipe", name, out, n) == 0)
        return 0;
    return err_set(E_NOINPUT, "%s: not found beside the program nor in " ICDPIPE_PREFIX
                              "/share/icdpipe; set ICDPIPE_SHARE", name);
}
