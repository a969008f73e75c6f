/* lib/linear: TF-IDF by hand, logistic regression where the answer is known. */
#include "lib/linear/logistic.h"
#include "lib/linear/tfidf.h"
#include "tests/test.h"

#include <linear.h>

static void weights(void)
{
    /* train: 7 7 8 | 8 9; another text: 7 9 9 9 5 */
    struct tfidf t = {.ngrams = 1, .least_texts = 1};
    struct bag a, b, c, empty;
    struct feature_node *x;
    CHECK(!tfidf_bag(&t, (uint32_t[]){7, 7, 8}, 3, &a) && !tfidf_bag(&t, (uint32_t[]){8, 9}, 2, &b));
    CHECK(!tfidf_bag(&t, (uint32_t[]){7, 9, 9, 9, 5}, 5, &c) && !tfidf_bag(&t, NULL, 0, &empty));
    CHECK(a.n == 2 && a.count[0] == 2 && a.count[1] == 1 && c.n == 3 && empty.n == 0);
    CHECK(!tfidf_fit(&t, (const struct bag *[]){&a, &b}, 2) && t.n == 3);
    double one = 1 + log(3. / 2), u = one, v = (1 + log(3)) * one, length = sqrt(u * u + v * v);
    CHECK(!tfidf_row(&t, &c, 10, &x));
    CHECK(x[0].index == 1 && x[1].index == 3 && x[2].index == 4 && x[3].index == -1);
    CHECK_NEAR(x[0].value, u / length, 1e-15);
    CHECK_NEAR(x[1].value, v / length, 1e-15);
    CHECK(x[2].value == 10);
    free(x);
    CHECK(!tfidf_row(&t, &empty, 1, &x) && x[0].index == 4 && x[0].value == 1 && x[1].index == -1);
    free(x);
    bag_free(&a), bag_free(&b), bag_free(&c), bag_free(&empty);
    tfidf_free(&t);
    DONE("weights of features");

    struct tfidf pairs = {.ngrams = 2, .least_texts = 2};
    CHECK(!tfidf_bag(&pairs, (uint32_t[]){1, 2, 1, 2}, 4, &a) && !tfidf_bag(&pairs, (uint32_t[]){2, 1}, 2, &b));
    CHECK(a.n == 4 && a.count[0] == 2);                                           /* 1, 12, 2, 21 */
    CHECK(!tfidf_fit(&pairs, (const struct bag *[]){&a, &b}, 2) && pairs.n == 3); /* without 12 */
    bag_free(&a), bag_free(&b);
    tfidf_free(&pairs);
    DONE("runs, and those of few texts");
}

static void count(void *ctx, size_t labels)
{
    *(size_t *)ctx = labels;
}

static void probabilities(void)
{
    /* one constant feature: the probability is the share of positives, as good as unpenalised */
    enum { N = 10, L = 3 };
    struct feature_node row[2] = {{1, 1}, {-1, 0}}, *x[N];
    for (int i = 0; i < N; i++)
        x[i] = row;
    size_t at[L + 1] = {0, 0, 3, 13}, done = 0;
    uint32_t holder[13] = {1, 4, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    float p[2 * L];
    struct logistic g = {x, N, 1, L, at, holder, .penalty = 1e6, .threads = 1, .done = count, .ctx = &done};
    CHECK(!logistic_scores(&g, x, 2, p) && done == L);
    CHECK(p[0] == 0 && p[2] == 1); /* nobody has the first, everybody the last */
    CHECK_NEAR(p[1], 0.3, 1e-4);
    CHECK(p[3] == p[0] && p[4] == p[1] && p[5] == p[2]);
    g.penalty = 1e-6; /* weights cost all: nothing is learnt */
    CHECK(!logistic_scores(&g, x, 1, p));
    CHECK_NEAR(p[1], 0.5, 1e-4);
    g.labels = 0;
    CHECK(!logistic_scores(&g, x, 1, p));
    DONE("probabilities");
}

int main(void)
{
    weights();
    probabilities();
    TEST_EXIT();
}
