// Calls a backend over its wire protocol, in the visitor's own Docker host.

// ms for a first answer: on some networks there is neither an answer nor an error
const TIMEOUT = 8000;

/** The ids of the Docker hosts, kept by the tab, or by the page where it may store nothing. @type {Strings} */
const hosts = (() => {
  try {
    return sessionStorage;
  } catch {
    return {};
  }
})();

/** An answer other than success, with the problem that the backend describes, if it was the backend. */
export class ServiceError extends Error {
  /** @param {Response} answer @param {Problem} [problem] */
  constructor(answer, problem) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
    this.problem = problem;
  }
}

/** Whether a backend gave the reason. @param {unknown} error @returns {error is ServiceError} */
export const explained = error => error instanceof ServiceError && !!error.problem;

/** Whether the backend lacks the isolation of the run. @param {unknown} error */
export const lacksIsolation = error => explained(error) && error.problem?.code === "isolation-unavailable";

export class Client {
  /** @param {string} base */
  constructor(base) {
    this.base = base.replace(/\/+$/, "");
    this.key = `docker-run-host ${this.base}`;
  }

  /** Start a run; resolves with its event stream. @param {string} command @param {AbortSignal} signal @param {string} [isolation] */
  async run(command, signal, isolation) {
    for (let again = true; ; again = false) {
      const soon = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
      hosts[this.key] ??= (await (await this.call("POST", "/v1/hosts", undefined, soon)).json()).host;
      try {
        const { body } = await this.call("POST", "/v1/runs", { command, host: hosts[this.key], isolation }, signal);
        if (body) return body;
      } catch (error) {
        // a host that was idle for too long is gone: this run begins with a new one
        if (!again || !(error instanceof ServiceError) || error.problem?.code !== "no-such-host") throw error;
        delete hosts[this.key];
      }
    }
  }

  /** @param {string} run */
  end(run) {
    return this.call("DELETE", `/v1/runs/${run}`);
  }

  /** Delete the Docker host, which may be gone already; the next run makes an empty one. */
  async reset() {
    const host = hosts[this.key];
    delete hosts[this.key];
    if (host) await this.call("DELETE", `/v1/hosts/${host}`);
  }

  /** @param {string} method @param {string} path @param {object} [body] @param {AbortSignal} [signal] */
  async call(method, path, body, signal) {
    const content = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(this.base + path, { method, signal, ...content });
    if (answer.ok) return answer;
    const problem = answer.headers.get("Content-Type")?.startsWith("application/problem+json") ? await answer.json() : undefined;
    throw new ServiceError(answer, problem);
  }
}
