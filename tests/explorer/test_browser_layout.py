"""Every page at every width, light and dark: nothing scrolls sideways, is cut off or jumps."""

import re

import pytest
from browsers import go, heading, moved_on, open_tab, press, settle, until

PAGES = {
    "mix": "/",
    "many": "/?q={targets: [arb,ben,cat,cmn,deu,ell,eng,fra,nob,pbt,ckb], budget: 1T}",
    "caveats": "/?q={targets: {yor: 1, eng: 1}, budget: 8T, min: {yor: 1%}}",
    "phases": "/?q={targets: {cat: 1}, phases: [{name: main}, {name: late, tokens: 20%}]}",
    "transfer": "/transfer",
    "capacity": "/capacity",
    "provenance": "/provenance",
    "language": "/evidence?language=glg",
    "runs": "/runs",
    "evidence": "/evidence",
    "scenarios": "/scenarios",
    "report": "/report",
    "recipes": "/recipes",
}
WIDTHS = {"phone": (390, 844), "laptop": (1280, 900), "wide": (1920, 1080)}

SIDEWAYS = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
    .filter(e => e.scrollWidth > e.clientWidth + 1)
    .map(e => `${e.tagName} ${e.scrollWidth} > ${e.clientWidth}`)"""
CUT_OFF = """() => [...document.querySelectorAll(
        'h1,h2,h3,label,button,p,td,th,li,[data-baseweb=tag] span,[data-testid=stMetricValue] *')]
    .filter(e => e.offsetParent && e.clientWidth
        && getComputedStyle(e).textOverflow === 'ellipsis' && e.scrollWidth > e.clientWidth + 1)
    .map(e => e.innerText.slice(0, 60))"""
OUTSIDE = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
    const box = plot.getBoundingClientRect();
    const words = '.xtick text, .ytick text, .xtitle, .ytitle, .legendtext, .bartext';
    return [...plot.querySelectorAll(words)]
        .filter(e => { const b = e.getBoundingClientRect();
            return b.width && (b.left < box.left - 2 || b.right > box.right + 2
                || b.top < box.top - 2 || b.bottom > box.bottom + 2); })
        .map(e => e.textContent.slice(0, 60)); })"""


SQUEEZED = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
    const legend = plot.querySelector('.legend'), area = plot.querySelector('.nsewdrag');
    if (!legend || !area || !plot.offsetParent) return [];
    const [over, under] = [legend, area].map(e => e.getBoundingClientRect());
    const bar = legend.querySelector('.scrollbar')?.getBoundingClientRect().height;
    return [...(bar ? ['a legend that scrolls'] : []),
        ...(over.bottom > under.top + 2 ? ['a legend over the marks'] : []),
        ...(plot.querySelector('.xtitle')?.getBoundingClientRect().top < Math.max(
            ...[...plot.querySelectorAll('.xtick text')].map(e => e.getBoundingClientRect().bottom))
            ? ['a title over the names of its axis'] : []),
        ...(under.height < 50 ? [`${under.height} pixels of marks`] : [])]; })"""
THE_FRAME = """['style', 'h2', '[role=tablist]', '[data-testid=stMetric]', '[role=slider]'].map(
    s => document.querySelector(s))"""
RICH = (
    "/?q={targets: {cat: 1, eng: 1, spa: 2}, budget: 300B, phases: [{name: main}, "
    "{name: anneal, tokens: 20%}], guardrails: {eng: 1%}, min: {cat: 30%}, "
    "pools: {provenance: [human, translated]}}"
)


@pytest.mark.parametrize("size", WIDTHS.values(), ids=WIDTHS)
def test_nothing_scrolls_sideways_or_is_cut_off(visitor, size):
    page = visitor(viewport={"width": size[0], "height": size[1]})
    address = page.url.rstrip("/")
    for name, path in PAGES.items():
        page.goto(address + path)
        page.locator("h2").first.wait_for()
        settle(page)
        assert page.evaluate(SIDEWAYS) == [], (name, size)
        assert page.evaluate(CUT_OFF) == [], (name, size)
        assert page.evaluate(OUTSIDE) == [], (name, size)


@pytest.mark.parametrize(
    ("size", "path"),
    [
        ("phone", RICH),
        ("phone", "/transfer"),
        ("laptop", "/transfer"),
        ("phone", "/capacity"),
        ("phone", "/evidence"),
    ],
)
def test_every_part_of_a_page_fits(visitor, size, path):
    width, height = WIDTHS[size]
    page = visitor(path, viewport={"width": width, "height": height})
    for tab in [one.inner_text() for one in page.get_by_role("tab").all()]:
        open_tab(page, tab)
        for what in (SIDEWAYS, CUT_OFF, OUTSIDE, SQUEEZED):
            assert page.evaluate(what) == [], tab


def test_every_page_is_titled(visitor):
    page = visitor()
    assert page.title() == "Mix · AtlasMix explorer"
    go(page, "Transfer")
    assert page.title() == "Transfer · AtlasMix explorer"


def test_the_ground_is_that_of_the_theme(visitor):
    for theme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 31)")):
        page = visitor(color_scheme=theme)
        found = page.evaluate(
            "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
        )
        assert found == ground


def test_nothing_jumps_when_a_slider_moves(visitor):
    page = visitor()
    places = """() => ['[role=tablist]', '.js-plotly-plot', '.atlas-table'].map(
        s => Math.round(document.querySelector(s).getBoundingClientRect().top))"""
    before, said = page.evaluate(places), heading(page)
    page.evaluate(f"() => {{ window.first = {THE_FRAME}; }}")
    page.evaluate("""() => { window.shift = 0; new PerformanceObserver(list => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
    }).observe({type: 'layout-shift', buffered: false}); }""")
    press(page, "Epoch cap", "ArrowLeft")
    moved_on(page, said)
    assert page.evaluate(places) == before
    redrawn = f"() => {THE_FRAME}.filter((e, i) => e !== window.first[i]).map(e => e.tagName)"
    assert page.evaluate(redrawn) == [], "what has not changed is not made anew"
    assert page.evaluate("() => window.shift") < 0.1, "good by the measure of Core Web Vitals"


def test_a_long_solve_is_counted_over_the_page_and_moves_nothing(visitor, halted):
    page = visitor()
    places = """() => [...document.querySelectorAll('h2, [role=tablist], .atlas-table')].map(
        e => e.getBoundingClientRect().top)"""
    before, said = page.evaluate(places), heading(page)
    go_on = halted()
    press(page, "Epoch cap", "ArrowRight")
    waiting = page.locator(".st-key-waiting")
    waiting.get_by_text(re.compile("Solving: [2-9] s of at most 10 s")).wait_for()
    assert page.evaluate(places) == before
    go_on()
    moved_on(page, said)
    assert waiting.inner_text() == ""


def test_the_first_figure_takes_the_place_that_was_kept_for_it(visitor):
    page = visitor(
        first="""window.seen = {}; new MutationObserver(() => {
            const table = document.querySelector('.atlas-table')?.getBoundingClientRect().top;
            const drawn = document.querySelector('.js-plotly-plot .bars path');
            if (table && !drawn) seen.words = table;
            if (table && drawn) seen.figure ??= table;
        }).observe(document, {subtree: true, childList: true});"""
    )
    seen = page.evaluate("() => seen")
    assert seen["words"], "the table was there before the figure"
    assert abs(seen["figure"] - seen["words"]) < 24, seen


def phone(visitor, path="/"):
    return visitor(path, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


def opened(page):
    """Open the sidebar of a phone."""
    page.get_by_test_id("stExpandSidebarButton").tap()
    page.locator("[data-testid=stSidebar][data-collapsed=false]").wait_for()


SHUT = "() => document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right <= 0"


def test_a_phone_reaches_pages_and_controls_and_shuts_them_by_itself(visitor):
    """Once opened, the sidebar lay over 87 % of every page, reload and new tab from then on."""
    page = phone(visitor)
    assert page.get_by_text("Pages and controls are behind").is_visible()
    opened(page)
    page.get_by_role("slider", name="Epoch cap").wait_for()
    page.get_by_role("link", name="Transfer").tap()
    until(page, "Which language helps which")
    page.wait_for_function(SHUT)
    opened(page)
    page.reload()
    until(page, "Which language helps which")
    assert page.evaluate(SHUT)
    opened(page)
    other = phone(visitor)
    assert other.evaluate(SHUT)


def test_a_wide_window_keeps_its_sidebar_shut(visitor):
    """What a phone must forget, a visitor at a desk has chosen."""
    page = visitor(alone="shut")
    page.get_by_test_id("stSidebar").hover()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.wait_for_function(SHUT)
    page.reload()
    until(page, "Read 100B tokens")
    assert page.evaluate(SHUT)


def test_a_phone_has_a_ranked_list_in_the_place_of_the_heat_map(visitor):
    """A cell of the map was 5 pixels wide there."""
    table = ".st-key-narrow-matrix td"
    for page, narrow in ((phone(visitor, "/transfer"), True), (visitor("/transfer"), False)):
        open_tab(page, "Whole matrix")
        assert page.locator(table).first.is_visible() is narrow
        assert page.locator(".st-key-wide-matrix .js-plotly-plot").is_visible() is not narrow
        assert page.get_by_text("By what helps each other").is_visible() is not narrow


def test_a_table_of_many_columns_scrolls_on_a_phone_at_a_size_that_is_read(visitor):
    page = phone(visitor, "/?q={targets: [cat,eng,spa], budget: 300B}")
    open_tab(page, "Effect")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('.atlas-table')].map(e => [
            parseFloat(getComputedStyle(e.querySelector('td')).fontSize),
            e.scrollWidth > e.clientWidth + 1])"""
    )
    assert min(size for size, _ in sizes) >= 12
    assert any(scrolls for _, scrolls in sizes)
    fades = """() => [...document.querySelectorAll('.atlas-table')].map(e => [
        e.scrollLeft + e.clientWidth < e.scrollWidth - 1,
        getComputedStyle(e).getPropertyValue('--atlas-edge') !== '0px'])"""
    seen = page.evaluate(fades)
    assert [more for more, _ in seen] == [faded for _, faded in seen], "only what goes on fades"
    page.evaluate("document.querySelectorAll('.atlas-table').forEach(e => e.scrollLeft = 9999)")
    page.wait_for_timeout(200)
    assert not any(faded for _, faded in page.evaluate(fades)), "and at its end no more"


def test_key_figures_stand_in_even_columns(visitor):
    """A row of four over one of two said that two of them are something else."""
    for width in (390, 1280, 1920):
        page = visitor(viewport={"width": width, "height": 900})
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('.st-key-key-figures [data-testid=stMetric]')]
                .map(e => e.getBoundingClientRect()).map(b => [b.left, b.width].map(Math.round))"""
        )
        assert len(boxes) == 6
        assert max(wide for _, wide in boxes) - min(wide for _, wide in boxes) <= 1
        assert len(boxes) % len({left for left, _ in boxes}) == 0


def test_chosen_targets_are_all_in_sight_or_fade(visitor):
    """The last of thirteen were below an edge that nothing told of."""
    thirteen = "cat,cym,deu,ell,eng,fra,hrv,ita,por,ron,spa,swe,ukr"
    for targets, more in ((thirteen, False), (f"{thirteen},bul,ces,dan,est,eus,fin", True)):
        page = visitor(f"/?q={{targets: [{targets}], budget: 2T}}")
        seen = page.evaluate(
            """() => { const e = document.querySelector('[data-testid=stMultiSelectTagsContainer]');
                return [e.scrollHeight > e.clientHeight,
                    getComputedStyle(e).getPropertyValue('--atlas-edge') !== '0px']; }"""
        )
        assert seen == [more, more]


def test_the_ring_of_a_tab_lies_inside_it(visitor):
    """The list of tabs cut it off above and below: two bars were left of a ring."""
    page = visitor()
    page.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    ring = page.evaluate(
        """() => { const s = getComputedStyle(document.querySelector('[role=tab]:focus-visible'));
            return [s.outlineStyle, parseFloat(s.outlineWidth), parseFloat(s.outlineOffset)]; }"""
    )
    assert ring[0] == "solid"
    assert ring[1] > 0
    assert ring[1] + ring[2] <= 0, "none of it lies outside"


def test_lines_and_figures_end_where_the_eye_does(visitor):
    page = visitor(viewport={"width": 1920, "height": 1080})
    widest = page.evaluate(
        """() => { const main = document.querySelector('[data-testid=stMainBlockContainer]');
            const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
            const wide = s => Math.max(...[...main.querySelectorAll(s)].map(e => e.clientWidth));
            return [wide('p, li, h2') / rem, wide('.js-plotly-plot') / rem]; }"""
    )
    assert widest[0] <= 46.1, "about 95 letters a line"
    assert widest[1] <= 82


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_of_a_figure_are_those_of_the_page(visitor, theme):
    page = visitor(color_scheme=theme)
    inks = page.evaluate(
        """() => ['.xtick text', '.ytick text', '.xtitle', '.legendtext'].map(
            s => getComputedStyle(document.querySelector('.js-plotly-plot ' + s)).fill)"""
    )
    ink = page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).color"
    )
    assert set(inks) == {ink}


def test_no_toolbar_covers_a_figure(visitor):
    covered = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
        const bar = plot.querySelector('.modebar').getBoundingClientRect();
        return [...plot.querySelectorAll('.bars path, .bartext, .legendtext, .ytick text')]
            .filter(e => { const b = e.getBoundingClientRect(); return bar.width && b.width
                && b.right > bar.left && b.left < bar.right && b.bottom > bar.top
                && b.top < bar.bottom; })
            .map(e => e.textContent || 'a bar'); })"""
    for size in WIDTHS.values():
        page = visitor(viewport={"width": size[0], "height": size[1]})
        for tab in ("Mixture", "Effect", "What limits cost"):
            open_tab(page, tab)
            assert page.evaluate(covered) == [], (tab, size)
