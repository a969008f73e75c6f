/* The counters of an interrupted run, JSON in the metadata of its state.safetensors; the tensors beside them are those
 * of a tiny model. Where the first byte is no brace, the input is the whole file. */
#include "lib/tensor/safetensors.h"
#include "lib/train/train.h"
#include "tests/fuzz/fuzz.h"

static void state_file(const char *path, const struct model *m, const char *text)
{
    struct st_writer *w;
    json_t *meta = json_pack("{s:s}", "state", text);
    float *zeros = calloc((size_t)m->params.numel, sizeof *zeros);
    const char *const names[] = {"value", "m", "v"};
    FUZZ_CHECK(meta && zeros && !st_create(&w, path, meta));
    for (int i = 0; i < 3; i++)
        FUZZ_CHECK(!st_declare(w, names[i], "F32", 1, (int64_t[]){m->params.numel}));
    FUZZ_CHECK(!st_declare(w, "log", "U8", 1, (int64_t[]){3}) && !st_seal(w));
    for (int i = 0; i < 3; i++)
        FUZZ_CHECK(!st_data(w, zeros, (size_t)m->params.numel * sizeof *zeros));
    FUZZ_CHECK(!st_data(w, "{}\n", 3) && !st_end(w));
    st_discard(w);
    json_decref(meta);
    free(zeros);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model *m;
    static json_t *about;
    const struct backend *be;
    char path[160];
    if (!m) {
        FUZZ_CHECK(!backend_open("cpu", 1, &be));
        FUZZ_CHECK(!model_new(&m, "t5:d_model=8,layers=1,heads=1,d_kv=8,d_ff=8", 16, 0, 1));
        FUZZ_CHECK(!model_alloc(m, be, true));
        about = json_pack("{s:{s:i}}", "options", "seed", 1);
        snprintf(path, sizeof path, "%s/checkpoint", fuzz_folder());
        FUZZ_CHECK(!mkdir(path, 0700));
    }
    snprintf(path, sizeof path, "%s/checkpoint/state.safetensors", fuzz_folder());
    json_t *text = size && *data == '{' ? json_stringn((const char *)data, size) : NULL; /* NULL: not UTF-8 */
    if (text)
        state_file(path, m, json_string_value(text));
    else
        fuzz_file("checkpoint/state.safetensors", data, size);
    json_decref(text);
    /* a run of up to three epochs of 8 notes in 4 steps */
    const struct train_cfg cfg = {.batch = 1, .accumulate = 2, .epochs = 3};
    const struct dataset notes = {.count = {8, 2}};
    struct train_state s = {0};
    if (!fuzz_rc(checkpoint_load(fuzz_folder(), m, &s, about, &cfg, &notes)))
        FUZZ_CHECK(s.step >= 0 && s.step <= 12 && s.epoch <= 3 && s.group < 4 && s.micro == (uint64_t)s.step * 2);
    train_state_free(&s);
    unlink(path);
    return 0;
}
