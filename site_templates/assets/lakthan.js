// Small helps that HTML alone cannot give. Every page works without them.
(function () {
  "use strict";

  // Opened from disk, a folder has no index: "a/b/" would list files.
  if (location.protocol === "file:") {
    document.addEventListener("click", function (event) {
      var link = event.target.closest && event.target.closest("a[href]");
      if (!link || link.protocol !== "file:" || !/\/$/.test(link.pathname)) return;
      link.pathname += "index.html";
    }, true);
  }

  function help() {
    // The theme's search dialog has no name, and its boxes around tables cannot be reached by keyboard.
    document.querySelectorAll(".md-search[role=dialog]").forEach(function (dialog) {
      var field = dialog.querySelector("input"), box = dialog.querySelector(".md-search__scrollwrap");
      var name = dialog.getAttribute("aria-label") || (field && field.getAttribute("aria-label"));
      if (name) dialog.setAttribute("aria-label", name);
      if (name && box) {
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", name);
      }
    });
    // A box that has nothing to scroll need not be a stop on the way of the tab key.
    document.querySelectorAll(".lk-scroll").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
    document.querySelectorAll(".lk-nav .md-nav__link--active").forEach(function (link) {
      var box = link.closest(".md-sidebar__scrollwrap");
      if (box && link.offsetTop > box.clientHeight) box.scrollTop = link.offsetTop - box.clientHeight / 2;
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", help);
  else help();
  window.addEventListener("resize", help);
  // Numbers in a closed chart table belong on paper too.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open])").forEach(function (box) { box.open = true; });
  });
})();
