// Leads to a section whose address came with its letters decomposed, as macOS and some programs write Korean: the sections'
// own names are composed.
"use strict";
function lead() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    // it is no name of ours
  }
  const composed = name.normalize("NFC");
  if (composed !== name && document.getElementById(composed)) location.replace(`#${encodeURIComponent(composed)}`);
}

lead();
addEventListener("hashchange", lead);
