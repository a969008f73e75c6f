/* Examples joined by id, the order of an epoch, padded batches. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"

/* n training notes of 1..40 tokens, ids counting up from 100*i. */
static void made_up(struct dataset *d, int n)
{
    struct rng r = rng_new(7, 0);
    *d = (struct dataset){.labels = 3};
    for (int i = 0; i < n; i++) {
        char id[16];
        int32_t ids[40], target[12], label[] = {i % 3};
        int64_t len = 1 + (int64_t)rng_below(&r, 40), tn = 1 + (int64_t)rng_below(&r, 12);
        for (int j = 0; j < 40; j++)
            ids[j] = 100 * i + j;
        for (int j = 0; j < 12; j++)
            target[j] = 7 * i + j;
        snprintf(id, sizeof id, "n%d", i);
        CHECK(dataset_note(d, id, strlen(id), SPLIT_TRAIN, ids, len) == 0);
        CHECK(dataset_target(d, id, strlen(id), SPLIT_TRAIN, target, tn, label, 1) == 0);
    }
}

static void joining(void)
{
    struct dataset d = {.labels = 2};
    int32_t ids[] = {5, 6, 1}, label[] = {1};
    CHECK(dataset_target(&d, "a", 1, SPLIT_TRAIN, ids, 3, label, 1) == 0);
    CHECK(dataset_target(&d, "b", 1, SPLIT_DEV, ids, 2, label, 0) == 0);
    CHECK(dataset_target(&d, "c", 1, SPLIT_DEV, ids, 2, label, 1) == 0);
    CHECK(dataset_note(&d, "c", 1, SPLIT_DEV, ids, 3) == 0);
    CHECK(dataset_note(&d, "a", 1, SPLIT_TRAIN, ids, 3) == 0);
    CHECK(dataset_note(&d, "ab", 2, SPLIT_TRAIN, ids, 3) == 0);
    CHECK(dataset_note(&d, "a", 1, SPLIT_TRAIN, ids, 3) == E_DATA);   /* twice */
    CHECK(dataset_target(&d, "a", 1, SPLIT_TRAIN, ids, 3, label, 1) == E_DATA);
    CHECK(dataset_note(&d, "b", 1, SPLIT_TRAIN, ids, 3) == E_DATA);   /* dev in the targets */
    CHECK(dataset_note(&d, "", 0, SPLIT_TRAIN, ids, 3) == E_DATA && dataset_note(&d, "x\0y", 3, 0, ids, 3) == E_DATA);
    CHECK(dataset_seal(&d) == 0);
    CHECK(d.count[SPLIT_TRAIN] == 1 && d.count[SPLIT_DEV] == 1 && d.no_target == 1 && d.no_note == 1);
    CHECK(!strcmp(d.ex[d.of[SPLIT_DEV][0]].id, "c"));
    dataset_free(&d);
    DONE("joined by id");
}

static void order(void)
{
    struct dataset d;
    uint32_t a[1000], b[1000], longest[5];
    bool seen[1000] = {0};
    made_up(&d, 1000);
    CHECK(dataset_seal(&d) == 0 && d.count[SPLIT_TRAIN] == 1000);
    CHECK(epoch_order(&d, 1, 0, 8, a) == 0 && epoch_order(&d, 1, 0, 8, b) == 0 && !memcmp(a, b, sizeof a));
    CHECK(epoch_order(&d, 1, 1, 8, b) == 0 && memcmp(a, b, sizeof a));
    CHECK(epoch_order(&d, 2, 0, 8, b) == 0 && memcmp(a, b, sizeof a));
    int64_t padded = 0, real_tokens = 0;
    for (int i = 0; i < 1000; i++) {
        seen[a[i]] = true;
        real_tokens += d.ex[a[i]].n;
        padded += d.ex[a[i / 8 * 8]].n; /* the group's first is its longest */
        CHECK(d.ex[a[i]].n <= d.ex[a[i / 8 * 8]].n);
    }
    for (int i = 0; i < 1000; i++)
        CHECK(seen[i]);
    CHECK((double)padded < 1.1 * (double)real_tokens);
    CHECK(epoch_order(&d, 1, 0, 7, a) == 0 && epoch_order(&d, 1, 0, 5000, a) == 0); /* a short group; one group */
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < 1000; i++)
        seen[a[i]] = true;
    for (int i = 0; i < 1000; i++)
        CHECK(seen[i]);
    CHECK(dataset_longest(&d, 5, longest) == 0);
    for (int i = 0; i < 5; i++)
        CHECK(d.ex[longest[i]].n >= 39);
    dataset_free(&d);
    DONE("order of an epoch");
}

static void padding(void)
{
    struct dataset d;
    struct batch b;
    struct model_arch arch = {.pad = -7, .start = -9};
    made_up(&d, 10);
    CHECK(dataset_seal(&d) == 0 && batch_alloc(&b, &d, 10) == 0);
    void *mem = b.mem;
    for (int turn = 0; turn < 2; turn++) { /* again: nothing of the batch before shows */
        uint32_t index[] = {3, 1, 4};
        int64_t tokens = 0;
        batch_fill(&b, &d, d.of[SPLIT_TRAIN], 10, &arch);
        batch_fill(&b, &d, index, 3, &arch);
        CHECK(b.B == 3 && b.T % 16 == 0 && b.U % 8 == 0 && b.L == 3);
        for (int i = 0; i < 3; i++) {
            const struct example *e = &d.ex[index[i]];
            const int32_t *ids = b.ids + i * b.T, *dec = b.dec + i * b.U, *target = b.target + i * b.U;
            tokens += e->target_n;
            CHECK(b.len[i] == e->n && dec[0] == -9);
            for (int64_t t = 0; t < b.T; t++)
                CHECK(ids[t] == (t < e->n ? e->ids[t] : -7));
            for (int64_t u = 0; u < b.U; u++)
                CHECK(target[u] == (u < e->target_n ? e->target[u] : -1));
            for (int64_t u = 1; u < b.U; u++)
                CHECK(dec[u] == (u <= e->target_n ? e->target[u - 1] : -7));
            for (int l = 0; l < 3; l++)
                CHECK((int)b.y[i * 3 + l] == (l == (int)index[i] % 3));
        }
        CHECK(b.tokens == tokens);
    }
    CHECK(b.mem == mem);
    batch_free(&b);
    dataset_free(&d);
    DONE("padded batch");
}

/* Epochs take the targets of three streams in turn; dev has one. */
static void turns(void)
{
    struct dataset d = {.labels = 3, .turns = 3};
    int32_t note[] = {1, 2}, first[] = {10, 11}, second[] = {20}, third[40] = {30}; /* the third needs more room */
    int32_t label[] = {2, 0}, same[] = {0, 2}, other[] = {0, 1};
    CHECK(dataset_turn(&d, 1, "a", 1, second, 1, label, 2) == E_DATA); /* nothing is there yet */
    CHECK(dataset_target(&d, "a", 1, SPLIT_TRAIN, first, 2, label, 2) == 0);
    CHECK(dataset_target(&d, "b", 1, SPLIT_DEV, first, 2, label, 2) == 0);
    CHECK(dataset_note(&d, "a", 1, SPLIT_TRAIN, note, 2) == 0 && dataset_note(&d, "b", 1, SPLIT_DEV, note, 2) == 0);
    CHECK(dataset_note(&d, "c", 1, SPLIT_TRAIN, note, 2) == 0);
    CHECK(dataset_turn(&d, 1, "a", 1, second, 1, same, 2) == 0);
    CHECK(dataset_turn(&d, 1, "a", 1, second, 1, same, 2) == E_DATA);  /* twice */
    CHECK(dataset_turn(&d, 2, "a", 1, third, 40, other, 2) == E_DATA); /* other codes, fewer codes */
    CHECK(dataset_turn(&d, 2, "a", 1, third, 40, label, 1) == E_DATA);
    CHECK(dataset_turn(&d, 2, "b", 1, third, 40, label, 2) == E_DATA); /* of dev, without a first target, unknown */
    CHECK(dataset_turn(&d, 2, "c", 1, third, 40, label, 2) == E_DATA);
    CHECK(dataset_turn(&d, 2, "x", 1, third, 40, label, 2) == E_DATA);
    CHECK(dataset_turn(&d, 2, "a", 1, third, 40, label, 2) == 0);
    CHECK(dataset_seal(&d) == 0 && d.count[SPLIT_TRAIN] == 1 && longest_target(&d, &d.ex[0]) == 40);
    struct batch b;
    struct model_arch arch = {.pad = 0, .start = 0};
    uint32_t index[] = {0, 1};
    static const int64_t long_[] = {2, 1, 40};
    CHECK(batch_alloc(&b, &d, 2) == 0);
    for (int64_t epoch = 0; epoch < 7; epoch++) {
        dataset_epoch(&d, epoch);
        batch_fill(&b, &d, index, 2, &arch);
        CHECK(b.target[0] == 10 * (epoch % 3 + 1) && b.tokens == long_[epoch % 3] + 2);
        CHECK(b.target[b.U] == 10 && b.target[b.U + 1] == 11); /* dev */
        int64_t tokens = b.tokens, wide = 0;
        b.wide = true; /* as wide as any turn, with the same targets */
        batch_fill(&b, &d, index, 2, &arch);
        for (int64_t u = 0; u < b.U; u++)
            wide += b.target[u] >= 0;
        CHECK(b.U == 40 && b.tokens == tokens && wide == long_[epoch % 3]);
        b.wide = false;
    }
    batch_free(&b);
    dataset_free(&d);
    DONE("targets in turn");
}

/* One note far longer than the rest is found; a corpus of long notes has none. */
static void outlier(void)
{
    static const int64_t sizes[][4] = {{10, 10, 10, 5000}, {10, 10, 10, 4000}, {5000, 4800, 600, 9000}};
    static const int64_t found[] = {5000, 0, 0};
    static int32_t note[9000], target[] = {1};
    for (int i = 0; i < 3; i++) {
        struct dataset d = {.labels = 3};
        int64_t longest = -1, median = -1;
        for (int k = 0; k < 4; k++) {
            char id[2] = {(char)('a' + k), 0};
            CHECK(dataset_target(&d, id, 1, SPLIT_TRAIN, target, 1, NULL, 0) == 0);
            CHECK(dataset_note(&d, id, 1, SPLIT_TRAIN, note, sizes[i][k]) == 0);
        }
        CHECK(dataset_seal(&d) == 0 && dataset_outlier(&d, &longest, &median) == 0);
        CHECK(longest == found[i] && (i == 2 || median == 10));
        dataset_free(&d);
    }
    DONE("a note far longer than the rest");
}

int main(void)
{
    outlier();
    joining();
    turns();
    order();
    padding();
    TEST_EXIT();
}
