// The page around Decap CMS: starts it with the configuration beside this file and, where a server of ours answers,
// shows what the draft would score in place of Decap's preview.
(() => {
  "use strict";
  window.CMS_MANUAL_INIT = true;

  // A version of a file belongs to the page that opened it; the server follows each page by this name.
  const page = Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
  const DELAY = 500; // milliseconds without a keystroke before a draft is sent to be scored

  async function post(name, params) {
    const response = await fetch(name, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Lakthan-Page": page },
      body: JSON.stringify({ params }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }

  // Decap knows no headers of its own: its requests to the server get the page's name on their way.
  function mark(api) {
    const plain = window.fetch.bind(window);
    window.fetch = (input, options = {}) =>
      input === api ? plain(input, { ...options, headers: { ...options.headers, "X-Lakthan-Page": page } }) : plain(input, options);
  }

  // Some of Decap's own words, by their place in its locale.
  function reword(language, words) {
    const locale = structuredClone(window.CMS.getLocale(language));
    for (const [path, text] of Object.entries(words)) {
      const steps = path.split(".");
      const last = steps.pop();
      steps.reduce((node, step) => (node[step] ??= {}), locale)[last] = text;
    }
    window.CMS.registerLocale(language, locale);
  }

  // What messages set in backticks is code.
  const said = (text) => text.split("`").map((part, i) => (i % 2 ? window.h("code", { key: i }, part) : part));

  // The panel --------------------------------------------------------------------------------------------------------

  function panel(words, files) {
    const h = window.h;

    const problems = (found) =>
      h("section", { key: "problems" },
        h("h2", {}, words.problems),
        found.length === 0
          ? h("p", { className: "sound" }, words.sound)
          : h("ul", { className: "problems" }, found.map((one, i) =>
              h("li", { key: i, className: one.kind },
                h("span", { className: "badge" }, one.severity), " ",
                one.where ? h("b", {}, `${one.where}: `) : null, said(one.message),
                one.help ? h("span", { className: "help" }, said(one.help)) : null))));

    const needs = (answer) =>
      answer.missing
        ? h("section", { key: "needs", className: "needs" },
            h("h2", {}, answer.missing),
            h("ul", {}, answer.needs.map((text, i) => h("li", { key: i }, text))))
        : null;

    const rungs = (found) =>
      h("section", { key: "rungs" },
        h("h2", {}, words.rungs),
        h("ol", { className: "rungs" }, found.map((rung, i) =>
          h("li", { key: i, className: rung.holds ? "holds" : "" },
            h("span", { className: "points" }, rung.points),
            h("div", {},
              h("span", { className: "state" }, rung.state), " ", rung.text,
              h("ul", {}, rung.why.map((why, j) =>
                h("li", { key: j, className: why.holds ? "yes" : "no" }, why.text))))))));

    const all = (found) =>
      h("section", { key: "all" },
        h("h2", {}, words.all),
        h("ul", { className: "all" }, found.map((one) =>
          h("li", { key: one.id, className: one.full ? "full" : "" }, h("span", {}, one.text), h("b", {}, one.points)))));

    return window.createClass({
      getInitialState: () => ({ answer: null, error: "", building: "" }),
      componentDidMount() { this.ask(0); },
      componentDidUpdate(before) {
        if (before.entry !== this.props.entry) this.ask(DELAY);
      },
      componentWillUnmount() {
        clearTimeout(this.timer);
        this.asked = null;
      },
      ask(delay) {
        clearTimeout(this.timer);
        this.timer = setTimeout(async () => {
          const { entry } = this.props;
          const path = files.get(entry.get("path")) || entry.get("path") || files.get(entry.get("slug"));
          const values = entry.get("data").toJS();
          const coming = (entry.get("mediaFiles") ? entry.get("mediaFiles").toJS() : [])
            .filter((file) => file.draft)
            .map((file) => file.path.replace(path.replace(/[^/]*$/, ""), ""));
          const asked = (this.asked = {});
          try {
            const answer = await post("panel", { path, values, coming });
            if (this.asked === asked) this.setState({ answer, error: "" });
          } catch (problem) {
            if (this.asked === asked) this.setState({ error: problem instanceof TypeError ? words.offline : problem.message });
          }
        }, delay);
      },
      async build() {
        this.setState({ building: words.building });
        try {
          const { message } = await post("build", {});
          this.setState({ building: message });
          this.ask(0);
        } catch (problem) {
          this.setState({ building: problem.message });
        }
      },
      render() {
        const { answer, error, building } = this.state;
        if (!answer) return h("p", { className: "loading", role: "status" }, error || words.loading);
        return h("main", { className: "panel" },
          h("p", { className: answer.full ? "score full" : "score", role: "status" }, answer.points),
          h("p", { className: "total" }, answer.level ? `${answer.total} · ${answer.level}` : answer.total),
          error || answer.stale ? h("p", { className: "stop", role: "alert" }, error || answer.stale) : null,
          needs(answer),
          answer.problems.length ? problems(answer.problems) : null,
          answer.rungs ? rungs(answer.rungs) : null,
          answer.list ? all(answer.list) : null,
          answer.problems.length ? null : problems([]),
          h("p", { className: "site" },
            answer.page ? h("a", { href: answer.page, target: "_blank", rel: "noreferrer" }, words.page) : null, " ",
            h("button", { type: "button", onClick: () => this.build(), disabled: building === words.building }, words.build)),
          building ? h("pre", { role: "status" }, building) : null);
      },
    });
  }

  // Starting ---------------------------------------------------------------------------------------------------------

  document.addEventListener("DOMContentLoaded", async () => {
    const response = await fetch("config.json");
    const { decap, panel: shown, error } = await response.json();
    if (error) {
      document.body.textContent = error;
      return;
    }
    if (shown) {
      mark(decap.backend.proxy_url);
      // Nobody signs in on their own machine: Decap would show a button for it.
      localStorage.setItem("decap-cms-user", JSON.stringify({ backendName: decap.backend.name }));
      const files = new Map(decap.collections.flatMap((one) => one.files.map((file) => [file.name, file.file])));
      const made = panel(shown.words, files);
      for (const name of files.keys()) window.CMS.registerPreviewTemplate(name, made);
      window.CMS.registerPreviewStyle("editor.css");
      reword(decap.locale, shown.locale);
    }
    window.CMS.init({ config: decap });
  });
})();
