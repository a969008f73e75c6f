/* lib/tensor/safetensors.c: what it writes it reads; files of the Python library; files made to break a reader. */
#include "lib/tensor/safetensors.h"
#include "lib/util/err.h"
#include "tests/test.h"
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-st.XXXXXX", path[64];

static void put(const char *to, const void *p, size_t n)
{
    FILE *f = fopen(to, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f))
        abort();
}

/* A file of this header and so many bytes of data. */
static int open_as(const char *header, size_t data)
{
    char bytes[4096] = {0};
    size_t n = strlen(header);
    struct st_file *f;
    memcpy(bytes, &(uint64_t){n}, 8); /* little-endian hosts only, as the whole project */
    memcpy(bytes + 8, header, n);
    put(path, bytes, 8 + n + data);
    int rc = st_open(&f, path);
    CHECK((rc == 0) == (f != NULL));
    st_close(f);
    return rc;
}

static void written(void)
{
    float a[6] = {1, -2, 3.5f, 0, INFINITY, -0.0f};
    double b[1] = {0.1};
    int32_t c[3] = {1, -1, 7};
    struct st_writer *w;
    struct st_file *f;
    json_t *meta = json_pack("{s:s}", "step", "7");
    CHECK(st_create(&w, path, meta) == 0);
    json_decref(meta);
    CHECK(st_declare(w, "a", "F32", 2, (int64_t[]){2, 3}) == 0);
    CHECK(st_declare(w, "b", "F64", 0, NULL) == 0);
    CHECK(st_declare(w, "none", "F32", 2, (int64_t[]){0, 9}) == 0);
    CHECK(st_declare(w, "c", "I32", 1, (int64_t[]){3}) == 0);
    CHECK(st_declare(w, "a", "F32", 1, (int64_t[]){1}) == E_BUG);
    CHECK(st_declare(w, "d", "F16", 1, (int64_t[]){1}) == E_BUG);
    CHECK(st_declare(w, "d", "F32", 2, (int64_t[]){INT64_MAX / 2, 8}) == E_BUG);
    CHECK(st_declare(w, "d", "F32", 1, (int64_t[]){-1}) == E_BUG);
    CHECK(st_data(w, a, 20) == E_BUG); /* not the size declared */
    CHECK(st_data(w, a, sizeof a) == 0 && st_data(w, b, sizeof b) == 0);
    CHECK(st_end(w) == E_BUG && access(path, F_OK)); /* too early; nothing there yet */
    CHECK(st_data(w, NULL, 0) == 0 && st_data(w, c, sizeof c) == 0 && st_data(w, c, sizeof c) == E_BUG);
    CHECK(st_end(w) == 0);
    st_discard(w);
    struct stat s;
    CHECK(stat(path, &s) == 0 && (s.st_mode & 0777) == 0600);

    CHECK(st_open(&f, path) == 0 && st_count(f) == 4);
    CHECK(!strcmp(json_string_value(json_object_get(st_metadata(f), "format")), "pt"));
    CHECK(!strcmp(json_string_value(json_object_get(st_metadata(f), "step")), "7"));
    float x[6];
    double y;
    const struct st_tensor *t = st_find(f, "a");
    CHECK(t && t->nd == 2 && t->dim[0] == 2 && t->dim[1] == 3 && st_to_float(t, x) == 0 && !memcmp(x, a, sizeof a));
    t = st_find(f, "b");
    CHECK(t && t->nd == 0 && st_numel(t) == 1 && st_to_double(t, &y) == 0 && y == 0.1);
    CHECK(st_to_float(t, x) == 0 && x[0] == 0.1f);
    t = st_find(f, "none");
    CHECK(t && st_numel(t) == 0 && st_to_float(t, x) == 0);
    t = st_find(f, "c");
    CHECK(t && t->bytes == sizeof c && !memcmp(t->data, c, sizeof c) && st_to_float(t, x) == E_DATA);
    CHECK(!st_find(f, "") && !st_find(f, "z") && !st_at(f, 4) && !st_at(f, -1));
    st_close(f);
    DONE("written and read");

    CHECK(st_create(&w, path, NULL) == 0 && st_end(w) == 0);
    st_discard(w);
    CHECK(st_open(&f, path) == 0 && st_count(f) == 0 && !st_find(f, "a"));
    st_close(f);
    DONE("a file of nothing");

    unlink(path);
    CHECK(st_create(&w, path, NULL) == 0 && st_declare(w, "a", "F32", 1, (int64_t[]){6}) == 0 &&
          st_data(w, a, sizeof a) == 0);
    st_discard(w); /* not ended */
    CHECK(access(path, F_OK));
    DONE("discarded: no file");
}

static void check_all(struct st_file *f)
{
    static const char *const names[] = {"f32", "f64", "f16", "bf16"};
    float x[12], special[7];
    double y[12];
    for (int k = 0; k < 4; k++) {
        const struct st_tensor *t = st_find(f, names[k]);
        CHECK(t && t->nd == 2 && t->dim[0] == 3 && t->dim[1] == 4);
        CHECK(t && st_to_float(t, x) == 0 && st_to_double(t, y) == 0);
        for (int i = 0; i < 12; i++)
            CHECK((double)x[i] == i / 4.0 - 1 && y[i] == i / 4.0 - 1);
    }
    const struct st_tensor *t = st_find(f, "special.f16");
    CHECK(t && st_to_float(t, special) == 0);
    CHECK(special[0] == INFINITY && special[1] == -INFINITY && isnan(special[2]) && special[3] == 0x1p-24f);
    CHECK_NEAR(special[4], -6.1e-5, 6e-8); /* subnormal */
    CHECK(special[5] == 65504 && special[6] == 0 && signbit(special[6]));
    t = st_find(f, "scalar");
    CHECK(t && t->nd == 0 && st_to_float(t, x) == 0 && x[0] == 2.5f);
    t = st_find(f, "empty");
    CHECK(t && t->nd == 2 && t->dim[0] == 0 && t->bytes == 0);
    t = st_find(f, "i64");
    CHECK(t && t->bytes == 24 && st_to_double(t, y) == E_DATA);
    CHECK(st_count(f) == 9);
}

static void from_python(void)
{
    struct st_file *f;
    CHECK(st_open(&f, "tests/golden/safetensors/all.safetensors") == 0);
    check_all(f);
    CHECK(!strcmp(json_string_value(json_object_get(st_metadata(f), "note")), "d\xc3\xa9j\xc3\xa0"));
    st_close(f);
    DONE("a file of the Python library");
    CHECK(st_open_dir(&f, "tests/golden/safetensors/sharded") == 0);
    check_all(f);
    st_close(f);
    DONE("shards of the Python library");
}

/* Every length a copy of the file may be cut to, and every byte of its header changed. */
static void damaged(void)
{
    static unsigned char whole[8192], bytes[8192];
    FILE *in = fopen("tests/golden/safetensors/all.safetensors", "rb");
    size_t n = in ? fread(whole, 1, sizeof whole, in) : 0;
    struct st_file *f;
    CHECK(n > 500 && n < sizeof whole);
    fclose(in);
    for (size_t k = 0; k < n; k++) {
        put(path, whole, k);
        CHECK(st_open(&f, path) == E_DATA && !f);
    }
    memcpy(bytes, whole, n);
    put(path, bytes, n + 1);
    CHECK(st_open(&f, path) == E_DATA);
    DONE("cut at every offset, one byte too many");
    size_t header = whole[0] + 256u * whole[1];
    double out[64];
    for (size_t k = 0; k < 8 + header; k++)
        for (int v = 0; v < 3; v++) {
            memcpy(bytes, whole, n);
            bytes[k] = (unsigned char)(v == 0 ? 0 : v == 1 ? whole[k] ^ 1 : 0xff);
            put(path, bytes, n);
            if (st_open(&f, path) == 0) /* some changes leave a valid file: of a name, of the metadata */
                for (int i = 0; i < st_count(f); i++)
                    if (st_numel(st_at(f, i)) <= 64)
                        st_to_double(st_at(f, i), out);
            st_close(f);
        }
    DONE("each byte of the header changed");
    memcpy(bytes, whole, n);
    for (int k = 0; k < 8; k++) {
        bytes[k] = 0xff;
        put(path, bytes, n);
        CHECK(st_open(&f, path) == E_DATA);
    }
    DONE("huge header lengths");
}

static void hostile(void)
{
    static const struct {
        const char *what, *header;
        size_t data;
        int rc;
    } c[] = {
        {"fine", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, 0},
        {"fine, padded", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}   ", 8, 0},
        {"fine, out of order",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]},\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_"
         "offsets\":[0,4]}}",
         6, 0},
        {"fine, empty between",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_"
         "offsets\":[2,2]},"
         "\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
         3, 0},
        {"not JSON", "{\"a\"", 0, E_DATA},
        {"an array", "[]", 0, E_DATA},
        {"space first", " {}", 0, E_DATA},
        {"two values", "{}{}", 0, E_DATA},
        {"name twice",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_"
         "offsets\":[1,2]}}",
         2, E_DATA},
        {"overlap",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_"
         "offsets\":[1,3]}}",
         3, E_DATA},
        {"the same bytes twice",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_"
         "offsets\":[0,2]}}",
         2, E_DATA},
        {"hole",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_"
         "offsets\":[2,3]}}",
         3, E_DATA},
        {"hole in front", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, E_DATA},
        {"data behind", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 2, E_DATA},
        {"data without tensors", "{}", 1, E_DATA},
        {"behind the file", "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}}", 1, E_DATA},
        {"backwards", "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,0]}}", 1, E_DATA},
        {"negative offset", "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[-1,1]}}", 1, E_DATA},
        {"negative dimension", "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, E_DATA},
        {"two negative dimensions", "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1,-1],\"data_offsets\":[0,1]}}", 1, E_DATA},
        {"product overflows to the size",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}", 4, E_DATA},
        {"product overflows to 0",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, E_DATA},
        {"dimension beyond 64 bits",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[18446744073709551617],\"data_offsets\":[0,1]}}", 1, E_DATA},
        {"shape is no array", "{\"a\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1, E_DATA},
        {"dimension is no integer", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, E_DATA},
        {"nine dimensions", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
         E_DATA},
        {"three offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1, E_DATA},
        {"size does not fit shape", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,3]}}", 3, E_DATA},
        {"unknown dtype", "{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, E_DATA},
        {"no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, E_DATA},
        {"tensor is no object", "{\"a\":7}", 0, E_DATA},
        {"metadata is no map", "{\"__metadata__\":[]}", 0, E_DATA},
        {"metadata of numbers", "{\"__metadata__\":{\"a\":1}}", 0, E_DATA},
        {"NUL in a name", "{\"a\\u0000b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, E_DATA},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        int rc = open_as(c[i].header, c[i].data);
        if (rc != c[i].rc)
            fprintf(stderr, "%s: code %d, wanted %d (%s)\n", c[i].what, rc, c[i].rc, err_msg());
        CHECK(rc == c[i].rc);
    }
    DONE("hostile headers");
    struct st_file *f;
    CHECK(st_open(&f, "/nonexistent/x.safetensors") == E_NOINPUT && st_open(&f, dir) == E_NOINPUT);
    CHECK(st_open_dir(&f, "/nonexistent") == E_NOINPUT);
    DONE("no such file, a directory");
}

static void shards(void)
{
    static const struct {
        const char *what, *index;
        int rc;
    } c[] = {
        {"fine", "{\"weight_map\":{\"a\":\"one\",\"b\":\"two\"}}", 0},
        {"slash", "{\"weight_map\":{\"a\":\"/etc/passwd\",\"b\":\"two\"}}", E_DATA},
        {"parent", "{\"weight_map\":{\"a\":\"..\",\"b\":\"two\"}}", E_DATA},
        {"empty name", "{\"weight_map\":{\"a\":\"\",\"b\":\"two\"}}", E_DATA},
        {"no name", "{\"weight_map\":{\"a\":1,\"b\":\"two\"}}", E_DATA},
        {"not there", "{\"weight_map\":{\"a\":\"three\",\"b\":\"two\"}}", E_NOINPUT},
        {"in the other shard", "{\"weight_map\":{\"a\":\"two\",\"b\":\"one\"}}", E_DATA},
        {"not in any", "{\"weight_map\":{\"a\":\"one\",\"b\":\"two\",\"c\":\"two\"}}", E_DATA},
        {"not named", "{\"weight_map\":{\"a\":\"one\"}}", 0},
        {"not named, shard open", "{\"weight_map\":{\"b\":\"both\"}}", E_DATA},
        {"in two shards", "{\"weight_map\":{\"a\":\"one\",\"b\":\"both\"}}", E_DATA},
        {"no map", "{\"weight_map\":[]}", E_DATA},
        {"not JSON", "{", E_DATA},
    };
    const char *const files[] = {"one", "two", "both"};
    char p[96];
    for (int i = 0; i < 3; i++) {
        struct st_writer *w;
        snprintf(p, sizeof p, "%s/%s", dir, files[i]);
        CHECK(st_create(&w, p, NULL) == 0);
        for (int k = 0; k < 2; k++)
            if (i == 2 || i == k)
                CHECK(st_declare(w, k ? "b" : "a", "U8", 1, (int64_t[]){1}) == 0);
        for (int k = 0; k < 1 + (i == 2); k++)
            CHECK(st_data(w, "x", 1) == 0);
        CHECK(st_end(w) == 0);
        st_discard(w);
    }
    snprintf(p, sizeof p, "%s/model.safetensors.index.json", dir);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct st_file *f;
        put(p, c[i].index, strlen(c[i].index));
        int rc = st_open_dir(&f, dir);
        if (rc != c[i].rc)
            fprintf(stderr, "%s: code %d, wanted %d (%s)\n", c[i].what, rc, c[i].rc, err_msg());
        CHECK(rc == c[i].rc);
        st_close(f);
    }
    DONE("hostile indices");
    for (int i = 0; i < 3; i++) {
        snprintf(p, sizeof p, "%s/%s", dir, files[i]);
        unlink(p);
    }
    snprintf(p, sizeof p, "%s/model.safetensors.index.json", dir);
    unlink(p);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    written();
    from_python();
    damaged();
    hostile();
    shards();
    unlink(path);
    rmdir(dir);
    TEST_EXIT();
}
