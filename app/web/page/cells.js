// Cells of a CSV (RFC 4180), of which no spreadsheet runs one as a formula, whatever it separates cells by.
// The signs of inference/text/spreadsheets.py, which a test compares; the reader takes the marks away.

const SIGN = /(?:^|(?<=[,;\t\r\n]))(?='*[=+\-@\uff1d\uff0b\uff0d\uff20\u0000-\u001f\u007f])/g;
const DIGITS = 5; // of probabilities, as in the tables of `wardrobe label`
const NUMBER = /^[+-]?[0-9]+(?:[.,][0-9]+)?(?:e[+-]?[0-9]+)?$/i;

/** A value with a mark before each sign with which a cell may begin. */
export const asText = (value) => (typeof value !== "string" || NUMBER.test(value) ? value : value.replace(SIGN, "'"));

/** The same of a path, with `./` before it where it would run: that names the same file. */
export const asPath = (value) => asText(value.search(SIGN) === 0 && !value.startsWith("'") ? `./${value}` : value);

/** A number with few digits; any other value as it is. */
export function rounded(value) {
  return typeof value === "number" ? Number(value.toFixed(DIGITS)) : value;
}

export function quoted(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
