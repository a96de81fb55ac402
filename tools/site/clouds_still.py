"""The picture that stands for the explorable "Two clouds" in print and outside the site.

python -m tools.site.clouds_still draws ganbook/assets/diagrams/clouds.png in Chromium, by the page's own scripts.
"""

from tools.site import stills
from tools.site.stills import FOLDER

PICTURE = FOLDER / "clouds.png"
SCRIPTS = ("page", "clouds")
CARDS = (  # wrong on average, too little variety, another shape
    ("The means differ", "x-2y0a1.5b0.8t30", "x1.5y1a1.5b0.8t30", "cloud"),
    ("The covariances differ", "x0y0a2b1t30", "x0y0a0.6b0.6t0", "cloud"),
    ("Only the shapes differ", "x0y0a1.5b1.5t0", "x0y0a1.5b1.5t0", "ring"),
)

SHOW = """cards => {
  const {clouds} = ganbook, drawn = [];
  const found = cards.map(([title, data, fakes, inside]) => {
    const pair = {data: clouds.read(data), fakes: clouds.read(fakes), inside};
    const {means, spreads, d2} = clouds.distance(pair.data, pair.fakes);
    const card = document.createElement("div");
    card.innerHTML = `<p><b>${title}</b></p><svg class="clouds-plane"></svg>
      <p>${means.toFixed(2)} + ${spreads.toFixed(2)}<br><b><i>d</i>² = ${d2.toFixed(2)}</b></p>`;
    document.getElementById("still").append(card);
    drawn.push([card.querySelector("svg"), pair]);
    return {means, spreads, d2};
  });
  drawn.forEach(([svg, pair]) => clouds.draw(svg, pair)); // now that each has its width
  return found;
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: flex; gap: 16px; font: 15px/1.45 sans-serif; width: 720px; text-align: center; color: #000; }
#still div { flex: 1; min-width: 0; }
#still svg { font-size: 14px; }
#still p { margin: 4px 0; }
</style><body style="margin: 0"><div id="still" class="earth-still"></div></html>"""


def fingerprint() -> str:
    """The hash of what the picture is drawn from, with the colours of data and fakes."""
    return stills.fingerprint(("clouds",), __file__, "demo|earth")


def description(cards: list[dict]) -> str:
    terms = [f"{card['means']:.2f} + {card['spreads']:.2f} = {card['d2']:.2f}" for card in cards]
    return (
        "Three panels with a cloud of data, as dots, and a cloud of fakes, as crosses. An ellipse around each cloud "
        "shows its mean and its covariance. The Fréchet distance is a term of the means plus a term of the "
        f"covariances. First panel, equal ellipses that lie apart: d² = {terms[0]}. Second panel, a small cloud of "
        f"fakes in the middle of the data: d² = {terms[1]}. Third panel, fakes on a ring with the same ellipse as a "
        f"cloud of data: d² = {terms[2]}."
    )


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, SCRIPTS)
    cards = tab.evaluate(SHOW, [list(card) for card in CARDS])
    title = "Two clouds in three positions, and the two terms of their Fréchet distance"
    return stills.shot(tab, "#still", title, description(cards), fingerprint())


if __name__ == "__main__":
    stills.draw(PICTURE, picture)
