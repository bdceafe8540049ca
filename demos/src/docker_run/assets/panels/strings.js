// The panels' texts.
import { ms, size } from "../format.js";

/** What the charts draw. @type {Strings} */
export const measures = { memory: "메모리", cpu: "CPU", pids: "프로세스", written: "디스크 쓰기", read: "디스크 읽기", received: "네트워크 받기", sent: "네트워크 보내기" };

/** How a value is written. Memory in MiB, as in Docker's limits: its `m` is a MiB. @type {Record<string, (value: number) => string>} */
const units = { memory: value => `${(value / 2 ** 20).toFixed(1)} MiB`, cpu: value => `${value.toFixed(2)}개`, pids: value => `${value}개` };

/** What a run uses, and its limit. When it is `over`: the most of what it holds, the mean of what flows. @param {string} name @param {number[]} values @param {number | undefined} limit @param {boolean} over */
export function amountText(name, values, limit, over) {
  const unit = units[name] ?? (bytes => `${size(bytes)}/초`);
  const held = ["memory", "pids"].includes(name);
  const value = held ? Math.max(...values) : values.reduce((sum, one) => sum + one, 0) / values.length;
  return [over && (held ? "최고" : "평균"), unit(value), limit && `· 한도 ${unit(limit)}`].filter(Boolean).join(" ");
}

/** What the kernel did about a limit. @param {string} name @param {WireEvent} exited @param {WireEvent} last the last reading @param {boolean} full */
export function kernelText(name, exited, last, full) {
  if (name === "memory") return exited.reason === "oom" && "커널이 끝냈어요.";
  if (name === "cpu") return last.throttled_ms > 0 && `커널이 ${ms(last.throttled_ms)} 멈춰 두었어요.`;
  return name === "pids" && full && "커널이 더 만들지 못하게 했어요.";
}

/** The isolations: their names, and what is around the program. @type {Record<string, string[]>} */
export const isolations = {
  container: ["컨테이너", "커널은 이 기계의 것"],
  gvisor: ["gVisor", "커널을 흉내 내는 프로그램 하나"],
  vm: ["가상 머신", "제 커널을 켠 컴퓨터 하나"],
};

/** @type {Strings} */
export const facts = {
  table: "격리 방식을 나란히 견준 표",
  recorded: "기록",
  state: "지금",
  first: "첫 출력까지",
  total: "끝까지",
  memory: "기계가 내준 메모리",
  kernel: "uname -r",
  seen: "기계가 보는 것",
  system: "더 든 커널과 시스템",
  boot: "부팅 메시지",
};

/** What a run does after an event, by the event's type. @type {Record<string, Sentence>} */
const states = {
  queued: ({ position }) => `${position}번째 차례`,
  pull: () => "이미지 받는 중",
  created: () => "시작하는 중",
  started: () => "실행 중",
  exited: ({ code }) => `종료 코드 ${code}`,
  failed: () => "실패",
};

/** What a run does now, where an event says so; what a virtual machine starts is a kernel first. @param {WireEvent} event @param {string} isolation @returns {Strings} */
export function stateText(event, isolation) {
  const state = event.type === "created" && isolation === "vm" ? "커널 켜는 중" : states[event.type]?.(event);
  return state ? { state } : {};
}

/** @type {Strings} */
const outside = { container: "프로그램", gvisor: "runsc", vm: "QEMU" };

/** The texts of the facts that an event changes; `going`: the whole time so far is one of them. @param {WireEvent} event @param {{ isolation: string, seconds: number, memory: number, output: boolean, going: boolean }} known @returns {Strings} */
export function factTexts(event, { isolation, seconds, memory, output, going }) {
  const { type } = event;
  const took = ms(seconds * 1e3);
  /** @type {Strings} */
  const changed = going || type === "exited" ? { total: took } : {};
  if (type === "created") changed.system = event.system_bytes ? size(event.system_bytes) : "없음";
  if (type === "started") Object.assign(changed, { kernel: event.kernel, seen: `${outside[isolation]} pid ${event.pid}` });
  if (memory && (type === "stats" || type === "exited")) changed.memory = size(memory);
  if (output) changed.first = took;
  return changed;
}

/** @type {Strings} */
const subjects = { gvisor: "gVisor는", vm: "가상 머신은", "gvisor vm": "gVisor와 가상 머신은" };

/** That isolations still run. @param {string[]} isolations */
export const stillRunning = isolations => `${subjects[isolations.join(" ")] ?? "다른 쪽은"} 아직 돌고 있어요.`;

export const inspection = {
  caption: "같은 프로세스를 안과 밖에서",
  heads: ["명령", "컨테이너 안에서", "기계에서"],
  before: "실행하는 동안 기계가 보는 것이 여기에 나와요. 0.1초보다 짧은 실행은 보이지 않아요.",
};

/** What this computer's kernel has recorded of the container, by name. @param {WireEvent} event @param {string} numbers of the namespaces @returns {Strings} */
export const outsideTexts = (event, numbers) => ({
  "네임스페이스의 번호": numbers,
  "cgroup의 경로": [...new Set(event.cgroups.map((/** @type {string} */ one) => one.replace(/^[^/]*/, "")))].join(", "),
  "뿌리 파일 시스템": event.root,
  "권한(capability)": event.capabilities.length ? event.capabilities.join(" ").replaceAll("CAP_", "") : "없음",
  "시스템 호출 거르개": `${event.seccomp}${event.no_new_privs ? " · 새 권한 금지" : ""}`,
  "사용자 번호": event.uid_map ? `안의 ${event.uid_map[0]}번부터 → 기계의 ${event.uid_map[1]}번부터 ${event.uid_map[2]}개` : "",
});
