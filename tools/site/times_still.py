"""The picture that stands for the explorable "The time machine" in print and outside the site.

python -m tools.site.times_still draws ganbook/assets/diagrams/times.png in Chromium, by the page's own scripts and the
generators that `python -m tools.site.time_machine` has trained.
"""

from tools.site import stills
from tools.site.stills import FOLDER

PICTURE = FOLDER / "times.png"
SCRIPTS = ("page", "inflate", "random", "generator", "times_stored", "times")
SEEN = (100, 300, 500, 700, 1_000, 2_000, 6_000)  # steps
DIGIT, NOISE, WAY = 7, 1, 1

SHOW = """async ({seen, digit, noise, way}) => {
  const {times, timesStored, page} = ganbook, networks = await times.load(timesStored);
  const {property} = timesStored.directions[way - 1];
  return seen.map(step => {
    const at = timesStored.steps.findIndex(one => one.step === step), G = networks[at];
    const column = document.createElement("div"), {read} = timesStored.steps[at];
    column.innerHTML = `<p><b>${step.toLocaleString("en")}</b></p>`;
    for (const amount of times.AMOUNTS) {
      const canvas = column.appendChild(document.createElement("canvas"));
      page.paint(canvas, G.draw(times.noise(G, noise, way, amount), digit), G.side);
    }
    const span = Math.round(times.span(timesStored, at, way));
    column.insertAdjacentHTML("beforeend", `<p>${read} %</p><p>${span}°</p>`);
    document.getElementById("still").append(column);
    return {step, read, span, property};
  });
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: flex; gap: 6px; font: 15px/1.35 sans-serif; width: 720px; color: #000; text-align: center; }
#still div { flex: 1; min-width: 0; }
#still .sides { flex: 0 0 112px; text-align: right; padding-right: 6px; display: flex; flex-direction: column; }
#still .sides span { flex: 1; display: flex; align-items: center; justify-content: flex-end; }
#still p { margin: 0 0 3px; white-space: nowrap; }
#still canvas { width: 100%; aspect-ratio: 1; image-rendering: pixelated; display: block; margin-bottom: 3px; }
</style><body style="margin: 0"><div id="still"><div class="sides"><p><b>step</b></p><span>+3</span><span>+1.5</span>
<span>0</span><span>−1.5</span><span>−3</span><p>read rightly</p><p>change of slant</p></div></div></html>"""


def fingerprint() -> str:
    """The hash of what the picture is drawn from."""
    return stills.fingerprint(("generator", "times_stored", "times"), __file__)


def description(columns: list[dict]) -> str:
    said = "; ".join(
        f"step {one['step']:,}: {one['read']} in 100 read as ordered, the slant changes by {one['span']} degrees"
        for one in columns
    )
    return (
        f"Seven columns of five images: one noise vector and the digit {DIGIT} at seven steps of one training. From "
        "bottom to top the noise moves along one direction. The first column is even grey, the second has faint spots. "
        "In the third there are broken sevens that lean a little. In the last the sevens are clear: upright at the "
        f"bottom, they lean far to the right at the top. Measured on 300 noise vectors: {said}."
    )


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, SCRIPTS)
    columns = tab.evaluate(SHOW, {"seen": list(SEEN), "digit": DIGIT, "noise": NOISE, "way": WAY})
    title = "One noise vector and one direction at seven steps of a training"
    return stills.shot(tab, "#still", title, description(columns), fingerprint(), 64)


if __name__ == "__main__":
    stills.draw(PICTURE, picture)
