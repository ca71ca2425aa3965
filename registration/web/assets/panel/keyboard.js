// The on-screen keyboard, and the field that it types into.

import { byId, fields, focusOn, nextField, openFields, screen } from "./fields.js";
import { byFinger, moved, pressing } from "./touch.js";

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

export function pressKey(key, byPointer) {
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
