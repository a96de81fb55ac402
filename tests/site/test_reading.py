"""The pages for those who enlarge them, force their own colours, switch scripts off or print: in headless Chromium.

A few pages stand for all: what is asked here depends on style sheets and on what the pages are made of.
"""

import pytest
from bs4 import BeautifulSoup
from conftest import needs_browser
from test_site import SITE, TOO_WIDE, Visit, toc

PAGES = ["index", "notebooks/02_mlp_gan", "book/teaching", "book/api"]
DEMONSTRATIONS = ["index", "notebooks/01_noise", "book/play_generator", "book/play_toy"]

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
  return {pale: [...new Set(pale)], cut, words: document.querySelector("main").innerText.length};
}"""


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (SITE / "index.html").exists():
        pytest.fail("The site is not built: run `make book` (or `make test`, which builds it first).")


@needs_browser
@pytest.mark.parametrize("how", ["letters", "window"])
@pytest.mark.parametrize("name", PAGES)
def test_at_200_percent_nothing_is_lost(browser, name, how):
    """Letters of twice the size in the same window; or the window enlarged, which leaves half of its 1280 pixels."""
    with Visit(browser, SITE.as_uri(), name, width=640 if how == "window" else 1280) as visit:
        if how == "letters":
            visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide = visit.page.evaluate(TOO_WIDE)
        assert wide["page"] <= wide["width"] and not wide["out"], wide
        assert not visit.page.evaluate(HIDDEN_WORDS)


@needs_browser
@pytest.mark.parametrize(("forced", "theme"), [("light", "dark"), ("dark", "light"), ("dark", "dark")])
def test_a_diagram_is_drawn_in_forced_colours(browser, forced, theme):
    """Also where the reader has chosen the other theme on the page."""
    with Visit(browser, SITE.as_uri(), "notebooks/02_mlp_gan", scheme=theme, forced_colors="active") as visit:
        visit.page.emulate_media(color_scheme=forced, forced_colors="active")
        assert visit.page.evaluate("document.documentElement.dataset.theme") == theme
        colours = visit.page.evaluate(COLOURS)
        assert colours["Canvas"] != colours["CanvasText"]
        inks = visit.page.evaluate(
            """() => [...document.querySelectorAll(".diagram text, .diagram tspan")].map(e =>
                 [!!e.closest(".moves") && e.closest(".inside") !== null, getComputedStyle(e).fill])"""
        )
        assert len(inks) > 50
        for filled, ink in inks:
            allowed = {colours["Canvas"]} if filled else {colours["CanvasText"], colours["LinkText"]}
            assert ink in allowed, (filled, ink, colours)
        lines = "[...document.querySelectorAll('.diagram .box .shape:not(.bare)')].map(e => getComputedStyle(e).stroke)"
        assert set(visit.page.evaluate(lines)) == {colours["CanvasText"]}
        grounds = "[...document.querySelectorAll('.diagram .box .shape:not(.bare)')].map(e => getComputedStyle(e).fill)"
        assert set(visit.page.evaluate(grounds)) <= {colours["Canvas"], colours["CanvasText"], "none"}


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
    notices = page.locator("noscript").filter(has_text="JavaScript")
    assert notices.count() == 1 and notices.is_visible()
    parts = page.locator(".demo :is(button, input, select, canvas, [role=slider])")
    assert parts.count() and not any(part.is_visible() for part in parts.all())
    context.close()


def test_every_page_with_a_demonstration_has_the_notice():
    having = []
    for name in toc():
        page = BeautifulSoup((SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        if page.select(".demo"):
            having.append(name)
            assert any("JavaScript" in one.get_text() for one in page.select("article noscript")), name
    assert having == sorted(DEMONSTRATIONS, key=toc().index)


@needs_browser
@pytest.mark.parametrize("name", [*PAGES, "notebooks/06_game"])
def test_paper_shows_a_dark_page_dark_on_white_and_cuts_nothing(browser, name):
    """At the width of A4 between margins of 10 mm: 718 pixels."""
    with Visit(browser, SITE.as_uri(), name, scheme="dark", width=718) as visit:
        theme = "document.documentElement.dataset.theme"
        words = visit.page.evaluate("document.querySelector('main').innerText.length")
        visit.page.emulate_media(media="print")
        visit.page.wait_for_function(f"{theme} === 'light'")
        found = visit.page.evaluate(ON_PAPER)
        assert not found["pale"] and not found["cut"], found
        assert found["words"] > 0.8 * words, "what is read on the screen is read on paper"
        visit.page.emulate_media(media="screen")
        visit.page.wait_for_function(f"{theme} === 'dark'")


@needs_browser
def test_a_page_is_printed_in_light_colours_and_is_dark_again_afterwards(browser):
    with Visit(browser, SITE.as_uri(), "index", scheme="dark") as visit:
        theme = "document.documentElement.dataset.theme"
        visit.page.evaluate(f"addEventListener('beforeprint', () => setTimeout(() => 0, window.seen = {theme}))")
        visit.page.pdf()
        assert visit.page.evaluate("window.seen") == "light"
        visit.page.wait_for_function(f"{theme} === 'dark'")
