/* Fuzz targets: tests/fuzz/NAME.c defines LLVMFuzzerTestOneInput, which gives any bytes to one reader of the project.
 * make fuzz builds them with clang's libFuzzer (ICD_FUZZ) and looks for bytes that crash; make check builds them as
 * tests like any other, whose main is here: it gives the target each file of tests/fuzz/corpus/NAME, and some hundred
 * changed copies of it, the same ones every time. A target for another reader is one file, and its seeds a folder. */
#ifndef ICD_FUZZ_H
#define ICD_FUZZ_H
#include "lib/util/err.h"
#include "tests/test.h"
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target calls this where what it saw must never be. */
#define FUZZ_CHECK(c)                                                         \
    do {                                                                      \
        if (!(c)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #c); \
            abort();                                                          \
        }                                                                     \
    } while (0)

/* What a reader returned: 0, or an error that is the input's fault and has a message. */
static inline int fuzz_rc(int rc)
{
    if (rc && rc != E_DATA && rc != E_USAGE && rc != E_NOINPUT && rc != E_NOMEM)
        fprintf(stderr, "code %d: %s\n", rc, err_msg());
    FUZZ_CHECK(rc == 0 || rc == E_DATA || rc == E_USAGE || rc == E_NOINPUT || rc == E_NOMEM);
    FUZZ_CHECK(rc == 0 || *err_msg());
    return rc;
}

static char fuzz_folder_[64];
static inline int fuzz_remove_one_(const char *path)
{
    return unlink(path) && rmdir(path);
}
static inline void fuzz_remove_(void)
{
    char path[400];
    DIR *d = opendir(fuzz_folder_);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.' && snprintf(path, sizeof path, "%s/%s", fuzz_folder_, e->d_name) < (int)sizeof path)
            fuzz_remove_one_(path);
    if (d)
        closedir(d);
    rmdir(fuzz_folder_);
}
/* A folder of this process, which goes with it. */
static inline const char *fuzz_folder(void)
{
    if (*fuzz_folder_)
        return fuzz_folder_;
    const char *tmp = getenv("TMPDIR");
    snprintf(fuzz_folder_, sizeof fuzz_folder_, "%.40s/fuzz.XXXXXX", tmp ? tmp : "/tmp");
    FUZZ_CHECK(mkdtemp(fuzz_folder_));
    atexit(fuzz_remove_);
    return fuzz_folder_;
}
/* n bytes as a file of that name in fuzz_folder; its path, good until the eighth call from now. */
static inline const char *fuzz_file(const char *name, const void *p, size_t n)
{
    static char path[8][128];
    static int turn;
    char *at = path[turn++ % 8];
    snprintf(at, sizeof *path, "%s/%s", fuzz_folder(), name);
    int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, n ? p : "", n) == (ssize_t)n && close(fd) == 0);
    return at;
}

/* An input of several parts, between them a line "%%": the next part, and *data, *size are what is behind it. */
struct fuzz_part {
    const char *p;
    size_t n;
};
static inline struct fuzz_part fuzz_next(const uint8_t **data, size_t *size)
{
    const char *p = (const char *)*data;
    const char *end = *size ? memmem(p, *size, "\n%%\n", 4) : NULL;
    struct fuzz_part part = {*size ? p : "", end ? (size_t)(end + 1 - p) : *size};
    size_t used = end ? part.n + 3 : part.n;
    *data += used;
    *size -= used;
    return part;
}
/* A number below n that the input chooses: its last byte, which is taken off. */
static inline unsigned fuzz_choice(const uint8_t *data, size_t *size, unsigned n)
{
    return *size ? data[--*size] % n : 0;
}

#ifndef ICD_FUZZ
enum { FUZZ_INPUT_MAX = 1 << 16, FUZZ_CHANGED = 60 };
/* Cut, a byte set, bytes swapped for others of the same input: what a fuzzer does first. */
static inline size_t fuzz_change_(uint8_t *p, size_t n, uint64_t *seed)
{
    static const uint8_t odd[] = {0, 0xff, '\n', '"', '{', '[', ',', 0x80, '-', '9', 0xc1, ' ', '\t', '\r', 0xdd, '%'};
    for (int i = 0; i < 1 + (int)(*seed >> 60 & 3) && n; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (*seed >> 33) % n, from = (*seed >> 13) % n, k = 1 + (*seed >> 5 & 15);
        k = k > n - (at > from ? at : from) ? 1 : k;
        switch (*seed >> 61) {
        case 0: n = at; break;
        case 1: p[at] = odd[*seed >> 20 & 15]; break;
        case 2: p[at] ^= (uint8_t)(1u << (*seed >> 20 & 7)); break;
        case 3: memmove(p + at, p + from, k); break;
        case 4: memmove(p + at, p + at + k, n - at - k); n -= k; break;
        default: p[at] = (uint8_t)(*seed >> 24); break;
        }
    }
    return n;
}
static inline void fuzz_replay_(const char *path, uint64_t seed, int copies)
{
    static uint8_t first[FUZZ_INPUT_MAX], changed[FUZZ_INPUT_MAX];
    FILE *f = fopen(path, "rb");
    FUZZ_CHECK(f);
    size_t n = fread(first, 1, sizeof first, f);
    fclose(f);
    for (int i = 0; i <= copies; i++) {
        memcpy(changed, first, n);
        size_t m = i ? fuzz_change_(changed, n, &seed) : n;
        uint8_t *exact = malloc(m + !m); /* so that the sanitizer sees a byte too far */
        FUZZ_CHECK(exact);
        memcpy(exact, changed, m);
        LLVMFuzzerTestOneInput(exact, m);
        free(exact);
    }
}
static inline int fuzz_not_hidden_(const struct dirent *e)
{
    return e->d_name[0] != '.';
}
int main(int argc, char **argv)
{
    char path[512], *name = basename(argv[0]);
    struct dirent **e = NULL;
    setenv("ICDPIPE_SHARE", "share", 0);
    if (argc > 1) { /* one input, as it is: to look into a crash */
        fuzz_replay_(argv[1], 0, 0);
        return 0;
    }
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s", name);
    int n = scandir(path, &e, fuzz_not_hidden_, alphasort);
    if (n <= 0)
        printf("not ok %s: no seeds in %s\n", name, path);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "tests/fuzz/corpus/%s/%s", name, e[i]->d_name);
        printf("input %s\n", path); /* the last such line is the one that crashed */
        fflush(stdout);
        fuzz_replay_(path, (uint64_t)i * 0x9e3779b97f4a7c15u + 12345, FUZZ_CHANGED);
        printf("ok %s %s\n", name, e[i]->d_name);
        free(e[i]);
    }
    free(e);
    return n <= 0;
}
#endif
#endif
