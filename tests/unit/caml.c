/* lib/ingest/caml_text and lib/ingest/caml_numbers. */
#include "lib/ingest/caml_numbers.h"
#include "lib/ingest/caml_text.h"
#include "lib/util/err.h"
#include "tests/test.h"

static bool tokens(const char *text, const char *want)
{
    struct caml_text c;
    struct buf b = {0};
    bool ok = !caml_text_open(&c) && !caml_text_add(&c, text, strlen(text), &b) && b.n == strlen(want) &&
              !memcmp(b.n ? b.p : "", want, b.n);
    if (!ok)
        fprintf(stderr, "'%.*s', wanted '%s'\n", (int)b.n, b.p, want);
    caml_text_close(&c);
    buf_free(&b);
    return ok;
}

/* A block's codes, blanks between, "-" for null; n of filler codes before them. */
static bool numbers(size_t before, const char *filler, const char *in, const char *want)
{
    struct caml_row *row = calloc(before + 64, sizeof *row);
    size_t n = before;
    for (size_t i = 0; i < before; i++)
        strcpy(row[i].code, filler);
    for (const char *p = in; *p; n++) {
        size_t k = strcspn(p, " ");
        if (*p != '-')
            memcpy(row[n].code, p, k);
        p += k + (p[k] == ' ');
    }
    caml_numbers(row, n);
    char got[1024] = "";
    for (size_t i = before; i < n; i++) {
        strcat(got, i > before ? " " : "");
        strcat(got, *row[i].code ? row[i].code : "-");
    }
    if (strcmp(got, want))
        fprintf(stderr, "'%s', wanted '%s'\n", got, want);
    bool ok = !strcmp(got, want);
    free(row);
    return ok;
}

int main(void)
{
    CHECK(tokens("Admission Date:  [**2118-6-2**]  Pt is a 81yo_M s/p CABG x3, BP 120/80, T 98.6, on 250mg ASA; C. "
                 "diff neg. IV3 __",
                 "admission date pt is a 81yo_m s p cabg x3 bp t on 250mg asa c diff neg iv3 __"));
    CHECK(tokens("[**2118-6-2**]", "") && tokens("[**Hospital1 18**]", "hospital1") && tokens("", "") &&
          tokens("98.6 120/80", ""));
    CHECK(tokens("a", "a") && tokens("1 _ 1_ _1 A1\n\n\tB", "_ 1_ _1 a1 b"));
    CHECK(tokens("caf\xC3\x89 \xC3\x97 \xC3\x9F\xC2\xB5g 10\xC2\xB2 m\xC2\xB2 \xC2\xBD",
                 "caf\xC3\xA9 \xC3\x9F\xC2\xB5g m\xC2\xB2"));
    CHECK(tokens("bad \xEF\xBF\xBD"
                 "byte\xEF\xBF\xBD",
                 "bad byte"));
    DONE("tokens: the vector, numbers, underscores, letters that are not ASCII");

    struct caml_text c;
    struct buf b = {0};
    CHECK(!caml_text_open(&c));
    for (int i = 0; i < 300000; i++) {
        char word[32];
        int n = sprintf(word, "w%d x W%d 7", i % 100000, i % 100000);
        b.n = 0;
        CHECK(!caml_text_add(&c, word, (size_t)n, &b));
    }
    CHECK(c.tokens == 900000 && c.types == 100001 && c.other_bytes == 0);
    CHECK(!caml_text_add(&c, "\xC3\xA9\xE2\x82\xAC", 5, &b) && c.other_bytes == 5);
    caml_text_close(&c);
    buf_free(&b);
    DONE("tokens and types are counted, and bytes that are not ASCII");

    CHECK(numbers(0, "", "0331 0066 3893 966", "331 66 3893 966"));
    CHECK(numbers(0, "", "0000 0 00", "0 0 0"));
    CHECK(numbers(0, "", "0331 - 3893", "331.0 - 3893.0"));
    CHECK(numbers(0, "", "38.90 66. 38.93 03.31 100.00 .5 07", "38.9 66.0 38.93 3.31 100.0 0.5 7.0"));
    CHECK(numbers(0, "", "0389 V4581 4019 -", "0389 V4581 4019 -"));
    CHECK(numbers(0, "", "0389 E8120 38.90", "0389 E8120 38.90") && numbers(0, "", "- -", "- -"));
    DONE("numbers: whole, null, decimal, text");

    CHECK(numbers(CAML_BLOCK - 2, "V08", "038.9 0.10 038.9 0.10", "038.9 0.10 38.9 0.1"));
    CHECK(numbers(CAML_BLOCK - 1, "07", "08 V08 09", "8 V08 09"));
    CHECK(numbers(2 * CAML_BLOCK, "07", "007", "7"));
    DONE("numbers: each block by itself");

    struct caml_row r[] = {{.code = "331", .kind = ICD9_PROCEDURE},
                           {.code = "66", .kind = ICD9_PROCEDURE},
                           {.code = "4019"},
                           {.code = "", .kind = ICD9_PROCEDURE},
                           {.code = "331.0", .kind = ICD9_PROCEDURE},
                           {.code = "8", .kind = ICD9_PROCEDURE}};
    static const char *const dotted[] = {"33.1", "66.", "401.9", "", "33.10", "8."};
    for (int i = 0; i < 6; i++) {
        caml_dot(&r[i]);
        CHECK(!strcmp(r[i].code, dotted[i]));
    }
    DONE("CAML's dots");
    TEST_EXIT();
}
