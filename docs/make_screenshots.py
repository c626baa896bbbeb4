"""Take the pictures of docs/guides/gallery.md: every page and state, both themes, three widths.

    python docs/make_screenshots.py             # half an hour; needs Chromium
    python docs/make_screenshots.py mix report  # those states alone
    python docs/make_screenshots.py --whole /tmp/look --theme dark --width 390  # to look at
    python docs/make_screenshots.py --gallery   # the list of the page alone, no pictures

It also writes the gallery between its two marks, so that a state taken here is shown there; a test
holds the two together. A picture differs from one machine to the next in its fonts, so no test
compares them.
"""

from __future__ import annotations

import argparse
import io
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from PIL import Image

FOLDER = Path(__file__).parent / "screenshots"
GALLERY = Path(__file__).parent / "guides" / "gallery.md"
BEGIN, END = "<!-- states: written by docs/make_screenshots.py -->", "<!-- end of the states -->"
WIDTHS = {1280: 900, 1920: 1080, 390: 844}
THEMES = ("light", "dark")
TALLEST = 12000
"""Pixels of a page that are taken at most: our choice, longer than any page."""
SHOWN = {
    ("light", 1280): (0.6, 3000),
    ("light", 1920): (0.36, 2600),
    ("light", 390): (0.6, 3000),
    ("dark", 1280): (0.42, 2400),
    ("dark", 1920): (0.33, 2200),
    ("dark", 390): (0.5, 2600),
}
"""Part of its size in which a picture is kept, and pixels of its page from the top: our choice, so
that all of them lie within 6 MB and the light ones can be read."""
SMALL = "height: 150px; object-fit: cover; object-position: top;"
SEEN = {1280: 200, 1920: 260, 390: 70}
"""Pixels that a picture is wide in the list, where its top is seen."""
QUALITY = 30
"""Of WebP: our choice, for the same reason."""


def taken(path: str) -> SimpleNamespace:
    """A file of the tests, which are no package, by its path in their folder."""
    found = runpy.run_path(str(Path(__file__).parents[1].joinpath("tests", path)))
    return SimpleNamespace(**{name: part for name, part in found.items() if name[:2] != "__"})


BROWSERS = taken("explorer/browsers.py")
WORDS = (*BROWSERS.EXPLORE, "--port")
SECONDS = {"ATLASMIX_EXPLORER_SECONDS": "120"}
"""Of a light question at most: the largest is answered, whatever else the machine does."""
HEIGHT = """() => Math.max(...[...document.querySelectorAll(
    '[data-testid=stMainBlockContainer], [data-testid=stSidebarUserContent]')]
    .filter(e => e.getBoundingClientRect().right > 0)
    .map(e => e.getBoundingClientRect().height + 80))"""


def asked(page: str, question: str) -> str:
    """The address of a page with a question."""
    return f"{page}?q={quote(question)}"


def nothing(page: Any) -> None:
    """The page as it opens."""


def tab(name: str) -> Callable[[Any], None]:
    """Open a tab."""

    def step(page: Any) -> None:
        page.get_by_role("tab", name=name, exact=True).click()
        page.locator(f'[role=tab][aria-selected=true]:has-text("{name}")').wait_for()

    return step


def choose(box: str, option: str) -> Callable[[Any], None]:
    """Choose in a box by its name."""
    return lambda page: BROWSERS.choose(page, box, option)


def press(button: str) -> Callable[[Any], None]:
    """Press a button."""
    return lambda page: page.get_by_role("button", name=button).first.click()


def pick(words: str) -> Callable[[Any], None]:
    """Pick one of several words that stand side by side."""
    return lambda page: page.get_by_text(words, exact=True).first.click()


def opened(page: Any) -> None:
    """Open what can be unfolded, on the page and in the controls."""
    shut = page.locator("details:not([open]) > summary")
    for _ in range(12):
        if not [one for one in shut.all() if one.is_visible()]:
            return
        next(one for one in shut.all() if one.is_visible()).click()
        page.wait_for_timeout(300)
        settle(page)


def controls(page: Any) -> None:
    """Show the controls where the page has hidden them, as on a phone."""
    button = page.get_by_test_id("stExpandSidebarButton")
    if button.is_visible():
        button.click()
        page.locator("[data-testid=stSidebar][data-collapsed=false]").wait_for()
        page.wait_for_timeout(500)


def slid(slider: str, key: str = "ArrowRight", times: int = 1) -> Callable[[Any], None]:
    """Move a slider."""

    def step(page: Any) -> None:
        controls(page)
        for _ in range(times):
            handle = page.get_by_role("slider", name=slider)
            handle.focus()
            handle.press(key)
            page.wait_for_timeout(400)
            settle(page)
        if page.viewport_size["width"] < 700:
            page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
            page.wait_for_timeout(500)

    return step


def share_moved(page: Any) -> None:
    """Move the share chosen by three steps."""
    handle = page.get_by_role("slider", name="Its share")
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    page.wait_for_timeout(600)


def three_kept(page: Any) -> None:
    """Keep three scenarios, then compare them."""
    for name, step in (
        ("Base", nothing),
        ("Twice the tokens", slid("Token budget", times=2)),
        ("More repeats, too", slid("Epoch cap")),
    ):
        step(page)
        page.get_by_text("Keep as a scenario").click()
        page.get_by_label("Name of this scenario").fill(name)
        page.get_by_role("button", name="Keep it").click()
        settle(page)
    page.get_by_text("Compare scenarios").click()
    page.locator("h2").first.filter(has_text="side by side").wait_for()


def sent(*files: tuple[str, str]) -> Callable[[Any], None]:
    """Choose files, one a field."""

    def step(page: Any) -> None:
        fields = page.locator("input[type=file]")
        fields.first.wait_for(state="attached")
        for place, (name, text) in enumerate(files):
            fields.nth(place).set_input_files(
                {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
            )
            page.wait_for_timeout(500)

    return step


def waiting(page: Any) -> None:
    """Stop while a long question is solved."""
    page.get_by_role("tab", name="Over the budget", exact=True).click()
    page.locator(".st-key-waiting p").wait_for()
    page.wait_for_timeout(1200)


def recipe_a(page: Any) -> None:
    """Open a recipe from a file."""
    choose("Recipe A", "A recipe file")(page)
    settle(page)
    sent(("catalan.yaml", RECIPE.read_text(encoding="utf-8")))(page)
    page.get_by_text("What it reads").wait_for()


def published_b(page: Any) -> None:
    """Set a published mixture beside the question's answer."""
    choose("Recipe B", "A published mixture")(page)
    choose("Mixture", "salamandra-7b")(page)


class State(NamedTuple):
    """A page in one state.

    Attributes:
        name: of its files.
        title: what is seen.
        path: the address that opens it.
        steps: what a visitor does before the picture.
        is_moving: whether the picture is taken while something goes on.
    """

    name: str
    title: str
    path: str = "/"
    steps: tuple[Callable[[Any], None], ...] = ()
    is_moving: bool = False


SCRATCH = Path(tempfile.mkdtemp())
RECIPE, AUDIT = SCRATCH / "catalan.yaml", SCRATCH / "corpus.audit.json"
THIRTEEN = "{targets: [cat,cym,deu,ell,eng,fra,hrv,ita,por,ron,spa,swe,ukr], budget: 2T}"
TEAM = (
    "{targets: [bul,cat,ces,cym,dan,deu,ell,eng,est,eus,fin,fra,gle,glg,hrv,hun,isl,ita,lav,lit,"
    "mkd,mlt,nno,nob,pol,por,ron,rus,slk,slv,spa,sqi,swe,ukr], budget: 8T, "
    "inventory: [web-2026, code-math-2023], min: {code: 10%}}"
)
MOST_TEXT = (
    "afr,als,arb,ary,arz,azj,bel,ben,bos,bul,cat,ces,cmn,cym,dan,deu,ekk,"
    "ell,eng,eus,fil,fin,fra,gle,glg,guj,heb,hin,hrv,hun,hye,ind,isl,ita,"
    "jpn,kan,kat,kaz,khk,khm,kir,kor,lat,lit,lvs,mal,mar,mkd,mlt,mya,nld,"
    "nno,nob,npi,ory,pan,pes,pol,por,ron,rus,sin,slk,slv,som,spa,srp,"
    "srp_Latn,swe,swh,tam,tel,tgk,tha,tur,ukr,urd,uzn,vie,zsm"
)
EIGHTY = f"{{targets: [{MOST_TEXT}], budget: 8T}}"
MACHINE = "{targets: {cat: 1}, budget: 300B, pools: [human, translated], human_floor: balanced}"
PHASES = (
    "{targets: {cat: 1, eng: 1}, budget: 300B, phases: [{name: main}, {name: anneal, tokens: 20%}]}"
)
SHRUNK = "{targets: {yor: 1, eng: 1}, budget: 8T, min: {yor: 1%}}"
GALICIAN = "{targets: {glg: 1}, budget: 300B}"
UNKNOWN = "{targets: {cat: 1}, colour: red}"
IMPOSSIBLE = "{targets: {cat: 1}, min: {cat: 90%, spa: 20%}}"
OWN_SCORES = (
    "source,target,score,stderr,status\n"
    "spa,cat,0.45,0.05,measured\nspa,glg,0.55,0.05,measured\npor,glg,0.5,0.05,measured\n"
    "por,cat,0.2,,predicted\ncat,spa,0.2,,predicted\n"
)
OWN_CARD = (
    "kind: transfer matrix\ntitle: Our bilingual runs at 500M\nmetric: BTS\n"
    "orientation: source to target\ndirection: higher is better\ndiagonal: 1.0\n"
    "parameters: 500000000\ntokens: 20000000000\nstderr: {measured: 0.05, predicted: 0.16}\n"
    "source: internal report 12\nlicence: private\n"
)
OWN = sent(("our-runs.csv", OWN_SCORES), ("our-runs.yaml", OWN_CARD))
BAD_RUNS = "run,w_eng,w_cat,loss_cat\n1,0.5,0.5,3.1\n2,0.9,0.4,2.9\n"


def audit_sent(page: Any) -> None:
    """Bring an audit."""
    sent(("corpus.audit.json", AUDIT.read_text(encoding="utf-8")))(page)
    page.get_by_role("button", name="Ask with its pools").wait_for()


GROUPS: dict[str, tuple[State, ...]] = {
    "Mix": (
        State("mix", "The answer as the page opens"),
        State("mix-effect", "Effect", steps=(tab("Effect"),)),
        State("mix-curve", "Over the budget", steps=(tab("Over the budget"),)),
        State("mix-costs", "What limits cost", steps=(tab("What limits cost"),)),
        State("mix-why", "Why, and how sure", steps=(tab("Why, and how sure"),)),
        State("mix-export", "Export", steps=(tab("Export"), opened)),
        State(
            "mix-before-and-after",
            "One limit changed, before and after",
            steps=(
                tab("What limits cost"),
                press("Epoch cap: 4 to 8"),
                lambda page: page.get_by_role("heading", name="went elsewhere").wait_for(),
            ),
        ),
        State("mix-moved", "One share moved by hand", asked("/", THIRTEEN), (share_moved,)),
        State("mix-thirteen", "Thirteen languages", asked("/", THIRTEEN)),
        State("mix-team", "34 languages and code, 8T tokens", asked("/", TEAM)),
        State("mix-team-effect", "34 languages, effect", asked("/", TEAM), (tab("Effect"),)),
        State(
            "mix-eighty", "80 languages by family", asked("/", EIGHTY), (pick("Areas by family"),)
        ),
        State("mix-caveat", "An answer with a caveat", asked("/", SHRUNK)),
        State("mix-scarce", "Galician alone, 300B tokens", asked("/", GALICIAN)),
        State("mix-machine", "Translated text among the pools", asked("/", MACHINE)),
        State("mix-phases", "Two phases of the run", asked("/", PHASES)),
        State("mix-refused", "A question that nothing meets", asked("/", IMPOSSIBLE)),
        State("mix-link", "A link that was not opened", asked("/", UNKNOWN)),
        State("mix-waiting", "While a question is solved", asked("/", TEAM), (waiting,), True),
        State("mix-form", "All controls", asked("/", THIRTEEN), (controls, opened)),
    ),
    "Transfer": (
        State("transfer", "One language", "/transfer"),
        State("transfer-matrix", "Whole matrix", "/transfer", (tab("Whole matrix"),)),
        State(
            "transfer-few",
            "Some, and their best donors",
            "/transfer",
            (tab("Whole matrix"), pick("Some, and their best donors")),
        ),
        State("transfer-both", "Both directions", "/transfer", (tab("Both directions"),)),
        State("transfer-map", "Map", "/transfer", (tab("Map"),)),
        State("transfer-network", "Network", "/transfer", (tab("Network"),)),
        State("transfer-two", "Two matrices", "/transfer", (tab("Two matrices"),)),
    ),
    "Provenance": (
        State("provenance", "Human text alone", "/provenance"),
        State(
            "provenance-machine",
            "Translated text, and what it risks",
            asked("/provenance", MACHINE),
        ),
        State(
            "provenance-routes", "Donor or synthetic", "/provenance", (tab("Donor or synthetic"),)
        ),
        State("provenance-audit", "An audit, opened", "/provenance", (tab("An audit"), audit_sent)),
    ),
    "Capacity": (
        State("capacity", "More languages", "/capacity"),
        State(
            "capacity-mixture",
            "More in this mixture",
            "/capacity",
            (tab("More in this mixture"), choose("Languages to add", "Galician (glg)")),
        ),
        State("capacity-compute", "One compute budget", "/capacity", (tab("One compute budget"),)),
        State(
            "capacity-scratch", "Scratch or finetune", "/capacity", (tab("Scratch or finetune"),)
        ),
    ),
    "Own runs": (
        State("runs", "The worked example: laws compared", "/runs"),
        State("runs-mixture", "Best mixture", "/runs", (tab("Best mixture"), opened)),
        State("runs-next", "Runs to train next", "/runs", (tab("Runs to train next"),)),
        State("runs-files", "Files", "/runs", (tab("Files"),)),
        State("runs-own", "Before a table is brought", "/runs", (pick("Tables of my runs"),)),
        State(
            "runs-refused",
            "A table that is refused",
            "/runs",
            (pick("Tables of my runs"), sent(("runs.csv", BAD_RUNS))),
        ),
    ),
    "Evidence": (
        State("evidence", "Gaps for your targets", "/evidence"),
        State("evidence-language", "One language: Galician", "/evidence?language=glg"),
        State(
            "evidence-scarce",
            "One language with next to no text: Ligurian",
            "/evidence?language=lij",
        ),
        State(
            "evidence-inventories", "Token inventories", "/evidence", (tab("Token inventories"),)
        ),
        State("evidence-matrices", "Transfer matrices", "/evidence", (tab("Transfer matrices"),)),
        State(
            "evidence-published", "Published mixtures", "/evidence", (tab("Published mixtures"),)
        ),
        State("evidence-laws", "Loss laws", "/evidence", (tab("Loss laws"),)),
        State(
            "evidence-own",
            "A table of one's own, taken up",
            "/evidence",
            (tab("Your own tables"), OWN, press("Check and add"), opened),
        ),
        State(
            "evidence-refused",
            "A table that is refused",
            "/evidence",
            (
                tab("Your own tables"),
                sent(
                    ("scores.csv", "source,target,score\nspa,cat,9\nxx,cat,0.2\n"),
                    ("card.yaml", OWN_CARD),
                ),
                press("Check and add"),
            ),
        ),
    ),
    "Scenarios": (
        State("scenarios-none", "None kept yet", "/scenarios"),
        State("scenarios", "Three side by side", "/", (three_kept,)),
    ),
    "Report": (State("report", "The report", "/report"),),
    "Recipes": (
        State("recipes-none", "As the page opens", "/recipes"),
        State("recipes-file", "A recipe from a file", "/recipes", (recipe_a,)),
        State("recipes", "Beside a published mixture", "/recipes", (published_b,)),
    ),
}


def main(wanted: argparse.Namespace) -> None:
    """Start the explorer, visit every page, write the pictures and the gallery."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    prepare()
    states = [state for group in GROUPS.values() for state in group]
    with (
        tempfile.TemporaryDirectory() as home,
        BROWSERS.served(Path(home), *WORDS, **SECONDS) as (_, address),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=BROWSERS.BROWSER, args=["--no-sandbox"]
        )
        for state in states:
            if wanted.states and state.name not in wanted.states:
                continue
            began = time.time()
            widths, themes = wanted.width or list(WIDTHS), wanted.theme or list(THEMES)
            for name, picture in visit(browser, address, state, widths, themes):
                keep(picture, name, wanted.whole)
            print(f"{state.name}: {time.time() - began:.0f} s", flush=True)
        browser.close()
    if not wanted.whole:
        write_gallery()


def prepare() -> None:
    """A recipe and an audit to open, as the command line makes them."""
    run("solve", "--target", "cat", "--output", str(RECIPE))
    corpus = SCRATCH / "corpus.jsonl"
    taken("samples/translated_corpus.py").write_corpus(corpus)
    run("audit", str(corpus), "--output", str(AUDIT))


def run(*words: str) -> None:
    """One command of AtlasMix."""
    subprocess.run([*BROWSERS.COMMAND, *words], check=True, capture_output=True)


def visit(
    browser: Any, address: str, state: State, widths: Sequence[int], themes: Sequence[str]
) -> Iterator[tuple[str, Image.Image]]:
    """One visitor brings a page into its state, then looks at it in every width and theme."""
    first = widths[0]
    context = browser.new_context(
        viewport={"width": first, "height": WIDTHS[first]}, color_scheme=themes[0]
    )
    page = context.new_page()
    page.set_default_timeout(150_000)
    try:
        page.goto(address + state.path)
        page.locator("h2").first.wait_for()
        settle(page)
        for step in state.steps:
            step(page)
            if not state.is_moving:
                settle(page)
        for width in widths:
            for theme in themes:
                yield f"{state.name}-{theme}-{width}", picture_of(page, state, width, theme)
    except Exception as error:  # a state that cannot be reached leaves the others
        print(f"{state.name}: {str(error)[:600]}", file=sys.stderr, flush=True)
    finally:
        context.close()


def picture_of(page: Any, state: State, width: int, theme: str) -> Image.Image:
    """The whole page, however long, at a width and in a theme."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    if state.is_moving:
        page.wait_for_timeout(500)
    else:
        settle(page)
        page.evaluate("document.activeElement?.blur()")
        if page.locator(".hm").count():  # a map is drawn for the ground of the last run
            page.locator("body").press("r")
            settle(page)
        page.mouse.move(width - 5, WIDTHS[width] - 5)
        for _ in range(2):  # what is laid out anew may be longer
            height = min(max(round(page.evaluate(HEIGHT)), WIDTHS[width]), TALLEST)
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
    from PIL import Image

    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def keep(picture: Image.Image, name: str, whole: Path | None) -> None:
    """Write a picture: as it is for somebody who looks, small for the docs."""
    if whole is not None:
        whole.mkdir(exist_ok=True)
        picture.save(whole / f"{name}.png")
        return
    theme, width = name.split("-")[-2:]
    part, most = SHOWN[theme, int(width)]
    small = picture.crop((0, 0, picture.width, min(picture.height, most)))
    small.thumbnail((round(small.width * part), TALLEST))
    small.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


def settle(page: Any) -> None:
    """Wait until the page has nothing more to draw."""
    page.wait_for_timeout(300)
    BROWSERS.settle(page)


def gallery_text() -> str:
    """The list of the gallery: a page a heading, a state a line of pictures."""
    said = []
    for page, states in GROUPS.items():
        said.append(f"### {page}")
        for state in states:
            pictures = [
                f"[![{state.title}, {theme}, {width} wide](../screenshots/{name}.webp)"
                f'{{ loading=lazy style="{SMALL} width: {SEEN[width]}px" }}]'
                f"(../screenshots/{name}.webp)"
                for width in WIDTHS
                for theme in THEMES
                for name in (f"{state.name}-{theme}-{width}",)
            ]
            said.append(f"**{state.title}**")
            said.append("\n".join(pictures))
    return "\n\n".join(said)


def write_gallery() -> None:
    """Put the list between the two marks of the page."""
    text = GALLERY.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    GALLERY.write_text(f"{before}{BEGIN}\n\n{gallery_text()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("states", nargs="*")
    parser.add_argument("--whole", type=Path, help="a folder for PNG in full size; no gallery")
    parser.add_argument("--theme", action="append", choices=THEMES)
    parser.add_argument("--width", action="append", type=int, choices=tuple(WIDTHS))
    parser.add_argument("--gallery", action="store_true", help="write the list of the page alone")
    arguments = parser.parse_args()
    if arguments.gallery:
        write_gallery()
    else:
        main(arguments)
