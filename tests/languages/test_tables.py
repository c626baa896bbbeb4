"""The shipped tables are whole, agree with each other and with their card."""

from __future__ import annotations

import csv
import hashlib
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from atlasmix.errors import DataError
from atlasmix.io.shipped import data_folder
from atlasmix.languages import resolving, tables
from atlasmix.languages.catalogue import all_languages, language
from atlasmix.languages.folding import fold
from atlasmix.languages.language import Language

FOLDER = data_folder() / "languages"
CARD = yaml.safe_load((FOLDER / "card.yaml").read_text(encoding="utf-8"))


def _table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_card_holds_the_hash_of_every_table() -> None:
    assert sorted(CARD["files"]) == sorted(path.name for path in FOLDER.glob("*.csv"))
    for name, digest in CARD["files"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", sorted(CARD["files"]))
def test_every_row_has_the_fields_the_card_explains(name: str) -> None:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == list(CARD["tables"][name])
    assert {len(row) for row in rows} == {len(header)}
    assert all(field == field.strip() for row in rows for field in row)


def test_languages_are_sorted_individual_and_plausible() -> None:
    listed = all_languages()
    codes = [one.code for one in listed]
    assert len(listed) == 573
    assert codes == sorted(set(codes))
    assert len({fold(one.name) for one in listed}) == len(listed)
    for one in listed:
        assert len(one.code) == 3
        assert one.name
        assert one.family
        assert one.scripts[0] == one.script
        assert len(set(one.scripts)) == len(one.scripts)
        assert all(script in tables.script_names() for script in one.scripts)
        assert one.speakers is None or one.speakers >= 0  # CLDR has 0 for Interlingue
        assert one.latitude is None or -90 <= one.latitude <= 90
        assert one.longitude is None or -180 <= one.longitude <= 180
        assert (one.latitude is None) == (one.longitude is None)
        if one.macrolanguage in tables.macrolanguages():
            assert one.code in tables.macrolanguages()[one.macrolanguage].members


def test_facts_of_catalan_and_of_min_nan() -> None:
    assert language("ca") == Language(
        code="cat",
        name="Catalan",
        endonym="català",
        family="Indo-European",
        genus="Romance",
        script="Latn",
        scripts=("Latn",),
        iso639_1="ca",
        bcp47="ca",
        speakers=language("cat").speakers,
        latitude=language("cat").latitude,
        longitude=language("cat").longitude,
        macrolanguage="",
    )
    assert 4_000_000 < (language("cat").speakers or 0) < 15_000_000
    assert language("nan").name == "Min Nan Chinese"
    assert language("nob").macrolanguage == "nor"


def test_aliases_are_folded_as_the_code_folds_and_mean_listed_languages() -> None:
    rows = _table("aliases.csv")
    assert [row["folded"] for row in rows] == [fold(row["alias"]) for row in rows]
    assert len({(row["folded"], row["code"], row["script"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["kind"] in ("name", "endonym", "code")
        entry = tables.languages().get(row["code"])
        assert entry is not None or row["code"] in ("ber", "nah")
        assert not row["script"] or (entry is not None and row["script"] in entry.scripts)


def test_every_region_implies_a_script_that_can_be_had() -> None:
    for (code, region), script in tables.region_scripts().items():
        entry = language(code)
        assert len(region) == 2
        assert script != entry.script
        assert script in entry.scripts or entry.macrolanguage


def test_byte_premiums_are_keyed_as_the_tags_are() -> None:
    rows = _table("byte_premiums.csv")
    assert len({(row["code"], row["script"]) for row in rows}) == len(rows) == 328
    for row in rows:
        assert row["script"] in tables.languages()[row["code"]].scripts
        assert 0.5 < float(row["byte_premium"]) < 6
        assert row["method"] in ("measured-on-FLORES", "original")
    found = {(row["code"], row["script"]): row for row in rows}
    assert math.isclose(float(found["eng", "Latn"]["byte_premium"]), 1)
    assert found["kat", "Geor"]["byte_premium"] == "2.9615"
    assert found["kat", "Geor"]["method"] == "measured-on-FLORES"


def test_large_languages_have_a_measured_byte_premium() -> None:
    measured = {
        row["code"] for row in _table("byte_premiums.csv") if row["method"] == "measured-on-FLORES"
    }
    large = ("ca", "es", "fr", "de", "pt", "ru", "zh", "ja", "ko", "ar", "hi", "sw", "fa", "vi")
    assert {language(text).code for text in large} <= measured


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "languages").mkdir()
    monkeypatch.setattr(tables, "data_folder", lambda: tmp_path)
    tables.languages.cache_clear()
    yield tmp_path / "languages" / "languages.csv"
    tables.languages.cache_clear()


@pytest.mark.parametrize(
    "text", ["", "code,name\n", "code,name\naar,Afar\n", ",".join("a" * 13) + "\naar,Afar\n"]
)
def test_a_damaged_table_is_one_sentence(damaged: Path, text: str) -> None:
    damaged.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"languages/languages\.csv is damaged.*install AtlasMix"):
        all_languages()


def test_a_missing_table_is_one_sentence(damaged: Path) -> None:
    with pytest.raises(DataError, match=r"languages\.csv cannot be read .*install AtlasMix again"):
        all_languages()


def test_the_first_answer_comes_at_once_and_without_heavy_libraries() -> None:
    code = (
        "import sys; from atlasmix.languages.resolving import resolve; "
        "str(resolve('cat')); str(resolve('Catalan'));"
        "print(*{'numpy', 'pandas', 'yaml', 'difflib', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_code_is_read_fast() -> None:
    def once() -> float:
        for table in (tables.languages, tables.macrolanguages, tables.aliases):
            table.cache_clear()
        start = time.perf_counter()
        assert language("cat").name == "Catalan"
        assert str(resolving._tag_meant.__wrapped__("Catalan")) == "cat"
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < 0.05  # about 10 ms alone; the machine may be shared
