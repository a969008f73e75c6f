/* Tables in an answer: columns or rows named by the three headings, or a table under one.
 * Tests: tests/unit/answer.c. */
#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* The next cell of "| a | b |"; false at the end. */
static bool next_cell(struct slice *row, struct slice *cell)
{
    if (!row->n)
        return false;
    const char *bar = memchr(row->p, '|', row->n);
    size_t n = bar ? (size_t)(bar - row->p) : row->n, used = bar ? n + 1 : n;
    *cell = slice_plain((struct slice){row->p, n});
    *row = (struct slice){row->p + used, row->n - used};
    return true;
}

int answer_row(struct answer *a, struct slice row)
{
    struct slice cell, rest;
    size_t named = 0, cells = 0;
    row = slice_trim((struct slice){row.p + 1, row.n - 1});
    /* a row of headings names the columns */
    for (rest = row; next_cell(&rest, &cell); cells++) {
        int type = heading_type(cell);
        if (cells < 3 && type >= 0 && slice_words(cell) <= 4) {
            a->column[cells] = (enum kb_type)type;
            named++;
        }
    }
    if (named && named == cells) {
        a->columns = cells;
        a->in = true;
        return 0;
    }
    bool head = a->next.n > 1 && *a->next.p == '|' && strchr("-: ", a->next.p[1]) && !slice_worded(a->next);
    rest = row;
    if (named == 1 && cells == 2 && !head && (!a->in || a->by_row) && next_cell(&rest, &cell) &&
        heading_type(cell) >= 0) { /* "| Synonyms | a, b |" */
        enum kb_type type = (enum kb_type)heading_type(cell);
        a->by_row = a->in = true;
        return next_cell(&rest, &cell) ? answer_entry(a, type, cell, true) : 0;
    }
    if (head && !a->in)
        return answer_talk(a, "a table's head");
    if (named && cells > named && a->in) /* "| Abbreviation | Meaning |" over the rows of a section */
        return answer_talk(a, "a table's head");
    if (!a->in || a->other)
        return slice_worded(row) ? answer_lost(a, "a table under none of the three headings") : 0;
    /* a row of entries */
    cells = 0;
    for (rest = row; next_cell(&rest, &cell); cells++) {
        if (!slice_worded(cell))
            continue;
        if (a->columns && cells < a->columns)
            TRY(answer_entry(a, a->column[cells], cell, false));
        else if (cells == 0)
            TRY(answer_entry(a, a->section, cell, false));
        else if (cells == 1 && a->section == KB_ABBREVIATION)
            TRY(answer_entry(a, KB_TERM, cell, false));
        else
            TRY(answer_talk(a, "a further column"));
    }
    return 0;
}
