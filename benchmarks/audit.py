"""Counting a corpus against a plain Python loop and LexicalRichness, in one run on one core.

    python -m benchmarks.audit            # a few minutes; writes AUDIT.md
    python -m benchmarks.audit --quick    # a tenth of the text, prints only

Every method reads the same JSON lines. The plain loop counts what the kernel counts: documents,
bytes, characters, words, occurrences of each word, repeated documents. LexicalRichness 0.5 is the
nearest library: it counts words and types of a text, and not bytes, documents or repeats.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.audit.corpus.counting import FileTask, count_file
from atlasmix.audit.corpus.counts import Settings

HERE: Final = Path(__file__).parent
PLAY: Final = HERE.parent / "tests" / "samples" / "coriolanus.txt.gz"
MEGABYTES: Final = 40
GOAL: Final = 20.0
"""MB of text a CPU-second that the counts have to reach."""
TIMES_MEMORY: Final = 10
"""How many times its own memory the kernel reads in the test of memory."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Text of a method and the CPU seconds it took, the least of two runs."""

    name: str
    megabytes: float
    seconds: float

    @property
    def rate(self) -> float:
        return self.megabytes / self.seconds


def play_lines(rng: np.random.Generator) -> list[str]:
    """The lines of a play, and words that stand once, one in twenty, as a large corpus has them."""
    lines = gzip.decompress(PLAY.read_bytes()).decode().splitlines()
    return [line for line in lines if line] + [f"hapax{n} legomenon{n}" for n in range(200)]


def cyrillic(text: str) -> str:
    """The same text in letters of two bytes."""
    return text.translate(
        {97 + n: 0x430 + n for n in range(26)} | {65 + n: 0x410 + n for n in range(26)}
    )


def han(text: str) -> str:
    """One character of three bytes for each word, and no spaces."""
    return "".join(chr(0x4E00 + hash_of(word) % 4000) for word in text.split())


def hash_of(word: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(word))


def zipfian(rng: np.random.Generator, number: int) -> Iterator[str]:
    """Documents of words from a million types."""
    for _ in range(number):
        ids = (1_000_001.0 ** rng.random(330)).astype(np.int64)
        yield " ".join(np.base_repr(each, 26).lower() for each in ids)


def documents(rng: np.random.Generator, number: int) -> Iterator[str]:
    """Documents of about 2 kB of lines of the play in any order."""
    lines = play_lines(rng)
    for _ in range(number):
        yield "\n".join(lines[place] for place in rng.integers(len(lines), size=50))


def write(path: Path, texts: Iterator[str], size: int) -> None:
    """JSON lines of about so many bytes of text."""
    with path.open("w", encoding="utf-8") as file:
        written = 0
        for number, text in enumerate(texts):
            record = {"id": str(number), "text": text, "metadata": {"language": "en", "url": "x"}}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            written += len(text.encode())
            if written > size:
                return


def text_bytes(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(len(json.loads(line)["text"].encode()) for line in file)


def timed(name: str, megabytes: float, run: Callable[[], object]) -> Speed:
    spent = []
    for _ in range(2):
        begin = time.process_time()
        run()
        spent.append(time.process_time() - begin)
    return Speed(name, megabytes, min(spent))


def ours(path: Path, settings: Settings) -> Callable[[], object]:
    return lambda: count_file(FileTask(path, path.name, settings))


def plain_loop(path: Path) -> object:
    """What the kernel counts, as it is usually written."""
    words = re.compile(r"\w+")
    types: Counter[str] = Counter()
    texts: Counter[int] = Counter()
    size = characters = 0
    with path.open(encoding="utf-8") as file:
        for line in file:
            text = json.loads(line)["text"]
            size += len(text.encode())
            characters += len(text)
            types.update(words.findall(text.lower()))
            texts[hash(text)] += 1
    return size, characters, types.total(), Counter(types.values()), len(texts)


def lexical_richness(path: Path) -> object:
    from lexicalrichness import LexicalRichness

    words = types = 0
    with path.open(encoding="utf-8") as file:
        for line in file:
            text = LexicalRichness(json.loads(line)["text"])
            words += text.words
            types += text.terms
    return words, types


def peak_memory(path: Path) -> int:
    """Bytes of memory at most while a file is counted, in a process of its own."""
    code = (
        "import sys; from pathlib import Path\n"
        "from atlasmix.audit.corpus.counting import FileTask, count_file\n"
        "from atlasmix.audit.corpus.counts import Settings\n"
        "count_file(FileTask(Path(sys.argv[1]), 'a', Settings()))\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(status.split('VmHWM:')[1].split()[0])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parent,
    )
    return int(run.stdout) * 1024


def measure(folder: Path, size: int) -> tuple[list[Speed], list[Speed], list[tuple[int, int]]]:
    """Speeds of the counts, of what may be asked beside them, and memory by length of a file."""
    rng = np.random.default_rng(0)
    many = 10**9
    kinds: dict[str, Iterator[str]] = {
        "English (lines of a play)": documents(rng, many),
        "the same in Cyrillic letters": map(cyrillic, documents(rng, many)),
        "the same, a Han character a word": map(han, documents(rng, many)),
        "Zipfian words of a million types": zipfian(rng, many),
    }
    counts, paths = [], []
    for place, (name, texts) in enumerate(kinds.items()):
        path = folder / f"{place}.jsonl"
        write(path, texts, size if place < 3 else size // 4)
        paths.append(path)
        counts.append(timed(f"AtlasMix, {name}", text_bytes(path) / 1e6, ours(path, Settings())))
    first, megabytes = paths[0], text_bytes(paths[0]) / 1e6
    counts.append(timed("plain Python loop, English", megabytes, lambda: plain_loop(first)))
    counts.append(timed("LexicalRichness, English", megabytes, lambda: lexical_richness(first)))
    packed = folder / "0.jsonl.gz"
    packed.write_bytes(gzip.compress(first.read_bytes(), 6))
    beside = [timed("gzip", megabytes, ours(packed, Settings()))]
    import pyarrow as pa
    import pyarrow.parquet as pq
    import zstandard

    frozen = folder / "0.jsonl.zst"
    frozen.write_bytes(zstandard.compress(first.read_bytes()))
    beside.append(timed("Zstandard", megabytes, ours(frozen, Settings())))
    rows = [json.loads(line) for line in first.open(encoding="utf-8")]
    pq.write_table(pa.Table.from_pylist(rows), folder / "0.parquet")
    del rows
    beside.append(timed("Parquet", megabytes, ours(folder / "0.parquet", Settings())))
    for name, settings in (
        ("near duplicates (rensa)", Settings(near=True)),
        (
            "1 % of the documents to py3langid",
            Settings(identifier="py3langid", identified_share=0.01),
        ),
        ("all documents to pycld2", Settings(identifier="pycld2", identified_share=1.0)),
    ):
        beside.append(timed(name, megabytes, ours(first, settings)))
    return counts, beside, memory(folder, first)


def memory(folder: Path, path: Path) -> list[tuple[int, int]]:
    """Peak memory by length of a file, the longest ten times as long as the peak."""
    peaks = [(path.stat().st_size, peak_memory(path))]
    long = folder / "long.jsonl"
    content = path.read_bytes()
    with long.open("wb") as file:
        while file.tell() < TIMES_MEMORY * peaks[0][1]:
            file.write(content)
    peaks.append((long.stat().st_size, peak_memory(long)))
    long.unlink()
    return peaks


def document(counts: list[Speed], beside: list[Speed], peaks: list[tuple[int, int]]) -> str:
    """The results in Markdown."""
    rivals = counts[-2:]
    slowest = min(speed.rate for speed in counts[:-2])
    packages = ("numpy", "msgspec", "lexicalrichness", "rensa", "py3langid", "pycld2", "pyarrow")
    lines = [
        "# Counting a corpus",
        "",
        "Written by `python -m benchmarks.audit` from the repository's folder, with the extra "
        "`audit` and",
        "lexicalrichness installed (`--quick` reads a tenth and writes nothing).",
        "",
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + "; one core.",
        "The machine is shared and its speed changes: **read the ratios, not the seconds.**",
        "",
        "One JSON lines file each, from the disk to the counts of the file: parsing, words, types, "
        "spectrum,",
        "scripts, hashes of documents, the sample of passages. The plain loop counts documents, "
        "bytes,",
        "characters, words, occurrences of each word and repeated documents with `json`, `re` and "
        "`Counter`,",
        "and its memory grows with the number of words; LexicalRichness counts words and types.",
        "",
        "| method | MB of text | CPU s | MB a CPU-second |",
        "|---|--:|--:|--:|",
        *(f"| {s.name} | {s.megabytes:.0f} | {s.seconds:.2f} | {s.rate:.1f} |" for s in counts),
        "",
        "The same English text in other files, and with more asked:",
        "",
        "| with | CPU s | MB of text a CPU-second |",
        "|---|--:|--:|",
        *(f"| {s.name} | {s.seconds:.2f} | {s.rate:.1f} |" for s in beside),
        "",
        "| file | peak memory of the process |",
        "|--:|--:|",
        *(f"| {size / 1e6:,.0f} MB | {peak / 1e6:.0f} MB |" for size, peak in peaks),
        "",
        "| goal | |",
        "|---|---|",
        f"| at least {GOAL:g} MB a CPU-second, on every kind of text | {_met(slowest >= GOAL)} "
        f"(least: {slowest:.1f}) |",
        f"| faster than both rivals | {_met(counts[0].rate > max(s.rate for s in rivals))} "
        f"({' and '.join(f'{counts[0].rate / s.rate:.1f}' for s in rivals)} times) |",
        f"| the same memory for a file of {TIMES_MEMORY} times its size | "
        f"{_met(peaks[1][1] < 1.2 * peaks[0][1])} |",
        "",
    ]
    return "\n".join(lines)


def _met(reached: bool) -> str:
    return "yes" if reached else "**no**"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the text, prints only")
    quick = parser.parse_args().quick
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        text = document(*measure(Path(folder), MEGABYTES * 10**6 // (10 if quick else 1)))
    print(text)
    if not quick:
        (HERE / "AUDIT.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
