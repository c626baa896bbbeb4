"""Write docs/reference/python.md from the docstrings of ``atlasmix.__all__``.

    python docs/make_python.py

A test fails when the page is stale. The examples are doctests, run where the docstrings stand.
"""

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import atlasmix

PAGE = Path(__file__).parent / "reference" / "python.md"
INTRODUCTION = """\
# Python

Every public name of `atlasmix`, from its docstring.

Written by `python docs/make_python.py`. A first walk: [from Python](../tutorials/python.md).
"""
SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Examples", "Note")
LONGEST = 92
LETTERS = {
    "alpha": "α",
    "beta": "β",
    "varphi": "φ",
    "phi": "φ",
    "psi": "ψ",
    "lambda": "λ",
    "tau": "τ",
    "kappa": "κ",
    "sigma": "σ",
    "sum": "Σ",
    "cdot": "·",
    "max": "max ",
    "min": "min ",
    "in": "∈ ",
    "ge": "≥ ",
    "le": "≤ ",
}


def page() -> str:
    """The whole page."""
    public = {name: getattr(atlasmix, name) for name in atlasmix.__all__}
    kinds: dict[str, dict[str, object]] = {
        "Classes": {},
        "Functions": {},
        "Errors": {},
        "Values": {},
    }
    for name, value in sorted(public.items(), key=lambda item: item[0].lower()):
        kinds[_kind(value)][name] = value
    parts = [INTRODUCTION, *_index(kinds)]
    for kind, members in kinds.items():
        if members:
            parts.append(f"## {kind}\n")
            parts.extend(_entry(name, value) for name, value in members.items())
    return "\n".join(parts)


def _kind(value: object) -> str:
    if inspect.isclass(value):
        return "Errors" if issubclass(value, BaseException) else "Classes"
    return "Functions" if callable(value) else "Values"


def _index(kinds: dict[str, dict[str, object]]) -> Iterator[str]:
    yield "| name | what |\n|---|---|"
    for members in kinds.values():
        for name, value in members.items():
            first = _prose(" ".join(_text(value).split("\n\n")[0].split())).replace("|", "\\|")
            yield f"| [`{name}`](#{name.lower()}) | {first} |"
    yield ""


def _entry(name: str, value: object) -> str:
    parts = [f"### `{name}`\n"]
    if callable(value):
        parts.append(f"```python\n{_signature(name, value)}\n```\n")
    parts.append(_markdown(_text(value)))
    if inspect.isclass(value):
        parts.extend(_methods(name, value))
    return "\n".join(parts)


def _methods(owner: str, value: type) -> Iterator[str]:
    """What a class itself defines; what a dataclass writes has no docstring."""
    for name, member in vars(value).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property | cached_property) and member.__doc__:
            yield f"#### `{owner}.{name}`\n\n{_markdown(inspect.getdoc(member) or '')}"
        function = inspect.unwrap(getattr(member, "__func__", member))
        if inspect.isfunction(function) and function.__doc__:
            shown = _signature(f"{owner}.{name}", getattr(value, name))
            text = _markdown(inspect.getdoc(function) or "")
            yield f"#### `{owner}.{name}()`\n\n```python\n{shown}\n```\n\n{text}"


class _Bare(str):
    """An annotation that is written as it stands, without the quotes of a string."""

    def __repr__(self) -> str:
        return str(self)


def _signature(name: str, value: object) -> str:
    """The call, a line an argument where it is long."""
    assert callable(value)
    try:
        signature = inspect.signature(value)
    except ValueError:
        return f"{name}(...)"
    arguments = [
        parameter.replace(annotation=_bare(parameter.annotation))
        for key, parameter in signature.parameters.items()
        if key not in ("self", "cls") and not key.startswith("_")
    ]
    result = inspect.Signature.empty if inspect.isclass(value) else signature.return_annotation
    shown = signature.replace(parameters=arguments, return_annotation=_bare(result))
    # An object as a default has no short form; where it lies in memory is nobody's business.
    written = [re.sub(r"<[^<>]*>", "...", str(argument)) for argument in arguments]
    arrow = "" if result is inspect.Signature.empty else f" -> {shown.return_annotation}"
    whole = re.sub(r"<[^<>]*>", "...", str(shown))
    if len(name + whole) <= LONGEST or not written:
        return name + whole
    lines = [f"    {argument}," for argument in _with_bars(arguments, written)]
    return "\n".join([f"{name}(", *lines, f"){arrow}"])


def _with_bars(arguments: list[inspect.Parameter], written: list[str]) -> Iterator[str]:
    """The arguments, with ``*`` before those that are taken by name alone."""
    named = False
    for argument, text in zip(arguments, written, strict=True):
        if argument.kind is inspect.Parameter.KEYWORD_ONLY and not named:
            yield "*"
        named |= argument.kind in (
            inspect.Parameter.KEYWORD_ONLY,
            inspect.Parameter.VAR_POSITIONAL,
        )
        yield text


def _bare(annotation: object) -> object:
    return _Bare(annotation) if isinstance(annotation, str) else annotation


def _text(value: object) -> str:
    return inspect.getdoc(value) or ""


def _markdown(text: str) -> str:
    """A docstring in Google's form as Markdown."""
    parts = []
    for block in re.split(rf"\n(?=(?:{'|'.join(SECTIONS)}):\n)", "\n" + text):
        head, _, rest = block.lstrip("\n").partition("\n")
        if head.rstrip(":") in SECTIONS:
            # What is indented belongs to the section; what follows it does not.
            inside = re.match(r"(?:[ \t]+.*\n?|\n)*", rest)
            assert inside is not None
            parts.append(f"**{head.rstrip(':')}**\n\n{_members(inspect.cleandoc(inside[0]))}")
            parts.append(_prose(rest[inside.end() :].strip("\n")))
        else:
            parts.append(_prose(block.strip("\n")))
    return "\n\n".join(part for part in parts if part) + "\n"


def _members(text: str) -> str:
    """``name: what it is`` a line, with its continuation indented."""
    entries = re.split(r"\n(?=\*{0,2}\w[\w.]*(?:, \w[\w.]*)*: )", text)
    lines = []
    for entry in entries:
        name, colon, rest = entry.partition(": ")
        if not colon or not re.fullmatch(r"[\w*., ]+", name):
            return _prose(text)
        lines.append(f"- `{name}`: {_prose(' '.join(rest.split()))}")
    return "\n".join(lines)


def _prose(text: str) -> str:
    """Paragraphs, with the marks of reStructuredText as those of Markdown."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.lstrip().startswith(">>>"):
            paragraphs.append(f"```pycon\n{inspect.cleandoc(paragraph)}\n```")
        elif formula := re.match(r"\.\. math::\s*(.*)", paragraph, re.DOTALL):
            paragraphs.append(f"```formula\n{_unicode(' '.join(formula[1].split()))}\n```")
        else:
            spoken = re.sub(r":math:`([^`]+)`", lambda formula: _unicode(formula[1]), paragraph)
            spoken = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", spoken)
            paragraphs.append(spoken.replace("``", "`"))
    return "\n\n".join(paragraphs)


def _unicode(formula: str) -> str:
    """A formula of LaTeX as text, which needs no script to be read."""
    for command, letter in LETTERS.items():
        formula = re.sub(rf"\\{command}(?![A-Za-z]) ?", letter, formula)
    formula = re.sub(r"\{(\w+)\}", r"\1", formula)
    return formula.replace("{", "(").replace("}", ")")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
