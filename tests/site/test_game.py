"""The explorable of chapter 6, "The game": its pushes against PyTorch's, its lines against a closed form, and the page,
driven with pointer and keys. The losses, the gradients and the training are tested in test_demos.py: both run game.js.

The arithmetic is asked of the scripts on an empty page; the page is that of `_build/html` (`make book`).
"""

import re

import nbformat
import numpy as np
import pytest
import torch
from conftest import needs_browser, page_with
from explorable_checks import (
    axe_finds_nothing,
    doubled,
    fits_a_telephone,
    paper_has_the_picture,
    prose,
    refused,
    tries,
    wide,
)
from PIL import Image
from test_demos import flat, pair

from ganbook import objectives
from tools.site import edition, stills
from tools.site import game_still as still
from tools.site.plain import Plain

PAGE = "notebooks/06_game"
LABEL = "fig-game-explorable"  # of the figure
CHAPTER = nbformat.read(stills.ROOT / f"{PAGE}.ipynb", as_version=4)
TEXT = prose(stills.ROOT / f"{PAGE}.ipynb")
TRIES = tries(TEXT, "game")
OBJECTIVES = {
    "saturating": objectives.Saturating(),
    "non-saturating": objectives.NonSaturating(),
    "least-squares": objectives.LeastSquares(),
    "hinge": objectives.Hinge(),
    "wasserstein": objectives.GradientPenalty(weight=1.0),
    "relativistic": objectives.Relativistic(),
}

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    with page_with(browser, [stills.DEMOS / f"{name}.js" for name in (*still.DRAW, *still.MAKE)]) as page:
        yield page


# ------------------------------------------------------------------------------------------------------- arithmetic


def test_the_pushes_are_the_gradients_that_pytorch_finds(scripts):
    """For all six on the same weights: the mean length over fakes of the gradient of each one's own loss."""
    G, D = (network.double() for network in pair())
    found = scripts.evaluate(
        """({g, d, n}) => {
          const {board} = ganbook;
          const game = board.game(board.read(board.STARTS.ring), {loss: "hinge", k: 1, rate: 1, seed: 3});
          game.G.values.set(g);
          return board.six(game).map(one => {
            one.D.values.set(d);
            const real = one.data.sample(n, new ganbook.Random(1000 * one.seed + 5));
            return {loss: one.loss, push: one.push(n), at: [...one.fakes(n)], real: [...real]};
          });
        }""",
        {"g": flat(G), "d": [4 * value for value in flat(D)], "n": 40},
    )
    with torch.no_grad():
        for p in D.parameters():
            p.mul_(4)  # steep enough for the six to differ
    pushes = {}
    for one in found:
        at, real = (torch.tensor(one[name], dtype=torch.float64).view(40, 2) for name in ("at", "real"))
        own = at.requires_grad_()
        loss = OBJECTIVES[one["loss"]].generator(D, real, own)["loss"] * len(own)
        (gradient,) = torch.autograd.grad(loss, own)
        pushes[one["loss"]] = one["push"]
        assert one["push"] == pytest.approx(gradient.norm(dim=1).mean().item(), rel=1e-6), one["loss"]
    assert list(pushes) == list(OBJECTIVES)
    assert len({round(push, 6) for loss, push in pushes.items() if loss != "wasserstein"}) == 5
    assert pushes["wasserstein"] == pushes["hinge"], "for G both are minus the output of D"


def test_the_six_learn_from_the_same_points_and_two_stay_equal(scripts):
    before, after, settings = scripts.evaluate(
        """() => {
          const {board} = ganbook;
          const game = board.game(board.read(board.STARTS.two), {loss: "non-saturating", k: 1, rate: 5, seed: 1});
          const six = board.six(game), look = () => six.map(one => [...one.D.values]);
          const before = look();
          for (let i = 0; i < 3; i++) six.forEach(one => one.updateD());
          const drawn = six.map(one => one.draws.uniform());
          return [before, look(), six.map(({settings, G, data, loss}, i) =>
            ({...settings, loss, own: G !== game.G || data !== game.data, drawn: drawn[i]}))];
        }"""
    )
    assert all(values == before[0] for values in before) and all(values != before[0] for values in after)
    assert after[0] == after[1] and len({tuple(values) for values in after}) == 5
    assert len({one["drawn"] for one in settings}) == 1, "each has drawn as many numbers"
    assert not any(one["own"] for one in settings) and {one["rateD"] for one in settings} == {1e-3}
    assert [one["weight"] for one in settings if one["loss"] == "wasserstein"] == [OBJECTIVES["wasserstein"].weight]


def test_cells_are_written_and_read_and_lie_where_they_are_painted(scripts):
    rng = np.random.default_rng(0)
    for size in (1, 8, 169):
        cells = sorted(int(i) for i in rng.choice(169, size, replace=False))
        assert scripts.evaluate("cells => ganbook.board.read(ganbook.board.written(cells))", cells) == cells
        means = scripts.evaluate("cells => ganbook.board.mixture(cells).means", cells)
        rows, columns = np.divmod(cells, 13)
        expected = np.stack([(columns - 6) * 6 / 13, (6 - rows) * 6 / 13], 1)
        assert np.allclose(means, expected), "north is up"
    for wrong in ("", "3", "d3", "33.33", "33,44", "33.", "-1", "3a3"):
        assert scripts.evaluate("text => ganbook.board.read(text) === undefined", wrong), wrong
    ring = np.array(scripts.evaluate("ganbook.board.mixture(ganbook.board.read(ganbook.board.STARTS.ring)).means"))
    assert len(ring) == 8 and np.allclose(np.hypot(*ring.T), 2, atol=0.16) and np.allclose(ring.sum(0), 0)


def test_a_line_joins_places_of_one_level(scripts):
    """On a plane that rises evenly and on a cone, the ends of all pieces lie where the formula says."""
    ends = """({t, side, level}) => {
      const ends = [], note = (...at) => ends.push(at);
      ganbook.plane.drawLevel({beginPath() {}, stroke() {}, moveTo: note, lineTo: note}, t, side, level, 1, 1);
      return ends;
    }"""
    side = 20
    y, x = (np.indices((side, side)) + 0.5) / side
    for t, level, height in (
        (2 * x + y, 1.3, lambda x, y: 2 * x + y),
        (np.hypot(x - 0.5, y - 0.5), 0.3, lambda x, y: np.hypot(x - 0.5, y - 0.5)),
    ):
        found = np.array(scripts.evaluate(ends, {"t": t.ravel().tolist(), "side": side, "level": level}))
        assert len(found) >= 2 * side and np.allclose(height(*found.T), level, atol=2e-3)
        assert abs(np.diff(found.reshape(-1, 2, 2), axis=1)).max() <= 1 / side + 1e-9, "short pieces"


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#game-demo [data-part={part}]")


def numbers(page) -> dict[str, str]:
    return {name: the(page, name).inner_text() for name in ("step", "modes", "near")}


def finished(page) -> str:
    """What is said when the run has come to its end. It is hurried on, by the steps of its own, without pictures."""
    page.evaluate("() => { const {job} = ganbook.gameDemo; while (job && !job.done()) job.step(); }")
    page.wait_for_function("!ganbook.gameDemo.job", timeout=120_000)
    return the(page, "news").inner_text()


def pushes(page) -> dict[str, float]:
    cards = the(page, "panels").locator("> div").all()
    return {c.locator("p").first.inner_text(): float(c.locator("span").inner_text()) for c in cards}


def promised(words: str) -> str:
    """What the chapter says of one state: its item of the list, as one line."""
    [item] = [item for item in re.split(r"\n(?:- |\n(?! ))", TEXT) if f"{{try}}`{words} <game" in item]
    return " ".join(item.split())


def follow(page, words: str) -> str:
    page.get_by_role("link", name=words, exact=True).click()
    page.wait_for_function("state => location.hash === '#' + state", arg=TRIES[words])
    return promised(words)


def test_the_text_has_four_links_and_a_test_for_each():
    assert list(TRIES) == [
        "One game",
        "A fast generator",
        "Six losses, fakes far from the data",
        "Six losses, fakes among the data",
    ]


def test_the_first_two_links_and_the_last_show_what_the_text_says(visit):
    page = visit(PAGE)
    said = follow(page, "A fast generator")
    assert the(page, "question").is_visible() and numbers(page)["step"] == "0", "nothing runs before the question"
    page.get_by_role("button", name="all 8", exact=True).press("Enter")
    verdict = finished(page)
    assert "at most two clouds" in said and int(numbers(page)["modes"][0]) <= 2
    assert verdict.startswith("Step 400:") and verdict.endswith("You predicted: all.")

    said = follow(page, "One game")
    page.get_by_role("button", name="all 8", exact=True).click()
    verdict = finished(page)
    assert "all eight clouds" in said and numbers(page)["modes"] == "8 of 8" and verdict.endswith("You predicted this.")
    assert "About a third" in said and 28 <= int(numbers(page)["near"].split()[0]) <= 38
    page.wait_for_function("location.hash.endsWith('step=400')")
    weights = page.evaluate("[...ganbook.gameDemo.game.G.values]")

    said = follow(page, "Six losses, fakes among the data")
    assert page.evaluate("[...ganbook.gameDemo.game.G.values]") == weights, (
        "the game stands there: it is not played anew"
    )
    the(page, "question").get_by_role("button", name="Run it without a guess").click()
    finished(page)
    found = pushes(page)
    one, other = found["saturating"], found["non-saturating"]
    assert "differ by less than a fifth" in said and 0 < abs(one - other) < 0.2 * max(one, other)


def test_far_from_the_data_the_pushes_are_those_of_the_text_and_of_the_still_picture(visit):
    page = visit(PAGE)
    said = follow(page, "Six losses, fakes far from the data")
    assert {span.inner_text() for span in the(page, "panels").locator("span").all()} == {"?"}
    the(page, "question").get_by_role("button", name="hinge").click()
    assert not the(page, "question").is_visible()
    verdict = finished(page)
    found = pushes(page)
    assert "below 0.01" in said and found["saturating"] < 0.01 and found["non-saturating"] > 1
    assert page.evaluate(
        "[0, 1].map(i => [...ganbook.gameDemo.six[i].D.values].join()).every((v, _, all) => v === all[0])"
    )
    assert verdict.startswith("The weakest push: saturating (") and verdict.endswith("You predicted: hinge.")
    with Image.open(still.PICTURE) as image:
        drawn = re.search(r"push on a fake: (.+?)\. The first", image.info["Description"])[1]
    stored = {words: float(push) for words, push in (one.rsplit(" ", 1) for one in drawn.split("; "))}
    assert stored == pytest.approx(found, rel=0.03), "the still picture is that of the page"


def test_data_are_painted_and_the_game_is_about_them(visit):
    page = visit(PAGE)
    page.get_by_label("your data").check()
    square = the(page, "board")
    square.scroll_into_view_if_needed()
    box = square.bounding_box()

    def middle(column, row):
        return box["x"] + (column + 0.5) * box["width"] / 13, box["y"] + (row + 0.5) * box["height"] / 13

    page.get_by_role("button", name="wipe all").click()
    page.get_by_label("one game").click()
    assert the(page, "news").inner_text() == "There are no data: paint at least one cell first."
    page.mouse.move(*middle(2, 3))
    page.mouse.down()
    page.mouse.move(*middle(5, 3), steps=2)
    page.mouse.up()
    square.focus()
    for key in ("ArrowDown", "Space", "ArrowDown", "Enter", "Backspace"):
        page.keyboard.press(key)
    assert page.evaluate("ganbook.board.written(ganbook.gameDemo.state.data)") == "23.33.43.53.54"
    assert the(page, "news").inner_text() == "Row 5, column 5: empty."
    page.mouse.click(*middle(3, 3))
    assert page.evaluate("ganbook.board.written(ganbook.gameDemo.state.data)") == "23.43.53.54", "pressed again, wiped"
    page.get_by_label("one game").check()
    assert "4 clouds" in the(page, "asked").inner_text() and numbers(page)["modes"] == "0 of 4"
    assert page.evaluate("ganbook.gameDemo.game.data.means.length") == 4
    page.wait_for_function("location.hash === '#game:view=game,data=23.43.53.54'")
    other = page.context.new_page()
    other.goto(page.url + ",step=3")
    other.wait_for_function("ganbook.gameDemo && ganbook.gameDemo.game.step === 3")
    assert other.evaluate("ganbook.board.written(ganbook.gameDemo.state.data)") == "23.43.53.54"
    same = (
        "(() => { const {game} = ganbook.gameDemo; while (game.step < 3) game.round(); return [...game.D.values]; })()"
    )
    assert other.evaluate(same) == page.evaluate(same), "a link carries the game"


def test_nonsense_in_an_address_changes_nothing_and_a_link_is_copied(visit):
    page = visit(PAGE, permissions=["clipboard-read", "clipboard-write"])
    before = page.evaluate("JSON.stringify(ganbook.gameDemo.state)")
    wrong = {
        "view=six,data=zz": "data is painted cells",
        "loss=logistic": "loss is one of saturating",
        "seed=-1": "seed is a whole number",
        "speed=3": "there are only view, data",
    }
    for _ in refused(page, "game", wrong):
        assert page.evaluate("JSON.stringify(ganbook.gameDemo.state)") == before
    the(page, "loss").select_option("relativistic")
    the(page, "another").click()
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#game-demo [data-part=news]').textContent.includes('link')")
    assert the(page, "copied").input_value().endswith("#game:view=game,loss=relativistic,seed=1")


def test_the_tour_sets_four_states_and_asks_before_each(visit):
    page = visit(PAGE, reduced_motion="reduce")
    page.evaluate(
        """() => {
          const make = ganbook.board.game; // its games cost nothing
          ganbook.board.game = (...given) => Object.assign(make(...given), {round() { this.step++; }});
        }"""
    )
    states = []
    for i in range(4):
        the(page, "next").press("Enter")
        assert the(page, "told").inner_text().startswith(f"Tour, {i + 1} of 4.")
        page.wait_for_function("document.querySelector('#game-demo [data-part=question]').hidden === false")
        states.append(
            page.evaluate(
                "(({view, rate, loss}) => [view, rate, loss, ganbook.gameDemo.game.step])(ganbook.gameDemo.state)"
            )
        )
    assert states == [
        ["game", "1", "non-saturating", 0],
        ["game", "5", "non-saturating", 0],
        ["six", "1", "non-saturating", 0],
        ["six", "1", "non-saturating", 400],
    ]
    assert the(page, "next").is_disabled()
    the(page, "back").click()
    assert page.evaluate("ganbook.gameDemo.game.step") == 0


def test_a_game_answers_in_time_keeps_its_memory_and_rests_out_of_sight(visit):
    """In time of the processor: script, style, layout and paint of the page's main thread."""
    page = visit(PAGE)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def metric(name: str) -> float:
        return next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == name)

    def heap() -> float:
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"]

    the(page, "plane").scroll_into_view_if_needed()
    before = metric("TaskDuration")
    page.get_by_role("button", name="Run it without a guess").click()
    frames = page.evaluate(
        """async () => {
          let frames = 0;
          for (; frames < 600 && ganbook.gameDemo.game.step < 400; frames++) await new Promise(requestAnimationFrame);
          return frames;
        }"""
    )
    each = (metric("TaskDuration") - before) / frames
    assert 0 < each < 0.1, f"{1000 * each:.0f} ms between two looks at the reader's wishes"
    more, rests = page.get_by_role("button", name="Play 400 more steps"), "!ganbook.gameDemo.job?.going"
    page.wait_for_function(f"{rests} && ganbook.gameDemo.game.step === 400", timeout=60_000)
    first = heap()  # at rest, when the page's code is compiled
    more.click()
    page.wait_for_function(f"{rests} && ganbook.gameDemo.game.step === 800", timeout=60_000)
    assert heap() - first < 400_000, "memory grows in play"
    more.click()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function("!ganbook.gameDemo.job.going")
    assert the(page, "news").inner_text().startswith("Paused, out of sight.")
    assert the(page, "play").inner_text() == "Go on"


# ------------------------------------------------------------------------------ telephones, paper, outside of the site


def test_on_a_telephone_nothing_sticks_out_a_finger_paints_and_axe_core_finds_nothing(visit):
    page = visit(PAGE, width=320, has_touch=True)
    for view in ("your data", "six losses", "one game"):
        page.get_by_label(view).check()
        fits_a_telephone(page, "game", "button, select, label")
    axe_finds_nothing(page, LABEL)
    assert the(page, "plane").evaluate("e => getComputedStyle(e).touchAction") in ("auto", "pan-y"), "the page scrolls"
    page.get_by_label("your data").check()
    square = the(page, "board")
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"] / 13, box["y"] + 1.5 * box["height"] / 13)
    assert page.evaluate("ganbook.board.written(ganbook.gameDemo.state.data)").startswith("01.")
    doubled(page)
    for view in ("six losses", "one game"):
        page.get_by_label(view).check()
        assert wide(page, "game") == [], "text of double size"
    paper_has_the_picture(page, "game", LABEL)


def test_the_edition_links_to_the_states_of_the_text():
    reader = Plain()
    cells = str(edition.edition(CHAPTER, "06_game", reader).cells)
    assert f"[One game]({reader.home}{PAGE}.html#{TRIES['One game']})" in cells and "{try}" not in cells
