// Cells of a CSV (RFC 4180), of which no spreadsheet runs one as a formula.

const FORMULA = /^'*[=+\-@\u0000-\u001f\u007f]/; // the reader takes the mark away

/** A value with a mark before it where it would run. */
export const asText = (value) => (runs(value) ? `'${value}` : value);

/** A path with `./` before it where it would run: that names the same file. */
export const asPath = (value) => (runs(value) ? value.replace(/^(?!')/, "./") : value);

export function quoted(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const runs = (value) => typeof value === "string" && FORMULA.test(value);
