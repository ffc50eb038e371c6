// Texts in the reader's language: the English text is the key.
const offered = sheet.texts;
const tags = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
const language = tags.find((tag) => tag === "en" || offered[tag]) ?? "en";
const texts = offered[language] ?? {};
const t = (english, values = {}) => (texts[english] ?? english).replace(/\{(\w+)\}/g, (_, name) => values[name]);
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language);
// Largest group that has others beside it.
const MAX_CARDS_BESIDE = 3;
// By attribute; the class has no name. The last two labels are for none of them, and for a picture that is to
// be left out.
const labelsOf = (card) => card.labels ?? sheet.labels[card.dataset.attribute];
const OURS = sheet.labels[""].slice(-2);
const [NONE, LEAVE_OUT] = OURS;
const OTHER_KIND = "other";
const shown = (label) => (OURS.includes(label) ? t(label.trim() || "(leave out)") : label); // exported as no label
// A kind says more than "none of these", which is the class of all kinds without one. The kind "other" does not.
const shownAnswer = (label, kind) => (kind && kind !== OTHER_KIND && label === NONE ? t(kind) : shown(label));
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
  document.getElementById("source").textContent = sheet.title;
  document.querySelector("#export .file").textContent = sheet.export;
  document.querySelector("#next code").textContent = sheet.command;
}
translate();

function pictureOf(photo, name) {
  if (!photo.picture) return element("div", { className: "picture" }, element("p", { textContent: t("This picture cannot be shown, or has changed since.") }));
  return element("button", { type: "button", className: "picture", ariaLabel: t("Enlarge {name}", { name }) }, element("img", { src: sheet.pictures[photo.picture], alt: "" }));
}

function toAnswer(one) {
  const photos = one.shows_first_photo ? [one] : [one, ...one.photos];
  const pictures = photos.map((photo, place) => pictureOf(photo, photos.length > 1 ? `${one.name}, ${place + 1}` : one.name));
  const choice = Object.assign(listOfLabels(one.attribute), { ariaLabel: t("What {name} shows", one) });
  const row = element("p", { className: "row" }, choice, ...furtherKinds(one));
  const word = one.button.includes("{answer}") ? t(one.button, { answer: shownAnswer(one.guess, one.guess_kind) }) : one.button;
  if (one.guess && word && !one.choices?.length) row.append(element("button", { type: "button", className: "right", textContent: word }));
  row.append(...(one.choices ?? []).map(kindButton));
  const note = element("p", { className: "note", textContent: t(one.note, spoken(one.note_values)) });
  const notes = [note];
  if (one.word) notes.push(element("p", { className: "note word", textContent: t("The word: {word}, in the column {column}.", one) }));
  const title = one.title ? [element("p", { className: "title", dir: "auto", textContent: one.title })] : [];
  const more = one.more === 1 ? t("1 more photo") : t("{count} more photos", { count: number.format(one.more) });
  if (one.more) notes.push(element("p", { className: "note", textContent: more }));
  if (one.copies) notes.push(element("p", { className: "note", textContent: t("Copies that get the same answer: {count}", { count: number.format(one.copies) }) }));
  const above = pictures.length > 1 ? element("div", { className: "photos" }, ...pictures) : pictures[0];
  const made = card(one.name, above, ...title, ...notes, row);
  const { path, guess, sha256, decision, predicted, attribute, product } = one;
  const exported = { audit: one.audit || "", auditOf: one.audit_of || "", confidence: one.confidence ?? "" };
  const searched = { answer: one.guess_kind || guess, group: one.phrase || one.guess_kind || guess, kinds: [one.guess_kind, ...(one.choices ?? []).map((one) => one.text)].join(" ") };
  Object.assign(made.dataset, { name: one.name, path, guess, sha256, decision, predicted, attribute, product, ...exported, ...searched });
  Object.assign(made.dataset, { guessKind: one.guess_kind, photos: one.photos_hash, copies: one.copies, answeredAt: one.answered_at ?? "" });
  made.further = one.photos;
  made.kinds = one.further_kinds ?? [];
  made.candidates = one.choices ?? [];
  made.tabIndex = -1;
  return made;
}

// A button for a kind that the title admits: it answers the class and the kind, or opens the list of classes.
function kindButton(choice) {
  const made = element("button", { type: "button", className: "kind", textContent: shown(choice.text) });
  Object.assign(made.dataset, { label: choice.label, kind: choice.kind });
  return made;
}

// A list of the labels of a question. It is copied, because a thousand cards of a dozen options take long to make.
const listsByAttribute = new Map();
function listOfLabels(attribute) {
  if (!listsByAttribute.has(attribute)) {
    const options = [new Option("…", ""), ...sheet.labels[attribute].map((label) => new Option(shown(label), label))];
    listsByAttribute.set(attribute, element("select", { className: "class" }, ...options));
  }
  return listsByAttribute.get(attribute).cloneNode(true);
}

// The list of the kinds without a class. It is shown, and gets its options, once the answer is "none of these".
function furtherKinds(one) {
  if (!one.further_kinds?.length) return [];
  return [element("select", { className: "further", ariaLabel: t("Kind of {name}", one), hidden: true })];
}

function fillFurtherKinds(select, kinds) {
  if (select.options.length) return;
  select.append(new Option(t("Which kind is it?"), ""), ...kinds.map((kind) => new Option(t(kind), kind)));
}

for (const part of sheet.parts) {
  const head = part.title ? [element("h2", { textContent: t(part.title, { count: number.format(part.count) }) })] : [];
  const lead = part.lead ? [element("p", { className: "lead", textContent: t(part.lead) })] : [];
  if (part.example) lead.push(element("pre", { className: "lead", textContent: part.example }));
  const made = part.cards.map(toAnswer);
  const inside = [...lead, part.together ? element("div", { className: "groups" }, ...groupsOf(made)) : element("div", { className: "cards" }, ...made)];
  // What is optional is closed at first, and not counted among what is to be answered.
  const folded = element("details", {}, element("summary", {}, ...head), ...inside);
  document.querySelector("main").append(element("section", {}, ...(part.folded ? [folded] : [...head, ...inside])));
}

// Cards that are seen together, by phrase or suggestion; a click on one takes it out of its group.
function groupsOf(made) {
  const suggestions = [...new Set(made.map((card) => card.dataset.group))];
  return suggestions.map((suggestion) => {
    const group = made.filter((card) => card.dataset.group === suggestion);
    const heading = element("h3", { textContent: `${shown(suggestion)} (${number.format(group.length)})` });
    const all = element("button", { type: "button", className: "all", ariaLabel: t("All right: {suggestion}", { suggestion: shown(suggestion) }), textContent: t("All right") });
    all.addEventListener("click", () => confirmAll(group));
    for (const card of group) {
      const picture = card.querySelector("button.picture");
      if (picture) Object.assign(picture, { ariaLabel: t("Not {suggestion}: {name}", { suggestion: shown(suggestion), name: card.dataset.name }), ariaPressed: "false" });
    }
    // A few cards leave room for another group beside them.
    const size = group.length > MAX_CARDS_BESIDE ? "" : ` of-${group.length}`;
    return element("div", { className: `group${size}` }, element("div", { className: "row" }, heading, all), element("div", { className: "cards" }, ...group));
  });
}
