"""The explorable of chapter 12, "The time machine": its generators and its numbers against PyTorch's on the same
weights, its links, and the page, driven with pointer and keys.

The arithmetic is asked of the scripts in book/_static/demos on an empty page; the page is that of `_build/html`
(`make book`).
"""

import base64
import gzip
import io
import json
import re
import zlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import needs_browser, page_with
from explorable_checks import (
    axe_finds_nothing,
    doubled,
    fits_a_telephone,
    paper_has_the_picture,
    prose,
    refused,
    spent_on,
    tries,
    wide,
)
from PIL import Image
from torch import Tensor

from ganbook.evaluation import judge
from ganbook.metrics.strokes import properties
from tools.site import stills
from tools.site import time_machine as times
from tools.site import times_still as still

PAGE = "notebooks/12_latent"
LABEL = "fig-latent-times"  # of the figure
AGAIN = "run `python -m tools.site.time_machine` and `python -m tools.site.times_still`"
STORED = json.loads(times.STORED.read_text(encoding="utf-8").split("ganbook.timesStored = ")[1].rstrip(";\n"))
STEPS = [step["step"] for step in STORED["steps"]]
HEAVY = 1_000_000  # bytes, compressed, that the page loads when the reader starts

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    names = ("inflate", "random", "generator", "times_stored", "times")
    with page_with(browser, [stills.DEMOS / f"{name}.js" for name in names]) as page:
        page.evaluate("ganbook.times.load(ganbook.timesStored).then(all => { window.networks = all; })")
        yield page


def floats(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


def torch_draws(step: int, z: Tensor, y: Tensor) -> Tensor:
    """The images of the stored generator of a step, by PyTorch's own transposed convolutions: z (n, z_dim), y (n,)."""
    kept = STORED["steps"][step]
    whole = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(kept["weights"]))), dtype=torch.int8).float()
    affine, labels = floats(kept["affine"]), F.one_hot(y, STORED["classes"]).float()
    x = torch.cat([z.float(), labels], 1)[:, :, None, None]
    for shape, scale in zip(STORED["layers"], kept["scales"]):
        c_in, c_out, k, rows = (shape[name] for name in ("c_in", "c_out", "kernel", "rows"))
        w, whole = whole[: c_in * c_out * k * k], whole[c_in * c_out * k * k :]
        weight = w.view(c_in, k, k, c_out).permute(0, 3, 1, 2) * scale
        (grow, add), affine = affine[: 2 * rows * c_out].view(2, rows, c_out), affine[2 * rows * c_out :]
        x = F.conv_transpose2d(x, weight, stride=shape["stride"], padding=shape["padding"])
        row = y if rows > 1 else torch.zeros_like(y)
        x = x * grow[row][:, :, None, None] + add[row][:, :, None, None]
        last = shape is STORED["layers"][-1]
        x = x.tanh() if last else x.relu()
    assert not len(whole) and not len(affine), "nothing is left over"
    return x


# ------------------------------------------------------------------------------------------------ the arithmetic


def test_the_page_draws_what_pytorch_draws_at_every_step(scripts):
    for step in range(len(STEPS)):
        found = scripts.evaluate(
            """([step, ys]) => ys.map(y => {
              const G = networks[step], z = ganbook.times.noise(G, y + 1, 1 + y % 3, y / 2 - 2);
              return {z: [...z], image: [...G.draw(z, y)]};
            })""",
            [step, list(range(10))],
        )
        z, ours = (torch.tensor([one[name] for one in found]) for name in ("z", "image"))
        expected = torch_draws(step, z, torch.arange(10)).flatten(1)
        assert ours.shape == (10, 784) and (ours - expected).abs().max() < 1e-4
        assert step == 0 or expected.std() > 0.01


def test_a_direction_moves_the_noise_along_a_unit_vector_and_the_three_are_orthogonal(scripts):
    made = """([number, way, amount]) => [...ganbook.times.noise(networks[0], number, way, amount)]"""
    base = torch.tensor(scripts.evaluate(made, [5, 1, 0]))
    assert base.shape == (STORED["z_dim"],) and 0.5 < base.std() < 1.5
    moved = torch.stack([torch.tensor(scripts.evaluate(made, [5, way, 2])) - base for way in (1, 2, 3)])
    assert torch.allclose(moved @ moved.T, 4 * torch.eye(3), atol=1e-4)
    assert not torch.allclose(base, torch.tensor(scripts.evaluate(made, [6, 1, 0])))


def test_the_properties_are_those_of_the_package(scripts):
    x = torch_draws(7, torch.randn(6, STORED["z_dim"], generator=torch.Generator().manual_seed(0)), torch.arange(6))
    found = [scripts.evaluate("x => ganbook.times.properties(x, 28)", image.flatten().tolist()) for image in x]
    for name, expected in properties(x).items():
        assert [one[name] for one in found] == pytest.approx(expected.tolist(), abs=2e-3), name


@pytest.mark.parametrize("step", [3, 4, 11])
def test_the_stored_numbers_are_what_the_stored_weights_give(step):
    """Measured again with PyTorch on the weights of the file, by other lines than those that wrote it."""
    z, y = times.noises()
    x = torch_draws(step, z, y)
    named = judge.judged(judge.load(), judge.at_judges_size(x))[1].argmax(1)
    assert STORED["steps"][step]["read"] == pytest.approx(100 * (named == y).float().mean().item(), abs=0.51)
    for way, direction in enumerate(STORED["directions"]):
        vector = floats(direction["vector"])
        for side, place in ((-1, 0), (1, 1)):
            moved = properties(torch_draws(step, z + side * STORED["reach"] * vector, y))
            for name, values in moved.items():
                assert STORED["steps"][step]["ends"][way][name][place] == pytest.approx(values.mean().item(), abs=0.06)


def test_the_file_belongs_to_todays_settings_and_is_small():
    assert tuple(STEPS) == times.STEPS and STORED["seed"] == times.SEED, AGAIN
    assert STORED["z_dim"] == times.recipe().G.keywords["z_dim"] and len(STORED["directions"]) == times.WAYS
    assert len(gzip.compress(times.STORED.read_bytes())) < HEAVY


def test_eight_bits_change_a_generator_little():
    """`rounded` on a generator with drawn weights: the bytes are its weights, within half a step, and it keeps them."""
    G, _ = times.recipe().networks(3)
    before = [layer.weight.detach().clone() for layer, _, _ in times.convolutions(G.net)]
    content, scales = times.rounded(G)
    whole = torch.frombuffer(bytearray(content), dtype=torch.int8).float()
    assert len(whole) == sum(w.numel() for w in before) and whole.abs().max() == 127
    for w, scale, (layer, _, _) in zip(before, scales, times.convolutions(G.net)):
        part, whole = whole[: w.numel()], whole[w.numel() :]
        kept = part.view(*w.permute(0, 2, 3, 1).shape).permute(0, 3, 1, 2) * scale
        assert (kept - w).abs().max() <= scale / 2 + 1e-7 and torch.allclose(kept, layer.weight)


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#times-demo [data-part={part}]")


def state(page) -> dict:
    return page.evaluate("(({networks, ...rest}) => rest)(ganbook.timesDemo.state)")


def started(page):
    page.wait_for_selector("#times-demo[data-loaded=yes]")
    return page


def running(visit, **options):
    page = visit(PAGE, **options)
    the(page, "question").get_by_role("button", name="Start without a guess").click()
    return started(page)


def read_canvas(page, part: str) -> np.ndarray:
    url = the(page, part).evaluate("canvas => canvas.toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
        return np.array(image.convert("L")).astype(float)


def drawn(page, step: int, amount: float) -> Tensor:
    """What PyTorch draws for the page's noise, digit and direction."""
    z = page.evaluate(
        "amount => { const {networks, noise, way} = ganbook.timesDemo.state;"
        "return [...ganbook.times.noise(networks[0], noise, way, amount)]; }",
        amount,
    )
    return torch_draws(step, torch.tensor([z]), torch.tensor([state(page)["digit"]]))


def agrees(page) -> None:
    """The digit and the numbers are PyTorch's and the file's."""
    now = state(page)
    image = drawn(page, now["step"], now["amount"])
    assert abs(read_canvas(page, "digit") - ((image[0, 0] + 1) * 127.5).numpy()).max() <= 1.5
    kept, prop = STORED["steps"][now["step"]], STORED["directions"][now["way"] - 1]["property"]
    assert the(page, "read").inner_text() == f"{kept['read']} in 100"
    ends = re.findall(r"-?\d+\.\d", the(page, "effect").inner_text().replace("−", "-"))
    assert [float(end) for end in ends] == kept["ends"][now["way"] - 1][prop]
    [here] = re.findall(r"-?\d+\.\d", the(page, "this").inner_text().replace("−", "-"))
    assert float(here) == pytest.approx(properties(image)[prop].item(), abs=0.06)


def test_nothing_heavy_is_loaded_before_the_reader_starts(visit):
    page = visit(PAGE)
    assert not any("times_stored" in url for url in page.files)
    assert not page.locator("#fig-latent-times > img").is_visible(), "the still picture answers the question"
    assert the(page, "question").is_visible() and not the(page, "machine").is_visible()
    the(page, "question").get_by_role("button", name="While digits become readable").click()
    started(page)
    assert sum("times_stored" in url for url in page.files) == 1
    assert not page.locator("#fig-latent-times > img").is_visible() and the(page, "machine").is_visible()
    assert not the(page, "question").is_visible()


@pytest.mark.parametrize(
    "guess", ["Before digits can be read", "While digits become readable", "Start without a guess"]
)
def test_the_answer_to_the_guess_follows_from_what_was_measured(visit, guess):
    page = visit(PAGE)
    the(page, "question").get_by_role("button", name=guess).click()
    started(page)
    said = the(page, "answer").inner_text()
    first = next(i for i, step in enumerate(STORED["steps"]) if step["read"] > 50)
    spans = [high - low for low, high in (step["ends"][0]["slant"] for step in STORED["steps"])]
    assert f"At step {STEPS[first]:,} the judge reads {STORED['steps'][first]['read']} digits in 100" in said
    assert f"by {spans[first]:.0f}° of its final {spans[-1]:.0f}°" in said and f"by {spans[first - 1]:.0f}°." in said
    assert spans[first - 1] < 0.1 * spans[-1] < 0.3 * spans[-1] < spans[first] < 0.5 * spans[-1], (
        "neither before nor after"
    )
    assert ("This is what you predicted." in said) == (guess == "While digits become readable")
    assert ("predicted" in said) == (guess != "Start without a guess")
    the(page, "step").press("Home")
    assert the(page, "answer").inner_text() == said, "it stays"


def test_sliders_and_directions_lead_everywhere(visit):
    page = running(visit)
    agrees(page)
    for part, key in (("step", "Home"), ("step", "ArrowRight"), ("label", "End"), ("noise", "End"), ("amount", "Home")):
        the(page, part).press(key)
        agrees(page)
    now = state(page)
    assert (now["step"], now["digit"], now["noise"], now["amount"]) == (1, 9, 40, -3)
    the(page, "step").press("End")
    for way in (2, 3):
        the(page, "ways").locator(f"[value='{way}']").check()
        the(page, "amount").press("ArrowRight")
        agrees(page)
    assert the(page, "step").get_attribute("aria-valuetext") == "step 6,000"
    assert the(page, "amount").get_attribute("aria-valuetext") == "−2"
    assert "ordered: 9" in the(page, "digit").get_attribute("aria-label")


def mapped(page) -> None:
    page.wait_for_function("document.querySelector('#times-demo').dataset.mapped == ganbook.timesDemo.state.map")


def test_the_map_has_every_step_and_a_pointer_goes_where_it_points(visit):
    page = running(visit)
    the(page, "label").press("Home")
    mapped(page)
    image = read_canvas(page, "map")
    assert image.shape == (5 * 28, 12 * 28)
    for step, row in ((0, 0), (4, 1), (11, 4), (8, 2)):
        tile = image[28 * row : 28 * row + 28, 28 * step : 28 * step + 28]
        expected = (drawn(page, step, (3, 1.5, 0, -1.5, -3)[row])[0, 0] + 1) * 127.5
        assert abs(tile - expected.numpy()).max() <= 1.5
    the(page, "square").scroll_into_view_if_needed()
    box = the(page, "square").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 4.5 / 12, box["y"] + box["height"] * 0.5 / 5)
    page.mouse.down()
    assert (state(page)["step"], state(page)["amount"]) == (4, 3)
    agrees(page)
    page.mouse.move(box["x"] + box["width"] * 20, box["y"] + box["height"] * 4.5 / 5, steps=2)
    page.mouse.up()
    assert (state(page)["step"], state(page)["amount"]) == (11, -3)
    mark = the(page, "cursor").bounding_box()
    assert mark["x"] == pytest.approx(box["x"] + box["width"] * 11 / 12, abs=2)
    assert mark["y"] == pytest.approx(box["y"] + box["height"] * 4 / 5, abs=2)


def test_an_input_is_answered_within_a_tenth_of_a_second_and_leaves_nothing_behind(visit):
    """In time of the processor, with the part of the map that is drawn before the next input."""
    page = running(visit)
    many = """async () => {
      for (const [part, most] of [["step", 12], ["label", 10], ["noise", 10]]) {
        const slider = document.querySelector(`#times-demo [data-part=${part}]`);
        for (let i = 0; i < most; i++) {
          slider.value = i;
          slider.dispatchEvent(new Event("input", {bubbles: true}));
          await new Promise(requestAnimationFrame);
        }
      }
    }"""
    page.evaluate(many)
    session = page.context.new_cdp_session(page)
    count = "document.querySelectorAll('#times-demo *').length"

    def kept() -> float:
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"]

    nodes, before = page.evaluate(count), kept()
    each = spent_on(page, many) / 32
    assert 0 < each < 0.1, f"{1000 * each:.0f} ms for an input"
    assert page.evaluate(count) == nodes and kept() < before + 1e6, "bytes"
    print(f"{1000 * each:.0f} ms for an input")


def test_the_numbers_are_spoken_when_the_hand_rests(visit):
    page = running(visit)
    the(page, "step").press("Home")
    page.wait_for_function("document.querySelector('#times-demo [data-part=spoken]').textContent.startsWith('Step 0')")
    said = the(page, "spoken").text_content()
    assert f"The judge reads {STORED['steps'][0]['read']} in 100" in said and "Direction leans right" in said


def test_what_cannot_be_loaded_is_said_and_can_be_tried_again(visit):
    page = visit(PAGE)
    page.evaluate("ganbook.page.load = undefined; ganbook.timesStored = {steps: []}")
    the(page, "question").get_by_role("button", name="Start without a guess").click()
    page.wait_for_function(
        "document.querySelector('#times-demo [data-part=news]').textContent.includes('could not start')"
    )
    assert the(page, "question").is_visible() and page.locator("#fig-latent-times > img").is_visible()
    assert the(page, "question").get_by_role("button", name="Start without a guess").is_enabled()


# ------------------------------------------------------------------------------------ states, and what the text says

TEXT = prose(stills.ROOT / f"{PAGE}.ipynb")
FLAT = " ".join(TEXT.split())
TRIES = tries(TEXT, "times")
SPANS = [[step["ends"][way]["slant" if way == 0 else "width"] for step in STORED["steps"]] for way in (0, 1)]


def span(way: int, step: int) -> float:
    low, high = SPANS[way][STEPS.index(step)]
    return high - low


def opened(visit, words: str):
    """The page after a click on one of the text's links, which starts the machine."""
    page = visit(PAGE, equations=True)
    page.evaluate("MathJax.startup.promise.then(() => 0)")  # formulas that grow later would move the figure away
    page.get_by_role("link", name=words, exact=True).click()
    started(page)
    seen = "r => r.top < innerHeight && r.bottom > 0"
    page.wait_for_function(f"({seen})(document.querySelector('#fig-latent-times').getBoundingClientRect())")
    fields = dict(part.split("=") for part in TRIES[words].partition(":")[2].split(","))
    step = STEPS.index(int(fields.pop("step")))
    page.wait_for_function("step => ganbook.timesDemo.state.step === step", arg=step)
    assert {name: state(page)[name] for name in fields} == {name: float(value) for name, value in fields.items()}
    agrees(page)
    return page


def test_the_text_has_four_links_and_a_test_for_each():
    assert list(TRIES) == ["Step 300", "Step 500", "Step 6,000", "The second direction"]


def test_at_step_300_there_is_no_digit_and_hardly_a_direction(visit):
    page = opened(visit, "Step 300")
    assert the(page, "answer").inner_text() == "", "a link does not give the answer away"
    assert "the first direction changes the slant by 3 degrees" in FLAT and span(0, 300) == pytest.approx(3, abs=0.5)
    assert the(page, "read").inner_text() == "10 in 100", "as by chance"


def test_at_step_500_most_digits_are_read_and_lean(visit):
    page = opened(visit, "Step 500")
    assert "reads 65 digits in 100" in FLAT and the(page, "read").inner_text() == "65 in 100"
    assert "the direction changes the slant by 19 degrees" in FLAT and span(0, 500) == pytest.approx(19, abs=0.5)


def test_at_step_6000_the_slant_changes_by_55_degrees(visit):
    opened(visit, "Step 6,000")
    assert "At step 6,000 the change is 55 degrees" in FLAT and span(0, 6000) == pytest.approx(55, abs=0.5)
    shares = [[span(way, step) / span(way, 6000) for step in STEPS] for way in (0, 1)]
    assert "more than half of it was there at step 700" in FLAT and shares[0][STEPS.index(700)] > 0.5
    assert "it comes at about the same time" in FLAT and np.abs(np.subtract(*shares)).max() < 0.15


def test_the_second_direction_widens_the_digits(visit):
    page = opened(visit, "The second direction")
    assert STORED["directions"][1]["name"] == "wider" and span(1, 6000) > 2
    wide = float(re.search(r"[\d.]+", the(page, "this").inner_text())[0])
    the(page, "amount").press("Home")
    assert float(re.search(r"[\d.]+", the(page, "this").inner_text())[0]) < wide
    agrees(page)


def test_the_address_follows_the_reader_and_a_copied_link_opens_the_same_digit(visit):
    page = running(visit, permissions=["clipboard-read", "clipboard-write"])
    assert "#" not in page.url
    the(page, "noise").press("End")
    the(page, "step").press("ArrowLeft")
    page.wait_for_function("location.hash.includes('noise=40')")
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#times-demo [data-part=copied]').value")
    tab = page.context.new_page()
    tab.goto(the(page, "copied").input_value())
    started(tab)
    tab.wait_for_function("ganbook.timesDemo.state.noise === 40")
    apart = {"map": 0, "guess": ""}  # what a link does not carry
    assert {**state(tab), **apart} == {**state(page), **apart}


def test_an_address_with_nonsense_says_so_and_changes_nothing(visit):
    page = visit(PAGE)
    wrong = {
        "step=250": "step is one of 0, 100, 200",
        "digit=10": "digit is a whole number from 0 to 9",
        "noise=0": "noise is a whole number from 1 to 40",
        "amount=3.5": "amount is a number from -3 to 3",
        "time=3": "there are only step, digit, noise, way, amount",
    }
    for _ in refused(page, "times", wrong):
        pass
    assert not the(page, "machine").is_visible() and not any("times_stored" in url for url in page.files)


# -------------------------------------------------------------------------------- without scripts, on paper, elsewhere


def test_the_picture_says_what_was_measured():
    with Image.open(still.PICTURE) as image:
        info = image.info
    said = re.findall(
        r"step ([\d,]+): (\d+) in 100 read as ordered, the slant changes by (\d+) degrees", info["Description"]
    )
    assert [int(step.replace(",", "")) for step, _, _ in said] == list(still.SEEN)
    for step, read, degrees in said:
        place = STEPS.index(int(step.replace(",", "")))
        assert int(read) == STORED["steps"][place]["read"] and abs(int(degrees) - span(0, STEPS[place])) < 0.51


def test_on_a_telephone_nothing_sticks_out_axe_core_finds_nothing_and_paper_has_the_picture(visit):
    page = visit(PAGE, width=320)
    for begun in (False, True):
        if begun:
            the(page, "question").get_by_role("button", name="Start without a guess").click()
            started(page)
        fits_a_telephone(page, "times", "button, fieldset label, input[type=range]")
        axe_finds_nothing(page, LABEL)
    assert the(page, "square").evaluate("e => getComputedStyle(e).touchAction") == "pan-y"
    doubled(page)
    assert wide(page, "times") == [], "text of double size"
    paper_has_the_picture(page, "times", LABEL)


def test_in_forced_colours_the_cursor_is_seen(visit):
    page = running(visit, forced_colors="active")
    border, paper = page.evaluate(
        """[getComputedStyle(document.querySelector("#times-demo [data-part=cursor]")).borderTopColor,
            getComputedStyle(document.querySelector("#times-demo [data-part=square]")).backgroundColor]"""
    )
    assert border != paper
