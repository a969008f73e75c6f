/* Inside of sections.c: a note's text as it would be with plain line ends and blanks, and the way back to its bytes.
 * Notes come through many hands: lines that end in CR, NEL or U+2028 or in a written-out "\n", no-break and zero-width
 * blanks, a byte order mark, full-width colons, Markdown's marks around a header. The rules of sections.c are for none
 * of these. Tests: tests/unit/sections.c. */
#ifndef ICD_LF_H
#define ICD_LF_H
#include <stddef.h>
#include <stdint.h>

/* From plain byte `at` on, bytes of the two texts are beside each other: byte `at` is raw byte `raw`. What is before it
 * ends at raw byte `end`; between the two is what was dropped. */
struct lf_shift {
    size_t at, end, raw;
};
struct lf_text { /* zero it once; reused from note to note */
    const char *p; /* the text itself where it is plain already */
    size_t n;
    struct lf_shift *shift; /* ascends; none: same bytes */
    size_t shifts;
    /* private */
    char *own;
    size_t own_cap, shift_cap;
};
/* `text` must outlive `out`. E_NOMEM. */
int lf_form(const char *text, size_t n, struct lf_text *out);
size_t lf_end_of(const struct lf_text *t, size_t at);    /* raw end of all that is before plain byte `at` <= n */
size_t lf_begin_of(const struct lf_text *t, size_t at);  /* where plain byte `at` is, behind what was dropped */
size_t lf_from_raw(const struct lf_text *t, size_t raw); /* the first plain byte that is not before raw byte `raw` */
void lf_free(struct lf_text *t);

#endif
