/* Output files that appear whole or not at all: see file.h. Tests: tests/unit/file.c, tests/fault/outfile.sh */
#include "lib/util/buf.h"
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* Temporary files that exist now, for outfile_unlink_all. A file is made or renamed, and its entry with it, under the
 * lock; names are freed by outfile_* only after the entry is gone. */
enum { PENDING_MAX = 64, PATIENCE = 1000 /* milliseconds */ };
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
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
    for (int i = 0; i < PATIENCE && pthread_mutex_trylock(&lock); i++) /* who has it may be stuck in the file system */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (int i = 0; i < PENDING_MAX; i++) {
        const char *tmp = atomic_load(&pending[i]);
        if (tmp)
            unlink(tmp);
    }
}

void outfile_passing(const char *path, bool is)
{
    pthread_mutex_lock(&lock);
    if (is)
        pending_add(path);
    else
        pending_remove(path);
    pthread_mutex_unlock(&lock);
}

static const char *outfile_name(const struct outfile *o)
{
    return o->std ? "standard output" : o->path;
}

/* ---- what a name means ---- */

/* The descriptor that /dev/stdout, /dev/fd/N or /proc/self/fd/N names, else -1. */
static int fd_of(const char *path)
{
    static const char *const folder[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folder / sizeof *folder; i++) {
        size_t n = strlen(folder[i]);
        const char *number = path + n;
        if (strncmp(path, folder[i], n) == 0 && *number && strlen(number) < 6 && !number[strspn(number, "0123456789")])
            return atoi(number);
    }
    return -1;
}

bool outfile_is_std(const char *path)
{
    return !path || strcmp(path, "-") == 0 || fd_of(path) == STDOUT_FILENO;
}

/* The file behind a symbolic link, there or not, is what is written: the link stays. Replaces *path. */
static int follow(char **path)
{
    char to[PATH_MAX];
    for (int i = 0; i < 40; i++) { /* stat() has found those that go round in circles */
        ssize_t n = readlink(*path, to, sizeof to - 1);
        if (n < 0)
            return 0;
        size_t folder = to[0] == '/' ? 0 : (size_t)(path_base(*path) - *path);
        char *next = mem_alloc(folder + (size_t)n + 1, 1);
        if (!next)
            return E_NOMEM;
        memcpy(next, *path, folder);
        memcpy(next + folder, to, (size_t)n);
        next[folder + (size_t)n] = 0;
        free(*path);
        *path = next;
    }
    return err_set(E_IO, "%s: %s", *path, strerror(ELOOP));
}

/* ---- temporary names ---- */

enum { BASE_MAX = 200, TAIL = 6 };

/* The temporary name of `path` but for its last six letters, which differ each time: hidden, beside it, told from those
 * of other files, and no longer than a name may be. */
static int part_of(const char *path, char **part)
{
    const char *base = path_base(path);
    size_t n = strlen(base), room = strlen(path) + 64;
    char digest[20] = "";
    if (n > BASE_MAX)
        snprintf(digest, sizeof digest, "-%016llx", (unsigned long long)XXH64(base, n, 0));
    if (!(*part = mem_alloc(room, 1)))
        return E_NOMEM;
    snprintf(*part, room, "%.*s.%.*s%s-part.XXXXXX", (int)(base - path), path, n > BASE_MAX ? BASE_MAX - 40 : (int)n,
             base, digest);
    return 0;
}

/* A temporary file that nobody holds locked is that of a run that was killed. */
static void remove_dead(int folder, const char *name)
{
    struct stat open_now, named;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &open_now) == 0 && S_ISREG(open_now.st_mode) &&
        fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == open_now.st_ino &&
        named.st_dev == open_now.st_dev) /* not one that got its name in between */
        unlinkat(folder, name, 0);
    close(fd);
}

static void remove_all_dead(const char *part)
{
    const char *base = path_base(part);
    char folder[PATH_MAX];
    struct dirent *e;
    size_t n = strlen(base) - TAIL;
    if (snprintf(folder, sizeof folder, "%.*s", (int)(base - part), part) >= (int)sizeof folder)
        return;
    DIR *d = opendir(*folder ? folder : ".");
    while (d && (e = readdir(d)))
        if (strncmp(e->d_name, base, n) == 0 && strlen(e->d_name) == n + TAIL)
            remove_dead(dirfd(d), e->d_name);
    if (d)
        closedir(d);
}

/* Makes the file and holds it locked while it is written. */
static int make_part(struct outfile *o)
{
    char *last = o->tmp + strlen(o->tmp) - TAIL;
    for (int i = 0; i < 100; i++) {
        struct stat st;
        memset(last, 'X', TAIL);
        pthread_mutex_lock(&lock);
        o->fd = mkostemp(o->tmp, O_CLOEXEC); /* mode 0600 */
        if (o->fd >= 0)
            pending_add(o->tmp);
        pthread_mutex_unlock(&lock);
        if (o->fd < 0)
            return -1;
        /* Where there are no locks, none is needed: nobody can take one to remove it. */
        if (flock(o->fd, LOCK_EX) != 0 || (fstat(o->fd, &st) == 0 && st.st_nlink))
            return 0;
        pending_remove(o->tmp); /* another run took it for a dead one's before it was locked */
        close(o->fd);
        o->fd = -1;
    }
    errno = EAGAIN;
    return -1;
}

/* ---- opening ---- */

/* As it is: standard output, a descriptor, a device, a named pipe. */
static int open_fd(struct outfile *o, int fd, const char *path)
{
    if (fd == STDOUT_FILENO) {
        o->std = true;
        o->fd = fd;
        return claim_output_fd(fd, outfile_name(o));
    }
    o->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return o->fd < 0 ? err_errno(E_IO, path) : claim_output_fd(o->fd, path);
}

/* A file of another name in the same folder, renamed by outfile_commit. */
static int open_part(struct outfile *o, const char *path)
{
    TRY(part_of(o->path, &o->tmp));
    remove_all_dead(o->tmp);
    if (make_part(o) == 0)
        return 0;
    int e = errno;
    free(o->tmp);
    o->tmp = NULL;
    if (e == EACCES || e == EPERM || e == EROFS)
        return err_set(E_IO, "%s: no file can be made in its folder, where it is written under another name first: %s",
                       path, strerror(e));
    errno = e;
    return err_errno(E_IO, path);
}

static int open_path(struct outfile *o, const char *path, bool own)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (!there && errno != ENOENT)
        return err_errno(E_IO, path);
    if (there && S_ISDIR(st.st_mode))
        return err_set(E_IO, "%s: is a directory", path);
    if (!(o->path = mem_strndup(path, strlen(path))))
        return E_NOMEM;
    if (there && !S_ISREG(st.st_mode)) { /* nothing to put in its place */
        TRY(own ? 0 : claim_output(path, path));
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
        return o->fd < 0 ? err_errno(E_IO, path) : 0;
    }
    TRY(follow(&o->path));
    TRY(own ? 0 : claim_output(o->path, path));
    if (there && access(o->path, W_OK) != 0)
        return err_set(E_IO, "%s: %s", path, strerror(errno));
    if (there) { /* who could read it still can */
        o->replaces = true;
        o->mode = st.st_mode & 0777;
        o->group = st.st_gid;
    }
    return open_part(o, path);
}

static int open_any(struct outfile *o, const char *path, bool own)
{
    int fd = path && strcmp(path, "-") != 0 ? fd_of(path) : STDOUT_FILENO;
    *o = (struct outfile){.fd = -1};
    int rc = 0;
    if (fd >= 0 && fd != STDOUT_FILENO && !(o->path = mem_strndup(path, strlen(path))))
        rc = E_NOMEM;
    if (!rc)
        rc = fd >= 0 ? open_fd(o, fd, path) : open_path(o, path, own);
    if (rc)
        outfile_discard(o);
    return rc;
}

int outfile_open(struct outfile *o, const char *path)
{
    return open_any(o, path, false);
}

int outfile_open_own(struct outfile *o, const char *path)
{
    return open_any(o, path, true);
}

int outfile_write(struct outfile *o, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t w = write(o->fd, at, n < (1u << 30) ? n : (1u << 30));
        if (w < 0 && file_again(o->fd, true))
            continue;
        if (w < 0)
            return err_set(E_IO, "%s: %s", outfile_name(o), strerror(errno));
        at += w;
        n -= (size_t)w;
    }
    return 0;
}

/* ---- the end ---- */

/* What cannot be synced (a pipe, a device, some file systems) says so; that is not a failed write. */
static bool synced(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

/* The mode and group of the file that is replaced. Where the group cannot be had, nobody but the owner gets more than
 * all others. */
static int keep_mode(const struct outfile *o)
{
    mode_t mode = o->mode;
    struct stat st;
    if (fstat(o->fd, &st) != 0 || (st.st_gid != o->group && fchown(o->fd, (uid_t)-1, o->group) != 0))
        mode = (mode & 0707) | (mode & 0007) << 3;
    return fchmod(o->fd, mode) ? err_set(E_IO, "%s: %s", o->path, strerror(errno)) : 0;
}

/* Locked until it has its name: else another run might take it for a dead one's. */
static int name_part(struct outfile *o)
{
    int twin = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);
    if (twin >= 0 && close(twin) != 0) /* some file systems tell only now that there was no room */
        return err_set(E_IO, "%s: %s", o->path, strerror(errno));
    pthread_mutex_lock(&lock);
    int e = rename(o->tmp, o->path) ? errno : 0;
    if (!e)
        pending_remove(o->tmp);
    pthread_mutex_unlock(&lock);
    if (e)
        return err_set(E_IO, "%s: %s", o->path, strerror(e));
    free(o->tmp);
    o->tmp = NULL;
    int rc = entry_sync(o->path);
    close(o->fd);
    o->fd = -1;
    return rc;
}

int outfile_settle(struct outfile *o)
{
    TRY(err_memory(0)); /* else what was written may lack something */
    if (o->tmp && o->replaces)
        TRY(keep_mode(o));
    if (!o->std && !synced(o->fd))
        return err_set(E_IO, "%s: %s", o->path, strerror(errno));
    o->settled = true;
    return 0;
}

int outfile_commit(struct outfile *o)
{
    TRY(o->settled ? 0 : outfile_settle(o));
    if (o->tmp)
        TRY(name_part(o));
    else {
        int fd = o->fd;
        o->fd = -1;
        if (close(fd) != 0)
            return err_set(E_IO, "%s: %s", outfile_name(o), strerror(errno));
    }
    /* no later open may take descriptor 1 and receive stray output */
    if (o->std && open("/dev/null", O_RDONLY) < 0)
        return err_set(E_IO, "/dev/null: %s", strerror(errno));
    free(o->path);
    o->path = NULL;
    return 0;
}

void outfile_discard(struct outfile *o)
{
    if (o->tmp) {
        pthread_mutex_lock(&lock);
        unlink(o->tmp);
        pending_remove(o->tmp);
        pthread_mutex_unlock(&lock);
    }
    if (o->path && o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    free(o->tmp);
    free(o->path);
    o->tmp = o->path = NULL;
}
