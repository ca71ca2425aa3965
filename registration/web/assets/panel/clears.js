// The line before the page clears.

import { byId, screen } from "./fields.js";

const CLEARS_LINE_MS = 10000;

// The line that shrinks: `ms` is the time left, "" for never. It shows in the last seconds only, of
// a short time in its second half.
let clearsTimer;
export function clears(ms) {
  clearTimeout(clearsTimer);
  const line = byId("clears");
  line.hidden = true;
  screen().dataset.clears = ms;
  if (ms === "") return;
  const left = Number(ms);
  const rest = Math.min(left / 2, CLEARS_LINE_MS);
  clearsTimer = setTimeout(() => {
    line.hidden = false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    line.lastElementChild.animate(
      [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }],
      { duration: rest, fill: "forwards", easing: calm ? "steps(10)" : "linear" },
    );
  }, left - rest);
}
