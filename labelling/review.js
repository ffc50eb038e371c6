
"use strict";
const labels = JSON.parse(document.getElementById("labels").textContent);
const cards = [...document.querySelectorAll("article")];
const button = document.getElementById("export");
const chosen = (card) => card.querySelector("select").value;
const shown = (label) => label.trim() || "(leave out)"; // which is exported as no label
const DIGITS = "1234567890"; // the order of the keys on a keyboard

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
  const choices = Object.fromEntries(cards.filter(chosen).map((card) => [card.dataset.path, chosen(card)]));
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
  document.getElementById("count").textContent = `${count} of ${cards.length} labelled`;
  button.disabled = count === 0;
}

function choose(card, label) {
  card.querySelector("select").value = label;
  delete button.dataset.exported;
  store();
  show();
}

const kept = restore();
for (const card of cards) {
  const select = card.querySelector("select");
  labels.forEach((label) => select.add(new Option(shown(label), label)));
  if (labels.includes(kept[card.dataset.path])) select.value = kept[card.dataset.path];
  select.addEventListener("change", () => choose(card, select.value));
  card.querySelector(".right").addEventListener("click", () => choose(card, card.dataset.guess));
}
labels.slice(0, DIGITS.length).forEach((label, place) => {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("kbd"), { textContent: DIGITS[place] }), ` ${shown(label)}`);
  document.getElementById("keys").append(item);
});
show();

// A digit labels the card that has the focus, else the first without a label, and goes on to the next.
addEventListener("keydown", (press) => {
  const label = labels[DIGITS.indexOf(press.key)];
  const card = document.activeElement.closest("article") ?? cards.find((one) => !chosen(one));
  if (label === undefined || !card || press.ctrlKey || press.altKey || press.metaKey) return;
  press.preventDefault();
  choose(card, label);
  (cards[cards.indexOf(card) + 1] ?? card).focus();
});

const field = (text) => `"${text.replaceAll('"', '""')}"`;

button.addEventListener("click", () => {
  const rows = cards.filter(chosen).map((card) => `${field(card.dataset.path)},${field(chosen(card))}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["path,label\n", ...rows], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  button.dataset.exported = "yes";
});

addEventListener("beforeunload", (leaving) => {
  if (!stored && !button.disabled && !button.dataset.exported) leaving.preventDefault();
});
