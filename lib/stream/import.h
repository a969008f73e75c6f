/* JSON lines into a stream: how any corpus enters (rec-cat --from-json). */
#ifndef ICD_IMPORT_H
#define ICD_IMPORT_H
#include "lib/stream/stream.h"
#include "lib/util/buf.h"

/* A set of strings that grows; zero it, free it with id_set_free. */
struct id_set {
    struct buf text;    /* the ids, each behind its length */
    uint64_t *slot;     /* offset in text + 1; 0: free */
    uint64_t used, cap; /* cap is a power of two */
};
/* 0: new and now in it, 1: was there already, E_NOMEM. */
int id_set_add(struct id_set *s, const char *id, size_t n);
void id_set_free(struct id_set *s);

struct import {
    int fd;
    const char *name; /* for messages */
    struct buf in;    /* read and not yet used: from `at` on */
    size_t at;
    bool eof;
    uint64_t number; /* of the present line, from 1 */
    const struct schema *schema;
    bool unique_ids;
    struct id_set ids;
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
int import_record(struct import *im, const json_t *j);
/* Gold records from `first` (its reference is taken) to the end: held back until all their codes, which become
 * meta.labels, are known. */
int import_gold(struct import *im, json_t *first, json_t *meta);
void import_close(struct import *im);

#endif
