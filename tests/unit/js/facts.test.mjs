// The facts of isolations side by side: what each event changes, and what a run is doing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { latestLine } from "../../../demos/src/docker_run/assets/panels/comparison.js";
import { factTexts, stateText } from "../../../demos/src/docker_run/assets/panels/strings.js";

/** @param {string} type @param {Record<string, unknown>} [fields] @returns {WireEvent} */
const event = (type, fields) => ({ type, at: 0, ...fields });
const known = { isolation: "vm", seconds: 1.25, memory: 0, output: false, going: true };

test("the time goes on with every event until the end, and not before the image is there", () => {
  assert.deepEqual(factTexts(event("notice"), known), { total: "1.3초" });
  assert.deepEqual(factTexts(event("notice"), { ...known, going: false }), {});
  assert.deepEqual(factTexts(event("exited"), { ...known, going: false, seconds: 0.009 }), { total: "9 ms" });
});

test("the first output, the memory, the kernel and the system come from their events", () => {
  const still = { ...known, going: false };
  assert.deepEqual(factTexts(event("output"), { ...still, output: true }), { first: "1.3초" });
  assert.deepEqual(factTexts(event("stats"), { ...still, memory: 64e6 }), { memory: "64.0 MB" });
  assert.deepEqual(factTexts(event("stats"), still), {});
  assert.deepEqual(factTexts(event("created"), still), { system: "없음" });
  assert.deepEqual(factTexts(event("created", { system_bytes: 21e6 }), still), { system: "21.0 MB" });
  assert.deepEqual(factTexts(event("started", { kernel: "6.1", pid: 7 }), still), { kernel: "6.1", seen: "QEMU pid 7" });
});

test("a virtual machine switches a kernel on before it runs, and a container only starts", () => {
  assert.deepEqual(stateText(event("created"), "vm"), { state: "커널 켜는 중" });
  assert.deepEqual(stateText(event("created"), "container"), { state: "시작하는 중" });
  assert.deepEqual(stateText(event("started"), "vm"), { state: "실행 중" });
  assert.deepEqual(stateText(event("exited", { code: 137 }), "vm"), { state: "종료 코드 137" });
  assert.deepEqual(stateText(event("stats"), "vm"), {});
});

test("the latest line is a whole one", () => {
  assert.equal(latestLine(""), "");
  assert.equal(latestLine("[ 0.1] one\n[ 0.2] tw"), "[ 0.1] one");
  assert.equal(latestLine("[ 0.1] one\n[ 0.2] two\n\n"), "[ 0.2] two");
});
