// The theme hears only keys in its search field. What is pasted, dictated or put in by a phone's keyboard comes as
// `input` alone, and what could not be searched looks like what was not found.
"use strict";
document.querySelector('input[name="query"]')?.addEventListener("input", ({ target }) => {
  target?.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
});

// The worker could not get what it searches in; the theme knows no words for that.
new BroadcastChannel("search").onmessage = () => {
  const told = document.querySelector(".md-search-result__meta");
  if (told) told.textContent = "찾기에 필요한 파일을 받지 못했어요. 연결을 확인하고 다시 입력해 보세요.";
};
