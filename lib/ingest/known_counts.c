/* MIMIC-III v1.4 and CAML's datasets as published, counted from public artefacts: split files, saved outputs of
 * notebooks, tables of code counts. Tests: tests/cli/mimic-split-v14.sh. */
#include "lib/ingest/split_report.h"
#include "lib/ingest/synth.h"
#include <string.h>

enum { ROWS = 2083180, SUMMARIES = 59652, ADMISSIONS = 52726, CODE_ROWS = 891142, TOKENS = 79801387, TYPES = 150854 };
static const uint64_t full_sizes[SPLITS_N] = {47723, 1631, 3372}, full_uncoded[SPLITS_N] = {4, 0, 0},
                      full_positives[SPLITS_N] = {748306, 28402, 60666}, sizes_50[SPLITS_N] = {8066, 1573, 1729},
                      recounted_50[SPLITS_N] = {8052, 1569, 1725}, fixed_full[SPLITS_N] = {44728, 1569, 3234},
                      positives_50[SPLITS_N] = {45919, 9283, 10477};
enum { LABELS_FULL = 8929, LABELS_NUMBERS = 8921 };

bool known_corpus(const struct split_facts *f)
{
    return f->bundled && !strcmp(f->m->opts->source, "mimic3") && f->m->opts->addenda &&
           10 * f->m->n >= 9 * f->m->splits->n;
}

static void check(json_t *a, json_t *name, uint64_t got, uint64_t want)
{
    json_array_append_new(a, json_pack("{s:o, s:I, s:I, s:b}", "check", name, "got", (json_int_t)got, "want",
                                       (json_int_t)want, "ok", got == want));
}
static void check_splits(json_t *a, const char *name, const uint64_t *got, const uint64_t *want)
{
    for (int s = 0; s < SPLITS_N; s++)
        check(a, json_sprintf("%s: %s", split_name[s], name), got[s], want[s]);
}

static void labelled(const struct split_tally *t, uint64_t n[SPLITS_N])
{
    for (int s = 0; s < SPLITS_N; s++)
        n[s] = t->admissions[s] - t->unlabelled[s];
}
static void check_labels(const struct split_facts *f, json_t *a)
{
    bool full = !strcmp(f->lists, "full"), all = !strcmp(f->label_set, "full");
    const struct split_tally *t = f->tally;
    uint64_t n[SPLITS_N];
    if (full)
        check_splits(a, "admissions without any code", t->uncoded, full_uncoded);
    if (full && all)
        check(a, json_string("labels"), f->labels->n, f->m->opts->caml_numbers ? LABELS_NUMBERS : LABELS_FULL);
    if (full && all && !f->m->opts->caml_numbers)
        check_splits(a, "labels of admissions", t->positives, full_positives);
    labelled(t, n);
    if (full && !strcmp(f->label_set, "fixed50"))
        check_splits(a, "admissions with one of the 50 codes", n, fixed_full);
    if (full || strcmp(f->label_set, "caml50"))
        return;
    check_splits(a, "admissions with one of the 50 codes", n, sizes_50);
    check_splits(a, "labels of admissions", t->positives, positives_50);
    for (size_t i = 0; i < f->labels->n; i++)
        for (int s = 0, k = synth_code_index(f->labels->code[i]); s < SPLITS_N && k >= 0; s++)
            check(a, json_sprintf("%s: admissions with %s", split_name[s], f->labels->code[i]), t->by_label[i][s],
                  (uint64_t)synth_codes[k].positives[s]);
}

json_t *known_counts(const struct split_facts *f)
{
    json_t *a = json_array();
    bool full = !strcmp(f->lists, "full");
    const struct mimic *m = f->m;
    if (!a || !known_corpus(f))
        return a;
    check(a, json_string("rows of NOTEEVENTS"), m->table[0].rows, ROWS);
    check(a, json_string("discharge summaries"), m->counts.summaries, SUMMARIES);
    check(a, json_string("admissions with a discharge summary"), m->counts.admissions, ADMISSIONS);
    check_splits(a, "admissions", f->tally->admissions, full ? full_sizes : sizes_50);
    check(a, json_string("subjects in two splits"), subjects_in_two_splits(m), 0);
    check(a, json_string("SUBJECT_ID in the order of the splits"), subjects_ordered(m), 1);
    if (f->caml && full && !f->tally->duplicates) {
        check(a, json_string("tokens of CAML's text"), f->caml->tokens, TOKENS);
        check(a, json_string("different tokens of CAML's text"), f->caml->types, TYPES);
    }
    if (f->labels) {
        check(a, json_string("code rows"), m->table[1].rows + m->table[2].rows, CODE_ROWS);
        check_labels(f, a);
    }
    return a;
}

static bool recounted(const struct split_facts *f)
{
    uint64_t n[SPLITS_N];
    if (!f->labels || !known_corpus(f) || strcmp(f->lists, "50"))
        return false;
    labelled(f->tally, n);
    return !memcmp(n, recounted_50, sizeof n);
}
json_t *known_symptoms(const struct split_facts *f)
{
    const struct mimic_counts *c = &f->m->counts;
    json_t *a = json_array();
    if (f->m->opts->icd == 9 && c->procedures >= 1000 && !c->zero_procedures)
        json_array_append_new(
            a, json_string("no procedure code begins with 0: something has read the codes as numbers, and codes of "
                           "different procedures have become one"));
    if (c->decimals)
        json_array_append_new(
            a, json_string("codes such as 66.0 or 14. in the tables: something has read the codes as numbers"));
    if (recounted(f))
        json_array_append_new(
            a, json_string("8052, 1569 and 1725 admissions have one of these 50 codes: that is a list recounted with "
                           "codes as text, once per admission; CAML's admissions go with CAML's 50 codes "
                           "(--labels caml50)"));
    return a;
}

uint64_t subjects_in_two_splits(const struct mimic *m)
{
    uint64_t n = 0;
    for (size_t i = 0, k; i < m->n; i = k) {
        bool two = false;
        for (k = i; k < m->n && m->order[k]->subject == m->order[i]->subject; k++)
            two |= m->order[k]->split != m->order[i]->split;
        n += two;
    }
    return n;
}
bool subjects_ordered(const struct mimic *m)
{
    for (size_t i = 1; i < m->n; i++) /* `order` is by subject */
        if (m->order[i]->split < m->order[i - 1]->split)
            return false;
    return !subjects_in_two_splits(m);
}
