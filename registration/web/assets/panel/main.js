// The panel's page. The server renders every screen; these files swap them in, send what is pressed, and
// do what only the page can do: the line before the page clears, and saying that the service is lost.
// Each imports from those above it: touch and fields; hints, keyboard, clears, record, language;
// screens; stream and press.

import { clears } from "./clears.js";
import { focusFirst, screen } from "./fields.js";
import "./hints.js";
import "./press.js";
import { announce } from "./screens.js";
import { connect } from "./stream.js";

focusFirst();
announce(screen().querySelector("main"));
clears(screen().dataset.clears);
connect();
