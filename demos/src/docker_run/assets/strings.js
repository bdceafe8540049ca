// The element's texts, which a reader sees or a screen reader reads.
import { ms, size } from "./format.js";

export const texts = {
  group: "직접 실행해 보는 명령",
  line: "docker 명령. Enter로 실행하고 Escape로 멈춰요",
  output: "터미널 출력",
  stderr: "표준 오류",
  run: "실행",
  stop: "멈춤",
  copy: "복사",
  reset: "되돌리기",
  copied: "명령을 복사했어요.",
  use: "이 줄로 바꾸기",
  peek: "지난 기록",
  said: "docker의 말",
  fresh: "방금 실행",
  kept: "기록",
  silent: "출력이 없었어요.",
  empty: "실행할 명령을 적어 주세요. docker run alpine ls 처럼요.",
  steps: "실행 단계",
  running: "실행을 시작했어요.",
  stopped: "멈췄어요.",
  wasReset: "명령을 되돌렸어요. 내려받은 이미지도 비웠어요.",
  offline: "실행 서버에 닿지 못했어요. 인터넷을 확인하고 다시 눌러 보세요.",
  edited: "고친 명령은 실행 서버가 있어야 해요. 되돌리기를 누르면 기록이 있는 명령으로 돌아가요.",
  replaying: "실행 서버에 닿지 못해 기록을 보여 드려요. ",
  noIsolation: "이 서버에는 이 방식이 없어서 기록을 보여 드려요. ",
  cutOff: "실행 도중에 서버와 연결이 끊겼어요. 다시 눌러 보세요.",
  fault: "페이지에 문제가 생겼어요. 새로 고쳐 보세요. ",
};

/** The names of the steps, in their order. */
export const stepNames = { image: "이미지", container: "컨테이너", process: "프로세스", end: "종료" };

/** @param {string | undefined} provenance */
const standIn = provenance => (provenance === "stand-in" ? " (대체)" : "");

/** @type {Record<string, StepText>} */
const stepTexts = {
  image: ({ state, provenance }) => ["image", (state === "present" ? "있음" : "없음") + standIn(provenance)],
  pull: (_, { downloads }) => {
    const [current, total] = ["current", "total"].map(what => downloads.reduce((sum, one) => sum + one[what], 0));
    return ["image", total ? size(current, total) : "받는 중"];
  },
  // of an image that was there and gets no new layer, the registry only answered that it is the newest
  pulled: ({ bytes }, { fresh, state, provenance }) => ["image", (fresh || state === "missing" ? `받음 ${size(bytes)}` : "이미 최신") + standIn(provenance)],
  created: ({ created_ms }) => ["container", ms(created_ms)],
  started: ({ pid }) => ["process", `pid ${pid}`],
  exited: ({ code, wall_ms }) => ["end", `${code} · ${ms(wall_ms)}`],
  failed: () => ["end", "실패"],
};

/** The step of an event and its text; undefined when the event is no step. @type {(...given: Parameters<StepText>) => ReturnType<StepText> | undefined} */
export const stepText = (event, known) => stepTexts[event.type]?.(event, known);

/** How long it runs so far. @param {number} wait in ms */
export const clockText = wait => `실행 중 ${(wait / 1e3).toFixed(1)}초`;

/** @param {number} lines */
export const saidText = lines => `${texts.said} ${lines}줄`;

/** @type {Sentence} */
export const queueText = event => `차례를 기다려요. 지금 ${event.position}번째예요.`;

/** @type {Record<string, Sentence>} */
const reasons = {
  exit: ({ code }) => (code ? "프로그램이 남긴 숫자예요." : "잘 끝났어요."),
  signal: ({ signal }) => `신호 ${signal ?? ""}를 받고 끝났어요.`,
  oom: () => "메모리 한도를 넘어서 커널이 끝냈어요.",
  timeout: () => "시간 한도를 넘어서 끝냈어요.",
  "output-limit": () => "출력 한도를 넘어서 끝냈어요.",
  cancelled: () => texts.stopped,
};

/** @type {Strings} */
const notStarted = { 126: "실행할 수 있는 파일이 아니에요", 127: "실행할 파일을 찾지 못했어요" };

/** How a run ended. @param {WireEvent} event @param {boolean} created whether there was a container */
export function endText(event, created) {
  if (event.type === "failed") return event.text;
  const not = created ? `컨테이너는 만들었지만 ${notStarted[event.code] ?? "시작하지 못했어요"}.` : "docker가 이 명령을 실행하지 않았어요.";
  return `종료 코드 ${event.code}. ${reasons[event.reason]?.(event) ?? not}`;
}

/** When and by what a recording was made. @param {Recording} recording */
export const originText = ({ recorded, engine }) => `${recorded}에 실행한 기록이에요. (${engine})`;

/** Why the backend refuses, with the seconds to wait. @param {import("./client.js").ServiceError} error */
export function problemText({ answer, problem }) {
  const seconds = Number(answer?.headers.get("Retry-After"));
  const detail = problem?.detail ?? "";
  return seconds ? detail.replace("잠시", `${seconds}초`) : detail;
}

/** The command line that a hint proposes, if it does. @param {string} hint */
export const correctedLine = hint => /^(?:[\s\S]*?[.!?] )??(docker [\s\S]+) 를 실행해 보세요\.$/.exec(hint)?.[1];
