// Two small repairs: for pages opened from a disk, and for readers without a mouse.
(function () {
  // From a disk no script may read another page: the search names the pages it finds and leaves out their first lines.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // What scrolls sideways on a narrow screen can be reached, and scrolled, with the keyboard.
  const BOXES = "mjx-container[display], div.math, .cell_output .output, .pst-scrollable-table-container";
  function reach() {
    for (const box of document.querySelectorAll(BOXES)) {
      const scrolls = box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible";
      if (scrolls) box.tabIndex = 0;
      else if (box.tabIndex === 0) box.removeAttribute("tabindex");
    }
  }

  window.addEventListener("load", async function () {
    if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
    reach();
    window.addEventListener("resize", reach);
  });
})();
