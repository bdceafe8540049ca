// The chips below a demo: one click writes an author's changed line into the field, for the reader to look at and run.

document.addEventListener("click", ({ target }) => {
  /** @type {HTMLElement | null} */
  const chip = target instanceof Element ? target.closest(".tries > button") : null;
  /** @type {import("./element.js").DockerRun | null | undefined} */
  const demo = chip?.closest(".docker-run")?.querySelector("docker-run");
  if (!chip || !demo) return;
  demo.command = chip.dataset.line ?? "";
  // in the field a phone would open its keyboard
  const next = matchMedia("(pointer: coarse)").matches ? ".run" : "textarea";
  /** @type {HTMLElement | null} */ (demo.querySelector(next))?.focus();
});
