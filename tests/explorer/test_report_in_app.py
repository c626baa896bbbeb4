"""The page Report is the report of the library, and what is printed of a page is all of it."""

import re

import pytest
from browsers import settle

from atlasmix.evidence.store import Store
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer import answer_report
from atlasmix.report.blocks import Figure, Heading
from atlasmix.report.findings import findings_of

QUESTION = "{targets: {cat: 1, spa: 1}, budget: 300B}"
A4 = 680  # pixels between its margins


def report_of():
    asked = {"targets": {"cat": 1, "spa": 1}, "budget": "300B"}
    problem = problem_from_mapping(asked, Store("/nonexistent"))
    mixture = solve(problem)
    return answer_report(problem, mixture, findings_of(problem, mixture))


def test_the_page_has_every_section_of_the_report(visit):
    guest = visit(q=QUESTION)
    at = guest.page("report")
    made = report_of()
    assert at.header[0].value.replace("\\", "") == made.title
    shown = [each.value.replace("\\", "") for each in at.subheader]
    wanted = [each.text for each in made.blocks if isinstance(each, Heading) and each.level == 2]
    assert [each for each in shown if each in wanted] == wanted
    figures = [each for each in made.blocks if isinstance(each, Figure)]
    assert len(guest.figures()) >= len(figures), "that of the draws comes beside"


def test_a_question_without_an_answer_has_no_report(visit):
    guest = visit(q="{targets: {cat: 1}, min: {spa: 70%, eng: 70%}}")
    at = guest.page("report")
    assert "has no answer as it stands" in guest.words()
    assert not at.get("download_button")


def printed(page):
    """What stands on paper as wide as A4: the texts, and what reaches beyond its edge."""
    page.emulate_media(media="print")
    page.wait_for_timeout(300)
    return page.evaluate(
        """wide => ({
            text: document.body.innerText,
            seen: ['stSidebar', 'stHeader', 'stButton', 'stDownloadButton', 'stSlider'].filter(
                id => [...document.querySelectorAll(`[data-testid=${id}]`)].some(
                    e => e.getBoundingClientRect().height)),
            beyond: [...document.querySelectorAll('.main-svg, .atlas-paper *, .atlas-table table')]
                .filter(e => e.getBoundingClientRect().right > wide + 1)
                .map(e => e.outerHTML.slice(0, 80)),
            letters: getComputedStyle(document.querySelector('h2, h1')).color})""",
        A4,
    )


def pages(page):
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("path", ["/", "/report"])
def test_printing_gives_the_whole_report(visitor, path):
    page = visitor(f"{path}?q={QUESTION}", color_scheme="dark")
    page.set_viewport_size({"width": A4, "height": 960})
    page.wait_for_timeout(500)
    settle(page)
    sheet = printed(page)
    for heading in ("Predicted effect", "What would help most", "How sure", "How to reproduce it"):
        assert heading in sheet["text"], heading
    assert sheet["seen"] == []
    assert sheet["beyond"] == []
    assert sheet["letters"] == "rgb(0, 0, 0)", "dark letters, whatever the theme"
    assert pages(page) >= 4, "all of it, not the part that was on the screen"
