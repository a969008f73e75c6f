/* mp_scan: honest objects of every form in pieces, hostile ones refused before their bytes come. */
#include "lib/stream/stream.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"
#include <sys/mman.h>

static int scan(const char *p, size_t n, size_t *len)
{
    struct mp_scan s = {0};
    return mp_scan(&s, p, n, len);
}

/* Found whole at its length and not before, whether its bytes come at once or one by one. */
static bool honest(const char *p, size_t n)
{
    size_t len = 0;
    struct mp_scan s = {0};
    for (size_t k = 0; k < n; k++)
        if (mp_scan(&s, p, k, &len) != 0 || scan(p, k, &len) != 0)
            return false;
    return mp_scan(&s, p, n, &len) == 1 && len == n && scan(p, n, &len) == 1 && len == n;
}

static bool refused(const void *p, size_t n)
{
    size_t len;
    return scan(p, n, &len) == E_DATA;
}

static void value(struct rng *r, msgpack_packer *pk, int depth)
{
    char bytes[300] = {0};
    uint32_t n;
    switch (rng_below(r, depth < 6 ? 11 : 9)) {
    case 0: msgpack_pack_nil(pk); break;
    case 1: msgpack_pack_true(pk); break;
    case 2: msgpack_pack_int64(pk, (int64_t)(rng_u64(r) >> rng_below(r, 64))); break;
    case 3: msgpack_pack_int64(pk, -(int64_t)(rng_u64(r) >> (1 + rng_below(r, 63)))); break;
    case 4: msgpack_pack_float(pk, 1.5f); break;
    case 5: msgpack_pack_double(pk, 2.5); break;
    case 6: pk_strn(pk, bytes, rng_below(r, 300)); break;
    case 7: pk_bin(pk, bytes, rng_below(r, 300)); break;
    case 8: msgpack_pack_ext_with_body(pk, bytes, rng_below(r, 40), 5); break;
    case 9:
        msgpack_pack_array(pk, n = (uint32_t)rng_below(r, 20));
        while (n--)
            value(r, pk, depth + 1);
        break;
    default:
        msgpack_pack_map(pk, n = (uint32_t)rng_below(r, 20));
        while (n--) {
            value(r, pk, 6);
            value(r, pk, depth + 1);
        }
    }
}

int main(void)
{
    struct rng r = rng_new(1, 0);
    for (int i = 0; i < 2000; i++) {
        msgpack_sbuffer sb;
        msgpack_packer pk;
        msgpack_sbuffer_init(&sb);
        msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
        value(&r, &pk, 0);
        size_t len, n = sb.size;
        CHECK(scan(sb.data, n, &len) == 1 && len == n);
        if (n < 600) {
            char *tight = malloc(n); /* so that the sanitizer sees a read beyond */
            memcpy(tight, sb.data, n);
            CHECK(honest(tight, n));
            free(tight);
        }
        pk_str(&pk, "what follows is not part of it");
        CHECK(scan(sb.data, sb.size, &len) == 1 && len == n);
        msgpack_sbuffer_destroy(&sb);
    }
    DONE("honest objects");

    for (int c = 0; c < 256; c++) { /* each first byte with zeros behind: something definite */
        char p[32] = {(char)c};
        size_t len = 0;
        int got = scan(p, sizeof p, &len);
        CHECK(c == 0xc1 ? got == E_DATA : got == 1 && len >= 1 && len <= sizeof p);
    }
    DONE("every first byte");

    CHECK(refused("\xdd\xff\xff\xff\xff", 5) && refused("\xdf\xff\xff\xff\xff", 5));
    CHECK(refused("\xdb\xff\xff\xff\xff", 5) && refused("\xc6\xff\xff\xff\xff", 5) &&
          refused("\xc9\xff\xff\xff\xff\x01", 6));
    CHECK(refused("\xdb\x40\x00\x00\x00", 5) && refused("\xdd\x01\x00\x00\x01", 5));
    CHECK(refused("\x92\xdd\x00\xff\xff\xff\xdd\x00\xff\xff\xff", 11)); /* two counts, too many together */
    CHECK(refused("\x92\x01\xc1", 3));
    DONE("hostile counts");

    /* Three values of 400 MiB, each allowed, are more than a record together. Only the heads are ever touched. */
    const size_t part = 400u << 20, all = 4 * part;
    char *far = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(far != MAP_FAILED);
    for (int values = 2; far != MAP_FAILED && values <= 3; values++) {
        size_t end = 0;
        far[0] = (char)(0x90 | values);
        for (int i = 0; i < values; i++)
            memcpy(far + 1 + (size_t)i * (part + 5), "\xc6\x19\x00\x00\x00", 5);
        CHECK(values == 2 ? scan(far, all, &end) == 1 && end == 1 + 2 * (part + 5) : scan(far, all, &end) == E_DATA);
    }
    if (far != MAP_FAILED)
        munmap(far, all);
    DONE("a record's values together");

    char deep[200];
    size_t len;
    memset(deep, 0x91, sizeof deep);
    CHECK(refused(deep, sizeof deep));
    deep[DEPTH_MAX] = 0;
    CHECK(scan(deep, sizeof deep, &len) == 1 && len == DEPTH_MAX + 1);
    deep[DEPTH_MAX] = (char)0x91;
    deep[DEPTH_MAX + 1] = 0;
    CHECK(refused(deep, sizeof deep));
    memset(deep, 0x81, sizeof deep);
    CHECK(refused(deep, sizeof deep));
    DONE("depth");

    /* What passes the scan, msgpack-c takes: the deepest object too. */
    memset(deep, 0x91, sizeof deep);
    deep[DEPTH_MAX] = 0;
    msgpack_unpacked u;
    size_t used = 0;
    msgpack_unpacked_init(&u);
    CHECK(msgpack_unpack_next(&u, deep, DEPTH_MAX + 1, &used) == MSGPACK_UNPACK_SUCCESS && used == DEPTH_MAX + 1);
    msgpack_unpacked_destroy(&u);
    DONE("msgpack-c takes the deepest");
    TEST_EXIT();
}
