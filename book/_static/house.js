// Three small repairs: for pages opened from a disk, for paper, and for readers without a mouse.
(function () {
  // From a disk no script may read another page: the search names the pages it finds and leaves out their first lines.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // Paper is white: whatever the screen has, a page is printed in its light colours.
  const paper = matchMedia("print"), colours = document.documentElement.dataset;
  let onScreen = null;
  function change(printing) {
    if (printing && colours.theme === "dark") [onScreen, colours.theme] = ["dark", "light"];
    else if (!printing && onScreen) [onScreen, colours.theme] = [null, onScreen];
  }
  paper.addEventListener("change", () => change(paper.matches));
  addEventListener("beforeprint", () => change(true));
  addEventListener("afterprint", () => change(false));

  // What scrolls sideways on a narrow screen can be reached, and scrolled, with the keyboard.
  const BOXES = "mjx-container[display], div.math, .cell_output .output, .pst-scrollable-table-container";
  function reach(entries) {
    for (const { target } of entries)
      if (target.scrollWidth > target.clientWidth && getComputedStyle(target).overflowX !== "visible") target.tabIndex = 0;
      else if (target.tabIndex === 0) target.removeAttribute("tabindex");
  }

  window.addEventListener("load", async function () {
    if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
    const sizes = new ResizeObserver(reach); // also tells when something folded is opened
    for (const box of document.querySelectorAll(BOXES)) sizes.observe(box);
  });
})();
