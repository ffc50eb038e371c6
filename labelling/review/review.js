
"use strict";
const labels = JSON.parse(document.getElementById("labels").textContent);
const cards = [...document.querySelectorAll("article")];
const button = document.getElementById("export");
const chosen = (card) => card.querySelector("select").value;
const shown = (label) => label.trim() || "(leave out)"; // which is exported as no label
// The last two labels are for none of the classes, and for a picture that is to be left out.
const KEYS = [..."123456789qwertyuiop"].slice(0, Math.max(labels.length - 2, 0));
KEYS.length = Math.max(labels.length - 2, 0);
KEYS.push("0", "-");

// Choices are kept in this browser, for this file and this table.
const STORED = `review ${location.pathname} ${document.title}`;
let stored = true;

function restore() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? {};
  } catch {
    return {};
  }
}

function store() {
  const answer = (card) => [card.dataset.path, { label: chosen(card), at: card.dataset.at }];
  const choices = Object.fromEntries(cards.filter(chosen).map(answer));
  try {
    localStorage.setItem(STORED, JSON.stringify(choices));
    stored = true;
  } catch {
    stored = false; // storage is off or full: the page asks before it is left
  }
}

function show() {
  const count = cards.filter(chosen).length;
  cards.forEach((card) => card.classList.toggle("labelled", chosen(card) !== ""));
  const done = count === cards.length ? ". Done: export them." : "";
  document.getElementById("count").textContent = `${count} of ${cards.length} answered${done}`;
  Object.assign(document.getElementById("progress"), { max: Math.max(cards.length, 1), value: count });
  button.disabled = count === 0;
}

function choose(card, label) {
  card.querySelector("select").value = label;
  card.dataset.at = new Date().toISOString();
  delete button.dataset.exported;
  store();
  show();
}

const kept = restore();
for (const card of cards) {
  const select = card.querySelector("select");
  labels.forEach((label) => select.add(new Option(shown(label), label)));
  const answer = kept[card.dataset.path];
  if (labels.includes(answer?.label)) {
    select.value = answer.label;
    card.dataset.at = answer.at;
  }
  select.addEventListener("change", () => choose(card, select.value));
  card.querySelector(".right")?.addEventListener("click", () => choose(card, card.dataset.guess));
}
labels.forEach((label, place) => {
  if (!KEYS[place]) return;
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("kbd"), { textContent: KEYS[place] }), ` ${shown(label)}`);
  document.getElementById("keys").append(item);
});
show();

// The lists offer what the cards have: none where that is the same of all, as on a blind sheet.
const filters = document.getElementById("filters");
const lists = [...filters.querySelectorAll("select")];
for (const list of lists) {
  const values = [...new Set(cards.map((card) => card.dataset[list.dataset.of]))].sort();
  list.replaceChildren(new Option("all", ""), ...values.map((value) => new Option(value, value)));
  list.parentElement.hidden = values.length < 2;
}
const most = document.getElementById("most");
most.parentElement.hidden = cards.every((card) => !card.dataset.confidence);

// Every word has to be in a card's name or note; an answered card stays until the filters change.
function search() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/);
  const open = document.getElementById("open").checked;
  const text = (card) => [...card.querySelectorAll(":scope > p:not(:last-child)")].map((one) => one.textContent).join(" ");
  const fits = (card) =>
    words.every((word) => text(card).toLowerCase().includes(word)) &&
    lists.every((list) => !list.value || card.dataset[list.dataset.of] === list.value) &&
    !(most.value && card.dataset.confidence * 100 > most.value) &&
    !(open && chosen(card));
  cards.forEach((card) => (card.hidden = !fits(card)));
  const found = cards.filter((card) => !card.hidden).length;
  document.getElementById("found").textContent = found < cards.length ? `${found} shown` : "";
}
filters.addEventListener("input", search);
filters.addEventListener("submit", (sent) => sent.preventDefault());

// A key labels the card that has the focus, else the first without a label, and goes on to the next.
addEventListener("keydown", (press) => {
  if (filters.contains(document.activeElement)) return;
  const seen = cards.filter((one) => !one.hidden);
  const label = labels[KEYS.indexOf(press.key)];
  const card = document.activeElement.closest("article") ?? seen.find((one) => !chosen(one));
  if (label === undefined || !card || press.ctrlKey || press.altKey || press.metaKey) return;
  press.preventDefault();
  choose(card, label);
  (seen[seen.indexOf(card) + 1] ?? card).focus();
});

const field = (text) => `"${text.replaceAll('"', '""')}"`;

button.addEventListener("click", () => {
  const cells = (card) => [card.dataset.path, chosen(card), card.dataset.sha256, card.dataset.at, card.dataset.audit];
  const rows = cards.filter(chosen).map((card) => `${cells(card).map(field).join(",")}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["path,label,sha256,at,audit\n", ...rows], { type: "text/csv" }));
  link.download = button.textContent.split(" ").at(-1);
  link.click();
  URL.revokeObjectURL(link.href);
  button.dataset.exported = "yes";
});

addEventListener("beforeunload", (leaving) => {
  if (!stored && !button.disabled && !button.dataset.exported) leaving.preventDefault();
});
