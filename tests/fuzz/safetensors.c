/* A safetensors file. Where the first byte is '{' it is the header alone: its length and the data, of so many bytes as
 * the last byte says (times 4), are added. */
#include "lib/tensor/safetensors.h"
#include "tests/fuzz/fuzz.h"

static void tensors(struct st_file *f)
{
    for (int i = 0; i < st_count(f); i++) {
        const struct st_tensor *t = st_at(f, i);
        int64_t n = st_numel(t);
        FUZZ_CHECK(n >= 0 && n < 1 << 24 && st_find(f, t->name) != NULL);
        float *x = malloc((size_t)n * sizeof *x + 1);
        double *y = malloc((size_t)n * sizeof *y + 1);
        FUZZ_CHECK(x && y);
        FUZZ_CHECK(fuzz_rc(st_to_float(t, x)) == fuzz_rc(st_to_double(t, y)));
        free(x);
        free(y);
    }
    st_metadata(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file *f;
    if (size && *data == '{' && size < 32768) {
        static char whole[8 + 32768 + 4 * 256];
        size_t room = 4 * fuzz_choice(data, &size, 256);
        uint64_t n = size;
        memcpy(whole, &n, sizeof n);
        memcpy(whole + sizeof n, data, size);
        memset(whole + sizeof n + size, 0x3f, room);
        fuzz_file("model.safetensors", whole, sizeof n + size + room);
    } else {
        fuzz_file("model.safetensors", data, size);
    }
    if (!fuzz_rc(st_open_dir(&f, fuzz_folder()))) {
        tensors(f);
        st_close(f);
    }
    return 0;
}
