// What the theme remembers in the browser, and under which name. Its own lines, which stand in each page, as a file:
// the policy of the pages lets no other script run. `__md_…` are what the theme's bundle calls.
var __md_scope = new URL(document.currentScript.dataset.base || ".", location);
if (!__md_scope.pathname.endsWith("/")) __md_scope = new URL(__md_scope.pathname + "/", location);

var __md_hash = function (text) {
  return Array.from(text).reduce(function (sum, letter) { return (sum << 5) - sum + letter.charCodeAt(0); }, 0);
};

var __md_get = function (key, storage, scope) {
  return JSON.parse((storage || localStorage).getItem((scope || __md_scope).pathname + "." + key));
};

var __md_set = function (key, value, storage, scope) {
  try {
    (storage || localStorage).setItem((scope || __md_scope).pathname + "." + key, JSON.stringify(value));
  } catch (error) { /* no storage, nothing to remember */ }
};

document.documentElement.setAttribute("data-platform", navigator.platform);
