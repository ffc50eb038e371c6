// The page's texts: answers, errors and numbers in words. Pure.

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const SMALLEST = 0.001;
const MOST_CLASSES = 30; // named at the top of the page

/** A probability for people. A model is never certain: 0 and 1 are what float32 rounds to. */
export function percent(share) {
  if (share < SMALLEST) return "< 0.1%";
  if (share > 1 - SMALLEST) return "> 99.9%";
  return PERCENT.format(share);
}

/** The classes of the model in a sentence. */
export function classes(labels) {
  const more = labels.length - MOST_CLASSES;
  const named = labels.slice(0, MOST_CLASSES).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `The model knows ${count(labels.length, "class", "classes")}: ${named}.`;
}

/** Why pictures wait, and until when; empty where none does. */
export function holding(items) {
  const held = items.filter((item) => item.state === "held");
  if (!held.length) return "";
  const { trouble, seconds } = held.reduce((one, other) => (other.seconds < one.seconds ? other : one));
  const cause = trouble.status === 429 ? "The rate limit is used up" : "The service is busy";
  const wait = `${count(held.length, "picture waits", "pictures wait")}, the next try is in ${count(seconds, "second")}`;
  return `${cause}: ${wait}. ${trouble.detail}`;
}

/** "1 picture", "2 pictures". */
export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

const DECISIONS = { accept: "Accept", review: "Review" };

/** The decision of an answer in one word. */
export function decision(answer) {
  return DECISIONS[answer.decision] ?? answer.decision;
}

/** Why the answer was decided so, and whether the picture is small. */
export function reason(answer) {
  const small = answer.enlarged ? " The picture is smaller than what the model reads, so it was enlarged." : "";
  return explanation(answer) + small;
}

function explanation(answer) {
  if (answer.decision === "accept") {
    return answer.familiarity === null
      ? "The model is sure."
      : "The model is sure, and the picture looks like what it has learnt.";
  }
  if (answer.reason === "ambiguous") return `Not sure enough to accept: ${closest(answer)}.`;
  if (answer.reason === "unfamiliar") {
    return "The picture is unlike what the model has learnt, so the answer may mean nothing.";
  }
  return answer.reason ?? "";
}

function closest(answer) {
  return Object.entries(answer.probabilities)
    .sort(([, one], [, other]) => other - one)
    .slice(0, 2)
    .map(([label, share]) => `${label} ${percent(share)}`)
    .join(", ");
}

/** What a heat map shows, for those who do not see it. */
export function explained({ label, drops }) {
  const largest = Math.max(...drops.flat());
  const row = drops.findIndex((values) => values.includes(largest));
  const place = [thirdOf(row, drops.length, "top", "bottom"), thirdOf(drops[row].indexOf(largest), drops[row].length, "left", "right")];
  return `${label} rests most on the ${place.filter(Boolean).join(" ") || "middle"}: without it, its probability falls by ${percent(Math.max(largest, 0))}.`;
}

function thirdOf(index, length, first, last) {
  if (index < length / 3) return first;
  return index >= (2 * length) / 3 ? last : "";
}

/** The operator's own category of an answer: "Trousers, 5107"; empty where there are none. */
export function category({ category }) {
  return category ? [category.name, category.id].filter(Boolean).join(", ") : "";
}

/** How sure the model is, and how familiar the picture, where the model measures that. */
export function sureness(answer) {
  const sure = `${percent(answer.confidence)} sure`;
  return answer.familiarity === null ? sure : `${sure}, familiarity ${answer.familiarity.toFixed(2)}`;
}

/** The state of a picture without an answer. */
export function state(item) {
  switch (item.state) {
    case "waiting":
      return "Waiting for its turn";
    case "sending":
      return `Sending ${PERCENT.format(Math.round(item.sent * 100) / 100)}`;
    case "thinking":
      return "Sent; the model is looking";
    case "held":
      return `${item.trouble.title}. Trying again in ${count(item.seconds, "second")}`;
    case "offline":
      return "You are offline. This goes on as soon as you are back";
    case "locked":
      return "Waiting for an API key";
    case "stopped":
      return "Stopped before it was answered";
    case "failed":
      return item.trouble.title;
    default:
      return "";
  }
}

/** An answer as a screen reader announces it. */
export function spoken(item) {
  if (item.state === "failed") return `${item.path}: ${item.trouble.title}. ${item.trouble.detail}`;
  if (item.state !== "done") return `${item.path}: ${state(item)}.`;
  const { answer } = item;
  return `${item.path}: ${answer.label}, ${percent(answer.confidence)}. ${decision(answer)}. ${reason(answer)}`;
}

/** "4 pictures: 2 accept, 1 to review, 1 failed". */
export function tally(items) {
  const of = (test) => items.filter(test).length;
  const parts = [
    [of((item) => item.answer?.decision === "accept"), "accept"],
    [of((item) => item.answer?.decision === "review"), "to review"],
    [of((item) => item.state === "failed"), "failed"],
    [of((item) => !item.answer && item.state !== "failed"), "to come"],
  ];
  const named = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return `${count(items.length, "picture")}: ${named.join(", ")}`;
}
