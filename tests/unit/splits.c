/* lib/ingest/splits. */
#include "lib/ingest/splits.h"
#include "lib/util/err.h"
#include "tests/test.h"
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-splits.XXXXXX";
static void write_list(const char *split, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s_50_hadm_ids.csv", dir, split);
    if (!text) {
        unlink(path);
        return;
    }
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}
static int load(const char *train, const char *dev, const char *test, struct splits *s)
{
    write_list("train", train);
    write_list("dev", dev);
    write_list("test", test);
    return splits_load(s, dir, "50", NULL, NULL);
}
static int count_file(void *ctx, const char *path)
{
    ++*(int *)ctx;
    return 0;
}
int main(void)
{
    setenv("ICDPIPE_SHARE", "share", 0); /* tests/run stands in the root of the tree */
    struct splits s;
    if (!mkdtemp(dir))
        return 1;
    CHECK(!load("30\n10\r\n10\n\n", "20", "7\n99999999999\n", &s));
    CHECK(s.n == 5 && s.count[0] == 2 && s.count[1] == 1 && s.count[2] == 2);
    CHECK(splits_find(&s, 10) == 1 && s.v[1].split == SPLIT_TRAIN);
    CHECK(splits_find(&s, 99999999999) == 4 && s.v[4].split == SPLIT_TEST);
    CHECK(splits_find(&s, 11) == -1);
    splits_free(&s);
    DONE("lists: CRLF, blank lines, an id twice in one list");

    CHECK(load("1\n2\n", "2\n", "3\n", &s) == E_DATA &&
          strstr(err_msg(), "admission 2 is in two lists: train_50 and dev_50"));
    splits_free(&s);
    CHECK(load("1\nx\n", "2\n", "3\n", &s) == E_DATA && strstr(err_msg(), "train_50_hadm_ids.csv: line 2"));
    splits_free(&s);
    CHECK(load("1\n", "\n", "3\n", &s) == E_DATA && strstr(err_msg(), "dev_50_hadm_ids.csv: empty list"));
    splits_free(&s);
    CHECK(load("1\n", "2\n", NULL, &s) == E_NOINPUT && strstr(err_msg(), "test_50_hadm_ids.csv"));
    splits_free(&s);
    DONE("id in two lists, no number, empty, missing");
    load(NULL, NULL, NULL, &s);
    splits_free(&s);
    rmdir(dir);

    const char *share = getenv("ICDPIPE_SHARE");
    char caml[512];
    snprintf(caml, sizeof caml, "%s/caml", share ? share : "share");
    int files = 0;
    CHECK(!splits_load(&s, caml, "50", count_file, &files) && files == 3);
    CHECK(s.count[0] == 8066 && s.count[1] == 1573 && s.count[2] == 1729);
    splits_free(&s);
    CHECK(!splits_load(&s, caml, "full", NULL, NULL));
    CHECK(s.count[0] == 47723 && s.count[1] == 1631 && s.count[2] == 3372);
    splits_free(&s);
    DONE("the bundled lists have their published sizes");

    TEST_EXIT();
}
