# SPDX-License-Identifier: MIT
"""Trains tiny SentencePiece models on the text below and writes the library's ids beside this script; from the first
one also a tokenizer.bin of llama2.c, with ids by the rule of its run.c:   pip install sentencepiece;
python make_sentencepiece.py"""
import io
import json
import os
import struct

import sentencepiece

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sentencepiece")
os.makedirs(HERE, exist_ok=True)
WORDS = "the quick brown fox jumps over the lazy dog while seven small boats sail around the grey harbour in the morning light and a girl reads a letter from her brother who lives across the river".split()
LINES = [" ".join(WORDS[i % len(WORDS) : i % len(WORDS) + 3 + i % 9]) + f" {i * 37} grüße" for i in range(400)]
TEXTS = ["", " ", "  ", "the", " the", "the quick  brown   fox ", "\tthe\nfox\r\n", "Grüße, aus Köln! ½ ☃ 👩‍👩‍👧 日本", "a▁b", "<s> </s> <unk> <0x41>", "the<X>fox <Y>the<X>", "aaaaaaaaaaaaaaa", "river  river\u3000river", "1234567 890", "\u0301e\u0301", "ththththe thethe", "brother's"]


def train(name, samples=True, **options):
    buffer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=buffer, minloglevel=2, **({"vocab_size": 360, "model_type": "bpe", "normalization_rule_name": "identity", "byte_fallback": True, "remove_extra_whitespaces": False} | options))
    open(os.path.join(HERE, name + ".model"), "wb").write(buffer.getvalue())
    model = sentencepiece.SentencePieceProcessor(model_proto=buffer.getvalue())
    if samples:
        rows = [{"text": t, "ids": model.encode(t), "decoded": model.decode(model.encode(t))} for t in TEXTS]
        json.dump(rows, open(os.path.join(HERE, name + ".samples.json"), "w"), indent=0)
    return model


def run_c(tokens, scores, text):
    """encode() of run.c, word for word and slow."""
    index = {t: i for i, t in reversed(list(enumerate(tokens)))}
    ids = [index[b" "]] if text else []
    for character in text:
        data = character.encode()
        ids += [index[data]] if data in index else [b + 3 for b in data]
    while True:
        best, at = -1e10, -1
        for i in range(len(ids) - 1):
            joined = index.get(tokens[ids[i]] + tokens[ids[i + 1]])
            if joined is not None and scores[joined] > best:
                best, at, made = scores[joined], i, joined
        if at < 0:
            return [1] + ids
        ids[at : at + 2] = [made]


model = train("plain")
train("extra", remove_extra_whitespaces=True)
train("no_prefix", add_dummy_prefix=False, bos_id=-1, eos_id=-1)
train("user_defined", byte_fallback=False, vocab_size=120, user_defined_symbols=["<X>", "<Y>", "river"])
train("unigram", samples=False, model_type="unigram", vocab_size=310)

tokens = ["\n<s>\n" if i == 1 else "\n</s>\n" if i == 2 else model.id_to_piece(i).replace("▁", " ") for i in range(model.vocab_size())]
tokens = [t.encode() for t in tokens]
scores = [model.get_score(i) for i in range(model.vocab_size())]
with open(os.path.join(HERE, "tokenizer.bin"), "wb") as out:
    out.write(struct.pack("<I", max(map(len, tokens))))
    for token, score in zip(tokens, scores):
        out.write(struct.pack("<fi", score, len(token)) + token)
json.dump([{"text": t, "ids": run_c(tokens, scores, t)} for t in TEXTS], open(os.path.join(HERE, "tokenizer.bin.samples.json"), "w"), indent=0)
