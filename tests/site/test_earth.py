"""The explorable of chapter 8, "Moving earth": its measures against SciPy's and against linear programmes, and the page,
driven with pointer and keys.

The arithmetic is asked of book/_static/demos/earth.js on an empty page; the page is that of `_build/html` (`make book`).
"""

from pathlib import Path

import numpy as np
import pytest
from conftest import needs_browser, page_with
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "book" / "_static" / "demos"
COLUMNS, BLOCKS = 24, 10
LINE = np.arange(COLUMNS)
APART = abs(LINE[:, None] - LINE)

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    with page_with(browser, [DEMOS / "earth.js"]) as page:
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
