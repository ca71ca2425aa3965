// The stream of screens: asks for it, again where it ended, and sees when the service is lost.

import { clears } from "./clears.js";
import { screen } from "./fields.js";
import { language } from "./language.js";
import { forget, lose, service, show } from "./screens.js";

const LOST_AFTER_MS = 2500; // the server says something each second
const FORGET_AFTER_MS = 10000; // a server that only stalls costs nobody what they typed
const ASLEEP_MS = 1000;

let source;
let heardAt = performance.now();

export function connect() {
  source?.close();
  const url = new URL("/events", location.href);
  url.searchParams.set("station", screen().dataset.station);
  const lang = language();
  if (lang) url.searchParams.set("lang", lang);
  const own = (source = new EventSource(url));
  const on = (name, act) =>
    own.addEventListener(name, (event) => {
      if (own !== source) return;
      heardAt = performance.now();
      // Heard again on the same stream: what is shown now has to be asked for.
      if (service.lost && name !== "screen") connect();
      else act(event.data);
    });
  on("screen", show);
  on("clears", clears);
  on("ping", () => {});
  // The browser reconnects by itself unless the answer was a refusal.
  own.onerror = () => {
    if (own !== source) return;
    service.broken = true;
    if (own.readyState === EventSource.CLOSED) setTimeout(askWhy, 1000);
  };
}

document.addEventListener("language", connect);

async function askWhy() {
  try {
    const answer = await fetch(location.pathname, { method: "HEAD" });
    if (answer.status >= 400 && answer.status < 500) return location.reload();
  } catch {
    // still away
  }
  connect();
}

let lookedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  // Where this page itself slept, what was said meanwhile is still to be heard.
  if (now - lookedAt > ASLEEP_MS) heardAt = now;
  lookedAt = now;
  const quiet = now - heardAt;
  if (!service.lost && quiet >= LOST_AFTER_MS) lose();
  const gone = service.broken || quiet >= FORGET_AFTER_MS;
  if (service.lost && !service.forgotten && gone) forget();
}, 250);
