"""The explorable of chapter 5, "The ladder": its scores against the stored table, its digits against the tool that
measured them, and the page, driven with pointer and keys.

The page is that of `_build/html` (`make book`).
"""

import base64
import io
import json
import re
import zlib

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

from ganbook.chapters import results
from tools.experiments import ladder
from tools.site import rungs_still as rungs
from tools.site import stills

PAGE = "notebooks/05_measuring"
LABEL = "fig-measuring-rungs"  # of the figure
AGAIN = "run `python -m tools.site.rungs_still`"
TABLE = results.load("ladder")
ROWS = {(row["kind"], row["strength"]): row["scores"] for row in TABLE["rows"]}
STORED = json.loads(rungs.STORED.read_text(encoding="utf-8").split("ganbook.rungsStored = ")[1].rstrip(";\n"))
SCORES = ("frechet", "kernel", "precision", "recall", "coverage", "certainty", "copies")

pytestmark = needs_browser


# ------------------------------------------------------------------------------------------- what the file holds


def shown(place: int) -> torch.Tensor:
    """The stored digits of a row, levels (SHOWN, 784)."""
    pairs = torch.tensor(list(zlib.decompress(base64.b64decode(STORED["images"]))), dtype=torch.uint8)
    return torch.stack([pairs // 16, pairs % 16], 1).view(-1, rungs.SHOWN, 784)[place]


def test_every_row_of_the_table_is_there_with_its_scores_and_no_other():
    kept = {(row["kind"], row["strength"]): row["scores"] for row in STORED["rows"]}
    assert {len(strengths) for kind, strengths in ladder.KINDS.items() if kind != "untouched"} == {4}
    assert kept == ROWS and len(STORED["rows"]) == len(TABLE["rows"]), AGAIN


@pytest.mark.parametrize("kind", ladder.KINDS)
def test_the_digits_are_those_that_were_measured(kind, digits):
    """The first and the last rung of each kind, made again as `tools.experiments.ladder` does for the judge."""
    places = [i for i, row in enumerate(STORED["rows"]) if row["kind"] == kind]
    for place in {places[0], places[-1]}:
        strength = STORED["rows"][place]["strength"]
        if kind == "thinned":  # which takes ten seconds for all of them, and looks at each digit alone
            index, held = ladder.chosen(kind, strength, digits)
            x = ladder.thinned(digits[index[: rungs.SHOWN]][0], strength)
        else:
            x, held = ladder.images(kind, strength, digits)
        levels = (x[: rungs.SHOWN] + 1) * rungs.WHITE / 2
        apart = (levels.flatten(1) - shown(place).float()).abs().max()
        assert apart <= 0.5 + 1e-4, AGAIN
        index, held = ladder.chosen(kind, strength, digits)
        known = set(held.tolist())
        copied = "".join(str(int(i not in known)) for i in index[: rungs.SHOWN].tolist())
        assert STORED["rows"][place]["copies"] == copied, AGAIN
    untouched = "1" in STORED["rows"][places[-1]]["copies"]
    assert untouched == (kind in ("copied", "stored"))


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#rungs-demo [data-part={part}]")


def number(text: str) -> float | None:
    """A number as the page writes it; None for a question mark."""
    share = text.endswith("%")
    return None if text == "?" else float(text.replace("−", "-").removesuffix("%")) / (100 if share else 1)


def agrees(page, kind: str, strength: float, seen: bool = True) -> None:
    """What the page prints and draws is the row of the table, the row of untouched digits beside it."""
    rows = (
        the(page, "scores")
        .locator("tbody tr")
        .evaluate_all(
            """rows => rows.map(row => [row.dataset.score, row.cells[2].textContent, row.cells[3].textContent,
             row.querySelector("i").getBoundingClientRect().width, row.querySelector(".rungs-bar").clientWidth])"""
        )
    )
    assert tuple(name for name, *_ in rows) == SCORES
    for name, here, untouched, bar, room in rows:
        for text, scores in ((here, ROWS[kind, strength]), (untouched, ROWS["untouched", 0])):
            digits = 0.00051 if text.endswith("%") else 0.0051 if name not in ("frechet", "kernel") else 0.051
            digits = 0.51 if name in ("frechet", "kernel") and "." not in text else digits
            if text is here and not seen:
                assert number(text) is None and bar == 0
            else:
                assert number(text) == pytest.approx(scores[name], abs=digits), (name, text)
        if seen and name not in ("frechet", "kernel"):
            assert bar / room == pytest.approx(ROWS[kind, strength][name], abs=0.02)
    # What is drawn: the digits of this row, pixel by pixel.
    place = [(row["kind"], row["strength"]) for row in STORED["rows"]].index((kind, strength))
    url = the(page, "digits").evaluate("canvas => canvas.toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
        assert image.size == (118, 118)
        pixels = torch.from_numpy(np.array(image.convert("L"))).float()
    for i, levels in enumerate(shown(place)):
        part = pixels[30 * (i // 4) + 3 :, 30 * (i % 4) + 3 :][:22, :22]
        expected = levels.view(28, 28)[3:25, 3:25] / rungs.WHITE * 255
        assert (part - expected).abs().max() <= 1, "inside the frames"


def choose(page, name: str, key: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    the(page, "rung").press(key)


NAMES = {
    **{"blurred": "Blur", "turned": "Turn", "thinned": "Thin strokes", "speckled": "Speckles"},
    **{"dropped": "Missing classes", "copied": "Copies", "stored": "Stored images"},
}


def test_every_rung_shows_its_own_row(visit):
    page = visit(PAGE)
    page.get_by_role("button", name="Show it without a guess").last.click()
    for kind, name in NAMES.items():
        choose(page, name, "Home")
        agrees(page, "untouched", 0)
        for strength in ladder.KINDS[kind]:
            the(page, "rung").press("ArrowRight")
            agrees(page, kind, strength)
        the(page, "rung").press("ArrowRight")
        agrees(page, kind, ladder.KINDS[kind][-1])
    assert the(page, "rung").get_attribute("step") == "1", "nothing lies between two rungs"
    assert the(page, "rung").get_attribute("aria-valuetext") == "100 images"


def test_the_reader_predicts_before_the_scores_are_shown(visit):
    page = visit(PAGE)
    choose(page, "Blur", "End")
    agrees(page, "blurred", 1, seen=False)
    assert the(page, "meaning").inner_text() == ""
    page.get_by_role("button", name="It falls", exact=True).click()
    agrees(page, "blurred", 1)
    assert "precision up" in the(page, "meaning").inner_text()
    assert the(page, "meaning").inner_text().endswith("You predicted that it falls. It does not.")
    assert not the(page, "question").is_visible()
    choose(page, "Turn", "End")
    assert "predicted" not in the(page, "meaning").inner_text()


def test_the_sentence_names_what_changed_clearly(visit):
    page = visit(PAGE)
    page.get_by_role("button", name="Show it without a guess").last.click()
    called = {"frechet": "d²", "kernel": "kernel distance"}
    for kind, name in NAMES.items():
        choose(page, name, "Home")
        assert the(page, "meaning").inner_text() == ""
        for strength in ladder.KINDS[kind]:
            the(page, "rung").press("ArrowRight")
            found = []
            for score in SCORES:
                change = ROWS[kind, strength][score] - ROWS["untouched", 0][score]
                if abs(change) > (2.5 if score in called else 0.02):
                    found.append(f"{called.get(score, score)} {'up' if change > 0 else 'down'}")
            said = f"Clearly changed: {', '.join(found)}." if found else "No score has changed clearly."
            assert the(page, "meaning").inner_text() == said


def test_the_scores_are_spoken_when_the_hand_rests(visit):
    page = visit(PAGE)
    page.get_by_role("button", name="Show it without a guess").last.click()
    choose(page, "Speckles", "End")
    page.wait_for_function("document.querySelector('#rungs-demo [data-part=spoken]').textContent.includes('Speckles')")
    said = the(page, "spoken").text_content()
    assert said.startswith("Speckles: 10 %. d² 358,") and "recall 0.04" in said and "Clearly changed" in said


def test_an_input_is_answered_within_a_tenth_of_a_second_and_leaves_nothing_behind(visit):
    page = visit(PAGE)
    page.get_by_role("button", name="Show it without a guess").last.click()
    many = """async () => {
      const slider = document.querySelector("#rungs-demo [data-part=rung]");
      for (let i = 0; i < 30; i++) {
        slider.value = i % 5;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
        await new Promise(requestAnimationFrame);
      }
    }"""
    inputs_are_answered(page, "rungs", many, 30)


# ------------------------------------------------------------------------------------ states, and what the text says

TEXT = prose(stills.ROOT / f"{PAGE}.ipynb")
TRIES = tries(TEXT, "rungs")


def opened(visit, words: str, kind: str, strength: float):
    """The page after a click on one of the text's links: first with the scores hidden, then shown."""
    page = visit(PAGE)
    page.get_by_role("link", name=words, exact=True).click()
    page.wait_for_function("hash => location.hash === hash", arg=f"#{TRIES[words]}")
    page.wait_for_function("document.querySelector('#fig-measuring-rungs').getBoundingClientRect().top < 450")
    agrees(page, kind, strength, seen=False)
    page.get_by_role("button", name="Show it without a guess").last.click()
    agrees(page, kind, strength)
    return page


def test_the_text_has_two_links_and_a_test_for_each():
    assert list(TRIES) == ["A blur of 0.7 pixels", "Two classes are missing"]


def test_a_blur_raises_the_precision_and_takes_the_recall(visit):
    page = opened(visit, "A blur of 0.7 pixels", "blurred", 0.7)
    assert "raises the precision to 0.99, and the recall falls to 0.06" in TEXT
    cells = the(page, "scores").locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert dict(zip(SCORES, cells))["precision"] == "0.99" and dict(zip(SCORES, cells))["recall"] == "0.06"


def test_missing_classes_leave_the_precision_and_are_nearer_than_the_blur(visit):
    page = opened(visit, "Two classes are missing", "dropped", 2)
    assert "precision" not in the(page, "meaning").inner_text()
    assert ROWS["dropped", 2]["frechet"] < ROWS["blurred", 0.7]["frechet"]


def test_copies_change_only_the_copies(visit):
    page = visit(PAGE)
    page.evaluate("location.hash = 'rungs:damage=copied,rung=3,scores=shown'")
    page.wait_for_function(
        "document.querySelector('#rungs-demo [data-part=meaning]').textContent.startsWith('Clearly')"
    )
    agrees(page, "copied", 0.2)
    assert the(page, "meaning").inner_text() == "Clearly changed: copies up."
    framed = next(r for r in STORED["rows"] if (r["kind"], r["strength"]) == ("copied", 0.2))["copies"].count("1")
    assert the(page, "marked").inner_text() == f"Framed: {framed} of 16 are exact copies of training images."


def test_the_address_follows_the_reader_and_a_copied_link_opens_the_same_rung(visit):
    page = visit(PAGE, permissions=["clipboard-read", "clipboard-write"])
    assert "#" not in page.url
    choose(page, "Turn", "End")
    page.wait_for_function("location.hash === '#rungs:damage=turned,rung=4'")
    page.get_by_role("button", name="It rises").click()
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#rungs-demo [data-part=news]').textContent")
    address = the(page, "copied").input_value()
    assert address.endswith("#rungs:damage=turned,rung=4,scores=shown")
    tab = anew(page, address, "rungs-demo")
    agrees(tab, "turned", 180)


def test_an_address_with_nonsense_says_so_and_changes_nothing(visit):
    page = visit(PAGE)
    choose(page, "Copies", "End")
    page.wait_for_function("location.hash.length > 1")
    state = "JSON.stringify({...ganbook.rungsDemo.state, levels: 0})"
    before = page.evaluate(state)
    wrong = {
        "damage=burnt": "damage is one of blurred, turned",
        "damage=turned,rung=5": "rung is a whole number from 0 to 4",
        "rung=-1": "rung is a whole number from 0 to 4",
        "rung=2,rung=3": "It says rung twice",
        "strength=2": "there are only damage, rung, scores",
    }
    for _ in refused(page, "rungs", wrong):
        assert page.evaluate(state) == before


# -------------------------------------------------------------------------------- without scripts, on paper, elsewhere


def test_the_picture_says_what_was_measured():
    with Image.open(rungs.PICTURE) as image:
        info = image.info
    said = [float(d2) for d2 in re.findall(r"d² ([\d.]+)", info["Description"])]
    assert said == pytest.approx([ROWS[card]["frechet"] for card in rungs.CARDS], abs=0.51)


def test_on_a_telephone_nothing_sticks_out_axe_core_finds_nothing_and_paper_has_the_picture(visit):
    page = visit(PAGE, width=320, equations=True)
    for seen in (False, True):
        if seen:
            page.get_by_role("button", name="Show it without a guess").last.click()
            choose(page, "Stored images", "End")
        fits_a_telephone(page, "rungs", "button, input[type=range]")
        axe_finds_nothing(page, LABEL)
    doubled(page)
    assert wide(page, "rungs") == [], "text of double size"
    paper_has_the_picture(page, "rungs", LABEL)


def test_in_forced_colours_bar_and_mark_are_seen(visit):
    page = visit(PAGE, forced_colors="active")
    page.get_by_role("button", name="Show it without a guess").last.click()
    paper, bar, mark = page.evaluate(
        """[getComputedStyle(document.body).backgroundColor,
            getComputedStyle(document.querySelector("#rungs-demo .rungs-bar i")).backgroundColor,
            getComputedStyle(document.querySelector("#rungs-demo .rungs-bar b")).borderLeftColor]"""
    )
    assert len({paper, bar, mark}) == 3


def test_the_file_with_the_digits_unpacks_in_the_page_as_here(browser):
    files = [stills.DEMOS / f"{name}.js" for name in ("inflate", "rungs_stored")]
    with page_with(browser, files) as page:
        levels = page.evaluate("ganbook.greys(ganbook.rungsStored).then(all => [...all])")
    assert torch.equal(torch.tensor(levels).view(-1, rungs.SHOWN, 784)[-1], shown(-1).long())
