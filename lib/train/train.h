/* Training: examples, batches, the optimizer step, schedules, dev evaluation, complete checkpoints, and the loop over
 * them. The loop knows no files and no streams but its checkpoint: icd-train (tools/) brings the streams and takes the
 * log through callbacks. Tests: tests/unit/{batch,schedule,optimizer,train}.c, tests/cli/icd-train.sh.
 *
 * Everything a run does is a function of its examples, options, seed and thread count; what a resumed run needs beyond
 * them is in struct train_state and the parameters with their moments. */
#ifndef ICD_TRAIN_H
#define ICD_TRAIN_H
#include "lib/model/knowledge.h"
#include "lib/predict/decide.h"
#include "lib/text/labels.h"
#include "lib/util/buf.h"

/* ---- examples (batch.c): notes and targets joined by id, held in memory ---- */
enum { SPLIT_TRAIN, SPLIT_DEV, SPLITS };
struct example {
    char *id;
    int32_t *ids, *target; /* note tokens; target tokens up to and with eos */
    int32_t *label;        /* label indices */
    int64_t n, target_n, label_n;
    struct target_row {
        int32_t *ids;
        int64_t n;
    } *turn; /* (turns) the targets that epochs take in turn, `target` one of them; NULL: always the same */
};
struct dataset {
    struct example *ex;
    int64_t n, cap;
    uint32_t *slot;            /* id -> index+1, open addressing */
    uint64_t slots;
    uint8_t *split;            /* of each example */
    uint32_t *of[SPLITS];      /* indices of the complete examples of a split; dataset_seal */
    int64_t count[SPLITS];
    int64_t no_target, no_note; /* incomplete examples, left out */
    int64_t other_notes;       /* of neither split, left out */
    int64_t labels;            /* set before dataset_seal */
    int turns;                 /* target streams, 0 is 1; set before they are read */
};
/* Both copy. E_DATA for an id given twice or with two splits. */
int dataset_target(struct dataset *d, const char *id, size_t id_n, int split, const int32_t *target, int64_t n,
                   const int32_t *label, int64_t label_n);
int dataset_note(struct dataset *d, const char *id, size_t id_n, int split, const int32_t *ids, int64_t n);
/* Another target of a training example, for the epochs whose turn it is (1 .. turns-1). E_DATA when it is not of the
 * first targets, has other codes, or is given twice. */
int dataset_turn(struct dataset *d, int turn, const char *id, size_t id_n, const int32_t *target, int64_t n,
                 const int32_t *label, int64_t label_n);
/* Of a training example, the longest of all turns. */
int64_t longest_target(const struct dataset *d, const struct example *e);
/* From now on training examples have the targets of this epoch's turn; dev examples always have the first. */
void dataset_epoch(struct dataset *d, int64_t epoch);
/* The same from records (records.c), target stream after target stream. Ids are below V; d->labels becomes those of
 * `l`. A target of another split than train and dev is E_DATA, a note of another is counted and left out. */
int dataset_read_targets(struct dataset *d, int turn, struct stream *s, const struct labels *l, int64_t V);
int dataset_read_note(struct dataset *d, const msgpack_object *rec, int64_t V);
int dataset_seal(struct dataset *d);
/* Is one training note far longer than the rest? Its tokens, else 0; *median: half of the notes have no more. */
int dataset_outlier(const struct dataset *d, int64_t *longest, int64_t *median);
/* The n longest training notes, n <= count[SPLIT_TRAIN]. */
int dataset_longest(const struct dataset *d, int64_t n, uint32_t *out);
void dataset_free(struct dataset *d);

/* The order of one epoch: a permutation drawn from (seed, epoch), cut into windows that are sorted by length so that
 * a batch pads little, cut into groups of `group` examples (one optimizer step each), the groups shuffled again.
 * It depends on nothing else, so a checkpoint needs only (epoch, step). out: count[SPLIT_TRAIN] indices, longest
 * example first within a group; group g is out[g*group ..]: the short group, if any, is the last. */
int epoch_order(const struct dataset *d, uint64_t seed, int64_t epoch, int64_t group, uint32_t *out);

struct batch {
    int64_t B, T, U, L;
    int32_t *ids, *len;       /* (B,T) padded, (B) */
    int32_t *dec, *target;    /* (B,U): start + target shifted; target, -1 where padded */
    real *y;                  /* (B,L) 0/1 */
    int64_t tokens;           /* target tokens */
    int64_t U_max;            /* the widest U of the set */
    bool wide;                /* U is always U_max: for a trial of the memory a step needs */
    void *mem;
};
/* Room for B examples of the longest lengths of the set: no allocation afterwards. */
int batch_alloc(struct batch *b, const struct dataset *d, int64_t B);
/* `arch` gives pad and start. Lengths are rounded up (to 16 and 8) so that few shapes occur; the surplus is masked. */
void batch_fill(struct batch *b, const struct dataset *d, const uint32_t *index, int64_t n,
                const struct model_arch *arch);
void batch_free(struct batch *b);

/* ---- learning rate (schedule.c; one file a schedule: schedule_<name>.c) ---- */
struct schedule {
    const char *name;
    /* Factor of the peak rate after the warm-up of `warmup` steps: `done` of `total` steps after it have been made. */
    double (*factor)(double done, double total, double warmup);
};
const struct schedule *schedule_find(const char *name); /* NULL if unknown */
extern const char *const schedule_names[];              /* NULL-terminated, for an option table */
/* Factor for optimizer step s = 0, 1, .. of `total`: s/warmup below `warmup`, then the schedule. */
double schedule_at(const struct schedule *s, int64_t step, int64_t total, int64_t warmup);
/* --warmup: below 1 a share of the steps (rounded up), else a number of steps. */
int64_t schedule_warmup(double warmup, int64_t total);

/* ---- one step (step.c, optimizer.c) ---- */
struct train_cfg {
    bool gen, att;
    double att_weight;
    double lr, beta1, beta2, eps, decay, clip; /* clip 0: off */
    uint64_t seed;
    int64_t batch, accumulate, epochs, log_every;
    int64_t max_steps, eval_every, save_every, stop_after, patience, gen_eval; /* 0: see icd-train(1) */
    int64_t max_new; /* 0: longest training target + 8 */
    double warmup;
    int64_t kg_refresh; /* steps between two encodings of the knowledge; 0: once, before the first */
    const struct schedule *schedule;
    enum train_metric { METRIC_F1, METRIC_F1_ATT, METRIC_F1_GEN, METRIC_LOSS } metric; /* decides on the best model */
};
/* Settings that were not given (NaN, TRAIN_UNSET, NULL) become those that fit where a run starts: random weights, or a
 * checkpoint (defaults.c). */
#define TRAIN_UNSET INT64_MIN
void train_defaults(struct train_cfg *c, const char **schedule, bool scratch);

/* The optimizer over a model's parameters. A parameter that never had a gradient (the decoder when only label attention
 * trains) is left alone, weight decay included, as PyTorch does with grad None. */
struct optimizer {
    struct params *ps;
    bool *touched;
    real *ss;             /* sums of squares of each gradient, device and host */
    real *host;
};
int optimizer_init(struct optimizer *o, struct params *ps); /* also after moments were loaded */
void optimizer_free(struct optimizer *o);
void optimizer_zero(struct optimizer *o);                   /* gradients */
int optimizer_norm(struct optimizer *o, double *norm);      /* global L2 norm of the gradients */
/* AdamW, step 1 for the first; the gradient is scaled so that its norm is at most c->clip. After optimizer_norm. */
int optimizer_step(struct optimizer *o, const struct train_cfg *c, double lr, double norm, int64_t step);

struct trainer {
    struct model *m;
    const struct backend *be;
    const struct train_cfg *cfg;
    struct dataset *data;
    struct tape tape;
    struct optimizer opt;
    struct batch batch;
    real *loss;           /* device: {gen, att} */
    double gen_scale, att_scale;
    struct encoded enc;   /* of the last forward: encoder states */
    struct var *logits;   /* label scores */
    struct tensor score;  /* sigmoid of the logits, in an evaluation */
    bool (*stop)(void);   /* true: leave at the next micro-batch, batch or token, with E_STOPPED; NULL: never */
    struct ensemble ensemble; /* as the last evaluation chose it; of both sides, else zeroed */
};
int trainer_init(struct trainer *t, struct model *m, const struct backend *be, const struct train_cfg *cfg,
                 struct dataset *data);
void trainer_free(struct trainer *t);
struct step_result {
    double loss, loss_gen, loss_att, norm;
    int64_t tokens, note_tokens; /* target and note tokens, padding not counted */
};
/* Gradients of the group index[0..n): micro-batches of cfg->batch accumulated. The generation loss is divided by the
 * target tokens of the whole group, the label loss by notes * labels, so the cut into micro-batches does not matter.
 * `micro` numbers the first micro-batch in the run (dropout). E_DATA when a loss or the norm is not finite; E_STOPPED
 * between micro-batches: the same call later makes the same gradients. */
int step_gradients(struct trainer *t, const uint32_t *index, int64_t n, uint64_t micro, struct step_result *r);
/* What a run begins with, for its loss and memory: the knowledge, and gradients of one batch of the longest notes, as
 * wide as the longest target of any turn. */
int step_trial(struct trainer *t, struct step_result *r);

/* Before the step that follows `step`: encodes the knowledge when it is time. */
int train_knowledge(struct trainer *t, int64_t step);

/* For tape_run: forward of t->batch, losses added to t->loss, and backward when the tape wants gradients. */
void train_forward(struct tape *tape, void *trainer);
void train_loss_reset(struct trainer *t);
int train_loss_read(struct trainer *t, double *gen, double *att); /* att without its weight */

/* ---- dev evaluation (eval.c): what icd-infer would predict, and how good it is ---- */
struct eval_result {
    int64_t notes, gen_notes;
    double loss;                              /* teacher-forced, of the same mixture as in training */
    double f1_att, f1_att_best, threshold;    /* micro-F1 at 0.5; at the dev-best threshold, strict > */
    double f1_gen;                            /* of the decoded texts */
    int64_t unknown, cut;                     /* generated strings that are no label; texts that met their limit */
    int lambda;                               /* 1: generation (eq. 5) */
    /* Of the side lambda picks, on all dev notes. Where only some were decoded and the text is better on those, it is
     * the label attention's on all, and what the text is better by; without label attention it is of those alone. */
    double f1, floor;                         /* floor: what the note-blind floor (lib/metric) has on the same notes */
    bool constant;                            /* every dev note got the same prediction */
    const struct ensemble *ensemble;          /* both sides together; NULL: there is one only. The trainer's */
};
/* What reads generated ids. */
struct reader {
    /* To labels: set[label] = 1; returns the number of strings that are no label, < 0: failed. cut: see codes.h. */
    int64_t (*codes)(void *ctx, const int32_t *ids, int64_t n, bool cut, uint8_t *set);
    bool (*again)(void *ctx, const int32_t *ids, int64_t n); /* ends a text, see struct generate; may be NULL */
    void *ctx;
};
/* E_STOPPED when t->stop() says so. Runs without dropout and changes nothing but the tape. */
int evaluate(struct trainer *t, const struct reader *reader, struct eval_result *r);
/* Longest text that is decoded, in tokens: --max-new, or as long as the longest training target and a little more. */
int64_t train_max_new(const struct train_cfg *c, const struct dataset *d);

/* ---- the state of a run (checkpoint.c): DIR/checkpoint/state.safetensors, written beside and renamed ---- */
struct train_state {
    int64_t step, epoch, group;   /* optimizer steps made; present epoch; next group in it */
    uint64_t micro;               /* micro-batches run */
    int64_t bad, best_step;       /* evaluations in which neither measure nor loss improved; step of the best */
    double best;                  /* best metric, larger is better; NaN before the first */
    double best_loss, low_loss;   /* dev loss of the best, the lowest so far */
    double best_f1, floor;        /* micro-F1 of the best and of the floor on the same dev notes */
    bool constant;                /* the best predicts the same for every dev note */
    bool eval_due, done;
    int64_t tokens, note_tokens;
    int64_t threads;              /* of the run so far: other bits with others, */
    char device[8];               /* and on another kind of device */
    double sum_loss, sum_gen, sum_att; /* since the last step record */
    int64_t summed;
    struct buf log;               /* records of the log so far: a resumed run gives them again */
    json_t *files;                /* of the best model, {name: XXH64}; NULL before the first */
};
void train_state_free(struct train_state *s);
/* `about`: what must be equal on resume (options, inputs); see checkpoint_about. */
int checkpoint_save(const char *dir, const struct model *m, const struct train_state *s, const json_t *about);
/* E_USAGE: `about` differs; names the first difference. E_DATA: the state or the best model is damaged, or the counters
 * are those of no run with these settings on this data. */
int checkpoint_load(const char *dir, struct model *m, struct train_state *s, const json_t *about,
                    const struct train_cfg *c, const struct dataset *d);

/* ---- what a model directory says of its training (card.c) ---- */
/* Of icd.json: lambda, threshold, ensemble, max_new, dev: what icd-infer runs, and how good it was. r NULL: no dev
 * notes. */
json_t *train_card(const struct trainer *t, const struct train_state *s, const struct eval_result *r);

/* ---- the directory of a run (run_dir.c): DIR/checkpoint holds the state and the best model so far ---- */
struct run_dir {
    const char *path;
    int lock;      /* descriptor, < 0: not ours */
    char *locked;  /* the file */
    bool unlocked; /* this file system has no locks: another run would not be noticed */
    bool made;     /* the directory was not there before */
};
int run_dir_path(struct buf *b, const char *dir, const char *name);   /* b->p = "dir/name" */
int run_dir_best(struct buf *b, const char *dir, int64_t step);       /* b->p: where the best model of a step is */
/* Makes DIR and DIR/checkpoint, or finds them there (resume), and keeps other runs out until run_dir_close or the end
 * of the process. E_USAGE: another run writes there, or something is there, a model or a saved state; E_NOINPUT:
 * nothing to resume. `path` stays the caller's. */
int run_dir_open(struct run_dir *d, const char *path, bool resume);
/* Where no state was saved, what run_dir_open made goes, too. Safe on a zeroed struct with lock -1. */
void run_dir_close(struct run_dir *d);
/* Removes what dead runs left and best models that no state needs: all but that of `step`, 0: all. */
int run_dir_sweep(const char *dir, int64_t step);
/* The best model's files as the state keeps them, {name: XXH64}, from the files. A new reference. */
int run_dir_digests(const char *dir, int64_t step, json_t **files);
/* E_DATA unless all files have these digests. done: the run has ended, some may be in their last place already. */
int run_dir_verify(const char *dir, int64_t step, const json_t *files, bool done);
/* The best model of a run that is done, in its saved state too, becomes DIR, and the checkpoint goes. config.json comes
 * last, so that a directory is a whole model or none. May be done again where it was interrupted. */
int run_dir_finish(struct run_dir *d, int64_t step, const json_t *files);

/* ---- the loop (loop.c) ---- */
enum train_event { TRAIN_START, TRAIN_STEP, TRAIN_EVAL, TRAIN_END };
struct train_hooks {
    void *ctx;
    /* Append one log record; also appends to state->log. */
    int (*log)(void *ctx, const char *body, size_t n);
    void (*step)(void *ctx, const struct train_state *s, const struct step_result *r); /* progress */
    void (*evaluated)(void *ctx, const struct train_state *s, const struct eval_result *r, bool best);
    int (*save_best)(void *ctx, const struct train_state *s, const struct eval_result *r); /* r NULL: no dev notes */
    int (*save_state)(void *ctx, const struct train_state *s);
    struct reader reader;
};
int64_t train_steps_per_epoch(const struct train_cfg *c, const struct dataset *d);
int64_t train_total_steps(const struct train_cfg *c, const struct dataset *d);
/* E_STOPPED: left before its end, with the state saved. */
int train_loop(struct trainer *t, struct train_state *s, const struct train_hooks *h);

#endif
