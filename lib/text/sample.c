/* Knowledge-driven sampling: see sample.h. Ranking puts sections in the order they are wanted; filling takes their
 * pieces until the budget is used up. A span is a segment of its own when it is encoded (lib/text/encode.h), so the
 * count of a selection is the sum of its spans' counts and the budget holds exactly. */
#include "lib/text/sample.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

/* ---- counting ---- */

static bool blank(char c)
{
    return c == ' ' || (unsigned char)(c - '\t') <= '\r' - '\t';
}

/* Without a branch, so that it is vectorised: this reads all of every note. */
static size_t count_words(const char *p, size_t n)
{
    size_t count = n && !blank(p[0]);
    for (size_t i = 1; i < n; i++)
        count += blank(p[i - 1]) > blank(p[i]);
    return count;
}

/* Where the last one of the first `room` words ends. */
static size_t cut_words(const char *p, size_t n, size_t room)
{
    size_t i = 0;
    for (; room > 0; room--) {
        while (i < n && blank(p[i]))
            i++;
        while (i < n && !blank(p[i]))
            i++;
    }
    return i;
}

/* More than `enough` need not be counted to the end. */
static int count_tokens(const struct sample_cfg *cfg, const char *p, size_t n, size_t enough, size_t *count)
{
    size_t done;
    if (cfg->spm)
        return spm_encode_some(cfg->spm, p, n, 0, SPM_WINDOW, enough, NULL, count, &done);
    *count = count_words(p, n);
    return 0;
}

/* The longest head of [b,e) that has at most `room` tokens, cut between words where there is a blank, else between
 * characters; its count in *count. Pieces at the cut may change with it, so what is cut off is counted again. */
static int cut_tokens(const struct sample_cfg *cfg, struct sample *s, const char *text, int64_t b, int64_t *e,
                      size_t room, size_t *count)
{
    const char *p = text + b;
    size_t n = (size_t)(*e - b), cut = 0;
    if (!cfg->spm) {
        *count = count_words(p, n);
        if (*count > room) {
            *e = b + (int64_t)cut_words(p, n, room);
            *count = room;
        }
        return 0;
    }
    size_t done;
    s->ids.n = 0;
    TRY(spm_encode_some(cfg->spm, p, n, 0, SPM_WINDOW, room, &s->ids, count, &done));
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
static int by_n_p(const void *a, const void *b, void *counts)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const struct match_count *c = counts;
    return c[i].covered != c[j].covered ? by_n(a, b, counts) : by_p(a, b, counts);
}
static int by_place(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return (i > j) - (i < j);
}

/* N and |T| of text[b,e), added to *c; a piece counts when a word that counts is in it. */
static int count_range(const struct sample_cfg *cfg, struct sample *s, const char *text, int64_t b, int64_t e,
                       const uint64_t *scope, struct match_count *c)
{
    const char *p = text + b;
    size_t n = (size_t)(e - b);
    if (!cfg->count_pieces) {
        matcher_count(cfg->matcher, p, n, scope, c);
        return 0;
    }
    s->ids.n = 0;
    TRY(spm_encode(cfg->spm, p, n, 0, &s->ids));
    TRY(matcher_mark(cfg->matcher, p, n, scope, &s->words));
    c->words += s->ids.n;
    for (size_t i = 0, w = 0; i < s->ids.n; i++) {
        uint32_t weight = 0;
        while (w < s->words.n && s->words.word[w].end <= s->ids.offset[2 * i])
            w++;
        for (size_t k = w; k < s->words.n && s->words.word[k].begin < s->ids.offset[2 * i + 1]; k++)
            if (s->words.word[k].weight > weight)
                weight = s->words.word[k].weight;
        c->covered += weight;
    }
    return 0;
}

static int count_room(struct sample *s)
{
    if (s->sections.n <= s->count_cap && s->sections.npara <= s->pcount_cap)
        return 0;
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
    return 0;
}

static int count_sections(const struct sample_cfg *cfg, struct sample *s, const char *text, const uint64_t *scope)
{
    TRY(count_room(s));
    for (size_t i = 0; i < s->sections.n; i++) {
        const struct section *sec = &s->sections.sec[i];
        bool denied = cfg->negation && section_class(cfg->rules, sec->kind) == 'N';
        struct match_count c = {0};
        TRY(count_range(cfg, s, text, sec->begin, sec->body, scope, &c));
        for (size_t k = sec->para; k < sec->para + sec->npara; k++) {
            int64_t b = k == sec->para ? sec->body : s->sections.para[k].begin;
            s->pcount[k] = (struct match_count){0};
            TRY(count_range(cfg, s, text, b, s->sections.para[k].end, scope, &s->pcount[k]));
            if (denied)
                s->pcount[k].covered = 0;
            c.words += s->pcount[k].words;
            c.covered += s->pcount[k].covered;
        }
        if (denied)
            c.covered = 0;
        s->count[i] = c;
    }
    return 0;
}

/* rank[]: sections that are always kept, those chosen by N or p, those that may follow. */
static int rank_sections(const struct sample_cfg *cfg, struct sample *s, const char *text, const uint64_t *scope)
{
    TRY(count_sections(cfg, s, text, scope));
    size_t n = s->sections.n, keep = 0, hit = 0, all_hit = 0;
    /* sections that are always kept come first, the rest in the order of the note */
    for (size_t i = 0; i < n; i++) {
        all_hit += s->count[i].covered > 0;
        if (cfg->keep && cfg->keep[s->sections.sec[i].kind])
            s->rank[keep++] = (uint32_t)i;
    }
    uint32_t *rest = s->rank + keep;
    for (size_t i = 0, k = 0; i < n; i++)
        if (!cfg->keep || !cfg->keep[s->sections.sec[i].kind]) {
            rest[k++] = (uint32_t)i;
            hit += s->count[i].covered > 0;
        }
    s->ranked = n;
    s->top = keep;
    if (!all_hit) /* nothing is known of this note: always-kept sections, then its head */
        return 0;
    /* the chosen ones */
    qsort_r(s->rank, keep, sizeof *s->rank, by_p, s->count);
    size_t top = hit < cfg->top ? hit : cfg->top, others = n - keep - top;
    int (*const by[])(const void *, const void *, void *) = {[RANK_N_P] = by_n, [RANK_LEX] = by_n_p, [RANK_P] = by_p};
    qsort_r(rest, n - keep, sizeof *rest, by[cfg->rank], s->count);
    if (cfg->rank == RANK_N_P)
        qsort_r(rest, top, sizeof *rest, by_p, s->count);
    s->top = keep + top;
    /* those that fill the rest */
    if (cfg->fill == FILL_NONE)
        s->ranked = s->top;
    else if (cfg->fill == FILL_DOC)
        mem_sort(rest + top, others, sizeof *rest, by_place);
    else
        qsort_r(rest + top, others, sizeof *rest, cfg->fill == FILL_P ? by_p : by_n, s->count);
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

/* The pieces of a section in the order they are wanted: its header, then all of it or its paragraphs by p. */
static int section_pieces(const struct sample_cfg *cfg, struct sample *s, const struct section *sec, bool paragraphs)
{
    s->pieces = 0;
    if (cfg->headers)
        TRY(add_piece(s, sec->begin, sec->body));
    if (!paragraphs)
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

/* *full: nothing further fits. */
static int take_pieces(const struct sample_cfg *cfg, struct sample *s, const char *text, size_t room, bool *full)
{
    for (size_t i = 0; i < s->pieces && s->kept < room; i++) {
        struct sample_span x = s->piece[i];
        size_t count;
        int64_t end = x.end;
        TRY(cut_tokens(cfg, s, text, x.begin, &end, room - s->kept, &count));
        *full = end < x.end;
        x.end = end;
        if (count) { /* else nothing but blanks */
            TRY(grow(&s->span, &s->span_cap, s->n));
            s->span[s->n++] = x;
            s->kept += count;
        }
        if (*full)
            break;
    }
    *full |= s->kept >= room;
    return 0;
}

static int take_section(const struct sample_cfg *cfg, struct sample *s, const char *text, size_t room, size_t i,
                        bool *full)
{
    const struct section *sec = &s->sections.sec[s->rank[i]];
    bool paragraphs = cfg->level == SAMPLE_PARAGRAPH;
    TRY(section_pieces(cfg, s, sec, paragraphs));
    if (cfg->overflow == OVERFLOW_SKIP || cfg->overflow == (paragraphs ? OVERFLOW_TRUNCATE : OVERFLOW_PARAGRAPH)) {
        size_t sum = 0, count;
        for (size_t k = 0; k < s->pieces && sum <= room - s->kept; k++, sum += count)
            TRY(count_tokens(cfg, text + s->piece[k].begin, (size_t)(s->piece[k].end - s->piece[k].begin),
                             room - s->kept, &count));
        if (sum > room - s->kept) {
            if (cfg->overflow == OVERFLOW_SKIP)
                return 0;
            TRY(section_pieces(cfg, s, sec, cfg->overflow == OVERFLOW_PARAGRAPH));
        }
    }
    return take_pieces(cfg, s, text, room, full);
}

static int take(const struct sample_cfg *cfg, struct sample *s, const char *text, size_t n, size_t room)
{
    bool full = room == 0;
    s->n = s->kept = 0;
    s->head = !s->top;
    for (size_t i = 0; s->top && i < s->ranked && !full; i++)
        TRY(take_section(cfg, s, text, room, i, &full));
    if (s->n || full)
        return 0;
    s->head = true;
    s->pieces = 0; /* no knowledge, none of it in this note, or each section is too long: the head */
    TRY(add_piece(s, 0, (int64_t)n));
    return take_pieces(cfg, s, text, room, &full);
}

int sample_note(const struct sample_cfg *cfg, const char *text, size_t n, const struct section_start *start,
                size_t nstart, const uint64_t *scope, struct sample *s)
{
    size_t room = cfg->budget > cfg->reserved ? cfg->budget - cfg->reserved : 0;
    s->n = s->pieces = s->ranked = s->top = 0;
    s->head = s->sectioned = s->flat = false;
    TRY(grow(&s->span, &s->span_cap, 0));
    TRY(count_tokens(cfg, text, n, cfg->always_rank ? SIZE_MAX : room, &s->tokens));
    s->whole = s->tokens <= room && !(cfg->reorder && cfg->level != SAMPLE_NONE);
    if (cfg->level != SAMPLE_NONE && (!s->whole || cfg->always_rank)) {
        TRY(sections_find(cfg->rules, text, n, start, nstart, cfg->paragraphs, &s->sections));
        TRY(rank_sections(cfg, s, text, scope));
        s->sectioned = n > 0;
        s->flat = n > 0 && (s->sections.n == 1 || s->sections.lines == 1);
    }
    if (s->whole) {
        if (n)
            s->span[s->n++] = (struct sample_span){0, (int64_t)n};
        s->kept = s->tokens;
        return 0;
    }
    TRY(take(cfg, s, text, n, room));
    if (cfg->doc_order)
        mem_sort(s->span, s->n, sizeof *s->span, by_begin);
    if (!s->n && n) /* the budget holds not even a word; a record without any span would mean the whole note */
        s->span[s->n++] = (struct sample_span){0, 0};
    return 0;
}

void sample_free(struct sample *s)
{
    sections_free(&s->sections);
    spm_ids_free(&s->ids);
    match_words_free(&s->words);
    free(s->span);
    free(s->piece);
    free(s->count);
    free(s->pcount);
    free(s->rank);
    free(s->order);
    *s = (struct sample){0};
}
