/* Histories and lineages of several inputs into one. */
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "tests/test.h"

static bool merges(const char *a, const char *b, const char *want, int last_a, int last_b)
{
    json_t *x = json_loads(a, 0, NULL), *y = json_loads(b, 0, NULL), *w = json_loads(want, 0, NULL);
    const json_t *h[] = {x, y};
    int last[2];
    json_t *m = history_merge_at(h, 2, last), *n = history_merge(h, 2);
    bool good = m && w && json_equal(m, w) && json_equal(n, w) && last[0] == last_a && last[1] == last_b;
    if (!good) {
        char *t = json_dumps(m, JSON_COMPACT);
        fprintf(stderr, "%s %d %d\n", t, last[0], last[1]);
        free(t);
    }
    json_decref(x);
    json_decref(y);
    json_decref(w);
    json_decref(m);
    json_decref(n);
    return good;
}

static int header(const char *text)
{
    const struct schema *s;
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    int rc = j ? header_check(j, &s) : -1;
    json_decref(j);
    return rc;
}

int main(void)
{
    CHECK(merges("[]", "[]", "[]", -1, -1));
    CHECK(merges("[{\"tool\":\"a\",\"from\":[]}]", "[]", "[{\"tool\":\"a\",\"from\":[]}]", 0, -1));
    CHECK(merges("[{\"tool\":\"a\",\"from\":[]},{\"tool\":\"b\",\"from\":[0]}]",
                 "[{\"tool\":\"c\",\"from\":[]},{\"tool\":\"d\",\"from\":[0]}]",
                 "[{\"tool\":\"a\",\"from\":[]},{\"tool\":\"b\",\"from\":[0]},{\"tool\":\"c\",\"from\":[]},{\"tool\":"
                 "\"d\",\"from\":[2]}]",
                 1, 3));
    DONE("one behind the other");
    /* a common ancestor stands once, and what came from it points to it */
    CHECK(merges("[{\"tool\":\"a\",\"from\":[]},{\"tool\":\"b\",\"from\":[0]}]",
                 "[{\"tool\":\"z\",\"from\":[]},{\"tool\":\"a\",\"from\":[]},{\"tool\":\"c\",\"from\":[1,0]}]",
                 "[{\"tool\":\"a\",\"from\":[]},{\"tool\":\"b\",\"from\":[0]},{\"tool\":\"z\",\"from\":[]},{\"tool\":"
                 "\"c\",\"from\":[0,2]}]",
                 1, 3));
    CHECK(merges("[{\"tool\":\"a\",\"from\":[]}]", "[{\"tool\":\"a\",\"from\":[]}]", "[{\"tool\":\"a\",\"from\":[]}]",
                 0, 0));
    CHECK(merges(
        "[{\"tool\":\"a\",\"options\":{\"x\":1},\"from\":[]}]", "[{\"tool\":\"a\",\"options\":{\"x\":2},\"from\":[]}]",
        "[{\"tool\":\"a\",\"options\":{\"x\":1},\"from\":[]},{\"tool\":\"a\",\"options\":{\"x\":2},\"from\":[]}]", 0,
        1));
    DONE("common ancestors");

    /* notes 0, their tokens 2 of a sample 1, targets 3, a model's predictions 4, selected 5 */
    json_t *h = json_loads(
        "[{\"tool\":\"r\"},{\"tool\":\"s\",\"from\":[0]},{\"tool\":\"t\",\"options\":{\"n\":7},\"from\":"
        "[0,1]},{\"tool\":\"t\",\"from\":[0]},{\"tool\":\"m\",\"from\":[2,3]},{\"tool\":\"r\",\"from\":[4]}]",
        0, NULL);
    CHECK(history_stage(h, -1, "t") == 2 && history_stage(h, -1, "r") == 5 && history_stage(h, 2, "s") == 1);
    CHECK(history_stage(h, 3, "s") == -1 && history_stage(h, -1, "x") == -1 && history_stage(NULL, -1, "t") == -1);
    CHECK(json_integer_value(history_option(h, 2, "n")) == 7 && !history_option(h, 3, "n") &&
          !history_option(h, -1, "n"));
    json_decref(h);
    DONE("the nearest run of a tool");

    json_t *a = json_loads("[{\"tool\":\"a\"},{\"tool\":\"b\"}]", 0, NULL),
           *b = json_loads("[{\"tool\":\"b\"},{\"tool\":\"c\"}]", 0, NULL);
    const json_t *l[] = {a, b};
    json_t *m = lineage_merge(l, 2), *w = json_loads("[{\"tool\":\"a\"},{\"tool\":\"b\"},{\"tool\":\"c\"}]", 0, NULL);
    CHECK(json_equal(m, w));
    json_decref(a);
    json_decref(b);
    json_decref(m);
    json_decref(w);
    DONE("lineage");

#define H "{\"format\":\"icds\",\"version\":1,\"schema\":\"note\""
    CHECK(header(H "}") == 0 &&
          header(H ",\"meta\":{},\"history\":[{\"tool\":\"a\"},{\"tool\":\"b\",\"from\":[0]}],\"oracle\":true}") == 0);
    CHECK(header("{}") == E_DATA && header("[]") == E_DATA &&
          header("{\"format\":\"x\",\"version\":1,\"schema\":\"note\"}") == E_DATA);
    CHECK(header("{\"format\":\"icds\",\"version\":2,\"schema\":\"note\"}") == E_DATA);
    CHECK(header("{\"format\":\"icds\",\"version\":1,\"schema\":\"x\"}") == E_DATA &&
          header("{\"format\":\"icds\",\"version\":1}") == E_DATA);
    CHECK(header(H ",\"meta\":[]}") == E_DATA && header(H ",\"oracle\":1}") == E_DATA &&
          header(H ",\"history\":{}}") == E_DATA);
    CHECK(header(H ",\"history\":[1]}") == E_DATA &&
          header(H ",\"history\":[{\"tool\":\"a\",\"from\":[0]}]}") == E_DATA);
    CHECK(header(H ",\"history\":[{\"tool\":\"a\",\"from\":[-1]}]}") == E_DATA &&
          header(H ",\"history\":[{\"tool\":\"a\",\"from\":0}]}") == E_DATA);
    DONE("headers");
    TEST_EXIT();
}
