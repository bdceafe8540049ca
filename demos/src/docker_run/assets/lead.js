// Elements side by side: what the first does, those that follow it do as well.
import { behind } from "./words.js";

const BUSY = ["queued", "pulling", "creating", "running", "replaying"];

/** What those that follow do as well, and with which line. @typedef {{ what: "run" | "stop" | "rest", line: string }} Led */
const LED = "docker-run:led";

/** @param {Element | null} demo */
export const busy = demo => BUSY.includes(demo?.getAttribute("state") ?? "");

/** The one that an element follows. @param {Element} demo */
export const leaderOf = demo => /** @type {import("./element.js").DockerRun | null} */ (document.getElementById(demo.getAttribute("follows") ?? ""));

/** Tell those that follow. @param {Element} demo @param {Led} led */
export const lead = (demo, led) => demo.dispatchEvent(new CustomEvent(LED, { detail: led }));

/** Hear what the leader does, if there is one. @param {Element} demo @param {(led: Led) => void} act */
export const follow = (demo, act) => leaderOf(demo)?.addEventListener(LED, event => act(/** @type {CustomEvent} */ (event).detail));

/** The isolations that still go on behind a leader. @param {Element} demo */
export function isolationsBehind({ id }) {
  const followers = id ? [...document.querySelectorAll(`docker-run[follows="${id}"]`)] : [];
  return followers.filter(busy).map(one => one.getAttribute("isolation") ?? "");
}

/** What a reader of a leader that has ended is told of the others. @param {Element} demo */
export function othersOf(demo) {
  const going = isolationsBehind(demo);
  return going.length && ["ended", "failed", "offline"].includes(demo.getAttribute("state") ?? "") ? behind(going) : "";
}
