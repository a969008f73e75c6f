/* The directory that icd-train writes: a model in the end, until then DIR/checkpoint with
 *   lock               which run writes here: flock'ed for as long as it does, so that a dead one keeps no one out
 *   state.safetensors  the state last saved (checkpoint.c)
 *   best-STEP          the best model of that state, and at times that of a state still to be saved
 * A state names its best model's files by their digests, so a best model goes only when no saved state needs it.
 * Tests: tests/cli/icd-train.sh, tests/fault/checkpoint.sh. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE "checkpoint/state.safetensors"
#define LOCK "checkpoint/lock"
static const char last_file[] = "config.json"; /* without it no directory is a model */

int run_dir_path(struct buf *b, const char *dir, const char *name)
{
    b->n = 0;
    TRY(buf_fmt(b, "%s/%s", dir, name));
    return buf_add(b, "", 1);
}

int run_dir_best(struct buf *b, const char *dir, int64_t step)
{
    b->n = 0;
    TRY(buf_fmt(b, "%s/checkpoint/best-%lld", dir, (long long)step));
    return buf_add(b, "", 1);
}

/* The next entry's name, NULL at the end. */
static const char *next_name(DIR *d)
{
    struct dirent *e;
    do
        e = readdir(d);
    while (e && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")));
    return e ? e->d_name : NULL;
}

static bool there(const char *dir, const char *name)
{
    struct buf path = {0};
    struct stat st;
    bool is = !run_dir_path(&path, dir, name) && lstat(path.p, &st) == 0;
    buf_free(&path);
    return is;
}

/* ---- what is not needed any more ---- */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

/* Is this the name of a best model or of the state that is being written, in a run that may be dead? */
static bool passing(const char *name)
{
    return !strncmp(name, "best", 4) || !strncmp(name, ".state.safetensors", 18);
}

int run_dir_sweep(const char *dir, int64_t step)
{
    struct buf path = {0};
    const char *name;
    char keep[32];
    int rc = run_dir_path(&path, dir, "checkpoint");
    snprintf(keep, sizeof keep, "best-%lld", (long long)step);
    DIR *d = rc ? NULL : opendir(path.p);
    while (d && !rc && (name = next_name(d))) {
        if (!passing(name) || (step && !strcmp(name, keep)))
            continue;
        path.n = 0;
        if (!(rc = buf_fmt(&path, "%s/checkpoint/%s", dir, name)))
            nftw(path.p, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* what stays takes room, and harms no one */
    }
    if (d)
        closedir(d);
    buf_free(&path);
    return rc;
}

/* ---- who writes here ---- */
static int check_unused(const char *dir)
{
    const char *name;
    bool used = false;
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? 0 : err_set(E_USAGE, "%s: %s", dir, strerror(errno));
    while ((name = next_name(d))) /* a run stopped before it saved anything leaves a checkpoint without a state */
        used |= strcmp(name, "checkpoint") != 0;
    closedir(d);
    return used || there(dir, STATE)
               ? err_set(E_USAGE, "%s: is not empty (--resume goes on with an interrupted run)", dir)
               : 0;
}

static int make(struct run_dir *d)
{
    struct buf path = {0};
    int rc = run_dir_path(&path, d->path, "checkpoint");
    if (rc)
        return rc;
    /* mode 0700: a model may repeat what it was trained on */
    d->made = mkdir(d->path, 0700) == 0;
    if ((!d->made && errno != EEXIST) || (mkdir(path.p, 0700) && errno != EEXIST))
        rc = err_set(E_IO, "%s: %s", d->path, strerror(errno));
    buf_free(&path);
    return rc;
}

/* Names the other run, as far as its file says who it is. */
static int in_use(const char *dir, int fd)
{
    char who[128] = "";
    ssize_t n = pread(fd, who, sizeof who - 1, 0);
    who[n > 0 ? n : 0] = 0;
    who[strcspn(who, "\n")] = 0;
    return err_set(E_USAGE, "%s: another run writes there%s%s", dir, *who ? ": " : "", who);
}

static void sign(int fd)
{
    char host[64] = "", who[128];
    gethostname(host, sizeof host - 1);
    int n = snprintf(who, sizeof who, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) || pwrite(fd, who, (size_t)n, 0) < n) /* on a full disk it goes by no name */
        return;
}

/* 1: locked, and the file is still the one of that name; 0: it was removed meanwhile, with its run. */
static int take(struct run_dir *d, const char *path)
{
    struct stat mine, now;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOENT ? 0 : -err_set(E_IO, "%s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        int rc = 0;
        if (errno == EWOULDBLOCK)
            rc = in_use(d->path, fd);
        else if (errno != ENOSYS && errno != ENOLCK && errno != EOPNOTSUPP)
            rc = err_set(E_IO, "%s: %s", path, strerror(errno));
        if (rc) {
            close(fd);
            return -rc;
        }
        d->unlocked = true;
    }
    if (fstat(fd, &mine) || stat(path, &now) || mine.st_ino != now.st_ino || mine.st_dev != now.st_dev) {
        close(fd);
        return 0;
    }
    d->locked = mem_strndup(path, strlen(path));
    if (!d->locked) {
        close(fd);
        return -E_NOMEM;
    }
    outfile_passing(d->locked, true);
    sign(fd);
    d->lock = fd;
    return 1;
}

/* Of a directory that holds something: E_USAGE when a run is at it now. */
static int check_free(const char *dir)
{
    struct buf path = {0};
    int rc = run_dir_path(&path, dir, LOCK), fd = rc ? -1 : open(path.p, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        rc = in_use(dir, fd);
    if (fd >= 0)
        close(fd);
    buf_free(&path);
    return rc;
}

static int lock(struct run_dir *d, bool resume)
{
    struct buf path = {0};
    int got = 0, rc = run_dir_path(&path, d->path, LOCK);
    for (int i = 0; !rc && !got && i < 1000; i++) { /* again where a run ended in between */
        if (resume && !there(d->path, STATE))
            rc = err_set(E_NOINPUT, "%s: holds no interrupted run", d->path);
        else if (!resume)
            rc = make(d);
        if (!rc && (got = take(d, path.p)) < 0)
            rc = -got;
    }
    buf_free(&path);
    return rc || got ? rc : err_set(E_IO, "%s: cannot be locked", d->path);
}

int run_dir_open(struct run_dir *d, const char *path, bool resume)
{
    *d = (struct run_dir){.path = path, .lock = -1};
    if (!resume) { /* before anything is made there */
        TRY(check_free(path));
        TRY(check_unused(path));
    }
    TRY(lock(d, resume));
    if (!resume) { /* once more, now that no one else can be at it */
        TRY(check_unused(path));
        TRY(run_dir_sweep(path, 0));
        TRY(entry_sync(path));
    }
    return 0;
}

/* Removes DIR/checkpoint, whose state is gone; what a user put there stays. */
static void clear(const char *dir)
{
    struct buf path = {0};
    run_dir_sweep(dir, 0);
    if (!run_dir_path(&path, dir, LOCK))
        unlink(path.p);
    if (!run_dir_path(&path, dir, "checkpoint"))
        rmdir(path.p);
    buf_free(&path);
}

void run_dir_close(struct run_dir *d)
{
    if (!d->path || d->lock < 0)
        return;
    if (!d->unlocked && !there(d->path, STATE)) { /* nothing to go on with: as if it had never been */
        clear(d->path);
        if (d->made)
            rmdir(d->path);
    }
    outfile_passing(d->locked, false);
    free(d->locked);
    close(d->lock);
    *d = (struct run_dir){.lock = -1};
}

/* ---- the best model ---- */
int run_dir_digests(const char *dir, int64_t step, json_t **files)
{
    struct buf path = {0};
    const char *name;
    char hex[17];
    json_t *all = json_object();
    int rc = all ? run_dir_best(&path, dir, step) : err_nomem(0);
    DIR *d = rc ? NULL : opendir(path.p);
    if (!rc && !d)
        rc = err_set(E_IO, "%s: %s", path.p, strerror(errno));
    while (!rc && (name = next_name(d))) {
        TRY_GOTO(rc, out, run_dir_best(&path, dir, step));
        path.n--;
        TRY_GOTO(rc, out, buf_fmt(&path, "/%s", name));
        TRY_GOTO(rc, out, file_xxh64_own(path.p, hex));
        if (json_object_set_new(all, name, json_string(hex)))
            rc = err_nomem(0);
    }
out:
    if (d)
        closedir(d);
    buf_free(&path);
    if (rc)
        json_decref(all);
    else
        *files = all;
    return rc;
}

/* Where a file of the best model is: there, or with the model already, where a run was stopped in its last moment. */
static int find(struct buf *b, const char *dir, int64_t step, const char *name, bool done)
{
    if (done && there(dir, name))
        return run_dir_path(b, dir, name);
    TRY(run_dir_best(b, dir, step));
    b->n--;
    TRY(buf_fmt(b, "/%s", name));
    return buf_add(b, "", 1);
}

int run_dir_verify(const char *dir, int64_t step, const json_t *files, bool done)
{
    struct buf path = {0};
    const char *name;
    const json_t *v;
    char hex[17];
    int rc = 0;
    json_object_foreach((json_t *)files, name, v) {
        TRY_GOTO(rc, out, find(&path, dir, step, name, done));
        rc = file_xxh64_own(path.p, hex);
        if (rc == E_NOINPUT)
            rc = err_ctx(E_DATA, "of the best model"); /* it was there when the state was saved */
        else if (!rc && (!json_is_string(v) || strcmp(json_string_value(v), hex)))
            rc = err_set(E_DATA, "%s: not the best model's: damaged, or of another run", path.p);
        if (rc)
            break;
    }
out:
    buf_free(&path);
    return rc;
}

static int move(const char *dir, int64_t step, const char *name)
{
    struct buf from = {0}, to = {0};
    int rc = find(&from, dir, step, name, false);
    if (!rc)
        rc = run_dir_path(&to, dir, name);
    if (!rc && rename(from.p, to.p) && !(errno == ENOENT && there(dir, name)))
        rc = err_set(E_IO, "%s: %s", to.p, strerror(errno));
    buf_free(&from);
    buf_free(&to);
    return rc;
}

/* All of it but what makes a model of the directory; then that. */
static int move_all(const char *dir, int64_t step, const json_t *files)
{
    const char *name;
    const json_t *v;
    json_object_foreach((json_t *)files, name, v)
        if (strcmp(name, last_file))
            TRY(move(dir, step, name));
    TRY(dir_sync(dir));
    TRY(move(dir, step, last_file));
    return dir_sync(dir);
}

int run_dir_finish(struct run_dir *d, int64_t step, const json_t *files)
{
    struct buf path = {0};
    TRY(move_all(d->path, step, files));
    /* What is left goes: the state before the lock, so that whoever gets in finds nothing to go on with. */
    TRY(run_dir_sweep(d->path, 0));
    int rc = run_dir_path(&path, d->path, STATE);
    if (!rc && unlink(path.p))
        rc = err_set(E_IO, "%s: %s", path.p, strerror(errno));
    buf_free(&path);
    if (!rc)
        clear(d->path);
    return rc;
}
