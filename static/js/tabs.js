// Tabs are pages of their own that swap in place.
"use strict";

(() => {
  // What cannot be swapped is gone to: the browser or the registry then says what is wrong.
  const leave = (event) => window.location.assign(event.detail.pathInfo.requestPath);
  document.addEventListener("htmx:responseError", leave);
  document.addEventListener("htmx:sendError", leave);

  // What the browser would hold on to while a tab is swapped in goes away with the old one, and may
  // take the reader to the end of the page. So it holds on to nothing until the new tab is laid out.
  const root = document.documentElement;
  document.addEventListener("htmx:beforeSwap", () => root.classList.add("is-swapping"));
  document.addEventListener("htmx:afterSettle", () => {
    requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove("is-swapping")));
  });

  // Older addresses named a place on one page (`#files`): they lead on.
  const place = window.location.hash.slice(1);
  if (!place || document.getElementById(place)) return;
  const links = [...document.querySelectorAll("[data-anchors]")];
  const link = links.find((each) => each.dataset.anchors.split(" ").includes(place));
  if (link) window.location.replace(`${link.href}#${place}`);
})();
