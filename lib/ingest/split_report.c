/* The report of mimic-split as JSON. Tests: tests/cli/mimic-split*.sh. */
#include "lib/ingest/split_report.h"
#include "lib/util/err.h"
#include <math.h>
#include <string.h>

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}
static double share(const struct split_tally *t, size_t label, int split)
{
    return t->admissions[split] ? (double)t->by_label[label][split] / (double)t->admissions[split] : 0;
}

static json_t *tables(const struct mimic *m)
{
    json_t *a = json_array();
    for (int i = 0; i < (m->opts->codes || m->opts->one_version ? MIMIC_TABLES : 1); i++)
        json_array_append_new(a, json_pack("{s:s, s:s, s:s, s:o, s:o}", "table", m->table[i].name, "file",
                                           m->table[i].file, "xxh64", m->table[i].xxh64, "rows",
                                           count(m->table[i].rows), "not_read", count(m->table[i].others)));
    return a;
}
static json_t *notes(const struct split_facts *f)
{
    const struct mimic_counts *c = &f->m->counts;
    json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "summaries", count(c->summaries), "admissions",
                          count(c->admissions), "without_admission", count(c->no_hadm), "not_listed",
                          count(c->not_listed), "addenda_dropped", count(c->addenda), "duplicates_dropped",
                          count(f->tally->duplicates), "bytes_replaced", count(c->bad_bytes));
    if (f->caml)
        json_object_set_new(o, "caml_text",
                            json_pack("{s:o, s:o, s:o}", "tokens", count(f->caml->tokens), "types",
                                      count(f->caml->types), "bytes_not_ascii", count(f->caml->other_bytes)));
    return o;
}
static json_t *odd(const struct mimic_odd *o)
{
    json_t *a = json_array();
    for (size_t i = 0; i < o->shown; i++)
        json_array_append_new(a, json_pack("{s:s, s:s, s:o}", "cell", o->first[i].text, "table", o->first[i].table,
                                           "row", count(o->first[i].row)));
    return json_pack("{s:o, s:o}", "rows", count(o->n), "first", a);
}
static json_t *codes(const struct mimic *m)
{
    const struct mimic_counts *c = &m->counts;
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "icd", m->opts->icd, "without_admission",
                     count(c->code_no_hadm), "not_listed", count(c->code_not_listed), "null", count(c->null_codes),
                     "null_words", odd(&c->null_words), "bad_codes", odd(&c->bad_codes), "other_system",
                     count(c->other_system), "read_as_numbers", count(c->decimals));
}
static json_t *splits(const struct split_facts *f)
{
    json_t *o = json_object();
    const struct split_tally *t = f->tally;
    for (int s = 0; s < SPLITS_N; s++) {
        uint64_t other = f->m->counts.other_version[s], listed = f->m->splits->count[s];
        json_t *x = json_pack("{s:o, s:o, s:o}", "listed", count(listed), "admissions", count(t->admissions[s]),
                              "without_note", count(listed - t->admissions[s] - other));
        if (f->m->opts->one_version)
            json_object_set_new(x, "other_version", count(other));
        if (f->labels) {
            json_object_set_new(x, "without_code", count(t->uncoded[s]));
            json_object_set_new(x, "without_label", count(t->unlabelled[s]));
            json_object_set_new(x, "positives", count(t->positives[s]));
            json_object_set_new(x, "labels_per_admission",
                                json_real(t->admissions[s] ? (double)t->positives[s] / (double)t->admissions[s] : 0));
        }
        json_object_set_new(o, split_name[s], x);
    }
    return o;
}
static json_t *subjects(const struct mimic *m)
{
    json_t *o = json_pack("{s:o, s:b}", "in_two_splits", count(subjects_in_two_splits(m)), "ordered_by_split",
                          subjects_ordered(m));
    for (int s = 0; s < SPLITS_N; s++) {
        int64_t least = -1, most = -1;
        for (size_t i = 0; i < m->n; i++)
            if (m->order[i]->split == (enum split)s) {
                least = least < 0 ? m->order[i]->subject : least;
                most = m->order[i]->subject;
            }
        if (least >= 0)
            json_object_set_new(o, split_name[s], json_pack("[I, I]", (json_int_t)least, (json_int_t)most));
    }
    return o;
}

/* How the labels' frequencies differ from train's: what a model that learned them there will get wrong. */
static json_t *shift(const struct split_facts *f, int s)
{
    enum { MOST = 5 };
    const struct split_tally *t = f->tally;
    size_t most[MOST + 1], n = 0, only_train = 0, not_train = 0;
    double sum = 0;
    if (!t->admissions[SPLIT_TRAIN] || !t->admissions[s])
        return json_null();
    for (size_t i = 0; i < f->labels->n; i++) {
        double d = fabs(share(t, i, s) - share(t, i, SPLIT_TRAIN));
        sum += d;
        only_train += t->by_label[i][SPLIT_TRAIN] && !t->by_label[i][s];
        not_train += !t->by_label[i][SPLIT_TRAIN] && t->by_label[i][s];
        size_t k = n < MOST ? n++ : MOST;
        for (; k && d > fabs(share(t, most[k - 1], s) - share(t, most[k - 1], SPLIT_TRAIN)); k--)
            most[k] = most[k - 1];
        most[k] = i;
    }
    json_t *a = json_array();
    for (size_t k = 0; k < n; k++)
        json_array_append_new(a, json_pack("{s:s, s:f, s:f}", "code", f->labels->code[most[k]], "train",
                                           share(t, most[k], SPLIT_TRAIN), split_name[s], share(t, most[k], s)));
    return json_pack("{s:f, s:o, s:o, s:o}", "mean_difference", sum / (double)f->labels->n, "only_in_train",
                     count(only_train), "never_in_train", count(not_train), "most", a);
}
static json_t *labels(const struct split_facts *f)
{
    json_t *a = json_array();
    for (size_t i = 0; i < f->labels->n; i++) {
        json_t *x = json_pack("{s:s}", "code", f->labels->code[i]);
        if (f->m->opts->icd == 9)
            json_object_set_new(
                x, "kind", json_string(icd9_kind(f->labels->code[i]) == ICD9_PROCEDURE ? "procedure" : "diagnosis"));
        for (int s = 0; s < SPLITS_N; s++)
            json_object_set_new(
                x, split_name[s],
                json_pack("{s:o, s:f}", "positives", count(f->tally->by_label[i][s]), "share", share(f->tally, i, s)));
        json_array_append_new(a, x);
    }
    return a;
}
int split_report(const struct split_facts *f, json_t **out)
{
    *out = json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "source", f->m->opts->source, "lists", f->lists,
                     "caml_lists", f->bundled, "tables", tables(f->m), "notes", notes(f), "splits", splits(f),
                     "subjects", subjects(f->m), "checks", known_counts(f), "symptoms", known_symptoms(f));
    if (*out && f->labels) {
        json_object_set_new(*out, "label_set", json_string(f->label_set));
        json_object_set_new(*out, "codes", codes(f->m));
        json_object_set_new(*out, "rare_labels", count(f->labels->rare));
        json_object_set_new(*out, "shift",
                            json_pack("{s:o, s:o}", "dev", shift(f, SPLIT_DEV), "test", shift(f, SPLIT_TEST)));
        json_object_set_new(*out, "labels", labels(f));
    }
    return *out ? 0 : err_nomem(1);
}
