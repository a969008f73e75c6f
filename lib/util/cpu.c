/* Ends a program on a processor that lacks what it was compiled for, with a message in place of SIGILL. It runs before
 * main, and so before any code that may need the missing instructions: the one place of the library that prints and
 * exits. The Makefile links it into every program (-u icd_cpu_guard). Tests: tests/selftest/build.sh. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* These two are compiled for every x86-64, whatever ARCH is. */
#if defined __x86_64__ && defined __GNUC__
#include <cpuid.h>
#define ANY_X86 __attribute__((target("arch=x86-64"), noinline))

/* A feature that clang's __builtin_cpu_supports has no name for: a bit of what cpuid says, registers a, b, c, d being 0
 * to 3. */
static ANY_X86 __attribute__((unused)) bool has(unsigned leaf, unsigned sub, int reg, int bit)
{
    unsigned r[4];
    __cpuid(leaf & 0x80000000, r[0], r[1], r[2], r[3]);
    if (r[0] < leaf)
        return false;
    __cpuid_count(leaf, sub, r[0], r[1], r[2], r[3]);
    return r[reg] >> bit & 1;
}

/* What the compiler may have used of its own accord and this processor lacks; NULL: nothing. */
static ANY_X86 const char *missing(void)
{
    __builtin_cpu_init();
#define NEED(feature)                                                                                                  \
    if (!__builtin_cpu_supports(feature))                                                                              \
        return feature;
#define NEED_BIT(feature, leaf, sub, reg, bit)                                                                         \
    if (!has(leaf, sub, reg, bit))                                                                                    \
        return feature;
#ifdef __SSE4_2__
    NEED("sse4.2")
#endif
#ifdef __POPCNT__
    NEED("popcnt")
#endif
#ifdef __AVX__
    NEED("avx")
#endif
#ifdef __AVX2__
    NEED("avx2")
#endif
#ifdef __FMA__
    NEED("fma")
#endif
#ifdef __BMI__
    NEED("bmi")
#endif
#ifdef __BMI2__
    NEED("bmi2")
#endif
#ifdef __LZCNT__
    NEED_BIT("lzcnt", 0x80000001, 0, 2, 5)
#endif
#ifdef __MOVBE__
    NEED_BIT("movbe", 1, 0, 2, 22)
#endif
#ifdef __F16C__
    NEED_BIT("f16c", 1, 0, 2, 29)
#endif
#ifdef __AVX512F__
    NEED("avx512f")
#endif
#ifdef __AVX512DQ__
    NEED("avx512dq")
#endif
#ifdef __AVX512CD__
    NEED("avx512cd")
#endif
#ifdef __AVX512BW__
    NEED("avx512bw")
#endif
#ifdef __AVX512VL__
    NEED("avx512vl")
#endif
#ifdef __AVX512IFMA__
    NEED("avx512ifma")
#endif
#ifdef __AVX512VBMI__
    NEED("avx512vbmi")
#endif
#ifdef __AVX512VBMI2__
    NEED("avx512vbmi2")
#endif
#ifdef __AVX512VNNI__
    NEED("avx512vnni")
#endif
#ifdef __AVX512BITALG__
    NEED("avx512bitalg")
#endif
#ifdef __AVX512VPOPCNTDQ__
    NEED("avx512vpopcntdq")
#endif
#ifdef __AVX512BF16__
    NEED("avx512bf16")
#endif
#ifdef __AVX512FP16__
    NEED_BIT("avx512fp16", 7, 0, 3, 23)
#endif
#ifdef __AVXVNNI__
    NEED_BIT("avxvnni", 7, 1, 0, 4)
#endif
#ifdef __AVX5124VNNIW__
    NEED("avx5124vnniw")
#endif
    return NULL;
}

static ANY_X86 void say(const char *s)
{
    ssize_t n = write(2, s, strlen(s));
    (void)n; /* there is nobody else to tell */
}

void icd_cpu_guard(void);
ANY_X86 __attribute__((constructor)) void icd_cpu_guard(void)
{
    const char *feature = missing();
    if (!feature)
        return;
    say(program_invocation_short_name);
    say(": this build needs a processor with ");
    say(feature);
    say("; build here, or with make ARCH=x86-64-v2\n");
    _exit(69);
}
#endif
