// The page of `wardrobe diff`.
document.title = `Changed answers: ${sheet.first} to ${sheet.second}`;
document.querySelector(".lead").textContent = sheet.lead;
const cards = element("div", { className: "cards" });
document.querySelector("main").append(cards);
for (const one of sheet.cards) {
  const picture = one.picture ? element("img", { src: one.picture, alt: "" }) : element("p", { textContent: "This picture cannot be shown." });
  const said = element("p", {}, `${one.before} → `, element("strong", { textContent: one.label }), one.after);
  cards.append(card(one.path, element("div", { className: "picture" }, picture), said));
}
