/* No output of a run may be a file that the run reads, or another of its outputs: whatever opens a file says so here,
 * and who comes second is refused. By device and inode, so links and other spellings of a name are one file; an output
 * that is not there yet goes by its folder and name. Tests: tests/unit/claim.c, tests/fault/overwrite.sh. */
#ifndef ICD_CLAIM_H
#define ICD_CLAIM_H

/* From here to claims_end() claims are kept and compared; before and after it they are nothing. `rewrite`: the one
 * output that may replace what is read, or NULL; borrowed. */
void claims_begin(const char *rewrite);
void claims_end(void);

/* An open file that is read; `name` is for messages. E_USAGE where an output would replace it. */
int claim_input(int fd, const char *name);
/* A file that will be written: `path` with links followed. `name` as given. E_USAGE, E_NOMEM. */
int claim_output(const char *path, const char *name);
/* A descriptor that is written as it is: standard output and the like. */
int claim_output_fd(int fd, const char *name);

#endif
