"""What the example of icd-stream(5) needs of msgpack, for a machine without it: packb and Unpacker."""
import struct


def packb(v):
    if v is None or isinstance(v, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[v]
    if isinstance(v, int):
        return struct.pack(">Bq", 0xD3, v)
    if isinstance(v, float):
        return struct.pack(">Bd", 0xCB, v)
    if isinstance(v, str):
        return struct.pack(">BI", 0xDB, len(v.encode())) + v.encode()
    if isinstance(v, bytes):
        return struct.pack(">BI", 0xC6, len(v)) + v
    if isinstance(v, dict):
        return struct.pack(">BI", 0xDF, len(v)) + b"".join(packb(x) for kv in v.items() for x in kv)
    return struct.pack(">BI", 0xDD, len(v)) + b"".join(map(packb, v))


SIZED = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I", 0xDE: ">H",
         0xDF: ">I"}
PLAIN = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i",
         0xD3: ">q"}


class Unpacker:
    def __init__(self, file, max_buffer_size=0):
        self.file = file

    def number(self, form):
        return struct.unpack(form, self.file.read(struct.calcsize(form)))[0]

    def value(self, t):
        if t < 0x80 or t >= 0xE0:
            return t if t < 0x80 else t - 256
        if t in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[t]
        if t in PLAIN:
            return self.number(PLAIN[t])
        n = self.number(SIZED[t]) if t in SIZED else t & (0x1F if 0xA0 <= t < 0xC0 else 0x0F)
        if t < 0x90 or t in (0xDE, 0xDF):
            return {self.one(): self.one() for _ in range(n)}
        if t < 0xA0 or t in (0xDC, 0xDD):
            return [self.one() for _ in range(n)]
        return self.file.read(n) if t in (0xC4, 0xC5, 0xC6) else self.file.read(n).decode()

    def one(self):
        return self.value(self.file.read(1)[0])

    def __iter__(self):
        while True:
            t = self.file.read(1)
            if not t:
                return
            yield self.value(t[0])
