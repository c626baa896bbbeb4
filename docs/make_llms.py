"""Write docs/llms.txt, the index of the pages with one line each, from mkdocs.yml and the pages.

    python docs/make_llms.py

The form is that of llmstxt.org. A test fails when the file is stale.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

DOCS = Path(__file__).parent
PAGE = DOCS / "llms.txt"
NAVIGATION = yaml.safe_load((DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
# What is longer is no line.
LONGEST = 220


def page() -> str:
    """The whole file."""
    title, sentence = heading("index.md")
    parts = [f"# {title}\n", f"> {sentence}\n"]
    for entry in NAVIGATION:
        for section, pages in ({} if isinstance(entry, str) else entry).items():
            if isinstance(pages, list):
                parts.append(f"## {section}\n")
                parts.append("".join(lines(pages)))
    return "\n".join(parts)


def lines(pages: list[str | dict[str, str]]) -> Iterator[str]:
    """One line a page of a section."""
    for entry in pages:
        name = entry if isinstance(entry, str) else next(iter(entry.values()))
        title, sentence = heading(name)
        # The site is read without a server too, so a page is a file, not a folder.
        yield f"- [{title}]({name.removesuffix('.md')}.html): {sentence}\n"


def heading(name: str) -> tuple[str, str]:
    """Title and first sentence of a page, without its links and marks."""
    text = (DOCS / name).read_text(encoding="utf-8")
    begin = re.match(r"# ([^\n]+)\n\n(.+?)(?:\n\n|\n*$)", text, re.DOTALL)
    if begin is None or begin[2].startswith(("```", "|", "<", "- ", "#")):
        raise SystemExit(f"docs/{name}: expected a title and, below it, a sentence on what it is")
    unlinked = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(begin[2].split()))
    sentence = re.split(r"(?<=[.?]) (?=[A-Z`])", unlinked)[0].replace("`", "")
    if len(sentence) > LONGEST:
        raise SystemExit(f"docs/{name}: its first sentence has {len(sentence)} letters, not a line")
    return begin[1].replace("`", ""), sentence


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
