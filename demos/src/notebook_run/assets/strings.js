// The notebook's texts.
const MEGA = 1e6;

export const texts = {
  /** @param {number} loaded @param {number} all */
  loading: (loaded, all) =>
    loaded < all
      ? `파이썬을 받고 있어요. ${(loaded / MEGA).toFixed(1)} / ${(all / MEGA).toFixed(1)} MB`
      : "파이썬을 다 받았어요. 켜고 있어요.",
  running: "실행하고 있어요.",
  old: "위는 앞선 출력이에요.",
  /** @param {number} number */
  before: number => `먼저 위의 칸 ${number}번을 실행하고 있어요.`,
  /** @param {number} seconds */
  well: seconds => `잘 끝났어요. ${seconds < 1 ? Math.round(seconds * 1000) + " ms" : seconds.toFixed(1) + "초"}`,
  failed: "오류로 끝났어요. 맨 아래 줄부터 읽어 보세요.",
  /** @param {number} number */
  failedBefore: number => `위의 칸 ${number}에서 오류가 나서 이 칸은 실행하지 않았어요.`,
  stopped: "멈췄어요. 지금까지 칸들이 만든 것은 모두 사라졌어요.",
  broken: "파이썬을 켜지 못했어요. 인터넷 연결을 확인하고 다시 눌러 보세요.",
  wasReset: "처음의 코드와 출력으로 돌아왔어요.",
};
