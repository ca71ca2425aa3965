// Fields and what is typed into them: where the focus is, hints while typing, the on-screen keyboard.

import { byFinger, moved, pressing } from "./touch.js";

export const byId = (id) => document.getElementById(id);
const screen = () => byId("screen");

// The text fields, and those of them that can be seen.
export const fields = (of = screen()) => [...of.querySelectorAll(".field input")];
export const openFields = () => {
  const unfolded = byId("change-password");
  const of = unfolded?.open ? unfolded : screen();
  return fields(of).filter((input) => !input.closest("details:not([open])"));
};

// --- hints while typing: the rules themselves come from the server as data ------------------

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

// --- on-screen keyboard ----------------------------------------------------------------------

let shown = false;
export const keyboardShown = () => shown;
let field = null; // where the keys go
let layer = "base";

// Nothing moves under a finger or a pointer: what was pressed comes into sight with the click.
document.addEventListener("focusin", (event) => {
  if (!event.target.matches(".field input")) return;
  aim(event.target);
  if (!pressing()) intoSight();
});

export function aim(input) {
  field = input;
  for (const other of fields()) other.classList.toggle("aimed", shown && other === input);
  if (shown) label();
}

// Above the keyboard is little room on a small screen: the field with its name and rule, or at least
// the field.
function intoSight() {
  if (!shown || !field) return;
  field.closest(".field").scrollIntoView({ block: "nearest" });
  field.scrollIntoView({ block: "nearest" });
}

// Where Enter goes: to the next field that is empty; null where the form is ready to be sent.
export function nextField(input) {
  const open = openFields();
  return open.slice(open.indexOf(input) + 1).find((other) => other.value === "") ?? null;
}

export function focusOn(input) {
  input.focus({ preventScroll: true });
}

// What the server wants to have the focus; in a field, behind what is there.
export function focusFirst() {
  const first = screen().querySelector("[data-focus]");
  if (!first) return;
  focusOn(first);
  if (first.matches("input")) first.setSelectionRange(first.value.length, first.value.length);
}

// Whoever came here with the Tab key gets the first key, and the keys go to the first empty field:
// on the way here the focus passed both.
export function keyboardOpen(byTab = false) {
  const keyboard = byId("keyboard");
  if (!keyboard) return;
  if (!shown) moved();
  shown = true;
  for (const input of fields()) input.inputMode = "none";
  keyboard.hidden = false;
  screen().classList.add("typing");
  byId("keyboard-open").setAttribute("aria-expanded", "true");
  if (byTab) {
    aim(openFields().find((input) => input.value === "") ?? openFields().at(-1));
    focusOn(keyboard.querySelector(".key"));
  } else {
    aim(openFields().find((input) => input.id === field?.id) ?? openFields()[0]);
    if (!keyboard.contains(document.activeElement)) focusOn(field);
  }
  intoSight();
}

export function keyboardClose() {
  if (shown) moved();
  shown = false;
  layer = "base";
  const keyboard = byId("keyboard");
  if (!keyboard) return;
  const inside = keyboard.contains(document.activeElement);
  keyboard.hidden = true;
  for (const input of fields()) {
    input.inputMode = "";
    input.classList.remove("aimed");
  }
  screen().classList.remove("typing");
  byId("keyboard-open").setAttribute("aria-expanded", "false");
  if (inside) focusOn(byId("keyboard-open"));
}

function label() {
  for (const key of screen().querySelectorAll(".key[data-base]")) {
    const sign = key.dataset[layer];
    key.textContent = sign;
    key.disabled = field?.dataset.forbidden?.includes(sign) ?? false;
  }
  for (const key of screen().querySelectorAll(".key[data-layer]")) {
    key.setAttribute("aria-pressed", String(key.dataset.layer === layer));
  }
}

export function press(key, byPointer) {
  const { does, layer: wanted } = key.dataset;
  if (wanted) {
    layer = layer === wanted ? "base" : wanted;
    label();
  } else if (does === "close") {
    keyboardClose();
  } else if (does === "enter") {
    enter();
  } else {
    const [start, end] = [field.selectionStart, field.selectionEnd];
    if (does !== "backspace") field.setRangeText(key.dataset[layer] ?? " ", start, end, "end");
    else field.setRangeText("", start === end ? Math.max(0, start - 1) : start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (layer === "shift") {
      layer = "base";
      label();
    }
  }
  if (byPointer && shown) focusOn(field);
}

// Beside the keys and the fields nothing takes the focus out of a field that is being typed into.
export const keyboardKeeps = (target) =>
  shown && !target.closest("input, label, summary, a, button");

// The browser's own keyboard must not come up over ours; so early, since the focus comes before the
// click.
export function takesFinger(event) {
  if (!byFinger() || !byId("keyboard") || !event.target.closest(".field")) return;
  for (const input of fields()) input.inputMode = "none";
}

function enter() {
  const next = nextField(field);
  if (next) {
    aim(next);
    intoSight();
  } else {
    byId("submit").click();
  }
}
