/* Reports on samples: see sample_report.h. */
#include "lib/text/sample_report.h"

#include <stdlib.h>

#include "lib/stream/stream.h"
#include "lib/util/err.h"

static uint64_t unit(const struct sample_cfg *cfg)
{
    return cfg->matcher ? matcher_unit(cfg->matcher) : 1;
}

/* ---- --explain ---- */

static int64_t kept_bytes(const struct sample *s, int64_t b, int64_t e)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        int64_t x = s->span[i].begin > b ? s->span[i].begin : b, y = s->span[i].end < e ? s->span[i].end : e;
        sum += y > x ? y - x : 0;
    }
    return sum;
}

static void pack_int(msgpack_packer *pk, const char *name, uint64_t v)
{
    pk_str(pk, name);
    msgpack_pack_uint64(pk, v);
}
static void pack_real(msgpack_packer *pk, const char *name, double v)
{
    pk_str(pk, name);
    msgpack_pack_double(pk, v);
}

/* begin, end, words, n, p, kept: what a section and a paragraph have in common. */
static void pack_range(msgpack_packer *pk, const struct sample_cfg *cfg, const struct sample *s, int64_t b, int64_t e,
                       const struct match_count *c)
{
    double n = (double)c->covered / (double)unit(cfg);
    pack_int(pk, "begin", (uint64_t)b);
    pack_int(pk, "end", (uint64_t)e);
    pack_int(pk, "words", c->words);
    pack_real(pk, "n", n);
    pack_real(pk, "p", c->words ? n / (double)c->words : 0);
    pack_int(pk, "kept", (uint64_t)kept_bytes(s, b, e));
}

static int pack_section(msgpack_packer *pk, const struct sample_cfg *cfg, const char *text, const struct sample *s,
                         size_t i)
{
    const struct section *sec = &s->sections.sec[i];
    size_t place = 0;
    double listed;
    TRY(section_listed(text, sec, &listed));
    while (place < s->ranked && s->rank[place] != i)
        place++;
    msgpack_pack_map(pk, 12);
    pk_str(pk, "id");
    pk_str(pk, section_name(cfg->rules, sec->kind));
    pk_str(pk, "class");
    pk_strn(pk, (char[]){section_class(cfg->rules, sec->kind)}, 1);
    pack_range(pk, cfg, s, sec->begin, sec->end, &s->count[i]);
    pack_int(pk, "body", (uint64_t)sec->body);
    pack_real(pk, "listed", listed);
    pk_str(pk, "place"); /* nil: never asked for */
    if (place < s->ranked)
        msgpack_pack_uint64(pk, place + 1);
    else
        msgpack_pack_nil(pk);
    pk_str(pk, "paragraphs");
    msgpack_pack_array(pk, sec->npara);
    for (size_t k = sec->para; k < sec->para + sec->npara; k++) {
        int64_t b = k == sec->para ? sec->body : s->sections.para[k].begin;
        msgpack_pack_map(pk, 6);
        pack_range(pk, cfg, s, b, s->sections.para[k].end, &s->pcount[k]);
    }
    return 0;
}

int sample_explain(msgpack_packer *pk, const struct sample_cfg *cfg, const char *text, const struct sample *s)
{
    bool ranked = cfg->level != SAMPLE_NONE;
    msgpack_pack_map(pk, 6);
    pack_int(pk, "tokens", s->tokens);
    pack_int(pk, "kept", s->kept);
    pack_int(pk, "reserved", cfg->reserved);
    pack_int(pk, "chosen", s->top);
    pk_str(pk, "how");
    const char *how = s->head ? "head" : "sampled";
    pk_str(pk, s->whole ? "whole" : how);
    pk_str(pk, "sections");
    msgpack_pack_array(pk, ranked ? s->sections.n : 0);
    for (size_t i = 0; ranked && i < s->sections.n; i++)
        TRY(pack_section(pk, cfg, text, s, i));
    return 0;
}

/* ---- --stats ---- */

void sample_stats_add(struct sample_stats *t, const struct sample_cfg *cfg, const struct sample *s)
{
    size_t room = cfg->budget > cfg->reserved ? cfg->budget - cfg->reserved : 0;
    size_t head = s->tokens < room ? s->tokens : room;
    t->notes++;
    t->flat += s->flat;
    t->fitting += s->tokens <= room;
    t->unmatched += cfg->level != SAMPLE_NONE && s->top == 0;
    t->tokens += s->tokens;
    t->head += head;
    t->kept += s->kept;
    if (s->tokens > t->longest) {
        t->longest = s->tokens;
        t->longest_head = head;
        t->longest_kept = 0;
    }
    if (s->tokens == t->longest && s->kept > t->longest_kept)
        t->longest_kept = s->kept;
    for (size_t i = 0; t->tally && i < s->top; i++) {
        const struct match_count *c = &s->count[s->rank[i]];
        struct sample_tally *k = &t->tally[s->sections.sec[s->rank[i]].kind];
        k->chosen++;
        k->n += c->covered;
        k->words += c->words;
        if (c->words)
            k->p += (uint64_t)((__uint128_t)c->covered * 1000000000u / c->words / unit(cfg));
    }
}

static int by_chosen(const void *a, const void *b, void *tally)
{
    int i = *(const int *)a, j = *(const int *)b;
    const struct sample_tally *t = tally;
    if (t[i].chosen != t[j].chosen)
        return t[i].chosen < t[j].chosen ? 1 : -1;
    return i - j;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static int print_sections(const struct sample_stats *t, const struct sample_cfg *cfg, FILE *f)
{
    int kinds = section_kinds(cfg->rules), *index = mem_alloc((size_t)kinds, sizeof *index);
    uint64_t all = 0;
    if (!index)
        return E_NOMEM;
    for (int i = 0; i < kinds; i++) {
        index[i] = i;
        all += t->tally[i].chosen;
    }
    qsort_r(index, (size_t)kinds, sizeof *index, by_chosen, t->tally);
    fprintf(f, "%-18s %8s %8s %8s %9s %7s %7s\n", "section", "mean N", "mean |T|", "mean p", "chosen", "notes",
            "share");
    for (int i = 0; i < kinds && t->tally[index[i]].chosen; i++) {
        const struct sample_tally *k = &t->tally[index[i]];
        double chosen = (double)k->chosen;
        fprintf(f, "%-18s %8.2f %8.2f %8.3f %9llu %6.1f%% %6.1f%%\n", section_name(cfg->rules, index[i]),
                (double)k->n / (double)unit(cfg) / chosen, (double)k->words / chosen, (double)k->p / 1e9 / chosen,
                (unsigned long long)k->chosen, percent(k->chosen, t->notes), percent(k->chosen, all));
    }
    free(index);
    return 0;
}

int sample_stats_print(const struct sample_stats *t, const struct sample_cfg *cfg, FILE *f)
{
    const char *name = cfg->spm ? "pieces" : "words";
    if (t->tally)
        TRY(print_sections(t, cfg, f));
    fprintf(f,
            "%llu notes, %llu within the budget of %zu %s, %llu without a match, %llu of one section or line\n",
            (unsigned long long)t->notes, (unsigned long long)t->fitting, cfg->budget, name,
            (unsigned long long)t->unmatched, (unsigned long long)t->flat);
    fprintf(f, "%llu %s; lost by keeping the head: %.2f%%, by this sample: %.2f%%\n", (unsigned long long)t->tokens,
            name, percent(t->tokens - t->head, t->tokens), percent(t->tokens - t->kept, t->tokens));
    fprintf(f, "longest note: %llu %s; lost by keeping the head: %.2f%%, by this sample: %.2f%%\n",
            (unsigned long long)t->longest, name, percent(t->longest - t->longest_head, t->longest),
            percent(t->longest - t->longest_kept, t->longest));
    return 0;
}
