/* Whole-file reads; what reading and writing share; where share/ is. Outputs: outfile.c. Tests: tests/unit/file.c */
#include "lib/util/file.h"
#include "lib/util/buf.h"
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

bool file_again(int fd, bool writing)
{
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return errno == EINTR;
    struct pollfd p = {.fd = fd, .events = writing ? POLLOUT : POLLIN};
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static int open_unclaimed(const char *path, int *fd)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return err_errno(E_NOINPUT, path);
    if (fstat(*fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(*fd);
        *fd = -1;
        return err_set(E_NOINPUT, "%s: is a directory", path);
    }
    return 0;
}

int file_open(const char *path, int *fd)
{
    TRY(open_unclaimed(path, fd));
    int rc = claim_input(*fd, path);
    if (rc) {
        close(*fd);
        *fd = -1;
    }
    return rc;
}

int dir_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) /* one that cannot be read cannot be synced */
        return errno == EACCES ? 0 : err_set(E_IO, "%s: %s", dir, strerror(errno));
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

/* Up to n bytes; 0 at the end. */
static int read_some(int fd, const char *path, char *p, size_t n, size_t *got)
{
    ssize_t r;
    do
        r = read(fd, p, n);
    while (r < 0 && file_again(fd, false));
    if (r < 0)
        return err_set(E_IO, "%s: %s", path, strerror(errno));
    *got = (size_t)r;
    return 0;
}

int file_read(const char *path, size_t limit, char **p, size_t *n)
{
    int fd, rc = 0;
    struct buf b = {0};
    TRY(file_open(path, &fd));
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
    if (file_open(path, &fd))
        return 0;
    while (got && at < n && !read_some(fd, path, (char *)p + at, n - at, &got))
        at += got;
    close(fd);
    return at;
}

static int digest(int fd, const char *path, char hex[17])
{
    int rc = 0;
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

int file_xxh64(const char *path, char hex[17])
{
    int fd;
    TRY(file_open(path, &fd));
    return digest(fd, path, hex);
}

int file_xxh64_own(const char *path, char hex[17])
{
    int fd;
    TRY(open_unclaimed(path, &fd));
    return digest(fd, path, hex);
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
