// Loaded before require.js on pages with stored widgets. It keeps the widget manager on this site.
(function () {
  const manager = new URL("vendor/html-manager/", document.currentScript.src).href;
  window.require = {
    // Read by require.js when it starts. The modules of embed-amd.js look for their icon fonts beside themselves.
    baseUrl: manager,
    paths: {
      "@jupyter-widgets/html-manager": manager + "embed-amd",
      "@jupyter-widgets/html-manager/dist/libembed-amd": manager + "embed-amd",
    },
  };
  // The theme's Font Awesome would turn the manager's icons into drawings while they are still being placed.
  window.FontAwesomeConfig = Object.assign({}, window.FontAwesomeConfig, { observeMutations: false });
  // The manager speaks to MathJax 2; the site carries MathJax 3. This listener runs before the manager's own.
  window.addEventListener("load", function () {
    if (!window.MathJax || window.MathJax.Hub) return;
    window.MathJax.Hub = {
      Queue: function (call) {
        const element = call && call[2];
        if (element && window.MathJax.typesetPromise) window.MathJax.typesetPromise([element]);
      },
    };
  });
})();
