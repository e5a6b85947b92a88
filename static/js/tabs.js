// Tabs are separate pages that htmx swaps in place.
"use strict";

(() => {
  // Navigate to what cannot be swapped, so that the browser or the server shows the error.
  const navigate = (event) => window.location.assign(event.detail.pathInfo.requestPath);
  document.addEventListener("htmx:responseError", navigate);
  document.addEventListener("htmx:sendError", navigate);

  // Scroll anchoring would pick an element of the old tab. When that disappears the browser may jump
  // to the end of the page, so anchoring is off until the new tab is laid out.
  const root = document.documentElement;
  document.addEventListener("htmx:beforeSwap", () => root.classList.add("is-swapping"));
  document.addEventListener("htmx:afterSettle", () => {
    requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove("is-swapping")));
  });

  // On narrow screens the tabs scroll sideways: keep the position, and show the current tab.
  let tabsLeft = 0;
  const showCurrentTab = () => {
    const tabs = document.querySelector(".tabs");
    const current = tabs?.querySelector("[aria-current]");
    if (!current) return;
    tabs.scrollLeft = tabsLeft;
    const [box, link] = [tabs.getBoundingClientRect(), current.getBoundingClientRect()];
    if (link.left < box.left || link.right > box.right) {
      tabs.scrollLeft += link.left - box.left - (box.width - link.width) / 2;
    }
  };
  document.addEventListener("htmx:beforeSwap", () => {
    tabsLeft = document.querySelector(".tabs")?.scrollLeft ?? 0;
  });
  document.addEventListener("htmx:afterSwap", showCurrentTab);
  showCurrentTab();

  // The switch for long lines: remembered, because readers open several files.
  const WRAP_KEY = "plugport-wrap";
  const applyWrap = () => {
    const box = document.querySelector("[data-wrap]");
    if (box) box.checked = localStorage.getItem(WRAP_KEY) === "yes";
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-wrap]")) {
      localStorage.setItem(WRAP_KEY, event.target.checked ? "yes" : "no");
    }
  });
  document.addEventListener("htmx:afterSwap", applyWrap);
  applyWrap();

  // Earlier versions had one page with fragments (`#files`): redirect them to the tab.
  const fragment = window.location.hash.slice(1);
  if (!fragment || document.getElementById(fragment)) return;
  const links = [...document.querySelectorAll("[data-anchors]")];
  const link = links.find((each) => each.dataset.anchors.split(" ").includes(fragment));
  if (link) window.location.replace(`${link.href}#${fragment}`);
})();
