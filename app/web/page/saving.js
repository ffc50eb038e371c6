// Save a file through the browser's downloads.

export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name.split("/").at(-1);
  link.click();
  // Not at once: some browsers fetch the URL only after the click event.
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
