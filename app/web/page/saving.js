// Hand a file to the browser's downloads.

export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name.split("/").at(-1);
  link.click();
  // Not at once: some browsers fetch the address only after the click has been dealt with.
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
