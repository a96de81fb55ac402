"""What several test modules use: few threads, a small set of images in MNIST's own format, a small pair."""

import contextlib
import functools
import gzip
import os
import struct
from pathlib import Path

import pytest
import torch

from ganbook.data import Digits
from ganbook.evaluation import scoring
from tools.site import chromium

torch.set_num_threads(1)  # pytest runs in two processes on two cores

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
CHROMIUM = chromium.find()
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome is installed on this machine")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; a test that asks for it is marked `needs_browser`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*chromium.FLAGS])
        yield browser
        browser.close()


@contextlib.contextmanager
def page_with(browser, scripts):
    """An empty page, offline, with these files of JavaScript."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    for path in scripts:
        page.add_script_tag(path=path)
    yield page
    context.close()


class Tabs:
    """Pages of the browser that no test has at the moment: in one of them a page loads in a third of the time.

    They differ in what cannot be set afterwards: the theme that is stored, scripts, touch, whether equations are drawn.
    """

    def __init__(self, browser):
        self.browser, self.free = browser, {}

    def take(self, scheme: str, equations: bool, options: dict) -> tuple:
        """A page, and under what to put it back; `page.noted` is called with each thing that happens on it."""
        kind = (scheme, equations, *sorted(options.items()))
        if self.free.get(kind):
            return kind, self.free[kind].pop()
        context = self.browser.new_context(offline=True, color_scheme=scheme, **options)
        context.add_init_script(f"localStorage.mode = {scheme!r}; localStorage.theme = {scheme!r};")
        if not equations:
            context.route("**/vendor/mathjax/**", lambda route: route.fulfill(content_type="text/javascript", body=""))
        page = context.new_page()
        page.on("console", lambda said: page.noted("wrong", said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.noted("wrong", str(error)))
        page.on("requestfailed", lambda request: page.noted("failed", request.url))
        page.on("request", lambda request: page.noted("request", request.url))
        return kind, page

    def put_back(self, kind: tuple, page) -> None:
        """Leave the page as a new one would be; what is set when it is taken need not be undone."""
        for other in page.context.pages:
            if other != page:
                other.close()
        page.context.clear_permissions()
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.mouse.move(0, 0)
        page.goto("about:blank")
        self.free.setdefault(kind, []).append(page)


@pytest.fixture(scope="session")
def tabs(browser):
    return Tabs(browser)


PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A fixture is told whether its test has passed."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def visit(tabs, request):
    """Opens a page of the built site from the disk; afterwards nothing may have failed or asked for another host.

    Equations stay as they are written unless they are asked for: to draw a chapter takes half of all the time,
    and test_site.py does it for every page.
    """
    if not (SITE / "index.html").exists():
        pytest.fail("The site is not built: run `make book` (or `make test`, which builds it first).")
    taken, wrong, files = [], [], []

    def open_page(name: str, width: int = 1280, *, color_scheme: str = "light", equations: bool = False, **options):
        settable = {"reduced_motion": "no-preference", "forced_colors": "none"}
        media = {what: options.pop(what, usual) for what, usual in settable.items()}
        permissions = options.pop("permissions", [])
        scripts = options.get("java_script_enabled", True)  # without, what a page would preload is given up

        def noted(what: str, text: str) -> None:
            if what == "request" and text.startswith(("file:", "data:", "blob:")):
                files.append(text)
            elif what != "failed" or scripts:
                wrong.append(text)

        kind, page = tabs.take(color_scheme, equations, options)
        taken.append((kind, page))
        page.noted, page.files = noted, files
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="screen", color_scheme=color_scheme, **media)
        if permissions:
            page.context.grant_permissions(permissions)
        page.goto((SITE / f"{name}.html").as_uri())
        if scripts:
            page.wait_for_selector("[data-state=ready]")
        return page

    yield open_page
    passed = request.node.stash.get(PASSED, False)
    for kind, page in taken:
        if passed and not page.is_closed():
            page.evaluate("0")  # what has happened so far is told
            page.noted = lambda *_: None
            tabs.put_back(kind, page)
        else:
            page.context.close()
    assert not wrong, f"asked of another host, failed, or complained: {wrong}"


@pytest.fixture(scope="session", autouse=True)
def a_small_effort():
    """`evaluate` trains its classifier for 150 steps instead of 1,000, twice for every set of samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "trained_on", functools.partial(scoring.trained_on, steps=150))
        yield


@pytest.fixture(autouse=True)
def how_strict_stays():
    """What a test switches on for its process, such as a command that is strict with claims, ends with the test."""
    names = ("GANBOOK_STRICT", "GANBOOK_SMOKE")
    before = {name: os.environ.get(name) for name in names}
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def write_idx(path: Path, array: torch.Tensor) -> None:
    """Write a uint8 tensor as a gzipped IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.numpy().tobytes(), compresslevel=1))


@pytest.fixture(scope="session")
def digits() -> Digits:
    """The 60,000 training images."""
    return Digits("train")


@pytest.fixture
def small_folder(tmp_path: Path, digits: Digits) -> Path:
    """A folder with four valid files of 300 images each."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train", "t10k"):
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", digits.images[:300])
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", digits.labels[:300].byte())
    return folder
