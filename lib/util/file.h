/* Output files are written under a temporary name in the same folder and renamed when they are complete, so a failed
 * tool leaves nothing half-written. Tests: tests/unit/file.c, tests/fault/outfile.sh. */
#ifndef ICD_FILE_H
#define ICD_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct outfile {
    int fd;
    bool std;         /* standard output: no rename */
    char *path, *tmp; /* tmp is in the same directory */
    bool settled;
    bool replaces;    /* a file, whose mode and group it gets */
    mode_t mode;
    gid_t group;
};
/* path NULL, "-" or a name of descriptor 1: standard output; /dev/fd/N: that descriptor, as it is. Otherwise a new file
 * of mode 0600 (notes and labels are patient data), or of the mode of the file that it replaces. A symbolic link stays,
 * what it names is written. Removes what killed runs left of the same output. E_IO; E_USAGE where the run reads that
 * file or has another output there (claim.h). */
int outfile_open(struct outfile *o, const char *path);
/* The same for a file of a program's own, a cache or a saved state, which it reads, too: no claim. */
int outfile_open_own(struct outfile *o, const char *path);
bool outfile_is_std(const char *path); /* whether the name means standard output */
int outfile_write(struct outfile *o, const void *p, size_t n); /* whole or E_IO ("NAME: No space left on device") */
/* All but the name: what may still fail, like fsync, does so before any of several outputs gets its name. E_IO, E_NOMEM
 * once memory has run out (err_memory). */
int outfile_settle(struct outfile *o);
/* outfile_settle unless done, close, rename; checks close(2) on standard output too. */
int outfile_commit(struct outfile *o);
void outfile_discard(struct outfile *o); /* close and unlink; safe on a zeroed or committed struct */
/* Removes every temporary file of a program that is about to end, from any thread or from a handler: another thread
 * that would open or commit one waits for that end. */
void outfile_unlink_all(void);
/* `path` (the caller's, as long as it holds) is such a file, too: a lock. false: not any more. */
void outfile_passing(const char *path, bool is);

/* A file to read: every input is opened here (or claimed: claim.h). E_NOINPUT, also for a directory; E_USAGE where an
 * output would replace it. */
int file_open(const char *path, int *fd);
/* After a read or write of fd that failed: whether to try it again, having waited where the descriptor does not block
 * (the other end of a pipe may have set that). */
bool file_again(int fd, bool writing);
/* What was renamed, made or removed in the folder `dir` lasts from here on, also when the power fails. */
int dir_sync(const char *dir);
int entry_sync(const char *path); /* the same for the folder in which `path` stands; a slash at its end counts not */

/* Whole file into memory (malloc'd, followed by a NUL). E_NOINPUT, E_IO; E_DATA over `limit` bytes. */
int file_read(const char *path, size_t limit, char **p, size_t *n);
/* Up to n first bytes of a file into p: how many; 0 also when it can't be read. Asks for no memory. */
size_t file_head(const char *path, void *p, size_t n);
/* XXH64 of a file's bytes as 16 hex digits. */
int file_xxh64(const char *path, char hex[17]);
int file_xxh64_own(const char *path, char hex[17]); /* of a file of the program's own, which it writes, too: no claim */
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
