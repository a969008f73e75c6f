/* Predictions in text, as other systems publish them (man/icd-score.1, Plain predictions). A byte order mark, blank
 * lines, blanks around a field and any line end (LF, CRLF, CR) are fine. Messages name line and field.
 * Tests: tests/cli/icd-score-plain.sh. */
#ifndef ICD_METRIC_PLAIN_H
#define ICD_METRIC_PLAIN_H
#include "lib/metric/preds.h"

/* Whether a file is one: a regular file that begins as text does, which no stream does. */
bool plain_is(const char *path);
/* Reads a whole file into p (opened). */
int plain_read(struct preds *p, const char *path);

/* ---- what its forms share ---- */
struct plain_lines {
    char *at;        /* what is left of the text, changed on the way; a NUL is its end */
    uint64_t number; /* of the line returned */
};
/* The next line that is not blank, without blanks at its ends; NULL past the last. */
char *plain_line(struct plain_lines *l);
/* Ends the field at *at and returns it without blanks at its ends; *at moves behind it, NULL after the last. Where by
 * is a comma, a field in double quotes may hold commas and doubled quotes. */
char *plain_field(char **at, char by);
/* Adds the code to d->code, which has room for it. Numbers are of fields, for messages. */
int plain_code(struct preds *p, struct pred *d, const char *code, unsigned number, uint32_t *n);
int plain_number(const char *text, unsigned number, double *v);
/* A row of scores, none listed so far. */
int plain_scores(const struct preds *p, struct pred *d);
int plain_table(struct preds *p, char *text);
int plain_json(struct preds *p, const char *text, size_t n);

#endif
