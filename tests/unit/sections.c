/* lib/text/sections.c: layouts of discharge summaries, and the one promise on any bytes: every byte is in exactly one
 * section and in exactly one of its paragraphs. */
#include "lib/text/sections.h"

#include "lib/util/buf.h"
#include "lib/util/file.h"
#include "lib/util/rng.h"
#include "tests/test.h"

#include <unistd.h>

static struct section_rules *rules;
static struct sections found;

/* The kinds in order and, in brackets, how many paragraphs where there is more than one: "HPI PMH[2]". */
static bool layout(const char *text, const char *want)
{
    struct buf b = {0};
    CHECK(sections_find(rules, text, strlen(text), NULL, 0, PARAGRAPH_BLOCK, &found) == 0);
    for (size_t i = 0; i < found.n; i++) {
        CHECK(buf_fmt(&b, "%s%s", i ? " " : "", section_name(rules, found.sec[i].kind)) == 0);
        if (found.sec[i].npara > 1)
            CHECK(buf_fmt(&b, "[%zu]", found.sec[i].npara) == 0);
    }
    CHECK(buf_add(&b, "", 1) == 0);
    bool same = strcmp(b.p, want) == 0;
    if (!same)
        fprintf(stderr, "got  %s\nwant %s\n", b.p, want);
    buf_free(&b);
    return same;
}

static bool covers(size_t n)
{
    int64_t at = 0, para = 0;
    size_t next = 0;
    for (size_t i = 0; i < found.n; i++) {
        const struct section *s = &found.sec[i];
        if (s->begin != at || s->end <= s->begin || s->body < s->begin || s->body > s->end || !s->npara ||
            s->para != next)
            return false;
        for (size_t k = 0; k < s->npara; k++, next++) {
            if (found.para[next].begin != para || found.para[next].end <= para)
                return false;
            para = found.para[next].end;
        }
        if (para != s->end)
            return false;
        at = s->end;
    }
    return at == (int64_t)n && next == found.npara;
}

static void random_bytes(void)
{
    static const char *const bits[] = {"\n",
                                       "\n\n",
                                       " ",
                                       "  ",
                                       "\t",
                                       "\r\n",
                                       "\r",
                                       "\f",
                                       "\v",
                                       "\\n",
                                       "<br>",
                                       "\xC2\x85",
                                       "\xE2\x80\xA8",
                                       "\xE2\x80\x8B",
                                       "\xEF\xBB\xBF",
                                       "\xEF\xBC\x9A",
                                       "**PMH:**",
                                       "__Plan__",
                                       "\n## ",
                                       ":",
                                       "History of Present Illness:",
                                       "Hospital Course:\n",
                                       "CV: ",
                                       "# CHF: ",
                                       "1. ",
                                       "Admission Date: [**2101-1-2**]   Discharge Date:  x",
                                       "LABS ON ADMISSION",
                                       "word",
                                       "Any Thing:\n",
                                       "\xC3\xA9",
                                       "\xFF",
                                       "PMH",
                                       "Sig: ",
                                       "-",
                                       "*",
                                       "#",
                                       "Plan:",
                                       "Addendum:\n"};
    struct rng r = rng_new(3, 0);
    struct buf b = {0};
    for (int round = 0; round < 3000; round++) {
        struct section_start start[3] = {{0}};
        b.n = 0;
        for (uint64_t i = rng_below(&r, 60) + 1; i > 0; i--)
            CHECK(buf_str(&b, bits[rng_below(&r, sizeof bits / sizeof *bits)]) == 0);
        start[0].at = (int64_t)rng_below(&r, b.n + 1);
        start[1].at = start[0].at + (int64_t)rng_below(&r, b.n);
        start[2].at = start[1].at + (int64_t)rng_below(&r, 3);
        CHECK(sections_find(rules, b.p, b.n, start, (size_t)rng_below(&r, 4), (enum paragraphs)rng_below(&r, 4),
                            &found) == 0);
        CHECK(covers(b.n));
    }
    buf_free(&b);
    DONE("sections/cover-random");
}

/* The same note in other hands: each newline (with what is around it) and each colon as `nl` and `colon`. */
static void as_form(const char *lf, const char *nl, const char *colon, const char *before, struct buf *out)
{
    out->n = 0;
    CHECK(buf_str(out, before) == 0);
    for (const char *p = lf; *p; p++) {
        const char *as = *p == ':' ? colon : (char[]){*p, 0};
        CHECK(buf_str(out, *p == '\n' ? nl : as) == 0);
    }
    CHECK(buf_add(out, "", 1) == 0);
    out->n--;
}

static void forms(void)
{
    static const char lf[] = "Chief Complaint:\nchest pain\n\n"
                             "History of Present Illness:\nOne: two.\nStill.\n\n"
                             "Three.\n\nPAST MEDICAL HISTORY: HTN, DM\n"
                             "Brief Hospital Course:\nAdmitted.\nCV: stable.\n"
                             "# CHF: d.\n\n2. Renal failure - better\nDischarge Diagnosis:\nCHF\n\n"
                             "TRANSPLANT EVALUATION\nseen\n";
    static const char want[] = "CHIEF_COMPLAINT HPI[2] PMH HOSPITAL_COURSE[4] DISCH_DX OTHER";
    static const struct {
        const char *nl, *colon, *before;
    } form[] = {
        {"\n", ":", ""},
        {"\r\n", ":", ""},
        {"\r", ":", ""},
        {"\r\r\n", ":", ""},
        {"\v", ":", ""},
        {"\f", ":", ""},
        {"\x1E", ":", ""},
        {"\xC2\x85", ":", ""},         /* NEL */
        {"\xE2\x80\xA8", ":", ""},     /* LS */
        {"\xE2\x80\xA9", ":", ""},     /* PS */
        {"\\n", ":", ""},             /* written out */
        {"\\r\\n", ":", ""},
        {"\\.br\\", ":", ""},
        {"<br>", ":", ""},
        {"<BR />", ":", ""},
        {"\n", ":", "\xEF\xBB\xBF"}, /* byte order mark */
        {"\n\xC2\xA0", ":", ""},      /* no-break space */
        {"\n\xE2\x80\x8B", ":", ""},  /* zero-width space */
        {"\xE2\x80\x8B\n", ":", ""},
        {"\n\xE3\x80\x80", ":", ""},  /* ideographic space */
        {"\n\f", ":", ""},
        {"\f\n", ":", ""},
        {"\n", "\xEF\xBC\x9A", ""},   /* full-width colon */
        {"\n", "\xC2\xA0:", ""},
        {"\xE2\x80\xA8", "\xEF\xBC\x9A", "\xEF\xBB\xBF"},
        {"\r", "\xE2\x80\x8B:", "\xE2\x80\x8B"},
    };
    struct buf b = {0}, part = {0};
    struct sections plain = {0};
    CHECK(layout(lf, want));
    CHECK(sections_find(rules, lf, strlen(lf), NULL, 0, PARAGRAPH_BLOCK, &plain) == 0);
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        as_form(lf, form[i].nl, form[i].colon, form[i].before, &b);
        bool same = layout(b.p, want) && covers(b.n) && found.n == plain.n;
        if (!same)
            fprintf(stderr, "form %zu\n", i);
        CHECK(same);
        /* places are those of the raw bytes: what is before a body reads the same */
        for (size_t k = 0; same && k < found.n && i < 15; k++) {
            char head[sizeof lf];
            snprintf(head, sizeof head, "%.*s", (int)plain.sec[k].body, lf);
            as_form(head, form[i].nl, form[i].colon, form[i].before, &part);
            CHECK(part.n == (size_t)found.sec[k].body);
            snprintf(head, sizeof head, "%.*s", (int)plain.sec[k].begin, lf);
            as_form(head, form[i].nl, form[i].colon, form[i].before, &part);
            CHECK(part.n == (size_t)found.sec[k].begin);
        }
    }
    /* Markdown */
    CHECK(layout("**Chief Complaint:**\npain\n\n**Past Medical History**\nHTN\n__Allergies__: none\n*Labs:* fine\n",
                 "CHIEF_COMPLAINT PMH ALLERGIES LABS_ADMIT"));
    CHECK(layout("## Chief Complaint\npain\n\n### Hospital Course\nfine\n## CHF\nx\n\n## Discharge Diagnosis\nCHF\n",
                 "CHIEF_COMPLAINT HOSPITAL_COURSE[2] DISCH_DX"));
    CHECK(layout("1. **Chief Complaint:** pain\n- **PMH:**\r\nHTN\r\n", "CHIEF_COMPLAINT PMH"));
    const char *bold = "x\n**PMH:** HTN";
    CHECK(layout(bold, "PREAMBLE PMH") && found.sec[1].begin == 2 && found.sec[1].body == 10);
    /* removed names, list marks and lab values are not Markdown's; a path is not a line break */
    CHECK(layout("[**Hospital1 18**] PMH:\nHTN\n**[**Name**]**\n*PMH:\n", "PREAMBLE PMH"));
    CHECK(layout("see C:\\new\nand\\nPMH: x\n", "PREAMBLE"));
    CHECK(layout("\xEF\xBB\xBF\xE2\x80\x8B", "PREAMBLE") && covers(6));
    CHECK(layout("\xE2\x80", "PREAMBLE") && covers(2));
    /* a part that begins behind such a line */
    const char *two = "Service: A\rThe report.\xC2\x85More of it.\rHPI: x\r";
    struct section_start start = {strstr(two, "More") - two, true};
    CHECK(sections_find(rules, two, strlen(two), &start, 1, PARAGRAPH_BLOCK, &found) == 0 && covers(strlen(two)));
    CHECK(found.n == 3 && found.sec[1].begin == start.at);
    sections_free(&plain);
    buf_free(&b);
    buf_free(&part);
    DONE("sections/forms");
}

static void rule_files(void)
{
    const char *bad[] = {"HPI\n", "HPI\tD\n", "HPI\tD\tone; ;two\n", "\tD\tone\n",
                         "HPI\tD\taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"};
    struct section_rules *r = NULL;
    char path[] = "/tmp/icdpipe-rules.XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        FILE *f = fopen(path, "w");
        CHECK(f && fputs(bad[i], f) >= 0 && fclose(f) == 0);
        CHECK(section_rules_load(&r, path) != 0);
    }
    remove(path);
    CHECK(section_rules_load(&r, path) != 0);
    DONE("sections/bad-rules");
}

int main(void)
{
    setenv("ICDPIPE_SHARE", "share", 0); /* tests/run starts tests in the tree's root */
    CHECK(section_rules_load(&rules, NULL) == 0);
    CHECK(rules && section_kinds(rules) >= 46);
    if (!rules)
        return 1;
    DONE("sections/rules");

    CHECK(layout("", ""));
    CHECK(layout("no header at all\nin two lines", "PREAMBLE"));
    CHECK(layout("\n\nfirst block\n\nsecond block\n \nthird\n", "PREAMBLE[3]"));
    CHECK(layout("Chief Complaint:\nchest pain\n\nHistory of Present Illness:\nOne.\nStill one.\n\nTwo.\n\n"
                 "PAST MEDICAL HISTORY: HTN, DM\n",
                 "CHIEF_COMPLAINT HPI[2] PMH"));
    CHECK(layout("text\nSocial History:\n\n\nlives alone\n", "PREAMBLE SOCIAL"));
    DONE("sections/known");

    CHECK(layout("Admission Date:  [**2101-10-20**]              Discharge Date:   [**2101-10-31**]\n\n"
                 "Date of Birth:  [**2025-4-11**]             Sex:   M\n\nService: MEDICINE\n",
                 "ADMIT_DATE DISCH_DATE DOB SEX SERVICE"));
    CHECK(layout("HPI: seen on  Discharge Date: x\n", "HPI")); /* only administrative ones share a line */
    CHECK(layout("Admission Date: [**2101-1-2**] Discharge Date: [**2101-1-3**]\n", "ADMIT_DATE DISCH_DATE"));
    CHECK(layout("Name: [**Known lastname**]\tUnit No: 12\n", "NAME_UNIT NAME_UNIT"));
    CHECK(layout("Sex: M\tChart Date: x\n", "SEX")); /* "Date" is no header, nor is it the end of one */
    DONE("sections/inline");

    CHECK(layout(
        "Brief Hospital Course:\nAdmitted.\nCV: stable.\nID: afebrile\n# CHF: diuresed.\n2. Renal failure - better\n"
        "Code: full\n\nDischarge Medications:\n1. Aspirin 81 mg Tablet Sig: One (1)\n2. Lasix\n\n3. Colace\n",
        "HOSPITAL_COURSE[6] DISCH_MEDS[2]"));
    CHECK(layout("Hospital Course:\nShe did well.\nPneumonia:\ntreated\nDischarge Condition:\ngood\n",
                 "HOSPITAL_COURSE[2] DISCH_COND"));
    CHECK(layout("Code Status: full\nID: x\n", "CODE_STATUS"));
    DONE("sections/subheaders");

    CHECK(layout("Please note\nSpecial Considerations:\nnone\n", "PREAMBLE OTHER"));
    CHECK(layout("Note\n\nTRANSPLANT EVALUATION\nseen\n", "PREAMBLE OTHER"));
    CHECK(layout("she was\nTRANSPLANT EVALUATION\nseen\n", "PREAMBLE")); /* no empty line above */
    CHECK(layout("x\nDr:\nSig:\nat 10 pm she said the following:\nGlucose was 3:\n", "PREAMBLE"));
    CHECK(layout("x\nThis is a long sentence with many words in it:\n", "PREAMBLE"));
    CHECK(layout("x\n[**2115-2-22**] 06:00AM BLOOD WBC-9.9 RBC-3.3*\nGLUCOSE-108* UREA N-19\n", "PREAMBLE"));
    CHECK(layout("PAST MEDICAL HISTORY (PER OMR): HTN\n", "PMH"));
    DONE("sections/generic");

    CHECK(layout("Discharge Medications:\n1. Aspirin 81 mg Tablet Sig: One (1) Tablet PO DAILY\n\nMETOPROLOL TARTRATE\n"
                 "2. Lasix 40 mg PO BID\n\nOther instructions here\n",
                 "DISCH_MEDS[3]"));
    CHECK(layout("Discharge Medications:\n1. Aspirin 81 mg daily\n\nSPECIAL NOTES\nall is well\n", "DISCH_MEDS OTHER"));
    CHECK(layout("Pertinent Results:\nWBC-9.9 RBC-3.3* HGB-10.1*\n\nURINE STUDIES\nSP -1.01 GLUCOSE-108* UREA N-19\n",
                 "RESULTS[2]"));
    CHECK(layout("Pertinent Results:\nWBC-9.9 RBC-3.3* HGB-10.1*\n\nChest findings:\nclear\n", "RESULTS OTHER"));
    double listed;
    CHECK(section_listed("Pertinent Results:\nWBC-9.9 RBC-3.3*\nfine\n", &(struct section){.body = 18, .end = 40},
                         &listed) == 0 &&
          found.n == 2 && listed == 0.5);
    CHECK(section_listed("Pertinent Results:\rWBC-9.9 RBC-3.3*\rfine\r", &(struct section){.body = 18, .end = 40},
                         &listed) == 0 &&
          listed == 0.5);
    DONE("sections/lists");

    CHECK(layout(
        "Followup Instructions:\nsee us\n\n      [**First Name8 (NamePattern2) 12**] [**Last Name (un) 3**], M.D. "
        "[**MD "
        "Number(1) 4**]\n\nDictated By:[**Name 5**]\n\nMEDQUIST36\n\nD: [**2101-1-2**] 10:00\nT: [**2101-1-3**]\n"
        "JOB#: [**Job Number 6**]\n",
        "FOLLOWUP SIGNATURE SIGNATURE[3] SIGNATURE"));
    CHECK(layout("x\n\n[**First Name8 (NamePattern2) 12**] was seen, M.D.\n", "PREAMBLE[2]"));
    CHECK(layout("see\n[**Last Name (un) 3**], MD\n", "PREAMBLE")); /* no empty line above */
    CHECK(layout("x\n\n[**Hospital1 18**]\n", "PREAMBLE[2]"));      /* no title */
    CHECK(layout("x\n\n[**Last Name (un) 3", "PREAMBLE[2]"));
    DONE("sections/signatures");

    CHECK(section_class(rules, section_kind(rules, "DISCH_DX", 8)) == 'D' &&
          section_class(rules, section_kind(rules, "FAMILY", 6)) == 'N');
    CHECK(section_class(rules, section_kind(rules, "OTHER", 5)) == '-' && section_kind(rules, "DISCH", 5) == -1);
    DONE("sections/classes");

    CHECK(layout("the patient was sent to the\nService\nof cardiology\n", "PREAMBLE")); /* the tail of a wrapped line */
    CHECK(layout("x\n\nService\nCardiology\n", "PREAMBLE SERVICE"));
    CHECK(layout("x\nDischarge Diagnosis\nCHF\n", "PREAMBLE DISCH_DX"));
    CHECK(layout("  *  Physical   Exam :\n BP\r\n\r\nLabs:\r\nfine\r\n", "PHYSICAL LABS_ADMIT"));
    DONE("sections/layout");

    const char *two = "Service: A\nThe report.\n More of the addendum. \nHPI: x\n";
    struct section_start start = {strstr(two, "More") - two, true};
    CHECK(sections_find(rules, two, strlen(two), &start, 1, PARAGRAPH_BLOCK, &found) == 0 && covers(strlen(two)));
    CHECK(found.n == 3 && found.sec[1].begin == start.at &&
          strcmp(section_name(rules, found.sec[1].kind), "ADDENDUM") == 0);
    start.addendum = false;
    CHECK(sections_find(rules, two, strlen(two), &start, 1, PARAGRAPH_BLOCK, &found) == 0 && covers(strlen(two)));
    CHECK(strcmp(section_name(rules, found.sec[1].kind), "PREAMBLE") == 0);
    start.at = strstr(two, "HPI") - two;
    CHECK(sections_find(rules, two, strlen(two), &start, 1, PARAGRAPH_BLOCK, &found) == 0 && covers(strlen(two)));
    CHECK(found.n == 2 && strcmp(section_name(rules, found.sec[1].kind), "HPI") == 0);
    DONE("sections/parts");

    const char *head = "PMH: HTN\n";
    CHECK(sections_find(rules, head, strlen(head), NULL, 0, PARAGRAPH_BLOCK, &found) == 0);
    CHECK(found.n == 1 && found.sec[0].body == 4);
    CHECK(strcmp(section_name(rules, 9999), "?") == 0);
    DONE("sections/body");

    forms();
    random_bytes();
    rule_files();
    sections_free(&found);
    section_rules_free(rules);
    TEST_EXIT();
}
