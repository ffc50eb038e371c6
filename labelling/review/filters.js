// The lists offer what the cards have, with counts: none where that is the same of all. What the model answered
// about a picture of an audit stays hidden, so these filters pass over it.
const isBlind = (card) => card.dataset.audit !== ""; // a question about a category has none, and is blind, too
const filters = document.getElementById("filters");
const lists = [...filters.querySelectorAll("select")];
for (const list of lists) {
  const counts = new Map();
  for (const card of cards.filter((card) => !isBlind(card))) {
    const value = card.dataset[list.dataset.of];
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const textOf = (value) => (list.dataset.of === "decision" ? t(value) : shown(value));
  const options = [...counts].sort().map(([value, count]) => new Option(`${textOf(value)} (${number.format(count)})`, value));
  list.replaceChildren(new Option(t("all"), ""), ...options);
  list.parentElement.hidden = counts.size < 2;
}
const most = document.getElementById("most");
most.parentElement.hidden = cards.every((card) => isBlind(card) || !card.dataset.confidence);

const textsByCard = new Map(cards.map((card) => [card, findSearchedText(card)]));

// The words of a card, and the kinds that it suggests.
function findSearchedText(card) {
  const texts = [...card.querySelectorAll(":scope > p:not(:last-child)")].map((one) => one.textContent);
  const kinds = isBlind(card) ? "" : (card.dataset.kinds ?? "");
  return [...texts, kinds].join(" ").toLowerCase();
}

// Every word has to be in a card's texts; an answered card stays until the filters change.
function search() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/);
  const open = document.getElementById("open").checked;
  const fits = (card) =>
    words.every((word) => textsByCard.get(card).includes(word)) &&
    lists.every((list) => !list.value || (!isBlind(card) && card.dataset[list.dataset.of] === list.value)) &&
    !(most.value && (isBlind(card) || card.dataset.confidence * 100 > most.value)) &&
    !(open && chosen(card));
  cards.forEach((card) => (card.hidden = !fits(card)));
  for (const part of document.querySelectorAll("main section, main .group")) part.hidden = !part.querySelector("article:not([hidden])");
  const found = cards.filter((card) => !card.hidden).length;
  document.getElementById("found").textContent = found < cards.length ? t("{number} shown", { number: number.format(found) }) : "";
  offer();
}
filters.addEventListener("input", search);
filters.addEventListener("submit", (sent) => sent.preventDefault());
