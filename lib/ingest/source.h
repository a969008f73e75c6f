/* The plain bytes of a file, or of a member of an archive: what is compressed is decompressed on the way. gzip goes
 * through ISA-L, more than twice as fast as zlib and strict: a wrong checksum or length, an end that comes too early,
 * something behind the end are errors (libarchive's gzip filter looks at neither checksum nor length). zstd, xz and
 * bzip2 go through libarchive. What it is tells its first bytes, not its name. Tests: tests/unit/source.c. */
#ifndef ICD_SOURCE_H
#define ICD_SOURCE_H
#include <archive.h>
#include <stddef.h>

struct source;
/* path NULL: standard input. E_NOINPUT when the file cannot be opened. *s is to be closed also after an error. */
int source_open(struct source **s, const char *path);
int source_open_member(struct source **s, struct archive *outer); /* the entry whose header was read last */
/* Up to cap bytes to p; *n = 0 is the end, with every checksum verified. E_DATA, E_IO. */
int source_read(struct source *s, char *p, size_t cap, size_t *n);
/* Of the bytes that source_read gave, 16 hex digits: the same for a table plain, compressed or in an archive. */
void source_xxh64(const struct source *s, char hex[17]);
void source_close(struct source *s);

/* A reader of libarchive's, NULL with E_NOMEM, and its last error as ours: E_DATA, or E_NOMEM. */
struct archive *source_archive_new(void);
int source_archive_error(struct archive *a);

#endif
