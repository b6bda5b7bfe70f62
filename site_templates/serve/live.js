// Only while serving (`lakthan serve`): shows the page anew when it has changed, and what is wrong while a file has an
// error. The published site does not have this script.

const script = document.currentScript;
const events = new URL("events", script.src);
let source = null;
let banner = null;

function element(name, text, style) {
  const made = document.createElement(name);
  made.textContent = text;
  Object.assign(made.style, style);
  return made;
}

function show(state) {
  banner?.remove();
  banner = null;
  if (!state.items.length) return;
  banner = element("aside", "", {
    position: "fixed", insetInline: "0", insetBlockEnd: "0", zIndex: "1000", maxBlockSize: "45vh", overflow: "auto",
    padding: "0.8rem 1.2rem", background: "#7a0c0c", color: "#fff", font: "0.75rem/1.6 Sarabun, sans-serif",
    borderBlockStart: "4px solid #ffb4a8", boxShadow: "0 -4px 16px #0006",
  });
  banner.lang = state.lang;
  banner.setAttribute("role", "alert");
  banner.tabIndex = 0;
  banner.append(element("strong", state.title, { display: "block", fontSize: "0.85rem", marginBlockEnd: "0.3rem" }));
  const list = element("ul", "", { margin: "0", paddingInlineStart: "1.2rem" });
  for (const { place, message, help } of state.items) {
    const item = element("li", "", { marginBlock: "0.25rem", overflowWrap: "anywhere" });
    if (place) item.append(element("code", place, { background: "none", color: "#ffd9d2", marginInlineEnd: "0.6em" }));
    item.append(message);
    if (help) item.append(element("div", help, { opacity: "0.9" }));
    list.append(item);
  }
  banner.append(list);
  if (state.more) banner.append(element("div", state.more, {}));
  document.body.append(banner);
}

// A browser keeps few connections to one server: pages that nobody sees have none.
function listen() {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    source = new EventSource(events);
    source.addEventListener("message", event => {
      const state = JSON.parse(event.data);
      if (state.edition !== script.dataset.edition) location.reload();
      else show(state);
    });
  }
}

document.addEventListener("visibilitychange", listen);
window.addEventListener("pagehide", () => source?.close());
listen();
