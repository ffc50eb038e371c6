// A request for one picture in three languages, to copy. The key itself is never part of it.

const KEY = "Bearer YOUR-KEY";

/**
 * @param {{address: string, name: string, key: boolean}} of the URL of `predict`, the picture's file name, and
 *     whether the service asks for a key
 * @returns {Object<string, string>} code by language
 */
export function snippets({ address, name, key }) {
  const file = name.split("/").at(-1);
  return { curl: curl(address, file, key), JavaScript: javascript(address, key), Python: python(address, file, key) };
}

function curl(address, file, key) {
  const header = key ? ` -H "Authorization: ${KEY}"` : "";
  return `curl${header} --data-binary @${shell(file)} ${shell(address)}`;
}

function shell(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function javascript(address, key) {
  const headers = key ? `, headers: { Authorization: ${JSON.stringify(KEY)} }` : "";
  return `const body = new FormData();
body.append("image", file); // a File or a Blob
const response = await fetch(${JSON.stringify(address)}, { method: "POST", body${headers} });
const answer = await response.json();
console.log(answer.label, answer.confidence, answer.decision);`;
}

function python(address, file, key) {
  const headers = key ? `, headers={"Authorization": ${JSON.stringify(KEY)}}` : "";
  return `import requests

with open(${JSON.stringify(file)}, "rb") as picture:
    answer = requests.post(${JSON.stringify(address)}, files={"image": picture}${headers}, timeout=30).json()
print(answer["label"], answer["confidence"], answer["decision"])`;
}
