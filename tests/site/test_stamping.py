"""The explorable of chapter 3, "Stamping": its numbers against PyTorch's, its links, and the page, driven with pointer
and keys.

The arithmetic is asked of the scripts in book/_static/demos on an empty page; the page is that of `_build/html`
(`make book`).
"""

import itertools

import nbformat
import pytest
import torch
import torch.nn.functional as F
from conftest import needs_browser, page_with
from explorable_checks import axe_finds_nothing, paper_has_the_picture, prose, tries
from PIL import Image
from torch import nn

from ganbook.models import dcgan
from tools.site import edition, stills
from tools.site import stamping_still as still
from tools.site.plain import Plain

SCRIPTS = ("page", "cells", "state", "stamping", "stamping_shapes")
AGAIN = "run `python -m tools.site.stamping_still`"
PAGE = "notebooks/03_dcgan"
CHAPTER = still.ROOT / f"{PAGE}.ipynb"

pytestmark = needs_browser

LAYERS = [
    {"kernel": k, "stride": s, "padding": p, "side": n}
    for k, s, p, n in itertools.product(range(1, 7), range(1, 4), range(3), range(1, 6))
    if s * (n - 1) + k - 2 * p >= 1
]


@pytest.fixture(scope="module")
def scripts(browser):
    """An empty page with the scripts."""
    with page_with(browser, [stills.DEMOS / f"{name}.js" for name in SCRIPTS]) as page:
        yield page


def torch_stamp(layer: dict, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """PyTorch's transposed convolution of a table with a kernel."""
    return F.conv_transpose2d(x[None, None], weights[None, None], None, layer["stride"], layer["padding"])[0, 0]


# ---------------------------------------------------------------------------------------------------------- arithmetic


def test_every_layer_that_can_be_set_gives_pytorchs_numbers(scripts):
    rng = torch.Generator().manual_seed(0)
    orders = []
    for layer in LAYERS:
        x, w = (torch.randint(0, 10, (layer[of],) * 2, generator=rng).double() for of in ("side", "kernel"))
        some = int(torch.randint(0, x.numel() + 1, (1,), generator=rng))
        orders.append({"layer": layer, "x": x.flatten().tolist(), "w": w.flatten().tolist(), "some": some})
    ask = """orders => orders.map(({layer, x, w, some}) => {
      const {reach, stamp, counts} = ganbook.stamping;
      const tables = [stamp(layer, x, w), stamp(layer, x, w, some), counts(layer), counts(layer, some)];
      return {side: reach(layer), tables: tables.map(y => [...y])};
    })"""
    assert len(LAYERS) > 240
    for order, ours in zip(orders, scripts.evaluate(ask, orders)):
        layer, some = order["layer"], order["some"]
        x, w = (torch.tensor(order[of]).double() for of in ("x", "w"))
        first = (torch.arange(len(x)) < some).double()
        kernel, square = w.view(layer["kernel"], -1), (layer["side"], layer["side"])
        ones = torch.ones_like(kernel)
        inputs = [(x, kernel), (x * first, kernel), (torch.ones_like(x), ones), (first, ones)]
        for table, (values, weights) in zip(ours["tables"], inputs):
            theirs = torch_stamp(layer, values.view(square), weights)
            assert ours["side"] == len(theirs), layer
            assert torch.equal(torch.tensor(table).double().view_as(theirs), theirs), (layer, some)


def test_the_cells_that_reach_a_pixel_are_those_with_a_gradient(scripts):
    ask = """layers => layers.map(layer => {
      const {reach, reaching, stamped} = ganbook.stamping, list = n => Array.from({length: n}, (_, i) => i);
      return [list(reach(layer)).map(u => reaching(layer, u)), list(layer.side).map(i => stamped(layer, i))];
    })"""
    for layer, (reaching, stamped) in zip(LAYERS, scripts.evaluate(ask, LAYERS)):
        x = torch.eye(layer["side"]).double()[:, None]  # a row for each input cell
        w = torch.ones(1, 1, layer["kernel"]).double()
        matrix = F.conv_transpose1d(x, w, None, layer["stride"], layer["padding"])[:, 0] > 0  # (input, output)
        for u, (first, last) in enumerate(reaching):
            assert matrix[:, u].nonzero().flatten().tolist() == list(range(first, last + 1)), (layer, u)
        for i, (first, last) in enumerate(stamped):
            assert matrix[i].nonzero().flatten().tolist() == list(range(first, last + 1)), (layer, i)


def test_what_is_said_of_a_place_far_from_the_border_is_so_on_a_long_row(scripts):
    ask = """({layer, w}) => ({row: ganbook.stamping.pattern(layer), sums: ganbook.stamping.sums(layer, w)})"""
    rng = torch.Generator().manual_seed(1)
    for k, s in itertools.product(range(1, 7), range(1, 4)):
        layer = {"kernel": k, "stride": s, "padding": 0, "side": 12}
        w = torch.randint(0, 10, (k, k), generator=rng).double()
        ours = scripts.evaluate(ask, {"layer": layer, "w": w.flatten().tolist()})
        x = torch.ones(12, 12).double()
        counted = torch_stamp(layer, x, torch.ones_like(w))
        middle = slice(6 * s, 7 * s)  # one period
        row = counted[6 * s] / counted[6 * s].max() * len(range(0, k, s))  # the rows' own number divided out
        assert torch.allclose(row[middle], torch.tensor(ours["row"]).double()), layer
        assert torch_stamp(layer, x, w)[middle, middle].flatten().tolist() == ours["sums"], layer
        assert (len(set(ours["row"])) == 1) == (k % s == 0), "even if and only if the stride divides the kernel"


@pytest.mark.parametrize(("name", "even"), [("book", False), ("even", True)])
def test_the_shapes_are_the_modules_and_the_way_back_is_autograds(scripts, name, even):
    G = dcgan.Generator(even=even)
    stored = scripts.evaluate("name => ganbook.stampingShapes[name]", name)
    ups = [layer for layer in G.modules() if isinstance(layer, nn.ConvTranspose2d)]
    theirs = [{"kernel": u.kernel_size[0], "stride": u.stride[0], "padding": u.padding[0]} for u in ups]
    assert [{key: one[key] for key in theirs[0]} for one in stored] == theirs, AGAIN
    maps = [torch.ones(1, 1, 1, 1, dtype=torch.float64, requires_grad=True)]
    for up in ups:
        weight = torch.ones(1, 1, *up.kernel_size, dtype=torch.float64)
        maps.append(F.conv_transpose2d(maps[-1], weight, None, up.stride, up.padding))
    sides = [len(one[0, 0]) for one in maps]
    assert [one["side"] for one in stored] == sides[:-1] and sides == [1, 3, 6, 14 if even else 13, 28]
    trace = """({name, map, u}) =>
      ganbook.stamping.field(ganbook.stampingShapes[name].slice(0, map), [u, u])"""
    for map_, u, v in [(4, 14, 9), (4, 0, 27), (3, 5, 6), (3, 12, 0), (2, 3, 3), (1, 2, 1)]:
        gradients = torch.autograd.grad(maps[map_][0, 0, u, v], maps[:map_], retain_graph=True)
        rows, columns = (scripts.evaluate(trace, {"name": name, "map": map_, "u": at}) for at in (u, v))
        for gradient, (top, bottom), (left, right) in zip(gradients, rows, columns):
            expected = torch.zeros_like(gradient[0, 0])
            expected[top : bottom + 1, left : right + 1] = 1
            assert torch.equal((gradient[0, 0] != 0).double(), expected), (name, map_, u, v)


def test_the_stored_shapes_are_todays():
    assert still.SHAPES.read_text(encoding="utf-8") == still.script(still.shapes()), AGAIN


def test_a_generator_that_the_explorable_cannot_show_is_refused():
    G = dcgan.Generator()
    G.layers[1] = nn.ConvTranspose2d(64, 256, (3, 4), 2)
    with pytest.raises(SystemExit, match="square kernels"):
        still.layers(G)


# ------------------------------------------------------------------------------------------- the state in the address

FIELDS = """{kernel: ganbook.state.whole(1, 6), input: ganbook.state.digits,
  show: ganbook.state.oneOf("sum", "count")}"""
START = """{kernel: 3, input: [], show: "sum"}"""
READ = f"""hash => ganbook.state.read(hash, "stamping", {FIELDS}, {START},
  ({{kernel}}) => kernel === 6 ? "Six is too many today." : "")"""


def test_a_state_survives_its_address(scripts):
    write = f"""values => ganbook.state.write("stamping", {FIELDS}, {START}, values, ["kernel"])"""
    for kernel, digits, show in itertools.product((1, 3, 5), ([], [0, 9], [1] * 36), ("sum", "count")):
        values = {"kernel": kernel, "input": digits, "show": show}
        address = scripts.evaluate(write, values)
        assert address.startswith(f"#stamping:kernel={kernel}") and ("show" in address) == (show == "count")
        assert scripts.evaluate(READ, address) == {"values": values}
        assert scripts.evaluate(READ, address.replace("=", "%3D")) == {"values": values}, "as some programs write it"


NONSENSE = {
    "kernel=banana": "kernel is a whole number from 1 to 6",
    "kernel=7": "from 1 to 6",
    "kernel=-1": "from 1 to 6",
    "kernel=2.5": "from 1 to 6",
    "kernel=1e1": "from 1 to 6",
    "kernel=": "from 1 to 6",
    "kernel": "from 1 to 6",
    "kernel=3,kernel=4": "twice",
    "input=12x": "a row of digits",
    "show=all": "one of sum, count",
    "colour=red": "there are only kernel, input, show",
    "__proto__=1": "there are only",
    "kernel=3,": "there are only",
    "": "there are only",
    "%": "there are only",
    "kernel=6": "Six is too many today.",
}


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_in_an_address_is_answered_with_a_sentence(scripts, text):
    answer = scripts.evaluate(READ, f"#stamping:{text}")
    assert set(answer) == {"wrong"} and NONSENSE[text] in answer["wrong"] and answer["wrong"].endswith(".")


@pytest.mark.parametrize("hash_", ["", "#", "#stamping", "#dcgan-stamping", "#ask:kernel=3", "#stampings:kernel=3"])
def test_an_address_of_something_else_is_left_alone(scripts, hash_):
    assert scripts.evaluate(READ, hash_) is None


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#stamping-demo [data-part={part}]")


def state(page) -> dict:
    return page.evaluate("({...ganbook.stampingDemo.state})")


def layer_of(page) -> dict:
    return {key: state(page)[key] for key in ("kernel", "stride", "padding", "side")}


def news(page) -> str:
    return the(page, "news").inner_text()


def slide(page, name: str, value: int) -> None:
    the(page, name).fill(str(value))


def centre(page, part: str, side: int, row: int, column: int) -> tuple[float, float]:
    box = the(page, part).bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / side, box["y"] + (row + 0.5) * box["width"] / side


# The colour of each cell of a square in a corner, where neither a number nor a frame is.
CORNERS = """([canvas, side, at]) => Array.from({length: side * side}, (_, i) => {
  const cell = canvas.width / side, [x, y] = [i % side, Math.floor(i / side)].map(n => Math.floor((n + at) * cell));
  return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3).join();
})"""


def shades(page, part: str, side: int, at: float = 0.17) -> list[str]:
    return page.evaluate(CORNERS, [the(page, part).locator("canvas").element_handle(), side, at])


def test_the_question_comes_before_the_answer(visit):
    page = visit(PAGE)
    asked, output, rule = the(page, "asked"), the(page, "output"), the(page, "rule")
    assert asked.inner_text() == "Kernel 3, stride 2, padding 0, and an input of side 4."
    assert not output.is_visible() and rule.inner_text() == ""
    show = page.get_by_role("button", name="Show the output")
    for wrong in ("", "0", "7.5"):
        the(page, "guess").fill(wrong)
        show.click()
        assert news(page).startswith("A side is a whole number") and not output.is_visible()
    the(page, "guess").fill("8")
    show.click()
    assert "second question" in news(page) and the(page, "guess").input_value() == "8", "nothing is lost"
    slide(page, "stride", 1)
    assert "stride 1" in asked.inner_text() and not output.is_visible(), "it asks about what is set"
    slide(page, "stride", 2)
    page.locator("#stamping-demo [name=stamping-even][value=yes]").check()
    show.click()
    assert output.is_visible() and not the(page, "question").is_visible()
    told = news(page)
    assert "You said side 8. It is 9: 2 · (4 − 1) + 3 = 9." in told and "pixel: no, other than you said." in told
    assert "get 2, 1, 2, 1, … stamps. This makes a checkerboard." in rule.inner_text()
    the(page, "another").click()
    assert not output.is_visible() and the(page, "guess").input_value() == ""
    layer = layer_of(page)
    x, w = (torch.ones(layer[of], layer[of]) for of in ("side", "kernel"))
    the(page, "guess").fill(str(len(torch_stamp(layer, x, w))))
    even = "yes" if layer["kernel"] % layer["stride"] == 0 else "no"
    page.locator(f"#stamping-demo [name=stamping-even][value={even}]").check()
    page.keyboard.press("Enter")
    assert news(page).count("as you said") == 2 and output.is_visible()
    the(page, "another").click()
    the(page, "skip").click()
    assert output.is_visible()


def test_the_output_follows_numbers_pointer_and_keys(visit):
    page = visit(PAGE)
    the(page, "skip").click()
    x, w = torch.ones(4, 4), torch.ones(3, 3)

    def as_expected(what: str):
        now = state(page)
        assert now["input"] == x.flatten().tolist() and now["weights"] == w.flatten().tolist(), what
        y = torch_stamp(layer_of(page), x, w)
        assert the(page, "title").inner_text() == f"Output, {len(y)} × {len(y)}", what
        seen, values = shades(page, "output", len(y)), y.flatten().tolist()
        colours = {}
        for shade, value in zip(seen, values):
            assert colours.setdefault(value, shade) == shade, f"{what}: one number, one colour"
        assert len(set(colours.values())) == len(colours), what

    as_expected("at first")
    the(page, "input").scroll_into_view_if_needed()
    page.mouse.click(*centre(page, "input", 4, 1, 2))
    x[1, 2] = 2
    as_expected("a click adds one")
    assert news(page) == "Input, row 1, column 2: 2. Its stamp covers rows 2 to 4 and columns 4 to 6 of the output."
    page.mouse.move(*centre(page, "input", 4, 3, 0))
    page.mouse.down()
    page.mouse.move(*centre(page, "input", 4, 3, 3))
    page.mouse.up()
    x[3] = 2
    as_expected("drawing gives the same number, also to cells that a quick pointer leaves out")
    the(page, "input").focus()
    for key in ("ArrowUp", "7"):
        page.keyboard.press(key)
    x[2, 3] = 7
    as_expected("a digit")
    page.keyboard.press("Space")
    x[2, 3] = 8
    as_expected("Space")
    for _ in range(2):
        page.keyboard.press("Enter")
    x[2, 3] = 0
    as_expected("behind 9 comes 0")
    page.mouse.click(*centre(page, "weights", 3, 1, 1))
    w[1, 1] = 2
    as_expected("the kernel")
    slide(page, "kernel", 4)
    w = F.pad(w, (0, 1, 0, 1), value=1.0)
    as_expected("a larger kernel keeps its numbers")
    slide(page, "side", 3)
    x = x[:3, :3]
    as_expected("a smaller input")
    slide(page, "padding", 2)
    as_expected("padding")
    the(page, "input-ones").click()
    the(page, "weights-tent").click()
    x, w = torch.ones(3, 3), torch.outer(*(2 * [torch.tensor([1.0, 2, 2, 1])]))
    as_expected("presets")
    assert "every pixel away from the border has the sum 9." in the(page, "rule").inner_text()
    the(page, "input-one").click()
    assert sum(state(page)["input"]) == 1


def test_an_output_pixel_shows_who_reaches_it(visit):
    page = visit(PAGE)
    the(page, "skip").click()
    the(page, "output").scroll_into_view_if_needed()
    page.mouse.move(*centre(page, "output", 9, 4, 3))
    assert state(page)["at"] == {"of": "output", "i": 4 * 9 + 3}
    assert news(page) == (
        "Output, row 4, column 3: 2 stamps reach it, from rows 1 to 2 and column 1 of the input. Sum: 2."
    )
    before = shades(page, "output", 9)
    page.mouse.move(*centre(page, "output", 9, 4, 4))
    assert "4 stamps reach it, from rows 1 to 2 and columns 1 to 2" in news(page)
    assert shades(page, "output", 9) == before, "looking changes no number"
    the(page, "output").focus()
    page.keyboard.press("ArrowLeft")
    assert news(page).startswith("Output, row 4, column 3: 2 stamps")
    slide(page, "kernel", 1)
    page.mouse.move(*centre(page, "output", 7, 1, 1))
    assert news(page) == "Output, row 1, column 1: no stamp reaches it."
    assert "1, 0, 1, 0, … stamps. There are gaps." in the(page, "rule").inner_text()


def test_the_stamps_come_one_by_one(visit):
    page = visit(PAGE)
    the(page, "skip").click()
    page.get_by_label("number of stamps").check()
    for count in range(1, 17):
        the(page, "next").click()
        first = (torch.arange(16) < count).float().view(4, 4)
        y = torch_stamp(layer_of(page), first, torch.ones(3, 3)).flatten().tolist()
        stamps = "stamp" if count == 1 else "stamps"
        assert the(page, "title").inner_text() == f"Output, 9 × 9, after {count} {stamps} of 16"
        seen = shades(page, "output", 9)
        assert len({(a, b) for a, b in zip(seen, y)}) == len(set(y)) == len(set(seen)), count
    the(page, "next").click()
    assert state(page)["done"] == 1, "it begins again"
    the(page, "all").click()
    assert the(page, "title").inner_text() == "Output, 9 × 9"


def test_padding_gives_way_before_nothing_is_left(visit):
    page = visit(PAGE)
    the(page, "skip").click()
    for name, value in (("side", 1), ("padding", 1), ("kernel", 2)):
        slide(page, name, value)
    assert layer_of(page) == {"kernel": 2, "stride": 2, "padding": 0, "side": 1}
    assert news(page) == "A padding of 1 would cut away the whole output, so padding is 0."


def test_the_networks_own_shapes(visit):
    page = visit(PAGE)
    for net, sides, kernel in (("book", [1, 3, 6, 13, 28], 3), ("even", [1, 3, 6, 14, 28], 4)):
        page.locator(f"#stamping-demo [name=stamping-net][value={net}]").check()
        assert not the(page, "own").is_visible()
        assert " → ".join(map(str, sides)) in the(page, "about").inner_text()
        third = torch_stamp({"stride": 2, "padding": 0}, torch.ones(6, 6), torch.ones(kernel, kernel))
        words = page.locator("#stamping-demo .stamping-map p").all_inner_texts()
        assert words[3] == f"6 → {sides[3]}: kernel {kernel}, stride 2. 1, 2, 4 stamps a cell."
        assert ("padding 1" in words[4]) == (net == "even")
        seen, counts = shades(page, "map-3", sides[3], at=0.5), third.flatten().tolist()
        assert len(set(zip(seen, counts))) == len(set(counts)) == len(set(seen)) == 3
        the(page, "map-4").scroll_into_view_if_needed()
        page.mouse.move(*centre(page, "map-4", 28, 14, 10))
        told = news(page)
        assert told.startswith("Side 28, row 14, column 10: 4 stamps.") and f"2 × 2 of side {sides[3]}" in told
        the(page, "map-3").focus()
        page.keyboard.press("ArrowRight")
        middle = sides[3] // 2
        assert f"Side {sides[3]}, row {middle}, column {middle + 1}:" in news(page)
        page.mouse.move(0, 0)


# ---------------------------------------------------------------------------------------------- links that set a state


def links() -> dict[str, str]:
    """The links to a state of the explorable: state -> words, of all cells of the chapter."""
    return {state: words for words, state in tries(prose(CHAPTER), "stamping").items()}


def even_row(page):
    assert {torch_stamp(layer_of(page), torch.ones(4, 4), torch.ones(4, 4))[4, 4].item()} == {4.0}
    assert "each pixel of a row gets 2 stamps" in the(page, "rule").inner_text()
    seen = torch.tensor([hash(shade) for shade in shades(page, "output", 10)]).view(10, 10)
    assert len(seen[2:8, 2:8].unique()) == 1 < len(seen.unique()), "four everywhere inside, fewer at the border"


def gaps(page):
    assert "gaps" in the(page, "rule").inner_text()
    the(page, "output").focus()
    counts = torch_stamp(layer_of(page), torch.ones(4, 4), torch.ones(2, 2))
    assert (counts[2::3] == 0).all() and (counts[:, 2::3] == 0).all() and counts.max() == 1


def even_sums(page):
    said = the(page, "rule").inner_text()
    assert "checkerboard. With these weights, and all inputs 1, every pixel away from the border has the sum 4." in said
    weights = torch.tensor(state(page)["weights"]).float().view(3, 3)
    assert weights[1, 1] == weights.max() > weights[0, 0] and weights.unique().numel() == 3
    y = torch_stamp(layer_of(page), torch.ones(4, 4), weights)
    assert y[2:7, 2:7].unique().tolist() == [4]


def walk(page):
    assert the(page, "net").is_visible() and page.locator("#stamping-demo .stamping-map").count() == 5
    page.mouse.move(*centre(page, "map-4", 28, 20, 20))
    assert news(page).startswith("Side 28, row 20, column 20") and "1 × 1 of side 1" in news(page)


# What the sentence around each link promises, for the state that it opens.
PROMISES = {
    "stamping:kernel=4,stride=2": even_row,
    "stamping:kernel=2,stride=3": gaps,
    "stamping:kernel=3,stride=2,weights=121242121": even_sums,
    "stamping:net=book": walk,
}


def test_every_link_of_the_chapter_has_a_promise():
    assert set(links()) == set(PROMISES)


# The page has stopped scrolling: it stands where it stood at the last question.
SETTLED = "() => { const before = window.seenAt; window.seenAt = scrollY; return before === scrollY; }"


def test_a_link_keeps_what_its_sentence_promises(visit):
    page = visit(PAGE)
    for target, promise in PROMISES.items():
        link = page.locator(f'a.try[href="#{target}"]')  # the address that a reader can copy
        asked = dict(pair.split("=") for pair in target.partition(":")[2].split(","))
        for _ in range(2):  # a second time, after something was changed
            link.click()
            page.wait_for_function("ganbook.stampingDemo.state.ask === 'no'")
            now = state(page)
            assert all(str(now[key]) == asked[key] for key in ("kernel", "stride", "net") if key in asked), target
            assert page.locator("figure:has(#stamping-demo)").evaluate("e => e === document.activeElement")
            page.wait_for_function(SETTLED, polling=100)
            assert -5 < page.locator("figure:has(#stamping-demo)").bounding_box()["y"] < 300, "it is in sight"
            assert not the(page, "question").is_visible()
            promise(page)
            page.locator("#stamping-demo [name=stamping-net][value=own]").check()
            the(page, "another").click()


def test_the_address_follows_and_a_copied_link_opens_the_same_experiment(visit):
    page = visit(PAGE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    the(page, "skip").click()
    for name, value in (("kernel", 5), ("stride", 3), ("padding", 1), ("side", 3)):
        slide(page, name, value)
    the(page, "input").focus()
    page.keyboard.press("7")
    page.wait_for_function("location.hash.includes('input=')")
    assert page.evaluate("location.hash") == "#stamping:kernel=5,stride=3,padding=1,side=3,input=111171111"
    page.get_by_label("number of stamps").check()
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#stamping-demo [data-part=copied]').value")
    copied = page.evaluate("navigator.clipboard.readText().catch(() => null)") or the(page, "copied").input_value()
    assert copied.endswith("input=111171111,show=count") and "link" in news(page)
    assert page.url == copied
    kept = ("kernel", "stride", "padding", "side", "input", "weights", "show", "net")
    before = {key: state(page)[key] for key in kept}
    page.wait_for_load_state("networkidle")
    page.reload()
    page.wait_for_selector("#stamping-demo[data-state=ready]")
    assert {key: state(page)[key] for key in kept} == before and state(page)["ask"] == "no"
    assert news(page).startswith("The link asks for kernel 5, stride 3")


def test_where_copying_is_not_allowed_the_link_can_be_read(visit):
    page = visit(PAGE)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    the(page, "skip").click()
    the(page, "copy").click()
    field = the(page, "copied")
    field.wait_for(state="visible")
    assert field.input_value() == page.url and "copy it from there" in news(page)
    assert field.evaluate("e => e.selectionEnd - e.selectionStart === e.value.length")


def test_an_address_with_nonsense_changes_nothing_and_says_why(visit):
    page = visit(PAGE)
    the(page, "skip").click()
    slide(page, "kernel", 4)
    the(page, "input").focus()
    page.keyboard.press("5")
    before = state(page)
    wrong = {
        "kernel=9": "kernel is a whole number from 1 to 6",
        "kernel=1,padding=1,side=1": "cuts away the whole output",
        "kernel=2,weights=123": "side of 2 needs 4",
        "side=2,input=11111": "side of 2 needs 4",
    }
    for text, told in wrong.items():
        page.evaluate("hash => { location.hash = hash; }", f"stamping:{text}")
        page.wait_for_function(
            "told => document.querySelector('#stamping-demo [data-part=news]').textContent.includes(told)", arg=told
        )
        assert news(page).startswith("The link cannot be followed.") and state(page) == before


def test_a_link_with_ask_covers_the_answer(visit):
    page = visit(PAGE)
    page.evaluate("location.hash = 'stamping:kernel=5,stride=3,ask=yes'")
    page.wait_for_function("ganbook.stampingDemo.state.kernel === 5")
    assert the(page, "question").is_visible() and not the(page, "output").is_visible()
    assert the(page, "asked").inner_text().startswith("Kernel 5, stride 3")


# ----------------------------------------------------------------------------------------------- how it is for everyone


def test_an_answer_comes_within_a_tenth_of_a_second(visit):
    page = visit(PAGE)
    the(page, "skip").click()
    measured = """() => {
      const slide = (name, value) => {
        const input = document.querySelector(`#stamping-demo [data-part=${name}]`);
        const start = performance.now();
        input.value = value;
        input.dispatchEvent(new Event("input", {bubbles: true}));
        document.querySelector("#stamping-demo canvas").getContext("2d").getImageData(0, 0, 1, 1);
        return performance.now() - start;
      };
      const times = [];
      for (let i = 0; i < 10; i++) times.push(slide("kernel", 1 + (i % 6)), slide("side", 1 + (i % 5)));
      return times.sort((a, b) => a - b)[15];
    }"""
    assert page.evaluate(measured) < 100
    page.locator("#stamping-demo [name=stamping-net][value=book]").check()
    hovered = """() => {
      const map = document.querySelector("#stamping-demo [data-part=map-4]"), box = map.getBoundingClientRect();
      const times = [];
      for (let i = 0; i < 20; i++) {
        const start = performance.now();
        map.dispatchEvent(new PointerEvent("pointermove", {clientX: box.x + 9 * i + 3, clientY: box.y + 9 * i + 3}));
        map.querySelector("canvas").getContext("2d").getImageData(0, 0, 1, 1);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[15];
    }"""
    assert page.evaluate(hovered) < 100


def test_the_picture_says_what_pytorch_stamps():
    with Image.open(still.PICTURE) as image:
        info = image.info
    for kernel in still.KERNELS:
        layer = {"stride": still.STRIDE, "padding": 0}
        y = torch_stamp(layer, torch.ones(still.SIDE, still.SIDE), torch.ones(kernel, kernel))
        row = ", ".join(f"{v:.0f}" for v in y[len(y) // 2].tolist())
        assert f"an output of {len(y)} by {len(y)}; its middle row is {row}." in info["Description"]


def test_the_edition_links_to_the_states_of_the_text():
    reader, chapter = Plain(), nbformat.read(CHAPTER, as_version=4)
    cells = edition.edition(chapter, "03_dcgan", reader).cells
    [at] = [i for i, cell in enumerate(cells) if 'show_diagram("stamping")' in cell.source]
    assert cells[at + 1].source.startswith("**Figure.** Stamping")
    everything = "\n".join(cell.source for cell in cells)
    for target, words in links().items():
        assert f"[{words}]({reader.home}{PAGE}.html#{target})" in everything
    assert "{try}" not in everything


STICKS_OUT = """width => [...document.querySelectorAll('#fig-dcgan-stamping *')]
  .filter(e => e.checkVisibility() && !e.closest(".visually-hidden") && e.getBoundingClientRect().right > width + 1)
  .map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize(
    ("width", "options"),
    [(320, {"has_touch": True}), (1280, {"reduced_motion": "reduce"}), (390, {"forced_colors": "active"})],
    ids=["telephone", "calm", "forced colours"],
)
def test_nothing_sticks_out_and_axe_core_finds_nothing(visit, width, options):
    page = visit(PAGE, width=width, **options)
    for view in ("question", "own", "book"):
        if view == "own":
            the(page, "skip").click()
        if view == "book":
            page.locator("#stamping-demo [name=stamping-net][value=book]").check()
        assert page.evaluate(STICKS_OUT, width) == [], view
        small = """[...document.querySelectorAll("#stamping-demo :is(button, fieldset label, input[type=range])")]
          .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"""
        assert page.evaluate(small) == [], "too small for a thumb"
        # Forced colours are the system's, light here; the page's own switch does not choose them.
        schemes = ("light",) if "forced_colors" in options else ("light", "dark")
        axe_finds_nothing(page, "fig-dcgan-stamping", schemes)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.wait_for_timeout(200)
        assert page.evaluate(STICKS_OUT, width) == [], f"{view} at 200 % text"
        page.evaluate("document.documentElement.style.fontSize = ''")
    for name in ("input", "weights"):
        assert the(page, name).evaluate("e => getComputedStyle(e).touchAction") == "none"


def test_a_finger_stamps_and_paper_has_the_picture(visit):
    page = visit(PAGE, width=360, has_touch=True)
    the(page, "skip").tap()
    the(page, "input").scroll_into_view_if_needed()
    page.touchscreen.tap(*centre(page, "input", 4, 0, 3))
    assert state(page)["input"][3] == 2
    the(page, "output").scroll_into_view_if_needed()
    page.touchscreen.tap(*centre(page, "output", 9, 8, 8))
    assert news(page).startswith("Output, row 8, column 8: 1 stamp reaches it, from row 3 and column 3")
    paper_has_the_picture(page, "stamping", "fig-dcgan-stamping")


@pytest.mark.parametrize("wrong", ["kernel 4", "kernel 4 <nothing:kernel=4>", "kernel 4 <stamping>"])
def test_a_link_that_names_no_explorable_stops_the_build(wrong):
    from docutils import nodes
    from docutils.core import publish_doctree
    from docutils.parsers.rst import roles
    from explorable import Try

    roles.register_local_role("try", Try())
    settings = {"report_level": 5}
    [link] = publish_doctree(":try:`k = 4 <stamping:kernel=4>`", settings_overrides=settings).findall(nodes.raw)
    assert 'href="#stamping-here" data-state="stamping:kernel=4">k = 4</a>' in link.astext()
    [told] = publish_doctree(f":try:`{wrong}`", settings_overrides=settings).findall(nodes.system_message)
    assert told["type"] == "ERROR" and wrong in told.astext()
