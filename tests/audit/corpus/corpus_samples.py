"""Corpora for tests: Zipfian words without end, files of every format, and a slow reference."""

from __future__ import annotations

import gzip
import io
import json
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np

from atlasmix.audit.corpus.characters import UNSEGMENTED
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus
from atlasmix.audit.corpus.counts import CorpusCounts
from atlasmix.audit.corpus.listing import list_corpus

CATALAN = "Bon dia a tothom: avui fa sol, l'aigua és freda i el vent bufa de llevant."
RUSSIAN = "Сегодня хорошая погода, и мы пойдём гулять в большой старый парк у реки."
JAPANESE = "今日は天気がいいので、公園を散歩します。"
HINDI = "आज मौसम अच्छा है और हम पुराने बाग में टहलने जाएँगे।"


def zipf_ids(rng: np.random.Generator, size: int, types: int = 20_000) -> np.ndarray:
    """Numbers of words, each drawn by itself: the word of rank r about as 1/r."""
    return np.minimum((types + 1.0) ** rng.random(size), types).astype(np.int64)


def as_text(ids: np.ndarray) -> str:
    """Numbers of words as words of letters."""
    return " ".join("".join(chr(97 + int(d)) for d in str(each)) for each in ids)


def documents(
    rng: np.random.Generator, number: int, size: int = 200, types: int = 20_000
) -> list[str]:
    """Documents of Zipfian words."""
    return [as_text(zipf_ids(rng, size, types)) for _ in range(number)]


def write_jsonl(path: Path, texts: list[str], **fields: object) -> Path:
    """Records with these texts, and the same fields in each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": each, **fields}) + "\n" for each in texts))
    return path


def wet(texts: list[tuple[str, str]]) -> bytes:
    """A WET file, a gzip member a record, of (text, languages)."""
    packed = io.BytesIO()
    for number, (text, language) in enumerate(texts):
        body = text.encode()
        head = (
            "WARC/1.0\r\nWARC-Type: conversion\r\n"
            f"WARC-Target-URI: http://example.org/{number}\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012d}>\r\n"
            "WARC-Date: 2026-01-01T00:00:00Z\r\n"
            f"WARC-Identified-Content-Language: {language}\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        packed.write(gzip.compress(head.encode() + body + b"\r\n\r\n"))
    return packed.getvalue()


def counted(root: Path, plan: CountingPlan | None = None) -> CorpusCounts:
    """The counts of a corpus, in this process."""
    return count_corpus(list_corpus(root), plan or CountingPlan(workers=1))


def slow_words(text: str) -> list[str]:
    """The words of a text, character by character."""
    words: list[str] = []
    run = ""
    for character in text.lower():
        part = unicodedata.category(character)[0] in "LMN"
        single = part and _unsegmented(character)
        if part and not single:
            run += character
            continue
        words += [run] if run else []
        words += [character] if single else []
        run = ""
    return words + ([run] if run else [])


def _unsegmented(character: str) -> bool:
    name = unicodedata.name(character, "").split(" ")[0]
    codes = {
        "CJK": "Hani",
        "HIRAGANA": "Hira",
        "KATAKANA": "Kana",
        "THAI": "Thai",
        "LAO": "Laoo",
        "KHMER": "Khmr",
        "MYANMAR": "Mymr",
        "YI": "Yiii",
    }
    return codes.get(name, "") in UNSEGMENTED


def slow_counts(texts: list[str]) -> dict[str, object]:
    """What the kernel counts, in plain Python."""
    types = Counter(word for text in texts for word in slow_words(text))
    return {
        "documents": len(texts),
        "bytes": sum(len(text.encode()) for text in texts),
        "characters": sum(len(text) for text in texts),
        "words": sum(types.values()),
        "types": len(types),
        "spectrum": Counter(types.values()),
        "repeated": sorted(Counter(texts).values()),
    }
