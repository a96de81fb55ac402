"""The picture that stands for the explorable "The game" in print and outside the site.

python -m tools.site.game_still draws ganbook/assets/diagrams/game.png in Chromium, by the page's own scripts: the six
discriminators of the explorable, before the fakes of a game's first step.
"""

from tools.site import stills
from tools.site.stills import FOLDER

PICTURE = FOLDER / "game.png"
MAKE = ("random", "points", "network", "objectives", "game", "board")  # the six
DRAW = ("page", "plane")
SEED = 0
COLOURS = 64

SHOW = """seed => {
  const {board, plane} = ganbook;
  const game = board.game(board.read(board.STARTS.ring), {loss: "non-saturating", k: 1, rate: 1, seed});
  const real = board.points(game.data, 150);
  return board.six(game).map(one => {
    for (let i = 0; i < board.LESSON; i++) one.updateD();
    const {words} = board.OBJECTIVES[one.loss], push = one.push(256);
    const said = push < 0.01 ? push.toPrecision(1) : push.toFixed(2);
    const card = document.createElement("div");
    card.innerHTML = `<p>${words}</p><canvas></canvas><p class="push">push ${said}</p>`;
    document.getElementById("still").append(card);
    const look = {reach: board.REACH, side: 44, fakes: 120, arrows: 14, lines: true, size: 0.7};
    plane.draw(card.children[1], one, {...look, real});
    return {words, said};
  });
}"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
#still { display: grid; grid-template-columns: repeat(3, 1fr); gap: 14px 16px; width: 560px;
  font: 14px/1.3 sans-serif; }
#still canvas { width: 100%; aspect-ratio: 1; border: 1px solid #999; display: block; }
#still p { margin: 0 0 4px; font-weight: 600; color: #000; }
#still .push { margin: 4px 0 0; font-weight: 400; }
</style><body style="margin: 0"><div id="still"></div></html>"""


def fingerprint() -> str:
    """The hash of what the picture is drawn from."""
    return stills.fingerprint((*MAKE, "plane"), __file__)


def description(cards: list[dict]) -> str:
    said = "; ".join(f"{card['words']} {card['said']}" for card in cards)
    return (
        "Six panels of the same plane: eight clouds of data on a ring, and all fakes in one clump inside the ring. "
        "In each panel a discriminator with another loss has learned from these points. Its colours run from orange, "
        "fake, to blue, real, and lines join places with equal answers. Arrows at the fakes are their pushes. The mean "
        f"push on a fake: {said}. The first two panels have the same colours; the first has no arrows."
    )


def picture(tab) -> bytes:
    """The picture, as the bytes of a PNG file."""
    stills.open_page(tab, PAGE, (*DRAW, *MAKE))
    title = "Six losses, one discriminator each, on the same points"
    return stills.shot(tab, "#still", title, description(tab.evaluate(SHOW, SEED)), fingerprint(), COLOURS)


if __name__ == "__main__":
    stills.draw(PICTURE, picture)
