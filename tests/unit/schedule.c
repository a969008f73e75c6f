/* Learning-rate schedules against their formulas and against Hugging Face's get_*_schedule (values of lr_lambda). */
#include "lib/train/train.h"
#include "tests/test.h"

static double at(const char *name, int64_t step, int64_t total, int64_t warmup)
{
    return schedule_at(schedule_find(name), step, total, warmup);
}

int main(void)
{
    /* transformers 4: get_linear_schedule_with_warmup(num_warmup_steps=10, num_training_steps=100) and so on */
    static const struct {
        const char *name;
        int64_t step;
        double want;
    } hf[] = {{"linear", 0, 0.0}, {"linear", 1, 0.1}, {"linear", 9, 0.9}, {"linear", 10, 1.0},
              {"linear", 11, 0.98888888888888893}, {"linear", 55, 0.5}, {"linear", 99, 0.011111111111111112},
              {"linear", 100, 0.0}, {"linear", 101, 0.0}, {"cosine", 5, 0.5}, {"cosine", 10, 1.0},
              {"cosine", 40, 0.75}, {"cosine", 55, 0.5}, {"cosine", 70, 0.25}, {"cosine", 100, 0.0},
              {"constant", 3, 0.3}, {"constant", 10, 1.0}, {"constant", 99, 1.0}, {"inverse_sqrt", 5, 0.5},
              {"inverse_sqrt", 10, 1.0}, {"inverse_sqrt", 40, 0.5}, {"inverse_sqrt", 90, 0.33333333333333331}};
    for (size_t i = 0; i < sizeof hf / sizeof *hf; i++)
        CHECK_NEAR(at(hf[i].name, hf[i].step, 100, 10), hf[i].want, 1e-15);
    DONE("as Hugging Face, with warm-up");

    CHECK(at("linear", 0, 4, 0) == 1 && at("linear", 1, 4, 0) == 0.75 && at("cosine", 0, 4, 0) == 1);
    CHECK(at("constant", 0, 4, 0) == 1);
    CHECK_NEAR(at("inverse_sqrt", 30000, 50000, 0), 0.5, 1e-15); /* time scale 10,000 */
    CHECK(at("linear", 3, 3, 3) == 0 && at("cosine", 3, 3, 3) >= 0); /* nothing but warm-up */
    DONE("without warm-up");

    CHECK(schedule_warmup(0, 100) == 0 && schedule_warmup(0.05, 100) == 5 && schedule_warmup(0.05, 101) == 6);
    CHECK(schedule_warmup(1, 100) == 1 && schedule_warmup(500, 100) == 500);
    DONE("warm-up as a share or a number");

    int n = 0;
    for (const char *const *name = schedule_names; *name; name++, n++)
        CHECK(schedule_find(*name) && !strcmp(schedule_find(*name)->name, *name));
    CHECK(n == 4 && !schedule_find("nope") && !schedule_find(""));
    DONE("registered");
    /* What was not given follows from the start; what was given stays. */
    for (int scratch = 0; scratch < 2; scratch++) {
        struct train_cfg c = {.gen = true, .att = true, .lr = NAN, .warmup = NAN, .att_weight = NAN,
                              .epochs = TRAIN_UNSET, .patience = TRAIN_UNSET}, given = c, alone = c;
        const char *name = NULL, *constant = "constant";
        train_defaults(&c, &name, scratch);
        CHECK(c.lr > 0 && c.warmup >= 0 && c.att_weight > 0 && c.epochs > 0 && c.patience > 0 && schedule_find(name));
        given = (struct train_cfg){.lr = 7, .warmup = 0, .att_weight = 3, .epochs = 1, .patience = 0};
        train_defaults(&given, &constant, scratch);
        CHECK(given.lr == 7 && given.warmup == 0 && given.att_weight == 3 && given.epochs == 1 && given.patience == 0 &&
              !strcmp(constant, "constant"));
        alone.gen = false;
        train_defaults(&alone, &name, scratch);
        CHECK(alone.att_weight == 1 && alone.lr == c.lr);
    }
    DONE("defaults by the start");
    TEST_EXIT();
}
