// Shows one section of a page at a time. Without it they follow one another, and the links lead
// down to them. The address keeps which one is open, so Back and shared links work.
"use strict";

(() => {
  for (const root of document.querySelectorAll("[data-tabs]")) {
    const links = [...root.querySelectorAll(".tabs a")];
    const panels = links.map((link) => root.querySelector(link.hash));

    const show = (open) => {
      panels.forEach((panel, index) => {
        panel.hidden = panel !== open;
        if (panel === open) links[index].setAttribute("aria-current", "true");
        else links[index].removeAttribute("aria-current");
      });
    };

    // An address may lead to a heading inside a section.
    const follow = () => {
      const id = decodeURIComponent(window.location.hash.slice(1));
      const target = id ? document.getElementById(id) : null;
      const open = panels.find((panel) => target && panel.contains(target));
      show(open || panels[0]);
      if (open && target !== open) target.scrollIntoView();
    };

    root.classList.add("is-tabbed");
    for (const [index, link] of links.entries()) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        window.history.pushState(null, "", link.hash);
        show(panels[index]);
      });
    }
    window.addEventListener("hashchange", follow);
    window.addEventListener("popstate", follow);
    follow();
  }
})();
