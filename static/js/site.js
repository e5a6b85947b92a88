// What every page gains with JavaScript: `/` goes to the search, lines can be copied.
"use strict";

(() => {
  const isTyping = (element) =>
    element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.querySelector("[data-search]");
    if (!field || isTyping(event.target)) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  // The clipboard is there on secure origins only; elsewhere the text is at least selected.
  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return "Copied";
    } catch {
      select(code);
      return "Selected";
    }
  };

  const prepare = (root) => {
    for (const button of root.querySelectorAll("[data-copy] button")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy] button");
    if (!button) return;
    const label = button.querySelector("span");
    label.textContent = await copy(button.closest("[data-copy]").querySelector("code"));
    window.setTimeout(() => {
      label.textContent = "Copy";
    }, 2000);
  });

  prepare(document);
  // What is swapped into a page is told by this event.
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
})();
