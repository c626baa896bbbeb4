"""Types of what is read from files: every fault in a sentence, and the JSON Schema of the type.

A type is a dataclass or a ``msgspec.Struct``. Its fields say what may stand in the file, with
limits as annotations; msgspec judges a value by them and writes them as JSON Schema.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, UnsetType

from atlasmix.io.plain_data import shown
from atlasmix.text import did_you_mean

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Names = Name | list[Name]
Text = Annotated[str, Meta(min_length=1)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Written = float | str
"""A number as people write it: ``2e9``, ``2B``, ``30%``."""

_MOST_FAULTS: Final = 20
_LARGEST: Final = 10**100
"""No figure of a file is as large, and a larger one may be more than a float can hold."""

_WORDS: Final[dict[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    dict: "a mapping",
    list: "a list",
    type(None): "null",
}
"""What a file holds of each type, in the order in which a sentence lists them."""


def faults_of(value: object, kind: Any, what: str) -> list[str]:
    """What keeps plain data from being of a type: a sentence for each place, the first twenty.

    Args:
        value: mappings, lists, texts and numbers.
        kind: the type.
        what: how a sentence names the whole.

    >>> faults_of(["a", 1], list[Name], "it")
    ['1: found 1, expected a text']
    """
    endless = {} if _is_finite(value) else dict(_endless(value, ""))
    if not endless and _is_of(value, kind) and _all_known(value, kind):
        return []  # most files are sound, and that is seen at once
    other = [fault for fault in _walk(value, kind, "") if fault[0] not in endless]
    result = sorted([*endless.items(), *other])
    return [f"{path or what}: {said}" for path, said in result[:_MOST_FAULTS]]


def _all_known(value: object, kind: Any) -> bool:
    """Whether every key of every record is one of its type; False where that is not plain."""
    if not isinstance(value, Mapping | list) or not value:
        return True
    shaped = [_unlimited(each) for each in _members(kind) if _has_shape(each, value)]
    if len(shaped) != 1:
        return False
    if isinstance(value, list):
        inner = get_args(shaped[0])[0]
        return all(_all_known(item, inner) for item in value)
    if not _has_fields(shaped[0]):
        inner = get_args(shaped[0])[1]
        return all(_all_known(item, inner) for item in value.values())
    known = _fields(shaped[0])
    if _is_closed(shaped[0]) and not value.keys() <= known.keys():
        return False
    return all(_all_known(item, known[key][0]) for key, item in value.items() if key in known)


def _is_finite(value: object) -> bool:
    """Whether no number in it is nan, inf or endless."""
    if isinstance(value, str):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= _LARGEST
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, list) or all(map(_is_finite, value))


def _endless(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every nan, inf and endless integer, wherever it stands: no figure in a file is one."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path, f"found {shown(value)}, expected a finite number"
    elif isinstance(value, int) and abs(value) > _LARGEST:
        yield path, f"found {shown(value)}, expected a number below 1e100"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _endless(item, _below(path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _endless(item, _below(path, place))


def _walk(value: object, kind: Any, path: str) -> Iterator[tuple[str, str]]:
    kind = _member(kind, value)
    bare = _unlimited(kind)
    if _is_choice(bare):
        if value not in get_args(bare):
            yield path, f"found {shown(value)}, expected one of {', '.join(get_args(bare))}"
        return
    if _has_fields(bare) and isinstance(value, Mapping):
        yield from _walk_fields(value, bare, path)
        return
    below = list(_walk_members(value, bare, path))
    yield from below or _judged(value, kind, path)


def _walk_members(value: object, kind: Any, path: str) -> Iterator[tuple[str, str]]:
    """The faults of what a list or a mapping of one type holds."""
    types = get_args(kind)
    if isinstance(value, list) and get_origin(kind) in (list, tuple):
        for place, item in enumerate(value):
            yield from _walk(item, types[0], _below(path, place))
    elif isinstance(value, Mapping) and get_origin(kind) is dict:
        for key, item in value.items():
            yield from _walk(key, types[0], _below(path, key))
            yield from _walk(item, types[1], _below(path, key))


def _walk_fields(value: Mapping[Any, Any], kind: Any, path: str) -> Iterator[tuple[str, str]]:
    known = _fields(kind)
    if _is_closed(kind):
        for key in value:
            if key not in known:
                hint = did_you_mean(str(key), known, " ")
                yield path, f"no key {shown(key)}: {hint}expected {', '.join(known)}"
    for name, (inner, needed) in known.items():
        if name in value:
            yield from _walk(value[name], inner, _below(path, name))
        elif needed:
            yield path, f"{name!r} is missing"


def _judged(value: object, kind: Any, path: str) -> Iterator[tuple[str, str]]:
    if not _is_of(value, kind):
        yield path, f"found {shown(value)}, expected {_expected(value, kind)}"


def _is_of(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _expected(value: object, kind: Any) -> str:
    """What a value lacks of a type: the limit that it breaks, or else every type it might have."""
    members = _members(kind)
    for member in members:
        bare = _unlimited(member)
        if bare is not member and _is_of(value, bare):
            limits = (limit for limit in member.__metadata__ if isinstance(limit, Meta))
            return f"{_word(bare)} {_broken(value, bare, limits)}"
    choices = [repr(word) for each in members if _is_choice(each) for word in get_args(each)]
    words = {_word(member) for member in members if not _is_choice(member)}
    return " or ".join([*(word for word in _WORDS.values() if word in words), *choices])


def _members(kind: Any) -> tuple[Any, ...]:
    """The types of a union, and of those in it, each with its limits; else the type itself."""
    bare = _unlimited(kind)
    if not _is_union(bare):
        return (kind,)
    return tuple(
        each for part in get_args(bare) if part is not UnsetType for each in _members(part)
    )


def _broken(value: object, bare: Any, limits: Iterable[Meta]) -> str:
    """The first of a type's limits that a value of it breaks, in words."""
    written = (
        ("gt", "> {:g}"),
        ("ge", ">= {:g}"),
        ("lt", "< {:g}"),
        ("le", "<= {:g}"),
        ("min_length", "of length >= {}"),
        ("max_length", "of length <= {}"),
        ("pattern", "matching regex {!r}"),
    )
    return next(
        words.format(level)
        for limit in limits
        for name, words in written
        if (level := getattr(limit, name)) is not None
        and not _is_of(value, Annotated[bare, Meta(**{name: level})])
    )


def _word(kind: Any) -> str:
    bare = _unlimited(kind)
    if _has_fields(bare):
        return _WORDS[dict]
    shape = get_origin(bare) or bare
    return _WORDS[list if shape is tuple else shape]


def _is_choice(kind: Any) -> bool:
    return get_origin(kind) is Literal


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _member(kind: Any, value: object) -> Any:
    """The type without absence; of a union the one member that a mapping or a list may be."""
    members = _members(kind)
    shaped = [member for member in members if _has_shape(member, value)]
    if len(shaped) == 1:
        return shaped[0]
    return members[0] if len(members) == 1 else Union[members]  # noqa: UP007


def _has_shape(kind: Any, value: object) -> bool:
    bare = _unlimited(kind)
    if isinstance(value, Mapping):
        return _has_fields(bare) or get_origin(bare) is dict
    return isinstance(value, list) and get_origin(bare) in (list, tuple)


def _unlimited(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _has_fields(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) or (
        isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    )


def _is_closed(kind: Any) -> bool:
    """Whether other keys than those of the type are refused: a struct may say that they are not."""
    return dataclasses.is_dataclass(kind) or bool(kind.__struct_config__.forbid_unknown_fields)


@cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Key in the file: (type, whether it must be there)."""
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return {
            field.name: (
                hints[field.name],
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING,
            )
            for field in dataclasses.fields(kind)
        }
    return {
        field.encode_name: (field.type, field.required) for field in msgspec.structs.fields(kind)
    }


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def schema_id(name: str) -> str:
    """The address of a schema, which no server answers: ``urn:atlasmix:schema:recipe:2``.

    >>> schema_id("atlasmix/recipe/2")
    'urn:atlasmix:schema:recipe:2'
    """
    return f"urn:{name.replace('/', ':schema:', 1).replace('/', ':')}"


def json_schema(kind: Any, name: str, title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type.

    Args:
        kind: the type of the whole file; its first line of documentation is the description.
        name: as files say it: ``atlasmix/recipe/2``.
        title: for readers of the schema.
    """
    _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for part in parts.values():
        if "properties" in part:
            part.setdefault("additionalProperties", False)
        if "description" in part:
            part["description"] = part["description"].splitlines()[0]
    whole = parts.pop(kind.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id(name),
        **whole,
        "title": title,
        "$defs": dict(sorted(parts.items())),
    }
