/* Records and headers as text for people: rec-cat --text and --head. */
#ifndef ICD_SHOW_H
#define ICD_SHOW_H
#include "lib/stream/stream.h"
#include "lib/util/buf.h"

/* The bare text of a note record (only its spans if it was sampled) or of a kb record, each piece on its own lines. */
int show_text(struct buf *b, const struct schema *schema, const msgpack_object *rec);
/* Schema, oracle, meta and history, with long arrays cut short. */
int show_header(struct buf *b, const struct stream *s);

#endif
