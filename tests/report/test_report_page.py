"""One report, many pages: every number of the answer stands in each, and no page needs another."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_answers import EUROPEAN, REASONS, STEPS, beside, mixture_of, question

from atlasmix.errors import DataError
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.problem.problem import MixProblem
from atlasmix.report.answer import answer_report
from atlasmix.report.blocks import (
    Block,
    Caution,
    Cell,
    Column,
    Fact,
    Facts,
    Figure,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Verbatim,
)
from atlasmix.report.figures.drawing import plotly_objects
from atlasmix.report.findings import Findings, models_beside
from atlasmix.report.html import html_page, slides_page
from atlasmix.report.markdown import markdown_text
from atlasmix.report.report import Report, check_report
from atlasmix.report.terminal import terminal_text

SHARES = {"cat": 0.85, "spa": 0.15}
HOSTILE = '<script>alert("x")</script>|[a](javascript:x) & `*_'
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """What a browser reads: elements closed in order, tables as rows of (text, data-value)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[tuple[str, str | None]]]] = []
        self.cell: list[str] | None = None
        self.value: str | None = None
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell, self.value = [], dict(attrs).get("data-value")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"
        if tag in ("td", "th") and self.cell is not None:
            self.tables[-1][-1].append(("".join(self.cell), self.value))
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)
        if not {"script", "style"} & set(self.open):
            self.words.append(data)


@pytest.fixture(scope="module")
def problem() -> MixProblem:
    return question()


@pytest.fixture(scope="module")
def mixture(problem: MixProblem) -> Mixture:
    return mixture_of(problem, SHARES)


@pytest.fixture(scope="module")
def report(problem: MixProblem, mixture: Mixture) -> Report:
    found = Findings(
        beside(mixture), REASONS, STEPS, models_beside(problem), command="atlasmix solve again"
    )
    return answer_report(problem, mixture, found)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return report.html()


def tables(blocks: tuple[Block, ...]) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def numbers(table: Table) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """(row, column, number or two ends) of each cell that holds one."""
    for at, row in enumerate(table.rows):
        for place, (value, column) in enumerate(zip(row.values(), table.columns, strict=True)):
            if column.number and value is not None and not isinstance(value, str):
                yield at, place, value if isinstance(value, tuple) else (value,)


def test_every_number_of_every_table_stands_on_the_page_with_all_its_digits(
    report: Report, page: str
) -> None:
    read = Page(page).tables
    every = tables(report.blocks)
    assert len(read) == len(every) > 8
    count = 0
    for table, lines in zip(every, read, strict=True):
        assert [text for text, _ in lines[0]] == [column.heading for column in table.columns]
        for at, place, ends in numbers(table):
            written = lines[at + 1][place][1]
            assert written is not None
            assert tuple(map(float, written.split())) == ends
            count += 1
        for row, line in zip(table.rows, lines[1:], strict=True):
            assert tuple(text for text, _ in line) == table.line(row)
    assert count > 100


def test_the_numbers_are_those_of_the_answer(mixture: Mixture, page: str) -> None:
    by_head = {lines[0][0][0]: lines for lines in reversed(Page(page).tables)}
    (catalan, *_), effect = by_head["target"][1:], mixture.targets[0]
    values = [float(value) for _, value in catalan if value is not None]
    assert values == [
        *(effect.own_share, effect.loss, effect.capacity_loss, effect.data_loss),
        *(effect.effective_data, effect.own, effect.transferred, effect.phi),
    ]


def test_every_table_of_the_markdown_reads_back(report: Report) -> None:
    text = report.markdown()
    blocks = [part.splitlines() for part in text.split("\n\n") if part.startswith("| ")]
    every = tables(report.blocks)
    assert len(blocks) == len(every)
    for table, lines in zip(every, blocks, strict=True):
        rule = [cell.strip() for cell in lines[1].strip("|").split("|")]
        assert [cell == "---:" for cell in rule] == [column.number for column in table.columns]
        assert len(lines) == len(table.rows) + 2
        for row, line in zip(table.rows, lines[2:], strict=True):
            cells = [cell.strip().strip("*") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            shown = [re.sub(r"\\(.)", r"\1", cell) for cell in cells]
            assert shown == [" ".join(one.split()) for one in table.line(row)]


def test_each_part_that_a_committee_asks_for_has_its_section(report: Report) -> None:
    titles = [one.heading.text for one in report.sections if one.heading]
    wanted = [
        "In a few figures",
        "The question",
        "Mixture",
        "Predicted effect (by the law and the scores, not measured)",
        "Where the effective tokens come from",
        "Compared with, on the same objective",
        "Break a limit, so no alternatives",
        "Baselines by language",
        "Published mixtures by language",
        "Donors",
        "Why each donor is read or not",
        "What would help most (to first order)",
        "How sure",
        "What was measured, and what predicted",
        "Warnings",
        "Evidence",
        "How to reproduce it",
    ]
    assert titles == wanted
    short = report.text()
    assert "Published mixtures by language" not in short
    assert all(f"\n{title}\n" in report.text(every=True) for title in wanted)


def test_published_mixtures_stand_beside_the_answer_by_language(
    report: Report, mixture: Mixture
) -> None:
    part = next(
        one
        for one in report.sections
        if one.heading and one.heading.text.startswith("Published mixtures")
    )
    judged, shares = tables(part.blocks)
    names = [column.name for column in shares.columns[2:]]
    assert sorted(names) == sorted(row.values()[0] for row in judged.rows)
    assert "salamandra-7b" in names
    assert shares.rows[0].values()[1] == mixture.proportions["cat"]
    for place in range(1, len(shares.columns)):
        column = [row.values()[place] or 0.0 for row in shares.rows]
        assert sum(float(share) for share in column if isinstance(share, float)) == pytest.approx(1)


def test_a_published_mixture_that_breaks_a_limit_is_never_said_to_be_better(
    problem: MixProblem, mixture: Mixture
) -> None:
    model = dataclasses.replace(
        beside(mixture)[1], name="a model", value=0.0, breaks=("min cat 90%",)
    )
    limit = ShareLimit("min", Selection("language", "cat"), 0.9)
    limited = dataclasses.replace(problem, limits=(limit,))
    told = answer_report(limited, mixture, Findings(beside(mixture), published=(model,)))
    judged = next(one for one in tables(told.blocks) if one.title.startswith("Published"))
    (row,) = judged.rows
    worse = [column.name for column in judged.columns].index("worse by")
    assert row.values()[worse] is None
    assert row.values()[-1] == "'min Catalan 90%'"


def test_the_page_asks_nothing_of_any_other(page: str) -> None:
    read = Page(page)
    for tag, attributes in read.tags:
        assert "src" not in attributes, tag
        address = attributes.get("href") or ""
        if address.startswith("#"):
            continue
        assert not address or (tag == "a" and address.startswith("https://")), address
    policy = next(a["content"] for t, a in read.tags if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "@import" not in page
    assert not re.search(r"url\(['\"]?http", page.partition("</style>")[0])
    assert page.count("<!DOCTYPE html>") == 1


def test_the_contents_lead_to_every_section(report: Report, page: str) -> None:
    read = Page(page)
    places = [attributes["id"] for tag, attributes in read.tags if tag == "section"]
    links = [a["href"] for t, a in read.tags if t == "a" and (a["href"] or "").startswith("#")]
    assert links == [f"#{place}" for place in places]
    assert len(set(places)) == len(report.sections) - 1


def test_the_evidence_is_cited_with_links(page: str, problem: MixProblem) -> None:
    links = {a["href"] for t, a in Page(page).tags if t == "a"}
    assert "https://arxiv.org/abs/2510.22037v2" in links
    for piece in (problem.matrix.sha256, problem.law.name, "CC BY 4.0", "atlasmix solve again"):
        assert piece in page
    assert "targets:\n  cat: 1" in page


def test_the_figures_are_drawn_by_one_script_from_data(report: Report, page: str) -> None:
    names = [block.name for block in report.blocks if isinstance(block, Figure)]
    assert {"mixture", "effect", "prices"} <= set(names)
    assert len(set(names)) == len(names)
    tags = Page(page).tags
    scripts = [attributes for tag, attributes in tags if tag == "script"]
    data = [one["id"] for one in scripts if one.get("type") == "application/json"]
    assert data == [f"figure-{name}-data" for name in names]
    assert len(scripts) == len(names) + 2
    alts = [attributes["aria-label"] for _, attributes in tags if attributes.get("role") == "img"]
    assert len(alts) == len(names)
    assert all(alts)


def test_paper_is_thought_of(page: str) -> None:
    style = page.partition("<style>")[2].partition("</style>")[0]
    printed = style.partition("@media print")[2]
    assert "size: A4" in style
    assert "break-inside: avoid" in printed
    assert "figure" in printed
    # 42rem are 672 pixels: what fits between the margins of A4 without being drawn anew.
    assert "figure { margin: 1.25rem 0; max-width: 42rem; }" in style


def hostile() -> tuple[Block, ...]:
    """Every kind of block with a text that would be markup."""

    def build() -> Any:
        from atlasmix.report.figures.drawing import canvas, unmarked

        return canvas(200, x=unmarked(HOSTILE), title="</script><script>alert")

    table = Table(
        (Column(HOSTILE), Column("n", "count", HOSTILE)),
        (Row((HOSTILE, 1)), Row((Cell(HOSTILE, "~", True), HOSTILE), "chosen")),
        (HOSTILE,),
        title=HOSTILE,
    )
    return (
        Caution(HOSTILE),
        Heading(HOSTILE),
        Sentence(HOSTILE, strong=True),
        Sentences((HOSTILE,)),
        table,
        Facts((Fact(HOSTILE, HOSTILE, f"{HOSTILE} https://a.example/?{HOSTILE}"),), title=HOSTILE),
        Verbatim(f"```\n{HOSTILE}"),
        Figure("f", HOSTILE, HOSTILE, build),
    )


def test_no_text_becomes_markup() -> None:
    page = html_page(HOSTILE, hostile())
    read = Page(page)
    assert "<script>alert" not in page.replace("\\u003c", "")
    assert sum(tag == "script" for tag, _ in read.tags) == 3, "Plotly, one figure, its drawing"
    assert "".join(read.words).count(HOSTILE) >= 11
    links = [a["href"] for t, a in read.tags if t == "a"]
    assert all((one or "").startswith(("#", "https://a.example/?")) for one in links)
    assert read.tables[0][1][0][0] == HOSTILE


def test_no_text_becomes_markdown() -> None:
    text = markdown_text(HOSTILE, hostile())
    fenced = text.partition("````text")[2].partition("\n````")[0]
    assert HOSTILE in fenced, "a command is copied as it is"
    rest = text.replace(fenced, "")
    for mark in ("<script", "](", "`*_"):
        assert not re.search(rf"(?<!\\){re.escape(mark)}", rest), mark
    assert all(
        line.count("|") - line.count("\\|") == 3 for line in re.findall(r"^\| .*$", text, re.M)
    )


def test_a_hostile_pool_is_a_word_on_every_page(problem: MixProblem, mixture: Mixture) -> None:
    first = mixture.read[0]
    pool = dataclasses.replace(first.pool, corpus=HOSTILE, source=HOSTILE, licence=HOSTILE)
    named = dataclasses.replace(
        mixture, pools=(dataclasses.replace(first, pool=pool), *mixture.pools[1:])
    )
    told = answer_report(problem, named)
    page = told.html()
    assert "<script>alert" not in page
    assert HOSTILE in "".join(Page(page).words)
    assert "<script" not in re.sub(r"\\<", "", told.markdown())


def test_a_mark_of_doubt_stands_by_what_is_only_predicted(page: str) -> None:
    doubted = re.findall(r'<td class="doubted">([^<]*)</td>', page)
    assert doubted == ["0.4 predicted", "0.3 predicted"]


def test_a_terminal_leaves_figures_and_details_out(report: Report) -> None:
    assert terminal_text(report.blocks) == report.text() == str(report)
    for width in (60, 120):
        assert max(map(len, report.text(width).splitlines())) <= width
    assert "SHA-256" not in report.text()
    assert "SHA-256" in report.text(every=True)


def test_a_notebook_shows_the_answer_without_scripts(report: Report) -> None:
    shown = report._repr_html_()
    read = Page(shown)
    assert not any(tag == "script" for tag, _ in read.tags)
    assert "Read 100B tokens" in shown
    assert "Evidence" not in shown
    assert len(shown) < 40_000
    assert repr(report) == "<Report 'A training mixture for Catalan': 18 sections>"


def test_a_report_is_saved_by_the_ending_of_its_name(report: Report, tmp_path: Path) -> None:
    for name, start in (
        ("a.html", "<!DOCTYPE html>"),
        ("a.md", "# A training mixture for Catalan\n"),
        ("a.txt", "A training mixture for Catalan\n\nRead 100B tokens"),
    ):
        report.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"'a\.pdf': expected a file name that ends in \.html"):
        check_report(tmp_path / "a.pdf")
    with pytest.raises(DataError, match=r"there is no folder .*make it"):
        check_report(tmp_path / "no" / "a.html")
    monkeypatch.setitem(__import__("sys").modules, "plotly", None)
    monkeypatch.setitem(__import__("sys").modules, "plotly.graph_objects", None)
    with pytest.raises(DataError, match=r"pip install 'atlasmix\[figures\]'"):
        check_report(tmp_path / "a.html")
    check_report(tmp_path / "a.md")


def test_markdown_and_notebook_need_no_plotly(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "plotly.graph_objects", None)
    assert "Figure, on the HTML page: Shares of the tokens read" in report.markdown()
    assert report._repr_html_()
    assert report.text()


def test_many_targets_and_no_findings_make_a_report(tmp_path: Path) -> None:
    problem = question(EUROPEAN)
    mixture = mixture_of(problem, {key: 1 / 13 for key in EUROPEAN.split(",")})
    told = answer_report(problem, mixture)
    assert told.title == "A training mixture for 13 languages"
    titles = [one.heading.text for one in told.sections if one.heading]
    assert "Donors" not in titles
    assert "Published mixtures by language" not in titles
    told.save(tmp_path / "a.html")


CLIPPED = """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
    const box = plot.getBoundingClientRect(), words = plot.querySelectorAll('text');
    return [...words].filter(e => { const b = e.getBoundingClientRect();
        return b.width && (b.left < box.left - 2 || b.right > box.right + 2
            || b.bottom > box.bottom + 2); }).map(e => e.textContent); })"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser")
def test_a_browser_draws_every_figure_and_asks_for_nothing(report: Report, tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api")
    report.save(tmp_path / "a.html")
    # Where the explorer's tests ran before, their browser's loop is that of this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(draws_and_asks_for_nothing, tmp_path / "a.html").result()


def draws_and_asks_for_nothing(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for width in (1280, 390):
            view = browser.new_page(viewport={"width": width, "height": 900})
            said: list[str] = []
            view.on("console", lambda message, said=said: said.append(message.text))
            view.on("pageerror", lambda error, said=said: said.append(str(error)))
            view.on("request", lambda asked, said=said: said.append(asked.url))
            view.goto(page.as_uri())
            view.wait_for_function(
                "document.querySelectorAll('.plot .main-svg').length"
                " >= 2 * document.querySelectorAll('.plot').length"
            )
            assert said == [page.as_uri()]
            assert view.evaluate("document.documentElement.scrollWidth") <= width
            assert view.evaluate(CLIPPED) == []
        browser.close()


def test_a_speaker_has_every_figure_on_a_slide_of_its_own() -> None:
    """One page, nothing from elsewhere, a slide a figure with the same numbers."""
    problem = question("cat,spa", 300e9)
    report = answer_report(problem, mixture_of(problem, SHARES))
    assert report.figures
    page = report.slides()
    assert page.count('<section class="slide">') == len(report.figures)
    assert "aspect-ratio: 16 / 9" in page
    assert "default-src 'none'" in page
    for figure in report.figures:
        assert f"<h1>{html.escape(figure.title)}</h1>" in page
        (told,) = re.findall(rf'id="figure-{figure.name}-data">(.*?)</script>', page)
        drawn, built = json.loads(told), json.loads(figure.build().to_json())
        assert [trace.get("x") for trace in drawn["data"]] == [
            trace.get("x") for trace in built["data"]
        ]
        assert "height" not in drawn["layout"], "as high as its slide"
        assert drawn["layout"]["font"]["size"] >= 20, "read from the last row"


def test_no_title_ends_a_slide() -> None:
    figure = Figure("x", HOSTILE, HOSTILE, plotly_objects().Figure)
    page = slides_page(HOSTILE, [figure])
    assert "<script>alert" not in page
