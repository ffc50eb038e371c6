// Texts in the reader's language: the English text is the key.
const offered = sheet.texts;
const tags = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
const language = tags.find((tag) => tag === "en" || offered[tag]) ?? "en";
const texts = offered[language] ?? {};
const t = (english, values = {}) => (texts[english] ?? english).replace(/\{(\w+)\}/g, (_, name) => values[name]);
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language);
// By attribute; the class has no name. The last two labels are for none of them, and for a picture that is to
// be left out.
const labelsOf = (card) => sheet.labels[card.dataset.attribute];
const OURS = sheet.labels[""].slice(-2);
const shown = (label) => (OURS.includes(label) ? t(label.trim() || "(leave out)") : label); // exported as no label
const spoken = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, spokenValue(name, value)]));

function spokenValue(name, value) {
  if (typeof value === "string") return name === "reason" ? t(value) : value;
  return percent.format(value);
}

function translate() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.textContent.trim().replace(/\s+/g, " "));
  for (const one of document.querySelectorAll("[aria-label]")) one.ariaLabel = t(one.ariaLabel);
  document.getElementById("search").placeholder = t("name, label, reason");
  document.title = `${t("Review")}: ${sheet.title}`;
  document.querySelector(".lead").textContent = `${sheet.title}. ${t(sheet.lead)}`;
  document.querySelector("#export .file").textContent = sheet.export;
  document.querySelector("#next code").textContent = sheet.command;
}
translate();

function pictureOf(photo, name) {
  if (!photo.picture) return element("div", { className: "picture" }, element("p", { textContent: t("This picture cannot be shown, or has changed since.") }));
  return element("button", { type: "button", className: "picture", ariaLabel: t("Enlarge {name}", { name }) }, element("img", { src: sheet.pictures[photo.picture], alt: "" }));
}

function toAnswer(one) {
  const photos = [one, ...one.photos];
  const pictures = photos.map((photo, place) => pictureOf(photo, photos.length > 1 ? `${one.name}, ${place + 1}` : one.name));
  const choice = element("select", { ariaLabel: t("What {name} shows", one) }, new Option("…", ""), ...sheet.labels[one.attribute].map((label) => new Option(shown(label), label)));
  const row = element("p", { className: "row" }, choice);
  const word = one.button.includes("{answer}") ? t(one.button, { answer: shown(one.guess) }) : one.button;
  if (one.guess && word) row.append(element("button", { type: "button", className: "right", textContent: word }));
  const note = element("p", { className: "note", textContent: t(one.note, spoken(one.note_values)) });
  const title = one.title ? [element("p", { className: "title", textContent: one.title })] : [];
  if (one.more) note.append(` ${t("{count} more photos", { count: number.format(one.more) })}`);
  const above = pictures.length > 1 ? element("div", { className: "photos" }, ...pictures) : pictures[0];
  const made = card(one.name, above, ...title, note, row);
  const { path, guess, sha256, decision, predicted, attribute, product } = one;
  const exported = { audit: one.audit || "", auditOf: one.audit_of || "", confidence: one.confidence ?? "" };
  Object.assign(made.dataset, { name: one.name, path, guess, sha256, decision, predicted, attribute, product, ...exported });
  made.further = one.photos;
  made.tabIndex = -1;
  return made;
}

for (const part of sheet.parts) {
  const head = part.title ? [element("h2", { textContent: t(part.title) })] : [];
  const lead = part.lead ? [element("p", { className: "lead", textContent: t(part.lead) })] : [];
  const made = part.cards.map(toAnswer);
  const inside = [...lead, ...(part.together ? groupsOf(made) : [element("div", { className: "cards" }, ...made)])];
  // What is optional is closed at first, and not counted among what is to be answered.
  const folded = element("details", {}, element("summary", {}, ...head), ...inside);
  document.querySelector("main").append(element("section", {}, ...(part.folded ? [folded] : [...head, ...inside])));
}

// Cards that are seen together, by suggestion; a click on one takes it out of its group.
function groupsOf(made) {
  const suggestions = [...new Set(made.map((card) => card.dataset.guess))];
  return suggestions.map((suggestion) => {
    const group = made.filter((card) => card.dataset.guess === suggestion);
    const heading = element("h3", { textContent: `${suggestion} (${number.format(group.length)})` });
    const all = element("button", { type: "button", className: "all", ariaLabel: t("All right: {suggestion}", { suggestion }), textContent: t("All right") });
    all.addEventListener("click", () => confirmAll(group));
    for (const card of group) {
      const picture = card.querySelector("button.picture");
      if (picture) Object.assign(picture, { ariaLabel: t("Not {suggestion}: {name}", { suggestion, name: card.dataset.name }), ariaPressed: "false" });
    }
    return element("div", { className: "group" }, element("div", { className: "row" }, heading, all), element("div", { className: "cards" }, ...group));
  });
}

const cards = [...document.querySelectorAll("article")];
const button = document.getElementById("export");
const chosen = (one) => one.querySelector("select").value;
const isOut = (card) => card.classList.contains("out");
function keysFor(labels) {
  const keys = [..."123456789qwertyuiop"].slice(0, Math.max(labels.length - 2, 0));
  keys.length = Math.max(labels.length - 2, 0);
  return [...keys, "0", "-"];
}
// Choices are kept in this browser, for this file and this table, in whatever language.
const STORED = `review ${location.pathname} Review: ${sheet.title}`;
const ACTIONS = [
  ["Enter", t("as suggested")],
  ["←↑→↓", t("go to another picture")],
  ["z", t("enlarge")],
  ["⌫", t("undo")],
];

let stored = true;

const keptUnder = ({ dataset: { path, attribute, product } }) => {
  const asked = product ? `${product}\n\n` : path;
  return attribute ? `${asked}\n${attribute}` : asked;
};

function restore() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? {};
  } catch {
    return {};
  }
}

function store() {
  const entry = (card) => [keptUnder(card), { label: chosen(card), at: card.dataset.at, isOut: isOut(card) }];
  const choices = Object.fromEntries(cards.filter((card) => chosen(card) || isOut(card)).map(entry));
  try {
    localStorage.setItem(STORED, JSON.stringify(choices));
    stored = true;
  } catch {
    stored = false; // storage is off or full: the page asks before it is left
  }
}

const isOptional = (card) => card.closest("main details") !== null;
const isSeen = (card) => !card.hidden && card.closest("main details:not([open])") === null;

function show() {
  const count = cards.filter(chosen).length;
  const open = cards.filter((card) => !chosen(card) && !isOptional(card)).length;
  const of = { count: number.format(count), all: number.format(count + open) };
  for (const card of cards) {
    card.classList.toggle("labelled", chosen(card) !== "");
    card.classList.toggle("other", chosen(card) !== "" && chosen(card) !== card.dataset.guess);
  }
  const said = count && !open ? t("{count} of {all} answered. Done: export them.", of) : t("{count} of {all} answered", of);
  document.getElementById("count").textContent = said;
  Object.assign(document.getElementById("progress"), { max: Math.max(count + open, 1), value: count });
  button.disabled = count === 0;
  const isDone = (count > 0 && open === 0) || button.dataset.exported;
  document.getElementById("next").hidden = !sheet.command || !isDone;
  offer();
}

// A key is for the card that has the focus, else for the first without an answer.
function current() {
  const seen = cards.filter(isSeen);
  return document.activeElement.closest("article") ?? seen.find((one) => !chosen(one)) ?? seen[0];
}

// The bar has the keys of that card's labels, and offers a key only where it does something for the card.
let listed;

function list(attribute) {
  if (attribute === listed) return;
  listed = attribute;
  const labels = sheet.labels[attribute];
  const keys = keysFor(labels);
  const items = [...labels.map((label, place) => [keys[place], shown(label)]), ...ACTIONS].filter(([key]) => key);
  const made = items.map(([key, text]) => {
    const item = element("li", {}, element("kbd", { textContent: key }), ` ${text}`);
    item.dataset.key = key;
    return item;
  });
  const bar = document.getElementById("keys");
  bar.style.minHeight = `${bar.offsetHeight}px`; // a bar that shrinks moves the button that is being clicked
  bar.replaceChildren(...made);
}

function offer() {
  const card = current();
  list(card?.dataset.attribute ?? "");
  const works = { Enter: card?.dataset.guess, z: card?.querySelector("img") };
  for (const item of document.querySelectorAll("#keys li")) item.hidden = item.dataset.key in works && !works[item.dataset.key];
}
addEventListener("focusin", offer);

const undone = document.getElementById("undo");
const before = []; // what each step replaced, oldest first: all that one click chose

function answer(choices) {
  for (const [card, label, at, out] of choices) {
    card.querySelector("select").value = card.dataset.label = label;
    card.dataset.at = at;
    takeOut(card, out);
  }
  delete button.dataset.exported;
  undone.disabled = before.length === 0;
  store();
  show();
}

function chooseAll(choices) {
  before.push(choices.map(([card]) => [card, card.dataset.label ?? "", card.dataset.at ?? "", isOut(card)]));
  answer(choices);
}

const now = () => new Date().toISOString();
const choose = (card, label) => chooseAll([[card, label, now(), isOut(card)]]);

function undo() {
  const last = before.pop();
  if (!last) return;
  answer(last);
  const [[card]] = last;
  if (!card.hidden) card.focus();
}
undone.addEventListener("click", undo);

// What a person clicked out of its group, or answered, "all right" leaves as it is.
function confirmAll(group) {
  const open = group.filter((card) => !card.hidden && !chosen(card) && !isOut(card));
  if (open.length) chooseAll(open.map((card) => [card, card.dataset.guess, now(), false]));
}

function takeOut(card, out) {
  card.classList.toggle("out", out);
  const picture = card.querySelector("button.picture[aria-pressed]");
  if (picture) picture.ariaPressed = String(out);
}

function toggleOut(card) {
  const stays = chosen(card) !== "" && chosen(card) !== card.dataset.guess;
  chooseAll([[card, stays ? chosen(card) : "", stays ? card.dataset.at : "", !isOut(card)]]);
}

const kept = restore();
for (const card of cards) {
  const select = card.querySelector("select");
  const said = kept[keptUnder(card)];
  if (said?.isOut) takeOut(card, true);
  if (labelsOf(card).includes(said?.label)) {
    select.value = card.dataset.label = said.label;
    card.dataset.at = said.at;
  }
  select.addEventListener("change", () => choose(card, select.value));
  card.querySelector(".right")?.addEventListener("click", () => choose(card, card.dataset.guess));
}
show();

// A phone has the filters closed at first; elsewhere they are always open.
const wide = matchMedia("(min-width: 48.01rem)");
const fold = () => (document.getElementById("choice").open = wide.matches);
wide.addEventListener("change", fold);
fold();

// The lists offer what the cards have: none where that is the same of all. What the model answered about a
// picture of an audit stays hidden, so these filters pass over it.
const isBlind = (card) => card.dataset.audit !== "";
const filters = document.getElementById("filters");
const lists = [...filters.querySelectorAll("select")];
for (const list of lists) {
  const values = [...new Set(cards.filter((card) => !isBlind(card)).map((card) => card.dataset[list.dataset.of]))].sort();
  list.replaceChildren(new Option(t("all"), ""), ...values.map((value) => new Option(list.dataset.of === "decision" ? t(value) : value, value)));
  list.parentElement.hidden = values.length < 2;
}
const most = document.getElementById("most");
most.parentElement.hidden = cards.every((card) => isBlind(card) || !card.dataset.confidence);

// Every word has to be in a card's name or note; an answered card stays until the filters change.
function search() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/);
  const open = document.getElementById("open").checked;
  const text = (card) => [...card.querySelectorAll(":scope > p:not(:last-child)")].map((one) => one.textContent).join(" ");
  const fits = (card) =>
    words.every((word) => text(card).toLowerCase().includes(word)) &&
    lists.every((list) => !list.value || (!isBlind(card) && card.dataset[list.dataset.of] === list.value)) &&
    !(most.value && (isBlind(card) || card.dataset.confidence * 100 > most.value)) &&
    !(open && chosen(card));
  cards.forEach((card) => (card.hidden = !fits(card)));
  for (const part of document.querySelectorAll("main section")) part.hidden = !part.querySelector("article:not([hidden])");
  const found = cards.filter((card) => !card.hidden).length;
  document.getElementById("found").textContent = found < cards.length ? t("{number} shown", { number: number.format(found) }) : "";
  offer();
}
filters.addEventListener("input", search);
filters.addEventListener("submit", (sent) => sent.preventDefault());

const zoom = document.getElementById("zoom");

function enlarge(card, picture = card.querySelector("img")) {
  if (!picture) return;
  zoom.querySelector("img").src = picture.src;
  zoom.querySelector("p").textContent = card.querySelector(".name").textContent;
  zoom.showModal();
}
zoom.addEventListener("click", () => zoom.close());
for (const card of cards)
  for (const one of card.querySelectorAll("button.picture")) {
    const act = one.ariaPressed === null ? () => enlarge(card, one.querySelector("img")) : () => toggleOut(card);
    one.addEventListener("click", act);
  }

// The card to the left or right of one, or the nearest in the row above or below; itself at an edge.
function neighbour(card, key, seen) {
  const place = seen.indexOf(card);
  if (key === "ArrowLeft") return seen[place - 1] ?? card;
  if (key === "ArrowRight") return seen[place + 1] ?? card;
  const step = key === "ArrowUp" ? -1 : 1;
  const left = card.offsetLeft;
  for (let other = place + step; seen[other]; other += step)
    if (seen[other].offsetTop !== card.offsetTop && seen[other].offsetLeft === left) return seen[other];
  return card;
}

addEventListener("keydown", (press) => {
  const focused = document.activeElement;
  if (zoom.open || filters.contains(focused) || press.altKey) return;
  const seen = cards.filter(isSeen);
  const card = current();
  const isUndo = press.key === "Backspace" || (press.key === "z" && (press.ctrlKey || press.metaKey));
  if (!isUndo && (press.ctrlKey || press.metaKey)) return;
  const isOn = (kind) => focused.matches(kind); // which has a meaning of its own for some keys
  const label = press.key === "Enter" ? card?.dataset.guess : card && labelsOf(card)[keysFor(labelsOf(card)).indexOf(press.key)];
  if (isUndo) undo();
  else if (!card) return;
  else if (press.key.startsWith("Arrow") && !isOn("select")) {
    (focused.closest("article") ? neighbour(card, press.key, seen) : card).focus();
  } else if (press.key === "z") enlarge(card);
  else if (label && !(press.key === "Enter" && isOn("select, button, summary"))) {
    choose(card, label);
    (seen[seen.indexOf(card) + 1] ?? card).focus();
  } else return;
  press.preventDefault();
});

// Spreadsheets run a cell that begins so; the reader takes the apostrophes away.
const asText = (text) => text.replace(new RegExp(sheet.formula, "g"), "'");
const field = (text) => `"${text.replaceAll('"', '""')}"`;

// A product has a row for each photo of its card: training learns them all. What the model answered to the
// product stands in the first alone, so that an audit counts it once.
const COLUMNS = ["path", "label", "sha256", "at", "audit", "audit_of", "predicted", "attribute", "version"];
if (cards.some((card) => card.dataset.product)) COLUMNS.push("product");

function rowsOf(card) {
  const { path, sha256, at, audit, auditOf, predicted, attribute, product } = card.dataset;
  const label = asText(chosen(card));
  const first = [asText(path), label, sha256, at, audit, auditOf, asText(predicted), attribute, asText(sheet.version), asText(product)];
  const further = card.further.map((photo) => [asText(photo.path), label, photo.sha256, at, "", "", "", attribute, "", asText(product)]);
  return [first, ...further].map((cells) => cells.slice(0, COLUMNS.length));
}

button.addEventListener("click", () => {
  const rows = [COLUMNS, ...cards.filter(chosen).flatMap(rowsOf)];
  const lines = rows.map((cells, place) => `${(place ? cells.map(field) : cells).join(",")}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/csv" }));
  link.download = sheet.export;
  link.click();
  URL.revokeObjectURL(link.href);
  button.dataset.exported = "yes";
  show();
});

addEventListener("beforeunload", (leaving) => {
  if (!stored && !button.disabled && !button.dataset.exported) leaving.preventDefault();
});
