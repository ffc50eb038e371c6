// Where pictures come from: dropped, pasted, picked, photographed. Hands on {path, file, loose};
// `loose` pictures are no files on anybody's disk. Touches the elements that it is given.

/** Hand every picture that people give to `take(pictures)`, and what they should hear to `tell(text)`. */
export function listen({ zone, pick, files, photograph, camera }, take, tell) {
  pick.addEventListener("click", () => files.click());
  photograph.addEventListener("click", () => camera.click());
  files.addEventListener("change", () => take(emptied(files).map(onDisk)));
  camera.addEventListener("change", () => take(emptied(camera).map((file) => loose(file, "photo"))));
  document.addEventListener("paste", (event) => paste(event, take, tell));
  listenForDrops(zone, take, tell);
}

function emptied(input) {
  const chosen = [...input.files];
  input.value = ""; // so that the same file may be chosen again
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

function paste(event, take, tell) {
  if (event.target.closest("input, textarea")) return;
  const pictures = [...event.clipboardData.files];
  if (pictures.length) take(pictures.map((file) => loose(file, "pasted")));
  else tell("There is no picture on the clipboard.");
}

function listenForDrops(zone, take, tell) {
  const isOver = (over) => zone.classList.toggle("over", over);
  // The whole page: a picture that misses the field would replace the page by itself.
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
    const { pictures, passedOver } = await dropped(event.dataTransfer);
    if (pictures.length) take(pictures);
    else tell("There was no picture in what you dropped. From another page, copy the picture and paste it.");
    if (passedOver) tell(`${passedOver} of the files in the folder are no pictures and were passed over.`);
  });
}

async function dropped(transfer) {
  // Both lists are gone once the event is over, so they are read before anything is waited for.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = (await Promise.all(entries.filter(Boolean).map(unfold))).flat();
  const pictures = found.filter((one) => !one.passedOver);
  return { pictures, passedOver: found.length - pictures.length };
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
    // A hundred at a time, until none is left.
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  }
  entries.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  return (await Promise.all(entries.map((entry) => (entry.isDirectory ? listed(entry) : [entry])))).flat();
}

async function opened(entry, inFolder) {
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  const path = entry.fullPath.replace(/^\//, "");
  // What was dropped by itself is sent whatever it is; a folder also holds notes and what systems leave.
  const passedOver = inFolder && (file.name.startsWith(".") || (file.type && !file.type.startsWith("image/")));
  return { path, file, loose: false, passedOver };
}
