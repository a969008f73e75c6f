/* JSON lines into a stream: how any corpus enters (rec-cat --from-json). */
#ifndef ICD_IMPORT_H
#define ICD_IMPORT_H
#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/names.h"
#include "lib/util/text_file.h"

struct import {
    struct lines in;
    const struct schema *schema;
    bool unique_ids;
    int (*judge)(void *ctx, json_t *record); /* before a record is taken: may change or refuse it; NULL: none */
    void *judge_ctx;
    struct names ids;
    msgpack_sbuffer sb;
    msgpack_unpacked rec; /* the record, checked; borrowed until the next line */
    struct buf held;      /* import_gold's records, packed, one behind the other */
    size_t *held_end, n_held;
};
/* path NULL or "-": standard input. E_NOINPUT. */
int import_open(struct import *im, const char *path);
/* The next line that is not blank as JSON (new reference), NULL at the end. E_DATA, also for a line over RECORD_MAX. */
int import_json(struct import *im, json_t **j);
/* `j` as a record of im->schema in im->rec and im->sb. */
int import_record(struct import *im, json_t *j);
/* Gold records from `first` (its reference is taken) to the end: held back until all their codes, which become
 * meta.labels, are known. */
int import_gold(struct import *im, json_t *first, json_t *meta);
void import_close(struct import *im);

#endif
