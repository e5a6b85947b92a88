// Retries README images that the proxy is still fetching. An image that fails is replaced by its
// alternative text, which browsers show without this script as well.
"use strict";

(() => {
  const RETRY_DELAYS_MS = [1500, 3000, 6000];
  // Hides the icon that browsers show for a broken image.
  const LOADING_CLASS = "is-coming";
  const tries = new WeakMap();

  const replaceByText = (image) => {
    const text = document.createElement("span");
    text.className = "readme-image";
    text.textContent = image.alt || "Image not available";
    image.replaceWith(text);
  };

  const retry = (image) => {
    const count = tries.get(image) || 0;
    // Only the proxy may succeed later. A file that a release does not contain never appears.
    if (count >= RETRY_DELAYS_MS.length || !image.getAttribute("src").startsWith("/images/")) {
      replaceByText(image);
      return;
    }
    tries.set(image, count + 1);
    image.classList.add(LOADING_CLASS);
    window.setTimeout(() => {
      const source = image.getAttribute("src");
      image.removeAttribute("src");
      image.setAttribute("src", source);
    }, RETRY_DELAYS_MS[count]);
  };

  const isReadmeImage = (element) => element instanceof HTMLImageElement && element.closest(".readme");

  // Error events of images do not bubble, so listen in the capture phase. That covers swapped content.
  document.addEventListener("error", (event) => isReadmeImage(event.target) && retry(event.target), true);
  const show = (image) => image.classList.remove(LOADING_CLASS);
  document.addEventListener("load", (event) => isReadmeImage(event.target) && show(event.target), true);
  for (const image of document.querySelectorAll(".readme img")) {
    if (image.complete && image.naturalWidth === 0 && image.currentSrc) retry(image);
  }
})();
