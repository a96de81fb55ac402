"""What the site tells others of itself, how one finds a way through it, and what keeps its pages light.

Read from `_build/html` (`make book`) and from the extensions in book/_ext; no browser is needed.
"""

import json
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import contents
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from publish import ABSENT, DOWNLOADS
from test_site import REPOSITORY, SITE, TOP, on_site, toc

from tools.site import downloads

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))
OWNER, NAME = REPOSITORY["url"].split("/")[-2:]
HOME = f"https://{OWNER}.github.io/{NAME}/"
CHAPTERS = [name for name in toc() if name.startswith("notebooks/")]


@pytest.fixture(scope="module")
def pages() -> dict[str, BeautifulSoup]:
    return {name: BeautifulSoup((SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser") for name in toc()}


def test_the_guide_has_the_questions_of_all_slides_whole(pages):
    """Also those with a |, which would end a cell of the table."""
    straight = str.maketrans("‘’“”", "''\"\"")
    cells = [cell.get_text().translate(straight) for cell in pages["book/teaching"].select("td")]
    for path in sorted((ROOT / "book" / "slides").glob("*.yml")):
        for one in yaml.safe_load(path.read_text(encoding="utf-8")):
            asked = one.get("ask", "")
            if asked and not set(asked) & set("$*`{"):
                assert asked in cells, (path.stem, asked)


# ------------------------------------------------------------------------------------------------ what others are told


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://github.com/someone/a-book", "https://someone.github.io/a-book/"),
        ("https://github.com/Someone/Book.git", "https://someone.github.io/Book/"),
        ("https://github.com/someone/someone.github.io", "https://someone.github.io/"),
    ],
)
def test_the_address_of_the_site_follows_from_that_of_the_repository(repository, expected):
    import publish

    assert publish.address(repository) == expected


def test_every_page_is_material_to_learn_from_and_asks_what_was_unclear(pages):
    for name, page in pages.items():
        (script,) = page.select('script[type="application/ld+json"]')
        about = json.loads(script.string)
        assert (about["@type"], about["url"]) == ("LearningResource", f"{HOME}{name}.html")
        assert page.title.string.startswith(about["name"]) and about["isPartOf"]["url"] == HOME
        assert ("exercises" in about["learningResourceType"]) == (name in CHAPTERS)
        links = page.select(".unclear a")
        if name == "index":
            assert not links
            continue
        (link,) = links
        address = urlsplit(link["href"])
        asked = parse_qs(address.query)
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{REPOSITORY['url']}/issues/new"
        assert about["name"] in asked["title"][0] and f"{HOME}{name}.html" in asked["body"][0]


def test_every_page_says_what_it_is_about_and_where_it_stands(pages):
    said = {}
    for name, page in pages.items():
        own = {meta.get("property") or meta.get("name"): meta["content"] for meta in page.select("meta[content]")}
        assert page.select_one('link[rel="canonical"]')["href"] == own["og:url"] == f"{HOME}{name}.html"
        assert page.title.string.startswith(own["og:title"]), name
        assert len(own["description"]) > 40 and own["description"] == own["og:description"], name
        assert "of reading" not in own["description"], f"{name}: described by the line under its title"
        assert own["og:image"] == f"{HOME}_static/card.png" and own["og:image:alt"], name
        said[name] = own["description"]
    assert len(set(said.values())) == len(said), "two pages are described by the same words"


def test_the_map_has_exactly_the_pages_of_the_table_of_contents():
    root = ElementTree.parse(SITE / "sitemap.xml").getroot()
    found = [place.text for place in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sorted(found) == sorted(f"{HOME}{name}.html" for name in toc())


def test_the_card_is_of_the_size_that_previews_ask_for():
    content = (SITE / "_static" / "card.png").read_bytes()
    assert struct.unpack(">II", content[16:24]) == (1200, 630) and len(content) < 100_000


def test_the_page_for_wrong_addresses_works_at_any_depth():
    page = BeautifulSoup((SITE / "404.html").read_text(encoding="utf-8"), "html.parser")
    found = [tag.get("href") or tag.get("src") for tag in page.select("[href], [src]")]
    relative = [address for address in found if not re.match(rf"{TOP}|https://|#", address)]
    assert found and not relative


# ------------------------------------------------------------------------------------------------------ finding a way


def test_previous_and_next_lead_through_the_whole_book(pages):
    names = list(pages)
    for here, before, after in zip(names, [None, *names], [*names[1:], None]):
        for kind, expected in (("left-prev", before), ("right-next", after)):
            link = pages[here].select_one(f"a.{kind}")
            assert (link and on_site(f"{here}.html", link["href"])) == (expected and f"{expected}.html"), here


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_where_it_stands_and_what_it_needs(pages, name):
    needs = yaml.safe_load((ROOT / "book" / "needs.yml").read_text(encoding="utf-8"))
    line = pages[name].select_one("h1 + .standing")
    [part] = [part for part in contents.parts(ROOT) if name in part.pages]
    assert line and line.select_one("strong").get_text() == part.caption.replace('"', "")
    linked = [on_site(f"{name}.html", link["href"]) for link in line.select("a")]
    assert linked == [f"notebooks/{one}.html" for one in needs[name.rpartition("/")[2]]]
    earlier = toc()[: toc().index(name)]
    assert all(link.removesuffix(".html") in earlier for link in linked), "a chapter needs one that comes after it"
    # The chapter's own sentence names them too.
    own = next(p.get_text() for p in pages[name].select("article p") if re.search(r"\b[Yy]ou need\b", p.get_text()))
    assert {contents.numeral(link) for link in linked} <= contents.mentioned(own), own


def test_needs_are_listed_for_every_chapter_and_no_other():
    needs = yaml.safe_load((ROOT / "book" / "needs.yml").read_text(encoding="utf-8"))
    assert {f"notebooks/{name}" for name in needs} == set(CHAPTERS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_opens_in_colab_and_on_binder(pages, name):
    links = {link["href"] for link in pages[name].select(".dropdown-launch-buttons a")}
    branch = REPOSITORY["branch"]
    assert links == {
        f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/{branch}/{name}.ipynb",
        f"https://mybinder.org/v2/gh/{OWNER}/{NAME}/{branch}?urlpath=lab/tree/{name}.ipynb",
    }


def test_the_front_page_offers_three_ways_in(pages):
    front = pages["index"]
    assert [way.get_text().rstrip("#") for way in front.select("article h2")] == ["Read", "Run", "Teach"]
    colab = (
        f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/{REPOSITORY['branch']}/notebooks/01_noise.ipynb"
    )
    links = [link["href"] for link in front.select("article section section a")]
    assert colab in links and "notebooks/01_noise.html" in links and "book/teaching.html" in links


def test_binder_installs_what_the_package_asks_for():
    other = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)[1]
    asked = {other.get(name, name) + least for name, least in re.findall(r'"([a-z]+)(>=[\d.]+)"', block)}
    binder = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text(encoding="utf-8"))
    assert asked and asked == {one for one in binder["dependencies"] if not one.startswith("python=")}


# -------------------------------------------------------------------------------------------------------- publishing


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ON_MAIN = "github.event_name == 'push' && github.ref == 'refs/heads/main'"
ON_A_TAG = "github.event_name == 'push' && startsWith(github.ref, 'refs/tags/v')"


def flow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


def step(job: dict, word: str) -> dict:
    """The one step of a job whose command or action contains the word."""
    (found,) = [one for one in job["steps"] if word in one.get("run", "") + one.get("uses", "")]
    return found


def test_what_is_pushed_is_tested_and_what_is_on_main_is_published():
    book = flow("book")
    assert {"push", "pull_request"} <= set(book[True])  # YAML 1.1 reads the key `on` as true
    tested, deployed = book["jobs"]["test"], book["jobs"]["deploy"]
    assert "all" in step(tested, ".ci/run")["run"].split("'"), "once a week everything"
    listed = subprocess.check_output(["git", "ls-files", "--stage", ".ci/run"], cwd=ROOT, text=True)
    assert listed.startswith("100755 "), "it can be started"
    assert tested["timeout-minutes"] == 90 and "concurrency" in book
    upload = step(tested, "upload-pages-artifact")
    assert (ROOT / upload["with"]["path"]).resolve() == SITE
    assert upload["if"] == deployed["if"] == ON_MAIN and deployed["needs"] == "test"
    names = [one.get("run", "") + one.get("uses", "") for one in tested["steps"]]
    made, sent = names.index("make edition downloads"), names.index(upload["uses"])
    assert names.index(step(tested, ".ci/run")["run"]) < made < sent, (
        "PDF and archive are on the site before it is sent"
    )
    assert ON_MAIN.partition(" && ")[2] in tested["steps"][made]["if"]


def test_a_tag_becomes_a_release_with_its_notes_and_with_all_that_can_be_taken_along():
    book = flow("book")
    tested, released = book["jobs"]["test"], book["jobs"]["release"]
    assert released["if"] == ON_A_TAG == step(tested, "upload-artifact@")["if"] and released["needs"] == "test"
    assert "tools.site.release --notes" in step(tested, "release/notes.md")["run"]
    given = step(released, "gh release create")["run"]
    assert "--verify-tag" in given and "--notes-file release/notes.md" in given
    for name in ("ganbook.pdf", "ganbook-site.zip", "ganbook-notebooks.zip"):
        assert f"release/{name}" in given and name in step(tested, "release/notes.md")["run"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_have_no_more_rights_than_they_need_and_run_nothing_that_others_can_change(path):
    text, jobs = path.read_text(encoding="utf-8"), flow(path.stem)["jobs"]
    assert flow(path.stem)["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in jobs.items() if "permissions" in job}
    expected = {"deploy": {"pages": "write", "id-token": "write"}, "release": {"contents": "write"}}
    assert more == (expected if path.stem == "book" else {})
    for name in more:
        assert not any("checkout" in one.get("uses", "") for one in jobs[name]["steps"]), "it runs no code of a commit"
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used and len(used) == text.count("uses:")
    for action, comment in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) and re.fullmatch(r"  # v\d+\.\d+\.\d+", comment)
    for job in jobs.values():
        assert job["timeout-minutes"] <= 120
        for one in job["steps"]:
            assert "${{ github.event." not in one.get("run", ""), "what strangers write must not reach a shell"
            if "checkout" in one.get("uses", ""):
                assert one["with"]["persist-credentials"] is False


def test_other_systems_run_both_commands_without_make_and_are_marked_untried():
    text, other = (WORKFLOWS[-1]).read_text(encoding="utf-8"), flow("other-systems")
    assert WORKFLOWS[-1].stem == "other-systems" and text.startswith("# UNTRIED.") and "untried" in other["name"]
    (job,) = other["jobs"].values()
    assert {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"windows", "macos"}
    commands = [one["run"] for one in job["steps"] if "run" in one]
    assert commands == ["python make.py book", "python make.py test"]
    assert "push" not in other[True], "nothing waits for what nobody has tried"


# ---------------------------------------------------------------------------------------- to read without a network


@pytest.fixture
def small_site(tmp_path):
    """A site of three files with the place for downloads in its preface; a PDF."""
    for name, content in {
        downloads.PAGE: f"<p>{DOWNLOADS[0]}{ABSENT.format(home=HOME)}{DOWNLOADS[1]}</p>",
        "index.html": "the front page",
        "_static/a.bin": "\0" * 1000,
        ".buildinfo": "of Sphinx",
    }.items():
        (tmp_path / "html" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "html" / name).write_text(content, encoding="utf-8")
    (tmp_path / "ganbook.pdf").write_bytes(b"%PDF" + bytes(2_400_000))
    return tmp_path / "html"


def archived(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_holds_the_site_as_it_was_built_also_after_it_was_published(small_site):
    first, second = (small_site.parent / name / downloads.ARCHIVE for name in ("1", "2"))
    for path in (first, second):
        path.parent.mkdir()
    assert downloads.pack(small_site, first) == 3
    built = {
        path.relative_to(small_site).as_posix(): path.read_bytes() for path in small_site.rglob("*.*") if path.is_file()
    }
    del built[".buildinfo"]
    assert archived(first) == {f"ganbook-site/{name}": content for name, content in built.items()}
    downloads.publish(small_site, small_site.parent / "ganbook.pdf", first)
    downloads.pack(small_site, second)
    assert second.read_bytes() == first.read_bytes()


def test_a_published_site_links_files_that_are_there_and_says_their_size(small_site):
    archive = small_site.parent / downloads.ARCHIVE
    downloads.pack(small_site, archive)
    downloads.publish(small_site, small_site.parent / "ganbook.pdf", archive)
    page = BeautifulSoup((small_site / downloads.PAGE).read_text(encoding="utf-8"), "html.parser")
    links = [link["href"] for link in page.select("a")]
    assert len(links) == 2 and all((small_site / "book" / link).is_file() for link in links)
    assert "(2 MB)" in page.get_text() and "holds neither" not in page.get_text()


def test_a_site_that_was_only_built_says_that_it_has_neither_and_how_to_make_them(pages):
    text = pages["book/preface"].select_one(".downloads")
    published = (SITE / downloads.FOLDER).exists()
    links = [link["href"] for link in text.select("a")]
    if not published:
        assert "holds neither" in text.get_text() and links == [f"{HOME}book/preface.html#how-to-run"]
        assert {code.get_text() for code in text.select("code")} == {"make pdf", "make zip"}
    assert len(links) == (2 if published else 1)


def test_a_page_without_the_place_is_refused(small_site):
    with pytest.raises(SystemExit, match="no place for its downloads"):
        downloads.told("<p>nothing</p>", "words")


# ------------------------------------------------------------------------------------------------------- light pages


def widget(name: str, **state) -> dict:
    return {"model_name": name, "state": state}


def slider(name: str, value: float) -> dict:
    return widget("FloatSliderModel", description=name, min=-3.0, max=3.0, step=0.1, value=value)


def notebook(*views: str, tags=()) -> dict:
    import light

    models = {
        "bar": widget("HBoxModel", children=["IPY_MODEL_a", "IPY_MODEL_b", "IPY_MODEL_c"]),
        "a": widget("HTMLModel", value="fit: 60%"),
        "b": widget("FloatProgressModel", value=3.0, max=5.0),
        "c": widget("HTMLModel", value=" 3/5 [00:01&lt;00:01]"),
        "box": widget("VBoxModel", children=["IPY_MODEL_d", "IPY_MODEL_e"]),
        "d": slider("a < b", -1.5),
        "e": widget("OutputModel", outputs=[{"output_type": "stream", "text": "1 < 2\n"}]),
        "other": widget("VBoxModel", children=["IPY_MODEL_a", "IPY_MODEL_f"]),
        "f": widget("ImageModel", format="png"),
    }
    outputs = [{"data": {light.VIEW: {"model_id": view}, "text/plain": ["..."]}} for view in views]
    cells = [{"metadata": {"tags": list(tags)}, "outputs": outputs}, {"metadata": {}}]
    return {"metadata": {"widgets": {light.STATE: {"state": models}}}, "cells": cells}


def drawn(made: dict) -> list:
    """What the outputs of the notebook's first cell hold once its widgets have been made plain."""
    import light

    light.plain_widgets(made)
    data = [output["data"] for output in made["cells"][0]["outputs"]]
    return [None if light.VIEW in one else BeautifulSoup(one["text/html"], "html.parser") for one in data]


def test_a_stored_bar_becomes_an_element_with_the_same_words():
    made = notebook("bar")
    [bar] = drawn(made)
    assert (bar.progress["value"], bar.progress["max"]) == ("3", "5")
    assert bar.get_text() == "fit: 60% 3/5", "a page names the running time as measured, and not that of some run"
    assert bar.progress["aria-label"].split() == ["fit:", "60%", "3/5"]
    assert "widgets" not in made["metadata"]


def test_sliders_stand_where_they_were_left_and_cannot_be_moved():
    made = notebook("box")
    [box] = drawn(made)
    [found] = box.select("label > input")
    assert {name: found[name] for name in ("min", "max", "step", "value")} == dict(
        min="-3", max="3", step="0.1", value="-1.5"
    )
    assert found.has_attr("disabled") and box.label.get_text(" ").split() == ["a", "<", "b", "-1.5"]
    assert box.pre.get_text() == "1 < 2\n" and "widgets" not in made["metadata"]


def test_other_widgets_stay_as_they_are():
    made = notebook("bar", "other")
    bar, other = drawn(made)
    assert bar and other is None and "widgets" in made["metadata"]


def test_a_widget_that_is_not_shown_asks_for_nothing():
    made = notebook("other", tags=["remove-output"])
    assert drawn(made) == [None] and "widgets" not in made["metadata"]


def test_only_pages_with_widgets_load_the_program_that_draws_them(pages):
    for name, page in pages.items():
        loads = bool(page.select('script[src*="embed-amd.js"]'))
        assert loads == bool(page.select('script[type="application/vnd.jupyter.widget-view+json"]')), name
    assert any(page.select(".bar progress") for page in pages.values())


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_smaller_picture_has_the_same_pixels(tmp_path, mode):
    import light

    colours = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    image = Image.fromarray(colours).convert("RGB").convert(mode)  # opaque, as the book's figures are
    image.save(tmp_path / "a.png")
    light.smaller(tmp_path / "a.png")
    with Image.open(tmp_path / "a.webp") as found:
        assert np.array_equal(np.asarray(found.convert("RGB")), np.asarray(image.convert("RGB")))
    assert not (tmp_path / "a.png").exists()


def test_icons_that_a_page_names_stay_under_either_name():
    import light

    script = 'var i={house:[1,2,["home",7],"f1","M0"],"arrow-up":[1,2,[],"f2","M1"],sun:[1,2,[],"f3","M2"]};'
    assert light.fewer(script, '<i class="fa-solid fa-home"></i>') == 'var i={house:[1,2,["home",7],"f1","M0"],};'
    assert light.fewer(script, '<i class="fas fa-arrow-up fa-lg"></i>') == 'var i={"arrow-up":[1,2,[],"f2","M1"],};'
    assert (SITE / "_static/scripts/fontawesome.js").stat().st_size < 150_000
