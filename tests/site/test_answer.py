"""The page of answers: its numbers are those of the stored runs, its words hold for them, its pictures are the films'.

The oracle reads the stored runs through the package and NumPy, where the extension reads files by itself.
"""

import io
import re
import subprocess
import sys
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import film_stills as stills
import measured
import numpy as np
import pytest
from PIL import Image

from ganbook.chapters import results
from ganbook.training import pretrained, recipes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "answer.md").read_text(encoding="utf-8")
ON_PAGE = re.findall(r"\{\{ (answer_\w+) \}\}", PAGE)


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return measured.everything(ROOT)


def cells(text: str) -> list[list[str]]:
    """The rows of a Markdown table, without its heads."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def ends(name: str) -> list[dict]:
    """Of each training of a recipe its last look: distance, shares, seed."""
    course = pretrained.course(name)
    return [
        {"frechet": run["quality"]["frechet"][-1], "shares": run["quality"]["shares"][-1], "seed": run["seed"]}
        for run in (course, *course["more"])
    ]


def score(name: str, key: str) -> float:
    return float(np.mean([draw["scores"][key]["value"] for draw in results.load("scores")["rows"][name]]))


def floor(key: str) -> float:
    return results.load("scores")["rows"]["real"][0]["scores"][key]["floor"]


def near(shown: float, exact: float) -> bool:
    """Whether a number is printed right: to two digits behind the point below 1, to one below 20, else to none."""
    return abs(shown - exact) <= (0.5 if exact >= 20 else 0.05) + 1e-9


# ---------------------------------------------------------------------------------------------------------- numbers


def test_the_page_uses_all_that_is_computed_for_it_and_nothing_else(made):
    assert sorted(ON_PAGE) == sorted(key for key in made if key.startswith("answer_"))


def test_no_measured_number_is_typed():
    """Numbers in the text are those of chapters, of image sides, of settings and of definitions."""
    text = re.sub(r"```\{(?:stills|diagram)\}.*?\n\n", "", PAGE, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}|<[^>]*>|^\d\. |[Cc]hapter \d+", "", text, flags=re.MULTILINE)
    allowed = {"20 degrees", "exactly 0", "and 1 for copies", "from 2014 to 2024"}
    for words in allowed:
        assert words in text
        text = text.replace(words, "")
    assert not re.findall(r".{0,20}\d.{0,20}", text)


def test_the_table_of_systems_is_that_of_the_stored_trainings(made):
    *rows, real = cells(made["answer_systems"])
    assert [row[0].rpartition("(")[2].rstrip(")") for row in rows] == list(measured.SYSTEMS)
    least = results.load("repairs")["least_share"]
    for (_, steps, distances, kept, recall), name in zip(rows, measured.SYSTEMS):
        looks = ends(name)
        assert numbers(steps) == [pretrained.course(name)["steps"]]
        shown = [numbers(part)[0] for part in distances.split(";")]
        assert len(shown) == len(looks)
        assert all(near(one, look["frechet"]) for one, look in zip(shown, looks))
        whole = sum(all(share >= least for share in look["shares"]) for look in looks)
        assert numbers(kept) == [whole, len(looks)]
        assert float(recall) == pytest.approx(score(name, "recall"), abs=0.005)
    assert near(float(real[2]), floor("frechet")) and float(real[4]) == pytest.approx(floor("recall"), abs=0.005)


def test_the_table_of_measures_is_that_of_the_stored_scores(made):
    for row, key in zip(cells(made["answer_scores"]), measured.MEASURES, strict=True):
        exact = [floor(key), *(score(name, key) for name in ("conditional", "a-dcgan", "c-mlp"))]
        for shown, right in zip(row[1:], exact, strict=True):
            value = numbers(shown)[0]
            assert near(value, right) if key == "frechet" else value == pytest.approx(right, abs=0.005), (key, row)


@pytest.mark.parametrize(
    ("key", "file", "names"),
    [("answer_settings", "failures", measured.SETTINGS), ("answer_repairs", "repairs", measured.REPAIRS)],
)
def test_a_table_of_changes_has_median_range_and_losses_of_every_run(made, key, file, names):
    runs = results.load(file)["variants"]
    for (words, distances, lost), name in zip(cells(made[key]), names, strict=True):
        found = np.array([run["frechet"] for run in runs[name]])
        shown = numbers(distances)
        assert all(near(*pair) for pair in zip(shown, [np.median(found), found.min(), found.max()], strict=True)), words
        assert numbers(lost) == [sum(bool(run["lost"]) for run in runs[name]), len(runs[name])]


# ------------------------------------------------------------------------------------------------------------ words


def test_the_best_recipe_is_the_best_and_not_perfect(made):
    looks = {name: [look["frechet"] for look in ends(name)] for name in measured.SYSTEMS}
    assert max(looks["conditional"]) < min(min(found) for name, found in looks.items() if name != "conditional")
    assert max(looks["conditional"]) < 5 * floor("frechet"), "the page says: a few floors"
    assert score("conditional", "recall") < floor("recall"), "the page says: a part is still missing"
    assert numbers(made["answer_recall"]) == pytest.approx([score("conditional", "recall"), floor("recall")], abs=0.005)
    assert near(numbers(made["answer_floor"])[0], floor("frechet"))


@pytest.mark.parametrize(("recipe", "file", "key"), [("conditional", "best", "best"), ("coded", "best_coded", "coded")])
def test_what_a_recipe_gets_from_five_seeds_is_what_was_measured(made, recipe, file, key):
    *found, count, minutes = numbers(made[f"answer_{key}"])
    rows = [row for row in results.load(file)["rows"] if row["steps"] == recipes.get(recipe).steps]
    slowest, means = max(row["seconds"] for row in rows), [np.mean(row["average"]) for row in rows]
    assert all(near(*pair) for pair in zip(found, means, strict=True)) and count == len(found) == 5
    assert max(means) < {"conditional": 5, "coded": 10}[recipe] * floor("frechet")
    assert minutes - 1 < slowest / 60 <= minutes


def test_a_training_of_c_mlp_collapsed_and_its_precision_is_perfect_all_the_same(made):
    looks = ends("c-mlp")
    run = next(look for look in looks if max(look["shares"]) > 0.9)
    words = made["answer_collapse"]
    seed, share, digit, distance = numbers(words)[:4]
    assert share == round(100 * max(run["shares"])) and digit == int(np.argmax(run["shares"])) and seed == run["seed"]
    assert near(distance, run["frechet"])
    assert len(looks) > 1, "the page names another seed"
    others = [look["frechet"] for look in looks if look is not run]
    assert all(near(*pair) for pair in zip(numbers(words.partition("another seed")[2]), others, strict=True))
    assert score("c-mlp", "precision") > 0.995 and score("c-mlp", "recall") < 0.005


def test_convolutions_a_faster_d_and_two_repairs_help_on_every_seed():
    assert max(look["frechet"] for look in ends("a-dcgan")) < min(look["frechet"] for look in ends("a-mlp"))
    assert pretrained.course("a-dcgan")["steps"] == pretrained.course("a-mlp")["steps"]
    runs = {
        name: [run["frechet"] for run in found]
        for file in ("failures", "repairs")
        for name, found in results.load(file)["variants"].items()
    }
    as_it_is = runs["sensitivity: as it is"]
    assert max(runs["healthy: D's rate x 4"]) < min(as_it_is)
    for worse in ("beta_1 0.9", "both rates x 16", "z 1"):
        assert min(runs[f"sensitivity: {worse}"]) > max(as_it_is), "the page says: more than another seed"
    for repair in ("BatchNorm in G", "Adam's settings"):
        assert max(runs[f"published + {repair}"]) < min(runs["published"])


def test_every_answer_ends_with_a_link_to_the_chapter_that_shows_it():
    _, *answers = re.split(r"^## .*\?$", PAGE, flags=re.MULTILINE)
    assert len(answers) == 4
    for answer in answers:
        assert re.search(r"\{doc\}`[^`]*</notebooks/(\w+)>`", answer.strip().split("\n\n")[-1])
        assert answer.strip().startswith("**"), "it begins with the answer in short"


def test_the_front_page_leads_to_the_answer():
    assert "</book/answer>`" in (ROOT / "index.md").read_text(encoding="utf-8")


# --------------------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("name", ["a-dcgan", "conditional", "b-dcgan16"])
def test_a_still_is_the_last_frame_of_the_film(name):
    _, x = pretrained.film(name)  # (frames, 16, 1, side, side) in [-1, 1]
    last = ((x[-1, :, 0].numpy() + 1) * 127.5).round()
    rows = [np.concatenate(list(last[at : at + 8]), axis=1) for at in (0, 8)]
    still = np.asarray(stills.last_frame(ROOT / stills.FILMS / f"{name}.png"))
    assert np.abs(still - np.concatenate(rows)).max() <= 1


class Pictures(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.found.append(dict(attrs))


def test_a_still_on_a_page_loses_no_pixel_and_has_words():
    film = ROOT / stills.FILMS / "a-dcgan.png"
    (image,) = Pictures(stills.as_html(film, "A & B", 'Sixteen "digits"')).found
    with Image.open(io.BytesIO(b64decode(image["src"].partition(",")[2]))) as shown:
        assert np.array_equal(np.asarray(shown.convert("L")), np.asarray(stills.last_frame(film)))
    assert image["alt"] == 'Sixteen "digits"'


CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "film_stills"]
"""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("a-dcgan: Pair A | Digits\n\nThe caption.", ""),
        ("a-dcgan: Pair A | Digits", "then the caption"),
        ("a-dcgan: Pair A | Digits\n\n- no paragraph", "stills have a caption"),
        ("a-dcgan: Pair A\n\nThe caption.", "no words for whoever cannot see it"),
        ("z-dcgan: Pair Z | Digits\n\nThe caption.", "no film is called 'z-dcgan'"),
    ],
)
def test_stills_that_cannot_be_shown_are_answered_with_a_sentence(tmp_path, lines, said):
    folder = tmp_path / stills.FILMS
    folder.mkdir(parents=True)
    (folder / "a-dcgan.png").write_bytes((ROOT / stills.FILMS / "a-dcgan.png").read_bytes())
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "index.md").write_text(f"# Page\n\n```{{stills}}\n:name: fig-one\n\n{lines}\n```\n")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    if said:
        assert done.returncode and said in done.stderr
        return
    assert not done.returncode, done.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert (
        'id="fig-one"' in page and "The caption." in page and [one["alt"] for one in Pictures(page).found] == ["Digits"]
    )
