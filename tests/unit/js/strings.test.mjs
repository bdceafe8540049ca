// The element's texts, and what the reader does with the command line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ServiceError, explained } from "../../../demos/src/docker_run/assets/client.js";
import { History } from "../../../demos/src/docker_run/assets/line.js";
import { correctedLine, endText, problemText, queueText, stepNames, stepText, texts } from "../../../demos/src/docker_run/assets/strings.js";

const golden = readFileSync(new URL("../cases/events.ndjson", import.meta.url), "utf8").trimEnd().split("\n");
/** @param {string} type @param {Record<string, unknown>} [fields] @returns {WireEvent} */
const event = (type, fields) => ({ type, ...fields });
/** @param {WireEvent[]} downloads */
const known = (...downloads) => ({ downloads, fresh: downloads.length > 0 });

test("the golden events fill the steps", () => {
  const steps = golden.map(line => JSON.parse(line)).map(one => stepText(one, known(one))?.join(" ")).filter(Boolean);
  assert.deepEqual(steps, [
    "image 없음 (대체)",
    "image 1.0/3.6 MB",
    "image 받는 중",
    "image 받음 3.6 MB",
    "container 3.2 ms",
    "process pid 4121",
    "end 0 · 9.1 ms",
    "end 137 · 0 ms",
    "end 실패",
  ]);
  for (const step of steps) assert.ok((step ?? "").split(" ")[0] in stepNames);
});

test("the bytes of all layers are summed up", () => {
  const layers = [event("pull", { current: 500, total: 1000 }), event("pull", { current: 100_000, total: 2_000_000 })];
  assert.equal(stepText(event("pull"), known(...layers))?.[1], "0.1/2.0 MB");
});

test("what was pulled says that it is a stand-in, and a pull of nothing new says so", () => {
  const pulled = event("pulled", { bytes: 3_600_000 });
  assert.equal(stepText(pulled, { downloads: [], fresh: true, provenance: "stand-in" })?.[1], "받음 3.6 MB (대체)");
  assert.equal(stepText(pulled, { downloads: [], fresh: false, provenance: "official" })?.[1], "이미 최신");
  assert.equal(stepText(pulled, { downloads: [], fresh: false, state: "missing" })?.[1], "받음 3.6 MB");
});

test("an event that is no step says nothing", () => {
  for (const type of ["accepted", "output", "stats", "notice", "heartbeat", "새것"]) {
    assert.equal(stepText(event(type), known()), undefined, type);
  }
});

test("times have the digits that matter", () => {
  /** @type {[number, string][]} */
  const cases = [[0.4, "0.4 ms"], [9.125, "9.1 ms"], [45.6, "46 ms"], [340, "340 ms"], [30_012, "30.0초"]];
  for (const [given, text] of cases) assert.equal(stepText(event("created", { created_ms: given }), known())?.[1], text);
});

test("every reason has its text, with the exit code", () => {
  for (const reason of ["exit", "signal", "oom", "timeout", "output-limit", "cancelled", "not-started"]) {
    assert.match(endText(event("exited", { code: 137, reason, signal: "SIGKILL" }), true), /^종료 코드 137\. .+요\.$/, reason);
  }
  assert.match(endText(event("exited", { code: 137, reason: "signal", signal: "SIGKILL" }), true), /SIGKILL/);
});

test("a program that was not found reads otherwise than a command that was refused", () => {
  const exited = event("exited", { code: 127, reason: "not-started" });
  assert.match(endText(exited, true), /파일을 찾지 못했어요/);
  assert.doesNotMatch(endText(exited, false), /컨테이너/);
});

test("our own failure has the backend's text", () => {
  assert.equal(endText(event("failed", { code: "internal", text: "서버에 문제가 생겼어요." }), true), "서버에 문제가 생겼어요.");
});

test("the position in the queue is shown", () => assert.match(queueText(event("queued", { position: 3 })), /3번째/));

test("a refusal has the backend's text, with the seconds to wait", () => {
  const full = new Response(null, { status: 503, headers: { "Retry-After": "7" } });
  assert.equal(problemText(new ServiceError(full, { detail: "자리가 없어요. 잠시 뒤에 다시 해 보세요." })), "자리가 없어요. 7초 뒤에 다시 해 보세요.");
  const broken = new ServiceError(new Response(null, { status: 500 }), { detail: "잠시 뒤에 다시 해 보세요." });
  assert.equal(problemText(broken), "잠시 뒤에 다시 해 보세요.");
});

test("only a backend gives a reason: a server of pages describes no problem", () => {
  assert.equal(explained(new ServiceError(new Response(null, { status: 503 }), { code: "full" })), true);
  assert.equal(explained(new ServiceError(new Response("<h1>405</h1>", { status: 405 }))), false);
  assert.equal(explained(new TypeError("Failed to fetch")), false);
});

test("the line that a hint proposes is found, and nothing else", () => {
  /** @type {[string, string | undefined][]} */
  const cases = [
    ["docker run alpine ls 를 실행해 보세요.", "docker run alpine ls"],
    ["이 이미지에는 ls 파일이 없어요. docker run alpine ls 를 실행해 보세요.", "docker run alpine ls"],
    ['틀렸어요. docker run alpine sh -c "echo a. docker b" 를 실행해 보세요.', 'docker run alpine sh -c "echo a. docker b"'],
    [
      "내 컴퓨터의 셸은 $FOO 를 먼저 제 변수의 값으로 바꿔요. 작은따옴표로 묶으면 어디서나 이렇게 건네요. docker run alpine sh -c 'echo $FOO' 를 실행해 보세요.",
      "docker run alpine sh -c 'echo $FOO'",
    ],
    ["한 줄만 돼요. docker run alpine sh -c '\necho a\n' 를 실행해 보세요.", "docker run alpine sh -c '\necho a\n'"],
    ["메모리를 넘었어요.", undefined],
    ["docker를 설치해 보세요.", undefined],
  ];
  for (const [hint, line] of cases) assert.equal(correctedLine(hint), line);
});

test("every text is Korean and none is a duplicate", () => {
  const all = Object.values(texts);
  for (const text of all) assert.match(text, /[가-힣]/);
  assert.equal(new Set(all).size, all.length);
});

test("the arrows go through the lines that were run, and back to what was being typed", () => {
  const history = new History();
  assert.equal(history.move(-1, "draft"), undefined);
  for (const line of ["one", "two", "two"]) history.add(line);
  assert.equal(history.move(-1, "draft"), "two");
  assert.equal(history.move(-1, "two"), "one");
  assert.equal(history.move(-1, "one"), undefined);
  assert.equal(history.move(1, "one"), "two");
  assert.equal(history.move(1, "two"), "draft");
  assert.equal(history.move(1, "draft"), undefined);
});

test("one step back from the line that was just run is the one before it", () => {
  const history = new History();
  for (const line of ["one", "two"]) history.add(line);
  assert.equal(history.move(-1, "two"), "one");
});
