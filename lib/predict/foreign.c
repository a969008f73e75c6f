/* Labels of a model that was trained elsewhere: see foreign.h. */
#include "lib/predict/foreign.h"

#include "lib/kb/code_list.h"
#include "lib/util/err.h"

int foreign_labels(struct model *m, const char *from, const char *dir)
{
    struct code_list list;
    if (m->icd)
        return from ? err_set(E_USAGE, "--labels: %s has its own", dir) : 0;
    if (!from)
        return err_set(E_DATA, "%s: no icd.json, so not trained by icd-train: --labels FILE says which codes it writes",
                       dir);
    json_t *labels = json_array();
    int rc = code_list_load(&list, from), bad = !labels;
    for (size_t i = 0; i < list.set.n && !rc && !bad; i++)
        bad = json_array_append_new(labels, json_string(list.set.code[i]));
    code_list_free(&list);
    m->icd = json_pack("{s:o}", "labels", labels);
    return rc || (!bad && m->icd) ? rc : err_nomem(0);
}
