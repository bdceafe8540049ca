// Elements side by side: what an element does, those that follow it do as well.
import { stillRunning } from "./strings.js";

const AT_REST = ["idle", "ended", "failed", "offline"];

/** What the followers do as well, and with which line. @typedef {{ action: "run" | "stop" | "restore", line: string }} Action */

/** @param {Element | null} demo */
export const busy = demo => !AT_REST.includes(demo?.getAttribute("state") ?? "idle");

/** The element that an element follows. @param {Element} demo */
export const followed = demo => /** @type {import("./element.js").DockerRun | null} */ (document.getElementById(demo.getAttribute("follows") ?? ""));

/** Make the followers act. @param {Element} demo @param {Action["action"]} action @param {string} line */
export const callFollowers = (demo, action, line) => demo.dispatchEvent(new CustomEvent("docker-run:follow", { detail: { action, line } }));

/** Act as the followed element does, if there is one. @param {Element} demo @param {(action: Action) => void} act */
export const follow = (demo, act) => followed(demo)?.addEventListener("docker-run:follow", event => act(/** @type {CustomEvent} */ (event).detail));

/** The isolations of the followers that still run. @param {Element} demo */
export const busyFollowers = ({ id }) =>
  [...document.querySelectorAll(`docker-run[follows="${id}"]`)].filter(busy).map(one => one.getAttribute("isolation") ?? "");

/** Which followers still run, for the reader of an element that has ended; else empty. @param {Element} demo */
export function followersText(demo) {
  const running = busyFollowers(demo);
  return running.length && !busy(demo) && demo.getAttribute("state") !== "idle" ? stillRunning(running) : "";
}
