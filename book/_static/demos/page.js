/* What the pages of the demonstrations share: colours of the theme, sharp canvases, curves, motion. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  /** A colour that demos.css defines for the theme in use, as [red, green, blue]. */
  function colour(name) {
    const text = getComputedStyle(document.documentElement).getPropertyValue(`--demo-${name}`).trim();
    return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
  }

  const css = ([r, g, b], alpha = 1) => `rgba(${r}, ${g}, ${b}, ${alpha})`;

  /** Call `redraw` when the reader changes between light and dark. */
  function onTheme(redraw) {
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /** The canvas's context, with as many pixels as the screen shows; width and height in CSS pixels. */
  function sharp(canvas) {
    const { width, height } = canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    context.setTransform(w / Math.max(width, 1), 0, 0, h / Math.max(height, 1), 0, 0);
    return { context, width, height };
  }

  /** Whether the reader asked the system for less motion. */
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** `text` set only if it changes, so that nothing is announced twice. */
  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  const QUIET = 900; // milliseconds after the last change until it is spoken

  /** A function to call at each change. Once the reader's hand rests, words() are put into `element`, for whoever hears
      the page. */
  function speaker(element, words) {
    let resting;
    return () => {
      clearTimeout(resting);
      resting = setTimeout(() => say(element, words()), QUIET);
    };
  }

  /** Run the script at `address`, which brings data or the text of a worker; a page opened from a disk may fetch nothing
      else. */
  function load(address) {
    return new Promise((done, failed) => {
      const element = document.createElement("script");
      element.src = address;
      element.onload = done;
      element.onerror = () => failed(new Error(`the file ${address.replace(/.*\//, "")} did not load.`));
      document.head.append(element);
    });
  }

  /** A worker from its text, because a page opened from a disk may start none from a file. */
  function thread(text, hear, failed) {
    const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => hear(data);
    worker.onerror = (event) => failed(event.message);
    return worker;
  }

  /** Paint an image of numbers in [-1, 1] onto a canvas, one canvas pixel a pixel; the style sheet enlarges them. */
  function paint(canvas, image, side) {
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(side, side);
    image.forEach((value, i) => {
      picture.data.fill((value + 1) * 127.5, 4 * i, 4 * i + 3);
      picture.data[4 * i + 3] = 255;
    });
    context.putImageData(picture, 0, 0);
  }

  /** Even marks from below `low` to above `high`, at multiples of 1, 2 or 5 and a power of ten. */
  function marksOf(low, high) {
    const rough = (high - low) / 3;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((s) => s * power >= rough);
    const marks = [];
    for (let i = Math.floor(low / step + 1e-9); (i - 1) * step < high - 1e-9 * step; i++) marks.push(i * step);
    return marks;
  }

  /** Lines of `curves`, entries {step, name: value, ...}, on one canvas. lines: [{name, shade, dash, label}];
      fixed: the marks, unless they fit the lines; write: how a mark is written. */
  function drawCurves(canvas, curves, lines, fixed, write) {
    const { context, width, height } = sharp(canvas);
    context.clearRect(0, 0, width, height);
    const all = lines.flatMap(({ name }) => curves.map((c) => c[name]).filter((v) => v !== null && Number.isFinite(v)));
    const marks = fixed || marksOf(all.reduce((a, b) => Math.min(a, b), 0), all.reduce((a, b) => Math.max(a, b), 1));
    const [low, high] = [marks[0], marks[marks.length - 1]];
    const box = { left: 42, right: width - 8, top: 24, bottom: height - 20 };
    const steps = Math.max(curves[curves.length - 1].step, 100);
    const x = (step) => box.left + (step / steps) * (box.right - box.left);
    const y = (v) => box.bottom - ((v - low) / (high - low)) * (box.bottom - box.top);
    const quiet = css(colour("quiet"));
    context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
    context.lineWidth = 1;
    context.strokeStyle = css(colour("line"));
    context.fillStyle = quiet;
    context.textAlign = "right";
    for (const mark of marks) {
      context.beginPath();
      context.moveTo(box.left, y(mark));
      context.lineTo(box.right, y(mark));
      context.stroke();
      context.fillText(write(mark), box.left - 5, y(mark) + 4);
    }
    context.fillText(`${steps.toLocaleString("en")} steps`, box.right, box.bottom + 15);
    context.textAlign = "left";
    context.fillText("0", box.left, box.bottom + 15);
    let at = box.left;
    for (const { name, shade, dash, label } of lines) {
      context.strokeStyle = context.fillStyle = css(colour(shade));
      context.lineWidth = 1.8;
      context.setLineDash(dash);
      context.beginPath();
      let begun = false;
      for (const c of curves) {
        if (c[name] === null || !Number.isFinite(c[name])) continue;
        if (begun) context.lineTo(x(c.step), y(c[name]));
        else context.moveTo(x(c.step), y(c[name]));
        begun = true;
      }
      context.stroke();
      context.beginPath();
      context.moveTo(at, 10);
      context.lineTo(at + 20, 10);
      context.stroke();
      context.setLineDash([]);
      context.fillText(label, at + 25, 14);
      at += 40 + context.measureText(label).width;
    }
  }

  /** Show an explorable of a chapter in the place of its still picture, which the style sheet then hides. */
  function show(root) {
    root.hidden = false;
    root.closest("figure").classList.add("explorable-live");
  }

  const page = { colour, css, onTheme, sharp, calm, say, speaker, load, thread, paint, drawCurves, show };
  Object.assign(ganbook, { page });
})(globalThis.ganbook);
