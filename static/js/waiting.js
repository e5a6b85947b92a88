// Brings the page of an upload up to date while its checks run.
"use strict";

(() => {
  const EVERY_MS = 1500;

  const refresh = async () => {
    const shown = document.getElementById("publication");
    if (!shown.hasAttribute("data-waiting")) return;
    try {
      const answer = await fetch(window.location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("publication");
      if (fresh) {
        shown.replaceWith(fresh);
        document.title = page.title;
      }
    } catch {
      // The network may be back the next time.
    }
    window.setTimeout(refresh, EVERY_MS);
  };

  window.setTimeout(refresh, EVERY_MS);
})();
