// Take a ZIP apart, so that each picture in it is sent and shown by itself. The browser inflates.

const END = 0x06054b50; // signatures of APPNOTE 6.3.10, sections 4.3.16, 4.3.12 and 4.3.7, as little-endian numbers
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1; // of the general purpose flag
const IN_ZIP64 = 0xffffffff;
const MOST_UNPACKED = 2 ** 30; // bytes of all packed pictures together: a tab has little more memory
const CP850 = // what the bytes from 128 on spell in names that are no UTF-8, as Windows writes them
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»\u2591\u2592\u2593\u2502\u2524ÁÂÀ©\u2563\u2551\u2557\u255d¢¥\u2510\u2514\u2534\u252c\u251c\u2500\u253cãÃ\u255a\u2554\u2569\u2566\u2560\u2550\u256c¤ðÐÊËÈıÍÎÏ\u2518\u250c\u2588\u2584¦Ì\u2580ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0";
// The lists of inference/text/file_names.py, which a test compares.
const CLUTTER = new Set([
  "#recycle", "#snapshot", "$recycle.bin", "@eadir", "@recently-snapshot", "@recycle", "@sharebin",
  "__macosx", "autorun.inf", "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db", "found.000",
  "icon\r", "lost+found", "lost.dir", "picasa.ini", "system volume information", "thumbs.db",
  "zbthumbnail.info",
]);
const NO_PICTURES = [
  "zone.identifier", "@synoeastream", "@synoresource", ".aae", ".csv", ".db", ".htm", ".html",
  ".inf", ".ini", ".json", ".jsonl", ".lnk", ".log", ".md", ".parquet", ".sqlite",
  ".sqlite-journal", ".sqlite.damaged", ".tsv", ".txt", ".url", ".xlsx", ".xml", ".xmp", ".yaml",
  ".yml",
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
  const total = wanted.reduce((sum, { method, unpacked }) => sum + (method === STORED ? 0 : unpacked), 0);
  if (total > MOST_UNPACKED) throw new RangeError("too large");
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
  return found;
}

function nameOf(written) {
  let name;
  try {
    name = new TextDecoder("utf-8", { fatal: true }).decode(written);
  } catch {
    name = Array.from(written, (byte) => (byte < 128 ? String.fromCharCode(byte) : CP850[byte - 128])).join("");
  }
  return name.replaceAll("\\", "/");
}

function entryAt(directory, place) {
  if (directory.getUint32(place, true) !== ENTRY) throw new RangeError("no entry");
  const lengths = [28, 30, 32].map((offset) => directory.getUint16(place + offset, true));
  const flags = directory.getUint16(place + 8, true);
  const entry = {
    bytes: 46 + lengths[0] + lengths[1] + lengths[2],
    name: nameOf(new Uint8Array(directory.buffer, place + 46, lengths[0])),
    method: directory.getUint16(place + 10, true),
    size: directory.getUint32(place + 20, true),
    unpacked: directory.getUint32(place + 24, true),
    start: directory.getUint32(place + 42, true),
  };
  if (flags & ENCRYPTED || ![STORED, DEFLATED].includes(entry.method)) throw new RangeError("not read here");
  if ([entry.size, entry.unpacked, entry.start].includes(IN_ZIP64)) throw new RangeError("ZIP64");
  return entry;
}

async function contentOf(zip, { start, size, unpacked, method, name }) {
  const head = await viewOf(zip.slice(start, start + 30));
  const from = start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const stored = zip.slice(from, from + size);
  // The time of the ZIP: with the present time, the labels of a picture would be lost where nothing is hashed.
  const { lastModified } = zip;
  return new File(method === STORED ? [stored] : await inflated(stored, unpacked), name, { lastModified });
}

/** The parts of a member; one that has more bytes than its entry declares is not inflated to its end. */
async function inflated(stored, size) {
  const reader = stored.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let left = size;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    left -= part.value.length;
    if (left < 0) {
      await reader.cancel();
      throw new RangeError("more bytes than declared");
    }
    parts.push(part.value);
  }
  return parts;
}

async function viewOf(blob) {
  return new DataView(await blob.arrayBuffer());
}
