// Spreadsheets run a cell that begins so; the reader takes the apostrophes away.
const asText = (text) => text.replace(new RegExp(sheet.formula, "g"), "'");
const field = (text) => `"${text.replaceAll('"', '""')}"`;

// A product has a row for each photo of its card: training learns them all. What the model answered to the
// product stands in the first alone, so that an audit counts it once.
const COLUMNS = ["path", "label", "sha256", "at", "audit", "audit_of", "predicted", "attribute", "version"];
if (cards.some((card) => card.dataset.product) || sheet.categories?.length) COLUMNS.push("product");
if (sheet.categories?.length) COLUMNS.push("category");

function rowsOf(card) {
  const { at, category } = card.dataset;
  if (category) return [{ label: asText(chosen(card)), at, attribute: "kind", category: asText(category) }];
  const kinds = kindOf(card) ? rowsOfPhotos(card, kindOf(card), "kind") : [];
  return [...rowsOfPhotos(card, chosen(card), card.dataset.attribute), ...kinds];
}

// What belongs to the answer to the card's own question alone, such as the audit, is not in rows about the kind.
function rowsOfPhotos(card, answer, attribute) {
  const { path, sha256, at, audit, auditOf, predicted } = card.dataset;
  const every = { label: asText(answer), at, attribute, product: asText(card.dataset.product) };
  const own = { audit, audit_of: auditOf, predicted: asText(predicted), version: asText(sheet.version) };
  const isOwn = attribute === card.dataset.attribute;
  const first = { ...every, path: asText(path), sha256, ...(isOwn ? own : {}) };
  return [first, ...card.further.map((photo) => ({ ...every, path: asText(photo.path), sha256: photo.sha256 }))];
}

button.addEventListener("click", () => {
  const cells = cards.filter(chosen).flatMap(rowsOf).map((row) => COLUMNS.map((name) => row[name] ?? ""));
  const rows = [COLUMNS, ...cells];
  const lines = rows.map((cells, place) => `${(place ? cells.map(field) : cells).join(",")}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/csv" }));
  link.download = sheet.export;
  link.click();
  URL.revokeObjectURL(link.href);
  button.dataset.exported = "yes";
  removeForeignChoices();
  show();
});

addEventListener("beforeunload", (leaving) => {
  if (unkept.size && !button.disabled && !button.dataset.exported) leaving.preventDefault();
});
