/* lib/tensor: views, arenas, parameters. */
#include "kernels/backend.h"
#include "lib/tensor/tensor.h"
#include "lib/util/err.h"
#include "tests/test.h"

static void test_views(void)
{
    real data[2 * 3 * 12];
    for (int i = 0; i < 72; i++)
        data[i] = (real)i;
    struct tensor x = TENSOR(data, DT_REAL, 2, 3, 12);
    CHECK(tensor_contiguous(&x) && tensor_numel(&x) == 72 && x.stride[0] == 36 && x.stride[1] == 12);
    struct tensor s = tensor_slice(&x, 2, 4, 8), h = tensor_heads(&s, 2); /* (2,3,2,4) from column 4 */
    CHECK(!tensor_contiguous(&s) && s.dim[2] == 8);
    CHECK(h.nd == 4 && h.dim[2] == 2 && h.dim[3] == 4);
    const real *p = h.data;
    CHECK(p[1 * h.stride[0] + 2 * h.stride[1] + 1 * h.stride[2] + 3] == (real)(36 + 24 + 4 + 4 + 3));
    struct tensor row = tensor_slice(&x, 0, 1, 1), flat = RESHAPE(&row, 36);
    CHECK(tensor_contiguous(&row) && *(real *)flat.data == 36);
    struct tensor one = tensor_slice(&x, 1, 2, 1); /* (2,1,12): rows apart, so not contiguous */
    CHECK(!tensor_contiguous(&one));
    DONE("views: slice, heads, reshape, contiguity");
}

static void test_arena(const struct backend *be)
{
    for (int i = 0; i < 2; i++) {
        struct arena *a = arena_new(i ? be : NULL);
        size_t grown = 0;
        for (int step = 0; step < 5; step++) {
            char *last = NULL;
            for (size_t n = 1; n < (size_t)5 << 20; n *= 3) {
                char *p = arena_alloc(a, n);
                CHECK(p && (uintptr_t)p % 64 == 0 && p != last);
                memset(p, step, n);
                last = p;
            }
            CHECK(arena_alloc(a, 0));
            if (step == 0)
                grown = arena_grown(a);
            CHECK(arena_grown(a) == grown);
            arena_reset(a);
        }
        CHECK(arena_peak(a) >= (size_t)5 << 20);
        CHECK(!arena_alloc(a, SIZE_MAX) && !arena_alloc(a, SIZE_MAX - 10) && *err_msg());
        arena_free(a);
        DONE(i ? "arena of a backend: grows once" : "arena of the host: grows once");
    }
    arena_free(NULL);
}

static void test_alloc(const struct backend *be)
{
    enum { N = 4 }; /* as many as AdamW walks at once */
    char *p[N];
    for (int i = 0; i < N; i++) {
        size_t n = (size_t)8 << 20;
        p[i] = be->alloc(n);
        CHECK(p[i] && (uintptr_t)p[i] % 64 == 0);
        p[i][0] = p[i][n - 1] = 1;
        for (int j = 0; j < i; j++)
            CHECK((uintptr_t)p[i] % 4096 != (uintptr_t)p[j] % 4096);
    }
    for (int i = 0; i < N; i++)
        be->free(p[i]);
    be->free(NULL);
    CHECK(!be->alloc(SIZE_MAX) && !be->alloc(SIZE_MAX - 63) && *err_msg());
    DONE("buffers of one size start at different places of a page");
}

static void test_params(const struct backend *be)
{
    struct params ps = {0}, other = {0};
    int q = PARAM(&ps, "q", 0.5, true, 300, 20), k = PARAM(&ps, "k", 0.5, true, 100, 20);
    int one = PARAM(&ps, "norm", -1, false, 20), zero = PARAM(&ps, "bias", 0, false, 7);
    CHECK(q == 0 && k == 1 && one == 2 && zero == 3 && ps.numel == 8027);
    CHECK(params_alloc(&ps, be, true) == 0);
    for (int64_t i = 0; i < ps.numel; i++)
        CHECK(ps.grad[i] == 0 && ps.m[i] == 0 && ps.v[i] == 0);
    params_init(&ps, 42);
    double sum = 0, sq = 0;
    const real *v = ps.p[q].x.v.data;
    for (int i = 0; i < 6000; i++) {
        sum += (double)v[i];
        sq += (double)v[i] * (double)v[i];
    }
    CHECK_NEAR(sum / 6000, 0, 0.03);
    CHECK_NEAR(sqrt(sq / 6000), 0.5, 0.03);
    for (int i = 0; i < 20; i++)
        CHECK(((real *)ps.p[one].x.v.data)[i] == 1);
    for (int i = 0; i < 7; i++)
        CHECK(((real *)ps.p[zero].x.v.data)[i] == 0);
    struct var qk = params_join(&ps, q, 2);
    CHECK(qk.v.dim[0] == 400 && qk.v.dim[1] == 20 && qk.v.data == ps.value && qk.g.data == ps.grad &&
          qk.g.dim[0] == 400);
    CHECK((real *)ps.p[k].x.v.data == ps.value + 6000);
    CHECK(params_find(&ps, "norm") == &ps.p[one] && !params_find(&ps, "nor"));

    PARAM(&other, "else", 1, true, 5); /* another order and company: the same values */
    int k2 = PARAM(&other, "k", 0.5, true, 100, 20);
    CHECK(params_alloc(&other, be, false) == 0);
    CHECK(!other.grad && !other.p[k2].x.g.data);
    params_init(&other, 42);
    CHECK(!memcmp(other.p[k2].x.v.data, ps.p[k].x.v.data, 2000 * sizeof(real)));
    params_init(&other, 43);
    CHECK(memcmp(other.p[k2].x.v.data, ps.p[k].x.v.data, 2000 * sizeof(real)));
    params_free(&ps);
    params_free(&other);
    params_free(&other);
    for (int i = 0; i < 200; i++) { /* the table grows */
        char p[16];
        snprintf(p, sizeof p, "p%d", i);
        CHECK(PARAM(&ps, p, 0, false, 3) == i);
    }
    CHECK(params_find(&ps, "p199") && params_find(&ps, "p199")->offset == 597);
    char name[400];
    memset(name, 'x', sizeof name);
    name[399] = 0;
    CHECK(PARAM(&ps, name, 0, false, 3) == -1 && ps.n == 200);
    params_free(&ps);
    DONE("parameters: layout, initial values by name and seed, join");
}

int main(void)
{
    const struct backend *be;
    if (backend_open("cpu", 2, &be))
        return 1;
    test_views();
    test_arena(be);
    test_alloc(be);
    test_params(be);
    TEST_EXIT();
}
