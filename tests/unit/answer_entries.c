/* Entries of a list: marks before them, what hangs behind them, words for "there is none", several in one:
 * lib/kb/answer_marks.c, answer_none.c and answer_entry.c. */
#include "tests/unit/answer.h"

/* `entry` under each of the three headings, bare and behind a bullet, in a table and in JSON. */
static void entry(const char *entry, const char *abbreviations, bool quoted)
{
    struct buf text = {0}, terms = {0};
    CHECK(buf_fmt(&terms, "T:hypertension%s%s|S:high blood pressure%c", *abbreviations ? "|" : "", abbreviations, 0) ==
          0);
    for (int form = 0; form < 4; form++) {
        static const char *const forms[][2] = {
            {"Medical terms:\n- hypertension\nAbbreviations:\n- ", "\nSynonyms:\n- high blood pressure\n"},
            {"Medical terms:\n\nhypertension\n\nAbbreviations:\n\n", "\n\nSynonyms:\n\nhigh blood pressure\n"},
            {"## Medical terms\n1. hypertension\n## Abbreviations\n1. ", "\n## Synonyms\n1. high blood pressure\n"},
            {"{\"medical_terms\": [\"hypertension\"], \"abbreviations\": [\"",
             "\"], \"synonyms\": [\"high blood pressure\"]}"}};
        char label[96];
        if (form == 3 && quoted)
            continue;
        text.n = 0;
        CHECK(buf_fmt(&text, "%s%s%s%c", forms[form][0], entry, forms[form][1], 0) == 0);
        snprintf(label, sizeof label, "'%s', form %d", entry, form);
        expect(label, text.p, false, terms.p, -1);
    }
    buf_free(&text);
    buf_free(&terms);
}

static void placeholders(void)
{
    static const char *const words[] = {"None",
                                        "none",
                                        "NONE",
                                        "(none)",
                                        "[none]",
                                        "<none>",
                                        "\u2014none\u2014",
                                        "**None**",
                                        "None.",
                                        "none!",
                                        "-none-",
                                        "*none*",
                                        "_None_",
                                        "None listed",
                                        "None known",
                                        "None found",
                                        "None exist",
                                        "None available",
                                        "None identified",
                                        "None in common use",
                                        "None commonly used",
                                        "None (use full term)",
                                        "None - use full term",
                                        "None: spelled out",
                                        "None of the above",
                                        "None specified",
                                        "None specific",
                                        "None applicable",
                                        "None required",
                                        "None needed",
                                        "None that are commonly used",
                                        "None I am aware of",
                                        "None to my knowledge",
                                        "None for this code",
                                        "There is none",
                                        "There are none",
                                        "There are no abbreviations for this code.",
                                        "No",
                                        "no",
                                        "No.",
                                        "NO",
                                        "No abbreviation",
                                        "No abbreviations",
                                        "No common abbreviation",
                                        "No commonly used abbreviations",
                                        "No acronym",
                                        "No standard abbreviation",
                                        "No standard abbreviation exists",
                                        "No known abbreviations",
                                        "No specific ones",
                                        "No synonyms",
                                        "No short form",
                                        "No data",
                                        "No information",
                                        "No information available",
                                        "No entry",
                                        "No entries",
                                        "No official abbreviation; use full term",
                                        "Not used",
                                        "Not available",
                                        "Not applicable",
                                        "Not known",
                                        "Not commonly used",
                                        "Not commonly abbreviated",
                                        "Not usually abbreviated in clinical notes",
                                        "Not specified",
                                        "Not listed",
                                        "Not found",
                                        "Not abbreviated",
                                        "Not otherwise specified",
                                        "not any",
                                        "Nothing",
                                        "Nothing found",
                                        "n/a",
                                        "N/A",
                                        "N.A.",
                                        "n.a.",
                                        "n. a.",
                                        "NA",
                                        "na",
                                        "(N/A)",
                                        "N/A (not applicable)",
                                        "N/A - none",
                                        "n\\a",
                                        "nan",
                                        "NaN",
                                        "null",
                                        "NULL",
                                        "nil",
                                        "Nil",
                                        "NIL known",
                                        "nul",
                                        "undefined",
                                        "unknown",
                                        "Unknown",
                                        "(unknown)",
                                        "Unk",
                                        "unspecified",
                                        "Unspecified",
                                        "Unavailable",
                                        "TBD",
                                        "tbd",
                                        "T.B.D.",
                                        "TBA",
                                        "To be determined",
                                        "to be added",
                                        "TODO",
                                        "pending",
                                        "missing",
                                        "empty",
                                        "(empty)",
                                        "blank",
                                        "-",
                                        "--",
                                        "\u2014",
                                        "\u2013",
                                        "?",
                                        "???",
                                        "...",
                                        "\u2026",
                                        "x",
                                        "XXX",
                                        "/",
                                        "_",
                                        "See above",
                                        "see above",
                                        "(see above)",
                                        "See below",
                                        "See medical terms",
                                        "see synonyms above",
                                        "Same",
                                        "Same as above",
                                        "same as medical terms",
                                        "As above",
                                        "as listed above",
                                        "Above",
                                        "ditto",
                                        "idem",
                                        "ibid.",
                                        "Rarely abbreviated",
                                        "Usually written out",
                                        "Spelled out",
                                        "Use full term",
                                        "I don't know",
                                        "placeholder",
                                        "Abbreviation 1",
                                        "[abbreviation]",
                                        "<abbreviation 1>",
                                        "Term 1",
                                        "Synonym",
                                        "insert abbreviation here",
                                        "etc",
                                        "etc.",
                                        "and others",
                                        "and more",
                                        "and so on",
                                        "others",
                                        "rare",
                                        "(rare)",
                                        "Rarely used",
                                        "informal",
                                        "Doesn't have one",
                                        "Does not have an abbreviation",
                                        "It has no abbreviation",
                                        "Keine",
                                        "keine",
                                        "Keine.",
                                        "Keine bekannt",
                                        "kein",
                                        "Nicht vorhanden",
                                        "nicht zutreffend",
                                        "Siehe oben",
                                        "unbekannt",
                                        "entf\u00e4llt",
                                        "Aucune",
                                        "aucun",
                                        "Aucune abr\u00e9viation",
                                        "n\u00e9ant",
                                        "sans objet",
                                        "Ninguno",
                                        "Ninguna",
                                        "no aplica",
                                        "No hay",
                                        "Nenhum",
                                        "nenhuma",
                                        "n\u00e3o aplic\u00e1vel",
                                        "Nessuno",
                                        "nessuna",
                                        "Geen",
                                        "n.v.t.",
                                        "Ingen",
                                        "Inga",
                                        "Brak",
                                        "nie dotyczy",
                                        "Yok",
                                        "\u041d\u0435\u0442",
                                        "\u043d\u0435\u0442",
                                        "\u65e0",
                                        "\u6ca1\u6709",
                                        "\u306a\u3057",
                                        "\u4e0d\u9002\u7528",
                                        "\uc5c6\uc74c",
                                        "Sin abreviatura",
                                        "Pas d'abr\u00e9viation courante",
                                        "Keine g\u00e4ngige Abk\u00fcrzung",
                                        "Nessuna abbreviazione",
                                        "Nenhuma abrevia\u00e7\u00e3o",
                                        "Geen afkorting"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        entry(words[i], "", strpbrk(words[i], "\\") != NULL);
    DONE("answer-entries/placeholders");
    /* and what only looks like one */
    static const char *const kept[] = {"Na",
                                       "NOS",
                                       "ND",
                                       "NAD",
                                       "NKA",
                                       "NPO",
                                       "nil by mouth",
                                       "no code",
                                       "unknown primary",
                                       "sepsis of unknown source",
                                       "not walking",
                                       "same day surgery",
                                       "no pulse",
                                       "None-ST MI",
                                       "full term infant",
                                       "Keiner's sign",
                                       "below knee amputation",
                                       "above elbow cast",
                                       "TBDx",
                                       "nonspecific colitis",
                                       "US",
                                       "UK"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char term[64];
        snprintf(term, sizeof term, "A:%s", kept[i]);
        entry(kept[i], term, false);
    }
    DONE("answer-entries/no-placeholders");
    expect("none-at-all", "Medical terms: none\nAbbreviations: N/A\nSynonyms: none known\n", false, "", 1);
    expect("none-described", "There is no description available for this code.", true, "", 1);
    DONE("answer-entries/none-at-all");
}

static void marks(void)
{
    static const char *const marks[] = {"- ",
                                        "* ",
                                        "+ ",
                                        "-- ",
                                        "-> ",
                                        "--> ",
                                        "=> ",
                                        "> ",
                                        "~ ",
                                        "o ",
                                        "-\t",
                                        "*\t",
                                        "  - ",
                                        "\t* ",
                                        "- - ",
                                        "\u2022 ",
                                        "\u2022",
                                        "\u2022\t",
                                        "\u2023 ",
                                        "\u25e6 ",
                                        "\u25cb ",
                                        "\u25cf ",
                                        "\u25aa ",
                                        "\u25a0 ",
                                        "\u25a1 ",
                                        "\u25ba ",
                                        "\u25b6 ",
                                        "\u27a4 ",
                                        "\u27a2 ",
                                        "\u2794 ",
                                        "\u2192 ",
                                        "\u21d2 ",
                                        "\u2014 ",
                                        "\u2013 ",
                                        "\u2014",
                                        "\u2212 ",
                                        "\u2010 ",
                                        "\u2011 ",
                                        "\u00b7 ",
                                        "\u2219 ",
                                        "\u22c5 ",
                                        "\u30fb",
                                        "\u2605 ",
                                        "\u2606 ",
                                        "\u2713 ",
                                        "\u2714 ",
                                        "\u2714\ufe0f ",
                                        "\u2705 ",
                                        "\u2611 ",
                                        "\u274c ",
                                        "\u2b50 ",
                                        "\u00bb ",
                                        "\u203a ",
                                        "\u00a7 ",
                                        "\uf0b7 ",
                                        "\U0001F449 ",
                                        "\U0001F539 ",
                                        "\U0001F468\u200d\u2695\ufe0f ",
                                        "- \u2705 ",
                                        "1. \u2705 ",
                                        "\u2460 ",
                                        "\u2460",
                                        "\u2776 ",
                                        "\u2474 ",
                                        "1\ufe0f\u20e3 ",
                                        "1. ",
                                        "1) ",
                                        "(1) ",
                                        "[1] ",
                                        "1: ",
                                        "1 - ",
                                        "1.) ",
                                        "12. ",
                                        "123. ",
                                        "01. ",
                                        "1\\. ",
                                        "1.",
                                        "1)",
                                        "(1)",
                                        "#1 ",
                                        "#1. ",
                                        "#1: ",
                                        "**1.** ",
                                        "**1)** ",
                                        "*1.* ",
                                        "1.1. ",
                                        "a) ",
                                        "(a) ",
                                        "a. ",
                                        "A. ",
                                        "A) ",
                                        "(A) ",
                                        "[a] ",
                                        "i. ",
                                        "i) ",
                                        "(i) ",
                                        "iv) ",
                                        "(iv) ",
                                        "iv. ",
                                        "I. ",
                                        "I) ",
                                        "ii. ",
                                        "- [ ] ",
                                        "- [x] ",
                                        "[ ] ",
                                        "\u2610 ",
                                        "- 1. ",
                                        "* a) "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct buf text = {0};
        char label[96];
        CHECK(buf_fmt(&text,
                      "Medical terms:\n- hypertension\nAbbreviations:\n%sHTN\n%sHBP\nSynonyms:\n- high tension\n%c",
                      marks[i], marks[i], 0) == 0);
        snprintf(label, sizeof label, "mark '%s'", marks[i]);
        expect(label, text.p, false, "T:hypertension|A:HTN|A:HBP|S:high tension", 0);
        text.n = 0;
        CHECK(buf_fmt(&text, "Synonyms:\n%sHigh tension\n%sRaised pressure\n%c", marks[i], marks[i], 0) == 0);
        expect(label, text.p, false, "S:High tension|S:Raised pressure", 0);
        buf_free(&text);
    }
    DONE("answer-entries/marks");
    expect("letters", "Synonyms:\na. high tension\nb. raised pressure\n\nc. silent killer\n", false,
           "S:high tension|S:raised pressure|S:silent killer", 0);
    expect("capitals", "Synonyms:\nA. high tension\nB. raised pressure\nC. diff\n", false,
           "S:high tension|S:raised pressure|S:diff", 0);
    expect("romans", "Synonyms:\ni. high tension\nii. raised pressure\niii. silent killer\niv. x ray\nv. y ray\n",
           false, "S:high tension|S:raised pressure|S:silent killer|S:x ray|S:y ray", 0);
    expect("roman-capitals", "I. Synonyms\nI. high tension\nII. raised pressure\nII. Abbreviations\n- HTN\n", false,
           "S:high tension|S:raised pressure|A:HTN", 0);
    expect("lettered-headings", "A. Medical terms\n- one term\nB. Abbreviations\n- HTN\nC. Synonyms\n- a word\n", false,
           "T:one term|A:HTN|S:a word", 0);
    expect("pictured-headings",
           "\U0001FA7A **Medical terms (common)**\n- one term\n\U0001F524 **Short forms used**\n- HTN\n", false,
           "T:one term|A:HTN", 0);
    DONE("answer-entries/enumerations");
    /* what only looks like one */
    expect("no-marks",
           "Synonyms:\nA. fib\nE. coli\nE. coli sepsis\nC. diff\nC. Diff colitis\nH. Pylori\nE. COLI\nA. Fib\n"
           "i.v. drug use\n3-vessel disease\n2 vessel disease\n1.5 cm stone\n7.5 ETT\n\u2191 BP\n\u2193 Na level\n",
           false,
           "S:A. fib|S:E. coli|S:E. coli sepsis|S:C. diff|S:C. Diff colitis|S:H. Pylori|S:E. COLI|S:A. Fib|S:i.v. drug "
           "use|S:3-vessel disease|S:2 vessel disease|S:1.5 cm stone|S:7.5 ETT|S:\u2191 BP|S:\u2193 Na level",
           0);
    DONE("answer-entries/no-marks");
}

static void tails(void)
{
    static const char *const alone[] = {"HTN</s>",
                                        "HTN<|im_end|>",
                                        "HTN [1]",
                                        "HTN[1]",
                                        "HTN [1, 2]",
                                        "HTN [1][2]",
                                        "HTN [^1]",
                                        "HTN [a]",
                                        "HTN\u00b9",
                                        "HTN[^2^]",
                                        "HTN ([1](https://x.org))",
                                        "HTN\u00b2\u00b3",
                                        "HTN*",
                                        "HTN\u2020",
                                        "HTN\u2021",
                                        "HTN \u30101\u2020source\u3011",
                                        "HTN (1)",
                                        "HTN (rare)",
                                        "HTN (rarely used)",
                                        "HTN (informal)",
                                        "HTN (UK)",
                                        "HTN (US)",
                                        "HTN (U.S.)",
                                        "HTN (British usage)",
                                        "HTN (common)",
                                        "HTN (most common)",
                                        "HTN (see https://x.org)",
                                        "HTN (https://x.org)",
                                        "HTN (see above)",
                                        "HTN (none)",
                                        "HTN (abbreviation)",
                                        "HTN (abbr.)",
                                        "HTN (outdated)",
                                        "HTN (hospital slang)",
                                        "HTN - rare",
                                        "HTN: informal",
                                        "HTN \u2013 rarely used",
                                        "$HTN$",
                                        "\\(HTN\\)",
                                        "&quot;HTN&quot;",
                                        "&#34;HTN&#34;",
                                        "&#x22;HTN&#x22;",
                                        "HTN&nbsp;",
                                        "HTN&#8203;",
                                        "HTN\u200b",
                                        "\ufeffHTN",
                                        "H\u00adTN",
                                        "HTN\u2060",
                                        "\u200eHTN\u200f",
                                        "HTN\u00a0",
                                        "HTN\u3000",
                                        "\u00abHTN\u00bb",
                                        "\u201eHTN\u201c",
                                        "\u300cHTN\u300d",
                                        "[HTN]",
                                        "(HTN)",
                                        "[HTN](https://x.org)",
                                        "`HTN`",
                                        "**HTN**",
                                        "***HTN***",
                                        "HTN,",
                                        "HTN;",
                                        "HTN.",
                                        "HTN \u2705",
                                        "HTN \U0001F44D",
                                        "HTN<br>",
                                        "<b>HTN</b>",
                                        "HTN<sup>1</sup>",
                                        "HTN (slang)",
                                        "HTN (old)",
                                        "HTN (noun)",
                                        "HTN (ICD-9)",
                                        "HTN (e.g. in charts)"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        char text[256];
        snprintf(text, sizeof text, "Medical terms:\n- high tension\nAbbreviations:\n- %s\n", alone[i]);
        expect(alone[i], text, false, "T:high tension|A:HTN", 0);
    }
    DONE("answer-entries/tails");
    static const struct {
        const char *entry, *terms;
        size_t lost;
    } both[] = {{"HTN (hypertension)", "A:HTN|T:hypertension", 0},
                {"HTN - hypertension", "A:HTN|T:hypertension", 0},
                {"HTN (hypertension)\u00b9", "A:HTN|T:hypertension", 0},
                {"[\"HTN\", \"HBP\"]", "A:HTN|A:HBP", 0},
                {"HTN (aka HBP)", "A:HTN|A:HBP", 0},
                {"HTN (HBP)", "A:HTN|A:HBP", 0},
                {"HTN (also known as hypertension)", "A:HTN|T:hypertension", 0},
                {"MCA (most common artery)", "A:MCA|T:most common artery", 0},
                {"Dx (diagnosis)", "A:Dx|T:diagnosis", 0},
                {"CABG (coronary artery bypass graft)", "A:CABG|T:coronary artery bypass graft", 0},
                {"T2DM (type 2 diabetes mellitus)", "A:T2DM|T:type 2 diabetes mellitus", 0},
                {"A-fib (atrial fibrillation)", "A:A-fib|T:atrial fibrillation", 0},
                {"hypertension (HTN)", "A:HTN|T:hypertension", 0},
                /* neither its words nor a remark that is known */
                {"HTN (zebra)", "A:HTN", 1},
                {"HTN - what uncles get", "A:HTN", 1}};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        char text[256];
        snprintf(text, sizeof text, "Abbreviations:\n- %s\n", both[i].entry);
        expect(both[i].entry, text, false, both[i].terms, (long)both[i].lost);
    }
    expect("synonym-uk",
           "Synonyms:\n- unstable angina (USA)\n- cells of some kind (C-SK)\n- high tension (UK)\n- raised pressure "
           "(US, informal)\n- x y z (NOS)\n",
           false, "S:unstable angina|A:USA|S:cells of some kind|A:C-SK|S:high tension|S:raised pressure|S:x y z", 0);
    DONE("answer-entries/parentheses");
    expect("unit",
           "Synonyms:\n- 5 m\u00b2 burn\n- H\u2082O excess\n- M\u00e9ni\u00e8re's &amp; others' disease\n"
           "- M&#233;ni&zorp;re\n",
           false, "S:5 m\u00b2 burn|S:H\u2082O excess|S:M\u00e9ni\u00e8re's & others' disease", 1);
    DONE("answer-entries/characters");
}

static void several(void)
{
    static const struct {
        const char *entry, *terms;
    } cases[] = {{"HTN and HBP", "S:HTN|S:HBP"},
                 {"HTN or HBP", "S:HTN|S:HBP"},
                 {"HTN and/or HBP", "S:HTN|S:HBP"},
                 {"HTN/HBP", "S:HTN|S:HBP"},
                 {"HTN / HBP", "S:HTN|S:HBP"},
                 {"HTN & HBP", "S:HTN|S:HBP"},
                 {"HTN &amp; HBP", "S:HTN|S:HBP"},
                 {"HTN&HBP", "S:HTN|S:HBP"},
                 {"HTN, HBP", "S:HTN|S:HBP"},
                 {"HTN,HBP", "S:HTN|S:HBP"},
                 {"HTN; HBP", "S:HTN|S:HBP"},
                 {"HTN, HBP and EH", "S:HTN|S:HBP|S:EH"},
                 {"HTN, HBP, and EH", "S:HTN|S:HBP|S:EH"},
                 {"HTN/HBP/EH", "S:HTN|S:HBP|S:EH"},
                 {"AFib/AFL", "S:AFib|S:AFL"},
                 {"T2DM/NIDDM", "S:T2DM|S:NIDDM"},
                 {"HTN OR HBP", "S:HTN|S:HBP"},
                 /* one each */
                 {"nausea and vomiting", "S:nausea and vomiting"},
                 {"Nausea and Vomiting", "S:Nausea and Vomiting"},
                 {"and/or", "S:and/or"},
                 {"w/o", "S:w/o"},
                 {"s/p", "S:s/p"},
                 {"s/p CABG", "S:s/p CABG"},
                 {"N/V", "S:N/V"},
                 {"N/V/D", "S:N/V/D"},
                 {"I/O", "S:I/O"},
                 {"I&O", "S:I&O"},
                 {"c/o", "S:c/o"},
                 {"A & P", "S:A & P"},
                 {"A and P", "S:A and P"},
                 {"H&P", "S:H&P"},
                 {"D&C", "S:D&C"},
                 {"BUN/Cr", "S:BUN/Cr"},
                 {"Na/K", "S:Na/K"},
                 {"Dx/Tx", "S:Dx/Tx"},
                 {"HTN and diabetes", "S:HTN and diabetes"},
                 {"HTN/diabetes", "S:HTN/diabetes"},
                 {"HTN with HBP", "S:HTN with HBP"},
                 {"acute CHF/HF", "S:acute CHF/HF"},
                 {"Hypertension, essential", "S:Hypertension, essential"},
                 {"120/80", "S:120/80"},
                 {"C5/C6", "S:C5/C6"}};
    char text[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "Synonyms:\n- %s\n", cases[i].entry);
        expect(cases[i].entry, text, false, cases[i].terms, 0);
        snprintf(text, sizeof text, "{\"synonyms\": [\"%s\"]}", cases[i].entry);
        expect(cases[i].entry, text, false, cases[i].terms, 0);
    }
    DONE("answer-entries/several");
}

int main(void)
{
    placeholders();
    marks();
    tails();
    several();
    TEST_EXIT();
}
