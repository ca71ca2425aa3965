// A finger presses what it was put on, or nothing. Pages change by themselves and the keyboard comes
// up, while the click of a touch goes to whatever is there when the finger is lifted.

const AGAIN_MS = 400; // the second half of a double tap, be the hand slow
const AGAIN_PX = 32;

const down = new Map(); // touches that are on, or whose click is due, by pointer
let last = null;
let lifted = null; // the touch whose mouse events and click come next
let pressed = false;
let finger = false;
let movedAt = -Infinity;

// Whether it was a finger that pressed last.
export const byFinger = () => finger;
// Whether something is being pressed: the click is still to come.
export const pressing = () => pressed;
// Something else may be under the finger from now on.
export const moved = () => (movedAt = performance.now());
document.addEventListener("toggle", moved, true);

// The control at this place, told in words that outlast another drawing of the same page.
function what(target) {
  const control = target.closest?.("label, button, a, summary, input");
  if (!control) return null;
  const { page, session } = document.getElementById("screen").dataset;
  const own = control.control?.id || control.id || control.parentElement.id;
  const value = control.localName === "button" ? control.value : ""; // nothing that somebody typed
  return JSON.stringify([page, session, control.localName, own, value, { ...control.dataset }]);
}

addEventListener("pointerdown", (event) => {
  finger = event.pointerType === "touch" || event.pointerType === "pen";
  pressed = true;
  lifted = null;
  if (event.isPrimary) down.clear();
  if (!finger) return;
  const { clientX: x, clientY: y } = event;
  const touch = { what: what(event.target), x, y, at: performance.now() };
  // A finger that is not counted does not move the focus either.
  touch.again = isAgain(touch, last);
  if (touch.again) event.preventDefault();
  down.set(event.pointerId, touch);
  last = touch;
}, true);
addEventListener("pointerup", (event) => (lifted = down.get(event.pointerId) ?? null), true);
for (const name of ["pointercancel", "keydown"]) {
  addEventListener(name, (event) => {
    pressed = false;
    down.delete(event.pointerId);
  }, true);
}

// The focus goes nowhere else either.
addEventListener("mousedown", (event) => {
  if (lifted && what(event.target) !== lifted.what) event.preventDefault();
}, true);

addEventListener("click", (event) => {
  const touch = down.get(event.pointerId);
  down.delete(event.pointerId);
  pressed = false;
  lifted = null;
  if (!touch || (what(event.target) === touch.what && !touch.again)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Whether this is the second half of a double tap, and something else has come under the finger.
function isAgain(touch, before) {
  if (before === null || movedAt < before.at || touch.what === before.what) return false;
  const far = Math.hypot(touch.x - before.x, touch.y - before.y);
  return touch.at - before.at < AGAIN_MS && far < AGAIN_PX;
}
