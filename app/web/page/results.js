// Results in the order that the reader chose, and as files.

import { asText, quoted, rounded } from "./cells.js";

const FIELDS = ["label", "confidence", "decision", "reason", "familiarity", "request_id"];

/**
 * What the page shows of an answer first: the class, or the accepted kind of a picture that is unlike all classes.
 * The decision of the latter is "kind". The service calls such an answer "review", so it is not counted as accepted.
 *
 * @returns {{label: string, confidence: number, decision: string, reason: ?string, isKind: boolean}}
 */
export function shown(answer) {
  const { kind } = answer.attributes ?? {};
  if (answer.reason === "unfamiliar" && kind?.decision === "accept") return { ...kind, decision: "kind", isKind: true };
  return { ...answer, isKind: false };
}

/** The attributes of an answer that the picture has, as [name, answer]. */
export function applicable({ attributes = {} }) {
  return Object.entries(attributes).filter(([, one]) => one.reason !== "inapplicable");
}

/** How results can be sorted; what has no answer comes last. */
const ORDERS = {
  doubtful: (one, other) => rank(one) - rank(other) || one.confidence - other.confidence,
  confident: (one, other) => other.confidence - one.confidence,
};

/** The items in one of the orders: "given", "doubtful" (review first, least confident first) or "confident". */
export function sorted(items, order) {
  if (!ORDERS[order]) return items;
  const answered = items.filter((item) => item.answer);
  answered.sort((one, other) => ORDERS[order](shown(one.answer), shown(other.answer)));
  return [...answered, ...items.filter((item) => !item.answer)];
}

function rank({ decision, reason }) {
  if (decision === "review") return reason === "unfamiliar" ? 0 : 1;
  return decision === "kind" ? 2 : 3;
}

/** Every answer and error as JSON, without the pictures. */
export function asJson(items) {
  return JSON.stringify(items.filter(ended).map(row), null, 1);
}

/** The same as CSV (RFC 4180) with a header; a column per class and four per attribute, as `wardrobe label` has them. */
export function asCsv(items) {
  const rows = items.filter(ended).map(row);
  const namesIn = (field) => [...new Set(rows.flatMap((one) => Object.keys(one[field] ?? {})))];
  const [labels, attributes] = [namesIn("probabilities"), namesIn("attributes")];
  const ofAttributes = attributes.flatMap((name) => ["", "_confidence", "_decision", "_also"].map((end) => name + end));
  const header = ["path", ...FIELDS, "model", "error", ...labels.map((label) => `p_${label}`), ...ofAttributes];
  const lines = rows.map((one) => [
    one.path,
    ...FIELDS.map((field) => one[field]),
    one.model?.version,
    one.error && `${one.error.title}: ${one.error.detail}`,
    ...labels.map((label) => one.probabilities?.[label]),
    ...attributes.flatMap((name) => cellsOf(one.attributes?.[name])),
  ]);
  return [header, ...lines].map((cells) => cells.map((cell) => quoted(asText(rounded(cell)))).join(",") + "\r\n").join("");
}

function cellsOf(answer) {
  if (!answer || answer.reason === "inapplicable") return [null, null, null, null];
  return [answer.label, answer.confidence, answer.decision, answer.also.join("|")];
}

const ended = ({ state }) => state === "done" || state === "failed";

function row({ path, state, answer, trouble }) {
  if (state === "failed") {
    const { title, detail, status, requestId } = trouble;
    return { path, request_id: requestId, error: { title, detail, status } };
  }
  const { seen, ...fields } = answer;
  return { path, ...fields };
}
