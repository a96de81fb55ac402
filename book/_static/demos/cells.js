/* Squares of cells, as explorables have them: each cell has a colour and a sign or a number, and a pointer and the arrow
   keys go over the cells. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { css, sharp } = ganbook.page;

  /** A colour between a and b. */
  const mix = (a, b, share) => a.map((value, i) => Math.round(value + (b[i] - value) * share));
  const dark = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b < 140;

  /** A square of cells {shade, text, size, best}: a colour, a sign or number on it, its size as a share of the cell;
      the best ones have a frame. */
  function draw(canvas, side, cells) {
    const { context, width } = sharp(canvas);
    const cell = width / side;
    context.textAlign = "center";
    context.textBaseline = "middle";
    cells.forEach(({ shade, text, size, best }, i) => {
      const [x, y] = [(i % side) * cell, Math.floor(i / side) * cell];
      context.fillStyle = css(shade);
      context.fillRect(x, y, cell + 0.5, cell + 0.5);
      context.fillStyle = context.strokeStyle = dark(shade) ? "#fff" : "#000";
      context.font = `600 ${size * cell}px sans-serif`;
      context.fillText(text, x + cell / 2, y + cell / 2 + 0.04 * cell);
      context.lineWidth = 2;
      if (best) context.strokeRect(x + 1.5, y + 1.5, cell - 3, cell - 3);
    });
    return { context, cell };
  }

  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** Let a pointer and the arrow keys go over the cells of `square`, whose side may change: side().

      tell(i): an arrow key or a pointer came to cell i. press(i): a pointer was pressed there; drag(i): it was drawn
      there afterwards. hover: a pointer that is not pressed tells too; without press it always does. key(key, i): whether
      this key did something at cell i. */
  function walk(square, { side, tell, press, drag, hover = !press, key = () => false }) {
    const cursor = square.querySelector(".demo-cursor");
    const middle = () => Math.floor(side() / 2) * (side() + 1);
    let at = middle();
    const go = (i) => {
      at = i;
      cursor.style.width = cursor.style.height = `${100 / side()}%`;
      cursor.style.left = `${(100 * (i % side())) / side()}%`;
      cursor.style.top = `${(100 * Math.floor(i / side())) / side()}%`;
    };
    const under = (event) => {
      const box = square.getBoundingClientRect();
      const count = (way) => Math.min(side() - 1, Math.max(0, Math.floor((side() * way) / box.width)));
      return side() * count(event.clientY - box.top) + count(event.clientX - box.left);
    };
    /** All cells from the last one to cell i, since a quick pointer leaves some out. */
    const strokeTo = (i) => {
      const [x, y] = [at % side(), Math.floor(at / side())];
      const [right, down] = [(i % side()) - x, Math.floor(i / side()) - y];
      const steps = Math.max(Math.abs(right), Math.abs(down), 1);
      for (let t = 1; t <= steps; t++)
        drag(side() * Math.round(y + (down * t) / steps) + Math.round(x + (right * t) / steps));
      go(i);
    };
    square.addEventListener("pointerdown", (event) => {
      square.setPointerCapture(event.pointerId);
      square.focus({ preventScroll: true, focusVisible: false });
      event.preventDefault(); // nothing is selected by dragging
      go(under(event));
      (press || tell)(at);
    });
    square.addEventListener("pointermove", (event) => {
      const i = under(event);
      if (i === at) return;
      if (press && square.hasPointerCapture(event.pointerId)) strokeTo(i);
      else if (hover) go(i), tell(i);
    });
    square.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key in WAYS) {
        const [x, y] = [at % side(), Math.floor(at / side())].map((value, axis) => value + WAYS[event.key][axis]);
        if (Math.min(x, y) >= 0 && Math.max(x, y) < side()) go(side() * y + x);
      } else if (!key(event.key, at)) return;
      tell(at);
      event.preventDefault(); // the page does not scroll
      event.stopPropagation(); // nor does it turn to the next chapter
    });
    go(at);
    return { reset: () => go(middle()) };
  }

  ganbook.cells = { draw, mix, walk };
})(globalThis.ganbook);
