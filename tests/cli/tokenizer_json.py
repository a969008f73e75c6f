"""tokenizer_json.py SPIECE.MODEL: the tokenizer.json that transformers would save of this vocabulary, on standard output.
Imported: pieces(model) and table(model), of a SentencePiece model's bytes."""
import base64
import json
import struct
import sys


def fields(b):
    """(number, value) of each field of a protobuf message."""
    at = 0

    def varint():
        nonlocal at
        v = s = 0
        while True:
            c = b[at]
            at += 1
            v |= (c & 127) << s
            s += 7
            if c < 128:
                return v

    while at < len(b):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        n = varint() if key & 7 == 2 else 4
        yield key >> 3, b[at : at + n]
        at += n


def pieces(model):
    each = (dict(fields(v)) for f, v in fields(model) if f == 1)
    return [(p[1].decode(), struct.unpack("<f", p[2])[0]) for p in each]


def table(model):
    """The normaliser's, in base64."""
    return next(base64.b64encode(t).decode() for f, v in fields(model) if f == 3 for g, t in fields(v) if g == 2)


def whole(model):
    vocab = pieces(model)
    mark = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": vocab[i][0], "special": True} for i in range(3)],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": table(model)},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, mark]},
        "model": {"type": "Unigram", "unk_id": 2, "vocab": vocab, "byte_fallback": False},
    }


if __name__ == "__main__":
    json.dump(whole(open(sys.argv[1], "rb").read()), sys.stdout)
