"""The diagrams are whole: they build from their files, are true, and can be read on paper, in the dark, on a telephone.

What they look like is measured in Chromium, in the widest of the usual fonts. The measure is tried on faults first.
"""

import importlib.util
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import boxes
import diagrams
import drawing
import explorable
import nbformat
import pytest
import towers
import yaml
from bs4 import BeautifulSoup
from conftest import needs_browser
from explorable_checks import prose
from PIL import Image

from ganbook.chapters import stored_diagrams
from ganbook.models import parameters
from ganbook.training import recipes
from tools.site import course, draw, edition, pdf, slides
from tools.site.plain import Plain

ROOT = draw.ROOT
NAMES = diagrams.names()
CHAPTERS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
SHOWN = re.compile(r"^`{3,}\{diagram\} (\S+)$", re.MULTILINE)
AGAIN = "run `python -m tools.site.draw`"


def test_every_diagram_stands_on_a_page_and_every_diagram_on_a_page_is_there():
    pages = [*CHAPTERS.values(), *(ROOT / "book").glob("*.md"), ROOT / "index.md"]
    assert {name for page in pages for name in SHOWN.findall(prose(page))} == set(NAMES)


# ------------------------------------------------------------------------------------------------------- from the text


@pytest.mark.parametrize("name", NAMES)
def test_a_diagram_is_plain_svg_that_names_and_describes_itself(name):
    content = diagrams.load(name)
    for narrow in (False, True):
        root = ET.fromstring(diagrams.svg(content, "a", narrow))
        inside = {element.get("id"): element for element in root.iter() if element.get("id")}
        title, words = (inside[mark] for mark in root.get("aria-labelledby").split())
        assert root.get("role") == "img" and title.tag.endswith("title") and words.tag.endswith("desc")
        assert title.text == content["title"] and len(words.text) > 2 * len(title.text)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "title", "desc", "g", "rect", "ellipse", "path", "text", "tspan"}
        assert not [key for element in root.iter() for key in element.attrib if "href" in key or key == "style"]


def test_formulas_have_slanted_letters_upright_words_and_small_indices():
    root = ET.fromstring(f"<text>{drawing.marked_up('$D(x)$ of $p_{data}$, $log L_D + 1$')}</text>")
    runs = [(one.text, one.get("class")) for one in root.iter() if one.get("class")]
    assert [text for text, kind in runs if kind == "mi"] == ["D", "x", "p", "L", "D"]
    assert "".join(text for text, kind in runs if kind == "mn") == "()datalog  + 1"
    assert "".join(root.itertext()).replace("\u200b", "") == "D(x) of pdata, log LD + 1"
    moves = [float(one.get("dy")[:-2]) for one in root.iter() if one.get("dy")]
    assert sum(moves) == pytest.approx(0) and len(moves) == 4, "what follows an index stands on the line again"


BOXES = {"z": {"kind": "noise", "label": "$z$"}, "G": {"kind": "generator", "label": "$G$"}}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"map": "z G D"}, "'D' is on a map and not among the boxes"),
        ({"map": "z G\nz"}, "same number of places"),
        ({"map": "z ."}, "names 'G', which is not on the map"),
        ({"boxes": {**BOXES, "z": {"kind": "noisy"}}}, "'noisy'; the kit knows noise, generator"),
        ({"boxes": {**BOXES, "G": {"kind": "generator", "state": "asleep"}}}, "'asleep'; a network moves or is still"),
    ],
)
def test_a_mistake_in_a_file_is_answered_with_a_sentence(change, said):
    good = {"map": "z G", "boxes": BOXES, "arrows": ["z -> G"]}
    assert boxes.panel(good, good["boxes"]).arrows
    bad = {**good, **change}
    with pytest.raises(ValueError, match=re.escape(said)):
        boxes.panel(bad, bad["boxes"])


def test_the_example_in_contributing_can_be_drawn_and_names_every_kind():
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Adding a diagram\n")[2]
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", section, re.DOTALL)[1])
    drawn = ET.fromstring(diagrams.svg(example, "a", False))
    assert {one.get("data-name") for one in drawn.iter() if one.get("data-name")} == set(example["boxes"])
    named = re.search(r"The kinds of boxes are in `book/_ext/boxes.py`: ([a-z,\s]+)\.", section)[1]
    assert set(re.split(r",\s", named)) == set(boxes.KINDS)


def test_a_file_without_a_description_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(diagrams, "FOLDER", tmp_path)
    (tmp_path / "mute.yml").write_text("title: Mute\nmap: z\nboxes: {z: {kind: noise}}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"mute\.yml has no description"):
        diagrams.load("mute")
    with pytest.raises(ValueError, match="no diagram is called 'other'; there are mute"):
        diagrams.load("other")


PAGE = """\
# Small

{numref}`fig-one` and {numref}`fig-two`.

```{diagram} two-players
:name: fig-one

The first caption, with $L_D$.
```

```{diagram} two-players
:name: fig-two

The second caption.
```
"""
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "diagrams"]
myst_enable_extensions = ["dollarmath"]
numfig = True
"""


def test_on_a_page_a_diagram_is_a_numbered_figure_and_no_two_ids_are_alike(tmp_path):
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    (tmp_path / "index.md").write_text(PAGE, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = BeautifulSoup((tmp_path / "out" / "index.html").read_text(encoding="utf-8"), "html.parser")
    figures = page.select("figure:has(svg)")
    assert [figure["id"] for figure in figures] == ["fig-one", "fig-two"]
    assert [figure.select_one(".caption-number").text.strip() for figure in figures] == ["Fig. 1", "Fig. 2"]
    assert figures[0].select_one("figcaption .math") and "first caption" in figures[0].figcaption.text
    assert [link.text for link in page.select('a[href^="#fig-"]') if link.text.strip("¶#")] == ["Fig. 1", "Fig. 2"]
    ids = [element["id"] for element in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for drawn in page.select("figure svg"):
        assert all(drawn.find(id=mark) for mark in drawn["aria-labelledby"].split())


# ---------------------------------------------------------------------------------------------------------- networks


def test_the_stored_networks_are_those_of_the_recipes():
    wanted = set().union(*map(draw.wanted, NAMES))
    assert {path.stem for path in draw.NETWORKS.iterdir()} == wanted, AGAIN
    for recipe in wanted:
        stored = (draw.NETWORKS / f"{recipe}.json").read_text(encoding="utf-8")
        assert stored == draw.as_stored(recipe), f"the networks of {recipe} have changed: {AGAIN}"


@pytest.mark.parametrize("recipe", ["c-mlp", "mlp", "a-dcgan"])
def test_layers_are_counted_and_measured_as_the_networks_have_them(recipe):
    pair, networks = draw.pair(recipe), recipes.get(recipe).networks(seed=0)
    for player, network in zip("GD", networks):
        shown = pair[player]
        assert shown["parameters"] == parameters(network) == sum(one["parameters"] for one in shown["layers"])
        assert len(shown["layers"]) == len(network.layers)
        for before, after in pairwise([{"shape": shown["input"], "words": "Linear"}, *shown["layers"]]):
            if after["words"] in ("Flatten", "Unflatten", "Tanh", "ReLU", "BatchNorm"):
                assert drawing_size(before["shape"]) == drawing_size(after["shape"])
    assert pair["G"]["input"] == [networks[0].z_dim]
    assert pair["G"]["layers"][-1]["shape"] == pair["D"]["input"] == [1, 28, 28]
    assert pair["D"]["layers"][-1]["shape"] == []


def drawing_size(shape: list[int]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def test_the_shapes_of_the_mlp_are_in_its_diagram():
    root = ET.fromstring(diagrams.svg(diagrams.load("mlp-published"), "a", False))
    lines = ["".join(one.itertext()) for one in root.iter() if one.tag.endswith("}text")]
    for expected in ("Linear 100 → 256, ReLU", "25,856 parameters", "(m, 1024)", "(m, 1, 28, 28)", "l(x) (m,)"):
        assert any(expected in line for line in lines), f"{expected} is not among {lines}"


def test_what_the_other_recipe_lacks_is_bold():
    root = ET.fromstring(diagrams.svg(diagrams.load("mlp-repaired"), "a", False))
    bold = {one.text for one in root.iter() if one.get("class") == "new"}
    assert bold == {"BatchNorm", "LeakyReLU 0.2", "Linear 784 → 512"}


# -------------------------------------------------------------------------------------------------------- in a browser

# A text's own box reaches from its highest to its lowest letter in any language; `ink` is where its letters are.
MEASURE = """() => {
  const found = [];
  const box = e => e.getBoundingClientRect();
  const meet = (a, b, by = 0) =>
    a.left < b.right - by && b.left < a.right - by && a.top < b.bottom - by && b.top < a.bottom - by;
  const within = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
  const outline = e => e.querySelector(".frame, .shape:not(.frame ~ .shape), .bare");
  const ink = t => {
    const {left, right} = box(t), size = parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a;
    const line = new DOMPoint(0, parseFloat(t.getAttribute("y"))).matrixTransform(t.getScreenCTM()).y;
    return {left, right, top: line - 0.72 * size, bottom: line + 0.2 * size};
  };
  for (const svg of [...document.querySelectorAll("svg")].filter(svg => box(svg).width)) {
    const say = text => found.push(svg.querySelector("title").textContent + ": " + text);
    const all = selector => [...svg.querySelectorAll(selector)];
    const texts = all("text"), panels = all(".panel"), boxes = all(".box, .tensor");
    for (const text of texts) {
      const said = `"${text.textContent}"`, inside = text.matches(".inside"), home = text.closest(".box, .tensor");
      if (!within(ink(text), box(svg))) say(said + " sticks out of the drawing");
      const panel = panels.find(panel => meet(ink(text), box(panel)));
      if (panel && !within(ink(text), box(panel))) say(said + " sticks out of its panel");
      if (inside && !within(ink(text), box(outline(home)))) say(said + " is larger than its box");
      for (const other of boxes)
        if (!(inside && other === home) && meet(ink(text), box(outline(other)))) say(said + " lies on a box");
      for (const other of texts)
        if (other !== text && meet(ink(text), ink(other), 0.5)) say(`${said} and "${other.textContent}" overlap`);
    }
    for (const one of boxes) for (const other of boxes)
      if (one !== other && meet(box(outline(one)), box(outline(other))))
        say(`the boxes ${one.dataset.name} and ${other.dataset.name} overlap`);
    for (const path of all("path.data-arrow:not(.head), path.gradient-arrow:not(.head)"))
      for (let at = 0; at <= path.getTotalLength(); at += 1) {
        const {x, y} = path.getPointAtLength(at).matrixTransform(path.getScreenCTM());
        const point = {left: x, right: x, top: y, bottom: y};
        const word = texts.find(text => meet(point, ink(text)));
        const hit = !path.matches(".through") && boxes.find(one => meet(point, box(outline(one)), 0.5));
        if (word) say(`an arrow crosses "${word.textContent}"`);
        if (hit) say(`an arrow runs into the box ${hit.dataset.name}`);
        if (word || hit) break;
      }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def tab(browser):
    tab = browser.new_page(viewport={"width": 700, "height": 600})
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    yield tab
    tab.close()
    assert not [url for url in asked if not url.startswith((ROOT / "book" / "_static").as_uri())], "asked of others"


WIDEST = "DejaVu Sans, Verdana, sans-serif"


def everything(font: str = WIDEST) -> str:
    """All diagrams below each other, as on a page."""
    drawn = "".join(diagrams.draw(name, name) for name in NAMES)
    return f'<div style="font-family: {font}">{drawn}</div>'


A_BOX = '<g class="box"><rect class="shape" x="{x}" y="0" width="30" height="30"/>{text}</g>'
A_WORD = '<text x="{x}" y="20">{word}</text>'
FAULTS = {
    "is larger than its box": A_BOX.format(x=0, text='<text class="inside" y="20">too long for it</text>'),
    "overlap": A_BOX.format(x=0, text="") + A_BOX.format(x=20, text=""),
    '"one" and "two" overlap': A_WORD.format(x=10, word="one") + A_WORD.format(x=20, word="two"),
    "lies on a box": A_BOX.format(x=20, text="") + A_WORD.format(x=10, word="words"),
    "sticks out of the drawing": A_WORD.format(x=80, word="words"),
    "sticks out of its panel": '<rect class="panel" width="40" height="40"/>' + A_WORD.format(x=20, word="words"),
    "an arrow crosses": A_WORD.format(x=10, word="words") + '<path class="data-arrow" d="M0 16L90 16"/>',
    "an arrow runs into": A_BOX.format(x=20, text="") + '<path class="data-arrow" d="M0 15L90 15"/>',
}


@needs_browser
@pytest.mark.parametrize("fault", FAULTS)
def test_the_measure_finds_faults(tab, fault):
    svg = f'<svg class="wide" width="100" height="60" viewBox="0 0 100 60"><title>A</title>{FAULTS[fault]}</svg>'
    draw.open_page(tab, f'<div class="diagram" style="width: 650px; font: 12px sans-serif">{svg}</div>')
    assert any(fault in found for found in tab.evaluate(MEASURE))


@needs_browser
@pytest.mark.parametrize("width", [342, 672])
def test_boxes_lie_apart_words_fit_and_arrows_cross_none(tab, width):
    tab.set_viewport_size({"width": width, "height": 600})
    draw.open_page(tab, everything())
    found = tab.evaluate(MEASURE)
    assert not found, "\n".join(found)


@needs_browser
@pytest.mark.parametrize("width", [342, 672])
def test_the_networks_of_other_recipes_fit_too(tab, tmp_path, monkeypatch, width):
    monkeypatch.setattr(towers, "NETWORKS", tmp_path)
    drawn = ""
    for recipe in ("a-dcgan", "b-dcgan16", "c-noise", "goodfellow-2014", "stacked"):
        (tmp_path / f"{recipe}.json").write_text(draw.as_stored(recipe), encoding="utf-8")
        content = {"title": recipe, "description": "Layers.", "networks": recipe}
        drawn += f'<div class="diagram">{"".join(diagrams.svg(content, recipe, form) for form in (False, True))}</div>'
    tab.set_viewport_size({"width": width, "height": 600})
    draw.open_page(tab, f'<div style="font-family: {WIDEST}">{drawn}</div>')
    found = tab.evaluate(MEASURE)
    assert not found, "\n".join(found)


READ = """() => [...document.querySelectorAll(".diagram")].map(d => {
  const seen = [...d.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width);
  const scale = seen[0].getBoundingClientRect().width / seen[0].viewBox.baseVal.width;
  const sizes = [...seen[0].querySelectorAll("text")].map(t => scale * parseFloat(t.getAttribute("font-size")));
  return {forms: seen.map(svg => svg.getAttribute("class")), smallest: Math.min(...sizes),
          over: seen[0].getBoundingClientRect().right - d.getBoundingClientRect().right};
})"""


@needs_browser
@pytest.mark.parametrize("width, form", [(342, "narrow"), (600, "narrow"), (601, "wide"), (672, "wide")])
def test_words_are_large_enough_on_a_telephone_and_on_a_page(tab, width, form):
    tab.set_viewport_size({"width": width, "height": 600})
    draw.open_page(tab, everything())
    for name, one in zip(NAMES, tab.evaluate(READ)):
        assert one["forms"] == [form], name
        assert one["smallest"] >= 11 and one["over"] <= 0, f"{name} at {width} px: {one}"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


# Of each text and each outline its colour and the colour behind it.
COLOURS = """() => {
  const shown = [];
  const behind = (e, x, y) => {
    for (const under of document.elementsFromPoint(x, y)) {
      const style = getComputedStyle(under);
      if (under === e || under.closest("text") || under.tagName === "path" || style.fill === "none") continue;
      if (under.matches("rect, ellipse")) return style.fill;
      if (under.matches("body > div")) return style.backgroundColor;
    }
  };
  for (const e of document.querySelectorAll("svg text, svg .shape, svg .data-arrow, svg .gradient-arrow")) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (!box.width && !box.height) continue;
    e.scrollIntoView({block: "center"});
    const at = e.getBoundingClientRect(), text = e.matches("text");
    const back = text || e.matches("path") ? behind(e, at.x + at.width / 2, at.y + at.height / 2)
                                           : behind(e, at.x - 3, at.y + at.height / 2);
    const colour = text || e.matches(".head") ? style.fill : style.stroke;
    shown.push([text ? e.textContent : e.getAttribute("class"), colour, back, text]);
  }
  return shown;
}"""


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@needs_browser
@pytest.mark.parametrize("theme, ground", [("light", "#ffffff"), ("dark", "#121212")])
def test_words_and_lines_stand_out_in_light_and_dark(tab, theme, ground):
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    tab.set_viewport_size({"width": 720, "height": 600})
    draw.open_page(tab, everything(f"sans-serif; background: {ground}; padding: 24px"), theme)
    pairs = {tuple(one) for one in tab.evaluate(COLOURS)}
    assert len(pairs) > 50
    weak = [one for one in pairs if contrast(one[1], one[2]) < (4.5 if one[3] else 3)]
    assert not weak


@needs_browser
def test_paper_is_white_whatever_the_theme(tab):
    ink = "getComputedStyle(document.querySelector('svg text')).fill"
    ground = "getComputedStyle(document.querySelector('svg')).backgroundColor"
    draw.open_page(tab, everything(), "dark")
    on_screen = tab.evaluate(ink)
    tab.emulate_media(media="print")
    assert luminance(tab.evaluate(ink)) < 0.02 < luminance(on_screen)
    assert tab.evaluate(ground) == "rgb(255, 255, 255)"
    tab.emulate_media(media="screen")


# ---------------------------------------------------------------------------------------------------- outside the site


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_picture_is_drawn_from_todays_text(name):
    path = draw.PICTURES / f"{name}.png"
    assert path.exists(), f"{name} has no picture: {AGAIN}"
    with Image.open(path) as image:
        info, corner, width = image.info, image.convert("RGB").getpixel((0, 0)), image.width
    assert info["Source"] == draw.fingerprint(name), f"the picture of {name} is old: {AGAIN}"
    assert corner == (255, 255, 255) and path.stat().st_size < 50_000
    assert 400 < width / stored_diagrams.SCALE < 700
    assert info["Title"] == diagrams.load(name)["title"] and "$" not in info["Description"]


def test_no_picture_is_left_of_a_diagram_that_is_gone():
    assert {path.stem for path in draw.PICTURES.iterdir()} == {*NAMES, *explorable.NAMES}


@needs_browser
def test_drawing_a_picture_again_gives_the_same_words(tab, browser):
    again = browser.new_page(device_scale_factor=stored_diagrams.SCALE)
    drawn = draw.draw(again, "classifier")
    again.close()
    assert len(drawn) > 8_000, "there is something on it"


@pytest.fixture(scope="module")
def reader():
    return Plain()


def assert_github_shows(made, at):
    """The pictures of the cells `at` are in the page that GitHub would make of the notebook."""
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter(template_name="basic").from_notebook_node(made)
    page = BeautifulSoup(body, "html.parser")
    for n in at:
        picture = made.cells[n].outputs[0].data["image/png"].strip()
        assert any(picture in image.get("src", "") for image in page.select("img"))


@pytest.mark.parametrize("chapter", [stem for stem, path in CHAPTERS.items() if SHOWN.search(prose(path))])
def test_the_edition_and_the_slides_show_the_diagrams_of_a_chapter(chapter, reader, monkeypatch):
    notebook = nbformat.read(CHAPTERS[chapter], 4)
    names = SHOWN.findall(prose(CHAPTERS[chapter]))
    made = edition.edition(notebook, chapter, reader)
    at = [n for n, cell in enumerate(made.cells) if "diagram" in cell.metadata.get("tags", [])]
    stills = {f'show_diagram("{one}")' for one in explorable.NAMES}  # each has a test of its own
    at = [n for n in at if made.cells[n].source.split("\n")[-1] not in stills]
    assert len(at) == len(names)
    for n, name in zip(at, names):
        cell, below, (output,) = made.cells[n], made.cells[n + 1], made.cells[n].outputs
        assert (
            cell.metadata.jupyter["source_hidden"] and output.data["text/plain"] == output.metadata["image/png"]["alt"]
        )
        assert below.source.startswith("**Figure.** ") and diagrams.load(name)["description"] in below.source
        shown = []
        monkeypatch.setattr(stored_diagrams, "display", lambda *data, shown=shown, **more: shown.append((data, more)))
        exec(cell.source, {})
        assert shown == [((dict(output.data),), {"metadata": dict(output.metadata), "raw": True})], (
            "run, it is the same"
        )
    if importlib.util.find_spec("nbconvert"):  # it comes with requirements-course.txt
        assert_github_shows(made, at)
    deck = BeautifulSoup(slides.deck(notebook, reader), "html.parser")
    titles = [figure.svg.title.text for figure in deck.select("figure:has(.diagram)")]
    assert titles == [diagrams.load(name)["title"] for name in names]


def test_a_student_sees_the_diagrams_before_anything_has_run(tmp_path, reader):
    made = edition.edition(nbformat.read(CHAPTERS["01_noise"], 4), "01_noise", reader)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.metadata["tags"] = [], []  # nbgrader leaves neither
    nbformat.write(made, tmp_path / "student.ipynb")
    course.student_version(tmp_path / "student.ipynb")
    cells = nbformat.read(tmp_path / "student.ipynb", 4).cells
    shown = [cell for cell in cells if cell.cell_type == "code" and cell.outputs]
    assert [cell.source.split("\n")[-1] for cell in shown] == [
        'show_diagram("classifier")',
        'show_diagram("ask")',
    ]
    assert shown[0].metadata.jupyter["source_hidden"] and "image/png" in shown[0].outputs[0].data


def test_on_paper_the_words_of_a_diagram_are_still_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "SITE", tmp_path)
    for page in ("one", "two"):
        article = f"<article>{diagrams.draw('detach', 'diagram-0')}</article>"
        (tmp_path / f"{page}.html").write_text(article, encoding="utf-8")
    book = BeautifulSoup("".join(str(pdf.article(page, ["one", "two"])) for page in ("one", "two")), "html.parser")
    marks = [mark for drawn in book.select("svg") for mark in drawn["aria-labelledby"].split()]
    assert len(set(marks)) == 8, "two forms on each of two pages, each with a title and a description"
    assert all(drawn.find(id=mark) for drawn in book.select("svg") for mark in drawn["aria-labelledby"].split())


def test_a_diagram_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match=r"There is no diagram 'none'\. There are after-one-step, algorithm-1, "):
        stored_diagrams.stored("none")


def test_a_link_to_a_diagram_has_words_outside_the_site(reader):
    assert reader.names["fig-mlp-players"] == "the figure “The two players”"


def test_stored_networks_are_short_files():
    for path in draw.NETWORKS.glob("*.json"):
        layers = sum(len(json.loads(path.read_text(encoding="utf-8"))[player]["layers"]) for player in "GD")
        assert len(path.read_text(encoding="utf-8").splitlines()) == layers + 6, "a layer a line"
