"""The picture that stands for the explorable "Moving earth" in print and outside the site.

python -m tools.site.earth_still draws ganbook/assets/diagrams/earth.png in Chromium, by the page's own scripts.
"""

from tools.site import stills
from tools.site.stills import FOLDER

PICTURE = FOLDER / "earth.png"
SCRIPTS = ("page", "earth", "earth_draw")
SHIFTS = (0, 3, 13)  # of the fakes, in columns: some columns have both, none has, none by far

SHOW = """shifts => {
  const {earth} = ganbook, p = earth.read(earth.STARTS.overlap.data), q = earth.read(earth.STARTS.overlap.fakes);
  const cards = shifts.map(() => document.createElement("div"));
  document.getElementById("still").append(...cards);
  const found = cards.map((card, i) => {
    const fakes = earth.moved(q, shifts[i]), {f} = earth.critic(p, fakes);
    const [w1, jsd, tv] = [earth.w1(p, fakes), earth.jsd(p, fakes), earth.tv(p, fakes)];
    card.innerHTML = `<svg class="earth-piles"></svg><svg class="earth-critics"></svg>
      <p><b><i>W</i><sub>1</sub> = ${earth.number(w1)}</b><br>
      JSD = ${earth.number(jsd, 2)} &nbsp; TV = ${earth.number(tv, 2)}</p>`;
    return {fakes, w1, jsd, tv, real: earth.mean(f, p), fake: earth.mean(f, fakes), reach: earth.reach(fakes)};
  });
  cards.forEach((card, i) => {
    earth.drawPiles(card.children[0], p, found[i].fakes);
    earth.drawCritic(card.children[1], p, found[i].fakes);
  });
  return found;
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: flex; gap: 24px; font: 15px/1.45 sans-serif; width: 720px; text-align: center; color: #000; }
#still div { flex: 1; min-width: 0; }
#still .earth-piles { height: 130px; }
#still .earth-critics { height: 130px; margin-top: 8px; }
#still svg { font-size: 13px; }
#still p { margin: 4px 0 0; }
</style><body style="margin: 0"><div id="still" class="earth-still"></div></html>"""


def fingerprint() -> str:
    """The hash of what the picture is drawn from, with the two colours that no other explorable has."""
    return stills.fingerprint(("earth", "earth_draw"), __file__, "demo|earth")


def description(cards: list[dict]) -> str:
    said = "; ".join(
        f"fakes at columns {card['reach'][0]} to {card['reach'][1]}: W1 = {card['w1']:.1f}, the critic's mean on the "
        f"data {card['real']:.1f} and on the fakes {card['fake']:.1f}, JSD = {card['jsd']:.2f}, TV = {card['tv']:.2f}"
        for card in cards
    )
    return (
        "Three panels on a line of 24 columns. A pile of ten blocks of data lies below the line, at columns 4 to 8. A "
        "pile of ten blocks of fakes with the same shape stands above the line. From each block of fakes an arrow goes "
        "to a block of data: the cheapest plan. Below it stands the best critic, a line that falls with the slope 1 "
        f"from the data to the fakes and is flat elsewhere. The fakes move to the right from panel to panel: {said}. "
        "In the last two panels no column has blocks of both. JSD and TV are the same there, and W1 has grown."
    )


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, SCRIPTS)
    cards = tab.evaluate(SHOW, list(SHIFTS))
    title = "Three positions of the fakes, and what each measure says"
    return stills.shot(tab, "#still", title, description(cards), fingerprint())


if __name__ == "__main__":
    stills.draw(PICTURE, picture)
