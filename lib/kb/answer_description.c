/* Descriptions as in the paper's Figure 4. Tests: tests/unit/answer.c, answer_thoughts.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* A line of a description into out, without marks. */
static int add_line(struct buf *out, struct slice s, bool bullet)
{
    while (out->n && out->p[out->n - 1] == ' ')
        out->n--;
    if (out->n) {
        unsigned char last = (unsigned char)out->p[out->n - 1];
        TRY(buf_str(out, bullet && (isalnum(last) || last == ')') ? "; " : " "));
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (s.n - i >= 2 && (!memcmp(s.p + i, "**", 2) || !memcmp(s.p + i, "__", 2))) {
            i++;
            continue;
        }
        if (c == '`')
            continue;
        if (c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0) { /* a control character of two bytes */
            i++;
            c = ' ';
        }
        if (c < ' ' || c == 0x7f)
            c = ' ';
        if (c == ' ' && out->n && out->p[out->n - 1] == ' ')
            continue;
        TRY(buf_add(out, &c, 1));
    }
    return 0;
}

/* Behind "Description:" or "A.", and without "#": the line itself. */
static struct slice unhead(struct slice s)
{
    static const char *const heads[] = {"detailed description", "code description", "description", "answer",
                                        "definition"};
    bool sharp = s.n && *s.p == '#';
    while (s.n && *s.p == '#')
        s = slice_trim((struct slice){s.p + 1, s.n - 1});
    if (slice_begins(s, "A.") || slice_begins(s, "A:"))
        s = slice_trim((struct slice){s.p + 2, s.n - 2});
    struct slice t = s;
    while (t.n && *t.p == '*')
        t = (struct slice){t.p + 1, t.n - 1};
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
        if (!slice_begins(t, heads[k]))
            continue;
        const char *colon = memchr(t.p, ':', t.n);
        if (colon && (size_t)(colon - t.p) <= 80) {
            t = slice_trim((struct slice){colon + 1, (size_t)(t.p + t.n - colon) - 1});
            while (t.n && *t.p == '*') /* "**Description:** text" */
                t = slice_trim((struct slice){t.p + 1, t.n - 1});
            return t;
        }
        if (sharp || slice_words(t) <= 2)
            return (struct slice){t.p, 0};
    }
    return s;
}

int answer_description(struct answer *a, struct slice text)
{
    struct buf out = {0};
    struct heading h;
    size_t lists = 0;
    bool bullet, talk = false, counted = true, thoughts;
    int rc = 0;
    if (answer_refuses(text))
        return answer_lost(a, "a refusal");
    for (const char *p = text.p, *end = text.p + text.n; p < end && !rc;) {
        a->line += counted;
        struct slice s = answer_line(p, end, &counted);
        p += s.n + 1;
        s = slice_trim(s);
        /* lines that are passed over */
        if (s.n > ANSWER_LINE_MAX) {
            rc = answer_lost(a, "a line that is too long");
            continue;
        }
        talk &= s.n > 0;
        bool headed = slice_worded(s) && heading_of(s, &h);
        if ((rc = answer_thoughts(a, s, headed ? &h : NULL, &thoughts)) || thoughts || !slice_worded(s) ||
            answer_fence(s))
            continue;
        if (answer_is_monologue(s)) {
            answer_refuse(a, "thinks aloud, and where that ends is unclear");
            continue;
        }
        /* a heading or the question */
        bool sharp = *s.p == '#', sentence = memchr(".!?", s.p[s.n - 1], 3) != NULL;
        s = unhead(s);
        struct slice plain = slice_plain(s);
        if (!plain.n)
            continue;
        if (slice_words(plain) <= 6 && heading_type(plain) >= 0 && plain.p[plain.n - 1] == ':')
            lists++;
        if (answer_is_question(s) || slice_begins(plain, a->code) ||
            ((sharp || plain.p != s.p) && !sentence && slice_words(plain) <= 12)) {
            rc = answer_talk(a, "a heading or the question");
            continue;
        }
        /* Words to the reader come before the description and end in a colon, or they come after it. */
        bool behind = out.n && !slice_begins(s, "this") && !slice_begins(s, "it");
        if (talk || (answer_is_talk(s) && (behind || (!out.n && s.p[s.n - 1] == ':')))) {
            talk = true;
            rc = answer_talk(a, "words to the reader");
            continue;
        }
        s = answer_unbullet(s, &bullet);
        rc = add_line(&out, s, bullet);
    }
    /* the whole of it */
    a->line = 0;
    struct slice d = slice_trim((struct slice){out.p, out.n});
    d.n = d.n ? answer_closing(d) : 0;
    if (rc) {
        buf_free(&out);
        return rc;
    }
    if (lists > 1)
        rc = answer_lost(a, "lists of expressions, not a description");
    else if (d.n && (slice_words(d) < 4 || d.n > DESCRIPTION_MAX))
        rc = answer_lost(a, slice_words(d) < 4 ? "too short for a description" : "too long for a description");
    else if (d.n && answer_is_none(d))
        rc = answer_lost(a, "says that there is none");
    else if (memmem(d.p ? d.p : "", d.n, "\xEF\xBF\xBD", 3))
        rc = answer_lost(a, "not UTF-8");
    else if (d.n)
        rc = answer_term(a, KB_DESCRIPTION, d.p, d.n);
    buf_free(&out);
    return rc;
}
