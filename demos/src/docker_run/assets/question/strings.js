// What a question says to its reader.

// letters of a line
const MOST = 100;

export const asking = {
  first: "실행하기 전에 하나를 골라 주세요.",
  guess: "내 예상",
  actual: "실제",
  right: "맞는 답",
  again: "한 걸음씩 다시 보기",
};

/** What is said when a guess has met its run. */
export const verdicts = {
  right: "맞았어요. 예상한 그대로예요.",
  wrong: "예상과 달랐어요. 괜찮아요. 빗나간 예상이 더 오래 기억에 남아요.",
  different: "이번 실행은 기록과 다르게 끝나서 예상과 견줄 수 없어요. 되돌리기를 누르고 다시 해 보세요.",
};

/** What a run put out, its answers rather than its complaints, or docker where there was no program. @param {WireEvent[]} events */
export function outputOf(events) {
  const made = events.some(({ type }) => type === "started") ? events.findIndex(({ type }) => type === "created") : 0;
  const outputs = events.slice(made).filter(({ type }) => type === "output");
  const answers = outputs.filter(({ stream }) => stream === "stdout");
  return (answers.length ? answers : outputs).map(({ text }) => text).join("");
}

/** @param {string} output */
const linesOf = output => output.trim().split("\n").filter(Boolean);

/** What a run came to: its exit code and its first line, of which docker's own may be very long. @param {number} code @param {string} output */
export function actualText(code, output) {
  const [whole, ...more] = linesOf(output);
  const first = whole?.length > MOST ? `${whole.slice(0, MOST)}…` : whole;
  const line = !first ? "출력 없음" : more.length ? `첫 줄 ${first} (모두 ${more.length + 1}줄)` : first;
  return `종료 코드 ${code} · ${line}`;
}

/** A step of a run as a sentence, by the event's type. @type {Record<string, Sentence>} */
const sentences = {
  image: ({ reference, state }) => `이미지 ${reference}: 이 호스트에 ${state === "present" ? "있어요" : "없어요"}.`,
  pulled: () => "레지스트리에서 이미지를 받았어요.",
  created: ({ argv }) => `컨테이너를 만들었어요. argv: ${JSON.stringify(argv)}`,
  started: ({ pid }) => `프로세스를 시작했어요. 기계에서 본 번호: ${pid}`,
  exited: ({ code, reason }) => `${reason === "not-started" ? "프로그램을 시작하지 않고 끝났어요" : "끝났어요"}. 종료 코드: ${code}`,
};

/** The steps of a run, one sentence each. @param {WireEvent[]} events @param {string} output */
export function stepSentences(events, output) {
  const steps = events.map(event => sentences[event.type]?.(event)).filter(Boolean);
  const [first] = linesOf(output);
  if (first) steps.splice(-1, 0, `첫 줄: ${first}`);
  return steps;
}
