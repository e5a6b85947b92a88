// Pictures of READMEs that were not there yet are asked for again; those that stay away leave
// their words. Without it the browser shows the words.
"use strict";

(() => {
  const PAUSES_MS = [1500, 3000, 6000];
  // Hides what the browser shows for a broken picture.
  const COMING = "is-coming";
  const tries = new WeakMap();

  const leaveWords = (image) => {
    const words = document.createElement("span");
    words.className = "readme-image";
    words.textContent = image.alt || "Picture not available";
    image.replaceWith(words);
  };

  const retry = (image) => {
    const count = tries.get(image) || 0;
    // Only the proxy has pictures that come later; what a release lacks it lacks.
    if (count >= PAUSES_MS.length || !image.getAttribute("src").startsWith("/images/")) {
      leaveWords(image);
      return;
    }
    tries.set(image, count + 1);
    image.classList.add(COMING);
    window.setTimeout(() => {
      const source = image.getAttribute("src");
      image.removeAttribute("src");
      image.setAttribute("src", source);
    }, PAUSES_MS[count]);
  };

  const isOurs = (element) => element instanceof HTMLImageElement && element.closest(".readme");

  // Errors of pictures do not bubble; on their way down they pass here, in swapped content, too.
  document.addEventListener("error", (event) => isOurs(event.target) && retry(event.target), true);
  const show = (image) => image.classList.remove(COMING);
  document.addEventListener("load", (event) => isOurs(event.target) && show(event.target), true);
  for (const image of document.querySelectorAll(".readme img")) {
    if (image.complete && image.naturalWidth === 0 && image.currentSrc) retry(image);
  }
})();
