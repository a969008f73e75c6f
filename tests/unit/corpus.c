/* lib/ingest/corpus: which column is what, splits by name, codes out of a cell.
 * Whole files: tests/cli/rec-cat-import.sh. */
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include "tests/test.h"

/* The roles of the columns in `heading` ("a,b"), one character each: i t c s p, '-' for none. */
static const char *roles(const char *spec, const char *heading)
{
    static char got[16];
    struct corpus_columns c;
    struct cell name[8];
    int place[8], n = 0;
    if (corpus_columns_parse(&c, spec)) {
        corpus_columns_free(&c);
        return "usage";
    }
    for (const char *p = heading; n < 8; p += name[n++].n + 1) {
        name[n] = (struct cell){p, strcspn(p, ",")};
        if (!p[name[n].n]) {
            n++;
            break;
        }
    }
    int rc = corpus_columns_choose(&c, "column", name, n, place);
    for (int i = 0; i < n; i++)
        got[i] = place[i] < 0 ? '-' : "itcsp"[place[i]];
    got[n] = 0;
    corpus_columns_free(&c);
    return rc ? "no" : got;
}

/* The codes that a cell gives to a new note, each followed by '|'. */
static const char *codes(const char *cell)
{
    static char got[256];
    struct corpus_opts opts = {.codes = true};
    struct corpus c;
    corpus_open(&c, &opts);
    struct corpus_row row = {.number = 1, .cell = {[CORPUS_ID] = {"1", 1}, [CORPUS_CODES] = {cell, strlen(cell)}}};
    int rc = corpus_row(&c, &row);
    *got = 0;
    for (uint32_t k = rc ? NO_PLACE : c.note[0].first; k != NO_PLACE; k = c.link[k].next)
        strcat(strcat(got, names_at(&c.codes, c.link[k].code, NULL)), "|");
    corpus_close(&c);
    return rc ? "refused" : got;
}
static bool is(const char *got, const char *want)
{
    if (strcmp(got, want))
        fprintf(stderr, "got '%s', wanted '%s'\n", got, want);
    return !strcmp(got, want);
}

int main(void)
{
    CHECK(is(roles(NULL, "id,text,codes,split,subject"), "itcsp") &&
          is(roles(NULL, "HADM-ID,Note Text,ICD10_Codes,MRN"), "itcp"));
    CHECK(is(roles(NULL, "hadm_id,note_id,text"), "-it") && is(roles(NULL, "note_id,note"), "it") &&
          is(roles(NULL, "a,b"), "--"));
    CHECK(is(roles("text=b", "id,text,b"), "i-t") && is(roles("id=text,text=id", "id,text"), "ti"));
    CHECK(is(roles("id=#", "id,text"), "-t") && is(roles("codes=x", "id,text"), "no") &&
          is(roles("codes=ID", "id,text"), "no"));
    CHECK(is(roles("nr=x", "id"), "usage") && is(roles("id=a,id=b", "a,b"), "usage") && is(roles("id", "id"), "usage"));
    CHECK(corpus_names_codes("ICD Codes") && corpus_names_codes("labels") && !corpus_names_codes("parts") &&
          !corpus_names_codes("x"));
    DONE("columns by name, said or guessed");

    static const char *const same[] = {"401.9;428.0",        "401.9,428.0",           "401.9|428.0",
                                       "401.9 428.0",        " 401.9 ; 428.0 ;",      "401.9\n428.0",
                                       "['401.9', '428.0']", "[\"401.9\",\"428.0\"]", "{401.9,428.0}",
                                       "('401.9','428.0')",  "['401.9' '428.0']",     "401.9;;428.0",
                                       "401.9;nan;428.0",    "401.9, 428.0, 401.9",   "\"401.9\";\"428.0\"",
                                       "[401.9 428.0]",      "['401.9 ', ' 428.0']"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK(is(codes(same[i]), "401.9|428.0|"));
    static const char *const none[] = {"", " ", "nan", "NULL", "[]", "['nan']", "no code", ";", "N/A", "{}", "[None]"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(is(codes(none[i]), ""));
    static const char *const bad[] = {"I 10;E11.9", "['I 10']", "['401,9']", "['I10", "[\"a;b\"]", "(A;B"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(is(codes(bad[i]), "refused"));
    DONE("codes of a cell");

    const char *map_v[] = {"valid=dev", "0=train"};
    struct opt_list map = {map_v, 2};
    enum corpus_split s;
    CHECK(corpus_split_check_map(&map) == 0);
    CHECK(corpus_split_of("valid", 5, &map, &s) == 0 && s == CORPUS_DEV && corpus_split_of("0", 1, &map, &s) == 0 &&
          s == CORPUS_TRAIN);
    CHECK(corpus_split_of("test", 4, &map, &s) == 0 && s == CORPUS_TEST && corpus_split_of("", 0, NULL, &s) == 0 &&
          s == CORPUS_NONE);
    CHECK(corpus_split_of("val", 3, &map, &s) == E_DATA && strstr(err_msg(), "--map-split val=dev"));
    CHECK(corpus_split_of("fold 3", 6, NULL, &s) == E_DATA && !strstr(err_msg(), "fold"));
    map_v[1] = "0=";
    CHECK(corpus_split_check_map(&map) == E_USAGE);
    DONE("splits by name");
    TEST_EXIT();
}
