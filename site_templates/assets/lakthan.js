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

  // The search is a module that most visits do not need. From a file no index can be read: its page says so.
  function search(act) {
    var link = document.querySelector(".lk-find");
    import(new URL(link.dataset.script, location).href).then(function (module) { return act(module, link); }).catch(function () {
      if (!document.querySelector(".lk-search--page")) location.assign(link.href);
    });
  }
  function openSearch(event) {
    event.preventDefault();
    search(function (module, link) { return module.open(link); });
  }
  function prepare() {
    help();
    var page = document.querySelector(".lk-search--page");
    if (page && location.protocol === "file:") page.querySelector("[data-disk]").hidden = false;
    else if (page) search(function (module, link) { return module.mount(page, link); });
    if (page || location.protocol === "file:") return;
    document.querySelector(".lk-find").addEventListener("click", function (event) {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) openSearch(event);
    });
    document.addEventListener("keydown", function (event) {
      var typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable], dialog");
      var plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (event.key === "/" && plain && !typing) openSearch(event);
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey) openSearch(event);
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", prepare);
  else prepare();
  window.addEventListener("resize", help);
  // Numbers in a closed chart table belong on paper too.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open])").forEach(function (box) { box.open = true; });
  });
})();
