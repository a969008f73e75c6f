/* Finding and opening tables. Tests: tests/unit/csv.c, tests/cli/mimic-split-input.sh. */
#include "lib/ingest/tables.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct reading {
    struct table_job *job;
    size_t jobs;
    bool thread;
};

/* Is this file name the table's: NAME.csv with nothing, .gz or .zst behind? */
static bool is_table(const char *path, const char *name)
{
    const char *base = path_base(path);
    size_t n = strlen(name);
    if (strncasecmp(base, name, n) || strncasecmp(base + n, ".csv", 4))
        return false;
    base += n + 4;
    return !*base || !strcasecmp(base, ".gz") || !strcasecmp(base, ".zst");
}
/* The job this file is for; NULL: none, or it was read from another file. */
static struct table_job *job_of(struct reading *r, const char *path)
{
    for (size_t i = 0; i < r->jobs; i++)
        if (is_table(path, r->job[i].name)) {
            if (!r->job[i].found)
                return &r->job[i];
            r->job[i].others++;
        }
    return NULL;
}

/* One table: the file at path, or the archive's present member. */
static int read_table(struct reading *r, struct table_job *j, const char *path, struct archive *outer)
{
    struct source *s = NULL;
    struct feed *f = NULL;
    j->found = true;
    snprintf(j->file, sizeof j->file, "%s", path_base(path));
    int rc = outer ? source_open_member(&s, outer) : source_open(&s, path);
    if (rc)
        err_ctx(rc, "%s", j->file);
    rc = rc ? rc : feed_open(&f, s, r->thread);
    rc = rc ? rc : csv_read(f, j->file, &j->want, &j->rows);
    feed_close(f);
    if (!rc)
        source_xxh64(s, j->xxh64);
    source_close(s);
    return rc;
}

/* ---- archives ---- */
struct bytes {
    struct source *s;
    size_t zeros; /* at the end of what was read so far */
    char block[1 << 18];
};
static int next_block(struct bytes *b, size_t *n)
{
    size_t zeros = 0;
    TRY(source_read(b->s, b->block, sizeof b->block, n));
    while (zeros < *n && !b->block[*n - zeros - 1])
        zeros++;
    b->zeros = zeros == *n ? b->zeros + zeros : zeros;
    return 0;
}
static la_ssize_t give(struct archive *a, void *ctx, const void **p)
{
    struct bytes *b = ctx;
    size_t n;
    *p = b->block;
    int rc = next_block(b, &n);
    if (!rc)
        return (la_ssize_t)n;
    archive_set_error(a, rc == E_NOMEM ? ENOMEM : EIO, "%s", err_msg());
    return -1;
}
/* libarchive stops at a tar's end mark, and is content without one; but what comes behind it still has its checksum to
 * be verified, and a tar that is cut between two members has none. */
static int read_rest(struct bytes *b)
{
    enum { END_MARK = 2 * 512 };
    for (size_t n = 1; n;)
        TRY(next_block(b, &n));
    return b->zeros >= END_MARK ? 0 : err_set(E_DATA, "the archive is cut short: it has no end mark");
}
static int archive_bad(struct archive *a, const char *path)
{
    return err_ctx(source_archive_error(a), "%s", path_base(path));
}
static int read_members(struct reading *r, struct archive *a, const char *path)
{
    struct archive_entry *e;
    int got;
    while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK || got == ARCHIVE_WARN) {
        const char *member = archive_entry_pathname(e);
        struct table_job *j = member && archive_entry_filetype(e) == AE_IFREG ? job_of(r, member) : NULL;
        if (j)
            TRY(read_table(r, j, member, a));
    }
    return got == ARCHIVE_EOF ? 0 : archive_bad(a, path);
}
/* A zip's table of contents is at its end, so libarchive gets the file itself; a tar is a stream and can be
 * compressed. libarchive also reads a zip that has no such table, but could not tell where one is cut. */
static int read_zip(struct reading *r, const char *path)
{
    struct archive *a = source_archive_new();
    if (!a)
        return E_NOMEM;
    archive_read_support_format_zip_seekable(a);
    int rc = archive_read_open_filename(a, path, 1 << 18) ? archive_bad(a, path) : 0;
    if (!rc)
        rc = read_members(r, a, path);
    else if (rc == E_DATA)
        err_set(rc, "%s: the zip file is cut short: it has no table of contents", path_base(path));
    archive_read_free(a);
    return rc;
}
static int read_tar(struct reading *r, const char *path)
{
    struct archive *a = source_archive_new();
    struct bytes *b = mem_zalloc(1, sizeof *b);
    int rc = a && b ? 0 : err_nomem(sizeof *b);
    if (!rc && (rc = source_open(&b->s, path)))
        err_ctx(rc, "%s", path_base(path));
    if (!rc) {
        archive_read_support_format_tar(a);
        rc = archive_read_open(a, b, NULL, give, NULL) ? archive_bad(a, path) : read_members(r, a, path);
        if (!rc && (rc = read_rest(b)))
            err_ctx(rc, "%s", path_base(path));
    }
    if (a)
        archive_read_free(a);
    if (b)
        source_close(b->s);
    free(b);
    return rc;
}
static int read_archive(struct reading *r, const char *path, const struct stat *st)
{
    char magic[2] = "";
    bool regular = S_ISREG(st->st_mode); /* what is read from a pipe is gone */
    bool zip = regular && file_head(path, magic, 2) == 2 && !memcmp(magic, "PK", 2);
    return zip ? read_zip(r, path) : read_tar(r, path);
}

/* ---- directories ---- */
/* Files in byte order of their names before folders; a link that leads back up is not followed. */
struct level {
    const struct level *up;
    dev_t dev;
    ino_t ino;
};
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}
static bool again(const struct level *up, const struct stat *st)
{
    for (; up; up = up->up)
        if (up->dev == st->st_dev && up->ino == st->st_ino)
            return true;
    return false;
}
static int read_dir(struct reading *r, const char *dir, const struct stat *self, const struct level *up)
{
    const struct level here = {up, self->st_dev, self->st_ino};
    struct dirent **v;
    int n = scandir(dir, &v, NULL, by_name), rc = 0;
    if (n < 0)
        return err_errno(E_NOINPUT, path_base(dir));
    for (int folders = 0; folders < 2; folders++)
        for (int i = 0; i < n && !rc; i++) {
            char at[PATH_MAX];
            struct stat st;
            struct table_job *j;
            if (v[i]->d_name[0] == '.' || snprintf(at, sizeof at, "%s/%s", dir, v[i]->d_name) >= (int)sizeof at ||
                stat(at, &st))
                continue;
            if (!folders && S_ISREG(st.st_mode) && (j = job_of(r, at)))
                rc = read_table(r, j, at, NULL);
            else if (folders && S_ISDIR(st.st_mode) && !again(&here, &st))
                rc = read_dir(r, at, &st, &here);
        }
    for (int i = 0; i < n; i++)
        free(v[i]);
    free(v);
    return rc;
}

int tables_read(char *const *where, int n, struct table_job *job, size_t jobs, bool thread)
{
    struct reading r = {job, jobs, thread};
    for (int i = 0; i < n; i++) {
        struct stat st;
        if (stat(where[i], &st))
            return err_set(E_NOINPUT, "%s: %s", path_base(where[i]), strerror(errno));
        TRY(S_ISDIR(st.st_mode) ? read_dir(&r, where[i], &st, NULL) : read_archive(&r, where[i], &st));
    }
    for (size_t i = 0; i < jobs; i++)
        if (!job[i].found)
            return err_set(E_NOINPUT, "%s: no table %s (.csv, .csv.gz or .csv.zst)",
                           n == 1 ? path_base(where[0]) : "the inputs", job[i].name);
    return 0;
}
