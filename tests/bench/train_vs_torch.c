/* Tokens a second of whole training steps (forward, backward, clipping, AdamW) on made-up notes, for
 * tests/bench/train_vs_torch.sh: train_vs_torch STEPS THREADS. Same shapes as train_vs_torch.py. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include "lib/util/progress.h"
#include "lib/util/rng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES = 4, NOTE = 512, TARGET = 64, V = 32128, LABELS = 50, WARM = 2 };

static int made_up(struct dataset *d)
{
    struct rng r = rng_new(1, 0);
    int32_t ids[NOTE], target[TARGET], label[] = {0};
    d->labels = LABELS;
    for (int i = 0; i < NOTES; i++) {
        char id[] = {(char)('a' + i), 0};
        for (int j = 0; j < NOTE; j++)
            ids[j] = 3 + (int32_t)rng_below(&r, V - 3);
        for (int j = 0; j < TARGET; j++)
            target[j] = 3 + (int32_t)rng_below(&r, V - 3);
        TRY(dataset_note(d, id, 1, SPLIT_TRAIN, ids, NOTE));
        TRY(dataset_target(d, id, 1, SPLIT_TRAIN, target, TARGET, label, 1));
    }
    return dataset_seal(d);
}

static int run(int64_t steps, int threads)
{
    struct dataset d = {0};
    struct train_cfg c = {.gen = true,
                          .att_weight = 1,
                          .lr = 1e-4,
                          .beta1 = 0.9,
                          .beta2 = 0.999,
                          .eps = 1e-8,
                          .clip = 1,
                          .decay = 0.01,
                          .seed = 1,
                          .batch = NOTES,
                          .accumulate = 1};
    const struct backend *be;
    struct model *m;
    struct trainer t;
    struct step_result r;
    double t0 = 0;
    TRY(made_up(&d));
    TRY(backend_open("cpu", threads, &be));
    TRY(model_new(&m, "t5:d_model=256,layers=4,heads=4,d_kv=64,d_ff=1024,dropout=0.1", V, 0, 1));
    TRY(model_alloc(m, be, true));
    params_init(&m->params, 1);
    TRY(trainer_init(&t, m, be, &c, &d));
    for (int64_t s = 0; s < WARM + steps; s++) {
        if (s == WARM)
            t0 = now_seconds();
        TRY(step_gradients(&t, d.of[SPLIT_TRAIN], NOTES, (uint64_t)s, &r));
        TRY(optimizer_step(&t.opt, &c, c.lr, r.norm, s + 1));
    }
    t0 = now_seconds() - t0;
    printf("%.1f tokens/s, %.1f ms a step, loss %.4f\n", (double)(steps * NOTES * (NOTE + TARGET)) / t0,
           1000 * t0 / (double)steps, r.loss);
    trainer_free(&t);
    model_free(m);
    dataset_free(&d);
    return 0;
}

int main(int argc, char **argv)
{
    backend_share_cpu(argv);
    int rc = run(argc > 1 ? atoi(argv[1]) : 10, argc > 2 ? atoi(argv[2]) : 2);
    if (rc)
        fprintf(stderr, "train_vs_torch: %s\n", err_msg());
    return rc;
}
