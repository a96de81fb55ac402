/* The two clouds of chapter 5's explorable: normal distributions in the plane, their Fréchet distance, and how they are
   drawn. The page and the still picture (tools/site/clouds_still.py) use the same lines.

   A cloud is {x, y, a, b, turn}: its mean, its standard deviations along two axes, and by how many degrees the first axis
   is turned from the right. Its ellipse reaches two standard deviations far. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const [WIDE, HIGH] = [12, 8]; // of the plane; 0 is in its middle
  const REACH = 2; // standard deviations from the mean to the ellipse
  const POINTS = 48;
  /** What can be set of a cloud: its least and greatest value, the step, what it is called. */
  const SIZES = {
    x: { least: -5, most: 5, step: 0.1, name: "Mean, right" },
    y: { least: -3, most: 3, step: 0.1, name: "Mean, up" },
    a: { least: 0.2, most: 2.5, step: 0.1, name: "Spread along" },
    b: { least: 0.2, most: 2.5, step: 0.1, name: "Spread across" },
    turn: { least: 0, most: 175, step: 5, name: "Turn" },
  };
  const LETTERS = { x: "x", y: "y", a: "a", b: "b", turn: "t" };

  const cosSin = ({ turn }) => [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  /** What lies (along, across) on a cloud's axes, in standard deviations, as a point of the plane. */
  function placed(cloud, [along, across]) {
    const [c, s] = cosSin(cloud);
    const [u, v] = [along * cloud.a, across * cloud.b];
    return [cloud.x + c * u - s * v, cloud.y + s * u + c * v];
  }

  /** The covariance of a cloud: [of x, of x and y, of y]. */
  function covariance(cloud) {
    const [c, s] = cosSin(cloud);
    const [a, b] = [cloud.a ** 2, cloud.b ** 2];
    return [c * c * a + s * s * b, c * s * (a - b), s * s * a + c * c * b];
  }

  /** The two terms of d² and their sum. In two dimensions the trace of a root follows from trace and determinant. */
  function distance(p, q) {
    const means = (p.x - q.x) ** 2 + (p.y - q.y) ** 2;
    const [[pxx, pxy, pyy], [qxx, qxy, qyy]] = [p, q].map(covariance);
    const trace = pxx * qxx + 2 * pxy * qxy + pyy * qyy; // of the product
    const root = Math.sqrt(Math.max(0, trace + 2 * p.a * p.b * q.a * q.b)); // the determinant of a covariance is a² b²
    const spreads = Math.max(0, pxx + pyy + qxx + qyy - 2 * root);
    return { means, spreads, d2: means + spreads };
  }

  // ---------------------------------------------------------------------------------------- points inside a cloud

  /** Points with mean 0 and covariance I, exactly: what lies between differs from shape to shape. */
  function standard(points) {
    const n = points.length;
    const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / n;
    const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
    const centred = points.map(([x, y]) => [x - mx, y - my]);
    const moment = (of) => centred.reduce((sum, point) => sum + of(point), 0) / n;
    const [xx, xy, yy] = [moment(([x]) => x * x), moment(([x, y]) => x * y), moment(([, y]) => y * y)];
    const rest = Math.sqrt(yy - (xy * xy) / xx); // of y, once what x says of it is taken away
    return centred.map(([x, y]) => [x / Math.sqrt(xx), (y - (xy / xx) * x) / rest]);
  }

  const GOLDEN = Math.PI * (3 - Math.sqrt(5)); // turns that spread points evenly over a disc
  const numbers = Array.from({ length: POINTS }, (_, i) => i);
  const disc = (radius) => (i) => [radius(i) * Math.cos(i * GOLDEN), radius(i) * Math.sin(i * GOLDEN)];
  const normal = disc((i) => Math.sqrt(-2 * Math.log((i + 0.5) / POINTS)));
  const SHAPES = {
    cloud: standard(numbers.map(normal)),
    clumps: standard(numbers.map((i) => {
      const [x, y] = normal(i);
      return [0.2 * x + (i % 2 ? 1 : -1), 0.8 * y];
    })),
    ring: standard(numbers.map((i) => disc(() => 1.4)(i))),
  };

  /** The points of a cloud that lie as a shape says. Their mean and covariance are the cloud's. */
  const points = (cloud, shape) => SHAPES[shape].map((point) => placed(cloud, point));

  // ------------------------------------------------------------------------------------------------- in an address

  const fits = (name, value) => SIZES[name].least <= value && value <= SIZES[name].most;
  /** A value as the sliders have it: in range, at a step. */
  function kept(name, value) {
    const { least, most, step } = SIZES[name];
    const at = Math.min(most, Math.max(least, value));
    return Number((Math.round(at / step) * step).toFixed(1));
  }

  /** A cloud as text, such as x1y0a2b1t0. */
  const written = (cloud) => Object.entries(LETTERS).map(([name, letter]) => `${letter}${cloud[name]}`).join("");

  /** The cloud that a text describes, or undefined. */
  function read(text) {
    const [, ...found] = /^x(-?\d(?:\.\d)?)y(-?\d(?:\.\d)?)a(\d(?:\.\d)?)b(\d(?:\.\d)?)t(\d{1,3})$/.exec(text) || [];
    const cloud = Object.fromEntries(Object.keys(SIZES).map((name, i) => [name, Number(found[i])]));
    return Object.entries(cloud).every(([name, value]) => fits(name, value) && kept(name, value) === value) ? cloud : undefined;
  }

  // ------------------------------------------------------------------------------------------------------- drawing

  /** Where the parts of a cloud can be taken: its mean and the ends of its axes, points of the plane. */
  const grips = (cloud) => ({ mean: [cloud.x, cloud.y], a: placed(cloud, [REACH, 0]), b: placed(cloud, [0, REACH]) });

  /** Draw data and fakes. handles: whether the places where they can be taken are shown, of the cloud `handles`. */
  function draw(svg, { data, fakes, inside }, handles = "") {
    const width = Math.max(svg.getBoundingClientRect().width, 60);
    const k = width / WIDE;
    svg.setAttribute("viewBox", `0 0 ${width} ${k * HIGH}`);
    const at = ([x, y]) => [k * (WIDE / 2 + x), k * (HIGH / 2 - y)];
    const em = parseFloat(getComputedStyle(svg).fontSize);
    const ellipse = (cloud, kind) => {
      const [x, y] = at([cloud.x, cloud.y]);
      return `<ellipse class="earth-${kind} clouds-${kind}" cx="${x}" cy="${y}" rx="${k * REACH * cloud.a}"
        ry="${k * REACH * cloud.b}" transform="rotate(${-cloud.turn} ${x} ${y})"/>`;
    };
    const dots = points(data, "cloud").map(at).map(([x, y]) => `<circle class="clouds-dot" cx="${x}" cy="${y}" r="2.6"/>`);
    const crosses = points(fakes, inside).map(at).map(([x, y]) =>
      `<path class="clouds-cross" d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6"/>`);
    const line = [data, fakes].map(({ x, y }) => at([x, y]).join(" ")).join("L");
    const mean = ({ x, y }, kind) => {
      const [cx, cy] = at([x, y]);
      return `<circle class="clouds-mean clouds-${kind}-mean" cx="${cx}" cy="${cy}" r="5"/>`;
    };
    /** The name above a cloud, or below it where the other one lies higher. */
    const named = (cloud, words, above) => {
      const away = handles === words ? 8 : 0; // from a square that stands there
      const [x, y] = at([cloud.x, cloud.y]);
      const [c, s] = cosSin(cloud);
      const high = k * REACH * Math.hypot(cloud.a * s, cloud.b * c); // from the mean to the top of the ellipse
      const where = above ? Math.max(em, y - high - 0.4 * em - away) : Math.min(k * HIGH - 0.4 * em, y + high + 1.1 * em + away);
      return `<text class="earth-word" x="${Math.min(width - 2 * em, Math.max(2 * em, x))}" y="${where}" text-anchor="middle">${words}</text>`;
    };
    const held = handles ? Object.entries(grips(handles === "data" ? data : fakes)) : [];
    const marks = held.map(([name, point]) => {
      const [x, y] = at(point);
      return name === "mean" ? "" : `<rect class="clouds-grip" data-grip="${name}" x="${x - 6}" y="${y - 6}" width="12" height="12"/>`;
    });
    const fakesAbove = fakes.y >= data.y;
    svg.innerHTML = [
      ellipse(data, "real"), ellipse(fakes, "fake"), ...dots, ...crosses, `<path class="clouds-line" d="M${line}"/>`,
      mean(data, "real"), mean(fakes, "fake"), named(data, "data", !fakesAbove), named(fakes, "fakes", fakesAbove), ...marks,
    ].join("");
  }

  /** The point of the plane under a place of the drawing, both as [right, down], given its box. */
  const under = ([right, down], box) => [(right / box.width) * WIDE - WIDE / 2, HIGH / 2 - (down / box.height) * HIGH];

  Object.assign(ganbook, {
    clouds: { SIZES, SHAPES, covariance, distance, points, kept, written, read, grips, draw, under, REACH, HIGH, WIDE },
  });
})(globalThis.ganbook);
