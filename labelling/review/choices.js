// A person's choices are kept in this browser until they are exported. Each has a key of its own, so that two
// tabs with the sheet never replace each other's choices.
// The same in every language and for every release, so that a newer release finds what was not exported yet.
const SHEET_KEY = `review ${location.pathname} Table: ${sheet.table}`;
// Earlier sheets had the release in the key, as in "labels.csv, 20261120T101500Z-3f9a1c2e".
const EARLIER_KEY = `review ${location.pathname} Review: ${sheet.table}`;

// What a card asks about. Its photos are not part of it: see `keyOf`.
function askedOf({ dataset: { path, attribute, product, category } }) {
  if (category) return JSON.stringify(["category", category]);
  return JSON.stringify(product ? ["product", product, attribute] : ["path", path, attribute]);
}

// A name stays the same when its photo is replaced, and nobody has seen the new photo.
const subjectOf = (card) => [askedOf(card), card.dataset.photos].join("\n");
const keyOf = (card) => [SHEET_KEY, subjectOf(card)].join("\n");

// What a key of this table is about, as `subjectOf` returns it; null for any other key.
function subjectInKey(key) {
  if (key.startsWith(`${SHEET_KEY}\n`)) return key.slice(SHEET_KEY.length + 1);
  return key.startsWith(EARLIER_KEY) ? (/^(?:, \S+)?\n([^]*)$/.exec(key.slice(EARLIER_KEY.length))?.[1] ?? null) : null;
}

const askedInKey = (key) => subjectInKey(key).split("\n")[0];

const cards = [...document.querySelectorAll("article")];
const cardsBySubject = new Map(cards.map((card) => [subjectOf(card), card]));
const isOnSheet = (key) => cardsBySubject.has(subjectInKey(key));
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

// The latest choice about each subject, whatever release its sheet was of.
function readChoices() {
  const choices = new Map();
  const isOwn = (key) => key.startsWith(`${SHEET_KEY}\n`);
  for (const key of findKeptKeys().sort((one, other) => isOwn(one) - isOwn(other))) {
    const subject = subjectInKey(key);
    const choice = parseChoice(localStorage.getItem(key));
    if ((choice.at ?? "") >= (choices.get(subject)?.at ?? "")) choices.set(subject, choice);
  }
  return choices;
}

const hasChoice = ({ label, isOut }) => Boolean(label || isOut);

function findKeptKeys() {
  try {
    return Object.keys(localStorage).filter((key) => subjectInKey(key) !== null);
  } catch {
    return [];
  }
}

// Version 2.0.0 kept all choices of a sheet in one item, by these names alone.
function findOldItems() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(EARLIER_KEY) && /^(?:, \S+)?$/.test(key.slice(EARLIER_KEY.length)));
  } catch {
    return [];
  }
}

function nameInOldItem({ dataset: { path, attribute, product, category } }) {
  if (category) return `\n\n\n${category}`;
  const asked = product ? `${product}\n\n` : path;
  return attribute ? `${asked}\n${attribute}` : asked;
}

function findCardsOfOldItem(key) {
  const choices = parseChoice(localStorage.getItem(key));
  return cards.filter((card) => hasChoice(choices[nameInOldItem(card)] ?? {}));
}

// The cards about which a choice is kept that was made of other photos, and that have no choice of their own.
function findCardsOfOtherPhotos() {
  const keys = findKeptKeys().filter((key) => !isOnSheet(key) && hasChoice(parseChoice(localStorage.getItem(key))));
  const found = [...keys.map((key) => cardsByQuestion.get(askedInKey(key))), ...findOldItems().flatMap(findCardsOfOldItem)];
  const choices = readChoices();
  return [...new Set(found)].filter((card) => card && !hasChoice(choices.get(subjectOf(card)) ?? {}));
}

// A choice that is made after this page was opened, and is not on it, belongs to a newer sheet of this file, which
// another tab shows.
const openedAt = new Date(performance.timeOrigin).toISOString();
const isOfNewerSheet = (key) => parseChoice(localStorage.getItem(key)).at > openedAt;

// After an export: what is not on the sheet any more, and choices of other photos that were made anew.
function removeForeignChoices() {
  const left = new Set(findCardsOfOtherPhotos());
  const foreign = findKeptKeys().filter((key) => !isOnSheet(key) && !left.has(cardsByQuestion.get(askedInKey(key))) && !isOfNewerSheet(key));
  for (const key of foreign) localStorage.removeItem(key);
  if (foreign.length || !left.size) removeOldItems(left);
}

function removeOldItems(left) {
  for (const key of findOldItems()) if (!findCardsOfOldItem(key).some((card) => left.has(card))) localStorage.removeItem(key);
}

// Call `take(card, state)` for each choice that another tab with this sheet keeps.
function listenToOtherTabs(take) {
  addEventListener("storage", ({ key, newValue }) => {
    const card = key && cardsBySubject.get(subjectInKey(key));
    if (card && newValue) take(card, parseChoice(newValue)); // a removed one was exported there
  });
}
