// Reads what the page already says: the register gives a number its words, tables can be searched, pictures enlarged.
// Without it nothing is missing; nothing is asked of the network.
(function () {
"use strict";
const all = (where, what) => [...where.querySelectorAll(what)];
const seen = element => element.getClientRects().length > 0;
function make(tag, words, around, place) {
  const made = document.createElement(tag);
  if (words) made.textContent = words;
  if (around) around.insertAdjacentElement(place || "beforeend", made);
  return made;
}
function button(words, around, act) {
  const made = make("button", words, around);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

// The read-out: a number's line of the register, in words.
const box = make("aside", "", document.body);
box.id = "readout";
box.hidden = true;
box.setAttribute("aria-live", "polite");
box.setAttribute("aria-label", "About this number");
const from = (list, words) => all(document, "#" + list + " > li")[parseInt(words.replace(/\D+/, ""), 10) - 1];
const told = (list, words) => (from(list, words) || {textContent: ""}).textContent;
function caveat(letters) {  // a is the first, z the 26th, aa the 27th
  const place = [...letters.trim()].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 96, 0);
  return place ? told("caveats", "" + place) : "";
}
const lines = new Map(all(document, ".register tbody tr").map(row => [row.querySelector("code").textContent, row]));
const line = mark => lines.get(mark.dataset.finding);
const twins = name => all(document, "main [data-finding]").filter(mark => mark.dataset.finding === name);
let lit = [];
let pinned = false;
let waiting = 0;

function show(mark) {
  clearTimeout(waiting);  // what was pointed at before the click must not come after it
  const cells = line(mark).cells;
  const name = cells[0].querySelector("code").textContent;
  box.replaceChildren();
  make("strong", cells[0].textContent.replace(name, "").trim(), box);
  make("p", cells[1].textContent + (cells[2].textContent ? "; " + cells[2].textContent : ""), box);
  for (const words of [told("groups", cells[3].textContent), told("ways", cells[4].textContent)])
    if (words) make("p", words, box);
  const cited = cells[5].textContent.indexOf("]") + 1;  // numbers of sources, then letters of caveats
  const [marks, sure] = cells[5].textContent.slice(cited).split("Certainty: ");
  for (const words of [...marks.split(",").map(caveat), sure && "Certainty: " + sure]) if (words) make("p", words, box);
  const foot = make("p", "", box);
  const sources = all(cells[5], "a").flatMap((link, at) => [at ? ", " : "", link.cloneNode(true)]);
  make("small", "", foot).append("[", ...sources, "]");
  const link = make("a", name, foot);
  link.href = "#" + line(mark).id;
  foot.insertBefore(document.createTextNode(" "), link);
  light(name);
  box.hidden = false;
  place(mark.getBoundingClientRect());
}
function place(at) {
  const below = at.bottom + box.offsetHeight + 12 < innerHeight;
  box.style.top = Math.max(4, below ? at.bottom + 8 : at.top - box.offsetHeight - 8) + "px";
  box.style.left = Math.max(4, Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 4)) + "px";
}
function light(name) {
  lit.forEach(mark => mark.classList.remove("lit"));
  lit = name ? twins(name).map(mark => mark.closest("tr") || mark) : [];
  lit.forEach(mark => mark.classList.add("lit"));
}
function hide() {
  clearTimeout(waiting);
  box.hidden = true;
  pinned = false;
  light("");
}
const marked = event => event.target.closest && event.target.closest("[data-finding]");
document.addEventListener("mouseover", event => {
  const mark = marked(event);
  if (pinned || box.contains(event.target)) return;
  clearTimeout(waiting);
  if (mark) waiting = setTimeout(show, 200, mark); else if (!box.hidden) hide();
});
document.addEventListener("click", event => {
  const mark = marked(event);
  if (mark) { show(mark); pinned = true; } else if (!box.contains(event.target) || event.target.closest("a")) hide();
});
document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
document.addEventListener("scroll", () => { if (!pinned && document.activeElement.tagName !== "FIGURE") hide(); });
function unfold() {  // a line of the register that an address names is opened
  const target = document.getElementById(location.hash.slice(1));
  for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target && target.closest("details")) target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();

// Pictures: arrow keys walk their numbers; a button opens them at any size.
const sheet = make("dialog", "", document.body);
sheet.setAttribute("aria-label", "Enlarged picture");
function enlarge(figure) {
  sheet.replaceChildren();
  let size = 1;
  const bar = make("p", "", sheet);
  const room = make("div", "", sheet);
  const resize = factor => {
    size = Math.min(6, Math.max(0.5, size * factor));
    all(room, "svg").forEach(picture => { picture.style.width = 100 * size + "%"; });
  };
  button("Larger", bar, () => resize(1.4));
  button("Smaller", bar, () => resize(1 / 1.4));
  button("Close", bar, () => sheet.close());
  room.className = "room";
  room.tabIndex = 0;
  room.setAttribute("role", "region");
  room.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
  all(figure, ".wide > svg, .narrow > svg").filter(seen).forEach(picture => {
    const copy = picture.cloneNode(true);
    copy.removeAttribute("aria-labelledby");
    copy.setAttribute("aria-label", picture.querySelector("title").textContent);
    all(copy, "[id]").forEach(named => named.removeAttribute("id"));
    room.append(copy);
  });
  resize(1);
  hide();
  sheet.showModal();
}
sheet.addEventListener("close", hide);
all(document, "main figure").forEach(figure => {
  const marks = () => all(figure, "div.wide [data-finding], div.narrow [data-finding]").filter(seen)
    .filter((mark, place, found) => place === found.findIndex(other => other.dataset.finding === mark.dataset.finding));
  let now = -1;
  figure.tabIndex = 0;
  const tools = make("p", "", figure.querySelector("figcaption"), "afterend");
  tools.className = "tools";
  button("Enlarge", tools, () => enlarge(figure));
  make("span", " Arrow keys read the numbers of this picture.", tools).className = "keys";
  figure.addEventListener("keydown", event => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    const found = marks();
    if (!step || event.target !== figure || !found.length) return;
    event.preventDefault();
    now = (now + step + found.length + (now < 0 && step < 0 ? 1 : 0)) % found.length;
    found[now].scrollIntoView({block: "nearest"});
    show(found[now]);
  });
  figure.addEventListener("blur", () => { now = -1; if (!pinned) hide(); });
});

// Tables of many rows: a field that leaves the rows in which its words stand.
all(document, "main .scroll").forEach((region, place) => {
  const rows = all(region, "tbody tr");
  if (rows.length < 12) return;
  const label = make("label", "Show rows with ", region, "beforebegin");
  const field = make("input", "", label);
  const count = make("output", "", label);
  label.className = "tools";
  field.type = "search";
  field.setAttribute("aria-describedby", count.id = "rows-" + place);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let left = 0;
    rows.forEach(row => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
      left += row.hidden ? 0 : 1;
    });
    count.textContent = " " + left + " of " + rows.length;
  });
});
})();
