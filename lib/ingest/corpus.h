/* A corpus of one's own, a CSV table or JSON lines, becomes a note stream and, apart from it, a gold stream. Texts are
 * never held: each note is handed on as soon as it was read. Only ids, subjects, splits and codes are, so what is read
 * once may come from a pipe. Drawing splits needs all ids first, and reads the file twice.
 *   corpus_columns.c   which column is what
 *   corpus_codes.c     the codes of a cell or list, and what is odd about them
 *   corpus.c           rows into notes
 *   corpus_draw.c      splits drawn by subject
 *   corpus_read.c      the two kinds of file
 *   corpus_report.c    what there was, for people
 * Tests: tests/cli/rec-cat-import.sh, tests/unit/corpus.c, tests/unit/draw.c. */
#ifndef ICD_CORPUS_H
#define ICD_CORPUS_H
#include "lib/ingest/csv.h"
#include "lib/stream/stream.h"
#include "lib/util/names.h"
#include "lib/util/opt.h"

enum corpus_column { CORPUS_ID, CORPUS_TEXT, CORPUS_CODES, CORPUS_SPLIT, CORPUS_SUBJECT, CORPUS_COLUMNS };
extern const char *const corpus_role[CORPUS_COLUMNS];

enum corpus_split { CORPUS_NONE, CORPUS_TRAIN, CORPUS_DEV, CORPUS_TEST, CORPUS_SPLITS };
extern const char *const corpus_split_name[CORPUS_SPLITS]; /* "", "train", "dev", "test" */

/* ---- columns ---- */
struct corpus_columns {
    char *name[CORPUS_COLUMNS];  /* of the file; NULL: not known yet, or there is none */
    bool given[CORPUS_COLUMNS];  /* by the user */
    bool numbered;               /* id=#: the number of the row */
    bool wanted[CORPUS_COLUMNS]; /* without it there is an error */
    bool unused[CORPUS_COLUMNS]; /* not looked for */
};
/* "id=NAME,text=NAME,..."; NULL: everything is guessed. E_USAGE. */
int corpus_columns_parse(struct corpus_columns *c, const char *spec);
/* Names, n of them, -> place[i], the role of name i, -1 for none. E_DATA: a wanted one is not there. `word` is what the
 * file has, "column" or "field". */
int corpus_columns_choose(struct corpus_columns *c, const char *word, const struct cell *name, int n, int *place);
/* Is it a name that labels of notes usually have? */
bool corpus_names_codes(const char *name);
void corpus_columns_free(struct corpus_columns *c);

/* ---- splits ---- */
/* The split of a name, "" CORPUS_NONE. `map`: "FROM=TO" each. E_DATA lists the three and says how to map a synonym. */
int corpus_split_of(const char *p, size_t n, const struct opt_list *map, enum corpus_split *split);
int corpus_split_check_map(const struct opt_list *map); /* E_USAGE */

/* What is to be drawn: groups (subjects) of notes. Zero it; the arrays are the caller's. */
struct draw {
    double share[CORPUS_SPLITS]; /* of train, dev, test; of any sum */
    uint64_t seed;
    size_t groups, labels;
    const uint32_t *notes;  /* (groups) */
    const uint64_t *begin;  /* (groups+1) of each group's part of label and count; NULL: not stratified */
    const uint32_t *label, *count; /* a label of the group and how many of its notes have it */
    uint8_t *split;         /* (groups): the result */
};
int draw_parse(struct draw *d, const char *spec); /* "70,10,20"; E_USAGE */
/* Plain: groups in an order by chance, cut where the shares of the notes are. Stratified: iterative stratification
 * (Sechidis, Tsoumakas and Vlahavas 2011, figure 1), a group being an example with as many votes as it has notes. */
int draw_groups(const struct draw *d);

/* ---- the corpus ---- */
struct corpus_opts {
    bool text, codes;     /* which streams are made */
    char delimiter;       /* CSV: as csv_want */
    bool no_quotes;
    const struct opt_list *map_split;
    const char *draw;     /* NULL: none */
    uint64_t seed;
    bool stratify;
};
struct corpus_note {
    uint64_t hash;           /* of the text */
    uint32_t first, last;    /* codes: places in corpus.link, NO_PLACE: none */
    uint32_t subject;        /* in corpus.subjects, or NO_PLACE */
    uint8_t split;
    bool has_text, written;
};
#define NO_PLACE UINT32_MAX

struct corpus_counts {
    uint64_t rows, joined;   /* joined: rows of an id that was there already */
    uint64_t no_text, no_text_row, no_split, no_codes;
    uint64_t repeated, trimmed, nulls;
    uint64_t left_out;       /* columns */
};
struct corpus {
    const struct corpus_opts *opts;
    struct corpus_columns columns;
    const char *file, *row_word, *column_word; /* for messages: "row" or "line", "column" or "field" */
    struct names ids, subjects, codes, nulls;
    struct corpus_note *note; /* by the number of its id */
    size_t cap;
    struct corpus_link {
        uint32_t code, next;
    } *link;
    size_t links, link_cap;
    struct corpus_counts counts;
    bool again;               /* the second reading: notes are known and only handed on */
    int (*emit)(void *ctx, const char *body, size_t n); /* a note record; NULL: none are handed on */
    void (*tick)(void *ctx, uint64_t row);
    void *ctx;
    msgpack_sbuffer sb;
};
/* A row of the file. An absent cell has p NULL. */
struct corpus_row {
    struct cell cell[CORPUS_COLUMNS];
    const json_t *list;          /* codes as a JSON array, or NULL */
    const json_t *parts, *spans; /* of a note, handed on; or NULL */
    uint64_t number;
};
void corpus_open(struct corpus *c, const struct corpus_opts *opts);
/* E_DATA "column NAME: ..."; the caller puts file and row before it. */
int corpus_row(struct corpus *c, const struct corpus_row *row);
/* path NULL: standard input. */
int corpus_read_csv(struct corpus *c, const char *path);
int corpus_read_json(struct corpus *c, const char *path);
/* After the first reading: sets the splits of all notes. */
int corpus_draw(struct corpus *c);
/* Gold: its meta (new reference) and its records, in the order in which ids came. E_DATA: there is no code at all. */
int corpus_gold_meta(const struct corpus *c, json_t **meta);
int corpus_gold(struct corpus *c, int (*emit)(void *ctx, const char *body, size_t n));
bool corpus_keeps(const struct corpus *c, uint32_t note); /* it has a text, or none was asked for */
/* One line each: what there was, what is odd. */
void corpus_report(struct corpus *c, void (*say)(void *ctx, bool warning, const char *line));
void corpus_close(struct corpus *c);

/* corpus_codes.c: codes of a cell or a JSON array to a note. */
int corpus_cell_codes(struct corpus *c, uint32_t note, const char *p, size_t n);
int corpus_list_codes(struct corpus *c, uint32_t note, const json_t *list);

#endif
