#!/usr/bin/env bash
# The filter that icd-stream(5) shows, as it stands in the page: on notes with parts, on sampled notes, in a pipe.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
# Python's msgpack and xxhash where they are installed; else as much of them as the page uses.
python3 -c 'import msgpack' 2>/dev/null || cat >msgpack.py <<'X'
import struct
def packb(o):
    if o is None or isinstance(o, bool): return b"\xc0" if o is None else b"\xc3" if o else b"\xc2"
    if isinstance(o, int):
        if 0 <= o < 128: return bytes([o])
        for top, code, form in ((1 << 8, 0xcc, ">B"), (1 << 16, 0xcd, ">H"), (1 << 32, 0xce, ">I"), (1 << 64, 0xcf, ">Q")):
            if 0 <= o < top: return bytes([code]) + struct.pack(form, o)
        return b"\xd3" + struct.pack(">q", o)
    if isinstance(o, float): return b"\xcb" + struct.pack(">d", o)
    if isinstance(o, (str, bytes)):
        p = o.encode() if isinstance(o, str) else o
        return (b"\xdb" if isinstance(o, str) else b"\xc6") + struct.pack(">I", len(p)) + p
    if isinstance(o, dict): return b"\xdf" + struct.pack(">I", len(o)) + b"".join(packb(k) + packb(v) for k, v in o.items())
    return b"\xdd" + struct.pack(">I", len(o)) + b"".join(map(packb, o))
class Unpacker:
    def __init__(self, f, max_buffer_size): self.f = f
    def __iter__(self):
        while c := self.f.read(1): yield self.value(c[0])
    def n(self, form): return struct.unpack(form, self.f.read(struct.calcsize(form)))[0]
    def value(self, c=None):
        c = self.f.read(1)[0] if c is None else c
        if c < 0x80: return c
        if c < 0x90: return self.map(c & 15)
        if c < 0xa0: return self.list(c & 15)
        if c < 0xc0: return self.f.read(c & 31).decode()
        if c >= 0xe0: return c - 256
        if c in (0xc0, 0xc2, 0xc3): return {0xc0: None, 0xc2: False, 0xc3: True}[c]
        if c <= 0xc6: return self.f.read(self.n({0xc4: ">B", 0xc5: ">H", 0xc6: ">I"}[c]))
        if c in (0xca, 0xcb): return self.n(">f" if c == 0xca else ">d")
        if c <= 0xd3: return self.n(dict(zip(range(0xcc, 0xd4), (">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q")))[c])
        if c <= 0xdb: return self.f.read(self.n({0xd9: ">B", 0xda: ">H", 0xdb: ">I"}[c])).decode()
        return (self.list if c < 0xde else self.map)(self.n(">H" if c in (0xdc, 0xde) else ">I"))
    def list(self, n): return [self.value() for _ in range(n)]
    def map(self, n): return {self.value(): self.value() for _ in range(n)}
X
python3 -c 'import xxhash' 2>/dev/null || cat >xxhash.py <<'X'
import ctypes
lib = ctypes.CDLL("libxxhash.so.0")
lib.XXH64.restype, lib.XXH64.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
class xxh64:
    def __init__(self): self.data = bytearray()
    def update(self, p): self.data += p
    def hexdigest(self): return "%016x" % lib.XXH64(bytes(self.data), len(self.data), 0)
X
awk '/^    import sys, msgpack/ { on = 1 } /^\.fi/ { on = 0 } on { sub(/^    /, ""); gsub(/\\-/, "-"); print }' \
    "$ROOT/man/icd-stream.5" >half.py
is "the page shows a filter" "$(grep -c 'max_buffer_size=2\*\*31 - 1' half.py)" 1
mimic-synth -q --admissions 30 --length 200 --seed 3 mimic && mimic-split -q --splits mimic/splits -z -o note.icds.zst mimic
kb-build -q -o kb.icds
rec-cat note.icds.zst >note.icds
exits "notes with parts" 0 sh -c 'python3 half.py <note.icds >half.icds'
exits "are sound" 0 rec-cat --check half.icds
is "without a warning" "$(cat "$T/err")" ""
exits "can be sampled" 0 note-sample -q -k kb.icds --budget 40 half.icds -o sampled.icds
exits "sampled notes" 0 sh -c 'note-sample -q -k kb.icds --budget 40 note.icds | python3 half.py >half.icds'
exits "are sound, too" 0 rec-cat --check half.icds
is "a filter that does not enter itself is noticed" "$(sed 's/ + \[own\]//' half.py >mute.py
    python3 mute.py <note.icds | rec-cat --check 2>&1 >/dev/null | grep -c 'did not enter itself')" 1
printf '{"id":"1","text":"aüüüb","parts":[{"begin":0,"end":3},{"begin":3,"end":8}]}\n' |
    rec-cat --from-json --schema note | python3 half.py | rec-cat --json >umlaut
is "half of a text of wide characters" "$(sed -n 2p umlaut)" '{"id":"1","text":"aü","parts":[{"begin":0,"end":3}]}'
exit $failed
