// The keys of a card, and what they do. A key means the same on each card, whatever the card asks about.
const LABEL_KEYS = [..."123456789qwertyuiop"];
const FREE_LETTERS = [..."qwertyuiopasdfghjklxcvbnm"]; // z enlarges
const SHIFTED_LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const ACTIONS = [
  ["←↑→↓", t("go to another picture")],
  ["z", t("enlarge")],
  ["⌫", t("undo")],
];

// The last two labels are those of OURS.
function keysOfLabels(labels) {
  const count = Math.max(labels.length - OURS.length, 0);
  return new Map([...labels.slice(0, count).map((label, place) => [label, LABEL_KEYS[place]]), [NONE, "0"], [LEAVE_OUT, "-"]]);
}

const classKeys = keysOfLabels(sheet.labels[""]);

// The kind of a single class has the key of the class, and every other kind a letter that no class has.
function assignKindKeys() {
  const free = FREE_LETTERS.filter((letter) => ![...classKeys.values()].includes(letter));
  const others = cards.flatMap((card) => [...card.kinds, ...(card.toggles ? card.labels : [])]).map((kind) => [kind, ""]);
  const named = new Map([...Object.entries(sheet.kind_classes), ...others.filter(([kind]) => !(kind in sheet.kind_classes))]);
  const keys = new Map();
  for (const [kind, label] of named) {
    if (OURS.includes(kind)) continue;
    if (label) keys.set(kind, classKeys.get(label));
    else {
      const letter = [...kind].find((one) => free.includes(one)) ?? free[0];
      if (!letter) continue;
      free.splice(free.indexOf(letter), 1);
      keys.set(kind, letter);
    }
  }
  return new Map([...keys, [NONE, "0"], [LEAVE_OUT, "-"]]);
}
const kindKeys = assignKindKeys();

// Colours and other attributes have letters with Shift, so that no key of a class or kind gets a second meaning.
// A letter is given twice only if the attributes together have more labels than there are letters.
function assignAttributeKeys() {
  const keysByAttribute = new Map();
  const given = new Map(); // by letter: the label that has it
  for (const [attribute, labels] of Object.entries(sheet.labels)) {
    if (!attribute || attribute === "kind") continue;
    const keys = new Map([[NONE, "0"], [LEAVE_OUT, "-"]]);
    for (const label of labels.filter((one) => !OURS.includes(one))) {
      const unused = SHIFTED_LETTERS.filter((letter) => ![...keys.values()].includes(letter));
      const free = unused.filter((letter) => !given.has(letter) || given.get(letter) === label);
      const letters = free.length ? free : unused;
      const letter = [...label.toUpperCase()].find((one) => letters.includes(one)) ?? letters[0];
      if (!letter) continue;
      given.set(letter, label);
      keys.set(label, letter);
    }
    keysByAttribute.set(attribute, keys);
  }
  return keysByAttribute;
}
const attributeKeys = assignAttributeKeys();

function keysOfCard({ dataset: { attribute } }) {
  if (attribute === "kind") return kindKeys;
  return attribute ? attributeKeys.get(attribute) : classKeys;
}

// What the keys of a card answer, in the order of the bar.
function offersOf(card) {
  if (card.toggles) return [...kindKeys.keys()].filter((label) => card.labels.includes(label)).map((label) => ({ key: kindKeys.get(label), text: card.labels.spoken(label), label }));
  const labels = labelsOf(card);
  const keys = keysOfCard(card);
  const kinds = card.kinds.map((kind) => ({ key: kindKeys.get(kind), text: t(kind), label: NONE, kind }));
  const offers = labels.map((label) => ({ key: keys.get(label), text: shown(label), label }));
  return [...offers.slice(0, -OURS.length), ...kinds, ...offers.slice(-OURS.length)];
}

// A key is for the card that has the focus, else for the first without an answer.
function current() {
  const seen = cards.filter(isSeen);
  return document.activeElement.closest("article") ?? seen.find((one) => !chosen(one)) ?? seen[0];
}

// The bar has the keys of the current card, and offers a key only where it does something for the card.
let listed = "";

function list(offers) {
  const items = [...offers.filter(({ key }) => key).map(({ key, text }) => [key, text]), ["Enter", ""], ...ACTIONS];
  if (JSON.stringify(items) === listed) return;
  listed = JSON.stringify(items);
  const made = items.map(([key, text]) => {
    const name = SHIFTED_LETTERS.includes(key) ? `⇧${key}` : key;
    const item = element("li", {}, element("kbd", { textContent: name }), ` ${text}`);
    item.dataset.key = key;
    return item;
  });
  const bar = document.getElementById("keys");
  // A bar that shrinks moves the button that is being clicked. At first there is none, and the browser has not laid
  // out the cards: to ask for a height would make it do so twice.
  if (bar.children.length) bar.style.minHeight = `${bar.offsetHeight}px`;
  bar.replaceChildren(...made);
}

function offer() {
  const card = current();
  for (const one of document.querySelectorAll("article.current")) one.classList.toggle("current", one === card);
  card?.classList.add("current");
  list(card ? offersOf(card) : []);
  const enter = card ? actionOfEnter(card, document.activeElement) : "";
  const names = { next: t("go to the next card"), suggested: t("as suggested") };
  document.querySelector('#keys li[data-key="Enter"]').lastChild.textContent = ` ${names[enter] ?? ""}`;
  const works = { Enter: enter && enter !== "hint", z: card?.querySelector("img") };
  for (const item of document.querySelectorAll("#keys li")) item.hidden = item.dataset.key in works && !works[item.dataset.key];
}
addEventListener("focusin", () => {
  say("");
  offer();
});

function say(text) {
  document.getElementById("hint").textContent = text;
}

// What Enter does on a card: "next", "suggested" or "hint"; empty where a control has the focus that means
// something else by it.
function actionOfEnter(card, focused) {
  const isAnswerList = focused.matches("article select") && chosen(card);
  if (isAnswerButton(card, focused) || isAnswerList) return "next";
  if (focused.matches("select, button, summary, input, a")) return "";
  if (card.toggles) return chosen(card) ? "next" : "hint";
  const hasCandidates = card.candidates.filter(keyOfCandidate).length > 1; // none of them is likelier
  if (card.dataset.guess && !hasCandidates) return "suggested";
  return chosen(card) ? "next" : "hint";
}

// Whether a button is the answer of its card. Enter on it goes on, and does not press it a second time.
function isAnswerButton(card, focused) {
  if (focused.matches(".right")) return isAsSuggested(card) && chosen(card) !== "";
  return focused.matches(".toggles button[aria-pressed=true], button.kind[aria-pressed=true]");
}

const keyOfCandidate = ({ label, kind }) => (kind && label === NONE ? kindKeys.get(kind) : classKeys.get(label));

// Which keys answer a card that has no suggestion.
function describeKeys(card) {
  if (card.toggles) return t("Press the key of every kind that occurs, then Enter.");
  const offers = card.candidates.filter(keyOfCandidate).map((one) => t("{key} for {answer}", { key: keyOfCandidate(one), answer: shown(one.text) }));
  if (!offers.length) return t("There is no suggestion. Press the key of what you see, or choose it in the list.");
  return t("Press {keys}.", { keys: new Intl.ListFormat(language, { type: "disjunction" }).format(offers) });
}

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

function goOn(card) {
  const seen = cards.filter(isSeen);
  (seen[seen.indexOf(card) + 1] ?? card).focus();
}

function pressEnter(card, focused) {
  const action = actionOfEnter(card, focused);
  if (action === "next") goOn(card);
  else if (action === "hint") {
    card.focus();
    say(describeKeys(card));
  } else if (action === "suggested") {
    chooseSuggested(card);
    // "None of these" without a kind is half an answer.
    goOnAfter(card, card.dataset.guess, card.dataset.guessKind);
  }
  return action !== "";
}

function goOnAfter(card, label, kind) {
  const further = label === NONE && !kind && card.querySelector("select.further");
  if (further) further.focus();
  else goOn(card);
}

function pressKey(card, key) {
  const found = offersOf(card).find((one) => one.key === key);
  if (!found) return false;
  if (card.toggles) {
    toggle(card, found.label);
    card.focus(); // the next key is for the same card, until Enter goes on
  } else {
    choose(card, found.label, found.kind ?? "");
    goOnAfter(card, found.label, found.kind);
  }
  return true;
}

function isForTheCard(press, focused) {
  if (zoom.open || press.altKey || press.ctrlKey || press.metaKey) return false;
  return !focused.closest("header, dialog");
}

addEventListener("keydown", (press) => {
  const focused = document.activeElement;
  const isUndo = press.key === "Backspace" || (press.key === "z" && (press.ctrlKey || press.metaKey));
  if (isUndo && !zoom.open && !press.altKey && !focused.closest("header")) {
    undo();
    press.preventDefault();
    return;
  }
  const card = current();
  if (!card || !isForTheCard(press, focused)) return;
  let isDone = false;
  if (press.key === "Enter") isDone = pressEnter(card, focused);
  else if (press.key.startsWith("Arrow") && !focused.matches("select")) {
    neighbour(card, press.key, cards.filter(isSeen)).focus();
    isDone = true;
  } else if (press.key === "z") {
    enlarge(card);
    isDone = true;
  } else isDone = pressKey(card, press.key);
  if (isDone) press.preventDefault();
});
