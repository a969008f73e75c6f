/* Tokens a second of whole training steps (forward, backward, clipping, AdamW) on made-up notes, for
 * tests/bench/train_vs_torch.sh: train_vs_torch STEPS THREADS (same shapes as train_vs_torch.py), and for
 * tests/gpu/bench.sh: train_vs_torch STEPS THREADS DEVICE PRECISION NOTES NOTE TARGET ARCH. */
#include "lib/train/train.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/progress.h"
#include "lib/util/rng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { V = 32128, LABELS = 50, WARM = 2 };
static struct {
    int64_t steps, threads;
    const char *device, *precision;
    int64_t notes, note, target;
    const char *arch;
} o = {10, 2, "cpu", "fp32", 4, 512, 64, "t5:d_model=256,layers=4,heads=4,d_kv=64,d_ff=1024,dropout=0.1"};

static int made_up(struct dataset *d)
{
    struct rng r = rng_new(1, 0);
    int32_t *ids = mem_alloc((size_t)(o.note + o.target), sizeof *ids), *target = ids + o.note, label[] = {0};
    int rc = ids ? 0 : E_NOMEM;
    d->labels = LABELS;
    for (int64_t i = 0; i < o.notes && !rc; i++) {
        char id[24];
        size_t n = (size_t)snprintf(id, sizeof id, "%lld", (long long)i);
        for (int64_t j = 0; j < o.note + o.target; j++)
            ids[j] = 3 + (int32_t)rng_below(&r, V - 3);
        rc = dataset_note(d, id, n, SPLIT_TRAIN, ids, o.note);
        if (!rc)
            rc = dataset_target(d, id, n, SPLIT_TRAIN, target, o.target, label, 1);
    }
    free(ids);
    return rc ? rc : dataset_seal(d);
}

static int run(void)
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
                          .batch = o.notes,
                          .accumulate = 1};
    const struct backend *be;
    struct model *m;
    struct trainer t;
    struct step_result r;
    double t0 = 0;
    TRY(made_up(&d));
    TRY(backend_open(o.device, (int)o.threads, &be));
    size_t room = be->room ? be->room() : 0;
    TRY(model_new(&m, o.arch, V, 0, 1));
    TRY(backend_precision(be, o.precision, &m->params.products));
    TRY(model_alloc(m, be, true));
    params_init(&m->params, 1);
    TRY(trainer_init(&t, m, be, &c, &d));
    for (int64_t s = 0; s < WARM + o.steps; s++) {
        if (s == WARM)
            t0 = now_seconds();
        TRY(step_gradients(&t, d.of[SPLIT_TRAIN], o.notes, (uint64_t)s, &r));
        TRY(optimizer_step(&t.opt, &c, c.lr, r.norm, s + 1));
    }
    t0 = now_seconds() - t0;
    printf("%.1f tokens/s, %.1f ms a step, loss %.4f", (double)(o.steps * o.notes * (o.note + o.target)) / t0,
           1000 * t0 / (double)o.steps, r.loss);
    if (be->room) /* what is taken is kept until the end */
        printf(", %.0f MiB", (double)(room - be->room()) / (1024 * 1024));
    printf("\n");
    trainer_free(&t);
    model_free(m);
    dataset_free(&d);
    return 0;
}

int main(int argc, char **argv)
{
    backend_share_cpu(argv);
    int64_t *const number[] = {&o.steps, &o.threads, NULL, NULL, &o.notes, &o.note, &o.target, NULL};
    const char **const word[] = {NULL, NULL, &o.device, &o.precision, NULL, NULL, NULL, &o.arch};
    for (int i = 1; i < argc && i <= 8; i++)
        if (number[i - 1])
            *number[i - 1] = atoll(argv[i]);
        else
            *word[i - 1] = argv[i];
    int rc = run();
    if (rc)
        fprintf(stderr, "train_vs_torch: %s\n", err_msg());
    return rc;
}
