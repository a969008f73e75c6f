/* Error messages: set, context, per thread. */
#include "lib/util/err.h"
#include "tests/test.h"
#include <pthread.h>

static void *other(void *arg)
{
    *(int *)arg = err_msg()[0] == 0 && err_set(E_IO, "other") == E_IO;
    return NULL;
}

static int fails(int code)
{
    return code ? err_set(code, "cause %d", code) : 0;
}

static int tries(int code)
{
    TRY(fails(code));
    return 0;
}

static int cleans_up(int code, int *cleaned)
{
    int rc;
    TRY_GOTO(rc, out, fails(code));
out:
    ++*cleaned;
    return rc;
}

int main(void)
{
    CHECK(err_msg()[0] == 0);
    CHECK(err_set(E_DATA, "field %s", "text") == E_DATA);
    CHECK(strcmp(err_msg(), "field text") == 0);
    CHECK(err_ctx(E_DATA, "record %d", 7) == E_DATA);
    CHECK(strcmp(err_msg(), "record 7: field text") == 0);
    err_set(E_DATA, "again: %s", err_msg()); /* its own message as an argument */
    CHECK(strcmp(err_msg(), "again: record 7: field text") == 0);
    DONE("set and context");

    char longer[5000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    err_set(E_IO, "%s", longer);
    size_t n = strlen(err_msg());
    CHECK(n > 1000 && n < sizeof longer);
    err_ctx(E_IO, "%s", longer);
    CHECK(strlen(err_msg()) == n);
    DONE("too long is cut");

    CHECK(err_nomem(12) == E_NOMEM && strstr(err_msg(), "12 bytes"));
    char *copy = err_take();
    CHECK(copy && strcmp(copy, err_msg()) == 0);
    free(copy);
    DONE("memory and a copy");

    pthread_t t;
    int good = 0;
    err_set(E_DATA, "mine");
    pthread_create(&t, NULL, other, &good);
    pthread_join(t, NULL);
    CHECK(good && strcmp(err_msg(), "mine") == 0);
    DONE("one message a thread");

    int cleaned = 0;
    CHECK(tries(0) == 0 && tries(E_DATA) == E_DATA);
    CHECK(cleans_up(E_IO, &cleaned) == E_IO && cleans_up(0, &cleaned) == 0 && cleaned == 2);
    DONE("TRY and TRY_GOTO");
    TEST_EXIT();
}
