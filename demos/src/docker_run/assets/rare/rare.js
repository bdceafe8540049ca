// What few readers need: cursor moves and colours of a program's output, and what is pasted. The element loads it when a
// program or a reader first does so.
import { command, flat } from "./pasted.js";
import { Rows } from "./rows.js";

globalThis.dockerRunRare = { Rows, command, flat };
