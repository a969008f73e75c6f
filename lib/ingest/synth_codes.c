/* Which codes a synthetic admission has: the 50 in their public frequencies, dependent on each other through profiles
 * (what the patient came for) and a few rules, and a long tail of others. Tests: tests/unit/synth.c.
 * To add a profile, add a line. */
#include "lib/ingest/synth.h"
#include <math.h>
#include <string.h>

const int synth_sizes[3] = {8066, 1573, 1729};

const struct synth_code synth_codes[SYNTH_TOP] = {
    {"038.9", false, {567, 116, 149}},
    {"244.9", false, {761, 180, 210}},
    {"250.00", false, {1416, 289, 340}},
    {"272.0", false, {926, 151, 155}},
    {"272.4", false, {1259, 475, 548}},
    {"276.1", false, {494, 129, 155}},
    {"276.2", false, {694, 168, 195}},
    {"285.1", false, {726, 189, 203}},
    {"285.9", false, {852, 210, 247}},
    {"287.5", false, {471, 138, 138}},
    {"305.1", false, {504, 167, 181}},
    {"311", false, {493, 179, 196}},
    {"33.24", true, {407, 96, 127}},
    {"36.15", true, {719, 138, 135}},
    {"37.22", true, {482, 96, 100}},
    {"37.23", true, {438, 48, 60}},
    {"38.91", true, {773, 129, 148}},
    {"38.93", true, {2139, 333, 402}},
    {"39.61", true, {1096, 208, 226}},
    {"39.95", true, {549, 88, 72}},
    {"401.9", false, {3233, 708, 778}},
    {"403.90", false, {513, 162, 215}},
    {"410.71", false, {520, 71, 91}},
    {"412", false, {477, 112, 121}},
    {"414.01", false, {1921, 388, 435}},
    {"424.0", false, {451, 72, 104}},
    {"427.31", false, {1992, 396, 470}},
    {"428.0", false, {2115, 337, 422}},
    {"45.13", true, {415, 82, 87}},
    {"486", false, {765, 159, 174}},
    {"496", false, {646, 130, 160}},
    {"507.0", false, {569, 95, 102}},
    {"511.9", false, {421, 85, 95}},
    {"518.81", false, {1186, 254, 255}},
    {"530.81", false, {953, 270, 266}},
    {"584.9", false, {1448, 292, 362}},
    {"585.9", false, {544, 150, 172}},
    {"599.0", false, {1067, 214, 251}},
    {"88.56", true, {801, 134, 157}},
    {"88.72", true, {530, 96, 84}},
    {"96.04", true, {1581, 228, 233}},
    {"96.6", true, {1525, 225, 228}},
    {"96.71", true, {1395, 284, 258}},
    {"96.72", true, {969, 140, 187}},
    {"99.04", true, {1287, 54, 51}},
    {"99.15", true, {736, 55, 91}},
    {"995.92", false, {613, 134, 165}},
    {"V15.82", false, {397, 157, 187}},
    {"V45.81", false, {479, 96, 108}},
    {"V58.61", false, {604, 176, 181}},
};

const struct synth_profile synth_profiles[] = {
    {"CARDIOTHORACIC", "complaint_heart", 14,
     "36.15 39.61 88.56 37.22 37.23 414.01 424.0 285.1 99.04 272.0 410.71 88.72"},
    {"MEDICINE", "complaint_breath", 18, "428.0 427.31 414.01 403.90 585.9 V58.61 V45.81 412 88.72 496 410.71 424.0"},
    {"MEDICINE", "complaint_fever", 16,
     "038.9 995.92 518.81 96.72 96.04 584.9 276.2 38.93 38.91 99.15 96.6 507.0 599.0 287.5"},
    {"MEDICINE", "complaint_breath", 12, "486 507.0 518.81 496 96.04 96.71 33.24 511.9 305.1 V15.82 96.6"},
    {"MEDICINE", "complaint_bleed", 10, "45.13 285.1 99.04 530.81 287.5 V58.61 285.9 38.93"},
    {"NEPHROLOGY", "complaint_kidney", 9, "584.9 585.9 403.90 39.95 276.1 276.2 250.00 285.9 38.93"},
    {"MEDICINE", "complaint_general", 21, "401.9 272.4 250.00 311 244.9 530.81 305.1 599.0 V15.82 276.1 272.0"},
};
_Static_assert(sizeof synth_profiles / sizeof *synth_profiles == SYNTH_PROFILES, "SYNTH_PROFILES in synth.h");

static const double boost = 4; /* a profile's codes are so much more frequent in it than outside */

/* Two codes that are never given together; and one that comes with another with this probability. */
static const struct {
    const char *a, *b;
} never[] = {{"96.71", "96.72"}, {"401.9", "403.90"}, {"37.22", "37.23"}, {"272.0", "272.4"}, {"305.1", "V15.82"}};
static const struct {
    const char *code, *brings;
    double p;
} brings[] = {{"995.92", "038.9", .7}, {"403.90", "585.9", .8}, {"36.15", "39.61", .9},
              {"36.15", "414.01", .9}, {"96.72", "518.81", .4}, {"36.15", "88.56", .2}};

int synth_code_index(const char *code)
{
    for (int i = 0; i < SYNTH_TOP; i++)
        if (!strcmp(code, synth_codes[i].code))
            return i;
    return -1;
}

static bool listed(const char *list, const char *code)
{
    size_t n = strlen(code);
    for (const char *p = list; (p = strstr(p, code)); p += n)
        if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    return false;
}

/* P(code | profile), scaled so that the mean over profiles is the code's public share. */
void synth_shares(double p[3][SYNTH_PROFILES][SYNTH_TOP])
{
    double total = 0;
    for (int k = 0; k < SYNTH_PROFILES; k++)
        total += synth_profiles[k].weight;
    for (int i = 0; i < SYNTH_TOP; i++) {
        double inside = 0;
        for (int k = 0; k < SYNTH_PROFILES; k++)
            inside += listed(synth_profiles[k].codes, synth_codes[i].code) ? synth_profiles[k].weight / total : 0;
        for (int k = 0; k < SYNTH_PROFILES; k++)
            for (int s = 0; s < 3; s++) {
                double mean = (double)synth_codes[i].positives[s] / synth_sizes[s];
                double here = listed(synth_profiles[k].codes, synth_codes[i].code) ? boost : 1;
                p[s][k][i] = fmin(.95, mean / (1 + (boost - 1) * inside) * here);
            }
    }
}

/* Long-tail codes: rank r is drawn about as 1/(r+20), the shape of real code frequencies. */
static void draw_tail(struct rng *r, uint32_t tail, struct synth_case *c)
{
    int want = (int)lround(9.5 + 4 * rng_normal(r));
    if (want < 1)
        want = 1;
    if (want > SYNTH_OTHERS_MAX)
        want = SYNTH_OTHERS_MAX;
    for (int tries = 0; c->others < want && tail && tries < 200; tries++) {
        uint32_t rank = (uint32_t)(20 * (pow((tail + 20) / 20.0, rng_unit(r)) - 1));
        bool again = rank >= tail;
        for (int i = 0; i < c->others; i++)
            again |= c->other[i] == rank;
        if (!again)
            c->other[c->others++] = rank;
    }
}

void synth_draw(struct rng *r, const struct synth_lexicon *lx, enum synth_split split, struct synth_case *c)
{
    memset(c, 0, sizeof *c);
    int total = 0;
    for (int k = 0; k < SYNTH_PROFILES; k++)
        total += synth_profiles[k].weight;
    int u = (int)rng_below(r, (uint64_t)total);
    while (u >= synth_profiles[c->profile].weight)
        u -= synth_profiles[c->profile++].weight;

    bool none = rng_unit(r) < .07; /* admissions of the full setting that have none of the 50 */
    for (int i = 0; i < SYNTH_TOP; i++)
        c->has[i] = rng_unit(r) < lx->share[split][c->profile][i] && !none;
    for (size_t i = 0; i < sizeof brings / sizeof *brings; i++)
        if (c->has[synth_code_index(brings[i].code)] && rng_unit(r) < brings[i].p)
            c->has[synth_code_index(brings[i].brings)] = true;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        bool *a = &c->has[synth_code_index(never[i].a)], *b = &c->has[synth_code_index(never[i].b)];
        bool keep_a = rng_unit(r) < .5;
        if (*a && *b)
            *(keep_a ? b : a) = false;
    }
    for (int i = 0; i < SYNTH_TOP; i++)
        c->top += c->has[i];
    draw_tail(r, lx->ntail, c);
    c->uncoded = !c->top && rng_unit(r) < .08;
}
