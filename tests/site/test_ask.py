"""The explorable of chapter 1, "Ask the discriminator": its numbers against PyTorch's and NumPy's, and the page, driven
with pointer and keys.

The arithmetic is asked of the scripts in book/_static/demos on an empty page; the page is that of `_build/html`
(`make book`).
"""

import base64
import json
import re

import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import needs_browser, page_with
from explorable_checks import anew, axe_finds_nothing, paper_has_the_picture, refused
from torch import nn

from tools.site import ask_still as ask
from tools.site import edition, front_digits
from tools.site.plain import Plain

SCRIPTS = ("random", "inflate", "network", "ask", "ask_stored", "front_digits")
STORED = json.loads(ask.STORED.read_text(encoding="utf-8").partition("askStored = ")[2].rstrip(";\n"))
PAGE = "notebooks/01_noise"

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    """An empty page with the scripts, and with their data unpacked."""
    with page_with(browser, [ask.DEMOS / f"{name}.js" for name in SCRIPTS]) as page:
        page.evaluate(
            """async () => {
              const {white} = ganbook.frontDigits, digits = await ganbook.greys(ganbook.frontDigits);
              window.few = {digits: digits.subarray(0, 400 * 196), white};
              window.packed = bytes => btoa(Array.from(bytes, b => String.fromCharCode(b)).join(""));
            }"""
        )
        yield page


def discriminator(tables: list[np.ndarray]) -> nn.Sequential:
    """The explorable's D in PyTorch, with these weights and biases, in the order of its parameters."""
    D = nn.Sequential(nn.Linear(196, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1), nn.Flatten(0)).double()
    with torch.no_grad():
        for parameter, table in zip(D.parameters(), tables):
            parameter.copy_(torch.as_tensor(table).view_as(parameter))
    return D


@pytest.fixture(scope="module")
def D() -> nn.Sequential:
    """The stored D, read here without the page's scripts."""
    whole = np.frombuffer(base64.b64decode(STORED["values"]), dtype=np.int8).astype(float)
    cuts = np.split(whole, np.cumsum([196 * 64, 64, 64]))
    return discriminator([table * scale for table, scale in zip(cuts, STORED["scales"])])


def asked(D: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits of images x (n, 196), and their gradients, by autograd."""
    x = x.clone().requires_grad_()
    logits = D(x)
    return logits.detach(), torch.autograd.grad(logits.sum(), x)[0]


# ---------------------------------------------------------------------------------------------------------- arithmetic


def test_the_stored_d_answers_and_slopes_as_in_pytorch(scripts, D):
    x = torch.cat([-torch.ones(1, 196), torch.rand(20, 196) * 2 - 1]).double()
    given = """numbers => {
      const D = ganbook.ask.Lesson.stored(ganbook.askStored), n = numbers.length / 196, x = Float64Array.from(numbers);
      return {logits: [...D.forward(x, n)], slopes: [...D.slopes(x, n)]};
    }"""
    ours = scripts.evaluate(given, x.flatten().tolist())
    logits, slopes = asked(D, x)
    assert torch.allclose(torch.tensor(ours["logits"]).double(), logits, atol=1e-5)
    assert torch.allclose(torch.tensor(ours["slopes"]).double().view(-1, 196), slopes, atol=1e-6)
    assert slopes.abs().max() > 0.1 and len(logits.unique()) == 21


def test_the_first_steps_of_a_new_d_are_those_of_pytorch(scripts):
    steps, m = 4, 32
    rng = np.random.default_rng(0)
    real, fakes = (rng.integers(0, 16, (steps * 2 * m, 196), dtype=np.uint8) for _ in range(2))
    learned = """({real, fakes, steps}) => {
      const read = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
      const lesson = new ganbook.ask.Lesson({real: read(real), fakes: read(fakes), count: 1e6, white: 15, seed: 0});
      const tables = () => lesson.D.layers.flatMap(l => [[...l.weight], [...l.bias]]);
      let next = 0;
      lesson.draws = {below: () => next++};
      const before = tables();
      for (let i = 0; i < steps; i++) lesson.learn();
      return {before, after: tables()};
    }"""
    packed = {"real": base64.b64encode(real).decode(), "fakes": base64.b64encode(fakes).decode()}
    ours = scripts.evaluate(learned, {**packed, "steps": steps})
    D = discriminator([np.array(table) for table in ours["before"]])
    adam = torch.optim.Adam(D.parameters(), lr=1e-3)
    y = torch.cat([torch.ones(m), torch.zeros(m)]).double()
    for t in range(steps):
        rows = np.arange(2 * m) + 2 * m * t  # the first m of a step's draws are digits
        batch = np.concatenate([real[rows[:m]], fakes[rows[m:]]])
        loss = F.binary_cross_entropy_with_logits(D(torch.from_numpy(batch).double() * 2 / 15 - 1), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
    for parameter, before, after in zip(D.parameters(), ours["before"], ours["after"]):
        moved = parameter.detach().flatten() - torch.tensor(before).double()
        assert moved.abs().max() > 1e-3
        assert torch.allclose(torch.tensor(after).double() - torch.tensor(before).double(), moved, atol=1e-5)


def images(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(-1, 196)


MADE = """([kind, seed]) => {
  const classes = new ganbook.ask.Classes(few, kind, seed), black = classes.black();
  return {real: packed(classes.real), fakes: packed(classes.fakes), right: [...ganbook.ask.onePixel(black)]};
}"""


@pytest.mark.parametrize("kind", ["noise", "shuffled", "mixed"])
def test_the_fakes_are_what_they_are_called_and_one_pixel_is_counted_as_by_numpy(scripts, kind):
    levels = front_digits.levels(front_digits.Digits("train").images[:400]).flatten(1).numpy()
    made = scripts.evaluate(MADE, [kind, 3])
    real, fakes = images(made["real"]), images(made["fakes"])
    pairs = levels.reshape(100, 2, 2, 196)
    assert np.array_equal(real, pairs[:, 0].reshape(-1, 196)) and len(fakes) == 200
    source = pairs[:, 1].reshape(-1, 196)
    if kind == "shuffled":
        assert np.array_equal(np.sort(fakes), np.sort(source)) and (fakes != source).any(1).all()
        order = [np.corrcoef(fakes[i], source[i])[0, 1] for i in range(200)]
        assert abs(np.mean(order)) < 0.1, "the pixels are out of their places"
    elif kind == "mixed":
        for pixel in range(196):
            assert np.isin(fakes[:, pixel], source[:, pixel]).all()
        assert abs(fakes.mean(0) - source.mean(0)).max() < 3 and not (fakes[:, None] == source[None]).all(2).any()
    else:
        assert fakes.max() <= 15 and (fakes == 0).mean() < 0.1 < 0.5 < (real == 0).mean()
        assert not np.array_equal(fakes, images(scripts.evaluate(MADE, [kind, 4])["fakes"])), "another G"
    assert scripts.evaluate(MADE, [kind, 3]) == made, "the same seed, the same fakes"
    p, q = (real == 0).mean(0), (fakes == 0).mean(0)
    assert np.allclose(made["right"], 0.5 + abs(p - q) / 2, atol=1e-9)


def test_a_step_of_the_climb_has_its_length_and_stays_in_range(scripts, D):
    climbed = """x => {
      const D = ganbook.ask.Lesson.stored(ganbook.askStored);
      return [...ganbook.ask.climb(D, Float64Array.from(x))];
    }"""
    middle, black = torch.zeros(196).double(), -torch.ones(196).double()
    moved = torch.tensor(scripts.evaluate(climbed, middle.tolist())).double()
    _, slope = asked(D, middle[None])
    assert torch.allclose(moved, 0.15 * slope[0] / slope.norm(), atol=1e-6)
    assert torch.tensor(scripts.evaluate(climbed, black.tolist())).min() == -1


# ------------------------------------------------------------------------------------------------ what the text says

FEWEST = """() => {
  const D = ganbook.ask.Lesson.stored(ganbook.askStored), x = new Float64Array(196).fill(-1);
  const with_ = i => D.forward(x.map((v, j) => i === j ? 1 : v), 1)[0];
  let painted = 0;
  for (; D.forward(x, 1)[0] > 0; painted++) {
    const after = Array.from(x, (v, i) => v < 0 ? with_(i) : Infinity);
    x[after.indexOf(Math.min(...after))] = 1;
  }
  return painted;
}"""
SAID = """async () => {
  const {ask, Random} = ganbook, D = ask.Lesson.stored(ganbook.askStored), random = new Random(5);
  const digits = (await ganbook.greys(ganbook.frontDigits)).subarray(9000 * 196);
  const digit = i => ask.shown(ask.imageAt(digits, i), 15), logit = x => D.forward(x, 1)[0];
  const share = make => Array.from({length: 200}, (_, i) => logit(make(i)) > 0).filter(yes => yes).length / 200;
  const noise = ask.Classes.generator(ganbook.askStored.seed).draw(200, random);
  const climbs = Array.from({length: 5}, (_, i) => {
    let x = noise.slice(196 * i, 196 * i + 196);
    for (let t = 0; t < 240; t++) x = ask.climb(D, x);
    return logit(x);
  });
  return {climbs, digits: share(digit), shuffled: share(i => ask.shuffled(digit(i), random)),
          noise: share(i => noise.slice(196 * i, 196 * i + 196)), blank: logit(digit(0).map(() => -1))};
}"""


def test_what_chapter_and_caption_say_of_the_stored_d_is_so(scripts):
    found = scripts.evaluate(SAID)
    look = STORED["look"]
    assert found["digits"] > 0.99 and found["noise"] == 0 and look["right"] == look["of"] == 1000
    assert found["blank"] > 5 and found["shuffled"] == 1
    assert min(found["climbs"]) > look["real"], "noise climbs past the typical digit"
    text = json.loads((ask.ROOT / f"{PAGE}.ipynb").read_text(encoding="utf-8"))
    [cell] = ["".join(c["source"]) for c in text["cells"] if "```{ask}" in "".join(c["source"])]
    assert scripts.evaluate(FEWEST) == int(re.search(r"We needed (\d+)\.", cell)[1])


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#ask-demo [data-part={part}]")


def sheet(page) -> torch.Tensor:
    return torch.tensor(page.evaluate("[...ganbook.askDemo.state.x]")).double()


def seen(page) -> tuple[float, str]:
    """D(x) and the logit, as they are printed."""
    return float(the(page, "probability").inner_text()), the(page, "logit").inner_text().replace("−", "-")


# The colour of each cell of the square beside the sheet, in a corner, where no sign is.
CORNERS = """canvas => Array.from({length: 196}, (_, i) => {
  const side = canvas.width / 14, [x, y] = [i % 14, Math.floor(i / 14)].map(at => Math.round((at + 0.12) * side));
  return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
})"""


def test_d_follows_what_is_drawn_with_the_pointer_and_the_keys(visit, D):
    page = visit(PAGE)
    assert not [url for url in page.files if url.endswith(("front_digits.js", "ask_thread.js"))], "loaded unasked"
    assert the(page, "sheet").is_visible() and not page.locator("figure.explorable-live > img").is_visible()
    expected = -torch.ones(196).double()
    strong = asked(D, expected[None])[1][0]
    colours = the(page, "beside").evaluate(CORNERS)
    for slope, (red, _, blue) in zip(strong / strong.abs().max(), colours):
        assert abs(slope) < 0.3 or (red > blue) == (slope > 0), "red where a brighter pixel raises the logit"

    def as_expected(what: str):
        assert torch.equal(sheet(page), expected), what
        logit = asked(D, expected[None])[0].item()
        probability, printed = seen(page)
        assert abs(float(printed) - logit) < 0.051 and abs(probability - 1 / (1 + np.exp(-logit))) < 0.0051, what
        assert ("a digit" in the(page, "verdict").inner_text()) == (logit > 0)
        drawn = the(page, "image").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 14, 14).data].filter((_, i) => i % 4 === 0)"
        )
        assert np.array_equal(np.array(drawn) > 127, expected.numpy() > 0)

    as_expected("a blank sheet")
    the(page, "sheet").scroll_into_view_if_needed()
    box = the(page, "sheet").bounding_box()
    at = lambda row, column: (box["x"] + (column + 0.5) * box["width"] / 14, box["y"] + (row + 0.5) * box["width"] / 14)  # noqa: E731
    page.mouse.click(*at(2, 3))
    expected[2 * 14 + 3] = 1
    as_expected("one cell")
    page.mouse.move(*at(0, 0))
    page.mouse.down()
    page.mouse.move(*at(0, 13))  # at once: the cells between are inked as well
    page.mouse.up()
    page.mouse.move(*at(8, 8))
    expected[:14] = 1
    as_expected("a row")
    page.get_by_label("black", exact=True).check()
    page.mouse.click(*at(0, 5))
    expected[5] = -1
    as_expected("erased")
    the(page, "sheet").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expected[4] = -1
    as_expected("by key, in black")
    page.get_by_label("white", exact=True).check()
    the(page, "sheet").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expected[14 + 6] = 1
    as_expected("by key, in white")
    assert the(page, "news").inner_text().startswith("Row 1, column 6: 1.0")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Backspace")
    expected[6] = -1
    as_expected("erased by key")
    assert the(page, "inked").inner_text() == "13 pixels changed"
    the(page, "map").focus()
    page.keyboard.press("ArrowUp")
    slope = asked(D, expected[None])[1][0, 6 * 14 + 7].item()
    told = the(page, "news").inner_text()
    assert told.startswith(f"Row 6, column 7: slope {slope:.2f}".replace("-", "−")), told
    assert ("brighter" in told) == (slope > 0)


def test_the_answer_is_spoken_when_the_hand_rests(visit):
    page = visit(PAGE)
    page.evaluate(
        """() => {
          window.spoken = [];
          const region = document.querySelector("#ask-demo [data-part=spoken]");
          new MutationObserver(() => spoken.push(region.textContent)).observe(region, {childList: true});
        }"""
    )
    the(page, "sheet").focus()
    for _ in range(6):
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
    page.wait_for_function("spoken.length > 0")
    assert page.evaluate("spoken") == [f"D(x) = {seen(page)[0]:.2f}, logit {seen(page)[1]}: a digit."]


def test_climbing_raises_the_logit_and_stops(visit):
    page = visit(PAGE)
    the(page, "noise").click()
    start, _ = seen(page)
    before = float(seen(page)[1])
    assert start < 0.01 and before < 0

    def bar() -> tuple[float, float]:
        """Where it begins and ends, in shares of its track."""
        track, filled = page.locator(".ask-track").bounding_box(), the(page, "bar").bounding_box()
        left = (filled["x"] - track["x"]) / track["width"]
        return left, left + filled["width"] / track["width"]

    assert bar()[0] < 0.4 and bar()[1] == pytest.approx(0.5, abs=0.01), "left of the middle"
    the(page, "climb").click()
    page.wait_for_function("/Step (1\\d|[2-9]\\d)/.test(document.querySelector('[data-part=climbed]').textContent)")
    assert the(page, "climb").inner_text() == "Stop"
    the(page, "climb").click()
    between = float(seen(page)[1])
    page.wait_for_timeout(100)
    assert float(seen(page)[1]) == between > before + 2, "it stands still"
    the(page, "step").click()
    assert float(seen(page)[1]) > between and sheet(page).abs().max() <= 1
    while float(seen(page)[1]) < 3:
        the(page, "step").click()
    assert bar()[0] == pytest.approx(0.5, abs=0.01) and bar()[1] > 0.55 and seen(page)[0] > 0.9
    page.emulate_media(reduced_motion="reduce")
    the(page, "step").click()
    assert not the(page, "climb").is_visible() and the(page, "step").is_visible(), "single steps only"


def test_a_new_d_learns_and_one_pixel_is_told(visit):
    """The third and the fourth question of the chapter. The stored D first, then one that a click trains."""
    page = visit(PAGE)
    levels = front_digits.levels(front_digits.Digits("train").images[:10_000]).flatten(1).numpy()
    p = (levels.reshape(-1, 2, 2, 196)[:, 0].reshape(-1, 196) == 0).mean(0)
    page.get_by_label("one pixel alone").check()
    page.wait_for_function("ganbook.askDemo.state.black")
    black = np.array(page.evaluate("ganbook.askDemo.state.black.map(share => [...share])"))
    made = """async () => {
      const {white} = ganbook.frontDigits, digits = await ganbook.greys(ganbook.frontDigits);
      const {fakes} = new ganbook.ask.Classes({digits, white}, "noise", 0);
      return btoa(Array.from(fakes, level => String.fromCharCode(level)).join(""));
    }"""
    assert np.allclose(black[1], (images(page.evaluate(made)) == 0).mean(0))
    right = 0.5 + abs(p - black[1]) / 2
    assert np.allclose(black[0], p) and right[0] == right.max() == 1 and right.min() < 0.7
    assert the(page, "news").inner_text().startswith("The best pixel: row 0, column 0, and ")
    the(page, "map").focus()
    page.keyboard.press("ArrowLeft")
    told = re.findall(r"([\d.]+) %", the(page, "news").inner_text())
    assert [float(share) for share in told] == pytest.approx(
        [100 * p[104], 100 * black[1, 104], 100 * right[104]], abs=0.051
    )
    page.locator("#ask-demo button[value=shuffled]").click()
    page.wait_for_function("ganbook.askDemo.state.curve.length && !ganbook.askDemo.state.learning")
    curve = page.evaluate("ganbook.askDemo.state.curve")
    assert abs(curve[0]["accuracy"] - 0.5) < 0.1 and curve[-1]["accuracy"] > 0.98 and curve[-1]["step"] == 400
    assert curve[-1]["real"] > 5 and curve[-1]["fake"] < -3
    assert "seed 1) learned to reject shuffled pixels" in the(page, "about").inner_text()
    assert the(page, "verdict").inner_text() == "“a fake”", "the blank sheet is none of its digits"
    apart = """async () => {
      const {ask, Random} = ganbook, digits = (await ganbook.greys(ganbook.frontDigits)).subarray(9800 * 196);
      const {D} = ganbook.askDemo.state, random = new Random(9), logit = x => D.forward(x, 1)[0];
      const real = Array.from({length: 200}, (_, i) => ask.shown(ask.imageAt(digits, i), 15));
      return real.filter(x => logit(x) > 0 && logit(ask.shuffled(x, random)) <= 0).length;
    }"""
    assert page.evaluate(apart) > 190


def test_what_can_be_put_on_the_sheet(visit):
    page = visit(PAGE)
    the(page, "digit").click()
    page.wait_for_function("ganbook.askDemo.state.x.some(v => v > 0)")
    digit = sheet(page)
    the(page, "shuffled").click()
    page.wait_for_function("before => ganbook.askDemo.state.x.some((v, i) => v !== before[i])", arg=digit.tolist())
    assert torch.equal(sheet(page).sort()[0], digit.sort()[0])
    the(page, "mixed").click()
    page.wait_for_function("before => ganbook.askDemo.state.x.some((v, i) => v !== before[i])", arg=digit.tolist())
    assert (sheet(page) == -1).double().mean() > 0.3
    the(page, "blank").click()
    assert (sheet(page) == -1).all()
    the(page, "noise").click()
    assert (sheet(page).abs() < 1).all() and sheet(page).std() > 0.1


# -------------------------------------------------------------------------------- without scripts, on paper, elsewhere


def test_the_address_follows_the_reader_and_opens_the_same_image_and_d(visit, D):
    page = visit(PAGE)
    assert "#" not in page.url
    the(page, "sheet").focus()
    page.keyboard.press("Space")
    page.wait_for_function("location.hash.length > 1")
    kept = page.url
    assert kept.endswith(f"#ask:sheet={format(1 << (195 - sheet(page).argmax().item()), '049x')}")
    other = anew(page, kept, "ask-demo")
    assert torch.equal(sheet(other), sheet(page)) and seen(other) == seen(page)

    page.get_by_role("button", name="Noise", exact=True).click()
    the(page, "step").click()
    page.get_by_label("one pixel alone").check()
    page.wait_for_function("location.hash.endsWith('beside=pixels')")
    other = anew(page, page.url, "ask-demo")
    assert (sheet(other) - sheet(page)).abs().max() <= 1 / 255 + 1e-9, "a grey level has a byte"
    assert abs(float(seen(other)[1]) - float(seen(page)[1])) < 0.2
    assert other.get_by_label("one pixel alone").is_checked()

    the(page, "learn").get_by_role("button", name="shuffled pixels").click()
    page.wait_for_function("/against=shuffled-[0-9]+/.test(location.hash)")
    shared = page.url
    learned = "document.querySelector('#ask-demo [data-part=news]').textContent.startsWith('After')"
    page.wait_for_function(learned, timeout=60_000)
    other = anew(page, shared, "ask-demo")
    other.wait_for_function(learned, timeout=60_000)
    assert the(other, "about").inner_text() == the(page, "about").inner_text(), "the same D, trained anew"


def test_the_link_of_the_chapter_opens_a_sheet_of_as_few_white_pixels_as_it_says_which_d_calls_a_fake(visit):
    page = visit(PAGE)
    link = page.locator('a.try[data-state^="ask:"]')
    link.click()
    page.wait_for_function("ganbook.askDemo.state.x.some(value => value > 0)")
    assert link.inner_text() == f"one sheet of {int((sheet(page) > 0).sum())}"
    assert the(page, "verdict").inner_text() == "“a fake”"


def test_an_address_with_nonsense_says_so_and_changes_nothing(visit):
    page = visit(PAGE)
    before = sheet(page)
    wrong = {
        "sheet=12": "sheet is an image as this page writes it",
        f"sheet={'g' * 49}": "sheet is an image as this page writes it",
        "against=digits-7": "such as noise-7",
        "against=noise": "such as noise-7",
        "beside=loss": "beside is one of slope, pixels",
        "ink=white": "there are only sheet, against, beside",
    }
    for _ in refused(page, "ask", wrong):
        assert torch.equal(sheet(page), before) and "rejects noise" not in the(page, "news").inner_text()


def test_the_link_is_copied(visit):
    page = visit(PAGE, permissions=["clipboard-read", "clipboard-write"])
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#ask-demo [data-part=news]').textContent")
    assert the(page, "copied").input_value().endswith(f"#ask:sheet={'0' * 49}")


def test_the_stored_discriminator_is_small_and_its_figure_has_a_title():
    assert ask.STORED.stat().st_size < 50_000
    chapter = nbformat.read(ask.ROOT / f"{PAGE}.ipynb", as_version=4)
    cells = edition.edition(chapter, "01_noise", Plain()).cells
    [at] = [i for i, cell in enumerate(cells) if 'show_diagram("ask")' in cell.source]
    assert cells[at + 1].source.startswith("**Figure.** Ask the discriminator.")


def test_on_a_telephone_nothing_sticks_out_axe_core_finds_nothing_and_paper_has_the_picture(visit):
    page = visit(PAGE, width=360)
    the(page, "noise").click()
    the(page, "step").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    wide = "[...document.querySelectorAll('#ask-demo *')].filter(e => e.getBoundingClientRect().right > 361).length"
    assert page.evaluate(wide) == 0
    small = """[...document.querySelectorAll("#ask-demo :is(button, fieldset label)")]
      .filter(e => e.offsetParent && e.getBoundingClientRect().height < 30).map(e => e.outerHTML)"""
    assert page.evaluate(small) == [], "too small for a thumb"
    assert the(page, "sheet").evaluate("e => getComputedStyle(e).touchAction") == "none"
    axe_finds_nothing(page, "fig-noise-ask")
    paper_has_the_picture(page, "ask", "fig-noise-ask")
