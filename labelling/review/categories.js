// Questions about the shop's categories, which come first: one answer helps many products.
const MEANINGS = { [NONE]: "none of the kinds", [LEAVE_OUT]: "it does not say" };
const spokenKind = (label) => t(MEANINGS[label] ?? label);

function categoryCard(one) {
  const photos = one.photos.map((photo, place) => pictureOf(photo, `${one.category}, ${place + 1}`));
  const values = { count: number.format(one.products) };
  const counted = one.is_of_products ? t("products: {count}", values) : t("pictures: {count}", values);
  const asked = element("p", { className: "asked" }, `${t("What are these?")} `, element("strong", {}, element("bdi", { textContent: one.category })), ` (${counted})`);
  const branches = one.branches.length ? [element("p", { className: "note", textContent: t("In: {branches}", { branches: one.branches.join("; ") }) })] : [];
  const group = element("p", { className: "row toggles", role: "group", ariaLabel: t("What {category} means", one) });
  const made = element("article", { className: "category", tabIndex: -1 }, element("div", { className: "photos" }, ...photos), asked, ...branches, group);
  Object.assign(made.dataset, { category: one.category, photos: one.photos_hash });
  Object.assign(made, { kinds: [], candidates: [], further: [] });
  made.labels = [...one.kinds.map(([kind]) => kind), NONE, LEAVE_OUT];
  made.labels.spoken = spokenKind;
  const counts = new Map([...one.kinds, [NONE, one.other]]);
  made.toggles = new Map(made.labels.map((label) => [label, toggleButton(made, label, counts.get(label))]));
  group.append(...made.toggles.values());
  return made;
}

// Beside a kind stands how many of the products the photos answer so.
function toggleButton(card, label, count) {
  const text = count ? `${spokenKind(label)} ${number.format(count)}` : spokenKind(label);
  const made = element("button", { type: "button", ariaPressed: "false", textContent: text });
  made.addEventListener("click", (click) => {
    toggle(card, label);
    if (click.detail) card.focus({ preventScroll: true }); // a mouse: Enter is then for the card, not the button
  });
  return made;
}

const kindsOf = (label) => (OURS.includes(label) ? [] : label.split("|").filter(Boolean));
const isMeaning = (card, label) => OURS.includes(label) || (label && kindsOf(label).every((kind) => card.labels.includes(kind)));

// Several kinds may be chosen; each of the two other answers stands alone.
function toggle(card, label) {
  const before = chosen(card);
  if (OURS.includes(label)) return choose(card, before === label ? "" : label);
  const kinds = new Set(kindsOf(before));
  if (!kinds.delete(label)) kinds.add(label);
  choose(card, card.labels.filter((kind) => kinds.has(kind)).join("|"));
}

function showToggles(card) {
  const pressed = OURS.includes(chosen(card)) ? [chosen(card)] : kindsOf(chosen(card));
  for (const [label, made] of card.toggles) made.ariaPressed = String(pressed.includes(label));
}

if (sheet.categories?.length) {
  const head = element("h2", { textContent: t("What your categories mean") });
  const lead = element("p", { className: "lead", textContent: t("Each answer here is about many products. Choose every kind that occurs: blouses are tops and shirts.") });
  const made = sheet.categories.map(categoryCard);
  document.querySelector("main").prepend(element("section", {}, head, lead, element("div", { className: "cards categories" }, ...made)));
}
