"""Types of files: faults in sentences, and schemas that say what the types say."""

from __future__ import annotations

import doctest
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
import yaml
from msgspec import UNSET, Meta, UnsetType

from atlasmix.evidence import card as cards
from atlasmix.evidence.card_schema import CardFile
from atlasmix.io import schema as schemas
from atlasmix.io.schema import Count, Name, Names, Positive, Share, faults_of, json_schema
from atlasmix.problem.parsing import PHASE_KEYS, QUESTION_KEYS
from atlasmix.problem.schema import PhaseChoice, QuestionFile

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"


@dataclass(frozen=True)
class Part:
    """A part."""

    name: Name
    share: Annotated[Share, Meta(description="of the whole")]
    note: str = ""


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    """A whole.

    More of it.
    """

    parts: Annotated[list[Part], Meta(min_length=1)]
    kind: Literal["a", "b"] | UnsetType = UNSET
    weights: dict[str, Positive] | UnsetType = UNSET
    either: Part | Names | UnsetType = UNSET
    diagonal: float | Literal["missing"] | UnsetType = UNSET
    ends: Annotated[dict[str, Positive] | list[Name], Meta(description="both")] | UnsetType = UNSET
    loss: float | None = None
    count: Count = 0


def whole(**changes: Any) -> dict[str, Any]:
    return {"parts": [{"name": "x", "share": 1}], **changes}


def test_examples_hold() -> None:
    failed, tried = doctest.testmod(schemas)
    assert tried > 1
    assert failed == 0


@pytest.mark.parametrize(
    "value",
    [
        whole(),
        whole(kind="a", weights={"a": 1}, either="x", loss=0.5, count=3),
        whole(either=["x", "y"], loss=None),
        whole(either={"name": "x", "share": 0}),
    ],
)
def test_what_is_of_the_type_has_no_fault(value: dict[str, Any]) -> None:
    assert faults_of(value, Whole, "it") == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "it: found [], expected a mapping"),
        ({}, "it: 'parts' is missing"),
        (whole(parts=[]), "parts: found [], expected a list of length >= 1"),
        (whole(parts="x"), "parts: found 'x', expected a list"),
        (whole(colour=1), "it: no key 'colour': expected parts, kind, weights"),
        (whole(knd="a"), "it: no key 'knd': did you mean kind? expected parts"),
        (whole(parts=[{"name": "x"}]), "parts.0: 'share' is missing"),
        (
            whole(parts=[{"name": "x", "share": 2}]),
            "parts.0.share: found 2, expected a number <= 1",
        ),
        (whole(parts=[{"name": "", "share": 1}]), "expected a text of length >= 1"),
        (whole(parts=[{"name": "x", "share": 1, "a": 1}]), "parts.0: no key 'a'"),
        (whole(kind="c"), "kind: found 'c', expected one of a, b"),
        (whole(weights={"a": 0}), "weights.a: found 0, expected a number > 0"),
        (whole(either=3), "either: found 3, expected a text or a mapping or a list"),
        (whole(either={"name": "x"}), "either: 'share' is missing"),
        (whole(diagonal="x"), "diagonal: found 'x', expected a number or 'missing'"),
        (whole(ends={"a": 0}), "ends.a: found 0, expected a number > 0"),
        (whole(ends=["a", ""]), "ends.1: found '', expected a text of length >= 1"),
        (whole(ends=1), "ends: found 1, expected a mapping or a list"),
        (whole(loss="x"), "loss: found 'x', expected a number or null"),
        (whole(count=1.5), "count: found 1.5, expected a whole number"),
        (whole(count=True), "count: found True, expected a whole number"),
        (whole(kind=None), "kind: found None, expected one of a, b"),
    ],
)
def test_a_fault_says_where_what_and_what_was_expected(value: object, said: str) -> None:
    (fault,) = faults_of(value, Whole, "it")
    assert said in fault


def test_every_fault_is_named_and_no_more_than_twenty() -> None:
    faults = faults_of(whole(kind="c", count=-1, weights={"a": "x"}), Whole, "it")
    assert [fault.partition(":")[0] for fault in faults] == ["count", "kind", "weights.a"]
    many = whole(parts=[{"name": "x"}] * 30)
    assert len(faults_of(many, Whole, "it")) == 20


def test_the_schema_judges_as_the_type_does() -> None:
    schema = json_schema(Whole, "atlasmix/whole/1", "A whole thing")
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    for value in (whole(), whole(either=["x"]), whole(kind="a", weights={"a": 1})):
        assert judge.is_valid(value)
    for value in ({}, whole(colour=1), whole(parts=[]), whole(kind="c"), whole(count=-1)):
        assert not judge.is_valid(value)
    assert not judge.is_valid(whole(parts=[{"name": "x", "share": 1, "a": 1}]))
    assert (schema["title"], schema["description"]) == ("A whole thing", "A whole.")
    assert schema["$id"] == "urn:atlasmix:schema:whole:1"


def _made() -> dict[str, str]:
    path = ROOT / "scripts" / "make_schemas.py"
    spec = importlib.util.spec_from_file_location("make_schemas", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    texts: dict[str, str] = module.texts()
    return texts


def test_the_shipped_schemas_are_those_of_the_types() -> None:
    """Else: python scripts/make_schemas.py."""
    shipped = {path.name: path.read_text(encoding="utf-8") for path in (DATA / "schemas").iterdir()}
    assert shipped == _made()


OWN_FORM = ("languages", "runs")
"""Folders whose cards stand beside several tables, and are read by people alone."""

CARDS = [path for path in sorted(DATA.rglob("card.yaml")) if path.parent.name not in OWN_FORM]


@pytest.mark.parametrize("path", CARDS, ids=lambda p: p.parent.name)
def test_every_shipped_card_follows_its_schema(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema = json.loads((DATA / "schemas" / "card-1.json").read_text(encoding="utf-8"))
    assert [
        error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(content)
    ] == []
    assert faults_of(content, CardFile, "card") == []


def test_the_types_have_the_keys_that_are_read() -> None:
    keys = [field.encode_name for field in msgspec.structs.fields(QuestionFile)]
    assert keys == list(QUESTION_KEYS)
    assert [one.name for one in msgspec.structs.fields(PhaseChoice)] == list(PHASE_KEYS)
    on_card = {field.name for field in msgspec.structs.fields(CardFile)}
    assert on_card == {"schema", *cards.Card.__dataclass_fields__}


def test_help_needs_no_types() -> None:
    code = (
        "import sys; from atlasmix.cli.main import run; run(['check', '--help']); "
        "print('msgspec' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_fault_wherever_it_stands(number: float) -> None:
    """A bare number takes nan and inf, one of > 0 takes inf, and what is left open takes all."""

    @dataclass
    class Part:
        bare: float | None
        limited: Positive
        anything: Any

    for name in ("bare", "limited", "anything"):
        value = {"bare": 1.0, "limited": 1.0, "anything": {}, name: number}
        (fault,) = faults_of([value], list[Part], "it")
        assert fault == f"0.{name}: found {number!r}, expected a finite number"
    (fault,) = faults_of({"bare": 1.0, "limited": 1.0, "anything": {"a": [number]}}, Part, "it")
    assert fault.startswith("anything.a.0: found")
