// Elements side by side: what the first does, those that follow it do as well.
import { behind } from "./words.js";

const BUSY = ["queued", "pulling", "creating", "running", "replaying"];

/** @param {Element | null} demo */
export const busy = demo => BUSY.includes(demo?.getAttribute("state") ?? "");

/** The one that an element follows. @param {Element} demo */
export const leaderOf = demo => /** @type {import("./element.js").DockerRun | null} */ (document.getElementById(demo.getAttribute("follows") ?? ""));

/** The lanes that still go on behind a leader. @param {Element} demo */
export function lanesBehind({ id }) {
  const followers = id ? [...document.querySelectorAll(`docker-run[follows="${id}"]`)] : [];
  return followers.filter(busy).map(one => one.getAttribute("lane") ?? "");
}

/** What a reader of a leader that has ended is told of the others. @param {Element} demo */
export function othersOf(demo) {
  const going = lanesBehind(demo);
  return going.length && ["ended", "failed", "offline"].includes(demo.getAttribute("state") ?? "") ? behind(going) : "";
}
