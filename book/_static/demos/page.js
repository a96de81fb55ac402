/* What the pages of both demonstrations share: colours of the theme, sharp canvases, motion. */
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

  Object.assign(ganbook, { page: { colour, css, onTheme, sharp, calm, say } });
})(globalThis.ganbook);
