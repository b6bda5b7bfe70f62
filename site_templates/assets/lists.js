// Sorts and filters tables and lists, and lets the cells of a heat map lead somewhere. Without it every list is whole,
// in the order of names, and the headings of rows and columns lead to the same pages.
(function () {
  "use strict";
  var THAI = "๐๑๒๓๔๕๖๗๘๙";
  var collator = new Intl.Collator(document.documentElement.lang || "th", { numeric: true });

  function ascii(text) {
    return text.replace(/[๐-๙]/g, function (digit) { return THAI.indexOf(digit); });
  }

  // The number that a cell begins with; what has none sorts last.
  function number(text) {
    var found = /^\s*-?[\d,]*\.?\d+/.exec(ascii(text));
    return found ? parseFloat(found[0].replace(/,/g, "")) : -Infinity;
  }

  function start(box) {
    var list = document.getElementById(box.dataset.list);
    if (!list) return;
    var entries = Array.prototype.map.call(list.children, function (element, position) {
      var first = element.cells ? element.cells[0] : element;
      return {
        element: element,
        position: position,
        name: element.dataset.name || first.textContent.trim(),
        text: ascii(element.dataset.name || first.textContent).toLowerCase(),
      };
    });
    var sort = box.querySelector("[data-sort]");
    var reverse = box.querySelector("[data-reverse]");
    var filters = Array.prototype.slice.call(box.querySelectorAll("[data-filter]"));
    var shown = box.querySelector(".lk-filter__shown");
    var nothing = box.querySelector(".lk-filter__nothing");
    var heads = list.tagName === "TBODY" ? list.parentNode.tHead.rows[0].cells : [];
    var order = "";

    function key(entry, by) {
      if (by === "name") return entry.name;
      if (by.slice(0, 5) === "cell:") {
        // A cell may say more below its points.
        var said = entry.element.cells[+by.slice(5)].firstChild;
        return number(said ? said.textContent : "");
      }
      var said = parseFloat(entry.element.dataset[by]);
      return isNaN(said) ? -Infinity : said;
    }

    function arrange() {
      var by = sort.value, back = reverse.getAttribute("aria-pressed") === "true";
      if (by + back === order) return;
      order = by + back;
      // Names begin with the first, points with the most.
      var sign = (by === "name") === back ? -1 : 1;
      entries.forEach(function (entry) { entry.key = key(entry, by); });
      entries.sort(function (a, b) {
        var found = typeof a.key === "string" ? collator.compare(a.key, b.key) : a.key - b.key;
        return (a.key === b.key ? 0 : found * sign) || a.position - b.position;
      });
      var all = document.createDocumentFragment();
      entries.forEach(function (entry) { all.appendChild(entry.element); });
      list.appendChild(all);
      for (var i = 0; i < heads.length; i++) heads[i].removeAttribute("aria-sort");
      var at = by === "name" ? 0 : by.slice(0, 5) === "cell:" ? +by.slice(5) : -1;
      if (heads[at]) heads[at].setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    }

    function sift() {
      var left = 0;
      entries.forEach(function (entry) {
        var hidden = filters.some(function (field) {
          if (!field.value) return false;
          if (field.dataset.filter === "text") return entry.text.indexOf(ascii(field.value.trim()).toLowerCase()) < 0;
          return (entry.element.dataset[field.dataset.filter] || "").split(" ").indexOf(field.value) < 0;
        });
        if (entry.element.hidden !== hidden) entry.element.hidden = hidden;
        left += hidden ? 0 : 1;
      });
      var said = box.dataset.shown.replace("{shown}", left).replace("{all}", entries.length);
      if (box.dataset.digits === "thai") said = said.replace(/\d/g, function (digit) { return THAI[digit]; });
      shown.textContent = said;
      nothing.hidden = left > 0;
    }

    function update() {
      arrange();
      sift();
    }

    box.addEventListener("input", update);
    reverse.addEventListener("click", function () {
      reverse.setAttribute("aria-pressed", reverse.getAttribute("aria-pressed") !== "true");
      update();
    });
    // A browser that comes back to the page fills in what stood there.
    window.addEventListener("pageshow", update);
    box.hidden = false;
    update();
  }

  // A cell leads to the answer of its row's unit to its column's indicator.
  function follow(event) {
    var cell = event.target.closest("td");
    if (!cell || event.target.closest("a")) return;
    var to = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].dataset.to;
    var row = cell.parentNode.querySelector("th a");
    if (!to || !row) return;
    var link = document.createElement("a");
    link.href = row.href.replace(/index\.html$/, "") + to;
    if (link.protocol === "file:") link.href += "index.html";
    location.assign(link.href);
  }

  // A link to an answer opens it.
  function unfold() {
    var found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (found && found.tagName === "DETAILS") {
      found.open = true;
      found.hidden = false;
      found.scrollIntoView();
    }
  }

  document.querySelectorAll(".lk-filter").forEach(start);
  document.querySelectorAll(".lk-heat tbody").forEach(function (list) {
    if (!list.parentNode.querySelector("[data-to]")) return;
    list.parentNode.classList.add("lk-heat--leads");
    list.addEventListener("click", follow);
  });
  window.addEventListener("hashchange", unfold);
  unfold();
})();
