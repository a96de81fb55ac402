"""The explorable of chapter 9, "Moving earth": its measures against SciPy's and against linear programmes, and the
page, driven with pointer and keys.

The arithmetic is asked of book/_static/demos/earth.js on an empty page; the page is that of `_build/html`
(`make book`).
"""

import re

import nbformat
import numpy as np
import pytest
from conftest import needs_browser, page_with
from explorable_checks import (
    anew,
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
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from tools.site import earth_still as earth
from tools.site import edition, stills
from tools.site.plain import Plain

PAGE = "notebooks/09_wasserstein"
LABEL = "fig-wasserstein-moving"  # of the figure
CHAPTER = nbformat.read(stills.ROOT / f"{PAGE}.ipynb", as_version=4)
COLUMNS, BLOCKS = 24, 10
LINE = np.arange(COLUMNS)
APART = abs(LINE[:, None] - LINE)

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    with page_with(browser, [stills.DEMOS / "earth.js"]) as page:
        yield page


def pile(columns) -> np.ndarray:
    """The pile with a block at each of `columns`."""
    return np.bincount(columns, minlength=COLUMNS)


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of piles: anywhere, close together, apart, in one column, and equal."""
    rng = np.random.default_rng(0)
    anywhere = [[pile(rng.integers(0, COLUMNS, BLOCKS)) for _ in range(2)] for _ in range(12)]
    close = [[pile(rng.integers(8, 13, BLOCKS)) for _ in range(2)] for _ in range(6)]
    apart = [[pile(rng.integers(0, 8, BLOCKS)), pile(rng.integers(12, COLUMNS, BLOCKS))] for _ in range(4)]
    points = [[pile([0] * BLOCKS), pile([column] * BLOCKS)] for column in (0, 1, COLUMNS - 1)]
    return [(p, q) for found in (anywhere, close, apart, points) for p, q in found]


PAIRS = pairs()
MEASURED = """pairs => pairs.map(([p, q]) => {
  const {w1, plan, cost, critic, mean, jsd, tv} = ganbook.earth, moves = plan(p, q), {f, slopes} = critic(p, q);
  return {w1: w1(p, q), moves: moves.map(({from, to}) => [from, to]), cost: cost(moves), f, slopes,
          real: mean(f, p), fake: mean(f, q), jsd: jsd(p, q), tv: tv(p, q)};
})"""


@pytest.fixture(scope="module")
def measured(scripts) -> list[dict]:
    return scripts.evaluate(MEASURED, [[p.tolist(), q.tolist()] for p, q in PAIRS])


def cheapest(p: np.ndarray, q: np.ndarray) -> float:
    """The mean way of the cheapest plan, by a linear programme: mass[i, j] >= 0 goes from column i of q to j of p."""
    leaves = np.kron(np.eye(COLUMNS), np.ones(COLUMNS))
    arrives = np.kron(np.ones(COLUMNS), np.eye(COLUMNS))
    shares = np.concatenate([q, p]) / BLOCKS
    return linprog(APART.ravel(), A_eq=np.vstack([leaves, arrives]), b_eq=shares).fun


def best(p: np.ndarray, q: np.ndarray) -> float:
    """The largest difference of means that a function with slopes of at most 1 has, by a linear programme."""
    steps = np.eye(COLUMNS, k=1)[:-1] - np.eye(COLUMNS)[:-1]
    bounds = [(0, 0)] + [(None, None)] * (COLUMNS - 1)
    found = linprog((q - p) / BLOCKS, A_ub=np.vstack([steps, -steps]), b_ub=np.ones(2 * COLUMNS - 2), bounds=bounds)
    return -found.fun


def test_the_distance_is_that_of_scipy(measured):
    for (p, q), found in zip(PAIRS, measured):
        assert found["w1"] == pytest.approx(wasserstein_distance(LINE, LINE, p, q), abs=1e-9)
    assert max(found["w1"] for found in measured) == COLUMNS - 1 and min(found["w1"] for found in measured) == 0


def test_the_plan_moves_every_block_into_a_hole_and_no_plan_is_cheaper(measured):
    for (p, q), found in zip(PAIRS, measured):
        moves = np.array(found["moves"])
        assert np.array_equal(pile(moves[:, 0]), q) and np.array_equal(pile(moves[:, 1]), p)
        assert found["cost"] == pytest.approx(abs(moves[:, 0] - moves[:, 1]).mean(), abs=1e-12)
        assert found["cost"] == pytest.approx(cheapest(p, q), abs=1e-6)


def test_the_critic_has_slopes_of_at_most_1_and_no_critic_finds_more(measured):
    for (p, q), found in zip(PAIRS, measured):
        f = np.array(found["f"])
        assert len(f) == COLUMNS and abs(np.diff(f)).max() <= 1 and np.allclose(np.diff(f), found["slopes"])
        P, Q = np.cumsum(p), np.cumsum(q)
        assert np.array_equal(found["slopes"], np.sign(Q - P)[:-1])
        assert found["real"] == pytest.approx(f @ p / BLOCKS, abs=1e-12)
        assert found["fake"] == pytest.approx(f @ q / BLOCKS, abs=1e-12)
        assert found["real"] - found["fake"] == pytest.approx(best(p, q), abs=1e-6)
        assert f.max() == pytest.approx(-f.min())


def test_the_divergences_are_those_of_scipy_and_stop_where_no_column_has_both(measured):
    stopped = []
    for (p, q), found in zip(PAIRS, measured):
        assert found["jsd"] == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-9)
        assert found["tv"] == pytest.approx(abs(p - q).sum() / (2 * BLOCKS), abs=1e-12)
        if not (p * q).any():
            assert found["jsd"] == pytest.approx(np.log(2)) and found["tv"] == pytest.approx(1)
            stopped.append(found["w1"])
    assert len(stopped) > 4 and len(set(stopped)) == len(stopped), "and W1 still differs there"


def test_a_pile_moves_as_far_as_the_line_goes_and_a_block_is_carried(scripts):
    moved = "([pile, by]) => ganbook.earth.moved(pile, by)"
    here = pile([3, 4, 4, 4, 9])
    for by in range(-30, 31):
        step = min(max(by, -3), COLUMNS - 1 - 9)
        assert scripts.evaluate(moved, [here.tolist(), by]) == pile(np.array([3, 4, 4, 4, 9]) + step).tolist()
    carried = "([pile, from, to]) => ganbook.earth.carried(pile, from, to)"
    assert scripts.evaluate(carried, [here.tolist(), 4, 20]) == pile([3, 4, 4, 20, 9]).tolist()
    for wrong in ([5, 6], [3, -1], [9, COLUMNS]):
        assert scripts.evaluate(carried, [here.tolist(), *wrong]) == here.tolist(), "nothing to carry, or no place"


def test_a_pile_is_written_and_read(scripts):
    again = "pile => ganbook.earth.read(ganbook.earth.written(pile))"
    for p, _ in PAIRS:
        assert scripts.evaluate(again, p.tolist()) == p.tolist()
    read = "text => ganbook.earth.read(text)"
    assert scripts.evaluate(read, "4x5-9x5") == pile([4] * 5 + [9] * 5).tolist()
    for wrong in ("", "4", "4x9", "4x11", "24x10", "-1x10", "4x10-", "x10", "4x1e1", "4x5-9x5-9x5", "a0x10", "4x5,9x5"):
        assert scripts.evaluate(read, wrong) is None, wrong
    starts = scripts.evaluate("Object.values(ganbook.earth.STARTS).flatMap(one => Object.values(one))")
    assert len(starts) == 8 and all(scripts.evaluate(read, text) for text in starts)


def test_the_curves_are_the_measures_of_a_pile_that_moves(scripts):
    """Past the end of the line too: piles do not change their shapes there."""
    for p, q in PAIRS[:8]:
        trail = scripts.evaluate("([p, q]) => ganbook.earth.trail(p, q, -12, 9)", [p.tolist(), q.tolist()])
        assert len(trail) == 22
        for by, found in zip(range(-12, 10), trail):
            assert found["shift"] == pytest.approx((LINE @ q - LINE @ p) / BLOCKS + by)
            assert found["w1"] == pytest.approx(wasserstein_distance(LINE, LINE + by, p, q), abs=1e-9)
            wide = np.zeros((2, 3 * COLUMNS))
            wide[0, LINE + COLUMNS], wide[1, LINE + COLUMNS + by] = p, q
            assert found["jsd"] == pytest.approx(jensenshannon(*wide) ** 2, abs=1e-9)
            assert found["tv"] == pytest.approx(abs(wide[0] - wide[1]).sum() / (2 * BLOCKS))


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#earth-demo [data-part={part}]")


def piles(page) -> tuple[np.ndarray, np.ndarray]:
    """The data and the fakes."""
    return tuple(np.array(page.evaluate(f"ganbook.earthDemo.state.{name}")) for name in "pq")


def printed(page) -> dict[str, float | None]:
    """The number at the end of what is printed for each measure; None where it is hidden."""
    texts = {name: the(page, name).inner_text().replace("−", "-") for name in ("plan", "gap", "jsd", "tv")}
    return {name: None if text == "?" else float(text.split()[-1]) for name, text in texts.items()}


def agrees(page, seen: bool = True) -> None:
    """All that the page prints and draws is what SciPy finds for its piles."""
    p, q = piles(page)
    w1 = wasserstein_distance(LINE, LINE, p, q)
    expected = {"plan": w1, "gap": w1, "jsd": jensenshannon(p, q) ** 2, "tv": abs(p - q).sum() / 2 / BLOCKS}
    for name, found in printed(page).items():
        hidden = name in ("jsd", "tv") and not seen
        assert found is None if hidden else found == pytest.approx(expected[name], abs=0.0051), name
    real, fake, _ = (
        float(t) for t in re.findall(r"-?\d+\.\d", the(page, "gap").inner_text().replace("−", "-").replace("- ", ""))
    )
    assert real - fake == pytest.approx(w1, abs=0.11)
    width = the(page, "piles").bounding_box()["width"]
    arrows = the(page, "piles").evaluate(
        """svg => [...svg.querySelectorAll(".earth-head")].map((head, i) => {
          const number = path => path.getAttribute("d").match(/-?[\\d.]+/g).map(Number);
          return [number(svg.querySelectorAll(".earth-arrow")[i])[0], number(head)[0]];
        })"""
    )
    columns = np.round(np.array(arrows).reshape(-1, 2) / width * COLUMNS - 0.5, 3)
    assert np.array_equal(columns, columns.round()), "an arrow begins and ends in the middle of a column"
    assert abs(columns[:, 0] - columns[:, 1]).sum() == pytest.approx(w1 * BLOCKS)
    tall = {kind: the(page, "piles").locator(f".earth-{kind}") for kind in ("real", "fake")}
    for kind, counts in (("real", p), ("fake", q)):
        left = tall[kind].evaluate_all(
            "rects => rects.map(r => Number(r.getAttribute('x')) + Number(r.getAttribute('width')) / 2)"
        )
        assert np.array_equal(pile(np.floor(np.array(left) / width * COLUMNS).astype(int)), counts), kind


def where(page, column: int, above: bool) -> tuple[float, float]:
    """A point of the stage: in the middle of a column, near the line, above it or below."""
    the(page, "stage").scroll_into_view_if_needed()
    box = the(page, "stage").bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / COLUMNS, box["y"] + box["height"] * (0.45 if above else 0.55)


def drag(page, start: int, end: int, above: bool) -> None:
    page.mouse.move(*where(page, start, above))
    page.mouse.down()
    page.mouse.move(*where(page, end, above), steps=3)
    page.mouse.up()


def test_whole_piles_follow_the_pointer_and_the_sliders(visit):
    page = visit(PAGE)
    assert the(page, "stage").is_visible() and not page.locator("figure.explorable-live > img").is_visible()
    p, q = piles(page)
    agrees(page, seen=False)
    drag(page, 8, 15, above=True)
    assert np.array_equal(piles(page)[1], np.roll(q, 7)) and np.array_equal(piles(page)[0], p)
    agrees(page, seen=False)
    drag(page, 5, 3, above=False)
    assert np.array_equal(piles(page)[0], np.roll(p, -2))
    agrees(page, seen=False)
    page.mouse.move(*where(page, 15, True))
    page.mouse.down()
    page.mouse.move(*where(page, 23, True))
    assert piles(page)[1][-1] == q.max() * 0 + 1, "it stops at the end of the line"
    page.mouse.move(*where(page, 15, True))
    page.mouse.up()
    page.mouse.move(*where(page, 5, True))
    assert np.array_equal(piles(page)[1], np.roll(q, 7)), "and follows the pointer back, until it is let go"
    the(page, "q").press("ArrowLeft")
    assert np.array_equal(piles(page)[1], np.roll(q, 6))
    assert the(page, "q").get_attribute("aria-valuetext") == "columns 12 to 16"
    the(page, "p").press("End")
    assert piles(page)[0][-1] and the(page, "p").evaluate("slider => slider.value === slider.max")
    agrees(page, seen=False)


def test_the_reader_predicts_before_jsd_is_shown(visit):
    page = visit(PAGE)
    drag(page, 8, 20, above=True)
    assert printed(page)["jsd"] is None and the(page, "flat").locator("circle").count() == 0
    assert the(page, "meaning").inner_text() == ""
    page.get_by_role("button", name="It keeps growing").click()
    agrees(page)
    assert not the(page, "question").is_visible()
    assert "JSD is log 2" in the(page, "meaning").inner_text()
    assert the(page, "meaning").inner_text().endswith("You predicted that JSD keeps growing. It does not.")
    page.get_by_role("button", name="Overlapping").click()
    assert the(page, "meaning").inner_text().startswith("4 of 10 blocks can stay")
    drag(page, 8, 11, above=True)
    agrees(page)
    told = the(page, "meaning").inner_text()
    assert "JSD is log 2" in told and "predicted" not in told, "one place alone shows nothing"
    page = visit(PAGE)
    page.get_by_role("button", name="It stays as it is").click()
    drag(page, 8, 20, above=True)
    assert the(page, "meaning").inner_text().endswith("This is what you predicted.")


HEIGHTS = """svg => [...svg.querySelectorAll(".earth-w1, .earth-jsd, .earth-tv")].filter(one => one.matches("path"))
  .map(path => path.getAttribute("d").slice(1).split("L").map(point => point.split(" ").map(Number)))
  .filter(points => points.length > 2)"""


def test_the_curves_grow_where_a_pile_goes_and_begin_anew_with_a_block(visit):
    page = visit(PAGE)
    page.get_by_role("button", name="Show it without a guess").click()
    assert the(page, "far").evaluate(HEIGHTS) == []
    drag(page, 8, 20, above=True)
    drag(page, 20, 14, above=True)
    [w1], (jsd, tv) = the(page, "far").evaluate(HEIGHTS), the(page, "flat").evaluate(HEIGHTS)
    assert len(w1) == len(jsd) == len(tv) == 13, "all shifts that were passed"
    w1, jsd, tv = (np.array(curve) for curve in (w1, jsd, tv))
    assert np.allclose(np.diff(w1[:, 0]), np.diff(w1[:, 0])[0]) and (np.diff(w1[:, 1]) < -1).all(), "W1 rises"
    for curve in (jsd, tv):
        assert (np.diff(curve[:4, 1]) < -1).all() and np.allclose(curve[3:, 1], curve[3, 1]), "the others stop"
    here = float(the(page, "far").locator("circle").get_attribute("cx"))
    assert here == pytest.approx(w1[6, 0]), "the dot is where the piles are"
    page.get_by_label("one block").check()
    drag(page, 14, 15, above=True)
    assert the(page, "far").evaluate(HEIGHTS) == []


def test_the_critic_that_is_drawn_is_never_steeper_than_1_and_has_the_two_means(visit):
    page = visit(PAGE)
    for start in ("Two points apart", "One mode missing", "Fakes between two clouds", "Overlapping"):
        page.get_by_role("button", name=start).click()
        agrees(page, seen=False)
        drawn = the(page, "critic").evaluate(
            """svg => ["critic", "mean-real", "mean-fake"].map(kind =>
              [...svg.querySelectorAll(`.earth-${kind}`)].map(path =>
              path.getAttribute("d").slice(1).split("L").map(point => point.split(" ").map(Number))))"""
        )
        parts, means = np.array(drawn[0]), [-np.array(kind)[0, 0, 1] for kind in drawn[1:]]
        assert np.allclose(parts[1:, 0], parts[:-1, 1]) and len(parts) == COLUMNS - 1, "one line"
        rises = -(parts[:, 1, 1] - parts[:, 0, 1])
        p, q = piles(page)
        unit = abs(rises).max()
        assert np.allclose(rises, unit * np.sign(np.cumsum(q) - np.cumsum(p))[:-1])
        f = -np.append(parts[:, 0, 1], parts[-1, 1, 1])
        assert means[0] == pytest.approx(f @ p / BLOCKS) and means[1] == pytest.approx(f @ q / BLOCKS)
        assert (means[0] - means[1]) / unit == pytest.approx(wasserstein_distance(LINE, LINE, p, q))


def test_single_blocks_are_carried_by_pointer_buttons_and_keys(visit):
    page = visit(PAGE)
    page.get_by_role("button", name="Two points apart").click()
    assert not the(page, "left").is_visible()
    page.get_by_label("one block").check()
    drag(page, 10, 14, above=True)
    assert np.array_equal(piles(page)[1], pile([10] * 9 + [14]))
    drag(page, 8, 2, above=False)  # the nearest column with blocks is 6
    assert np.array_equal(piles(page)[0], pile([6] * 9 + [2]))
    agrees(page, seen=False)
    the(page, "left").click()
    assert np.array_equal(piles(page)[0], pile([6] * 9 + [1]))
    the(page, "left").click()
    assert the(page, "left").is_disabled() and not the(page, "right").is_disabled()
    assert the(page, "news").inner_text() == "Column 0: 1 block of data."
    the(page, "stage").focus()
    for key in ("ArrowUp", *["ArrowRight"] * 10):
        page.keyboard.press(key)
    assert the(page, "news").inner_text() == "Column 10: 9 blocks of fakes."
    frame = the(page, "piles").locator(".earth-cursor")
    assert float(frame.get_attribute("x")) / float(frame.get_attribute("width")) == pytest.approx(10)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert np.array_equal(piles(page)[1], pile([8] + [10] * 8 + [14]))
    agrees(page, seen=False)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    assert np.array_equal(piles(page)[0], pile([6] * 9 + [0])), "there is none at this column"
    assert page.url.partition("#")[0].endswith(f"{PAGE}.html"), "the arrow keys turned no page"


def test_the_numbers_are_spoken_when_the_hand_rests(visit):
    page = visit(PAGE)
    page.evaluate(
        """() => {
          window.spoken = [];
          const region = document.querySelector("#earth-demo [data-part=spoken]");
          new MutationObserver(() => spoken.push(region.textContent)).observe(region, {childList: true});
        }"""
    )
    page.evaluate(
        """() => {
          const slider = document.querySelector("#earth-demo [data-part=q]");
          for (let i = 0; i < 6; i++) {
            slider.stepUp();
            slider.dispatchEvent(new Event("input", {bubbles: true}));
          }
        }"""
    )
    page.wait_for_function("spoken.length > 0")
    assert page.evaluate("spoken") == ["W1 by the plan: 80 / 10 = 8.0. By the critic: 4.0 − (−4.0) = 8.0."]
    page.get_by_role("button", name="It falls").click()
    page.wait_for_function("spoken.length > 1")
    assert "JSD 0.69, TV 1.00. No column has blocks of both." in page.evaluate("spoken")[1]


def test_an_input_is_answered_within_a_tenth_of_a_second(visit):
    """In time of the processor: script, style, layout and paint of the page's main thread."""
    page = visit(PAGE)
    page.get_by_role("button", name="Show it without a guess").click()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        [seconds] = [
            one["value"] for one in session.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration"
        ]
        return seconds

    before = spent()
    page.evaluate(
        """async () => {
          const slider = document.querySelector("#earth-demo [data-part=q]");
          for (let value = 0; value < 20; value++) {
            slider.value = value;
            slider.dispatchEvent(new Event("input", {bubbles: true}));
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    each = (spent() - before) / 20
    assert piles(page)[1][19] and 0 < each < 0.1, f"{1000 * each:.0f} ms for an input"
    print(f"{1000 * each:.0f} ms for an input")


# ------------------------------------------------------------------------------------ states, and what the text says


TEXT = prose(stills.ROOT / f"{PAGE}.ipynb")
TRIES = tries(TEXT, "earth")


def promised(words: str) -> str:
    """What the chapter says of one state: its item of the list, as one line."""
    [item] = [item for item in re.split(r"\n(?:\d\. |\n(?! ))", TEXT) if f"{{try}}`{words} <earth" in item]
    return " ".join(item.split())


def opened(visit, words: str):
    """The page after a click on one of the text's links; its piles are those of the link."""
    page = visit(PAGE)
    page.get_by_role("link", name=words, exact=True).click()
    page.wait_for_function("ganbook.earthDemo.state.guess === 'asked'")
    state = TRIES[words]
    for found, key in zip(piles(page), ("data", "fakes")):
        text = re.search(rf"{key}=([\dx-]+)", state)[1]
        named = [[int(n) for n in part.split("x")] for part in text.split("-")]
        assert np.array_equal(found, pile([column for column, blocks in named for _ in range(blocks)]))
    agrees(page)
    page.wait_for_function(
        "(() => { const box = document.querySelector('#fig-wasserstein-moving').getBoundingClientRect();"
        "return box.top >= -1 && box.top < innerHeight / 2; })()"
    )
    return page


def slopes(page) -> np.ndarray:
    """The slope of the critic behind each column, as drawn."""
    drawn = the(page, "critic").evaluate(
        """svg => [...svg.querySelectorAll(".earth-critic")].map(path =>
             path.getAttribute("d").match(/-?[\\d.]+/g).map(Number))"""
    )
    return -np.sign([round(end - begin, 6) for _, begin, _, end in drawn])


def test_the_text_has_three_links_and_a_test_for_each():
    assert list(TRIES) == ["Two points", "One mode missing", "Fakes between two clouds"]


def test_two_points_are_as_far_apart_as_the_text_says(visit):
    page = opened(visit, "Two points")
    said = promised("Two points")
    assert "moves by 8 columns, so $W_1$ is 8" in said and printed(page)["plan"] == printed(page)["gap"] == 8
    assert "slope $-1$ from the data to the fakes" in said and (slopes(page)[6:14] == -1).all()


def test_half_of_the_blocks_cross_to_the_missing_mode(visit):
    page = opened(visit, "One mode missing")
    said = promised("One mode missing")
    assert "Five of the ten blocks must cross" in said and "$W_1$ is 6" in said and printed(page)["plan"] == 6
    heads = the(page, "piles").locator(".earth-head").evaluate_all("all => all.map(h => h.getBoundingClientRect().x)")
    box = the(page, "piles").bounding_box()
    assert sum(x > box["x"] + box["width"] / 2 for x in heads) == 5
    assert "rises towards this mode" in said and (slopes(page)[7:16] == 1).all()


def test_fakes_between_two_clouds_gain_nothing_as_a_pile_and_all_as_blocks(visit):
    page = opened(visit, "Fakes between two clouds")
    assert "Move all the fakes by one column: $W_1$ does not change" in promised("Fakes between two clouds")
    bend = int(np.argmax(slopes(page) > 0))
    inside = slopes(page)[5:18]
    assert sorted(inside) == list(inside) and (inside[0], inside[-1]) == (-1, 1), "a valley"
    assert 9 < bend < 13
    before = printed(page)["plan"]
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight"):
        the(page, "q").press(key)
        assert printed(page)["plan"] == before
        agrees(page)
    the(page, "q").press("ArrowLeft")
    page.get_by_label("one block").check()
    for start, end in ((12, 14), (10, 8)):
        drag(page, start, end, above=True)
        assert printed(page)["plan"] == pytest.approx(before - 0.2), "outwards"
        before -= 0.2
        agrees(page)


def test_the_address_follows_the_reader_and_opens_the_same_piles(visit):
    page = visit(PAGE)
    assert "#" not in page.url
    drag(page, 8, 20, above=True)
    page.wait_for_function("location.hash.length > 1")
    first = page.url
    assert "jsd" not in first
    page.get_by_role("button", name="It falls").click()
    page.get_by_label("one block").check()
    drag(page, 20, 12, above=True)
    page.wait_for_function("/-?12x1-.*jsd=shown$/.test(location.hash)")
    kept, state = page.url, [one.tolist() for one in piles(page)]
    other = anew(page, kept, "earth-demo")
    assert [one.tolist() for one in piles(other)] == state
    agrees(other)
    other.evaluate("hash => { location.hash = hash; }", first.partition("#")[2])
    other.wait_for_function("!ganbook.earthDemo.state.q[12]")
    assert printed(other)["jsd"] is not None, "what was shown stays shown"
    agrees(anew(page, first, "earth-demo"), seen=False)


def test_an_address_with_nonsense_says_so_and_changes_nothing(visit):
    page = visit(PAGE)
    before = [one.tolist() for one in piles(page)]
    wrong = {
        "data=6x9": "data is a pile of 10 blocks",
        "fakes=30x10": "fakes is a pile of 10 blocks",
        "fakes=6x5-7x5,jsd=perhaps": "jsd is one of hidden, shown",
        "data=6x10,data=7x10": "It says data twice",
        "sand=6x10": "there are only data, fakes, jsd",
        "data": "data is a pile of 10 blocks",
    }
    for _ in refused(page, "earth", wrong):
        assert [one.tolist() for one in piles(page)] == before


def test_the_link_is_copied(visit):
    page = visit(PAGE, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Two points apart").click()
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#earth-demo [data-part=news]').textContent")
    assert the(page, "copied").input_value().endswith("#earth:data=6x10,fakes=10x10")


# -------------------------------------------------------------------------------- without scripts, on paper, elsewhere


def test_the_picture_says_what_each_measure_gives():
    with Image.open(earth.PICTURE) as image:
        info = image.info
    said = [float(text) for text in re.findall(r"W1 = ([\d.]+)", info["Description"])]
    assert said == [2, 2 + 3, 2 + 13], "a shift by c adds c to W1 of piles of one shape"
    assert re.findall(r"JSD = ([\d.]+)", info["Description"])[1:] == [f"{np.log(2):.2f}"] * 2


def test_the_edition_links_to_the_states_of_the_text():
    reader = Plain()
    cells = edition.edition(CHAPTER, "09_wasserstein", reader).cells
    [at] = [i for i, cell in enumerate(cells) if 'show_diagram("earth")' in cell.source]
    assert cells[at + 1].source.startswith("**Figure.** Moving earth.") and "{try}" not in str(cells)
    assert f"[Two points]({reader.home}{PAGE}.html#{TRIES['Two points']})" in str(cells)


def test_on_a_telephone_nothing_sticks_out_axe_core_finds_nothing_and_paper_has_the_picture(visit):
    page = visit(PAGE, width=320)
    page.get_by_label("one block").check()
    for seen in (False, True):
        fits_a_telephone(page, "earth", "button, fieldset label, input[type=range]")
        axe_finds_nothing(page, LABEL)
        if not seen:
            page.get_by_role("button", name="Show it without a guess").click()
    assert the(page, "stage").evaluate("e => getComputedStyle(e).touchAction") == "pan-y"
    doubled(page, "parseFloat(getComputedStyle(document.querySelector('#earth-demo text')).fontSize) > 24")
    assert wide(page, "earth") == [], "text of double size"
    words = """[...document.querySelectorAll("#earth-demo text")].filter(text => {
      const box = text.getBoundingClientRect(), place = text.closest("svg").getBoundingClientRect();
      return box.left < place.left - 8 || box.right > place.right + 8;
    }).map(text => text.textContent)"""
    page.wait_for_function(f"{words}.length === 0")
    paper_has_the_picture(page, "earth", LABEL)


def test_a_finger_drags_a_pile_and_the_page_still_scrolls(visit):
    page = visit(PAGE, width=390, has_touch=True)
    _, q = piles(page)
    session = page.context.new_cdp_session(page)
    for kind, column in (("touchStart", 8), ("touchMove", 10), ("touchMove", 13), ("touchEnd", None)):
        x, y = where(page, column or 0, True)
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if column is None else [{"x": x, "y": y}]}
        )
    assert np.array_equal(piles(page)[1], np.roll(q, 5))
    agrees(page, seen=False)


def test_in_forced_colours_data_and_fakes_differ_without_their_colours(visit):
    page = visit(PAGE, forced_colors="active")
    look = """kind => {
      const {fill, stroke, strokeDasharray} = getComputedStyle(document.querySelector(`#earth-demo .earth-${kind}`));
      return {fill, stroke, dash: strokeDasharray};
    }"""
    real, fake = page.evaluate(look, "real"), page.evaluate(look, "fake")
    assert real["stroke"] == fake["stroke"] and real["dash"] != fake["dash"] and real["fill"] != fake["fill"]
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert real["stroke"] != paper and page.evaluate(look, "ground")["stroke"] != paper
