// In-place search: htmx swaps the results; this script manages focus, announcements and history.
"use strict";

(() => {
  const SETTLED_MS = 2000;
  const form = document.getElementById("search-form");
  const region = document.getElementById("search");
  const field = document.getElementById("q");
  const announce = document.getElementById("announce");
  const unreachable = document.getElementById("unreachable");
  let timer = 0;
  let recorded = window.location.search;
  let wasPageLink = false;

  const record = (extra) => {
    const address = new URL(region.dataset.note, window.location.href);
    address.search = window.location.search;
    for (const [name, value] of Object.entries(extra)) address.searchParams.set(name, value);
    navigator.sendBeacon(address);
  };

  // Typed text counts as a search once it stays for two seconds or the reader uses its results.
  const settle = () => {
    window.clearTimeout(timer);
    if (!timer || recorded === window.location.search) return;
    timer = 0;
    recorded = window.location.search;
    record({});
  };

  // The first letter pushes a history entry and the next ones replace it, so that Back undoes the
  // search and not a letter.
  const setReplaceHistory = (isReplacing) => {
    form.setAttribute("hx-push-url", isReplacing ? "false" : "true");
    form.setAttribute("hx-replace-url", isReplacing ? "true" : "false");
  };
  field.addEventListener("focus", () => setReplaceHistory(false));

  document.body.addEventListener("htmx:configRequest", (event) => {
    const { elt } = event.detail;
    if (elt === form && !field.value.trim()) event.detail.parameters.delete("q");
    if (elt.tagName !== "A") return;
    // The reader may have typed since the link was rendered, or the link suggests other words.
    if (elt.dataset.words) field.value = elt.dataset.words;
    const address = new URL(event.detail.path, window.location.href);
    if (field.value.trim()) address.searchParams.set("q", field.value.trim());
    else address.searchParams.delete("q");
    event.detail.path = address.pathname + address.search;
  });

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    wasPageLink = Boolean(event.detail.requestConfig.elt.closest(".pagination"));
  });

  document.body.addEventListener("htmx:afterSettle", (event) => {
    unreachable.hidden = true;
    const title = document.getElementById("found");
    announce.textContent = title.textContent;
    if (event.detail.requestConfig.elt === form) {
      setReplaceHistory(true);
      window.clearTimeout(timer);
      timer = window.setTimeout(settle, SETTLED_MS);
      return;
    }
    recorded = window.location.search;
    if (wasPageLink) title.scrollIntoView();
    // htmx keeps the focus by id. It is lost if the element is gone, such as a removed chip.
    if (wasPageLink || document.activeElement === document.body) title.focus({ preventScroll: true });
  });

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, () => {
      unreachable.hidden = false;
    });
  }
  // An error response is not a fragment: navigate to it to show the whole page.
  document.body.addEventListener("htmx:responseError", (event) => {
    window.location.assign(event.detail.pathInfo.finalRequestPath);
  });

  form.addEventListener("submit", () => {
    timer = timer || 1;
    window.setTimeout(settle, 500);
  });
  window.addEventListener("pagehide", settle);

  // Record the position of the selected result, anonymously.
  const recordClick = (event) => {
    const link = event.target.closest(".row-name a");
    if (!link || (event.type === "auxclick" && event.button !== 1)) return;
    settle();
    const rows = link.closest(".rows");
    const index = [...rows.children].indexOf(link.closest("li"));
    record({ rank: Number(rows.dataset.firstRank) + index });
  };
  region.addEventListener("click", recordClick);
  region.addEventListener("auxclick", recordClick);
})();
