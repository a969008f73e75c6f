/* The directory that icd-train writes: a model in the end, until then DIR/checkpoint with the state and the best model
 * so far. Tests: tests/cli/icd-train.sh. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int run_dir_path(struct buf *b, const char *dir, const char *name)
{
    b->n = 0;
    TRY(buf_fmt(b, "%s/%s", dir, name));
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

int run_dir_check(const char *dir)
{
    const char *name;
    struct buf state = {0};
    bool used = false;
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? 0 : err_errno(E_USAGE, dir);
    while ((name = next_name(d))) /* a run stopped before it saved anything leaves an empty checkpoint */
        used |= strcmp(name, "checkpoint") != 0;
    closedir(d);
    int rc = run_dir_path(&state, dir, "checkpoint/state.safetensors");
    if (!rc && (used || access(state.p, F_OK) == 0))
        rc = err_set(E_USAGE, "%s: is not empty (--resume goes on with an interrupted run)", dir);
    buf_free(&state);
    return rc;
}

int run_dir_make(const char *dir)
{
    struct buf checkpoint = {0};
    int rc = run_dir_path(&checkpoint, dir, "checkpoint");
    /* mode 0700: a model may repeat what it was trained on */
    if (!rc && ((mkdir(dir, 0700) && errno != EEXIST) || (mkdir(checkpoint.p, 0700) && errno != EEXIST)))
        rc = err_set(E_IO, "%s: %s", dir, strerror(errno));
    buf_free(&checkpoint);
    return rc;
}

static int move_all(const char *from_dir, const char *to_dir)
{
    struct buf from = {0}, to = {0};
    const char *name;
    int rc = 0;
    DIR *d = opendir(from_dir);
    if (!d)
        return err_errno(E_IO, from_dir);
    while (!rc && (name = next_name(d))) {
        TRY_GOTO(rc, out, run_dir_path(&from, from_dir, name));
        TRY_GOTO(rc, out, run_dir_path(&to, to_dir, name));
        if (rename(from.p, to.p))
            rc = err_set(E_IO, "%s: %s", to.p, strerror(errno));
    }
out:
    closedir(d);
    buf_free(&from);
    buf_free(&to);
    return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

int run_dir_finish(const char *dir)
{
    struct buf path = {0};
    int rc = run_dir_path(&path, dir, "checkpoint/best");
    if (!rc)
        rc = move_all(path.p, dir);
    if (!rc)
        rc = run_dir_path(&path, dir, "checkpoint");
    if (!rc && nftw(path.p, remove_one, 8, FTW_DEPTH | FTW_PHYS)) /* with what a crash may have left in it */
        rc = err_errno(E_IO, path.p);
    buf_free(&path);
    return rc;
}
