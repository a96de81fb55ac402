"""The trainer of the front page: its arithmetic against PyTorch's, and the page, driven with clicks and keys.

The arithmetic is asked of the scripts in book/_static/demos on an empty page; the page is that of `_build/html`
(`make book`).
"""

import base64
import zlib
from pathlib import Path

import pytest
import torch
from conftest import needs_browser, page_with
from explorable_checks import anew, violations
from torch import nn
from torch.nn.utils import parameters_to_vector

from tools.site import front_digits, front_twin

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "book" / "_static" / "demos"
SCRIPTS = ("random", "network", "product", "layers", "trainer")

pytestmark = needs_browser


@pytest.fixture(scope="module")
def scripts(browser):
    """An empty page with the scripts that train."""
    with page_with(browser, [DEMOS / f"{name}.js" for name in SCRIPTS]) as page:
        yield page


# ---------------------------------------------------------------------------------------------------------- arithmetic

# c = A B, where `turned` says which of a and b is given as its transpose.
PRODUCT = """({a, b, n, m, k, turned, vectors}) => {
  const space = new ganbook.Workspace(200000, vectors), c = space.take(n * m), rest = space.take(8).fill(7);
  const [left, right] = [a, b].map(x => { const kept = space.take(x.length); kept.set(x); return kept; });
  space.product(c, left, right, n, m, k, turned);
  return {c: [...c], rest: [...rest], fast: space.fast !== null};
}"""
SHAPES = [(16, 24, 24), (4, 8, 1), (7, 9, 5), (13, 36, 33), (1, 40, 9), (5, 1, 30), (50, 11, 3)]


@pytest.mark.parametrize("vectors", [True, False], ids=["vectors", "plain"])
def test_products_are_those_of_pytorch(scripts, vectors):
    """Also of shapes that are no multiples of the tiles; and nothing behind the result is touched."""
    for n, m, k in SHAPES:
        for turned in ("", "a", "b", "ab"):
            a, b = torch.randn(n, k), torch.randn(k, m)
            given = {"a": (a.T if "a" in turned else a).flatten().tolist()}
            given["b"] = (b.T if "b" in turned else b).flatten().tolist()
            ours = scripts.evaluate(PRODUCT, {**given, "n": n, "m": m, "k": k, "turned": turned, "vectors": vectors})
            expected = (a.double() @ b.double()).float()
            assert ours["fast"] == vectors, "this browser has vectors of four numbers"
            assert torch.allclose(torch.tensor(ours["c"]).view(n, m), expected, atol=1e-4), (n, m, k, turned)
            assert ours["rest"] == [7] * 8, "wrote behind the result"


STEPS = 12
TRAIN = """({steps, update, vectors, ...given}) => {
  const read = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  const write = numbers => {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
    return btoa(Array.from({length: bytes.length / 4096 + 1},
      (_, i) => String.fromCharCode(...bytes.subarray(4096 * i, 4096 * i + 4096))).join(""));
  };
  const [g, d, z, x] = ["g", "d", "z", "x"].map(name => read(given[name]));
  const settings = {rateD: ganbook.PLAN.rate, rateG: ganbook.PLAN.rate, update};
  const data = {digits: Uint8Array.from(x, Math.round), white: 15};
  const t = new ganbook.Trainer(data, settings, 0, ganbook.PLAN, vectors);
  let at = 0, next = 0;
  t.draws = {normals: n => Float64Array.from(z.slice(at, at += n)), below: () => next++};
  t.G.values.set(g), t.D.values.set(d), t.average.values.set(g);
  const curve = [];
  for (let i = 0; i < steps; i++) curve.push(t.round());
  const images = [...t.look()], shown = [...t.shown];
  const statistics = t.average.layers.filter(l => l.unit).flatMap(l => [...l.mean, ...l.variance]);
  return {curve, left: [z.length - at, x.length - 196 * next], G: write(t.G.values), D: write(t.D.values),
          average: write(t.average.values), ...{statistics, images, shown}};
}"""


def packed(x: torch.Tensor) -> str:
    """Numbers as base64 of float32, which is quicker to hand over than a list."""
    return base64.b64encode(x.float().numpy().tobytes()).decode()


def unpacked(text: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32).double()


def flat(network: nn.Module) -> torch.Tensor:
    return parameters_to_vector(network.parameters()).detach().double()


@pytest.fixture(scope="module")
def digits() -> torch.Tensor:
    """The page's digits for STEPS steps."""
    return front_digits.images("train", STEPS * int(front_twin.PLAN["m"])).double()


@pytest.mark.parametrize("vectors", [True, False], ids=["vectors", "plain"])
@pytest.mark.parametrize("update", ["both", "D", "G"])
def test_the_first_steps_are_those_of_pytorch(scripts, digits, update, vectors):
    """From the same weights, on the same noise and images: losses, D's answers, weights, the average, and the mean and
    variance of its BatchNorm. PyTorch computes in float64, the page in float32."""
    torch.manual_seed(0)
    m, noise = int(front_twin.PLAN["m"]), int(front_twin.PLAN["noise"])
    G, D = (network.double() for network in front_twin.networks())
    with torch.no_grad():
        for layer in (layer for layer in G.modules() if isinstance(layer, nn.BatchNorm1d)):
            layer.weight.uniform_(0.5, 1.5)
            layer.bias.normal_(0, 0.3)
    start = {"G": flat(G), "D": flat(D)}
    z = torch.randn(2 * STEPS, m, noise, dtype=torch.float64)
    twin, draws = front_twin.Twin(G, D), iter(z)
    players = "DG" if update == "both" else update
    theirs = [twin.step(part, lambda: next(draws), players) for part in digits.split(m)]
    ours = scripts.evaluate(
        TRAIN,
        {
            **{"g": packed(start["G"]), "d": packed(start["D"]), "z": packed(z), "x": packed((digits + 1) * 7.5)},
            **{"steps": STEPS, "update": update, "vectors": vectors},
        },
    )
    assert ours["left"] == [0, 0], "every draw is used, and none is left"
    for row, expected in zip(ours["curve"], theirs):
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=2e-4)
    for name, network in (("G", G), ("D", D)):
        moved = unpacked(ours[name])
        if name not in players:
            assert torch.equal(moved, start[name].float().double()), f"{name} should stand still"
            continue
        far = (flat(network) - start[name]).norm()
        assert far > 0.5 and (moved - flat(network)).norm() < 5e-3 * far
    average, shown = flat(twin.average), torch.tensor(ours["shown"], dtype=torch.float64).view(-1, noise)
    assert (unpacked(ours["average"]) - average).norm() < 1e-4 * average.norm()
    settled = twin.settled(shown)
    norms = [layer for layer in settled.modules() if isinstance(layer, nn.BatchNorm1d)]
    statistics = torch.cat([torch.cat([layer.running_mean, layer.running_var]) for layer in norms])
    assert torch.allclose(torch.tensor(ours["statistics"]).double(), statistics, atol=2e-3)
    batch = twin.average.train()(shown)[:16].detach()
    assert torch.allclose(torch.tensor(ours["images"]).view(16, 1, 14, 14).double(), batch, atol=2e-3)


# ---------------------------------------------------------------------------------------------------------------- data


def test_the_stored_digits_are_those_of_the_package():
    stored = front_digits.PATH.read_text(encoding="utf-8")
    again = "run `python -m tools.site.front_digits`"
    head, text, tail = stored.split('"')[0], stored.split('"')[1], stored.split('"')[2]
    assert (head, tail) == tuple(part for i, part in enumerate(front_digits.script(2).split('"')) if i != 1), again
    pairs = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=torch.uint8)
    levels = torch.stack([pairs // 16, pairs % 16], 1).view(-1, 14, 14)
    expected = front_digits.images("train", front_digits.COUNT)
    assert torch.equal(levels[:, None].float() * 2 / 15 - 1, expected), again
    assert front_digits.PATH.stat().st_size < 600_000


# ------------------------------------------------------------------------------------------------- the page, by hand


def the(page, part: str):
    return page.locator(f"#front-trainer [data-part={part}]")


def begin(page, steps: int = 20):
    """Click, and wait until so many steps are made."""
    page.get_by_role("button", name="Train a GAN").click()
    reached(page, steps)


def reached(page, step: int) -> None:
    page.wait_for_function(
        "step => ganbook.frontTrainer.last && ganbook.frontTrainer.last.step >= step", arg=step, polling=50
    )


def images(page) -> torch.Tensor:
    """The sixteen images of the last report."""
    return torch.tensor(page.evaluate("[...ganbook.frontTrainer.last.images]")).view(16, 14, 14)


def stopped(page) -> int:
    """The step at which the training stands still."""
    page.evaluate(WEIGHTS)  # the orders before this one are carried out
    return page.evaluate("ganbook.frontTrainer.last.step")


# Both networks and the average, as the worker has them now, each as one number that changes with any weight.
WEIGHTS = """() => new Promise(done => {
  const sum = values => values.reduce((total, value, i) => total + value * Math.sin(i + 1), 0);
  const hear = ({data}) => {
    if (!data.weights) return;
    ganbook.frontTrainer.worker.removeEventListener("message", hear);
    const sums = Object.entries(data.weights).map(([name, values]) => [name, sum(Float64Array.from(values))]);
    done({step: data.step, ...Object.fromEntries(sums)});
  };
  ganbook.frontTrainer.worker.addEventListener("message", hear);
  ganbook.frontTrainer.worker.postMessage({do: "weights"});
})"""
# What the last report says is on the canvas after a frame.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
DIGITS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)"""


def test_a_click_trains_a_gan(visit):
    """Nothing of it is loaded before; then digits, curves and numbers appear in the place of the film."""
    page = visit("index")
    film, loads = page.locator(".front-film"), ("front_worker.js", "front_digits.js")
    assert film.is_visible() and not the(page, "trainer").is_visible()
    assert not [url for url in page.files if url.endswith(loads)], "loaded before anybody asked for it"
    begin(page, 0)
    noise = images(page)
    reached(page, 400)
    page.get_by_role("button", name="Pause").click()
    step = stopped(page)
    page.evaluate(DRAWN)
    assert len([url for url in page.files if url.endswith(loads)]) == 2
    assert not film.is_visible() and not the(page, "offer").is_visible() and the(page, "trainer").is_visible()
    digits = torch.tensor(the(page, "digits").evaluate(DIGITS)).float().view(59, 59)
    corner, middle = (digits.unfold(0, 14, 15).unfold(1, 14, 15)[..., i : i + 4, i : i + 4].mean() for i in (0, 5))
    assert middle > 60 > 20 > corner, "white strokes on black paper"
    squares = torch.stack([*digits.unfold(0, 14, 15).unfold(1, 14, 15).flatten(0, 1)])
    assert (squares - (images(page) + 1) * 127.5).abs().max() < 1, "what is seen is what G makes"
    assert (images(page) - noise).abs().mean() > 0.2
    assert int(the(page, "step").inner_text().replace(",", "")) == step >= 400
    assert float(the(page, "rate").inner_text()) > 20, "steps a second"
    curves = page.evaluate("ganbook.frontTrainer.curves")
    assert [point["step"] for point in curves] == list(range(10, step + 1, 10))
    assert all(0 < point["real"] < 1 and 0 < point["fake"] < 1 for point in curves)
    for name, part in (("lossD", "lossDNow"), ("lossG", "lossGNow"), ("real", "realNow"), ("fake", "fakeNow")):
        assert float(the(page, part).inner_text()) == pytest.approx(curves[-1][name], abs=0.006)
    for part in ("losses", "answers"):
        assert the(page, part).evaluate(
            "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
        )


def test_the_trainer_by_keyboard(visit):
    page = visit("index")
    page.get_by_role("button", name="Train a GAN").focus()
    page.keyboard.press("Enter")
    reached(page, 10)
    play = page.get_by_role("button", name="Pause")
    assert play.evaluate("e => e === document.activeElement"), "the focus moves to what took the button's place"
    page.keyboard.press("Space")
    step = stopped(page)
    page.wait_for_timeout(300)
    assert stopped(page) == step, "it stands still"
    news = the(page, "news").inner_text()
    assert news.startswith("Paused.") and f"Step {step:,}." in news and "D(G(z))" in news
    for part in ("digits", "losses", "answers"):
        assert len(the(page, part).get_attribute("aria-label").split()) > 4
    assert f"Step {step:,}." in the(page, "digits").get_attribute("aria-label")
    page.keyboard.press("Space")
    reached(page, step + 10)
    order = []
    for _ in range(6):
        order.append(page.evaluate("[document.activeElement.dataset.part || document.activeElement.value]")[0])
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"the focus on {order[-1]} is not seen"
        page.keyboard.press("Tab")
    assert order == ["play", "again", "both", "rateD", "rateG", "seed"]
    page.locator("input[value=both]").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("only D").is_checked()
    assert the(page, "news").inner_text() == "Only D learns. G stands still."


def test_the_live_region_speaks_rarely(visit):
    page = visit("index")
    page.evaluate(
        """() => {
          window.spoken = [];
          const news = document.querySelector("#front-trainer [role=status]");
          new MutationObserver(() => spoken.push(news.textContent)).observe(news, {childList: true, subtree: true});
        }"""
    )
    begin(page, 100)
    assert page.evaluate("spoken") == ["Loading the digits.", "Training."]


def test_a_training_belongs_to_its_seed(visit):
    page, runs = visit("index"), []
    begin(page)
    for seed in ("3", "3", "4"):
        page.get_by_label("Seed").fill(seed)
        page.get_by_label("Seed").press("Enter")
        page.get_by_role("button", name="Start again").click()
        page.wait_for_function("ganbook.frontTrainer.last === null || ganbook.frontTrainer.curves.length < 5")
        reached(page, 50)
        runs.append(page.evaluate("ganbook.frontTrainer.curves.slice(0, 5)"))
    assert runs[0] == runs[1] and runs[0] != runs[2]
    assert [point["step"] for point in runs[2]] == [10, 20, 30, 40, 50], "it begins anew"


def test_a_link_carries_seed_rates_and_player(visit):
    page = visit("index", permissions=["clipboard-read", "clipboard-write"])
    begin(page)
    page.get_by_label("Learning rate of G").fill("0.003")
    page.get_by_label("Learning rate of G").press("Enter")
    page.get_by_label("only D").check()
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Seed").press("Enter")
    page.wait_for_function("location.hash === '#trainer:seed=7,update=D,rateG=0.003'")
    page.get_by_role("button", name="Start again").click()
    page.wait_for_function("ganbook.frontTrainer.last === null || ganbook.frontTrainer.curves.length < 5")
    reached(page, 50)
    page.get_by_role("button", name="Pause").click()
    stopped(page)
    the(page, "copy").click()
    page.wait_for_function("document.querySelector('#front-trainer [data-part=copied]').value")
    assert the(page, "copied").input_value() == page.url
    first = page.evaluate("ganbook.frontTrainer.curves.slice(0, 5)")

    other = anew(page, page.url, "front-trainer")
    assert "seed 7" in the(other, "news").inner_text()
    assert not the(other, "trainer").is_visible(), "nothing trains unasked"
    begin(other, 50)
    assert other.evaluate("ganbook.frontTrainer.curves.slice(0, 5)") == first, "the same training"

    wrong = anew(page, page.url.replace("update=D", "rateD=3"), "front-trainer")
    assert "rateD is a number from 0 to 0.1" in the(wrong, "news").inner_text()
    assert the(wrong, "seed").input_value() == "0", "nothing was changed"


def test_a_player_that_is_not_updated_stands_still(visit):
    page = visit("index")
    begin(page)
    for player, other in (("D", "G"), ("G", "D")):
        page.get_by_label(f"only {player}").check()
        before = page.evaluate(WEIGHTS)
        reached(page, before["step"] + 30)
        after = page.evaluate(WEIGHTS)
        assert after["step"] > before["step"] and after[player] != before[player]
        assert after[other] == before[other], f"{other} should stand still"
        assert (after["average"] == before["average"]) == (player == "D")
    page.get_by_label("both").check()
    page.get_by_label("Learning rate of D").fill("0")
    page.get_by_label("Learning rate of D").press("Tab")
    before = page.evaluate(WEIGHTS)
    reached(page, before["step"] + 20)
    after = page.evaluate(WEIGHTS)
    assert after["D"] == before["D"] and after["G"] != before["G"], "the learning rates reach the training"


def test_d_wins_where_g_is_stopped(visit):
    """What the sentence under the picture promises."""
    page = visit("index")
    begin(page, 200)
    page.get_by_label("only D").check()
    step = page.evaluate(WEIGHTS)["step"]
    reached(page, step + 600)
    last = page.evaluate("step => ganbook.frontTrainer.curves.filter(point => point.step > step)", step + 300)
    real, fake = (sum(point[name] for point in last) / len(last) for name in ("real", "fake"))
    assert real > 0.9 and fake < 0.1, "of the last 300 steps, on average"


def test_with_less_motion_nothing_moves_before_the_click_and_little_after_it(visit):
    page = visit("index", reduced_motion="reduce")
    assert page.locator(".front-film button").inner_text() == "Play"
    assert page.evaluate("ganbook.frontTrainer.worker") is None and the(page, "offer").is_visible()
    drawings = page.evaluate(
        """async () => {
          let drawings = 0;
          const pen = CanvasRenderingContext2D.prototype, draw = pen.putImageData; // sixteen times for each picture
          pen.putImageData = function (...given) { drawings++; draw.apply(this, given); };
          const seen = () => ganbook.frontTrainer.last && ganbook.frontTrainer.last.step;
          document.querySelector("[data-part=open]").click();
          while (!seen()) await new Promise(requestAnimationFrame);
          const before = drawings;
          await new Promise(done => setTimeout(done, 1500));
          return (drawings - before) / 16;
        }"""
    )
    assert drawings in (1, 2), "a picture a second"


def test_a_page_that_nobody_sees_does_not_train(visit):
    page = visit("index")
    begin(page)
    hide = """hidden => {
      Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    step = stopped(page)
    page.wait_for_timeout(200)
    assert stopped(page) == step
    page.evaluate(hide, False)
    reached(page, step + 10)


def test_without_scripts_the_film_stands_and_nothing_is_offered(visit):
    page = visit("index", java_script_enabled=False)
    assert page.locator(".front-film img").is_visible()
    assert not page.get_by_text("Train a GAN").is_visible()
    assert page.locator("#front-trainer").inner_text().strip().startswith("With JavaScript, this page")


def test_in_print_the_film_stands_for_the_trainer(visit):
    page = visit("index")
    begin(page)
    page.emulate_media(media="print")
    assert page.locator(".front-film img").is_visible() and not page.locator("#front-trainer").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_nothing_sticks_out_and_axe_core_finds_nothing(visit, scheme):
    page = visit("index", width=390, color_scheme=scheme)
    begin(page)
    page.get_by_role("button", name="Pause").click()
    stopped(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = (
        "[...document.querySelectorAll('#front-trainer *')].filter(e => e.getBoundingClientRect().right > 391).length"
    )
    assert page.evaluate(wide) == 0
    small = """[...document.querySelectorAll("#front-trainer :is(button, input:not([type=radio]), fieldset label)")]
      .filter(e => e.offsetParent && e.getBoundingClientRect().height < 30).map(e => e.outerHTML)"""
    assert page.evaluate(small) == [], "too small for a thumb"
    found = violations(page, "#front-trainer", preload=False)
    assert not found, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


def test_a_browser_without_workers_is_told_so(visit):
    page = visit("index")
    page.evaluate("() => { window.Worker = undefined; }")
    page.get_by_role("button", name="Train a GAN").click()
    page.wait_for_function(
        "document.querySelector('#front-trainer [role=status]').textContent.startsWith('The training')"
    )
    assert page.locator(".front-film").is_visible() and page.get_by_role("button", name="Train a GAN").is_enabled()
