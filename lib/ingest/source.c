/* Decompressed bytes of files and archive members. Tests: tests/unit/source.c. */
#include "lib/ingest/source.h"
#include "lib/util/buf.h"
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { BLOCK = 1 << 18 };

struct source {
    int fd;                   /* where the bytes come from: a file, */
    struct archive *outer;    /* or an archive's member */
    struct inflate_state *gz; /* what they go through: gzip, */
    struct archive *inner;    /* or something that libarchive knows; else they are plain */
    bool eof, end;            /* of what comes in; of what goes out */
    XXH64_state_t *digest;    /* of what went out */
    char *at;                 /* bytes read and not yet used */
    size_t n;
    char block[BLOCK];
};

struct archive *source_archive_new(void)
{
    errno = 0;
    struct archive *a = archive_read_new();
    if (!a)
        err_nomem(0);
    return a;
}

int source_archive_error(struct archive *a)
{
    const char *why = archive_error_string(a) ? archive_error_string(a) : "cannot be read";
    /* Of memory it says anything, such as "Can't initialize ZIP decompression"; but malloc() has told. */
    if (archive_errno(a) != ENOMEM && errno != ENOMEM)
        return err_set(E_DATA, "%s", why);
    err_nomem(0);
    return err_set(E_NOMEM, "out of memory (%s)", why);
}

/* Compressed bytes, as they come; 0 is the end. */
static int raw_read(struct source *s, char *p, size_t cap, size_t *n)
{
    ssize_t got;
    if (s->outer) {
        if ((got = archive_read_data(s->outer, p, cap)) < 0)
            return source_archive_error(s->outer);
    } else {
        while ((got = read(s->fd, p, cap)) < 0 && file_again(s->fd, false))
            ;
        if (got < 0)
            return err_set(E_IO, "%s", strerror(errno));
    }
    *n = (size_t)got;
    s->eof = !got;
    return 0;
}
static int refill(struct source *s)
{
    s->at = s->block;
    s->n = 0;
    return s->eof ? 0 : raw_read(s, s->block, BLOCK, &s->n);
}

/* ---- gzip ---- */
static void member_begin(struct inflate_state *gz)
{
    isal_inflate_reset(gz);
    gz->crc_flag = ISAL_GZIP;
}
/* Behind a member: another one, or nothing. Zeros are what a tape's block is filled up with. */
static int next_member(struct source *s, bool *more)
{
    for (*more = false; !*more;) {
        while (s->n && !*s->at)
            s->at++, s->n--;
        if (s->n && *s->at != '\x1f')
            return err_set(E_DATA, "gzip: something else behind the end of the compressed data "
                                   "(gzip -dc <FILE leaves it out)");
        if (s->n)
            *more = true;
        else if (s->eof)
            return 0;
        else
            TRY(refill(s));
    }
    member_begin(s->gz);
    return 0;
}
static const char *gunzip_error(int r)
{
    if (r == ISAL_INCORRECT_CHECKSUM)
        return "the checksum is wrong";
    return r == ISAL_INVALID_WRAPPER ? "not a gzip header" : "the data is damaged";
}
static int gunzip(struct source *s, char *p, size_t cap, size_t *n)
{
    struct inflate_state *gz = s->gz;
    gz->next_out = (uint8_t *)p;
    gz->avail_out = cap > 1u << 30 ? 1u << 30 : (uint32_t)cap;
    uint32_t room = gz->avail_out;
    while (gz->avail_out == room) {
        bool more = true;
        if (gz->block_state == ISAL_BLOCK_FINISH)
            TRY(next_member(s, &more));
        if (!more)
            break;
        if (!s->n && !s->eof)
            TRY(refill(s));
        gz->next_in = (uint8_t *)s->at;
        gz->avail_in = (uint32_t)s->n;
        int r = isal_inflate(gz);
        if (r < 0) /* avail_in may be anything then */
            return err_set(E_DATA, "gzip: %s", gunzip_error(r));
        bool none = s->n == gz->avail_in && gz->avail_out == room;
        s->at += s->n - gz->avail_in;
        s->n = gz->avail_in;
        if (none && s->eof && gz->block_state != ISAL_BLOCK_FINISH)
            return err_set(E_DATA, "gzip: the file is cut short");
    }
    *n = room - gz->avail_out;
    return 0;
}

/* ---- what libarchive decompresses ---- */
static la_ssize_t give(struct archive *inner, void *ctx, const void **p)
{
    struct source *s = ctx;
    if (!s->n && refill(s)) {
        archive_set_error(inner, EIO, "%s", err_msg());
        return -1;
    }
    *p = s->at;
    la_ssize_t n = (la_ssize_t)s->n;
    s->n = 0;
    return n;
}
static int open_inner(struct source *s)
{
    struct archive_entry *e;
    if (!(s->inner = source_archive_new()))
        return E_NOMEM;
    archive_read_support_filter_zstd(s->inner);
    archive_read_support_filter_bzip2(s->inner);
    archive_read_support_filter_xz(s->inner);
    archive_read_support_format_raw(s->inner);
    archive_read_support_format_empty(s->inner);
    if (archive_read_open(s->inner, s, NULL, give, NULL) != ARCHIVE_OK)
        return source_archive_error(s->inner);
    int got = archive_read_next_header(s->inner, &e);
    s->end = got == ARCHIVE_EOF; /* nothing inside */
    return got == ARCHIVE_OK || got == ARCHIVE_EOF ? 0 : source_archive_error(s->inner);
}

static int start(struct source *s)
{
    static const struct {
        const char *magic;
        size_t n;
    } known[] = {{"\x28\xb5\x2f\xfd", 4},
                 {"\xfd"
                  "7zXZ",
                  5},
                 {"BZh", 3}};
    s->at = s->block;
    for (size_t got = 1; got && s->n < 6; s->n += got)
        TRY(raw_read(s, s->block + s->n, BLOCK - s->n, &got));
    if (s->n >= 2 && !memcmp(s->block, "\x1f\x8b", 2)) {
        if (!(s->gz = mem_alloc(1, sizeof *s->gz)))
            return E_NOMEM;
        isal_inflate_init(s->gz);
        member_begin(s->gz);
        return 0;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (s->n >= known[i].n && !memcmp(s->block, known[i].magic, known[i].n))
            return open_inner(s);
    return 0;
}

static int source_new(struct source **s)
{
    if (!(*s = mem_alloc(1, sizeof **s)))
        return E_NOMEM;
    memset(*s, 0, offsetof(struct source, block));
    (*s)->fd = -1;
    if (!((*s)->digest = XXH64_createState()))
        return err_nomem(1);
    XXH64_reset((*s)->digest, 0);
    return 0;
}
int source_open(struct source **s, const char *path)
{
    TRY(source_new(s));
    (*s)->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if ((*s)->fd < 0)
        return err_set(E_NOINPUT, "%s", strerror(errno));
    TRY(claim_input((*s)->fd, path ? path : "standard input"));
    return start(*s);
}
int source_open_member(struct source **s, struct archive *outer)
{
    TRY(source_new(s));
    (*s)->outer = outer;
    return start(*s);
}

static int plain_read(struct source *s, char *p, size_t cap, size_t *n)
{
    *n = 0;
    if (s->end)
        return 0;
    if (s->gz)
        return gunzip(s, p, cap, n);
    if (s->inner) {
        la_ssize_t got = archive_read_data(s->inner, p, cap);
        *n = got < 0 ? 0 : (size_t)got;
        return got < 0 ? source_archive_error(s->inner) : 0;
    }
    if (!s->n)
        return s->eof ? 0 : raw_read(s, p, cap, n);
    *n = s->n < cap ? s->n : cap;
    memcpy(p, s->at, *n);
    s->at += *n;
    s->n -= *n;
    return 0;
}

int source_read(struct source *s, char *p, size_t cap, size_t *n)
{
    TRY(plain_read(s, p, cap, n));
    XXH64_update(s->digest, p, *n);
    return 0;
}

void source_xxh64(const struct source *s, char hex[17])
{
    snprintf(hex, 17, "%016llx", (unsigned long long)XXH64_digest(s->digest));
}

void source_close(struct source *s)
{
    if (!s)
        return;
    XXH64_freeState(s->digest);
    if (s->inner)
        archive_read_free(s->inner);
    if (s->fd >= 0)
        close(s->fd);
    free(s->gz);
    free(s);
}
