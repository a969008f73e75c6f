/* Is each code of a list one that is billed, of the version the list is of? What is odd is counted, with the first
 * examples; nothing is refused, since corpora have obsolete codes and some are coded by category. Tests:
 * tests/cli/kb-build-icd10.sh. */
#ifndef ICD_CODE_CHECK_H
#define ICD_CODE_CHECK_H
#include "lib/kb/code_list.h"
#include "lib/kb/titles.h"

enum code_oddity {
    ODD_SHAPE,    /* has the shape of no ICD code */
    ODD_VERSION,  /* a code of the other version */
    ODD_CATEGORY, /* too general to be billed: there are codes below it */
    ODD_UNKNOWN,  /* in no table of titles */
    ODD_UNTITLED, /* neither it nor its parents are: it has no title (may be another oddity as well) */
    ODD_KINDS
};
enum { ODD_SHOWN = 3 };
struct code_check {
    struct {
        size_t n;
        const char *first[ODD_SHOWN]; /* borrowed from the list */
    } odd[ODD_KINDS];
};
/* `t` is all there is on the list's version; the other version's shipped titles are read where a code asks for it.
 * Codes of the other version are barred from t. */
int code_check(struct code_check *c, const struct code_list *l, struct titles *t);
/* "3 codes are categories, ...: 250, 250.0, 401": a sentence to *out, where there is any of the kind. E_NOMEM. */
int code_check_say(const struct code_check *c, enum code_oddity kind, int icd, struct buf *out);

/* Which version a list is of: 9 or 10, and the reason in words. By the codes' shapes; where these do not tell, by the
 * version that has titles for more of them. E_USAGE when neither tells. Without any ICD code 9, and no reason. */
int code_check_version(const struct code_list *l, int *icd, struct buf *reason);

/* Are the list's ICD-10 diagnoses written with their dots, so that b030 is the beginning of a procedure? So it is where
 * a code has a dot, and where procedures are there but no diagnosis that shows the opposite (E119). */
bool code_check_dotted(const struct code_list *l);

#endif
