// A visitor's own host: runs in it, and back to an empty one.

// ms for a first answer; some networks never say no
const WAIT = 8000;

/** The hosts' ids, the tab's, or the page's where pages may keep nothing. @type {Names} */
const kept = (() => {
  try {
    return sessionStorage;
  } catch {
    return {};
  }
})();

/** An answer that is not the one hoped for. */
export class Refused extends Error {
  /** @param {Response} answer @param {Problem} [problem] */
  constructor(answer, problem) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
    this.problem = problem;
  }
}

/** Whether a backend has said why. @param {unknown} error @returns {error is Refused} */
export const refused = error => error instanceof Refused && !!error.problem;

/** Whether the backend has not got the isolation that was asked for. @param {unknown} error */
export const lacking = error => refused(error) && error.problem?.code === "isolation-unavailable";

export class Backend {
  /** @param {string} base */
  constructor(base) {
    this.base = base.replace(/\/+$/, "");
    this.key = `docker-run-host ${this.base}`;
  }

  /** The event stream of a new run. @param {string} command @param {AbortSignal} signal @param {string} [isolation] */
  async run(command, signal, isolation) {
    for (let again = true; ; again = false) {
      const soon = AbortSignal.any([signal, AbortSignal.timeout(WAIT)]);
      kept[this.key] ??= (await (await this.call("POST", "/v1/hosts", undefined, soon)).json()).host;
      try {
        const { body } = await this.call("POST", "/v1/runs", { command, host: kept[this.key], isolation }, signal);
        if (body) return body;
      } catch (error) {
        // it was idle for too long: this run begins with a new one
        if (!again || !(error instanceof Refused) || error.problem?.code !== "no-such-host") throw error;
        delete kept[this.key];
      }
    }
  }

  /** @param {string} run */
  end(run) {
    return this.call("DELETE", `/v1/runs/${run}`);
  }

  /** Back to an empty host: the next run makes a new one. */
  async reset() {
    const host = kept[this.key];
    delete kept[this.key];
    // it may be gone already
    if (host) await fetch(`${this.base}/v1/hosts/${host}`, { method: "DELETE" });
  }

  /** @param {string} method @param {string} path @param {object} [body] @param {AbortSignal} [signal] */
  async call(method, path, body, signal) {
    const content = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(this.base + path, { method, signal, ...content });
    if (answer.ok) return answer;
    const told = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
    throw new Refused(answer, told ? await answer.json() : undefined);
  }
}
