// What a question says: what a run came to, and its steps one by one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { actualText, asking, outputOf, stepSentences, verdicts } from "../../../demos/src/docker_run/assets/question/strings.js";

/** The events of a recorded run. @param {string} name @returns {WireEvent[]} */
function recorded(name) {
  const file = new URL(`../../../demos/recordings/${name}.ndjson`, import.meta.url);
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(1).map(line => JSON.parse(line));
}

test("what happened is the exit code and the first line, with how many there are", () => {
  assert.equal(actualText(3, ""), "종료 코드 3 · 출력 없음");
  assert.equal(actualText(0, "Linux\n"), "종료 코드 0 · Linux");
  assert.equal(actualText(2, "\n1\n2\n\nsh: can't fork\n"), "종료 코드 2 · 첫 줄 1 (모두 3줄)");
});

test("of docker's long words the beginning is said, and of a program's line all of it", () => {
  const long = `docker: Error response from daemon: ${"failed: ".repeat(20)}`;
  assert.equal(actualText(126, long), `종료 코드 126 · ${long.slice(0, 100)}…`);
  assert.equal(actualText(0, "x".repeat(100)), `종료 코드 0 · ${"x".repeat(100)}`);
});

test("what a recording will show is what its run shows: answers, else complaints, and docker only where nothing started", () => {
  assert.equal(outputOf(recorded("vm/question-busybox")), "6.18.44-fc-v669\n");
  assert.equal(outputOf(recorded("vm/question-note")), "none\n");
  assert.match(outputOf(recorded("image/question-memo")), /^cat: can't open/);
  assert.match(outputOf(recorded("scenario/question-never")), /^docker: Error response from daemon: No such image/);
  assert.equal(outputOf(recorded("run/question-exit")), "");
  assert.equal(outputOf([]), "");
});

test("a run that went well has all its steps in their order", () => {
  const steps = stepSentences(recorded("vm/question-busybox"), "6.18.44\n");
  const begins = ["이미지 busybox:latest: 이 호스트에 없어요.", "레지스트리에서 이미지를 받았어요.", 'argv: ["uname","-r"]', "프로세스를 시작했어요.", "첫 줄: 6.18.44", "끝났어요. 종료 코드: 0"];
  assert.equal(steps.length, begins.length);
  begins.forEach((part, index) => assert.ok(steps[index].includes(part), steps[index]));
});

test("a program that was not started is not said to have run", () => {
  for (const [name, code] of [["run/question-etc", 126], ["scenario/question-never", 125]]) {
    const steps = stepSentences(recorded(`${name}`), "docker: Error\n");
    assert.equal(steps.at(-1), `프로그램을 시작하지 않고 끝났어요. 종료 코드: ${code}`);
    assert.ok(!steps.some(step => step.includes("프로세스")));
  }
});

test("a command that runs nothing has its end alone, and a run without output no first line", () => {
  assert.deepEqual(stepSentences(recorded("container/question-format"), ""), ["끝났어요. 종료 코드: 0"]);
});

test("every text is Korean, and none is there twice", () => {
  const all = [...Object.values(asking), ...Object.values(verdicts)];
  for (const text of all) assert.match(text, /[가-힣]/);
  assert.equal(new Set(all).size, all.length);
});
