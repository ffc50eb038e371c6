// Answers that this sheet exported on another machine are read in, so that a half-answered sheet can move.

// A file of another table may have a photo of this one by chance.
const MIN_FITTING_SHARE = 0.5;

// Rows of a CSV as arrays of cells; a cell in quotes may hold commas, quotes and line ends.
function parseCsv(text) {
  const rows = [[]];
  let isNewCell = true;
  for (const [, quoted, plain, end] of text.replace(/^\uFEFF/, "").matchAll(/"((?:[^"]|"")*)"?|([^",\r\n][^,\r\n]*)|(,|\r\n|\n|\r)/g)) {
    const row = rows.at(-1);
    if (end === undefined) {
      row[Math.max(row.length - 1, 0)] = (isNewCell ? "" : (row.at(-1) ?? "")) + (quoted?.replaceAll('""', '"') ?? plain);
      isNewCell = false;
    } else {
      if (row.length === 0) row.push("");
      if (end === ",") row.push("");
      else rows.push([]);
      isNewCell = true;
    }
  }
  return rows.filter((row) => row.some((cell) => cell));
}

// The apostrophe that `asText` wrote before a cell that spreadsheets would run.
const withoutMark = (cell) => cell.replace(new RegExp(sheet.formula.replace("(?='*", "'(?='*"), "g"), "");

function readAnswers(text) {
  const [header = [], ...rows] = parseCsv(text);
  const names = header.map((name) => name.trim().toLowerCase());
  return rows.map((row) => Object.fromEntries(names.map((name, place) => [name, withoutMark(row[place] ?? "")])));
}

const questionOfRow = ({ category, product = "", attribute = "", sha256 = "", path = "" }) => JSON.stringify(category ? ["category", category] : [product, attribute, sha256 || path]);

// The questions of a card: one for each of its photos, so that an answer to other photos does not fit.
function questionsOfCard({ dataset: { category, product, attribute, sha256, path }, further }, askedAttribute = attribute) {
  if (category) return [questionOfRow({ category })];
  return [{ sha256, path }, ...further].map((photo) => questionOfRow({ product, attribute: askedAttribute, sha256: photo.sha256, path: photo.path }));
}

// What the file answers on a card, and to which questions; null if it does not answer it for all of its photos.
function findState(card, rowsByQuestion) {
  const questions = questionsOfCard(card);
  const rows = questions.map((question) => rowsByQuestion.get(question));
  if (rows.some((row) => !row)) return null;
  const isAboutClass = !card.dataset.category && !card.dataset.attribute;
  const kindQuestions = isAboutClass ? questionsOfCard(card, "kind").filter((question) => rowsByQuestion.has(question)) : [];
  const kind = rowsByQuestion.get(kindQuestions[0])?.label ?? "";
  const [{ label, at = "" }] = rows;
  const state = limitToOffered(card, { label: label || LEAVE_OUT, kind, at, isOut: false });
  return state.label ? { card, state, questions: [...questions, ...kindQuestions] } : null;
}

function takeIn(text) {
  const answers = readAnswers(text);
  const rowsByQuestion = new Map(answers.map((row) => [questionOfRow(row), row])); // the last row counts
  const found = cards.map((card) => findState(card, rowsByQuestion)).filter(Boolean);
  const answered = new Set(found.flatMap(({ questions }) => questions));
  const fitting = answers.filter((row) => answered.has(questionOfRow(row))).length;
  const counts = { count: number.format(fitting), all: number.format(answers.length) };
  if (!fitting || fitting < MIN_FITTING_SHARE * answers.length) return t("Rows that fit this sheet: {count} of {all}. So nothing is read in. Choose a file that this sheet exported.", counts);
  const newer = found.filter(({ card, state }) => !chosen(card) || (card.dataset.at ?? "") < state.at);
  if (newer.length) chooseAll(newer.map(({ card, state }) => [card, state]));
  return t("Rows that fit this sheet: {count} of {all}. They are read in.", counts);
}

const imported = document.querySelector("#import input");
imported.addEventListener("change", async () => {
  const [file] = imported.files;
  if (!file) return;
  document.getElementById("imported").textContent = takeIn(await file.text());
  imported.value = ""; // the same file may be chosen again
});
