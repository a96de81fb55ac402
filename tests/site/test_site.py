"""The built site is complete, its links lead somewhere, and no page asks anything of another host.

The pages are read from `_build/html` (`make book`). The second half opens each of them in headless Chromium, if one is
installed, with every address outside the test's own server blocked: in light from a server, in dark from the disk.
What the site tells others of itself is in test_publish.py.
"""

import functools
import gzip
import http.server
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import contents
import pytest
import yaml
from conftest import needs_browser
from explorable_checks import violations

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
MADE_BY_SPHINX = {"404", "genindex", "search", "prf-prf"}  # no source of ours; the last is the list of algorithms
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
TOP = f"/{REPOSITORY['url'].split('/')[-1]}/"  # where the site begins on its host; only the page 404 says so
FETCHING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("audio", "src")}
FETCHING_LINKS = {
    "stylesheet",
    "icon",
    "shortcut",
    "preload",
    "prefetch",
    "preconnect",
    "modulepreload",
    "dns-prefetch",
}


def toc() -> list[str]:
    """The pages of the table of contents, root first."""
    return [contents.front(ROOT), *contents.pages(ROOT)]


class Page(HTMLParser):
    """What the tests ask of one page: its anchors, links, images, and everything it makes a browser fetch."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.anchors, self.links, self.images, self.fetched, self.styles = set(), [], [], [], []
        self.inside_style = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        self.inside_style = tag == "style"
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values)
        self.fetched += [value for name, value in values.items() if (tag, name) in FETCHING]
        self.fetched += [part.split()[0] for part in values.get("srcset", "").split(",") if part.strip()]
        if tag == "link" and FETCHING_LINKS & set(values.get("rel", "").split()):
            self.fetched.append(values.get("href", ""))
        if values.get("style"):
            self.styles.append(values["style"])

    def handle_data(self, data):
        if self.inside_style:
            self.styles.append(data)


@pytest.fixture(scope="session")
def site() -> dict[str, Page]:
    """Every page of the site, by its path below the site's root."""
    if not (SITE / "index.html").exists():
        pytest.fail("The site is not built: run `make book` (or `make test`, which builds it first).")
    paths = [path for path in SITE.rglob("*.html") if "_static" not in path.relative_to(SITE).parts]
    return {path.relative_to(SITE).as_posix(): Page(path.read_text(encoding="utf-8")) for path in paths}


def outside(address: str) -> bool:
    return bool(re.match(r"(?i)^\s*(https?:|ftp:|//)", address))


def on_site(page: str, link: str) -> str:
    """Where a link of a page leads, as a path below the site's root."""
    return unquote(urlsplit(urljoin(f"{TOP}{page}", link)).path).removeprefix(TOP)


def css_addresses(text: str) -> list[str]:
    return re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(r"@import\s+['\"]([^'\"]+)", text)


def test_every_entry_of_the_table_of_contents_has_a_source():
    missing = [name for name in toc() if not any((ROOT / f"{name}{end}").exists() for end in (".md", ".ipynb"))]
    assert not missing, f"_toc.yml lists pages that do not exist: {missing}"


def test_every_notebook_and_prose_page_is_in_the_table_of_contents():
    sources = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "book").glob("*.md")]
    orphans = {path.relative_to(ROOT).with_suffix("").as_posix() for path in sources} - set(toc())
    assert not orphans, f"not in _toc.yml, so no reader will find them: {sorted(orphans)}"


def test_the_site_has_exactly_the_pages_of_the_table_of_contents(site):
    pages = {name.removesuffix(".html") for name in site}
    assert set(toc()) <= pages, f"not built: {sorted(set(toc()) - pages)}"
    assert pages <= set(toc()) | MADE_BY_SPHINX, (
        f"built, but in no table: {sorted(pages - set(toc()) - MADE_BY_SPHINX)}"
    )


def leads(anchor: str, anchors: set[str]) -> bool:
    """Whether it is a place of the page, or a state of its explorable (game:view=six), which test_explorables opens."""
    name, colon, _ = anchor.partition(":")
    return (f"{name}-demo" if colon else anchor) in anchors


def test_internal_links_and_anchors_lead_somewhere(site):
    broken = []
    for name, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith("#!"):
                continue
            target = on_site(name, link) if parts.path else name
            anchor = unquote(parts.fragment)
            there = (SITE / target).is_file()
            if not there or (anchor and target in site and not leads(anchor, site[target].anchors)):
                broken.append(f"{name} -> {link}")
    assert not broken, "broken links:\n" + "\n".join(sorted(set(broken)))


COUNTED = {
    "figures": r'class="caption-number">Figure ([\w.]+?) ?</span>',
    "exercises": r'class="caption-number">Exercise ([\w.]+?) ?</span>',
    "equations": r'class="eqno">\(([\w.]+)\)',
}


@pytest.mark.parametrize("kind", COUNTED)
def test_what_has_a_number_is_counted_by_chapter(site, kind):
    counted = 0
    for name in contents.chapters(ROOT):
        text = (SITE / f"{name}.html").read_text(encoding="utf-8")
        chapter = re.search(r"<h1>(\d+[a-z]?)\.", text)[1]
        found = re.findall(COUNTED[kind], text)
        assert found == [f"{chapter}.{number}" for number in range(1, len(found) + 1)], name
        counted += len(found)
    assert counted > 25


def test_every_image_has_alternative_text(site):
    silent = [
        f"{name}: {image.get('src')}" for name, page in site.items() for image in page.images if not image.get("alt")
    ]
    assert not silent, "images without alt text:\n" + "\n".join(silent)


def test_pages_and_style_sheets_name_no_other_host(site):
    found = []
    for name, page in site.items():
        addresses = page.fetched + [address for style in page.styles for address in css_addresses(style)]
        found += [f"{name}: {address}" for address in addresses if outside(address)]
    for path in SITE.rglob("*.css"):
        addresses = css_addresses(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(SITE)}: {address}" for address in addresses if outside(address)]
    assert not found, "fetched from another host:\n" + "\n".join(found)


def test_what_the_pages_fetch_is_there(site):
    missing = []
    for name, page in site.items():
        for address in page.fetched:
            if outside(address) or address.startswith("data:"):
                continue
            if not (SITE / on_site(name, address)).is_file():
                missing.append(f"{name}: {address}")
    assert not missing, "named by a page, but not on the site:\n" + "\n".join(missing)


def test_vendored_files_keep_their_licences():
    folders = [path for path in (ROOT / "book/_static/vendor").iterdir() if path.is_dir()]
    assert folders, "book/_static/vendor is empty: run `make vendor`"
    assert not [path.name for path in folders if not list(path.glob("LICENSE*"))]


# ------------------------------------------------------------------------------------------------ in a real browser

# Opens what is folded, then waits for the equations and the stored widgets of the page.
SETTLE = """async () => {
  document.querySelectorAll("details").forEach(d => d.open = true);
  const equations = document.querySelectorAll(".math.notranslate").length;
  if (equations) {
    const end = Date.now() + 20000;
    while (!(window.MathJax && MathJax.startup && MathJax.startup.promise) && Date.now() < end)
      await new Promise(r => setTimeout(r, 50));
    await MathJax.startup.promise;
  }
  const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]').length;
  if (views) {
    const end = Date.now() + 20000;
    while (document.querySelectorAll(".widget-subarea .jupyter-widgets").length < views && Date.now() < end)
      await new Promise(r => setTimeout(r, 50));
  }
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map(i => i.decode().catch(() => 0)));
  await document.fonts.ready;
}"""
EQUATIONS = """() => {
  const all = [...document.querySelectorAll(".math.notranslate")];
  const raw = all.filter(e => !e.querySelector("mjx-container"));
  const wrong = [...document.querySelectorAll("mjx-merror, [data-mjx-error]")];
  return {all: all.length, unrendered: raw.map(e => e.textContent), errors: wrong.map(e => e.textContent)};
}"""
WIDGETS = """() => [...document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')]
  .filter(s => !(s.previousElementSibling && s.previousElementSibling.querySelector(".jupyter-widgets")))
  .map(s => s.textContent)"""
# What sticks out of the window, and is not inside something that scrolls or clips by itself.
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const boxed = e => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (getComputedStyle(p).overflowX !== "visible") return true;
    return false;
  };
  const main = document.querySelector(".bd-article-container") || document.body;
  const out = [...main.querySelectorAll("*")].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.right > width + 1 && getComputedStyle(e).position !== "absolute" && !boxed(e);
  }).map(e => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right));
  return {page: document.documentElement.scrollWidth, width, out: out.slice(0, 5)};
}"""


# A finding of axe-core that is the theme's own, and where: the logo stands in a sidebar that is no landmark.
# (The other that we know, label-content-name-mismatch, is an experimental rule and not asked for.)
KNOWN = {"region": ".navbar-brand"}
# Axe looks at every element for a while, and a chapter has twenty thousand. One word of code of each colour is enough,
# and so are a few equations: all are made of the same parts.
FEWER = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight span[class]"))
    if (seen.has(word.className)) word.replaceWith(word.textContent);
    else seen.add(word.className);
  document.head.appendChild(document.createElement("style")).textContent = "* {transition: none !important}";
  for (const equation of [...document.querySelectorAll("mjx-container")].slice(5)) equation.replaceWith("x");
}"""
# For colours one of each kind is enough: what is built like an element before it, in the same place, is taken out.
ONE_OF_EACH = """() => {
  const seen = new Set();
  const kind = e => e.tagName + "." + e.getAttribute("class") + e.getAttribute("style");
  const shape = e => kind(e) + "(" + [...new Set([...e.children].map(shape))].join() + ")";
  const thin = (parent, path) => {
    for (const child of [...parent.children]) {
      const here = path + "/" + shape(child);
      if (seen.has(here)) child.remove();
      else { seen.add(here); thin(child, path + "/" + kind(child)); }
    }
  };
  thin(document.body, "");
}"""
# The theme and house.js see to what scrolls a moment after a new size. Until they have, or a second has gone by:
SCROLLED = """() => new Promise(done => {
  const end = Date.now() + 1000;
  const late = box => box.scrollWidth > box.clientWidth && box.tabIndex !== 0;
  const look = () =>
    Date.now() > end || ![...document.querySelectorAll("pre")].some(late) ? done() : setTimeout(look, 20);
  requestAnimationFrame(() => setTimeout(look, 50));
})"""
ELSEWHERE = "([target, place]) => !document.querySelector(target).closest(place)"


def findings(page, **options) -> list[str]:
    """What axe-core finds on a page as it stands, beyond KNOWN."""
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in violations(page, **options)
        for node in rule["nodes"]
        if rule["id"] not in KNOWN or page.evaluate(ELSEWHERE, [node["target"][0], KNOWN[rule["id"]]])
    ]


@pytest.fixture(scope="session")
def address():
    """The site, served below the same path as on GitHub Pages, and with the same answer to a wrong address."""

    class Pages(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return super().translate_path(path.removeprefix(TOP.rstrip("/")))

        def send_error(self, code, *_):
            page = (SITE / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=SITE))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{TOP.rstrip('/')}"
    server.shutdown()
    server.server_close()
    thread.join()


@functools.cache
def transferred(path: Path) -> tuple[int, int]:
    """Bytes of a file, as GitHub Pages sends it (text is compressed) and raw."""
    content = path.read_bytes()
    text = path.suffix in {".html", ".css", ".js", ".svg", ".json", ".map"}
    return len(gzip.compress(content, 6)) if text else len(content), len(content)


class Visit:
    """One page opened in its own context; remembers what the page asked for and what it complained about."""

    def __init__(self, browser, address, name, *, scheme="light", width=1280, before="", **options):
        self.address, size = address, {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        self.context.add_init_script(f"localStorage.mode = {scheme!r}; localStorage.theme = {scheme!r}; {before}")
        self.context.route(re.compile(f"^(?!{re.escape(address)})"), self.refuse)
        self.page = self.context.new_page()
        self.start()
        self.page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("response", lambda answer: self.failed.append(answer.url) if answer.status >= 400 else None)
        self.open(name)

    def start(self):
        self.asked, self.outside, self.failed, self.complaints = set(), [], [], []

    def open(self, name):
        self.page.goto("about:blank")  # what the page before still says or asks belongs to that page
        self.start()
        path, mark, query = name.partition("?")
        self.page.goto(f"{self.address}/{path}.html{mark}{query}", wait_until="load")
        self.page.evaluate(SETTLE)
        self.page.wait_for_load_state("networkidle")

    def refuse(self, route):
        if route.request.url.startswith(("data:", "blob:")):
            return route.continue_()
        self.outside.append(route.request.url)
        return route.abort()

    def weight(self) -> tuple[int, int]:
        """Bytes of everything that the page loaded, compressed and raw."""
        own = {url.removeprefix(self.address).lstrip("/") for url in self.asked if url.startswith(self.address)}
        files = [transferred(SITE / unquote(urlsplit(url).path)) for url in own]
        return sum(size for size, _ in files), sum(raw for _, raw in files)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def assert_whole(visit: Visit) -> None:
    """A page got all that it asked for, from its own address, and drew its equations, widgets, images and icons."""
    assert not visit.outside, f"asked of another host: {visit.outside}"
    assert not visit.failed, f"requests that failed: {visit.failed}"
    assert not visit.complaints, f"the console says: {visit.complaints}"
    equations = visit.page.evaluate(EQUATIONS)
    assert not equations["unrendered"], f"equations left as text: {equations['unrendered']}"
    assert not equations["errors"], f"equations with errors: {equations['errors']}"
    assert not visit.page.evaluate(WIDGETS), "a stored widget was not drawn"
    blank = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
    assert not visit.page.evaluate(blank), "images that did not load"
    missing = (
        "[...document.querySelectorAll('svg[data-icon]')]"
        ".filter(icon => !icon.querySelector('path[d]') || icon.querySelector('.missing')).length"
    )
    assert visit.page.evaluate("document.querySelectorAll('svg[data-icon]').length") > 4, "the icons are not drawn"
    assert not visit.page.evaluate(missing), "icons without an outline (book/_ext/light.py takes unused ones out)"


# A page of each kind: what is asked of these is not asked of all.
OF_EACH_KIND = ["index", "notebooks/06_game", "book/play_generator", "book/play_toy", "book/api", "search"]


@needs_browser
def test_the_contents_of_a_page_follow_the_reader_and_no_link_of_its_text_does(browser, address, site):
    with Visit(browser, address, "book/teaching") as visit:  # it has links to states of explorables
        visit.page.set_viewport_size({"width": 1400, "height": 900})
        for heading in ("#what-students-believe-and-what-corrects-it", "#how-long-it-takes"):
            visit.page.evaluate("heading => document.querySelector(heading).scrollIntoView()", heading)
            visit.page.wait_for_selector(f'#pst-page-toc-nav a.active[href="{heading}"]')
        assert visit.page.locator("main article a.active").count() == 0
        assert_whole(visit)


@pytest.fixture(scope="module")
def desk(browser, address):
    """A visit that goes from page to page, which takes less time than to open each anew."""
    with Visit(browser, address, "404") as visit:
        yield visit


@needs_browser
@pytest.mark.parametrize("name", [*toc(), "search", "genindex"])
def test_a_page_opens_by_itself_and_for_everybody(desk, site, name):
    """At the width of a desk, of a telephone, and in both colours; opened once, since that takes longest."""
    page, usual, telephone = desk.page, {"width": 1280, "height": 900}, {"width": 390, "height": 900}
    page.set_viewport_size(usual)
    page.emulate_media(color_scheme="light")
    desk.open(name)
    assert_whole(desk)
    weight, raw = desk.weight()
    print(f"{name}: {weight / 1e6:.2f} MB as sent, {raw / 1e6:.2f} MB raw")
    limit = 4.0 if name.startswith("book/play_") else 1.5
    assert weight / 1e6 < limit, f"{weight / 1e6:.2f} MB, expected less than {limit}"
    page.set_viewport_size(telephone)
    width = page.evaluate(TOO_WIDE)
    assert width["page"] <= width["width"], f"the page scrolls sideways: {width}"
    assert not width["out"], f"sticks out at 390 px: {width}"
    page.evaluate(FEWER)
    shape = {"rules": {"color-contrast": {"enabled": False}}}
    for size in (telephone, *([usual] if name in OF_EACH_KIND else [])):
        page.set_viewport_size(size)
        page.evaluate(SCROLLED)
        found = findings(page, **shape)
        assert not found, f"axe-core finds at {size['width']} px:\n" + "\n".join(found)
    page.evaluate(ONE_OF_EACH)
    for scheme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.mode = {scheme!r}")
        page.evaluate(f"document.documentElement.dataset.theme = {scheme!r}")
        page.emulate_media(color_scheme=scheme)
        found = findings(page, runOnly=["color-contrast"])
        assert not found, f"axe-core finds in {scheme} colours:\n" + "\n".join(found)


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_has_no_complaint_at_a_first_visit_and_the_readers_colours_are_taken(
    browser, address, site, scheme
):
    """Nothing is remembered yet; a second visit finds what the first one left."""
    context = browser.new_context(color_scheme=scheme)
    context.route(lambda url: not url.startswith(address), lambda route: route.abort())
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("warning", "error") else None)
    for _ in range(2):
        page.goto(f"{address}/notebooks/01_noise.html", wait_until="load")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
    context.close()
    assert not said


@needs_browser
@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_a_page_opens_from_the_disk_in_the_colours_that_were_chosen(browser, site, name):
    with Visit(browser, SITE.as_uri(), name, scheme="dark") as visit:
        assert_whole(visit)
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"


@needs_browser
@pytest.mark.parametrize("depth", ["nothing", "notebooks/nothing", "a/b/c/nothing"])
def test_a_wrong_address_is_answered_with_a_whole_page(browser, address, site, depth):
    with Visit(browser, address, depth) as visit:
        assert visit.failed == [f"{address}/{depth}.html"] and not visit.outside
        assert visit.page.get_by_role("heading", level=1).inner_text() == "There is no such page"
        assert visit.page.evaluate("getComputedStyle(document.querySelector('.bd-sidebar-primary')).display") == "flex"
        assert not findings(visit.page)
        visit.page.locator("article a", has_text="Front page").click()
        visit.page.wait_for_url(f"{address}/index.html")


@needs_browser
@pytest.mark.parametrize("from_disk", [False, True], ids=["served", "from the disk"])
def test_the_search_finds_a_word(browser, address, site, from_disk):
    with Visit(browser, SITE.as_uri() if from_disk else address, "book/preface") as visit:
        visit.page.keyboard.press("Control+k")
        visit.page.keyboard.type("relativistic")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector("#search-results li a")
        visit.page.wait_for_selector("#search-results > p:has-text('found')")
        found = visit.page.locator("#search-results li > a").evaluate_all("links => links.map(link => link.pathname)")
        assert any(path.endswith("notebooks/10_modern.html") for path in found), found
        visit.page.wait_for_load_state("networkidle")
        assert not (visit.complaints or visit.failed or visit.outside), (visit.complaints, visit.failed, visit.outside)


# The film's clock, in the hands of the test.
BY_HAND = "window.setInterval = tick => { window.tick = tick; return 1; };"


@needs_browser
def test_the_film_on_the_front_page_plays_once_and_is_driven_with_the_keyboard(browser, address, site):
    with Visit(browser, address, "index", before=BY_HAND) as visit:
        film = visit.page.locator(".front-film .ganbook-film")
        button, slider = film.locator("button"), film.locator("input")
        last = slider.get_attribute("max")
        assert (button.inner_text(), slider.input_value()) == ("Pause", "0"), "it should begin by itself"
        visit.page.evaluate(f"() => {{ for (let i = 0; i < {last}; i++) tick(); }}")
        assert (button.inner_text(), slider.input_value()) == ("Play", last), "it should stop at its end"
        button.focus()
        visit.page.keyboard.press("Space")
        assert (button.inner_text(), slider.input_value()) == ("Pause", "0")
        visit.page.evaluate("tick()")
        visit.page.keyboard.press("Space")
        assert (button.inner_text(), slider.input_value()) == ("Play", "1")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("End")
        assert slider.input_value() == last
        assert film.locator("[data-step]").inner_text() == slider.get_attribute("aria-valuetext") != "step 0"
        assert film.get_attribute("aria-label") and film.locator("img").get_attribute("alt")
    assert (SITE / "index.html").stat().st_size < 300_000, "the film makes the front page heavy"


@needs_browser
def test_the_trainer_of_the_front_page_loads_little_and_asks_no_other_host(browser, address, site):
    with Visit(browser, address, "index") as visit:
        before, _ = visit.weight()
        visit.page.get_by_role("button", name="Train a GAN").click()
        visit.page.wait_for_function("ganbook.frontTrainer.last && ganbook.frontTrainer.last.step > 5")
        assert_whole(visit)
        after, _ = visit.weight()
        print(f"loaded on the click: {(after - before) / 1e6:.2f} MB as sent")
        assert 0.1e6 < after - before < 0.5e6


@needs_browser
def test_nothing_moves_for_a_reader_who_asked_for_that(browser, address, site):
    with Visit(browser, address, "index", before=BY_HAND, reduced_motion="reduce") as visit:
        film = visit.page.locator(".front-film .ganbook-film")
        assert film.locator("button").inner_text() == "Play" and not visit.page.evaluate("'tick' in window")
        assert film.locator("input").input_value() == film.locator("input").get_attribute("max")
        visit.page.locator(".theme-switch-button").hover()
        assert not visit.page.evaluate("document.getAnimations().length")
        assert visit.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@needs_browser
def test_code_is_copied_and_headings_have_addresses(browser, address, site):
    with Visit(browser, address, "notebooks/01_noise") as visit:
        visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
        cell = visit.page.locator(".highlight", has=visit.page.locator("button.copybtn")).nth(1)
        cell.hover()
        cell.locator("button.copybtn").click()
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == cell.locator("pre").inner_text().strip() != ""
        headings = visit.page.locator("article h2")
        assert headings.locator("a.headerlink").count() == headings.count() > 3
        headings.nth(1).hover()
        headings.nth(1).locator("a.headerlink").click()
        anchor = urlsplit(visit.page.url).fragment
        assert anchor and visit.page.locator(f"section#{anchor} > h2").count() == 1


@needs_browser
def test_what_scrolls_on_a_telephone_is_reached_with_the_keyboard(browser, address, site):
    with Visit(browser, address, "notebooks/06_game", width=390) as visit:
        wide = "[...document.querySelectorAll('mjx-container[display]')].filter(e => e.scrollWidth > e.clientWidth)"
        reached = "[...document.querySelectorAll('mjx-container[display][tabindex]')]"
        same = f"{wide}.every(e => e.tabIndex === 0) && {wide}.length === {reached}.length"
        visit.page.wait_for_function(f"{wide}.length > 0 && {same}")
        narrow = visit.page.evaluate(f"{wide}.length")
        visit.page.set_viewport_size({"width": 1600, "height": 900})
        visit.page.wait_for_function(f"{wide}.length < {narrow} && {same}")
