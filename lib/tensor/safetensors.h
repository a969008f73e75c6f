/* safetensors files: reading (mmap, every length checked) and writing (under a temporary name, then renamed). Format as
 * in the safetensors README: u64 header length, JSON header, data; tensors tile the data exactly.
 * Tests: tests/unit/safetensors.c. */
#ifndef ICD_SAFETENSORS_H
#define ICD_SAFETENSORS_H
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct st_tensor {
    const char *name;
    char dtype[8]; /* "F32" ... */
    int nd;
    int64_t dim[8];
    const void *data; /* unaligned: copy out */
    size_t bytes;
};
struct st_file;
int st_open(struct st_file **f, const char *path);
/* The weights of a model directory as one file: <dir>/model.safetensors, or else the shards that
 * <dir>/model.safetensors.index.json names. E_NOINPUT when there is neither. */
int st_open_dir(struct st_file **f, const char *dir);
/* Calls `each` with the path of every file that st_open_dir reads: the one, or the index and its shards, each once in
 * the index's order. What it returns ends the walk. Errors as of st_open_dir, but for the weights themselves. */
int st_dir_files(const char *dir, int (*each)(void *ctx, const char *path), void *ctx);
int st_count(const struct st_file *f);
const struct st_tensor *st_at(const struct st_file *f, int i);
const struct st_tensor *st_find(const struct st_file *f, const char *name);
const json_t *st_metadata(const struct st_file *f); /* NULL if there is none; of shards: the last one's */
int64_t st_numel(const struct st_tensor *t);
/* n elements as float / double, from F32, F16, BF16, F64. E_DATA for other types. */
int st_to_float(const struct st_tensor *t, float *out);
int st_to_double(const struct st_tensor *t, double *out);
/* E_DATA unless the file ends as st_seal makes it, with the digest of all its other bytes. */
int st_sealed(const struct st_file *f);
/* XXH64 of the whole file as 16 hex digits; "" of shards, which are several. */
void st_xxh64(const struct st_file *f, char hex[17]);
void st_close(struct st_file *f);

struct st_writer;
/* Declare all tensors, then write their data in the same order; st_end renames. metadata may be NULL;
 * {"format":"pt"} is always put in. Only F32, F64, I32, I64, U8. */
int st_create(struct st_writer **w, const char *path, const json_t *metadata);
int st_declare(struct st_writer *w, const char *name, const char *dtype, int nd, const int64_t *dim);
/* The last declaration: a tensor "xxh64" of 8 bytes, which st_end fills with the digest of what stands before it. */
int st_seal(struct st_writer *w);
int st_data(struct st_writer *w, const void *p, size_t bytes); /* the next declared tensor, whole */
int st_end(struct st_writer *w);
void st_written(const struct st_writer *w, char hex[17]); /* after st_end: XXH64 of the file */
void st_discard(struct st_writer *w); /* frees; also after st_end */

#endif
