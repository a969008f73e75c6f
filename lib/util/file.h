/* Output files are written under a temporary name in the same folder and renamed when they are complete, so a failed
 * tool leaves nothing half-written. Tests: tests/unit/file.c. */
#ifndef ICD_FILE_H
#define ICD_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct outfile {
    int fd;
    bool std;         /* standard output: no rename */
    char *path, *tmp; /* tmp is in the same directory */
};
/* path NULL or "-": standard output. Otherwise a new file of mode 0600 (notes and labels are patient data). */
int outfile_open(struct outfile *o, const char *path);
int outfile_write(struct outfile *o, const void *p, size_t n); /* whole or E_IO ("NAME: No space left on device") */
/* fsync, close, rename; checks close(2) on standard output too. E_NOMEM once memory has run out (err_memory). */
int outfile_commit(struct outfile *o);
void outfile_discard(struct outfile *o); /* close and unlink; safe on a zeroed or committed struct */
void outfile_unlink_all(void); /* removes every temporary file; async-signal-safe, for a handler that then dies */

/* What was renamed, made or removed in the folder `dir` lasts from here on, also when the power fails. */
int dir_sync(const char *dir);
int entry_sync(const char *path); /* the same for the folder in which `path` stands; a slash at its end counts not */

/* Whole file into memory (malloc'd, followed by a NUL). E_NOINPUT, E_IO; E_DATA over `limit` bytes. */
int file_read(const char *path, size_t limit, char **p, size_t *n);
/* Up to n first bytes of a file into p: how many; 0 also when it can't be read. Asks for no memory. */
size_t file_head(const char *path, void *p, size_t n);
/* XXH64 of a file's bytes as 16 hex digits. */
int file_xxh64(const char *path, char hex[17]);
/* Last component of a path, for messages and history. */
const char *path_base(const char *path);

/* The end of a message that there is no model directory: how to get one. */
#define MODEL_HINT \
    "; nothing is downloaded: get the directory with git clone https://huggingface.co/NAME (and git lfs), " \
    "or with save_pretrained of transformers"
/* Where share/ is: $ICDPIPE_SHARE, else ../share next to the folder of the running program, else
 * PREFIX/share/icdpipe. */
int share_path(const char *name, char *out, size_t n);

#endif
