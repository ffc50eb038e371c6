// Take a ZIP apart, so that each picture in it is sent and shown by itself. The browser inflates. Pure.

import { readNames } from "./code_pages.js";

const END = 0x06054b50; // signatures of APPNOTE 6.3.10, sections 4.3.16, 4.3.12 and 4.3.7, as little-endian numbers
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1; // bits of the general purpose flag
const UTF_8 = 0x800;
const IN_ZIP64 = 0xffffffff;
// The lists of inference/file_names.py, which a test compares.
const CLUTTER = new Set([
  "#recycle", "#snapshot", "$recycle.bin", "@eadir", "@recently-snapshot", "@recycle", "@sharebin",
  "__macosx", "autorun.inf", "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db", "found.000",
  "icon\r", "lost+found", "lost.dir", "picasa.ini", "system volume information", "thumbs.db",
  "zbthumbnail.info",
]);
const NO_PICTURES = [
  "zone.identifier", "@synoeastream", "@synoresource", ".aae", ".csv", ".db", ".htm", ".html",
  ".inf", ".ini", ".json", ".jsonl", ".lnk", ".log", ".md", ".parquet", ".sqlite",
  ".sqlite-journal", ".sqlite.damaged", ".tsv", ".txt", ".url", ".xml", ".xmp", ".yaml", ".yml",
];
const HIDDEN = [".", "~$"];

/** Whether a file is a ZIP, by its first bytes: a name may say anything. */
export async function isZip(file) {
  return file.size > END_BYTES && (await viewOf(file.slice(0, 4))).getUint32(0, true) === LOCAL;
}

/**
 * The pictures in a ZIP, as {path, file}; folders and files of the system are left out.
 * Throws where the list of its entries cannot be read.
 */
export async function unzipped(zip) {
  const entries = await entriesOf(zip);
  const wanted = entries.filter(({ name }) => !name.endsWith("/") && isPicture(name));
  return Promise.all(wanted.map(async (entry) => ({ path: `${zip.name}/${entry.name}`, file: await contentOf(zip, entry) })));
}

/** Whether a member may be a picture, by its path. */
function isPicture(path) {
  const parts = path.toLowerCase().split("/").filter((part) => part !== "." && part !== "..");
  const added = parts.some((part) => CLUTTER.has(part) || HIDDEN.some((begin) => part.startsWith(begin)));
  return !added && !NO_PICTURES.some((end) => path.toLowerCase().endsWith(end));
}

async function entriesOf(zip) {
  const tail = await viewOf(zip.slice(-(END_BYTES + LONGEST_COMMENT)));
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new RangeError("no end of central directory");
  const [count, size, start] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  const directory = await viewOf(zip.slice(start, start + size));
  const found = [];
  for (let place = 0; found.length < count; ) {
    const entry = entryAt(directory, place);
    place += entry.bytes;
    found.push(entry);
  }
  return named(found);
}

/** The entries with their names in Unicode: UTF-8 where they say so, else what fits all of them best. */
function named(entries) {
  const unmarked = entries.filter(({ isUtf8, written }) => !isUtf8 && written.some((byte) => byte > 0x7f));
  const names = readNames(unmarked.map(({ written }) => written));
  const read = new Map(unmarked.map((entry, place) => [entry, names[place]]));
  return entries.map((entry) => {
    const name = read.get(entry) ?? new TextDecoder().decode(entry.written);
    return { ...entry, name: name.replaceAll("\\", "/") };
  });
}

function entryAt(directory, place) {
  if (directory.getUint32(place, true) !== ENTRY) throw new RangeError("no entry");
  const lengths = [28, 30, 32].map((offset) => directory.getUint16(place + offset, true));
  const flags = directory.getUint16(place + 8, true);
  const entry = {
    bytes: 46 + lengths[0] + lengths[1] + lengths[2],
    written: new Uint8Array(directory.buffer, place + 46, lengths[0]),
    isUtf8: Boolean(flags & UTF_8),
    method: directory.getUint16(place + 10, true),
    size: directory.getUint32(place + 20, true),
    start: directory.getUint32(place + 42, true),
  };
  if (flags & ENCRYPTED || ![STORED, DEFLATED].includes(entry.method)) throw new RangeError("not read here");
  if (entry.size === IN_ZIP64 || entry.start === IN_ZIP64) throw new RangeError("ZIP64");
  return entry;
}

async function contentOf(zip, { start, size, method, name }) {
  const head = await viewOf(zip.slice(start, start + 30));
  const from = start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const stored = zip.slice(from, from + size);
  if (method === STORED) return new File([stored], name);
  const inflated = stored.stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new File([await new Response(inflated).blob()], name);
}

async function viewOf(blob) {
  return new DataView(await blob.arrayBuffer());
}
