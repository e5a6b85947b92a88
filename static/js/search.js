// The search page in place: htmx swaps, this keeps focus, announcements and history right.
"use strict";

(() => {
  const SETTLED_MS = 2000;
  const form = document.getElementById("search-form");
  const region = document.getElementById("search");
  const field = document.getElementById("q");
  const announce = document.getElementById("announce");
  const unreachable = document.getElementById("unreachable");
  let timer = 0;
  let noted = window.location.search;
  let wasPaging = false;

  const note = (extra) => {
    const address = new URL(region.dataset.note, window.location.href);
    address.search = window.location.search;
    for (const [name, value] of Object.entries(extra)) address.searchParams.set(name, value);
    navigator.sendBeacon(address);
  };

  // What was typed counts as a search once it stays, or once something is done with its results.
  const settle = () => {
    window.clearTimeout(timer);
    if (!timer || noted === window.location.search) return;
    timer = 0;
    noted = window.location.search;
    note({});
  };

  // The first letter makes an entry of the history, the next ones change it: Back undoes a search,
  // not a letter.
  const keepEntry = (isSame) => {
    form.setAttribute("hx-push-url", isSame ? "false" : "true");
    form.setAttribute("hx-replace-url", isSame ? "true" : "false");
  };
  field.addEventListener("focus", () => keepEntry(false));

  document.body.addEventListener("htmx:configRequest", (event) => {
    const { elt } = event.detail;
    if (elt === form && !field.value.trim()) event.detail.parameters.delete("q");
    if (elt.tagName !== "A") return;
    // A link takes along what was typed since it was drawn, or brings the words it proposes.
    if (elt.dataset.words) field.value = elt.dataset.words;
    const address = new URL(event.detail.path, window.location.href);
    if (field.value.trim()) address.searchParams.set("q", field.value.trim());
    else address.searchParams.delete("q");
    event.detail.path = address.pathname + address.search;
  });

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    wasPaging = Boolean(event.detail.requestConfig.elt.closest(".paging"));
  });

  document.body.addEventListener("htmx:afterSettle", (event) => {
    unreachable.hidden = true;
    const title = document.getElementById("found");
    announce.textContent = title.textContent;
    if (event.detail.requestConfig.elt === form) {
      keepEntry(true);
      window.clearTimeout(timer);
      timer = window.setTimeout(settle, SETTLED_MS);
      return;
    }
    noted = window.location.search;
    if (wasPaging) title.scrollIntoView();
    // What was chosen keeps the focus if it is still there; a chip that was removed is not.
    if (wasPaging || document.activeElement === document.body) title.focus({ preventScroll: true });
  });

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, () => {
      unreachable.hidden = false;
    });
  }
  // An answer that is no page of results is shown as a page of its own.
  document.body.addEventListener("htmx:responseError", (event) => {
    window.location.assign(event.detail.pathInfo.finalRequestPath);
  });

  form.addEventListener("submit", () => {
    timer = timer || 1;
    window.setTimeout(settle, 500);
  });
  window.addEventListener("pagehide", settle);

  // Which place was chosen, without who chose it.
  const follow = (event) => {
    const link = event.target.closest(".row-name a");
    if (!link || (event.type === "auxclick" && event.button !== 1)) return;
    settle();
    const rows = link.closest(".rows");
    const place = [...rows.children].indexOf(link.closest("li"));
    note({ rank: Number(rows.dataset.firstRank) + place });
  };
  region.addEventListener("click", follow);
  region.addEventListener("auxclick", follow);
})();
