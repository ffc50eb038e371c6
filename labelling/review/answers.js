// What a person answered on the cards: shown, chosen and undone.
const button = document.getElementById("export");
const chosen = (card) => card.dataset.label ?? "";
const kindOf = (card) => card.dataset.kind ?? "";
const isOut = (card) => card.classList.contains("out");
const isOptional = (card) => card.closest("main details") !== null;
const isSeen = (card) => !card.hidden && card.closest("main details:not([open])") === null;

function show() {
  const answered = cards.filter(chosen);
  const open = cards.filter((card) => !chosen(card) && !isOptional(card));
  for (const card of cards) {
    card.classList.toggle("labelled", chosen(card) !== "");
    card.classList.toggle("other", !card.dataset.category && chosen(card) !== "" && !isAsSuggested(card));
  }
  button.disabled = answered.length === 0;
  showHead(answered, open);
  showStorage();
  offer();
}

const isAsSuggested = (card) => chosen(card) === card.dataset.guess && (!card.dataset.guessKind || kindOf(card) === card.dataset.guessKind);

const undone = document.getElementById("undo");
const before = []; // what each step replaced, oldest first: all that one click chose

// All that a person said on a card.
const stateOf = (card) => ({ label: chosen(card), kind: kindOf(card), at: card.dataset.at ?? "", isOut: isOut(card), sawGuess: !card.dataset.audit });

function put(card, state) {
  Object.assign(card.dataset, { label: state.label, kind: state.kind ?? "", at: state.at ?? "" });
  takeOut(card, Boolean(state.isOut));
  if (card.toggles) return showToggles(card);
  card.querySelector("select.class").value = state.label;
  const further = card.querySelector("select.further");
  if (further) further.hidden = state.label !== NONE;
  if (further && !further.hidden) fillFurtherKinds(further, card.kinds);
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
const chooseSuggested = (card) => choose(card, card.dataset.guess, card.dataset.guessKind);

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
  if (open.length) chooseAll(open.map((card) => [card, { label: card.dataset.guess, kind: card.dataset.guessKind, at: now(), isOut: false }]));
}

function takeOut(card, out) {
  card.classList.toggle("out", out);
  const picture = card.querySelector("button.picture[aria-pressed]");
  if (picture) picture.ariaPressed = String(out);
}

function toggleOut(card) {
  const stays = chosen(card) !== "" && !isAsSuggested(card);
  // With a time, so that no tab with an older sheet takes the mark for one of a sheet that is gone.
  const state = stays ? stateOf(card) : { label: "", kind: "", at: now() };
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

// A state that was kept or read in, as far as the card still offers its answer.
function limitToOffered(card, said) {
  const isKnown = card.toggles ? isMeaning(card, said.label) : labelsOf(card).includes(said.label);
  const kinds = [card.dataset.guessKind, ...card.kinds, ...card.candidates.map((one) => one.kind)];
  const kind = kinds.includes(said.kind) ? said.kind : "";
  return isKnown ? { ...said, kind } : { label: "", isOut: said.isOut };
}

const keptChoices = readChoices();

// A choice that was exported, and is in the table, is no new answer. Neither is one for an audit, if the person saw
// what the model had answered, as on an accepted card.
function findNewChoice(card) {
  const kept = keptChoices.get(subjectOf(card)) ?? {};
  const { answeredAt, audit } = card.dataset;
  if (audit && kept.sawGuess) return {};
  return answeredAt && !(Date.parse(kept.at) > Date.parse(answeredAt)) ? {} : kept;
}

for (const card of cards) {
  put(card, limitToOffered(card, findNewChoice(card)));
  if (card.toggles) continue;
  const select = card.querySelector("select.class");
  select.addEventListener("change", () => choose(card, select.value));
  card.querySelector(".right")?.addEventListener("click", () => chooseSuggested(card));
  const further = card.querySelector("select.further");
  further?.addEventListener("change", () => choose(card, NONE, further.value));
  for (const one of card.querySelectorAll("button.kind")) one.addEventListener("click", () => chooseKind(card, one.dataset));
}
show();

listenToOtherTabs((card, state) => {
  put(card, limitToOffered(card, state));
  // What another tab answered is not undone here.
  for (const [place, step] of before.entries()) before[place] = step.filter(([one]) => one !== card);
  before.splice(0, before.length, ...before.filter((step) => step.length));
  undone.disabled = before.length === 0;
  delete button.dataset.exported;
  show();
});
