// A person's choices are kept in this browser until they are exported. Each has a key of its own, so that two
// tabs with the sheet never replace each other's choices.
const SHEET_KEY = `review ${location.pathname} Review: ${sheet.title}`; // the same in every language

// What a card asks about. Its photos are not part of it: see `keyOf`.
function askedOf({ dataset: { path, attribute, product, category } }) {
  if (category) return JSON.stringify(["category", category]);
  return JSON.stringify(product ? ["product", product, attribute] : ["path", path, attribute]);
}

// A name stays the same when its photo is replaced, and nobody has seen the new photo.
const keyOf = (card) => [SHEET_KEY, askedOf(card), card.dataset.photos].join("\n");
const askedInKey = (key) => key.slice(SHEET_KEY.length + 1).split("\n")[0];

const cards = [...document.querySelectorAll("article")];
const cardsByKey = new Map(cards.map((card) => [keyOf(card), card]));
const cardsByQuestion = new Map(cards.map((card) => [askedOf(card), card]));

// Cards whose last choice this browser did not keep, because its storage is off or full.
const unkept = new Set();

function keepChoice(card, state) {
  try {
    // A choice that was taken back is kept as an empty one: another tab has to hear of it.
    localStorage.setItem(keyOf(card), JSON.stringify(state));
    unkept.delete(card);
  } catch {
    unkept.add(card);
  }
}

function parseChoice(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function readChoice(card) {
  try {
    return parseChoice(localStorage.getItem(keyOf(card)));
  } catch {
    return {};
  }
}

const hasChoice = ({ label, isOut }) => Boolean(label || isOut);

function findKeptKeys() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(`${SHEET_KEY}\n`));
  } catch {
    return [];
  }
}

// Version 2.0.0 kept all choices of a sheet in one item, by these names alone.
const OLD_KEY = SHEET_KEY;

function nameInOldItem({ dataset: { path, attribute, product, category } }) {
  if (category) return `\n\n\n${category}`;
  const asked = product ? `${product}\n\n` : path;
  return attribute ? `${asked}\n${attribute}` : asked;
}

function findCardsOfOldItem() {
  try {
    const choices = parseChoice(localStorage.getItem(OLD_KEY));
    return cards.filter((card) => hasChoice(choices[nameInOldItem(card)] ?? {}));
  } catch {
    return [];
  }
}

// The cards about which a choice is kept that was made of other photos, and that have no choice of their own.
function findCardsOfOtherPhotos() {
  const keys = findKeptKeys().filter((key) => !cardsByKey.has(key) && hasChoice(parseChoice(localStorage.getItem(key))));
  const found = [...keys.map((key) => cardsByQuestion.get(askedInKey(key))), ...findCardsOfOldItem()];
  return [...new Set(found)].filter((card) => card && !hasChoice(readChoice(card)));
}

// A choice that is made after this page was opened, and is not on it, belongs to a newer sheet of this file, which
// another tab shows.
const openedAt = new Date(performance.timeOrigin).toISOString();
const isOfNewerSheet = (key) => parseChoice(localStorage.getItem(key)).at > openedAt;

// After an export: what is not on the sheet any more, and choices of other photos that were made anew.
function removeForeignChoices() {
  const left = new Set(findCardsOfOtherPhotos());
  const foreign = findKeptKeys().filter((key) => !cardsByKey.has(key) && !left.has(cardsByQuestion.get(askedInKey(key))) && !isOfNewerSheet(key));
  for (const key of foreign) localStorage.removeItem(key);
  if (foreign.length || !left.size) removeOldItem(left);
}

function removeOldItem(left) {
  if (findCardsOfOldItem().some((card) => left.has(card))) return;
  try {
    localStorage.removeItem(OLD_KEY);
  } catch {
    // Storage is off: there is nothing to remove.
  }
}

// Call `take(card, state)` for each choice that another tab with this sheet keeps.
function listenToOtherTabs(take) {
  addEventListener("storage", ({ key, newValue }) => {
    const card = cardsByKey.get(key);
    if (card && newValue) take(card, parseChoice(newValue)); // a removed one was exported there
  });
}
