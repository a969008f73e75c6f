/* A source read ahead: a thread of its own decompresses into a ring of a few large buffers while the caller parses.
 * Tests: tests/unit/source.c. */
#ifndef ICD_FEED_H
#define ICD_FEED_H
#include "lib/ingest/source.h"
#include <stdbool.h>

struct feed;
/* The source stays the caller's and must not be touched before feed_close. `thread` false: no thread, no reading
 * ahead. */
int feed_open(struct feed **f, struct source *s, bool thread);
/* The next bytes, borrowed until the next call; *n = 0 is the end. The source's error when its turn comes. */
int feed_next(struct feed *f, const char **p, size_t *n);
void feed_close(struct feed *f); /* at any time; waits for the thread */

#endif
