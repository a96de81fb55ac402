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


@pytest.fixture
def visit(browser):
    """Opens a page of the built site from the disk; afterwards nothing may have failed or asked for another host."""
    if not (SITE / "index.html").exists():
        pytest.fail("The site is not built: run `make book` (or `make test`, which builds it first).")
    contexts, wrong, files = [], [], []

    def note(request):
        (files if request.url.startswith(("file:", "data:", "blob:")) else wrong).append(request.url)

    def open_page(name: str, width: int = 1280, **options):
        options = {"color_scheme": "light", **options}
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        scheme = options["color_scheme"]
        context.add_init_script(f"localStorage.mode = {scheme!r}; localStorage.theme = {scheme!r};")
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        scripts = options.get("java_script_enabled", True)  # without, what a page would preload is given up
        page.on("requestfailed", lambda request: wrong.append(request.url) if scripts else None)
        page.on("request", note)
        page.goto((SITE / f"{name}.html").as_uri())
        if scripts:
            page.wait_for_selector("[data-state=ready]")
        page.files = files
        return page

    yield open_page
    for context in contexts:
        context.close()
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
