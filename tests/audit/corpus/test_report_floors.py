"""The human floor that an audit prints is that of the language's own counts."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

from atlasmix.audit.corpus.audit_file import read_audit
from atlasmix.audit.corpus.summary import summarise
from atlasmix.laws.collapse import least_human_share
from atlasmix.report.words import percent

PLAY = Path(__file__).parents[2] / "samples" / "coriolanus.txt.gz"


def test_the_floor_of_a_corpus_is_by_its_own_spectrum(tmp_path: Path) -> None:
    text = gzip.decompress(PLAY.read_bytes()).decode()
    records = [
        {"text": part, "metadata": {"language": "eng", "provenance": {"origin": "human"}}}
        for part in text.split("\n\n")
        if len(part) > 80
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "atlasmix", "audit", "corpus.jsonl", "--output", "x.audit.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (language,) = summarise(read_audit(tmp_path / "x.audit.json")).languages
    spectrum = language.spectra["human"]
    floor = least_human_share(spectrum.counts, 0.5, 25, spectrum.types)
    assert floor is not None
    assert 0.02 < floor < 0.3  # English texts of this length: 0.056 in one, more in a short one
    assert percent(floor) in done.stdout
    assert "How much human text keeps its words" in done.stdout
