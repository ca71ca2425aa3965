// What was typed on the page of one's own record, while it is being stored.

import { byId, fields, page, screen } from "./fields.js";

let typed = null;

export function keepRecord(form) {
  const values = fields(form).filter((i) => !("secret" in i.dataset)).map((i) => [i.id, i.value]);
  typed = { session: screen().dataset.session, values };
}

export const forgetRecord = () => (typed = null);

// A password that was wrong must not cost the name that was typed beside it. The fields' own values
// stay what is stored, for the button that restores them.
export function recallRecord() {
  if (page() === "saving") return;
  if (page() === "own-record" && typed?.session === screen().dataset.session) {
    for (const [id, value] of typed.values) if (byId(id)) byId(id).value = value;
  }
  typed = null;
}
