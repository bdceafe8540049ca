// Every word of the panels.
import { ms, size } from "./units.js";

/** What the charts draw. @type {Names} */
export const measures = { memory: "메모리", cpu: "CPU", pids: "프로세스", written: "디스크 쓰기", read: "디스크 읽기", received: "네트워크 받기" };

/** @type {Record<string, (value: number) => string>} */
const units = { memory: value => size(value), cpu: value => `${value.toFixed(2)}개`, pids: value => `${value}개` };

/** What a run used, against its limit: when it is `over`, the most of what it holds, or the mean of what passes. @param {string} name @param {number[]} values @param {number | undefined} limit @param {boolean} over */
export function amount(name, values, limit, over) {
  const unit = units[name] ?? (bytes => `${size(bytes)}/초`);
  const held = ["memory", "pids"].includes(name);
  const value = held ? Math.max(...values) : values.reduce((sum, one) => sum + one, 0) / values.length;
  return [over && (held ? "최고" : "평균"), unit(value), limit && `· 한도 ${unit(limit)}`].filter(Boolean).join(" ");
}

/** What the kernel did about a limit. @param {string} name @param {WireEvent} exited @param {WireEvent} last the last reading @param {boolean} full */
export function answerWords(name, exited, last, full) {
  if (name === "memory") return exited.reason === "oom" && "커널이 끝냈어요.";
  if (name === "cpu") return last.throttled_ms > 0 && `커널이 ${ms(last.throttled_ms)} 멈춰 두었어요.`;
  return name === "pids" && full && "커널이 더 만들지 못하게 했어요.";
}
