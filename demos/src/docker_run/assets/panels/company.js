// Elements side by side: what an element does, those that follow it do as well; and one may need another that runs.
import { stillRunning } from "./strings.js";

/** @typedef {import("../element.js").DockerRun} Demo */

/** The element that an attribute names, if there is one. @param {string | null} id */
const named = id => /** @type {Demo | null} */ (document.getElementById(id ?? ""));

/** Those that follow an element. */
export class Followers {
  /** @type {Demo[]} */
  #all = [];

  /** @param {Demo} leader */
  constructor(leader) {
    this.leader = leader;
  }

  /** @param {Demo} demo */
  add(demo) {
    this.#all.push(demo);
    demo.company = { changed: () => this.leader.update() };
  }

  /** Do the same, with the same line. @param {"run" | "stop" | "restore"} action */
  act(action) {
    for (const one of this.#all) {
      one.command = this.leader.command;
      one[action](false);
    }
  }

  get busy() {
    return this.#all.some(one => one.busy);
  }

  /** Which of them still run, for the reader of an element that has ended; else empty. */
  get words() {
    const running = this.#all.filter(one => one.busy).map(one => one.getAttribute("isolation") ?? "");
    const { busy } = this.leader;
    return running.length && !busy && this.leader.getAttribute("state") !== "idle" ? stillRunning(running) : "";
  }
}

/** Make an element follow the one that it names; returns that one, or null where it names none. @param {Demo} demo */
export function follow(demo) {
  const leader = named(demo.getAttribute("follows"));
  if (!leader) return null;
  const followers = (leader.company ??= new Followers(leader));
  if (followers instanceof Followers) followers.add(demo);
  return leader;
}

/** Has no picture: starts the demo that has to run beside an element, unless it runs already. */
export class Beside {
  /** @param {string} id @param {Demo} demo */
  constructor(id, demo) {
    demo.company = { before: () => start(named(id)) };
  }

  clear() {}

  show() {}

  get text() {
    return "";
  }
}

/** @param {Demo | null} other */
async function start(other) {
  if (!other || other.busy) return;
  const started = new Promise(done => other.addEventListener("docker-run:event", ({ detail }) => detail.type === "started" && done(undefined)));
  // it may also end before it has started
  await Promise.race([started, other.run(false)]);
}
