#!/usr/bin/env python3
"""Faulty copies of a stream: mangle.py GOOD DIR CANARY writes DIR/FAULT, one file for each way to be wrong.

Names say the outcome wanted of a reader:  65-*  must exit 65;  74-*  must exit 74;  any-*  may be accepted (an optional
field missing, say), but whatever happens is no crash and shows no CANARY (strings that stand where note text could).
Python's standard library only: the reader and writer of msgpack below know what our streams use. A new fault is a new
line at the end."""
import os
import struct
import sys

M = (1 << 64) - 1
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)


def rotl(x, n):
    return (x << n | x >> (64 - n)) & M


def xxh64(data):
    """XXH64, seed 0 (the published algorithm): so that faults inside a record carry a right digest."""
    n, at = len(data), 0
    if n >= 32:
        v = [(P1 + P2) & M, P2, 0, -P1 & M]
        for at in range(0, n - 31, 32):
            for i, w in enumerate(struct.unpack_from("<4Q", data, at)):
                v[i] = rotl((v[i] + w * P2) & M, 31) * P1 & M
        at += 32
        h = (rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18)) & M
        for x in v:
            h = ((h ^ rotl(x * P2 & M, 31) * P1 & M) * P1 + P4) & M
    else:
        h = P5
    h = (h + n) & M
    while at + 8 <= n:
        h = (rotl(h ^ rotl(struct.unpack_from("<Q", data, at)[0] * P2 & M, 31) * P1 & M, 27) * P1 + P4) & M
        at += 8
    if at + 4 <= n:
        h = (rotl(h ^ struct.unpack_from("<I", data, at)[0] * P1 & M, 23) * P2 + P3) & M
        at += 4
    for b in data[at:]:
        h = rotl(h ^ b * P5 & M, 11) * P1 & M
    h = (h ^ h >> 33) * P2 & M
    h = (h ^ h >> 29) * P3 & M
    return "%016x" % (h ^ h >> 32)


def get(b, i):
    """One object at b[i]: (object, next i)."""
    t = b[i]
    i += 1
    if t < 0x80:
        return t, i
    if t >= 0xE0:
        return t - 256, i
    if t < 0x90:
        return get_map(b, i, t & 15)
    if t < 0xA0:
        return get_array(b, i, t & 15)
    if t < 0xC0:
        return b[i : i + (t & 31)].decode(), i + (t & 31)
    if t in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[t], i
    plain = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
             0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
    if t in plain:
        return struct.unpack_from(plain[t], b, i)[0], i + struct.calcsize(plain[t])
    counted = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I",
               0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}
    n = struct.unpack_from(counted[t], b, i)[0]
    i += struct.calcsize(counted[t])
    if t <= 0xC6:
        return bytes(b[i : i + n]), i + n
    if t <= 0xDB:
        return b[i : i + n].decode(), i + n
    return get_array(b, i, n) if t <= 0xDD else get_map(b, i, n)


def get_array(b, i, n):
    v = []
    for _ in range(n):
        x, i = get(b, i)
        v.append(x)
    return v, i


def get_map(b, i, n):
    m = {}
    for _ in range(n):
        k, i = get(b, i)
        m[k], i = get(b, i)
    return m, i


class Raw(bytes):
    """Bytes that go into the stream as they are."""


def put(x):
    if isinstance(x, Raw):
        return bytes(x)
    if x is None or isinstance(x, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[x]
    if isinstance(x, int):
        return bytes([x]) if 0 <= x < 128 else struct.pack(">BQ", 0xCF, x) if x > 0 else struct.pack(">Bq", 0xD3, x)
    if isinstance(x, float):
        return struct.pack(">Bd", 0xCB, x)
    if isinstance(x, bytes):
        return struct.pack(">BI", 0xC6, len(x)) + x
    if isinstance(x, str):
        s = x.encode("utf-8", "surrogateescape")
        return struct.pack(">BI", 0xDB, len(s)) + s
    if isinstance(x, list):
        return struct.pack(">BI", 0xDD, len(x)) + b"".join(map(put, x))
    return struct.pack(">BI", 0xDF, len(x)) + b"".join(put(k) + put(v) for k, v in x.items())


def main():
    good_path, out, canary = sys.argv[1:4]
    good = open(good_path, "rb").read()
    at, frames = [0], []
    while at[-1] < len(good):
        frame, i = get(good, at[-1])
        frames.append(frame)
        at.append(i)
    header, records, end = frames[0][1], [f[1] for f in frames[1:-1]], frames[-1][1]
    assert frames[0][0] == 0 and frames[-1][0] == 2 and records, good_path
    head, last = good[: at[1]], good[at[-2] :]
    body, first = good[: at[-2]], good[at[1] : at[2]]
    os.makedirs(out, exist_ok=True)

    def write(name, data):
        with open(os.path.join(out, name), "wb") as f:
            f.write(data)

    def stream(name, recs, hd=None):
        """A stream of its own, with the right count and digest."""
        b = put([0, hd or header]) + b"".join(put([1, r]) for r in recs)
        write(name, b + put([2, dict(end, records=len(recs), xxh64=xxh64(b))]))

    if xxh64(body) != end["xxh64"]:
        sys.exit("mangle.py: its XXH64 differs from the stream's")

    # ---- the frames ----
    cuts = {1, at[1] - 1, at[1], at[2] - 1, at[2], at[-2] - 1, at[-2], at[-2] + 1, len(good) - 1}
    for i in range(20):
        cuts.add(1 + (len(good) - 2) * i // 19)
    for c in sorted(cuts):
        write("65-cut-at-%d" % c, good[:c])
    write("65-empty", b"")
    write("65-no-end", body)
    write("65-wrong-digest", body + put([2, dict(end, xxh64="%016x" % (int(end["xxh64"], 16) ^ 1))]))
    write("65-wrong-count", body + put([2, dict(end, records=end["records"] + 1)]))
    write("65-no-digest", body + put([2, {"records": end["records"]}]))
    write("65-bytes-behind", good + b"\xc0")
    write("65-twice", good + good)
    write("65-record-lost", head + body[at[2] :] + last)
    write("65-bit-flipped", body[: at[2] - 9] + bytes([body[at[2] - 9] ^ 4]) + body[at[2] - 8 :] + last)
    write("65-text", b"%s is no stream\n" % canary.encode() * 40)
    write("65-zeros", bytes(4096))
    write("65-zstd-cut", b"\x28\xb5\x2f\xfd\x04\x58\x21\x00")
    write("65-frame-kind", body + put([7, {}]) + last)
    write("65-two-headers", head + head + body[at[1] :] + last)
    write("74-abort", body + put([3, {"tool": "upstream", "code": 74, "message": "disk gone"}]))
    write("74-abort-at-once", put([3, {"tool": "upstream", "code": 74, "message": "disk gone"}]))
    write("65-abort-code-0", body + put([3, {"tool": "upstream", "code": 0, "message": "nothing"}]))
    other = "metric" if header["schema"] != "metric" else "kb"
    stream("65-wrong-schema", records, dict(header, schema=other))
    stream("65-unknown-schema", records, dict(header, schema="x" * 300))
    stream("65-version-2", records, dict(header, version=2))
    stream("any-no-meta", records, {k: v for k, v in header.items() if k != "meta"})
    stream("any-empty-meta", records, dict(header, meta={}))
    stream("any-no-records", [])

    # ---- hostile counts, before and instead of a record ----
    bombs = {"array32": b"\xdd\xff\xff\xff\xff", "map32": b"\xdf\xff\xff\xff\xff", "bin32": b"\xc6\xff\xff\xff\xff",
             "str32": b"\xdb\xff\xff\xff\xff", "ext32": b"\xc9\xff\xff\xff\xff\x01", "depth": b"\x91" * 100000 + b"\xc0",
             "map-depth": b"\x81\xa1a" * 100000 + b"\xc0", "array-of-arrays": b"\xdd\x00\x01\x00\x00" + b"\xdd\x00\x0f\xff\xff" * 64,
             "nil": b"\xc0", "never-used": b"\xc1", "int": b"\x05", "half-map": b"\x82\xa2id\xa1x\xa4text"}
    for name, b in bombs.items():
        write("65-bomb-" + name, head + b"\x92\x01" + b)
        write("65-bomb-more-" + name, head + b"\x92\x01" + b + good[at[1] :])
        write("65-bomb-header-" + name, b"\x92\x00" + b + good[at[1] :])
    key = next(iter(records[0]))
    stream("65-key-twice", [Raw(struct.pack(">BI", 0xDF, len(records[0]) + 1) + put(records[0])[5:] + put(key) +
                                put(records[0][key]))] + records[1:])
    stream("65-key-not-str", [Raw(b"\x81\x01\x02")] + records[1:])

    # ---- one field of one record ----
    if "id" in records[0]:
        stream("any-same-id-twice", [records[0]] + records)
    for k, v in records[0].items():
        def with_field(name, x):
            stream("any-%s-%s" % (k, name), [dict(records[0], **{k: x})] + records[1:])
        stream("any-%s-absent" % k, [{n: x for n, x in records[0].items() if n != k}] + records[1:])
        stream("65-%s-nil" % k, [dict(records[0], **{k: None})] + records[1:])
        with_field("int", -(1 << 63))
        with_field("canary", canary * 30)
        with_field("canaries", [canary, canary * 2])
        with_field("map", {canary: canary})
        if isinstance(v, bytes):
            with_field("empty", b"")
            with_field("odd", v[:-1])
            with_field("ones", b"\xff" * len(v))
            with_field("big-ids", b"\xff\xff\xff\x7f" * (len(v) // 4))
            with_field("nan", struct.pack("<f", float("nan")) * (len(v) // 4))
            with_field("long", v * 50)
        if isinstance(v, str):
            with_field("empty", "")
            with_field("not-utf8", canary + "\udcff\udcfe" + canary)
            with_field("nul", canary + "\0" + canary)
        if isinstance(v, list):
            with_field("empty", [])
            with_field("negative", [[-1, -2]])
            with_field("huge", [[0, 1 << 62], [1 << 63, 1]])
            with_field("overlap", [[0, 9], [3, 12], [2, 1]])
    if "text" in records[0]:
        def text(name, t):
            stream("any-text-" + name, [dict(records[0], text=t, parts=[], spans=[])] + records[1:])
        text("one-line", canary + " x" * 20000)
        text("colons", ":\n" * 5000 + canary)
        text("one-word", canary * 2000)
        stream("any-spans-behind-text", [dict(records[0], spans=[[0, len(records[0]["text"]) + 1000]])] + records[1:])
        stream("any-spans-in-a-letter", [dict(records[0], text="\u00e9\u00e9" + canary, spans=[[1, 3]])] + records[1:])


main()
