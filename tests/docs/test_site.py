"""The pages hang together: links lead somewhere, the navigation names every page, one form."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES.append(ROOT / "CHANGELOG.md")


def text_of(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)


def anchors(page: Path) -> set[str]:
    """What a link into a page may name, as Python-Markdown and GitHub both write it."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = text_of(page)
    for link in [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]:
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        # The site holds docs/ alone.
        assert DOCS not in page.parents or DOCS in target.parents, f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def names(entries: list[object]) -> list[str]:
    """The pages of a navigation, in their order."""
    listed: list[str] = []
    for entry in entries:
        if isinstance(entry, str):
            listed.append(entry)
        else:
            assert isinstance(entry, dict)
            for below in entry.values():
                listed += [below] if isinstance(below, str) else names(below)
    return listed


def test_the_navigation_names_every_page_once() -> None:
    on_disk = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
    assert sorted(names(SITE["nav"])) == on_disk


def test_a_page_lies_in_the_folder_of_its_section() -> None:
    for entry in SITE["nav"]:
        if isinstance(entry, dict):
            for section, pages in entry.items():
                assert all(name.startswith(f"{section.lower()}/") for name in names(pages))


def test_every_figure_is_shown() -> None:
    shown = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    for figure in [*(DOCS / "figures").iterdir(), *(DOCS / "screenshots").iterdir()]:
        assert f"{figure.parent.name}/{figure.name}" in shown, figure.name


def test_every_page_of_the_explorer_is_in_the_gallery() -> None:
    """Its states, both themes and three widths: the list is what the script would write."""
    shots = runpy.run_path(str(DOCS / "make_screenshots.py"))
    main = (ROOT / "apps" / "explorer" / "main.py").read_text(encoding="utf-8")
    assert set(shots["GROUPS"]) == set(re.findall(r'st\.Page\(.*title="([^"]+)"', main))
    gallery = shots["GALLERY"].read_text(encoding="utf-8")
    assert shots["gallery_text"]() in gallery, "run docs/make_screenshots.py --gallery"
    taken = {picture.name for picture in shots["FOLDER"].iterdir()}
    assert taken == set(re.findall(r"\.\./screenshots/([\w.-]+)\)\]?", gallery))
    assert sum(each.stat().st_size for each in shots["FOLDER"].iterdir()) < 6 * 2**20


def test_the_site_loads_nothing_from_elsewhere() -> None:
    assert SITE["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css"} & set(SITE)


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - .+", version) for version in versions[1:])
    kinds = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
