#!/usr/bin/env python3
"""Writes tests/golden/tokenizer: tokenizer.json files as transformers and tokenizers save them, and the ids that they
give for every line of notes.txt and odd.txt. Run by hand (transformers 5, tokenizers, sentencepiece; vocab-train on the
PATH); the results are committed.

  t5.json      T5Tokenizer.save_pretrained of transformers 5: <extra_id_0> .. 99 are pieces
  behind.json  as transformers 4 saved T5: the <extra_id> stand behind the vocabulary
  mt5.json     as transformers 4 saved mT5: no WhitespaceSplit, blanks squeezed by the normalizer
  NAME.ids     a line of ids for each line of notes.txt, then odd.txt, with eos

SentencePiece's table (300 KB) is left out of them: @charsmap@ stands for it. The test puts in that of a vocabulary that
it makes with vocab-train, which is this one.
"""
import json
import os
import subprocess
import tempfile

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import T5Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "tokenizer")
TEXTS = [l for f in ("notes.txt", "tokenizer/odd.txt") for l in open(os.path.join(HERE, f), encoding="utf-8", newline="\n")]
TEXTS = [l.rstrip("\n") for l in TEXTS]


def save(name, text, tokenizer):
    j = json.loads(text)
    steps = j["normalizer"].get("normalizers", [j["normalizer"]])
    steps[0]["precompiled_charsmap"] = "@charsmap@"
    with open(os.path.join(OUT, name + ".json"), "w", encoding="utf-8") as f:
        json.dump(j, f, ensure_ascii=False, indent=1)
    with open(os.path.join(OUT, name + ".ids"), "w") as f:
        for t in TEXTS:
            print(*tokenizer.encode(t).ids, file=f)


def plain(vocab, table, squeeze):
    t = Tokenizer(Unigram(vocab, unk_id=2, byte_fallback=False))
    table = normalizers.Precompiled(table)
    mark = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always", split=True)
    if squeeze:
        t.normalizer = normalizers.Sequence([table, normalizers.Strip(left=False, right=True),
                                             normalizers.Replace(Regex(" {2,}"), "\u2581")])
        t.pre_tokenizer = mark
    else:
        t.normalizer = table
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), mark])
    t.decoder = decoders.Metaspace()
    t.post_processor = processors.TemplateProcessing(single=["$A", "</s>"], special_tokens=[("</s>", 1)])
    t.add_special_tokens(["<pad>", "</s>", "<unk>"] + ["<extra_id_%d>" % i for i in (range(100) if not squeeze else ())])
    return t


with tempfile.TemporaryDirectory() as d:
    note = "".join(json.dumps({"id": str(i), "split": "train", "text": t}) + "\n" for i, t in enumerate(TEXTS[:28]))
    stream = subprocess.run(["rec-cat", "--from-json", "--schema", "note"], input=note.encode(), capture_output=True, check=True)
    subprocess.run(["vocab-train", "-q", "--size", "400", "-o", d + "/spiece.model"], input=stream.stdout, check=True)
    t5 = T5Tokenizer.from_pretrained(d)
    t5.save_pretrained(d)
    text = open(d + "/tokenizer.json", encoding="utf-8").read()
    save("t5", text, t5.backend_tokenizer)
    j = json.loads(text)
    table = __import__("base64").b64decode(j["normalizer"]["precompiled_charsmap"])
    vocab = [tuple(p) for p in j["model"]["vocab"] if not p[0].startswith("<extra_id")]
    for name, squeeze in ("behind", False), ("mt5", True):
        t = plain(vocab, table, squeeze)
        save(name, t.to_str(), t)
