// Refreshes the page of an upload while its checks run.
"use strict";

(() => {
  const INTERVAL_MS = 1500;

  const refresh = async () => {
    const current = document.getElementById("publication");
    if (!current.hasAttribute("data-waiting")) return;
    try {
      const response = await fetch(window.location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("publication");
      if (fresh) {
        current.replaceWith(fresh);
        document.title = page.title;
      }
    } catch {
      // A network error: try again at the next interval.
    }
    window.setTimeout(refresh, INTERVAL_MS);
  };

  window.setTimeout(refresh, INTERVAL_MS);
})();
