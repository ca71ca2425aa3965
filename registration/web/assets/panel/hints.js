// Hints while typing: the rules themselves come from the server as data.

import { byId, fields, screen } from "./fields.js";

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!("max" in input.dataset)) return;
  hint(input);
  const again = screen().querySelector(`[data-same-as="${input.id}"]`);
  if (again?.value) hint(again);
});

function hint(input) {
  const words = input.dataset;
  const signs = [...input.value];
  const length = "bytes" in words ? new TextEncoder().encode(input.value).length : signs.length;
  const forbidden = signs.find((s) => words.forbidden?.includes(s));
  let broken = "";
  if (words.sayAscii && signs.some((s) => s < " " || s > "~")) broken = words.sayAscii;
  else if (forbidden) broken = words.sayForbidden.replace("\uFFFC", forbidden);
  else if (words.first && signs[0] === words.first) broken = words.sayFirst;
  else if (length > Number(words.max)) broken = words.sayLength;
  else if (words.sameAs && !byId(words.sameAs).value.startsWith(input.value)) broken = words.saySame;
  byId(`${input.id}-broken`).textContent = broken;
  input.setAttribute("aria-invalid", String(broken !== ""));
}

// The fields get their old values only after this event.
document.addEventListener("reset", () => setTimeout(() => fields().forEach(hint)));
