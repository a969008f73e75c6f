/* Philox against the known answers its authors publish with it (philox4x32, 10 rounds), and what is built on it. */
#include "lib/util/rng.h"
#include "tests/test.h"

static bool answers(const uint32_t c[4], const uint32_t k[2], const uint32_t want[4])
{
    struct philox p = philox4x32((uint64_t)k[1] << 32 | k[0], (uint64_t)c[3] << 32 | c[2], (uint64_t)c[1] << 32 | c[0]);
    return memcmp(p.v, want, sizeof p.v) == 0;
}

int main(void)
{
    static const uint32_t zero[4], ones[4] = {~0u, ~0u, ~0u, ~0u};
    test_case("known answer: zeros",
              answers(zero, zero, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    test_case("known answer: ones", answers(ones, ones, (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    test_case("known answer: digits of pi", answers((uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                                                    (uint32_t[]){0xa4093822, 0x299f31d0},
                                                    (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));

    struct rng a = rng_new(1, 2), b = a, c = rng_new(1, 3);
    uint64_t x = rng_u64(&a);
    CHECK(x == rng_u64(&b) && x != rng_u64(&c) && rng_u64(&a) != x);
    CHECK(philox_unit(0) == 0 && philox_unit(~0u) < 1);
    DONE("copies go on alike, streams differ");

    double sum = 0, square = 0, normal = 0, normal2 = 0;
    enum { N = 200000 };
    for (int i = 0; i < N; i++) {
        double u = rng_unit(&a), z = rng_normal(&a);
        CHECK(u >= 0 && u < 1);
        sum += u;
        square += u * u;
        normal += z;
        normal2 += z * z;
    }
    CHECK_NEAR(sum / N, 0.5, 0.005);
    CHECK_NEAR(square / N, 1.0 / 3, 0.005);
    CHECK_NEAR(normal / N, 0, 0.01);
    CHECK_NEAR(normal2 / N, 1, 0.02);
    DONE("moments");

    int count[7] = {0};
    for (int i = 0; i < 70000; i++)
        count[rng_below(&a, 7)]++;
    for (int i = 0; i < 7; i++)
        CHECK_NEAR(count[i], 10000, 500);
    CHECK(rng_below(&a, 1) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(rng_below(&a, (1ull << 63) + 1) <= 1ull << 63);
    DONE("below");

    uint32_t v[100], seen[100] = {0}, moved = 0;
    for (uint32_t i = 0; i < 100; i++)
        v[i] = i;
    rng_shuffle(&a, v, 100);
    for (uint32_t i = 0; i < 100; i++) {
        seen[v[i]]++;
        moved += v[i] != i;
    }
    for (int i = 0; i < 100; i++)
        CHECK(seen[i] == 1);
    CHECK(moved > 80);
    rng_shuffle(&a, v, 0);
    rng_shuffle(&a, v, 1);
    DONE("a shuffle is a permutation");
    TEST_EXIT();
}
