// The head of the sheet: what is to be done, how long it takes, and what became of the answers.

// Estimates of the seconds that a person needs for a question about a category, a card of its own, and one of a
// group.
const SECONDS = { category: 15, card: 8, grouped: 2 };
const minutesText = new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "long" });

function estimateMinutes(open) {
  const kindOfCard = (card) => (card.dataset.category ? "category" : card.closest(".group") ? "grouped" : "card");
  const seconds = open.reduce((sum, card) => sum + SECONDS[kindOfCard(card)], 0);
  return minutesText.format(Math.max(1, Math.round(seconds / 60)));
}

// Several cards may ask about one product, and a card may ask about a picture and its copies. A question about a
// category is not counted, as nobody knows which products it will decide.
function countSubjects(some) {
  const asked = some.filter((card) => !card.dataset.category);
  const rows = new Map(asked.map((card) => [card.dataset.product || card.dataset.path, 1 + Number(card.dataset.copies)]));
  return [...rows.values()].reduce((sum, count) => sum + count, 0);
}

function describeTask(answered, open) {
  const all = number.format(sheet.rows);
  const isOfProducts = sheet.are_products;
  if (!cards.some((card) => !isOptional(card))) {
    if (!sheet.rows) return t("Nothing to review.");
    if (sheet.rows === 1) return isOfProducts ? t("The only product is accepted. Nothing to review.") : t("The only picture is accepted. Nothing to review.");
    return isOfProducts ? t("All {all} products are accepted. Nothing to review.", { all }) : t("All {all} pictures are accepted. Nothing to review.", { all });
  }
  if (!open.length) return t("All questions are answered. Export your answers.");
  // As the command says it: a product that lacks a colour alone is done.
  const openClasses = countSubjects(open.filter((card) => !card.dataset.attribute));
  const count = number.format(openClasses ? openClasses + sheet.unasked : countSubjects(open));
  const minutes = estimateMinutes(open);
  if (count === "0") return t("Questions about categories: {count}, about {minutes}", { count: number.format(open.length), minutes });
  if (!sheet.rows || !openClasses) return t("Pictures to look at: {count}, about {minutes}", { count, minutes });
  if (sheet.rows === 1) return isOfProducts ? t("1 product needs you, about {minutes}", { minutes }) : t("1 picture needs you, about {minutes}", { minutes });
  if (isOfProducts) return count === "1" ? t("1 of {all} products needs you, about {minutes}", { all, minutes }) : t("{count} of {all} products need you, about {minutes}", { count, all, minutes });
  return count === "1" ? t("1 of {all} pictures needs you, about {minutes}", { all, minutes }) : t("{count} of {all} pictures need you, about {minutes}", { count, all, minutes });
}

function showHead(answered, open) {
  document.getElementById("task").textContent = describeTask(answered, open);
  const lead = document.querySelector("header > .lead");
  lead.hidden = cards.length === 0;
  lead.textContent = cards.every(isOptional) ? t("What follows is optional.") : t(sheet.lead);
  const of = { count: number.format(answered.length), all: number.format(answered.length + open.length) };
  const isAll = answered.length > 0 && open.length === 0;
  document.getElementById("count").textContent = isAll ? t("{count} of {all} answered. Done: export them.", of) : t("{count} of {all} answered", of);
  document.getElementById("left").textContent = open.length ? t("about {minutes} left", { minutes: estimateMinutes(open) }) : "";
  Object.assign(document.getElementById("progress"), { max: Math.max(answered.length + open.length, 1), value: answered.length });
  const saved = { count: number.format(answered.length), open: number.format(open.length) };
  const savedText = answered.length === 1 ? t("1 answer saved, {open} left.", saved) : t("{count} answers saved, {open} left.", saved);
  document.getElementById("saved").textContent = button.dataset.exported ? savedText : "";
  document.getElementById("next").hidden = !sheet.command || !(isAll || button.dataset.exported);
  for (const part of document.querySelectorAll(".bar, .folded")) part.hidden = cards.length === 0;
}

function showStorage() {
  const aside = findCardsOfOtherPhotos().length;
  document.getElementById("aside").hidden = aside === 0;
  document.getElementById("aside").textContent = t("Answers that were given to other photos, and are not used here: {count}.", { count: number.format(aside) });
  document.getElementById("unkept").hidden = unkept.size === 0;
}

function listReasons() {
  document.getElementById("reasons").hidden = sheet.reasons.length === 0;
  const items = sheet.reasons.flatMap(([name, sentence]) => [element("dt", { textContent: t(name) }), element("dd", { textContent: t(sentence) })]);
  document.querySelector("#reasons dl").replaceChildren(...items);
}
listReasons();

const copied = document.getElementById("copy");
copied.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(sheet.command);
    copied.textContent = t("Copied");
  } catch {
    // Some browsers forbid it for files: the command is selected, to be copied by hand.
    getSelection().selectAllChildren(document.querySelector("#next code"));
  }
});
