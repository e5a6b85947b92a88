// Names to choose from while one types: a combobox after the WAI-ARIA pattern. Without it the
// field is a form that searches.
"use strict";

(() => {
  const WAIT_MS = 90;
  const field = document.querySelector("[data-suggest]");
  if (!field) return;
  const list = document.getElementById(field.dataset.suggest);
  const skeleton = document.querySelector("[data-suggestion]").content.firstElementChild;
  const status = list.parentElement.querySelector("[data-suggest-status]");
  let timer = 0;
  let asked = null;
  let active = -1;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  const options = () => [...list.children];

  const close = () => {
    window.clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    status.textContent = "";
  };

  const point = (index) => {
    const all = options();
    all[active]?.setAttribute("aria-selected", "false");
    // One step past either end is the field itself.
    active = index >= all.length ? -1 : index < -1 ? all.length - 1 : index;
    if (active < 0) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    all[active].setAttribute("aria-selected", "true");
    all[active].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[active].id);
  };

  const say = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("-", " ");

  // The part of the name that was typed is marked by not being bold.
  const write = (place, name, typed) => {
    const at = name.toLowerCase().indexOf(typed.toLowerCase());
    if (at < 0) {
      place.textContent = name;
      return;
    }
    const mark = document.createElement("mark");
    mark.textContent = name.slice(at, at + typed.length);
    place.replaceChildren(name.slice(0, at), mark, name.slice(at + typed.length));
  };

  const draw = (found, typed) => {
    list.replaceChildren(
      ...found.map((each, index) => {
        const option = skeleton.cloneNode(true);
        option.id = `${list.id}-${index}`;
        option.setAttribute("aria-selected", "false");
        option.dataset.path = `/plugins/${each.name}`;
        write(option.querySelector("[data-name]"), each.name, typed);
        option.querySelector("[data-kind]").textContent = say(each.type);
        option.querySelector("[data-trust]").textContent = say(each.trust);
        return option;
      }),
    );
    active = -1;
    field.removeAttribute("aria-activedescendant");
    list.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    const noun = found.length === 1 ? "suggestion" : "suggestions";
    status.textContent = found.length ? `${found.length} ${noun}` : "No suggestions";
  };

  const ask = async () => {
    const typed = field.value.trim();
    asked?.abort();
    if (!typed) {
      close();
      return;
    }
    asked = new AbortController();
    const { signal } = asked;
    const address = new URL(field.dataset.suggestFrom, window.location.href);
    address.searchParams.set("q", typed);
    address.searchParams.set("limit", "8");
    try {
      const answer = await fetch(address, { credentials: "omit", signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const { suggestions } = await answer.json();
      if (!signal.aborted && document.activeElement === field) draw(suggestions, typed);
    } catch {
      // Suggestions are a help: without them one searches.
      if (!signal.aborted) close();
    }
  };

  const go = (option) => window.location.assign(option.dataset.path);

  field.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, WAIT_MS);
  });

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen) point(active + (event.key === "ArrowDown" ? 1 : -1));
      else ask();
    } else if (event.key === "Enter" && isOpen && active >= 0) {
      event.preventDefault();
      go(options()[active]);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });

  // Pressing moves no focus out of the field, so that the list stays until the choice is made.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
  });
  field.addEventListener("blur", close);
  field.form.addEventListener("submit", close);
})();
