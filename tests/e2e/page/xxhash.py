"""What the example of icd-stream(5) needs of xxhash, for a machine without it: xxh64 over all that was taken in."""
import struct

M = (1 << 64) - 1
P1, P2, P3, P4, P5 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def rot(x, r):
    return (x << r | x >> (64 - r)) & M


def mix(a, w):
    return rot((a + w * P2) & M, 31) * P1 & M


class xxh64:
    def __init__(self):
        self.data = bytearray()

    def update(self, data):
        self.data += data

    def hexdigest(self):
        d, v, i, n = bytes(self.data), [(P1 + P2) & M, P2, 0, -P1 & M], 0, len(self.data)
        while i + 32 <= n:
            v = [mix(a, w) for a, w in zip(v, struct.unpack_from("<4Q", d, i))]
            i += 32
        h = P5
        if n >= 32:
            h = sum(rot(a, r) for a, r in zip(v, (1, 7, 12, 18))) & M
            for a in v:
                h = ((h ^ mix(0, a)) * P1 + P4) & M
        h = (h + n) & M
        while i + 8 <= n:
            h, i = (rot(h ^ mix(0, struct.unpack_from("<Q", d, i)[0]), 27) * P1 + P4) & M, i + 8
        while i + 4 <= n:
            h, i = (rot(h ^ struct.unpack_from("<I", d, i)[0] * P1 & M, 23) * P2 + P3) & M, i + 4
        for c in d[i:]:
            h = rot(h ^ c * P5 & M, 11) * P1 & M
        h = (h ^ h >> 33) * P2 & M
        h = (h ^ h >> 29) * P3 & M
        return "%016x" % (h ^ h >> 32)
