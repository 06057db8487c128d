// The pages work without this script. With it, a choice is counted at once: the answer of the changed address is
// fetched, put in the place of the old one, and the address is remembered. Names are suggested while one types.
"use strict";
(() => {
  const PAUSE = 120; // milliseconds without a key before names are looked up
  const status = document.getElementById("status");
  let running = null;

  const say = (text) => { status.textContent = text; };

  // The address of a form: what is empty or as by default is left out by the server's redirect.
  function addressOf(form) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
    return form.action.split("?")[0] + (query.size ? "?" + query : "");
  }

  async function show(address, remember) {
    if (running) running.abort();
    const mine = running = new AbortController();
    const main = document.getElementById("main");
    main.setAttribute("aria-busy", "true");
    let answer, text;
    try {
      answer = await fetch(address, { signal: mine.signal, credentials: "same-origin" });
      text = await answer.text();
    } catch (fault) {
      if (mine.signal.aborted) return;
      main.removeAttribute("aria-busy");
      tell("The explorer does not answer. Is primum serve still running?");
      return;
    }
    if (mine.signal.aborted) return;
    main.removeAttribute("aria-busy");
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!answer.ok) {
      const message = page.getElementById("fault");
      if (remember && message) tell(message.textContent); else location.assign(answer.url || address);
      return;
    }
    const url = new URL(answer.url);
    if (remember && url.href !== location.href) history.pushState(null, "", url);
    replace(page);
    const told = document.getElementById("told");
    say(told ? told.textContent.trim().replace(/\s+/g, " ") : document.title);
  }

  // A fault leaves the page as it is, so that what was typed can be mended.
  function tell(message) {
    const place = document.getElementById("fault");
    if (place) { place.hidden = false; place.textContent = message; place.scrollIntoView({ block: "nearest" }); }
    say(message);
  }

  function replace(page) {
    const active = document.activeElement;
    const typed = active && active.id && "value" in active ? active.value : null;
    const changed = active && active.dataset ? active.dataset.typing === "yes" : false;
    const open = new Map([...document.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
    document.title = page.title;
    for (const id of ["pages", "main"]) {
      document.getElementById(id).replaceWith(document.importNode(page.getElementById(id), true));
    }
    for (const [id, was] of open) {
      const there = document.getElementById(id);
      if (there) there.open = was;
    }
    const again = active && active.id ? document.getElementById(active.id) : null;
    if (!again) return;
    if (changed && typed !== null && again.tagName === "INPUT") { again.value = typed; again.dataset.typing = "yes"; }
    again.focus({ preventScroll: true });
  }

  let waiting = 0;
  async function suggest(input) {
    const text = input.value.trim();
    const list = document.getElementById(input.getAttribute("list"));
    if (!text || !list) return;
    const query = new URLSearchParams({ field: input.dataset.suggest, text });
    try {
      const answer = await fetch("/suggest.json?" + query, { credentials: "same-origin" });
      if (!answer.ok || input.value.trim() !== text) return;
      const found = (await answer.json()).names.map(({ name, reports }) => {
        const option = document.createElement("option");
        option.value = name;
        if (reports) option.label = name + ", " + reports.toLocaleString("en") + " reports";
        return option;
      });
      list.replaceChildren(...found);
    } catch { /* a suggestion that does not come is none */ }
  }

  document.addEventListener("input", (event) => {
    const input = event.target;
    if (input.tagName === "INPUT" && input.type !== "checkbox") input.dataset.typing = "yes";
    if (!input.dataset.suggest) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => suggest(input), PAUSE);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form) return;
    delete event.target.dataset.typing;
    show(addressOf(form), true);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form) return;
    event.preventDefault();
    for (const input of form.querySelectorAll("[data-typing]")) delete input.dataset.typing;
    show(addressOf(form), true);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-live]");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
    if (!link || !plain) return;
    event.preventDefault();
    show(link.href, true);
  });
  window.addEventListener("popstate", () => show(location.href, false));

  // On a narrow screen the answer comes first; the question is one touch away.
  const question = document.getElementById("question");
  if (question && question.dataset.answered && matchMedia("(max-width: 60rem)").matches) question.open = false;
})();
