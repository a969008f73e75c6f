/* Writes the notes of one synthetic admission: a table of sections says where filler, lists, lab grids and evidence go;
 * the words come from synth_words.c. Tests: tests/unit/synth.c. To add a section, add a line to the table. */
#include "lib/ingest/synth.h"
#include "lib/util/err.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum style { LINE, PROSE, PROBLEMS, ITEMS, GRID };
static const struct section {
    const char *head, *caps; /* templated and dictated layout */
    enum style style;
    const char *filler;
    double share;            /* of the filler words */
    const char *dx, *px;     /* how a mention is worded here */
    int wdx, wpx;            /* how often one is put here */
} sections[] = {
    {"Service", "SERVICE", LINE, "%service", 0, NULL, NULL, 0, 0},
    {"Allergies", "ALLERGIES", LINE, "allergy", 0, NULL, NULL, 0, 0},
    {"Chief Complaint", "CHIEF COMPLAINT", LINE, "%complaint", 0, NULL, NULL, 0, 0},
    {"Major Surgical or Invasive Procedure", "PROCEDURES", ITEMS, "no_procedure", 0, NULL, "px_item", 0, 3},
    {"History of Present Illness", "HISTORY OF PRESENT ILLNESS", PROSE, "hpi", .10, "dx_sentence", "px_sentence", 3, 1},
    {"Past Medical History", "PAST MEDICAL HISTORY", ITEMS, "no_diagnosis", 0, "dx_item", NULL, 4, 0},
    {"Social History", "SOCIAL HISTORY", PROSE, "social", .015, NULL, NULL, 0, 0},
    {"Family History", "FAMILY HISTORY", PROSE, "family", .005, NULL, NULL, 0, 0},
    {"Physical Exam", "PHYSICAL EXAMINATION", GRID, "exam", .06, NULL, NULL, 0, 0},
    {"Pertinent Results", "LABORATORY DATA", GRID, "lab", .34, NULL, NULL, 0, 0},
    {"Reports", "RADIOLOGY", GRID, "report", .06, NULL, "px_report", 0, 1},
    {"Brief Hospital Course", "HOSPITAL COURSE", PROBLEMS, "course", .32, "dx_sentence", "px_sentence", 7, 5},
    {"Medications on Admission", "MEDICATIONS ON ADMISSION", GRID, "med", .04, NULL, NULL, 0, 0},
    {"Discharge Medications", "DISCHARGE MEDICATIONS", GRID, "med", .06, NULL, NULL, 0, 0},
    {"Discharge Disposition", "DISPOSITION", LINE, "disposition", 0, NULL, NULL, 0, 0},
    {"Discharge Diagnosis", "DISCHARGE DIAGNOSES", ITEMS, "no_diagnosis", 0, "dx_diagnosis", NULL, 5, 0},
    {"Discharge Condition", "CONDITION ON DISCHARGE", LINE, "condition", 0, NULL, NULL, 0, 0},
    {"Discharge Instructions", "DISCHARGE INSTRUCTIONS", PROSE, "instructions", .05, NULL, NULL, 0, 0},
    {"Followup Instructions", "FOLLOW-UP", GRID, "followup", .02, NULL, NULL, 0, 0},
};
enum { SECTIONS = sizeof sections / sizeof *sections, MENTIONS_MAX = 4 * SYNTH_TOP + SYNTH_OTHERS_MAX + 16 };

struct mention {
    int code; /* of the 50, or -1: a title of the long tail */
    bool truth;
    const char *text, *words; /* expression; list of wordings */
    int part, section;
};
struct writer {
    struct rng *r;
    struct buf *b;
    struct synth_note *note;
    const struct mention *m; /* what {x} stands for */
    int part;
};

static size_t count_words(const char *p, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += p[i] > ' ' && (!i || p[i - 1] <= ' ');
    return k;
}

static int say_expression(struct writer *w, bool capital)
{
    if (!w->m)
        return err_set(E_BUG, "a wording without a mention names {x}");
    size_t begin = w->b->n;
    TRY(buf_str(w->b, w->m->text));
    char *p = w->b->p + begin;
    if (p[0] && islower((unsigned char)p[1]) && (capital || w->m->code < 0)) /* leave abbreviations alone */
        *p = (char)(capital ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
    if (!w->m->truth)
        return 0;
    struct synth_note *n = w->note;
    if (n->nevidence == n->cap) {
        size_t cap = n->cap ? 2 * n->cap : 64;
        struct synth_evidence *e = mem_grow(n->evidence, cap, sizeof *e);
        if (!e)
            return E_NOMEM;
        n->evidence = e;
        n->cap = cap;
    }
    n->evidence[n->nevidence++] = (struct synth_evidence){w->m->code, w->part, (uint32_t)begin, (uint32_t)w->b->n};
    return 0;
}

static int say_list(struct writer *w, const char *name, size_t len, int depth);

/* One wording, its braces filled in. */
static int say(struct writer *w, const char *s, int depth)
{
    if (depth > 8)
        return err_set(E_BUG, "wordings name each other in a circle");
    while (*s) {
        size_t plain = strcspn(s, "{");
        TRY(buf_add(w->b, s, plain));
        s += plain;
        if (!*s)
            break;
        const char *close = strchr(s, '}');
        if (!close)
            return err_set(E_BUG, "a wording's brace is not closed");
        size_t len = (size_t)(close - ++s);
        long lo, hi;
        if (len == 1 && (*s == 'x' || *s == 'X')) {
            TRY(say_expression(w, *s == 'X'));
        } else if (sscanf(s, "n:%ld-%ld}", &lo, &hi) == 2) {
            TRY(buf_fmt(w->b, "%ld", lo + (long)rng_below(w->r, (uint64_t)(hi - lo + 1))));
        } else if (sscanf(s, "f:%ld-%ld}", &lo, &hi) == 2) {
            TRY(buf_fmt(w->b, "%.1f", (double)(lo + (long)rng_below(w->r, (uint64_t)(hi - lo + 1))) / 10));
        } else {
            TRY(say_list(w, s, len, depth + 1));
        }
        s = close + 1;
    }
    return 0;
}
static int say_list(struct writer *w, const char *name, size_t len, int depth)
{
    int n;
    const char *const *alt = synth_words_find(name, len, &n);
    if (!alt)
        return err_set(E_BUG, "no wordings named %.*s", (int)len, name);
    return say(w, alt[rng_below(w->r, (uint64_t)n)], depth);
}

static int say_mention(struct writer *w, const struct mention *m)
{
    w->m = m;
    int rc = say_list(w, m->words, strlen(m->words), 0);
    w->m = NULL;
    return rc;
}

/* Hard-wrap what was written since `from`: blanks become newlines, so no offset moves. */
static void wrap(struct buf *b, size_t from, size_t width)
{
    size_t line = from, blank = 0;
    for (size_t i = from; i < b->n; i++) {
        if (b->p[i] == '\n')
            line = i + 1, blank = 0;
        if (b->p[i] == ' ')
            blank = i;
        if (i - line >= width && blank > line) {
            b->p[blank] = '\n';
            line = blank + 1;
            blank = 0;
        }
    }
}

/* The mentions of a section among `filler` words of neutral text. */
static int body(struct writer *w, const struct section *s, const struct mention *const *m, int nm, double filler,
                bool old)
{
    size_t start = w->b->n, words = 0;
    int left = nm, item = 0, since_break = 0;
    int mark = (int)rng_below(w->r, 3); /* of list items */
    while (left > 0 || (double)words < filler || (!item && s->style == ITEMS)) {
        size_t from = w->b->n;
        double units = fmax(0, filler - (double)words) / 9;
        bool evidence = left > 0 && rng_unit(w->r) * (left + units) < left;
        /* What parts this sentence from the one before. */
        if (s->style == PROBLEMS && since_break == 0) {
            TRY(buf_str(w->b, item ? "\n\n" : ""));
            TRY(say_list(w, "problem", 7, 0));
            TRY(buf_str(w->b, " "));
            since_break = 2 + (int)rng_below(w->r, 5);
        } else if (item && (s->style == PROSE || s->style == PROBLEMS)) {
            TRY(buf_str(w->b, " "));
        } else if (item || s->style != PROSE) {
            TRY(buf_str(w->b, item || old ? "\n" : ""));
        }
        since_break--;
        item++;
        /* The mark of a list item. */
        if (s->style == ITEMS && (old || mark == 1))
            TRY(buf_fmt(w->b, "%d. ", item));
        else if (s->style == ITEMS && mark)
            TRY(buf_str(w->b, "- "));
        /* The sentence: a mention of a code, or filler. */
        if (evidence)
            TRY(say_mention(w, m[nm - left--]));
        else
            TRY(say_list(w, s->filler, strlen(s->filler), 0));
        words += count_words(w->b->p + from, w->b->n - from);
    }
    if (!old && (s->style == PROSE || s->style == PROBLEMS))
        wrap(w->b, start, 70 + rng_below(w->r, 9));
    return 0;
}

static int section(struct writer *w, const struct section *s, const struct synth_case *c, const struct mention *all,
                   int n, double filler, bool old)
{
    const struct mention *mine[MENTIONS_MAX];
    int nm = 0;
    for (int i = 0; i < n; i++)
        if (all[i].part == w->part && &sections[all[i].section] == s)
            mine[nm++] = &all[i];
    TRY(old ? buf_fmt(w->b, "%s:  ", s->caps) : buf_fmt(w->b, "%s:\n", s->head));
    if (s->style == LINE) {
        const struct synth_profile *p = &synth_profiles[c->profile];
        if (!strcmp(s->filler, "%service"))
            TRY(buf_str(w->b, p->service));
        else
            TRY(say_list(w, *s->filler == '%' ? p->complaint : s->filler,
                         strlen(*s->filler == '%' ? p->complaint : s->filler), 0));
    } else {
        TRY(body(w, s, mine, nm, filler * s->share, old));
    }
    return buf_str(w->b, "\n\n");
}

/* ---- what is mentioned, how and where ---- */
struct mentions {
    struct mention v[MENTIONS_MAX];
    int n;
};
static int find_section(const char *head)
{
    for (int i = 0; i < SECTIONS; i++)
        if (!strcmp(sections[i].head, head))
            return i;
    return 0;
}
static int place(struct rng *r, bool procedure)
{
    int total = 0, i;
    for (i = 0; i < SECTIONS; i++)
        total += procedure ? sections[i].wpx : sections[i].wdx;
    int u = (int)rng_below(r, (uint64_t)total);
    for (i = 0; i < SECTIONS - 1; i++) {
        u -= procedure ? sections[i].wpx : sections[i].wdx;
        if (u < 0)
            break;
    }
    return i;
}
static void add(struct mentions *ms, struct mention m)
{
    if (ms->n < MENTIONS_MAX)
        ms->v[ms->n++] = m;
}
/* The usual names stand first in the list and are used most, as in real notes. */
static const char *any_expression(struct rng *r, const struct synth_lexicon *lx, int code)
{
    double u = rng_unit(r);
    return lx->expr[code][(int)(pow(u, 9) * lx->nexpr[code])]; /* the first: 3 times of 5 */
}
static void assert_code(struct rng *r, const struct synth_lexicon *lx, struct mentions *ms, int code, bool truth,
                        bool addendum)
{
    bool px = synth_codes[code].procedure;
    struct mention m = {.code = code, .truth = truth, .text = any_expression(r, lx, code)};
    bool tobacco = !strcmp(synth_codes[code].code, "305.1") || !strcmp(synth_codes[code].code, "V15.82");
    if (addendum && rng_unit(r) < .12) {
        m.part = 1;
        m.words = px ? "px_sentence" : "dx_sentence";
    } else {
        m.section = tobacco && rng_unit(r) < .5 ? find_section("Social History") : place(r, px);
        const struct section *s = &sections[m.section];
        m.words = px ? s->px : s->dx;
        if (!px && !s->dx)
            m.words = "dx_sentence";
    }
    add(ms, m);
}

static void plan(struct rng *r, const struct synth_lexicon *lx, const struct synth_case *c, bool addendum,
                 struct mentions *ms)
{
    int hpi = find_section("History of Present Illness"), pmh = find_section("Past Medical History"),
        course = find_section("Brief Hospital Course"), family = find_section("Family History");
    /* The codes of the label set: one mention each, often more. */
    for (int i = 0; i < SYNTH_TOP; i++)
        if (c->has[i])
            for (int k = 0; k < 4 && (!k || rng_unit(r) < .5); k++)
                assert_code(r, lx, ms, i, true, addendum);
    /* Other codes: by their title, and not always. */
    for (int i = 0; i < c->others; i++) {
        struct mention m = {.code = -1, .text = lx->titles[lx->tail[c->other[i]]].title};
        double u = rng_unit(r);
        m.section = u < .7 ? hpi : course;
        if (u < .5)
            m.section = pmh;
        m.words = u < .5 ? "other_item" : "other_sentence";
        if (rng_unit(r) < .8)
            add(ms, m);
    }
    /* Distractors: negated, in the family, and (rarely, the noise of real coding) asserted but not coded. */
    for (int i = 0, n = 1 + (int)rng_below(r, 4); i < n; i++) {
        int code = (int)rng_below(r, SYNTH_TOP);
        if (c->has[code])
            continue;
        bool px = synth_codes[code].procedure;
        add(ms, (struct mention){.code = code,
                                 .text = any_expression(r, lx, code),
                                 .words = px ? "px_negated" : "dx_negated",
                                 .section = rng_unit(r) < .4 ? hpi : course});
    }
    for (int i = 0, n = (int)rng_below(r, 2); i < n; i++) {
        int code = (int)rng_below(r, SYNTH_TOP);
        if (!synth_codes[code].procedure && !c->has[code] && *synth_codes[code].code != 'V')
            add(ms, (struct mention){
                        .code = code, .text = any_expression(r, lx, code), .words = "dx_family", .section = family});
    }
    if (rng_unit(r) < .1) {
        int code = (int)rng_below(r, SYNTH_TOP);
        if (!c->has[code])
            assert_code(r, lx, ms, code, false, addendum);
    }
    for (int i = ms->n - 1; i > 0; i--) { /* no order of codes shows in the text */
        int j = (int)rng_below(r, (uint64_t)i + 1);
        struct mention t = ms->v[i];
        ms->v[i] = ms->v[j];
        ms->v[j] = t;
    }
}

static int report(struct writer *w, const struct synth_case *c, const struct mentions *ms, double length, bool old)
{
    struct synth_note *n = w->note;
    TRY(buf_fmt(w->b, "Admission Date:  [**%d-%d-%d**]              Discharge Date:   [**%d-%d-%d**]\n\n", n->year,
                n->month, 1 + (n->day - 1) / 2, n->year, n->month, n->day));
    TRY(buf_fmt(w->b, "Date of Birth:  [**%d-%d-%d**]             Sex:   %c\n\n",
                n->year - 30 - (int)rng_below(w->r, 55), 1 + (int)rng_below(w->r, 12), 1 + (int)rng_below(w->r, 28),
                n->sex));
    double share = 0;
    for (int i = 0; i < SECTIONS; i++)
        share += sections[i].share;
    /* Filler is what the headings, the single lines and the mentions leave. */
    double filler = fmax(.15 * length, length - 75 - 6 * ms->n) / share;
    for (int i = 0; i < SECTIONS; i++)
        TRY(section(w, &sections[i], c, ms->v, ms->n, filler, old));
    if (!old)
        return say(w, "Completed by:[**{date}**]\n", 0);
    return say(
        w,
        "                             [**First Name8 (NamePattern2) **] [**Last Name (NamePattern1) {n:10-999}**], "
        "M.D.\n\n"
        "Dictated By:[**Last Name (NamePattern1) {n:10-999}**]\n\nD:  [**{date}**]  {time}\nT:  [**{date}**]  {time}\n"
        "JOB#:  [**Job Number {n:1000-99999}**]\n",
        0);
}

static int addendum(struct writer *w, const struct mentions *ms)
{
    static const struct section s = {"Addendum", "ADDENDUM", PROSE, "addendum", 1, NULL, NULL, 0, 0};
    const struct mention *mine[MENTIONS_MAX];
    int n = 0;
    for (int i = 0; i < ms->n; i++)
        if (ms->v[i].part == 1)
            mine[n++] = &ms->v[i];
    TRY(say(w, "Name:  [**Known lastname {n:100-9999}**], [**Known firstname {n:1-99}**]\n\nAddendum:\n", 0));
    TRY(body(w, &s, mine, n, 30 + (double)rng_below(w->r, 40), false));
    return buf_str(w->b, "\n");
}

int synth_write(struct rng *r, const struct synth_lexicon *lx, const struct synth_case *c, double length, bool old,
                struct synth_note *n)
{
    struct mentions ms = {.n = 0};
    for (int i = 0; i < SYNTH_PARTS_MAX; i++)
        n->text[i].n = 0;
    n->nevidence = 0;
    n->parts = 1;
    n->description[0] = "Report";
    /* Date and patient, then what is to be said. */
    n->year = 2101 + (int)rng_below(r, 99);
    n->month = 1 + (int)rng_below(r, 12);
    n->day = 2 + (int)rng_below(r, 27);
    n->sex = rng_unit(r) < .56 ? 'M' : 'F';
    bool extra = rng_unit(r) < .1;
    plan(r, lx, c, extra, &ms);
    /* Log-normal with mean `length`: at 1,500 words 2 notes in 100 are beyond 4,000. */
    const double sigma = .55;
    double words = length * exp(sigma * rng_normal(r) - sigma * sigma / 2);
    struct writer w = {.r = r, .b = &n->text[0], .note = n};
    TRY(report(&w, c, &ms, words, old));
    /* Sometimes an addendum. */
    if (extra) {
        n->description[n->parts] = "Addendum";
        w.part = n->parts++;
        w.b = &n->text[w.part];
        TRY(addendum(&w, &ms));
    }
    if (rng_unit(r) < .02) { /* a second report, mostly of another service: says nothing new */
        struct mentions none = {.n = 0};
        n->description[n->parts] = "Report";
        w.part = n->parts++;
        w.b = &n->text[w.part];
        TRY(report(&w, c, &none, words / 4, old));
    }
    return 0;
}

int synth_write_other(struct rng *r, const char *list, struct buf *text)
{
    struct writer w = {.r = r, .b = text};
    text->n = 0;
    for (int i = 0, n = 3 + (int)rng_below(r, 6); i < n; i++) {
        TRY(say_list(&w, list, strlen(list), 0));
        TRY(buf_str(text, "\n"));
    }
    return 0;
}

void synth_note_free(struct synth_note *n)
{
    for (int i = 0; i < SYNTH_PARTS_MAX; i++)
        buf_free(&n->text[i]);
    free(n->evidence);
}
