/* lib/code: every code of the official tables has the shape of its system; what is no code has none; null words; the
 * version of a set of codes. */
#include "lib/code/code.h"
#include "lib/kb/titles.h"
#include "lib/util/file.h"
#include "tests/test.h"
#include <limits.h>

static unsigned look(const char *s)
{
    return code_look(s, strlen(s));
}
static bool null_word(const char *s)
{
    return code_is_null_word(s, strlen(s));
}
/* The string without its dot; what a table of MIMIC has. */
static const char *bare(const char *s)
{
    static char out[64];
    size_t n = 0;
    for (; *s && n < 63; s++)
        if (*s != '.')
            out[n++] = *s;
    out[n] = 0;
    return out;
}
static const char *lower(const char *s)
{
    static char out[64];
    size_t n = 0;
    for (; *s && n < 63; s++)
        out[n++] = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
    out[n] = 0;
    return out;
}

/* How many lines of a table of share/ begin with a code of the shape the line asks for, in all its ways of writing. */
static size_t fits(const char *table, unsigned (*want)(const char *line))
{
    char path[PATH_MAX];
    struct buf b = {0};
    size_t good = 0, lines = 0;
    if (share_path(table, path, sizeof path) || table_read(path, &b))
        return 0;
    for (char *p = strtok(b.p, "\n"); p; p = strtok(NULL, "\n"), lines++) {
        unsigned shape = want(p);
        p[strcspn(p, "\t")] = 0;
        bool ok = (look(p) & shape) && (look(bare(p)) & shape) && (look(lower(p)) & shape) && !null_word(p) &&
                  !null_word(bare(p)) &&
                  code_is_procedure(p) == ((shape & (CODE_ICD9_PROCEDURE | CODE_ICD10_PCS)) != 0);
        good += ok;
        if (!ok)
            fprintf(stderr, "%s: %s\n", table, p);
    }
    buf_free(&b);
    return good == lines ? lines : 0;
}
static unsigned second_column(const char *line)
{
    return strstr(line, "\tprocedure\t") ? CODE_ICD9_PROCEDURE : CODE_ICD9_DIAGNOSIS;
}

static unsigned second_column_10(const char *line)
{
    return strstr(line, "\tprocedure\t") ? CODE_ICD10_PCS : CODE_ICD10_CM;
}
static unsigned of_cm(const char *line)
{
    return CODE_ICD10_CM;
}

static int version(const char *const *code, size_t n)
{
    struct code_votes v = {0};
    for (size_t i = 0; i < n; i++)
        code_vote(&v, code[i], strlen(code[i]));
    return code_version(&v);
}
#define VERSION(...) \
    version((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_shapes(void)
{
    static const struct {
        const char *code;
        unsigned shapes;
    } v[] = {
        {"401.9", CODE_ICD9_DIAGNOSIS},
        {"4019", CODE_ICD9_DIAGNOSIS | CODE_ICD9_PROCEDURE},
        {"486", CODE_ICD9_DIAGNOSIS | CODE_ICD9_PROCEDURE},
        {"25000", CODE_ICD9_DIAGNOSIS},
        {"38.93", CODE_ICD9_PROCEDURE},
        {"38", CODE_ICD9_PROCEDURE},
        {"0066", CODE_ICD9_DIAGNOSIS | CODE_ICD9_PROCEDURE | CODE_ICD10_PCS_PART},
        {"V45.81", CODE_ICD9_DIAGNOSIS | CODE_ICD10_CM},
        {"E812.0", CODE_ICD9_DIAGNOSIS},
        {"E812", CODE_ICD9_DIAGNOSIS | CODE_ICD10_CM},
        {"E11.9", CODE_ICD10_CM},
        {"I10", CODE_ICD10_CM},
        {"I10.", CODE_ICD10_CM},
        {"i10", CODE_ICD10_CM},
        {"S72.001A", CODE_ICD10_CM},
        {"S72001A", CODE_ICD10_CM},
        {"H401110", CODE_ICD10_CM}, /* no section H1 */
        {"C7A.00", CODE_ICD10_CM},
        {"QA0.0109", CODE_ICD10_CM},
        {"0DTJ4ZZ", CODE_ICD10_PCS},
        {"3e1m39z", CODE_ICD10_PCS},
        {"bw03", CODE_ICD10_PCS_PART},
        {"HZ2ZZZZ", CODE_ICD10_PCS},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        CHECK(look(v[i].code) == v[i].shapes);
        if (look(v[i].code) != v[i].shapes)
            fprintf(stderr, "%s: %u\n", v[i].code, look(v[i].code));
    }
    DONE("shapes of codes of the four systems");

    static const char *const none[] = {
        "",        "0",         "1",   "99999999", "401.9.1",     "4.019E3",    "TRUE",  "FALSE",       "inf",
        "-inf",    "4019.0",    "14.", "401.",     "401.999",     ".401",       "V4",    "V1.03",       "E8120.",
        "I1",      "I10.12345", "II0", "I1 0",     "I 10",        "401,9",      "401-9", "401.9;428.0", "A (B)",
        "0DTI4ZZ", "0D.TJ4ZZ",  "0DT", "1234567",  "I10\xC3\xA9", "40\xC2\xA0", "0x191", "1e5",         "S72.001AB"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        unsigned shapes = look(none[i]) & CODE_WHOLE;
        CHECK(!shapes);
        if (shapes)
            fprintf(stderr, "%s: %u\n", none[i], shapes);
    }
    CHECK(look("V45.811") == CODE_ICD10_CM && look("E81.20") == CODE_ICD10_CM); /* and none of ICD-9 */
    CHECK(!code_look("401\0", 4) && !(look("66.0") & CODE_ICD9_DIAGNOSIS));
    DONE("what has the shape of no code");
}

static void test_null_words(void)
{
    static const char *const null[] = {"nan",  "NaN",  "NULL", "None", "NA",   "N/A", "#N/A",  "NaT",
                                       "\\N",  "-",    "unk",  "UNK",  "NODX", "",    "  ",    "\t",
                                       " NA ", "<NA>", "null", "n.a.", "?",    "nil", "(none)"};
    static const char *const value[] = {"0", "401.9", "V45.81", "N18.9", "NA1", "nano", "NANA", "NAN.", "--9", "J96"};
    for (size_t i = 0; i < sizeof null / sizeof *null; i++) {
        CHECK(null_word(null[i]));
        CHECK(!(look(null[i]) & CODE_WHOLE));
    }
    for (size_t i = 0; i < sizeof value / sizeof *value; i++)
        CHECK(!null_word(value[i]));
    CHECK(!code_is_null_word("NA\0", 3) && !null_word("nan|na") && !null_word("|"));
    CHECK(!null_word("a text that is longer than any word of the list"));
    DONE("null words in any case, blanks around them");
}

static void test_procedures(void)
{
    CHECK(code_is_procedure("38.93") && code_is_procedure("00.66") && code_is_procedure("0DTJ4ZZ"));
    CHECK(code_is_procedure("B24BZZZ") && code_is_procedure("bt41zzz") && code_is_procedure("bw03"));
    CHECK(!code_is_procedure("401.9") && !code_is_procedure("486") && !code_is_procedure("V45.81"));
    CHECK(!code_is_procedure("b030") && !code_is_procedure("0016") && !code_is_procedure("nan"));
    CHECK(!code_is_procedure("E812.0") && !code_is_procedure("E11.65") && !code_is_procedure("I10."));
    CHECK(!code_is_procedure("S72.001A") && !code_is_procedure("S72001A") && !code_is_procedure("H401110"));
    DONE("procedures");
}

static void test_versions(void)
{
    CHECK(VERSION("401.9", "V10.3", "38.93") == 9);
    CHECK(VERSION("4019", "0389", "E8120") == 9);
    CHECK(VERSION("C50.911", "V10.3") == 10 && VERSION("E119", "I10") == 10 && VERSION("0DTJ4ZZ", "V10.3") == 10);
    CHECK(VERSION("n18.9", "bw03", "v10.3") == 10);
    CHECK(VERSION("V10.3") == 0 && VERSION("V10.3", "E119") == 0 && VERSION("401.9", "I10") == 0);
    CHECK(VERSION("401.9", "428.0", "I10") == 9 && VERSION("401.9", "I10", "N18.9", "nan", "x", "y") == 10);
    CHECK(VERSION("nan", "hypertension") == 0);
    DONE("the version of a set of codes");
}

int main(void)
{
    setenv("ICDPIPE_SHARE", "share", 0);
    test_shapes();
    test_null_words();
    test_procedures();
    test_versions();
    CHECK(fits("icd9/titles.tsv", second_column) == 18449);
    DONE("every code of ICD-9-CM, with its dot, without, in lower case");
    CHECK(fits("icd10/titles.tsv.zst", second_column_10) == 165951);
    CHECK(fits("icd10/inclusion.tsv.zst", of_cm) == 12569);
    DONE("every code of ICD-10-CM and of the first section of ICD-10-PCS, likewise");
    TEST_EXIT();
}
