/* What a note record has to keep beyond its schema: rec-cat --check. */
#ifndef ICD_NOTE_CHECK_H
#define ICD_NOTE_CHECK_H
#include "lib/stream/stream.h"

/* Spans and parts lie within the text and begin and end between characters; spans share no byte; parts are in order.
 * E_DATA naming field and number. */
int note_check(const msgpack_object *rec);
/* The last entry of a stream's lineage is by who wrote its records, so their digests agree. After STREAM_END. */
bool lineage_fits(const struct stream *s);

#endif
