/* lib/kb/word.h, word.c: which writings of an expression are found in a text, which are not, and that what is found
 * lies where the raw text has it. tests/cli/sample-reference.sh compares the same with Python's Unicode tables. */
#include "lib/kb/match.h"

#include "lib/kb/word.h"
#include "lib/util/rng.h"
#include "tests/test.h"

/* bytes that other letters must not run into */
#define COMB "\xCC\x88"      /* combining diaeresis */
#define SHY "\xC2\xAD"       /* soft hyphen */
#define ZWSP "\xE2\x80\x8B"  /* zero-width space */
#define BOM "\xEF\xBB\xBF"   /* byte order mark */
#define FI "\xEF\xAC\x81"    /* the ligature fi */
#define MINUS "\xE2\x88\x92" /* U+2212 */
#define CURLY "\xE2\x80\x99" /* U+2019 */

static const char *const found[][2] = {
    /* capitals inside of a longer expression */
    {"type II diabetes", "type ii diabetes"},
    {"type ii diabetes", "TYPE II DIABETES"},
    {"A-fib", "a-fib"},
    {"A-fib", "a fib"},
    {"A fib", "A-FIB"},
    {"X-ray", "x-ray"},
    {"E. coli", "e. coli"},
    {"C. diff", "c diff"},
    {"T-cell", "t-cell"},
    {"C-section", "c-section"},
    {"hepatitis C", "hepatitis c"},
    {"vitamin K", "vitamin k"},
    {"stage IV cancer", "stage iv cancer"},
    {"factor V", "factor v"},
    {"N/V", "n/v"},
    {"s/p MI", "s/p mi"},
    {"MI, old", "mi, old"},
    /* one short form: in capitals, with its plural and its possessive */
    {"MI", "MI"},
    {"MI", "MIs"},
    {"MI", "MI's"},
    {"MIs", "MI"},
    {"PE", "(PE)"},
    {"mi", "MI"},
    {"Mi", "MI"},
    {"COPD", "copd"},
    {"PICC", "PICCs"},
    {"T2", "t2"},
    {"\xC3\x84P", "A" COMB "P"},
    /* plurals, possessives, in any case */
    {"fracture", "FRACTURES"},
    {"FRACTURES", "fracture"},
    {"biopsy", "biopsies"},
    {"biopsies", "BIOPSY"},
    {"injury", "injuries"},
    {"calorie", "calories"},
    {"movie", "movies"},
    {"allergy", "allergies"},
    {"fly", "flies"},
    {"metastasis", "metastases"},
    {"diagnosis", "diagnoses"},
    {"crisis", "crises"},
    {"testis", "testes"},
    {"sepsis", "SEPSIS"},
    {"arthritis", "arthritis"},
    {"stenosis", "stenoses"},
    {"abscess", "abscesses"},
    {"mass", "masses"},
    {"bypass", "bypasses"},
    {"virus", "viruses"},
    {"sinus", "sinuses"},
    {"fetus", "fetuses"},
    {"reflex", "reflexes"},
    {"box", "boxes"},
    {"rash", "rashes"},
    {"patch", "patches"},
    {"headache", "headaches"},
    {"ache", "aches"},
    {"bruise", "bruises"},
    {"disease", "diseases"},
    {"cause", "causes"},
    {"echo", "echoes"},
    {"vertebra", "vertebrae"},
    {"bursa", "bursae"},
    {"fistula", "fistulae"},
    {"fistula", "fistulas"},
    {"diverticulum", "diverticula"},
    {"bacterium", "bacteria"},
    {"septum", "septa"},
    {"stadium", "stadiums"},
    {"thrombus", "thrombi"},
    {"embolus", "emboli"},
    {"focus", "foci"},
    {"nevus", "nevi"},
    {"STEMI", "STEMIs"},
    {"varix", "varices"},
    {"cervix", "cervices"},
    {"cervix", "cervixes"},
    {"appendix", "appendices"},
    {"cortex", "cortices"},
    {"apex", "apices"},
    {"phalanx", "phalanges"},
    {"stoma", "stomata"},
    {"hematoma", "hematomata"},
    {"foramen", "foramina"},
    {"lamina", "laminae"},
    {"patient", "patient's"},
    {"patient", "patient" CURLY "s"},
    {"patient", "patients'"},
    {"Crohn disease", "Crohn's disease"},
    {"Crohn's disease", "crohn diseases"},
    {"virus", "virus's"},
    {"Barrett's esophagus", "BARRETT'S ESOPHAGUS"},
    {"Barrett's", "Barrett\xC2\xB4s"},
    {"Barrett's", "Barrett\xE2\x80\x98s"},
    /* case beyond ASCII, composition, compatibility */
    {"SJ\xC3\x96GREN", "sj\xC3\xB6gren"},
    {"M\xC3\xA9ni\xC3\xA8re disease", "M\xC3\x89NI\xC3\x88RE DISEASE"},
    {"Sj\xC3\xB6gren syndrome", "Sjo" COMB "gren syndrome"},
    {"Sjo" COMB "gren's", "SJ\xC3\x96GREN"},
    {"atrial fibrillation", "atrial " FI "brillation"},
    {"FIBRILLATION", FI "brillations"},
    {"non-Hodgkin", "non" MINUS "Hodgkin"},
    {"non-Hodgkin", "non\xE2\x80\x91Hodgkin"},
    {"non-Hodgkin", "non\xEF\xBC\x8DHodgkin"},
    {"A-fib", "\xEF\xBC\xA1\xEF\xBC\x8D\xEF\xBC\xA6\xEF\xBC\xA9\xEF\xBC\xA2"},
    {"MI", "\xEF\xBC\xAD\xEF\xBC\xA9"},
    {"type II diabetes", "type \xE2\x85\xA1 diabetes"},
    {"grosse", "gro\xC3\x9F"
               "e"},
    {"stra\xC3\x9F"
     "e",
     "STRASSE"},
    {"stra\xC3\x9F"
     "e",
     "STRA\xE1\xBA\x9E"
     "E"},
    {"\xCE\xBD\xCF\x8C\xCF\x83\xCE\xBF\xCF\x82", "\xCE\x9D\xCE\x8C\xCE\xA3\xCE\x9F\xCE\xA3"},
    {"diyabet", "D\xC4\xB0YABET"},
    {"k\xC4\xB1r\xC4\xB1k", "KIRIK"},
    {"\xD0\x98\xD0\x9D\xD0\xA4\xD0\x90\xD0\xA0\xD0\x9A\xD0\xA2",
     "\xD0\xB8\xD0\xBD\xD1\x84\xD0\xB0\xD1\x80\xD0\xBA\xD1\x82"},
    {"vitamin B12", "vitamin B\xE2\x82\x81\xE2\x82\x82"},
    {"5 \xC2\xB5g", "5 \xCE\xBCg"},
    /* what is invisible, and marks beside a word */
    {"hypertension", "hyper" SHY "tension"},
    {"hypertension", "hyper" ZWSP "tension"},
    {"hypertension", BOM "hypertension"},
    {"hypertension", "hypertension" ZWSP},
    {"hypertension", "hypertension\xC2\xB9"},
    {"hypertension", "hypertension\xE2\x84\xA2"},
    {"hypertension", "\xE2\x91\xA0hypertension"},
    {"hypertension", "\xE2\x9C\x85\xEF\xB8\x8Fhypertension"},
    {"chest pain", "chest\xC2\xA0pain"},
    {"chest pain", "chest\xE3\x80\x80pain"},
};

static const char *const apart[][2] = {
    {"MI", "mi"},
    {"MI", "Mi"},
    {"MI", "mis"},
    {"MI", "MIS"},
    {"PE", "rope"},
    {"PE", "pe"},
    {"PE", "PEG"},
    {"MS", "ms"},
    {"OR", "or"},
    {"ALL", "all"},
    {"AS", "as"},
    {"IT", "it's"},
    {"HIS", "his"},
    {"ARDS", "ard"},
    {"AIDS", "aid"},
    {"A", "a"},
    {"TIA", "tia"},
    {"A-fib", "afib"},
    {"type II", "type I"},
    {"factor V", "factor"},
    {"abscess", "absces"},
    {"dens", "dense"},
    {"pars", "parse"},
    {"gas", "gases are"},
    {"stem", "STEMI"},
    {"plan", "plane"},
    {"tract", "trace"},
    {"bath", "bathe"},
    {"lap", "lapse"},
    {"past", "paste"},
    {"hip", "hippus"},
    {"renal", "adrenal"},
    {"tension", "hypertension"},
    {"ileum", "ilium"},
    {"virus", "viral"},
    {"vertebra", "vertebral"},
    {"thrombus", "thrombosis"},
    {"psoriasis", "psoriatic"},
    {"hernia", "herniated"},
    {"anemia", "anemic"},
    {"sepsis", "septic"},
    {"pus", "pu"},
    {"base", "basis"},
    {"Graves", "gravis"},
    {"fragile", "fragilis"},
    {"hypertension", "hyper tension"},
    {"Sj\xC3\xB6gren", "Sjogren"},
    {"nose", "NOS"},
    {"\xD0\x98\xD0\x9C", "\xD0\xB8\xD0\xBC"}, /* a short form in any script */
    {"\xC3\x84P", "\xC3\xA4p"},
    {"5 \xC2\xB5g", "5 g"},
    {"MI", "mi\xC2\xAD"
           "d"},
    {"MI", "M\xC2\xB7I"},
};

/* Does `text` have the expression, and exactly within [begin, end) of it? */
static bool has(const char *expr, const char *text, size_t begin, size_t end)
{
    struct matcher *m = NULL;
    struct match_count c = {0};
    struct match_words w = {0};
    CHECK(matcher_new(&m) == 0 && matcher_add(m, expr, strlen(expr), 0) == 0 && matcher_build(m) == 0);
    matcher_count(m, text, strlen(text), NULL, &c);
    CHECK(matcher_mark(m, text, strlen(text), NULL, &w) == 0 && w.n == c.words);
    for (size_t i = 0; i < w.n; i++) {
        CHECK(w.word[i].begin < w.word[i].end && (i == 0 || w.word[i - 1].end <= w.word[i].begin));
        CHECK(w.word[i].end <= (int64_t)strlen(text));
        CHECK(((unsigned char)text[w.word[i].begin] & 0xC0) != 0x80 &&
              ((unsigned char)text[w.word[i].end] & 0xC0) != 0x80);
        if (w.word[i].weight)
            CHECK(w.word[i].begin >= (int64_t)begin && w.word[i].end <= (int64_t)end);
    }
    match_words_free(&w);
    matcher_free(m);
    return c.covered > 0;
}

static bool within(const char *expr, const char *text)
{
    static const char *const around[][2] = {{"", ""},
                                            {"She has ", " today and more words"},
                                            {"zz\xC3\xA9 (", ") \xC3\xA9zz"},
                                            {"\xE2\x80\x9C", "\xE2\x80\x9D"},
                                            {"zz\n", "\n"}};
    char whole[256];
    int yes = 0, n = sizeof around / sizeof *around;
    for (int i = 0; i < n; i++) {
        size_t begin = strlen(around[i][0]), end = begin + strlen(text);
        snprintf(whole, sizeof whole, "%s%s%s", around[i][0], text, around[i][1]);
        yes += has(expr, whole, begin, end);
    }
    CHECK(yes == 0 || yes == n); /* what is around it does not matter */
    return yes == n;
}

/* Any bytes: words lie one behind the other inside of the text, and what is folded is a word again. */
static void any_bytes(void)
{
    static const char *const part[] = {
        "s",    "'",  "\xE2\x80\x99",     "\xCC\x87", "i",       "\xC4\xB0", "\xC2\xAD", "M", "es", "\xEF\xB7\xBA",
        "\xC3", "um", "\xF0\x9F\x98\x80", " ",        "\xCE\xA3"};
    struct rng r = rng_new(11, 0);
    for (int round = 0; round < 20000; round++) {
        struct buf b = {0};
        struct word w;
        for (uint64_t i = rng_below(&r, 60); i > 0; i--) {
            char byte = (char)rng_below(&r, 256);
            const char *p = part[rng_below(&r, sizeof part / sizeof *part)];
            CHECK((rng_below(&r, 4) ? buf_str(&b, p) : buf_add(&b, &byte, 1)) == 0);
        }
        const unsigned char *text = (const unsigned char *)b.p, *p = text, *end = p + b.n, *last = p;
        for (; b.n && next_word(&p, end, &w); last = p) {
            struct word again = w;
            const unsigned char *q = w.c, *stop = w.c + w.n;
            CHECK(w.at >= last && w.at < p && p <= end && w.n <= WORD_MAX);
            CHECK(w.n == 0 || next_word(&q, stop, &again));
        }
        buf_free(&b);
    }
    DONE("words/any-bytes");
}

int main(void)
{
    any_bytes();
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        if (!within(found[i][0], found[i][1])) {
            fprintf(stderr, "'%s' is not found in '%s'\n", found[i][0], found[i][1]);
            test_bad_++;
        }
    DONE("words/found");
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (within(apart[i][0], apart[i][1])) {
            fprintf(stderr, "'%s' is found in '%s'\n", apart[i][0], apart[i][1]);
            test_bad_++;
        }
    DONE("words/apart");
    /* bytes that are no UTF-8: no word, no overrun */
    for (int a = 0x80; a < 0x100; a++) {
        char text[8] = {'M', 'I', (char)a, 0};
        struct matcher *m = NULL;
        struct match_count c = {0};
        CHECK(matcher_new(&m) == 0 && matcher_add(m, "MI", 2, 0) == 0 && matcher_build(m) == 0);
        matcher_count(m, text, 3, NULL, &c);
        CHECK(c.covered == 1 && c.words == 1);
        matcher_free(m);
    }
    /* long words of wide characters: the first 64 bytes count, at whole characters */
    char many[2001] = "", more[2001] = "";
    for (int i = 0; i < 500; i++) {
        memcpy(many + 4 * i, "\xF0\x90\x90\x80", 4); /* Deseret capital long i */
        memcpy(more + 4 * i, "\xF0\x90\x90\xA8", 4); /* its small letter */
    }
    CHECK(has(many, more, 0, 2000));
    for (int i = 0; i < 666; i++)
        memcpy(many + 3 * i, "\xEF\xB7\xBA", 3); /* U+FDFA: one character, eighteen when folded */
    many[1998] = 0;
    CHECK(has(many, many, 0, 1998));
    DONE("words/odd");
    TEST_EXIT();
}
