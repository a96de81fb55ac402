"""The film player shows the frame it says, in a browser, by keyboard and by its button, and leaves the page alone."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from conftest import needs_browser
from PIL import Image

from ganbook.base.errors import InputError
from ganbook.viewing.film import LEVELS, Film

STEPS = [0, 10, 200, 1500, 12000]


def frames(count=5, n=3, channels=1, side=4, seed=0):
    """Images whose values lie on the 16 levels that the player keeps."""
    levels = torch.randint(0, LEVELS, (count, n, channels, side, side), generator=torch.Generator().manual_seed(seed))
    return levels / (LEVELS - 1) * 2 - 1


def decoded(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


def picture_of(x, rim=0.5):
    """Images (n, c, h, w) in a row with a grey rim around each, in 0..255: the oracle, written without `tile`."""
    x = np.pad((x.numpy() + 1) / 2, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=rim)  # (n, c, h + 2, w + 2)
    n, c, h, w = x.shape
    out = np.full((h, n * (w - 1) + 1, c), rim)
    for i, image in enumerate(x):
        out[:, i * (w - 1) : i * (w - 1) + w] = image.transpose(1, 2, 0)
    return np.broadcast_to((out * 15).round() * 17, (*out.shape[:2], 3)).astype(np.uint8)


# --------------------------------------------------------------------------------------------------- the HTML by itself


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sprite_holds_every_frame_line_by_line(channels):
    x = frames(channels=channels)
    film = Film(STEPS, x, alt="dots")
    source = re.search(r'src="data:image/png;base64,([^"]+)"', film.html())[1]
    sheet, (_, across), (h, w) = decoded(source), film.sprite(), film.frames.shape[1:3]
    for i, images in enumerate(x):
        row, column = divmod(i, across)
        assert np.array_equal(sheet[row * h : row * h + h, column * w : column * w + w], picture_of(images)), i


def test_words_are_escaped_and_there_are_no_ids():
    page = Film(STEPS, frames(), alt='a "quoted" <b>', title="G & D").html()
    assert 'alt="a &quot;quoted&quot; &lt;b&gt;"' in page and "G &amp; D" in page
    assert not re.search(r"\sid=", page) and "<style" not in page and "http" not in page


def test_a_front_end_without_html_gets_the_first_and_the_last_frame():
    x = frames()
    bundle = Film(STEPS, x, alt="dots")._repr_mimebundle_()
    ends = decoded(bundle["image/png"])[::2, ::2]
    assert np.array_equal(ends, np.concatenate([picture_of(x[0]), picture_of(x[-1])]))
    assert bundle["text/plain"] == "Film of 5 frames, steps 0 to 12,000: dots"


def test_a_film_of_forty_frames_of_sixteen_digits_stays_small():
    """Noise is what compresses worst: half a byte a pixel at 16 levels, and a third more for base64."""
    film = Film(range(40), frames(40, 16, 1, 28), alt="noise")
    assert len(film.html()) < 40 * 16 * 30**2 / 2 * 4 / 3 * 1.1


@pytest.mark.parametrize(
    ("steps", "shape", "alt"),
    [
        (STEPS, (5, 3, 4, 4), "x"),
        (STEPS[:4], (5, 3, 1, 4, 4), "x"),
        ([0, 10, 10, 20, 30], (5, 3, 1, 4, 4), "x"),
        (STEPS[::-1], (5, 3, 1, 4, 4), "x"),
        (STEPS, (5, 3, 1, 4, 4), " "),
        (STEPS, (5, 3, 2, 4, 4), "x"),
    ],
)
def test_what_is_not_a_film_is_refused(steps, shape, alt):
    with pytest.raises(InputError):
        Film(steps, torch.zeros(shape), alt=alt)


# --------------------------------------------------------------------------------------------------------- in a browser

# Names in the window that a blank window does not have.
LEFT_BEHIND = """() => {
  const blank = document.body.appendChild(document.createElement("iframe")).contentWindow;
  return Object.keys(window).filter(name => !(name in blank) && isNaN(name));
}"""


@pytest.fixture
def visit(browser, tmp_path):
    """visit(work, *films, **options of the context): open a file with these films and return work(page)."""

    def visit(work, *films, **options):
        (tmp_path / "page.html").write_text("<!doctype html><body>" + "<hr>".join(film.html() for film in films))
        context = browser.new_context(viewport={"width": 390, "height": 800}, **options)
        page, noise = context.new_page(), []
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_function("[...document.images].every(i => i.complete)")
        try:
            answer = work(page)
        finally:
            context.close()
        assert not noise, f"the console says: {noise}"
        return answer

    return visit


def shown(page, which=0):
    """What player `which` shows: the pixels at the middle of every pixel of the frame, and the step in words."""
    film = page.locator(".ganbook-film").nth(which)
    clip = film.locator("img").locator("..")
    screen = np.asarray(Image.open(io.BytesIO(clip.screenshot())).convert("RGB"))
    return screen, film.locator("[data-step]").inner_text()


def middles(screen, height, width):
    rows = ((np.arange(height) + 0.5) * screen.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * screen.shape[1] / width).astype(int)
    return screen[rows][:, columns]


@pytest.fixture
def film():
    """Five square frames, two in a line of the sprite."""
    return Film(STEPS, frames(n=1, side=28), alt="dots", title="a film", rate=50)


@needs_browser
def test_the_keys_move_the_film_and_the_frame_is_the_right_one(visit, film):
    x, size = frames(n=1, side=28), film.frames.shape[1:3]

    def work(page):
        page.get_by_role("slider").focus()
        keys = ["Home", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowDown", "ArrowRight", "ArrowRight"]
        for key, frame in zip(keys, [0, 1, 2, 1, 4, 3, 4, 4]):
            page.keyboard.press(key)
            screen, words = shown(page)
            assert words == f"step {STEPS[frame]:,}", key
            assert page.get_by_role("slider").get_attribute("aria-valuetext") == words
            assert np.array_equal(middles(screen, *size), picture_of(x[frame])), key

    visit(work, film)


@needs_browser
def test_play_starts_again_at_the_end_and_pauses_there(visit, film):
    def work(page):
        page.evaluate("""() => {
          window.seen = [];
          new MutationObserver(() => seen.push(document.querySelector("[data-step]").textContent))
            .observe(document.querySelector("[data-step]"), {childList: true});
        }""")
        page.get_by_role("button", name="Play").press("Enter")
        page.get_by_role("button", name="Pause").wait_for()
        page.get_by_role("button", name="Play").wait_for()
        page.wait_for_timeout(100)
        return page.evaluate("seen")

    assert visit(work, film) == [f"step {step:,}" for step in STEPS]


@needs_browser
def test_pause_and_the_slider_stop_the_film(visit):
    film = Film(range(40), frames(40), alt="dots", rate=20)

    def work(page):
        for stop in (
            lambda: page.get_by_role("button").click(),
            lambda: page.get_by_role("slider").press("ArrowRight"),
        ):
            page.get_by_role("button", name="Play").click()
            page.wait_for_function("document.querySelector('input').value >= 3")
            stop()
            page.get_by_role("button", name="Play").wait_for()
            before = page.get_by_role("slider").input_value()
            page.wait_for_timeout(200)
            assert page.get_by_role("slider").input_value() == before
            page.get_by_role("slider").press("End")

    visit(work, film)


@needs_browser
def test_nothing_moves_by_itself_and_the_controls_have_names(visit, film):
    def work(page):
        page.wait_for_timeout(200)
        assert shown(page)[1] == "step 12,000"
        assert page.get_by_role("group", name="a film").count() == 1
        assert page.get_by_role("slider", name="frame").count() == 1
        assert page.get_by_role("button", name="Play").count() == 1
        assert page.get_by_role("img", name="dots").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    visit(work, film)


@needs_browser
def test_two_players_do_not_disturb_each_other(visit, film):
    other = Film([1, 2, 3], frames(3, seed=1), alt="other dots")

    def work(page):
        page.get_by_role("slider").nth(1).press("Home")
        assert [shown(page, i)[1] for i in (0, 1)] == ["step 12,000", "step 1"]
        page.get_by_role("button").nth(0).click()
        page.wait_for_function("document.querySelector('input').value == 4")
        assert [shown(page, i)[1] for i in (0, 1)] == ["step 12,000", "step 1"]
        assert page.evaluate(LEFT_BEHIND) == [], "the script leaves names in the window"

    visit(work, film, other)


# What a notebook does with a cell's output: set the HTML, then make its scripts anew, for set HTML does not run them.
INSERT = """html => {
  const place = document.body.appendChild(document.createElement("div"));
  place.innerHTML = html;
  for (const old of place.querySelectorAll("script")) {
    const script = document.createElement("script");
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
}"""


@needs_browser
def test_a_player_that_comes_later_works_and_the_first_keeps_its_place(visit, film):
    def work(page):
        page.get_by_role("slider").press("Home")
        page.evaluate(INSERT, film.html())
        assert [shown(page, i)[1] for i in (0, 1)] == ["step 0", "step 12,000"]
        page.get_by_role("slider").nth(1).press("ArrowLeft")
        page.get_by_role("slider").nth(0).press("ArrowRight")
        assert [shown(page, i)[1] for i in (0, 1)] == ["step 10", "step 1,500"]

    visit(work, film)


@needs_browser
def test_without_scripts_the_last_frame_stands_and_no_dead_button(visit):
    x = frames(4, n=1, side=28)  # two lines of two in the sprite
    film = Film(STEPS[:4], x, alt="dots")

    def work(page):
        screen, _ = page.locator("img").locator("..").screenshot(), page.get_by_role("button").count()
        assert page.get_by_role("button").count() == page.get_by_role("slider").count() == 0
        return np.asarray(Image.open(io.BytesIO(screen)).convert("RGB"))

    screen = visit(work, film, java_script_enabled=False)
    assert np.array_equal(middles(screen, *film.frames.shape[1:3]), picture_of(x[-1]))
