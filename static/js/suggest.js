// Suggestions while typing: a combobox (WAI-ARIA pattern). Without script the field is a plain search
// form.
"use strict";

(() => {
  const DELAY_MS = 90;
  const field = document.querySelector("[data-suggest]");
  if (!field) return;
  const list = document.getElementById(field.dataset.suggest);
  const template = document.querySelector("[data-suggestion]").content.firstElementChild;
  const status = list.parentElement.querySelector("[data-suggest-status]");
  let timer = 0;
  let request = null;
  let active = -1;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  const options = () => [...list.children];

  const cancel = () => {
    window.clearTimeout(timer);
    request?.abort();
  };

  const close = () => {
    cancel();
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    status.textContent = "";
  };

  const activate = (index) => {
    const all = options();
    all[active]?.setAttribute("aria-selected", "false");
    // Moving past either end returns to the field.
    active = index >= all.length ? -1 : index < -1 ? all.length - 1 : index;
    if (active < 0) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    all[active].setAttribute("aria-selected", "true");
    all[active].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[active].id);
  };

  const capitalize = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("-", " ");

  // Suggestions are bold except for the part that the reader typed.
  const writeName = (target, name, typed) => {
    const at = name.toLowerCase().indexOf(typed.toLowerCase());
    if (at < 0) {
      target.textContent = name;
      return;
    }
    const mark = document.createElement("mark");
    mark.textContent = name.slice(at, at + typed.length);
    target.replaceChildren(name.slice(0, at), mark, name.slice(at + typed.length));
  };

  const render = (suggestions, typed) => {
    list.replaceChildren(
      ...suggestions.map((each, index) => {
        const option = template.cloneNode(true);
        option.id = `${list.id}-${index}`;
        option.setAttribute("aria-selected", "false");
        option.dataset.path = `/plugins/${each.name}`;
        writeName(option.querySelector("[data-name]"), each.name, typed);
        option.querySelector("[data-kind]").textContent = capitalize(each.type);
        option.querySelector("[data-trust]").textContent = capitalize(each.trust);
        return option;
      }),
    );
    active = -1;
    field.removeAttribute("aria-activedescendant");
    list.hidden = suggestions.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    const noun = suggestions.length === 1 ? "suggestion" : "suggestions";
    status.textContent = suggestions.length ? `${suggestions.length} ${noun}` : "No suggestions";
  };

  const fetchSuggestions = async () => {
    const typed = field.value.trim();
    request?.abort();
    if (!typed) {
      close();
      return;
    }
    request = new AbortController();
    const { signal } = request;
    const address = new URL(field.dataset.suggestFrom, window.location.href);
    address.searchParams.set("q", typed);
    address.searchParams.set("limit", "8");
    try {
      const response = await fetch(address, { credentials: "omit", signal });
      if (!response.ok) throw new Error(String(response.status));
      const { suggestions } = await response.json();
      if (!signal.aborted && document.activeElement === field) render(suggestions, typed);
    } catch {
      // Suggestions are optional, so errors only close the list.
      if (!signal.aborted) close();
    }
  };

  const open = (option) => window.location.assign(option.dataset.path);

  field.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(fetchSuggestions, DELAY_MS);
  });

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen) {
        // A response that is still on its way would replace the list, and undo the selection.
        cancel();
        activate(active + (event.key === "ArrowDown" ? 1 : -1));
      } else fetchSuggestions();
    } else if (event.key === "Enter" && isOpen && active >= 0) {
      event.preventDefault();
      open(options()[active]);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });

  // Keep the focus in the field: losing it would close the list before the click arrives.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) open(option);
  });
  field.addEventListener("blur", close);
  field.form.addEventListener("submit", close);
})();
