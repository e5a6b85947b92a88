// Enhancements of every page: `/` focuses the search field, copy buttons copy.
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

  // The clipboard API requires a secure context. Without it, select the text instead.
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
  // htmx fires this event for content that it swapped in.
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
})();
