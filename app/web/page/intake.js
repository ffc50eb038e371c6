// Where pictures come from: dropped, pasted, chosen, photographed. Passes on {path, file, loose}; `loose`
// pictures are not files on the user's disk. A ZIP is taken apart. Uses only the elements that it is given.

import { isZip, unzipped } from "./archive.js";
import { t } from "./translate.js";

/** Pass pictures to `take(pictures)` and messages for the user to `notify(text)`. */
export function listen({ zone, pick, files, photograph, camera }, passOn, notify) {
  const take = async (pictures) => passOn((await Promise.all(pictures.map((one) => apart(one, notify)))).flat());
  pick.addEventListener("click", () => files.click());
  photograph.addEventListener("click", () => camera.click());
  files.addEventListener("change", () => take(emptied(files).map(onDisk)));
  camera.addEventListener("change", () => take(emptied(camera).map((file) => loose(file, "photo"))));
  document.addEventListener("paste", (event) => paste(event, take, notify));
  listenForDrops(zone, take, notify);
}

/** The pictures in a ZIP; any other file as it is, and a ZIP that cannot be read, for the service to name it. */
async function apart(picture, notify) {
  if (!(await isZip(picture.file))) return [picture];
  try {
    const found = await unzipped(picture.file);
    if (!found.length) notify(t("{name} is a ZIP without a picture in it.", { name: picture.path }));
    return found.map((one) => ({ ...one, loose: true }));
  } catch {
    notify(t("{name} is a ZIP that cannot be taken apart here. Unpack it, and drop the folder.", { name: picture.path }));
    return [];
  }
}

function emptied(input) {
  const chosen = [...input.files];
  input.value = ""; // so that the same file can be chosen again
  return chosen;
}

function onDisk(file) {
  return { path: file.webkitRelativePath || file.name, file, loose: false };
}

let made = 0;

/** A picture that has no name of its own: clipboards call all of theirs image.png. */
function loose(file, kind) {
  const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  made += 1;
  return { path: `${kind}-${now}-${made}.${file.type === "image/png" ? "png" : "jpg"}`, file, loose: true };
}

function paste(event, take, notify) {
  if (event.target.closest("input, textarea")) return;
  const pictures = [...event.clipboardData.files];
  if (pictures.length) take(pictures.map((file) => loose(file, "pasted")));
  else notify(t("There is no picture on the clipboard."));
}

function listenForDrops(zone, take, notify) {
  const isOver = (over) => zone.classList.toggle("over", over);
  // On the whole page: a browser opens a picture that is dropped outside the field in place of the page.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    isOver(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) isOver(false);
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    isOver(false);
    const { pictures, skipped } = await dropped(event.dataTransfer);
    if (pictures.length) take(pictures);
    else notify(t("There was no picture in what you dropped. From another page, copy the picture and paste it."));
    if (skipped) notify(t("{skipped} of the files in the folder are not pictures and were left out.", { skipped }));
  });
}

async function dropped(transfer) {
  // Both lists are empty after the event, so they are read before the first await.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = (await Promise.all(entries.filter(Boolean).map(unfold))).flat();
  const pictures = found.filter((one) => !one.skipped);
  return { pictures, skipped: found.length - pictures.length };
}

async function unfold(entry) {
  if (entry instanceof File) return [onDisk(entry)];
  const inside = entry.isDirectory ? await listed(entry) : [entry];
  return Promise.all(inside.map((one) => opened(one, entry.isDirectory)));
}

/** The files in a folder and in the folders in it, by name. */
async function listed(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (let some = null; some === null || some.length; entries.push(...some)) {
    // Chromium returns a hundred at a time.
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  }
  entries.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  return (await Promise.all(entries.map((entry) => (entry.isDirectory ? listed(entry) : [entry])))).flat();
}

async function opened(entry, inFolder) {
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  const path = entry.fullPath.replace(/^\//, "");
  // A file that was dropped itself is always sent; folders also hold notes and system files.
  const skipped = inFolder && (file.name.startsWith(".") || (file.type && !file.type.startsWith("image/")));
  return { path, file, loose: false, skipped };
}
