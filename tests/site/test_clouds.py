"""The explorable of chapter 5, "Two clouds": its Fréchet distance against SciPy's matrix root and the package's on
points, and the page, driven with pointer and keys.

The arithmetic is asked of book/_static/demos/clouds.js on an empty page; the page is that of `_build/html`
(`make book`).
"""

import re

import numpy as np
import pytest
import torch
from conftest import needs_browser, page_with
from explorable_checks import (
    anew,
    axe_finds_nothing,
    doubled,
    fits_a_telephone,
    inputs_are_answered,
    paper_has_the_picture,
    prose,
    refused,
    tries,
    wide,
)
from PIL import Image
from scipy.linalg import sqrtm

from ganbook.metrics.frechet import frechet
from tools.site import clouds_still as clouds
from tools.site import stills

PAGE = "notebooks/05_measuring"
LABEL = "fig-measuring-clouds"  # of the figure
SHAPES = ("cloud", "clumps", "ring")

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    with page_with(browser, [stills.DEMOS / "clouds.js"]) as page:
        yield page


def moments(cloud: dict) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a cloud, from the rotation of its axes."""
    turn = np.deg2rad(cloud["turn"])
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.array([cloud["x"], cloud["y"]]), axes @ np.diag([cloud["a"] ** 2, cloud["b"] ** 2]) @ axes.T


def by_scipy(p: dict, q: dict) -> tuple[float, float]:
    """The term of the means and that of the covariances."""
    (mp, sp), (mq, sq) = moments(p), moments(q)
    return ((mp - mq) ** 2).sum(), np.trace(sp + sq - 2 * np.real(sqrtm(sp @ sq)))


def some_clouds() -> list[dict]:
    rng = np.random.default_rng(0)
    least, most = np.array([-5, -3, 0.2, 0.2, 0]), np.array([5, 3, 2.5, 2.5, 175])
    rows = least + (most - least) * rng.random((40, 5))
    rows[1::8, 2:] = rows[::8, 2:]  # equal covariances
    rows[3::8, :2] = rows[2::8, :2]  # equal means
    rows[5::8] = rows[4::8]  # equal clouds
    return [dict(zip(("x", "y", "a", "b", "turn"), map(float, row))) for row in rows]


PAIRS = list(zip(some_clouds()[::2], some_clouds()[1::2]))


def test_the_two_terms_are_those_of_scipy(scripts):
    found = scripts.evaluate("pairs => pairs.map(([p, q]) => ganbook.clouds.distance(p, q))", PAIRS)
    for (p, q), terms in zip(PAIRS, found):
        means, spreads = by_scipy(p, q)
        assert terms["means"] == pytest.approx(means, abs=1e-9)
        assert terms["spreads"] == pytest.approx(spreads, abs=1e-6)
        assert terms["d2"] == terms["means"] + terms["spreads"]
    assert sum(terms["spreads"] < 1e-6 for terms in found) >= 10 > sum(terms["d2"] < 1e-6 for terms in found) >= 5


@pytest.mark.parametrize("shape", SHAPES)
def test_the_points_have_the_clouds_moments_so_the_packages_distance_is_that_of_the_page(scripts, shape):
    for p, q in PAIRS[:6]:
        a, b = (
            torch.tensor(scripts.evaluate(f"cloud => ganbook.clouds.points(cloud, '{kind}')", cloud))
            for cloud, kind in ((p, "cloud"), (q, shape))
        )
        mean, covariance = moments(q)
        assert np.allclose(b.mean(0), mean, atol=1e-5)
        assert np.allclose(np.cov(b.T, ddof=0), covariance, atol=1e-4)
        n = len(a)
        exact = [(x - x.mean(0)) * ((n - 1) / n) ** 0.5 + x.mean(0) for x in (a, b)]  # the package divides by n - 1
        terms = scripts.evaluate("([p, q]) => ganbook.clouds.distance(p, q)", [p, q])
        assert frechet(*exact) == pytest.approx(terms["d2"], abs=1e-3)


def test_the_shapes_are_what_they_are_called(scripts):
    of = {shape: np.array(scripts.evaluate(f"ganbook.clouds.SHAPES.{shape}")) for shape in SHAPES}
    radius = {shape: np.linalg.norm(points, axis=1) for shape, points in of.items()}
    assert radius["ring"].min() > 1.2 and radius["cloud"].min() < 0.3
    assert abs(of["clumps"][:, 0]).min() > 0.3 and (of["clumps"][:, 0] > 0).sum() == len(of["clumps"]) / 2


def test_a_cloud_is_written_and_read(scripts):
    read = "text => ganbook.clouds.read(text)"
    for text in ("x0y0a1b1t0", "x-5y3a2.5b0.2t175", "x1.5y-0.4a0.7b2t30"):
        cloud = scripts.evaluate(read, text)
        assert scripts.evaluate("cloud => ganbook.clouds.written(cloud)", cloud) == text
    assert scripts.evaluate(read, "x1.5y-0.4a0.7b2t30") == {"x": 1.5, "y": -0.4, "a": 0.7, "b": 2, "turn": 30}
    out_of_range = ("x6y0a1b1t0", "x0y0a0b1t0", "x0y0a1b1t7", "x0y0a1b1t180")
    for wrong in ("", "x0y0a1b1", "x0.55y0a1b1t0", "x1e1y0a1b1t0", *out_of_range):
        assert scripts.evaluate(read, wrong) is None, wrong


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#clouds-demo [data-part={part}]")


def state(page) -> dict:
    return page.evaluate("ganbook.cloudsDemo.state")


def printed(page) -> dict[str, float]:
    return {name: float(the(page, name).inner_text().replace("−", "-")) for name in ("means", "spreads", "d2")}


def agrees(page) -> None:
    """What the page prints and draws is what SciPy finds for its clouds."""
    now = state(page)
    means, spreads = by_scipy(now["data"], now["fakes"])
    expected = {"means": means, "spreads": spreads, "d2": means + spreads}
    assert printed(page) == pytest.approx(expected, abs=0.0051)
    width = the(page, "plane").bounding_box()["width"]
    for kind, cloud in (("real", now["data"]), ("fake", now["fakes"])):
        drawn = (
            the(page, "plane")
            .locator(f".clouds-{kind}")
            .evaluate("e => ['cx', 'cy', 'rx', 'ry'].map(name => Number(e.getAttribute(name)))")
        )
        unit = width / 12
        ellipse = [unit * (6 + cloud["x"]), unit * (4 - cloud["y"]), 2 * unit * cloud["a"], 2 * unit * cloud["b"]]
        assert drawn == pytest.approx(ellipse, abs=0.6), kind


def where(page, x: float, y: float) -> tuple[float, float]:
    the(page, "stage").scroll_into_view_if_needed()
    box = the(page, "plane").bounding_box()
    return box["x"] + (x + 6) / 12 * box["width"], box["y"] + (4 - y) / 8 * box["height"]


def drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*where(page, *start))
    page.mouse.down()
    page.mouse.move(*where(page, *end), steps=3)
    page.mouse.up()


def test_a_pointer_moves_stretches_and_turns_a_cloud(visit):
    page = visit(PAGE)
    assert the(page, "stage").is_visible() and not page.locator("#fig-measuring-clouds > img").is_visible()
    agrees(page)
    drag(page, (2, 0.5), (-1, -1))
    fakes = state(page)["fakes"]
    assert (fakes["x"], fakes["y"]) == (-1, -1) and fakes["a"] == 0.8
    agrees(page)
    drag(page, (0.6, -1), (-1, 2))  # the end of its first axis
    fakes = state(page)["fakes"]
    assert (fakes["a"], fakes["b"], fakes["turn"]) == (1.5, 0.8, 90) and (fakes["x"], fakes["y"]) == (-1, -1)
    agrees(page)
    drag(page, (-2.2, 0.5), (0.8, 0.5))  # nearer to the data: they come along, by 3
    assert state(page)["which"] == "data" and state(page)["data"]["x"] == 1.5
    assert the(page, "which").locator("[value=data]").is_checked()
    drag(page, (1.5, 0), (9, 9))
    assert (state(page)["data"]["x"], state(page)["data"]["y"]) == (5, 3), "it stops inside the plane"
    agrees(page)


def test_sliders_and_keys_set_all_that_a_pointer_sets(visit):
    page = visit(PAGE)
    for name, key, expected in (("x", "ArrowLeft", 1.9), ("y", "End", 3), ("a", "Home", 0.2), ("b", "ArrowUp", 0.9)):
        the(page, f"size-{name}").press(key)
        assert state(page)["fakes"][name] == expected
        agrees(page)
    the(page, "size-turn").press("ArrowRight")
    assert state(page)["fakes"]["turn"] == 5 and the(page, "size-turn").get_attribute("aria-valuetext") == "5°"
    the(page, "which").locator("[value=data]").check()
    assert the(page, "size-x").input_value() == "-1.5", "the sliders are those of the cloud that is chosen"
    the(page, "size-x").press("ArrowRight")
    assert state(page)["data"]["x"] == -1.4 and state(page)["fakes"]["x"] == 1.9
    label = the(page, "plane").get_attribute("aria-label")
    assert "Data: mean −1.4 to the right" in label and "turned by 5°" in label


def test_the_sentence_says_where_the_distance_comes_from(visit):
    page = visit(PAGE)
    for state_of, told in {
        "data=x0y0a1b1t0,fakes=x2y0a1b1t0": "All of d² comes from the means.",
        "data=x0y0a1b1t0,fakes=x0y0a2b1t0": "All of d² comes from the covariances.",
        "data=x0y0a1b1t0,fakes=x0y0a1b1t90": "Mean and covariance are equal, so d² is 0.",
        "data=x0y0a1b1t0,fakes=x0y0a1b1t0,inside=clumps": "it sees only the mean and the covariance",
        "data=x0y0a2b1t0,fakes=x1y0a1b1t0": "50 % of d² come from the means",
    }.items():
        page.evaluate("hash => { location.hash = hash; }", f"clouds:{state_of}")
        page.wait_for_function(
            "told => document.querySelector('#clouds-demo [data-part=meaning]').textContent.includes(told)", arg=told
        )
        agrees(page)


def test_the_numbers_are_spoken_when_the_hand_rests(visit):
    page = visit(PAGE)
    page.evaluate(
        """() => {
          window.spoken = [];
          const region = document.querySelector("#clouds-demo [data-part=spoken]");
          new MutationObserver(() => spoken.push(region.textContent)).observe(region, {childList: true});
        }"""
    )
    page.evaluate(
        """() => {
          const slider = document.querySelector("#clouds-demo [data-part=size-x]");
          for (let i = 0; i < 3; i++) {
            slider.stepDown();
            slider.dispatchEvent(new Event("input", {bubbles: true}));
          }
        }"""
    )
    page.wait_for_function("spoken.length > 0")
    [said] = page.evaluate("spoken")
    assert f"d² {printed(page)['d2']:.2f}" in said and the(page, "meaning").inner_text() in said


def test_an_input_is_answered_within_a_tenth_of_a_second_and_leaves_nothing_behind(visit):
    page = visit(PAGE)
    many = """async () => {
      const slider = document.querySelector("#clouds-demo [data-part=size-turn]");
      for (let i = 0; i < 30; i++) {
        slider.value = 5 * i;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
        await new Promise(requestAnimationFrame);
      }
    }"""
    inputs_are_answered(page, "clouds", many, 30)


# ------------------------------------------------------------------------------------ states, and what the text says

TEXT = prose(stills.ROOT / f"{PAGE}.ipynb")
TRIES = tries(TEXT, "clouds")


def opened(visit, words: str):
    """The page after a click on one of the text's links."""
    page = visit(PAGE)
    page.get_by_role("link", name=words, exact=True).click()
    page.wait_for_function("hash => location.hash === hash", arg=f"#{TRIES[words]}")
    page.wait_for_function("document.querySelector('#fig-measuring-clouds').getBoundingClientRect().top < 450")
    agrees(page)
    return page


def test_the_text_has_two_links_and_a_test_for_each():
    assert list(TRIES) == ["Fakes without variety", "Fakes on a ring"]


def test_the_example_of_one_dimension_is_5():
    said = re.search(
        r"mean (\d) and the standard deviation (\d)\. .+?\s+mean (\d) and the standard deviation (\d)\.", TEXT, re.S
    )
    (m1, s1), (m2, s2) = (int(said[1]), int(said[2])), (int(said[3]), int(said[4]))
    assert f"d^2 = ({m1} - {m2})^2 + ({s1} - {s2})^2 = {(m1 - m2) ** 2 + (s1 - s2) ** 2}" in TEXT


def test_fakes_without_variety_differ_in_the_covariances_alone(visit):
    page = opened(visit, "Fakes without variety")
    assert printed(page)["means"] == 0 and printed(page)["spreads"] > 3
    assert the(page, "meaning").inner_text() == "The means are equal. All of d² comes from the covariances."


def test_fakes_on_a_ring_have_the_distance_0_and_an_empty_middle(visit):
    page = opened(visit, "Fakes on a ring")
    assert printed(page)["d2"] == 0 and "d² is 0, although" in the(page, "meaning").inner_text()
    crosses = (
        the(page, "plane")
        .locator(".clouds-cross")
        .evaluate_all("all => all.map(e => e.getAttribute('d').match(/-?[\\d.]+/g).slice(0, 2).map(Number))")
    )
    width = the(page, "plane").bounding_box()["width"]
    places = (np.array(crosses) + 3) / (width / 12) - [6, 4]
    assert np.linalg.norm(places, axis=1).min() > 1.5


def test_the_address_follows_the_reader_and_a_copied_link_opens_the_same_clouds(visit):
    page = visit(PAGE, permissions=["clipboard-read", "clipboard-write"])
    assert "#" not in page.url
    drag(page, (2, 0.5), (3, -1))
    page.get_by_label("in two clumps").check()
    page.wait_for_function("location.hash.endsWith('inside=clumps')")
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#clouds-demo [data-part=news]').textContent")
    tab = anew(page, the(page, "copied").input_value(), "clouds-demo")
    assert {**state(tab), "which": 0} == {**state(page), "which": 0}
    agrees(tab)


def test_an_address_with_nonsense_says_so_and_changes_nothing(visit):
    page = visit(PAGE)
    before = state(page)
    wrong = {
        "data=x9y0a1b1t0": "data is a cloud such as",
        "fakes=1,2,3": "fakes is a cloud such as",
        "inside=square": "inside is one of cloud, clumps, ring",
        "size=3": "there are only data, fakes, inside",
    }
    for _ in refused(page, "clouds", wrong):
        assert state(page) == before


# -------------------------------------------------------------------------------- without scripts, on paper, elsewhere


def test_the_picture_has_a_term_of_each_kind_and_none():
    with Image.open(clouds.PICTURE) as image:
        info = image.info
    terms = re.findall(r"d² = ([\d.]+) \+ ([\d.]+) =", info["Description"])
    assert [float(a) > 0 for a, _ in terms] == [True, False, False]
    assert [float(b) > 0 for _, b in terms] == [False, True, False]


def test_on_a_telephone_nothing_sticks_out_axe_core_finds_nothing_and_paper_has_the_picture(visit):
    page, inside = visit(PAGE, width=320), "svg, svg *"
    fits_a_telephone(page, "clouds", "button, fieldset label, input[type=range]", but=inside)
    axe_finds_nothing(page, LABEL)
    doubled(page, "parseFloat(getComputedStyle(document.querySelector('#clouds-demo text')).fontSize) > 24")
    assert wide(page, "clouds", but=inside) == [], "text of double size"
    paper_has_the_picture(page, "clouds", LABEL)


def test_a_finger_drags_a_cloud(visit):
    page = visit(PAGE, width=390, has_touch=True)
    session = page.context.new_cdp_session(page)
    for kind, place in (("touchStart", (2, 0.5)), ("touchMove", (1, 1.5)), ("touchMove", (0, 2)), ("touchEnd", None)):
        x, y = where(page, *(place or (0, 0)))
        points = [{"x": x, "y": y}] if place else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    fakes = state(page)["fakes"]
    assert (fakes["x"], fakes["y"]) == pytest.approx((0, 2), abs=0.11)
    agrees(page)


def test_in_forced_colours_data_and_fakes_differ_without_their_colours(visit):
    page = visit(PAGE, forced_colors="active")
    look = """kind => {
      const {fill, stroke, strokeDasharray} = getComputedStyle(document.querySelector(`#clouds-demo .clouds-${kind}`));
      return {fill, stroke, dash: strokeDasharray};
    }"""
    real, fake = page.evaluate(look, "real"), page.evaluate(look, "fake")
    assert real["stroke"] == fake["stroke"] and real["dash"] != fake["dash"]
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert real["stroke"] != paper and page.evaluate(look, "dot")["fill"] != paper
