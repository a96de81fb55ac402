"""The ladder of damaged digits: each damage is what it says, and the stored rows say what the page says of them."""

import base64
import io
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import torch
from PIL import Image

from ganbook.chapters import results
from ganbook.evaluation.report import SCORES, evaluate
from tools.experiments import ladder

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").exists())
sys.path.append(str(ROOT / "book" / "_ext"))

import measured  # noqa: E402


@pytest.fixture(scope="module")
def x(digits):
    return digits[torch.arange(600)][0]


@pytest.fixture(scope="module")
def rows():
    return {(row["kind"], row["strength"]): row for row in results.load("ladder")["rows"]}


def scores(rows, kind, strength):
    return rows[kind, strength]["scores"]


def test_blurred_is_scipys_gaussian(x):
    for sigma in (0.5, 1.0):
        expected = scipy.ndimage.gaussian_filter(x.numpy() + 1, (0, 0, sigma, sigma), mode="constant", radius=4) - 1
        assert np.allclose(ladder.blurred(x, sigma), expected, atol=2e-3)


def test_thinned_is_scipys_erosion_and_by_nothing_it_is_nothing(x):
    for pixels in (0.25, 1.0):
        fine = x[:20].numpy().repeat(4, axis=2).repeat(4, axis=3)
        fine = scipy.ndimage.grey_erosion(fine, size=(1, 1, *2 * [2 * round(4 * pixels) + 1]), mode="nearest")
        expected = fine.reshape(20, 1, 28, 4, 28, 4).mean((3, 5))
        assert np.allclose(ladder.thinned(x[:20], pixels), expected, atol=1e-5)
    assert torch.allclose(ladder.thinned(x, 0), x, atol=1e-6)


def test_speckles_hit_their_share_and_a_turn_its_range(x):
    changed = (ladder.speckled(x, 0.1) != x).double().mean().item()
    assert changed == pytest.approx(0.1, abs=0.005)
    assert torch.allclose(ladder.turned(x, 0), x, atol=1e-4)
    least = (ladder.turned(x, 5) - x).abs().mean()
    assert 0 < least < (ladder.turned(x, 45) - x).abs().mean()


@pytest.mark.parametrize(("kind", "strength"), [(k, s) for k, strengths in ladder.KINDS.items() for s in strengths])
def test_what_is_shown_and_what_counts_as_a_training_image(kind, strength, digits):
    index, held = ladder.chosen(kind, strength, digits)
    assert len(index) == ladder.N == len(held) == len(held.unique())
    known = ~torch.isin(index, held)
    expected = {"copied": strength, "stored": 1}.get(kind, 0)
    assert known.double().mean().item() == pytest.approx(expected, abs=1e-9)
    if kind == "stored":
        assert 0.6 * min(strength, ladder.N) < len(index.unique()) <= strength
    if kind == "dropped":
        counts = digits.labels[index].bincount(minlength=10)
        assert (counts[10 - int(strength) :] == 0).all() and (counts[: 9 - int(strength)] > 700).all()
        assert kind != "dropped" or strength != 0.5 or 300 < counts[9] < 650


def test_the_stored_ladder_is_whole(rows):
    stored = results.load("ladder")
    assert list(rows) == [(kind, strength) for kind, strengths in ladder.KINDS.items() for strength in strengths]
    assert stored["n"] == ladder.N and set(stored["floor"]) == set(SCORES)
    assert all(set(row["scores"]) == set(SCORES) and sum(row["shares"]) == pytest.approx(1) for row in rows.values())
    assert [(row["n"], row["name"]) for row in stored["few"]] == [(n, a) for n in ladder.FEW for a in ladder.NETWORKS]
    assert results.picture("ladder").shape == (29 * len(rows) - 1, 29 * ladder.SHOWN - 1)


def test_more_damage_is_farther_and_untouched_is_the_floor(rows):
    floor = results.load("ladder")["floor"]["frechet"]
    assert scores(rows, "untouched", 0)["frechet"] == pytest.approx(floor, rel=0.2)
    for kind in ("blurred", "turned", "thinned", "speckled", "dropped"):
        far = [scores(rows, kind, s)["frechet"] for s in ladder.KINDS[kind]]
        assert far == sorted(far) and far[0] > 1.2 * floor, kind


def test_what_the_page_says_of_the_rungs(rows):
    floor = results.load("ladder")["floor"]
    assert scores(rows, "blurred", 0.7)["frechet"] > scores(rows, "dropped", 2)["frechet"], "the answer of Predict"
    for kind in ("blurred", "thinned"):
        worst = scores(rows, kind, ladder.KINDS[kind][-1])
        assert worst["precision"] > floor["precision"] and worst["recall"] < 0.5
    for kind in ("turned", "speckled"):
        assert scores(rows, kind, ladder.KINDS[kind][-1])["precision"] < 0.8
    lost = scores(rows, "dropped", 4)
    assert lost["precision"] > floor["precision"] - 0.02 and lost["certainty"] > floor["certainty"] - 0.01
    assert lost["recall"] < 0.8 and lost["coverage"] < 0.7
    for share in ladder.KINDS["copied"]:
        found = scores(rows, "copied", share)
        assert found["frechet"] < 1.3 * floor["frechet"] and share <= found["copies"] < share + 0.03
    kept = scores(rows, "stored", 10_000)
    assert kept["frechet"] < 2 * floor["frechet"] and kept["copies"] == 1 and kept["recall"] < floor["recall"] - 0.02


def test_the_extrapolation_is_the_same_at_every_n_but_once_and_the_distance_is_not():
    stored, off = results.load("ladder")["few"], {}
    for name in ladder.NETWORKS:
        *few, many = [row for row in stored if row["name"] == name]
        for row in few:
            off[name, row["n"]] = (row["limit"] - many["limit"]) / math.hypot(row["error"], many["error"])
        assert few[0]["frechet"] - few[0]["limit"] > 4 * (many["frechet"] - many["limit"]) > 0, name
    far = {key: z for key, z in off.items() if abs(z) > 2}
    assert list(far) == [("a-dcgan", 1000)] and -3.5 < far["a-dcgan", 1000] < -2.5, "as the page says"


class Memoriser(torch.nn.Module):
    """A generator that has 10,000 training images by heart and deals them out: z says which."""

    z_dim = 1

    def __init__(self, digits):
        super().__init__()
        order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(1))
        self.images = digits[order[:10_000]][0]

    def forward(self, z):
        share = torch.special.ndtr(z[:, 0].double())  # N(0, 1) -> uniform
        return self.images[(share * len(self.images)).long().clamp(max=len(self.images) - 1)]


def test_a_generator_that_stores_its_images_is_at_the_floor_and_fails_the_copying_test(digits):
    """Its distance is better than that of any network of the book. It takes half a minute: 10,000 samples."""
    found = evaluate(Memoriser(digits))
    assert found["frechet"] < found.scores["frechet"].floor + 1.5
    assert found["precision"] == pytest.approx(found.scores["precision"].floor, abs=0.02)
    assert found["copies"] == 1 and found["copying"] > 0.99
    assert found.scores["copies"].floor < 0.03
    assert found["recall"] < found.scores["recall"].floor - 0.03
    assert any("100.0% of the samples" in note and "copies, or nearly so" in note for note in found.notes)


def test_the_page_shows_each_rung_with_its_digits_and_numbers(rows):
    stored = results.load("ladder")
    with Image.open(results.FOLDER / "ladder.png") as sheet:
        picture, pixels = measured.ladder(stored, sheet.convert("L")), np.asarray(sheet.convert("L"))
    names = [measured.damage(row) for row in stored["rows"]]
    assert len(set(names)) == len(names), "each is called something else"
    figures = re.findall(r'base64,(.+?)" alt="4 digits, (.+?)" .+?<b>d² = ([\d.]+)</b><br>(.+?)</figcaption>', picture)
    assert [name for _, name, _, _ in figures] == names == [name for *_, name in figures]
    for i, (source, _, d2, _) in enumerate(figures):
        strip = np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))
        assert np.array_equal(strip, pixels[29 * i : 29 * i + 28, :115])
        assert float(d2) == pytest.approx(stored["rows"][i]["scores"]["frechet"], abs=0.51)
    head, rule, *lines = measured.ladder_scores(stored).splitlines()
    assert len(lines) == len(rows) and {line.count("|") for line in (head, rule, *lines)} == {9}
    for line, name, row in zip(lines, names, stored["rows"]):
        assert f"| {name} |" in line and f"| {row['scores']['recall']:.2f} |" in line


def test_the_page_names_for_a_distance_all_that_is_near_it_and_nothing_else():
    made = {"kind": "blurred", "scores": {}}
    stored = {"rows": [made | {"strength": i, "scores": {"frechet": d}} for i, d in enumerate((3, 5, 7, 8, 25, 100))]}
    _, _, five, twenty, hundred, far = measured.ladder_near(stored).splitlines()
    assert re.findall(r"by (\d).px", five) == ["1", "2"] and re.findall(r"by (\d).px", twenty) == ["4"]
    assert re.findall(r"by (\d).px", hundred) == ["5"] and "px" not in far
