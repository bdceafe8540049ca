// Says at the foot of every page how many containers the reader has made. This browser counts them and tells nobody.

const KEY = "docker-run-made";
const foot = document.querySelector(".md-footer-meta__inner");
const words = document.createElement("p");
words.className = "made";

/** Add `more` to the number, and show it. @param {number} more */
function count(more) {
  let made = more;
  try {
    made += Number(localStorage.getItem(KEY)) || 0;
    if (more) localStorage.setItem(KEY, `${made}`);
  } catch {
    // a reader may let nothing be kept
    made += Number(words.dataset.made ?? 0);
  }
  words.dataset.made = `${made}`;
  if (made) words.textContent = `지금까지 컨테이너 ${made.toLocaleString("ko")}개를 만들었어요. 이 브라우저만 아는 수예요.`;
}

foot?.append(words);
count(0);
document.addEventListener("docker-run:event", ({ target, detail }) => {
  // what is replayed was made by somebody else
  if (detail.type === "created" && target instanceof Element && !target.hasAttribute("shown")) count(1);
});
