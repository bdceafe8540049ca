// Tells each figure that stands beside its demos how high it is, so that of one that is higher than the screen the foot
// stays in view (stage.css).
"use strict";
const watch = new ResizeObserver(entries => {
  for (const { target, borderBoxSize: [{ blockSize }] } of entries) {
    if (target instanceof HTMLElement) target.style.setProperty("--tall", `${blockSize}px`);
  }
});
for (const figure of document.querySelectorAll(".stage > .figure")) watch.observe(figure);
