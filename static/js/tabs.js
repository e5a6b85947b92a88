// Tabs are pages of their own that swap in place.
"use strict";

(() => {
  // What cannot be swapped is gone to: the browser or the registry then says what is wrong.
  const leave = (event) => window.location.assign(event.detail.pathInfo.requestPath);
  document.addEventListener("htmx:responseError", leave);
  document.addEventListener("htmx:sendError", leave);

  // Older addresses named a place on one page (`#files`): they lead on.
  const place = window.location.hash.slice(1);
  if (!place || document.getElementById(place)) return;
  const links = [...document.querySelectorAll("[data-anchors]")];
  const link = links.find((each) => each.dataset.anchors.split(" ").includes(place));
  if (link) window.location.replace(`${link.href}#${place}`);
})();
