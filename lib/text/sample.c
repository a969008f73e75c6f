/* Knowledge-driven sampling: see sample.h. Ranking makes a list of pieces in the order they are wanted; filling takes
 * them until the budget is used up. A span is a segment of its own when it is encoded (lib/text/encode.h), so the count
 * of a selection is the sum of its spans' counts and the budget holds exactly. */
#include "lib/text/sample.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

/* ---- counting ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Words between blanks; *cut: the end of the last one of the first `room`. */
static size_t words(const char *p, size_t n, size_t room, size_t *cut)
{
    size_t count = 0;
    *cut = 0;
    for (size_t i = 0; i < n;) {
        while (i < n && blank(p[i]))
            i++;
        if (i == n)
            break;
        while (i < n && !blank(p[i]))
            i++;
        if (++count <= room)
            *cut = i;
    }
    return count;
}

static int count_tokens(const struct sample_cfg *cfg, const char *p, size_t n, size_t *count)
{
    size_t cut;
    if (cfg->spm)
        return spm_count(cfg->spm, p, n, count);
    *count = words(p, n, 0, &cut);
    return 0;
}

/* The longest head of [b,e) that has at most `room` tokens, cut between words where there is a blank, else between
 * characters; its count in *count. Pieces at the cut may change with it, so what is cut off is counted anew. */
static int cut_tokens(const struct sample_cfg *cfg, struct sample *s, const char *text, int64_t b, int64_t *e,
                      size_t room, size_t *count)
{
    const char *p = text + b;
    size_t n = (size_t)(*e - b), cut = 0;
    if (!cfg->spm) {
        *count = words(p, n, room, &cut);
        if (*count > room) {
            *e = b + (int64_t)cut;
            *count = room;
        }
        return 0;
    }
    s->ids.n = 0;
    TRY(spm_encode(cfg->spm, p, n, 0, &s->ids));
    *count = s->ids.n;
    for (size_t keep = room; *count > room; keep--) {
        cut = keep ? s->ids.offset[2 * keep] : 0; /* where the first piece that is left out begins */
        size_t word = cut;
        while (word > 0 && !blank(p[word - 1]) && !(word < n && blank(p[word])))
            word--;
        if (word > 0)
            cut = word;
        while (cut > 0 && cut < n && ((unsigned char)p[cut] & 0xC0) == 0x80)
            cut--;
        while (cut > 0 && blank(p[cut - 1]))
            cut--;
        *e = b + (int64_t)cut;
        *count = 0;
        if (cut)
            TRY(spm_count(cfg->spm, p, cut, count));
    }
    return 0;
}

/* ---- ranking: eqs 10 and 11 ---- */

/* Orders of indices into an array of counts: larger p first, larger N first; ties stay in the note's order. p is
 * compared exactly, as N_a/T_a > N_b/T_b without dividing; without words p is 0. */
static int by_p(const void *a, const void *b, void *counts)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const struct match_count *c = counts;
    uint64_t x = c[i].covered * (c[j].words + !c[j].words), y = c[j].covered * (c[i].words + !c[i].words);
    return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}
static int by_n(const void *a, const void *b, void *counts)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const struct match_count *c = counts;
    return c[i].covered != c[j].covered ? (c[i].covered < c[j].covered) - (c[i].covered > c[j].covered)
                                        : (i > j) - (i < j);
}
static int by_place(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return (i > j) - (i < j);
}

static int count_sections(const struct sample_cfg *cfg, struct sample *s, const char *text)
{
    if (s->sections.n > s->count_cap || s->sections.npara > s->pcount_cap) {
        size_t a = 2 * s->sections.n, b = 2 * s->sections.npara;
        void *count = mem_grow(s->count, a, sizeof *s->count);
        if (count)
            s->count = count;
        void *pcount = mem_grow(s->pcount, b, sizeof *s->pcount);
        if (pcount)
            s->pcount = pcount;
        void *rank = mem_grow(s->rank, a, sizeof *s->rank);
        if (rank)
            s->rank = rank;
        void *order = mem_grow(s->order, b, sizeof *s->order);
        if (order)
            s->order = order;
        if (!count || !pcount || !rank || !order)
            return E_NOMEM;
        s->count_cap = a;
        s->pcount_cap = b;
    }
    for (size_t i = 0; i < s->sections.n; i++) {
        const struct section *sec = &s->sections.sec[i];
        struct match_count c = {0};
        matcher_count(cfg->matcher, text + sec->begin, (size_t)(sec->body - sec->begin), &c);
        for (size_t k = sec->para; k < sec->para + sec->npara; k++) {
            int64_t b = k == sec->para ? sec->body : s->sections.para[k].begin;
            s->pcount[k] = (struct match_count){0};
            matcher_count(cfg->matcher, text + b, (size_t)(s->sections.para[k].end - b), &s->pcount[k]);
            c.words += s->pcount[k].words;
            c.covered += s->pcount[k].covered;
        }
        s->count[i] = c;
    }
    return 0;
}

static int rank_sections(const struct sample_cfg *cfg, struct sample *s, const char *text)
{
    TRY(count_sections(cfg, s, text));
    size_t n = s->sections.n, hit = 0;
    for (size_t i = 0; i < n; i++) {
        s->rank[i] = (uint32_t)i;
        hit += s->count[i].covered > 0;
    }
    qsort_r(s->rank, n, sizeof *s->rank, by_n, s->count);
    s->top = hit < cfg->top ? hit : cfg->top;
    s->ranked = cfg->fill == FILL_NONE ? s->top : n;
    qsort_r(s->rank, s->top, sizeof *s->rank, by_p, s->count);
    if (cfg->fill == FILL_P)
        qsort_r(s->rank + s->top, n - s->top, sizeof *s->rank, by_p, s->count);
    else
        qsort(s->rank + s->top, n - s->top, sizeof *s->rank, by_place);
    return 0;
}

/* ---- pieces in the order they are wanted ---- */

static int grow(struct sample_span **v, size_t *cap, size_t n)
{
    if (n < *cap)
        return 0;
    size_t c = *cap ? 2 * *cap : 64;
    struct sample_span *p = mem_grow(*v, c, sizeof *p);
    if (!p)
        return E_NOMEM;
    *v = p;
    *cap = c;
    return 0;
}

static int add_piece(struct sample *s, int64_t b, int64_t e)
{
    if (b >= e)
        return 0;
    if (s->pieces && s->piece[s->pieces - 1].end == b) {
        s->piece[s->pieces - 1].end = e;
        return 0;
    }
    TRY(grow(&s->piece, &s->piece_cap, s->pieces));
    s->piece[s->pieces++] = (struct sample_span){b, e};
    return 0;
}

static int add_section(const struct sample_cfg *cfg, struct sample *s, const struct section *sec)
{
    if (cfg->headers)
        TRY(add_piece(s, sec->begin, sec->body));
    if (cfg->level == SAMPLE_SECTION)
        return add_piece(s, sec->body, sec->end);
    for (size_t k = 0; k < sec->npara; k++)
        s->order[k] = (uint32_t)(sec->para + k);
    qsort_r(s->order, sec->npara, sizeof *s->order, by_p, s->pcount);
    for (size_t k = 0; k < sec->npara; k++) {
        const struct paragraph *p = &s->sections.para[s->order[k]];
        TRY(add_piece(s, s->order[k] == sec->para ? sec->body : p->begin, p->end));
    }
    return 0;
}

/* ---- filling ---- */

static int by_begin(const void *a, const void *b)
{
    const struct sample_span *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int take_pieces(const struct sample_cfg *cfg, struct sample *s, const char *text, size_t room)
{
    s->n = s->kept = 0;
    for (size_t i = 0; i < s->pieces && s->kept < room; i++) {
        struct sample_span x = s->piece[i];
        size_t count;
        int64_t end = x.end;
        TRY(cut_tokens(cfg, s, text, x.begin, &end, room - s->kept, &count));
        bool cut = end < x.end;
        x.end = end;
        if (count) { /* else nothing but blanks */
            TRY(grow(&s->span, &s->span_cap, s->n));
            s->span[s->n++] = x;
            s->kept += count;
        }
        if (cut)
            break;
    }
    return 0;
}

/* In the note's order, neighbours become one span; that may change its count by a piece or so. */
static int merge_spans(const struct sample_cfg *cfg, struct sample *s, const char *text)
{
    size_t n = 0, count;
    qsort(s->span, s->n, sizeof *s->span, by_begin);
    for (size_t i = 0; i < s->n; i++)
        if (n && s->span[n - 1].end == s->span[i].begin)
            s->span[n - 1].end = s->span[i].end;
        else
            s->span[n++] = s->span[i];
    s->n = n;
    s->kept = 0;
    for (size_t i = 0; i < n; i++) {
        TRY(count_tokens(cfg, text + s->span[i].begin, (size_t)(s->span[i].end - s->span[i].begin), &count));
        s->kept += count;
    }
    return 0;
}

static int fill(const struct sample_cfg *cfg, struct sample *s, const char *text, size_t room)
{
    for (size_t less = room;;) {
        TRY(take_pieces(cfg, s, text, less));
        if (cfg->doc_order)
            TRY(merge_spans(cfg, s, text));
        if (s->kept <= room)
            return 0;
        less -= s->kept - room < less ? s->kept - room : less;
    }
}

int sample_note(const struct sample_cfg *cfg, const char *text, size_t n, const struct section_start *start,
                size_t nstart, struct sample *s)
{
    size_t room = cfg->budget - (cfg->spm && cfg->budget ? 1 : 0);
    s->n = s->pieces = s->ranked = s->top = 0;
    TRY(grow(&s->span, &s->span_cap, 0));
    TRY(count_tokens(cfg, text, n, &s->tokens));
    bool fits = s->tokens <= room;
    if (cfg->level != SAMPLE_NONE && (!fits || cfg->always_rank)) {
        TRY(sections_find(cfg->rules, text, n, start, nstart, &s->sections));
        TRY(rank_sections(cfg, s, text));
    }
    if (fits) {
        if (n)
            s->span[s->n++] = (struct sample_span){0, (int64_t)n};
        s->kept = s->tokens;
        return 0;
    }
    if (s->top)
        for (size_t i = 0; i < s->ranked; i++)
            TRY(add_section(cfg, s, &s->sections.sec[s->rank[i]]));
    else
        TRY(add_piece(s, 0, (int64_t)n)); /* no knowledge, or none of it in this note: the head */
    TRY(fill(cfg, s, text, room));
    if (!s->n) /* the budget holds not even a word; a record without any span would mean the whole note */
        s->span[s->n++] = (struct sample_span){0, 0};
    return 0;
}

void sample_free(struct sample *s)
{
    sections_free(&s->sections);
    spm_ids_free(&s->ids);
    free(s->span);
    free(s->piece);
    free(s->count);
    free(s->pcount);
    free(s->rank);
    free(s->order);
    *s = (struct sample){0};
}
