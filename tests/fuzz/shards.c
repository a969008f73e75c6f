/* model.safetensors.index.json beside two shards, of which one has a and b, the other c. */
#include "lib/tensor/safetensors.h"
#include "tests/fuzz/fuzz.h"

static void shard(const char *name, const char *header, size_t room)
{
    char whole[512] = {0};
    uint64_t n = strlen(header);
    memcpy(whole, &n, sizeof n);
    memcpy(whole + sizeof n, header, n);
    fuzz_file(name, whole, sizeof n + n + room);
}
static int seen(void *ctx, const char *path)
{
    ++*(int *)ctx;
    return path ? 0 : E_BUG;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file *f;
    int files = 0;
    shard("one.safetensors",
          "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          "\"b\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[8,12]}}", 12);
    shard("two.safetensors", "{\"c\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}", 8);
    fuzz_file("model.safetensors.index.json", data, size);
    if (!fuzz_rc(st_open_dir(&f, fuzz_folder()))) {
        for (int i = 0; i < st_count(f); i++)
            FUZZ_CHECK(st_find(f, st_at(f, i)->name) && st_numel(st_at(f, i)) > 0);
        FUZZ_CHECK(!st_dir_files(fuzz_folder(), seen, &files) && files > 1);
        st_close(f);
    }
    return 0;
}
