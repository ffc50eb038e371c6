const button = document.getElementById("export");
const chosen = (card) => card.dataset.label ?? "";
const kindOf = (card) => card.dataset.kind ?? "";
const isOut = (card) => card.classList.contains("out");
function keysFor(labels) {
  const keys = [..."123456789qwertyuiop"].slice(0, Math.max(labels.length - 2, 0));
  keys.length = Math.max(labels.length - 2, 0);
  return [...keys, "0", "-"];
}
const ACTIONS = [
  ["←↑→↓", t("go to another picture")],
  ["z", t("enlarge")],
  ["⌫", t("undo")],
];

const isOptional = (card) => card.closest("main details") !== null;
const isSeen = (card) => !card.hidden && card.closest("main details:not([open])") === null;

function show() {
  const count = cards.filter(chosen).length;
  const open = cards.filter((card) => !chosen(card) && !isOptional(card)).length;
  const of = { count: number.format(count), all: number.format(count + open) };
  for (const card of cards) {
    card.classList.toggle("labelled", chosen(card) !== "");
    card.classList.toggle("other", !card.dataset.category && chosen(card) !== "" && chosen(card) !== card.dataset.guess);
  }
  const said = count && !open ? t("{count} of {all} answered. Done: export them.", of) : t("{count} of {all} answered", of);
  document.getElementById("count").textContent = said;
  Object.assign(document.getElementById("progress"), { max: Math.max(count + open, 1), value: count });
  button.disabled = count === 0;
  const isDone = (count > 0 && open === 0) || button.dataset.exported;
  document.getElementById("next").hidden = !sheet.command || !isDone;
  showStorage();
  offer();
}

function showStorage() {
  const aside = findCardsOfOtherPhotos().length;
  document.getElementById("aside").hidden = aside === 0;
  document.getElementById("aside").textContent = t("Answers that were given to other photos, and are not used here: {count}.", { count: number.format(aside) });
  document.getElementById("unkept").hidden = unkept.size === 0;
}

// A key is for the card that has the focus, else for the first without an answer.
function current() {
  const seen = cards.filter(isSeen);
  return document.activeElement.closest("article") ?? seen.find((one) => !chosen(one)) ?? seen[0];
}

// The bar has the keys of that card's labels, and offers a key only where it does something for the card.
let listed;

function list(labels) {
  if (labels === listed) return;
  listed = labels;
  const keys = keysFor(labels);
  const enter = ["Enter", t("as suggested")];
  const items = [...labels.map((label, place) => [keys[place], (labels.spoken ?? shown)(label)]), enter, ...ACTIONS].filter(([key]) => key);
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
  list(card ? labelsOf(card) : sheet.labels[""]);
  const isNext = card && (card.toggles || isAnswerButton(card, document.activeElement));
  document.querySelector('#keys li[data-key="Enter"]').lastChild.textContent = ` ${isNext ? t("go to the next card") : t("as suggested")}`;
  const works = { Enter: isNext ? chosen(card) : card?.dataset.guess, z: card?.querySelector("img") };
  for (const item of document.querySelectorAll("#keys li")) item.hidden = item.dataset.key in works && !works[item.dataset.key];
}
addEventListener("focusin", offer);

const undone = document.getElementById("undo");
const before = []; // what each step replaced, oldest first: all that one click chose

// All that a person said on a card.
const stateOf = (card) => ({ label: chosen(card), kind: kindOf(card), at: card.dataset.at ?? "", isOut: isOut(card) });

function put(card, state) {
  Object.assign(card.dataset, { label: state.label, kind: state.kind ?? "", at: state.at ?? "" });
  takeOut(card, Boolean(state.isOut));
  if (card.toggles) return showToggles(card);
  card.querySelector("select.class").value = state.label;
  const further = card.querySelector("select.further");
  if (further) further.hidden = state.label !== NONE;
  if (further) further.value = state.label === NONE ? kindOf(card) : "";
  for (const one of card.querySelectorAll("button.kind")) one.ariaPressed = String(Boolean(state.label) && one.dataset.label === state.label && one.dataset.kind === kindOf(card));
}

function answer(choices) {
  for (const [card, state] of choices) {
    put(card, state);
    keepChoice(card, stateOf(card));
  }
  delete button.dataset.exported;
  undone.disabled = before.length === 0;
  show();
}

function chooseAll(choices) {
  before.push(choices.map(([card]) => [card, stateOf(card)]));
  answer(choices);
}

const now = () => new Date().toISOString();
const choose = (card, label, kind = "") => chooseAll([[card, { ...stateOf(card), label, kind, at: now() }]]);

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
  if (open.length) chooseAll(open.map((card) => [card, { label: card.dataset.guess, kind: "", at: now(), isOut: false }]));
}

function takeOut(card, out) {
  card.classList.toggle("out", out);
  const picture = card.querySelector("button.picture[aria-pressed]");
  if (picture) picture.ariaPressed = String(out);
}

function toggleOut(card) {
  const stays = chosen(card) !== "" && chosen(card) !== card.dataset.guess;
  const state = stays ? stateOf(card) : { label: "", kind: "", at: "" };
  chooseAll([[card, { ...state, isOut: !isOut(card) }]]);
}

// A button of a kind with several classes opens the list of classes.
function chooseKind(card, { label, kind }) {
  if (label) return choose(card, label, kind);
  const select = card.querySelector("select.class");
  select.focus();
  try {
    select.showPicker();
  } catch {
    // An older browser, or no click: the focus is enough.
  }
}

// A choice that was kept, as far as the card still offers it.
function putKept(card, said) {
  const isKnown = card.toggles ? isMeaning(card, said.label) : labelsOf(card).includes(said.label);
  const kinds = [...card.querySelectorAll("select.further option, button.kind")].map((one) => one.dataset.kind ?? one.value);
  const kind = kinds.includes(said.kind) ? said.kind : "";
  put(card, isKnown ? { ...said, kind } : { label: "", isOut: said.isOut });
}

for (const card of cards) {
  putKept(card, readChoice(card));
  if (card.toggles) continue;
  const select = card.querySelector("select.class");
  select.addEventListener("change", () => choose(card, select.value));
  card.querySelector(".right")?.addEventListener("click", () => choose(card, card.dataset.guess));
  const further = card.querySelector("select.further");
  further?.addEventListener("change", () => choose(card, NONE, further.value));
  for (const one of card.querySelectorAll("button.kind")) one.addEventListener("click", () => chooseKind(card, one.dataset));
}
show();

listenToOtherTabs((card, state) => {
  putKept(card, state);
  // What another tab answered is not undone here.
  for (const [place, step] of before.entries()) before[place] = step.filter(([one]) => one !== card);
  before.splice(0, before.length, ...before.filter((step) => step.length));
  undone.disabled = before.length === 0;
  delete button.dataset.exported;
  show();
});

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

// Whether a button is the answer of its card. Enter on it goes on, and does not press it a second time.
function isAnswerButton(card, focused) {
  if (focused.matches(".right")) return chosen(card) === card.dataset.guess;
  return focused.matches(".toggles button[aria-pressed=true], button.kind[aria-pressed=true]");
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
  const goesOn = isAnswerButton(card, focused) || (card?.toggles && chosen(card) && !isOn("button, summary"));
  const next = () => (seen[seen.indexOf(card) + 1] ?? card).focus();
  if (isUndo) undo();
  else if (!card) return;
  else if (press.key.startsWith("Arrow") && !isOn("select")) {
    (focused.closest("article") ? neighbour(card, press.key, seen) : card).focus();
  } else if (press.key === "z") enlarge(card);
  else if (press.key === "Enter" && goesOn) next();
  else if (card.toggles && label && press.key !== "Enter") {
    toggle(card, label);
    card.focus(); // the next key is for the same card, until Enter goes on
  } else if (label && !(press.key === "Enter" && isOn("select, button, summary"))) {
    choose(card, label);
    const further = label === NONE && card.querySelector("select.further");
    if (further) further.focus();
    else next();
  } else return;
  press.preventDefault();
});
