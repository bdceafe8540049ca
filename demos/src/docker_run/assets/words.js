// Every word that a reader sees or hears from the element.

/** @typedef {import("./events.js").WireEvent} WireEvent */

export const label = {
  group: "직접 실행해 보는 명령",
  line: "docker 명령 한 줄. 고칠 수 있고, Enter로 실행하고 Escape로 멈춰요",
  output: "터미널 출력",
  stderr: "표준 오류",
  run: "실행",
  stop: "멈춤",
  reset: "처음부터",
  copy: "복사",
  copied: "복사했어요.",
  notCopied: "복사하지 못했어요. 명령을 골라 두었으니 직접 복사해 주세요.",
  use: "이 줄로 바꾸기",
  before: "실행을 누르면 출력이 여기에 나와요. 명령은 고쳐도 돼요.",
  keys: "Enter 실행 · Esc 멈춤 · ↑↓ 지난 명령",
  steps: "실행 단계",
  running: "실행을 시작했어요.",
  stopped: "멈췄어요.",
  wasReset: "처음으로 돌아왔어요. 내려받은 이미지도 비웠어요.",
  offline: "실행 서버에 닿지 못했어요. 인터넷이 이어져 있는지, 서버가 켜져 있는지 확인해 주세요.",
  cutOff: "실행 도중에 서버와 연결이 끊겼어요. 다시 눌러 보세요.",
};

/** The places of the steps, in their order. */
export const places = { image: "이미지", container: "컨테이너", process: "프로세스", end: "종료" };

/** @param {number} bytes */
const size = bytes => (bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** @param {number} value */
const ms = value => (value < 10 ? `${value.toFixed(1)} ms` : value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)}초`);

/** @type {Record<string, (event: WireEvent) => [keyof typeof places, string]>} */
const steps = {
  image: ({ state, provenance }) => ["image", (state === "present" ? "있음" : "없음") + (provenance === "stand-in" ? " (대역)" : "")],
  pull: ({ current, total }) => ["image", total ? `받는 중 ${size(current)} / ${size(total)}` : "받는 중"],
  pulled: ({ bytes }) => ["image", bytes ? `받음 ${size(bytes)}` : "받음"],
  created: ({ created_ms }) => ["container", `생성 ${ms(created_ms)}`],
  started: ({ pid }) => ["process", `시작 pid ${pid}`],
  exited: ({ code, wall_ms }) => ["end", `${code} · ${ms(wall_ms)}`],
  failed: () => ["end", "실패"],
};

/** Which place a step fills and with what; undefined for an event that is no step. @param {WireEvent} event */
export const stepWords = event => steps[event.type]?.(event);

/** The place in line; 1 is next. @param {WireEvent} event */
export const queueWords = event => `차례를 기다려요. 지금 ${event.position}번째예요.`;

/** @type {Record<string, (event: WireEvent) => string>} */
const reasons = {
  exit: ({ code }) => (code ? "프로그램이 남긴 숫자예요." : "잘 끝났어요."),
  signal: ({ signal }) => `신호 ${signal ?? ""}를 받고 끝났어요.`,
  oom: () => "메모리 한도를 넘어서 커널이 끝냈어요.",
  timeout: () => "시간 한도를 넘어서 끝냈어요.",
  "output-limit": () => "출력 한도를 넘어서 끝냈어요.",
  cancelled: () => label.stopped,
};

/** @param {number} code @param {boolean} created */
function notStarted(code, created) {
  if (!created) return "docker가 이 명령을 실행하지 않았어요.";
  if (code === 126) return "컨테이너는 만들었지만 실행할 수 있는 파일이 아니에요.";
  return code === 127 ? "컨테이너는 만들었지만 실행할 파일을 찾지 못했어요." : "컨테이너는 만들었지만 시작하지 못했어요.";
}

/** How a run ended, in a sentence. @param {WireEvent} event @param {boolean} created whether there was a container */
export function ending(event, created) {
  if (event.type === "failed") return event.text;
  const words = reasons[event.reason]?.(event) ?? notStarted(event.code, created);
  return `종료 코드 ${event.code}. ${words}`;
}

/** What to tell when the backend refuses. @param {import("./backend.js").Refused} refused */
export function refusal({ status, problem, retry }) {
  const detail = problem?.detail ?? `서버가 지금은 받지 못해요(${status}). 잠시 뒤에 다시 눌러 보세요.`;
  return /^\d+$/.test(retry ?? "") ? detail.replace("잠시", `${retry}초`) : detail;
}

const CORRECTED = /^(?:[^]*?[.!?] )??(docker [^]+) 를 실행해 보세요\.$/;

/** The whole line that a hint proposes, if it does. @param {string} hint */
export const corrected = hint => CORRECTED.exec(hint)?.[1];
