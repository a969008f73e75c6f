/* What surrounds a note in a model's input: a prompt out of a template file and, in the paper's formats 3 and 4
 * (section 4.4.1), the list of all codes. tokenize writes it, note-sample leaves room for it: both by this. A
 * template is text with {note} where the note goes and {labels} where the list goes; without {note} all of it goes
 * before the note, without {labels} the list goes after the rest. share/prompts has examples. Tests:
 * tests/cli/tokenize.sh. */
#ifndef ICD_PROMPT_H
#define ICD_PROMPT_H
#include <jansson.h>

#include "lib/kb/kb.h"
#include "lib/text/spm.h"

/* The paper's numbers; FORMAT_NONE: targets without text, for label attention alone. */
enum format { FORMAT_NONE, FORMAT_NOTE, FORMAT_DESCRIBED, FORMAT_LABELS, FORMAT_LABELS_DESCRIBED };

/* Codes of the label set, parted by ", ", with " (title)" behind each if `titles`. The set: meta.labels, or every
 * record of the kb. E_DATA when a label has no title. */
int prompt_labels(const struct kb *kb, const json_t *meta, bool titles, struct buf *out);
/* " (title)" of a code; a parenthesis without a partner is left out of it. */
int prompt_title(const struct kb *kb, const char *code, struct buf *out);

struct prompt {                   /* zero it first */
    struct spm_ids before, after; /* of the note; all offsets 0 */
};
/* template: its text, NULL: none; labels: the list, NULL: the format has none. */
int prompt_make(struct prompt *p, const struct spm *s, const char *template, size_t n, const struct buf *labels);
void prompt_free(struct prompt *p);

#endif
