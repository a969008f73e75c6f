/* Tests in C: a program prints one line a case, "ok NAME" or "not ok NAME: why" (or "skip NAME: why"), and
 * tests/run counts them. A program that crashes, or prints no case at all, counts as failed. */
#ifndef ICD_TEST_H
#define ICD_TEST_H
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_failed_;
static int test_bad_ __attribute__((unused)); /* not every test uses CHECK */
static inline void test_case(const char *name, bool ok)
{
    printf("%s %s\n", ok ? "ok" : "not ok", name);
    fflush(stdout);
    test_failed_ += !ok;
}
/* Many checks under one case name: CHECK(...) any number of times, then DONE("name"). */
#define CHECK(c)                                                                   \
    do {                                                                           \
        if (!(c)) {                                                                \
            test_bad_++;                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #c);      \
        }                                                                          \
    } while (0)
/* NaN fails: written as !(diff <= tol). */
#define CHECK_NEAR(a, b, tol)                                                      \
    do {                                                                           \
        double a_ = (double)(a), b_ = (double)(b);                                 \
        if (!(fabs(a_ - b_) <= (tol))) {                                           \
            test_bad_++;                                                           \
            fprintf(stderr, "%s:%d: %s = %.17g, %s = %.17g, apart more than %g\n", \
                    __FILE__, __LINE__, #a, a_, #b, b_, (double)(tol));            \
        }                                                                          \
    } while (0)
#define DONE(name)                         \
    do {                                   \
        test_case(name, test_bad_ == 0);   \
        test_bad_ = 0;                     \
    } while (0)
#define TEST_EXIT() return test_failed_ ? 1 : 0
#endif
