/* The plane of a game: what D says of each place, the points, and the pushes. The page "A game in the page", the
   explorable "The game" and its still picture (tools/site/game_still.py) are drawn by the same lines. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { colour, css, sharp } = ganbook.page;

  /** Colours of the field from "fake" over "cannot tell" to "real", at t in [-1, 1]. */
  function belief(t, [fake, middle, isReal]) {
    const end = t < 0 ? fake : isReal;
    const share = Math.min(1, Math.abs(t)) * 0.7; // not the full colour, so that points can be seen on it
    return middle.map((c, i) => c + (end[i] - c) * share);
  }

  const small = document.createElement("canvas"); // the field, a pixel a place

  function drawBelief(context, t, side, width, height) {
    const shades = [colour("g"), colour("paper"), colour("d")];
    small.width = small.height = side;
    const pen = small.getContext("2d");
    const picture = pen.createImageData(side, side);
    t.forEach((value, i) => {
      picture.data.set(belief(value, shades), 4 * i);
      picture.data[4 * i + 3] = 255;
    });
    pen.putImageData(picture, 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, width, height);
  }

  /** Lines on which t has this level. In each square of four neighbours the line is straight. */
  function drawLevel(context, t, side, level, width, height) {
    const x = (column) => ((column + 0.5) / side) * width;
    const y = (row) => ((row + 0.5) / side) * height;
    const cut = (a, b) => (level - a) / (b - a); // where between two neighbours the line passes; outside [0, 1): nowhere
    context.beginPath();
    for (let row = 0; row + 1 < side; row++) {
      for (let column = 0; column + 1 < side; column++) {
        const i = row * side + column;
        const [a, b, c, d] = [t[i], t[i + 1], t[i + side], t[i + side + 1]];
        const ends = [];
        const edge = (from, to, place) => (from < level) !== (to < level) && ends.push(place(cut(from, to)));
        edge(a, b, (share) => [x(column + share), y(row)]);
        edge(c, d, (share) => [x(column + share), y(row + 1)]);
        edge(a, c, (share) => [x(column), y(row + share)]);
        edge(b, d, (share) => [x(column + 1), y(row + share)]);
        for (let k = 0; k + 1 < ends.length; k += 2) {
          context.moveTo(...ends[k]);
          context.lineTo(...ends[k + 1]);
        }
      }
    }
    context.stroke();
  }

  function drawArrow(context, x, y, dx, dy) {
    const length = Math.hypot(dx, dy);
    if (!(length > 2)) return;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + dx, y + dy);
    context.stroke();
    const [ex, ey] = [dx / length, dy / length];
    const head = Math.min(7, 0.6 * length);
    context.beginPath();
    context.moveTo(x + dx + ex * 2, y + dy + ey * 2);
    context.lineTo(x + dx - ex * head - (ey * head) / 2, y + dy - ey * head + (ex * head) / 2);
    context.lineTo(x + dx - ex * head + (ey * head) / 2, y + dy - ey * head - (ex * head) / 2);
    context.fill();
  }

  const LEVELS = [-0.8, -0.4, 0, 0.4, 0.8]; // of the lines, where 1 is "certainly real"

  /** Draw a game as it is.

      real: points of the data, x0, y0, ...; reach: the picture goes from -reach to reach; side: places on a side at which
      D is asked; fakes: how many; arrows: at how many of them; lines: whether D's levels are drawn; size: of a point; blank: the points alone. */
  function drawPlane(canvas, game, { real, reach, side, fakes, arrows, lines = false, size = 1, blank = false }) {
    const { context, width, height } = sharp(canvas);
    const ink = colour("ink");
    const { values, middle, span } = game.field(side, reach);
    const t = values.map((value) => (value - middle) / span);
    drawBelief(context, blank ? t.fill(0) : t, side, width, height);
    if (lines && !blank) {
      for (const level of LEVELS) {
        context.strokeStyle = css(ink, level ? 0.25 : 0.6);
        context.lineWidth = level ? 0.8 : 1.2;
        drawLevel(context, t, side, level, width, height);
      }
    }
    const left = (x) => ((x + reach) / (2 * reach)) * width;
    const top = (y) => ((reach - y) / (2 * reach)) * height;
    const dot = (points, i, radius) => {
      context.beginPath();
      context.arc(left(points[i]), top(points[i + 1]), radius * size, 0, 2 * Math.PI);
    };
    context.strokeStyle = css(colour("d"));
    context.fillStyle = css(colour("paper"), 0.75); // seen on a blue field too
    context.lineWidth = 1.2 * size;
    for (let i = 0; i < real.length; i += 2) {
      dot(real, i, 3);
      context.fill();
      context.stroke();
    }
    context.fillStyle = css(ink, 0.75);
    const made = game.fakes(fakes);
    for (let i = 0; i < 2 * fakes; i += 2) {
      dot(made, i, 1.5);
      context.fill();
    }
    if (!arrows || blank) return;
    context.strokeStyle = context.fillStyle = css(ink);
    context.lineWidth = 1.6 * size;
    const unit = 0.15 * width; // the length in pixels of the strongest pull
    const pull = game.arrows(arrows);
    for (let i = 0; i < 2 * arrows; i += 2)
      drawArrow(context, left(pull.at[i]), top(pull.at[i + 1]), unit * pull.arrows[i], -unit * pull.arrows[i + 1]);
  }

  ganbook.plane = { draw: drawPlane, drawLevel };
})(globalThis.ganbook);
