"""The pages for those who enlarge them, force their own colours, switch scripts off or print: in headless Chromium.

A few pages stand for all: what is asked here depends on style sheets and on what the pages are made of.
"""

import io
import re

import numpy as np
import pytest
from conftest import needs_browser
from PIL import Image
from test_site import SITE, TOO_WIDE, Visit, toc

PAGES = ["index", "notebooks/02_mlp_gan", "book/teaching", "book/api"]
DEMONSTRATIONS = [
    "index",
    *(
        f"notebooks/{name}"
        for name in ("01_noise", "03_dcgan", "05_measuring", "06_game", "09_wasserstein", "12_latent")
    ),
    *(f"book/play_{name}" for name in ("generator", "toy")),
]

# Words that lie beyond the column of the text, or are cut by a box that does not scroll.
HIDDEN_WORDS = """() => {
  const found = [], scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const column = document.querySelector(".bd-article").getBoundingClientRect().right;
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (words.nextNode()) {
    const text = words.currentNode, up = [];
    if (!text.data.trim()) continue;
    for (let e = text.parentElement; e; e = e.parentElement) up.push(e);
    const aside = "script, style, noscript, mjx-container, .visually-hidden, .sr-only, kbd, svg";
    if (up.some(e => e.matches(aside))) continue;
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (!box.width || getComputedStyle(up[0]).visibility === "hidden" || box.right < 0) continue;
    const closed = up.find(e => getComputedStyle(e).overflowX !== "visible" && e !== document.documentElement);
    if (closed && scrolls(closed)) continue;
    const article = up.some(e => e.matches(".bd-article"));
    const end = Math.min(article ? column : Infinity, closed ? closed.getBoundingClientRect().right : Infinity);
    if (box.right > end + 1) found.push(`${text.data.trim().slice(0, 40)}: ${box.right} > ${end}`);
  }
  return found;
}"""
COLOURS = """() => {
  const probe = document.body.appendChild(document.createElement("i"));
  const colour = name => { probe.style.color = name; return getComputedStyle(probe).color; };
  const found = Object.fromEntries(["Canvas", "CanvasText", "LinkText", "Highlight"].map(n => [n, colour(n)]));
  probe.remove();
  return found;
}"""
# The inks of a diagram's words, and whether they stand in a network that is filled; the lines and grounds of its boxes.
DRAWN = """() => {
  const of = (where, what) => [...document.querySelectorAll(where)].map(e => getComputedStyle(e)[what]);
  const filled = e => e.closest(".moves") !== null && e.closest(".inside") !== null;
  const words = [...document.querySelectorAll(".diagram text, .diagram tspan")];
  return {
    inks: words.map(e => [filled(e), getComputedStyle(e).fill]),
    lines: of(".diagram .box > .shape:not(.bare)", "stroke"),
    grounds: of(".diagram .box > .shape:not(.bare)", "fill"),
  };
}"""
# What an ink has of contrast with white paper, for each piece of text; and what paper would cut off.
ON_PAPER = """() => {
  const pale = [], cut = [], width = document.documentElement.clientWidth;
  const light = c => {
    const [r, g, b, a = 1] = c.match(/[\\d.]+/g).map(Number).map((v, i) => i < 3 ? v / 255 : v);
    const f = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 1 - a * (1 - (0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b)));
  };
  const words = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const e = words.currentNode.parentElement, box = e.getBoundingClientRect(), drawn = e.closest("svg");
    if (!words.currentNode.data.trim() || !box.width || e.closest(".moves, .visually-hidden")) continue;
    const ink = getComputedStyle(e)[drawn ? "fill" : "color"];
    if (1.05 / (light(ink) + 0.05) < 4.4) pale.push(`${ink} ${words.currentNode.data.trim().slice(0, 40)}`);
  }
  for (const e of document.querySelectorAll("main *")) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (!box.width || e.closest(".ganbook-film, mjx-assistive-mml, .visually-hidden")) continue;
    const inner = style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1;
    if (box.right > width + 1 || inner) cut.push(`${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`);
  }
  return {pale: [...new Set(pale)], cut};
}"""


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (SITE / "index.html").exists():
        pytest.fail("The site is not built: run `make book` (or `make test`, which builds it first).")


THEME = "document.documentElement.dataset.theme"
# The paragraphs that are seen; a demonstration's own are not meant for paper.
SEEN = """() => [...document.querySelectorAll("article p")]
  .filter(p => !p.closest(".demo, .unclear, .downloads, .prev-next-area") && p.getBoundingClientRect().width).length"""


@needs_browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_enlarged_and_on_paper(browser, name):
    """Opened once, in the dark, since that takes longest."""
    with Visit(browser, SITE.as_uri(), name, scheme="dark") as visit:
        page = visit.page
        for how in ("letters of twice the size", "the window at 200 %"):
            letters = how.startswith("letters")
            page.evaluate(f"document.documentElement.style.fontSize = '{'200%' if letters else ''}'")
            page.set_viewport_size({"width": 1280 if letters else 640, "height": 900})
            wide = page.evaluate(TOO_WIDE)
            assert wide["page"] <= wide["width"] and not wide["out"], (how, wide)
            hidden = page.evaluate(HIDDEN_WORDS)
            assert not hidden, f"{how}: {hidden[:5]}"
        page.set_viewport_size({"width": 718, "height": 900})  # A4 between margins of 10 mm
        seen = page.evaluate(SEEN)
        page.emulate_media(media="print")
        page.wait_for_function(f"{THEME} === 'light'")
        found = page.evaluate(ON_PAPER)
        assert not found["pale"], f"pale on white paper: {found['pale'][:5]}"
        assert not found["cut"], f"cut at the margin: {found['cut'][:5]}"
        assert page.evaluate(SEEN) == seen > 0, "what is read on the screen is read on paper"
        page.emulate_media(media="screen")
        page.wait_for_function(f"{THEME} === 'dark'")


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_a_box_that_goes_on_behind_its_edge_is_shaded_there(browser, scheme):
    with Visit(browser, SITE.as_uri(), "notebooks/02_mlp_gan", scheme=scheme) as visit:
        visit.page.set_viewport_size({"width": 390, "height": 844})
        box = visit.page.locator("#equation-eq-mlp-value mjx-container").first
        assert box.evaluate("e => e.scrollWidth > e.clientWidth"), "the test needs a wide equation"
        edges = {}
        for end in ("left", "right"):
            box.evaluate("(e, end) => { e.scrollLeft = end === 'left' ? 0 : e.scrollWidth; }", end)
            image = np.asarray(Image.open(io.BytesIO(box.screenshot())).convert("L"), float)
            edges[end] = [abs(image[:3, at].mean() - image[:3, image.shape[1] // 2].mean()) for at in (0, -1)]
        assert edges["left"][1] > 20 > 5 > edges["left"][0], "at its beginning the box goes on to the right only"
        assert edges["right"][0] > 20 > 5 > edges["right"][1], "and at its end to the left"


@needs_browser
def test_diagrams_are_drawn_in_forced_colours(browser):
    """Also where the reader has chosen the other theme on the page."""
    with Visit(browser, SITE.as_uri(), "notebooks/02_mlp_gan", forced_colors="active") as visit:
        for forced, theme in (("light", "dark"), ("dark", "light"), ("dark", "dark")):
            visit.page.emulate_media(color_scheme=forced, forced_colors="active")
            visit.page.evaluate(f"{THEME} = {theme!r}")
            colours = visit.page.evaluate(COLOURS)
            assert colours["Canvas"] != colours["CanvasText"]
            drawn = visit.page.evaluate(DRAWN)
            assert len(drawn["inks"]) > 50 and len(drawn["lines"]) > 20
            for filled, ink in drawn["inks"]:
                allowed = {colours["Canvas"]} if filled else {colours["CanvasText"], colours["LinkText"]}
                assert ink in allowed, (filled, ink, colours)
            assert set(drawn["lines"]) == {colours["CanvasText"]}
            assert set(drawn["grounds"]) <= {colours["Canvas"], colours["CanvasText"], "none"}


@needs_browser
def test_demonstrations_tell_nothing_by_a_ground_that_forced_colours_take_away(browser):
    with Visit(browser, SITE.as_uri(), "notebooks/01_noise", forced_colors="active") as visit:
        colours, ground = visit.page.evaluate(COLOURS), "e => getComputedStyle(e).backgroundColor"
        bar = visit.page.locator(".ask-bar")
        assert bar.evaluate(ground) == colours["CanvasText"] or "gradient" in bar.evaluate(
            "e => getComputedStyle(e).backgroundImage"
        )
    with Visit(browser, SITE.as_uri(), "book/play_generator", forced_colors="active") as visit:
        visit.page.wait_for_selector("[data-state=ready]")
        button = visit.page.locator(".demo-labels button").nth(3)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        other = visit.page.locator(".demo-labels button").nth(4)
        assert button.evaluate(ground) == colours["Highlight"] != other.evaluate(ground)


@needs_browser
@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_without_scripts_a_demonstration_says_so_and_shows_no_dead_button(browser, name):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((SITE / f"{name}.html").as_uri())
    notices = page.locator("article noscript p").all()
    assert notices and all(notice.is_visible() and "JavaScript" in notice.inner_text() for notice in notices)
    parts = page.locator(".demo :is(button, input, select, canvas, [role=slider])")
    assert parts.count() and not any(part.is_visible() for part in parts.all())
    context.close()


def test_every_page_with_a_demonstration_has_the_notice():
    having = []
    for name in toc():
        text = (SITE / f"{name}.html").read_text(encoding="utf-8")
        if re.search(r'<div id="[\w-]+" class="demo[ "]', text):
            having.append(name)
            assert re.search(r"<noscript><p>[^<]*JavaScript[^<]*</p></noscript>", text), name
    assert having == sorted(DEMONSTRATIONS, key=toc().index)


@needs_browser
def test_a_page_is_printed_in_light_colours_and_is_dark_again_afterwards(browser):
    with Visit(browser, SITE.as_uri(), "index", scheme="dark") as visit:
        visit.page.evaluate(f"addEventListener('beforeprint', () => {{ window.seen = {THEME}; }})")
        visit.page.pdf()
        assert visit.page.evaluate("window.seen") == "light"
        visit.page.wait_for_function(f"{THEME} === 'dark'")
