// The backend: a visitor's host of their own, runs in it, and back to an empty one.

/** Ids by the backend's address; two elements that start at once share one. @type {Map<string, Promise<string>>} */
const hosts = new Map();

/** An answer that is not the one hoped for. */
export class Refused extends Error {
  /** @param {number} status @param {{ code?: string, detail?: string }} [problem] RFC 9457 @param {string | null} [retry] */
  constructor(status, problem, retry) {
    super(`HTTP ${status}`);
    this.status = status;
    this.problem = problem;
    this.retry = retry;
  }
}

export class Backend {
  /** @param {string} base @param {typeof fetch} request */
  constructor(base, request) {
    this.base = base.replace(/\/+$/, "");
    this.request = request;
    this.key = `docker-run-host ${this.base}`;
  }

  /** Start a run; what comes back is its event stream. @param {string} command @param {AbortSignal} signal */
  async run(command, signal) {
    for (let again = true; ; again = false) {
      const host = await Promise.race([this.host(), aborted(signal)]);
      try {
        const { body } = await this.call("POST", "/v1/runs", { command, host }, signal);
        if (body) return body;
      } catch (error) {
        // idle for too long, so its images are gone: this run begins with a new one
        if (!again || !(error instanceof Refused) || error.problem?.code !== "no-such-host") throw error;
        this.forget();
      }
    }
  }

  /** @param {string} run */
  end(run) {
    return this.call("DELETE", `/v1/runs/${run}`);
  }

  /** Back to an empty host: the next run makes a new one. */
  async reset() {
    const host = await this.known();
    this.forget();
    if (host) await this.call("DELETE", `/v1/hosts/${host}`).catch(gone);
  }

  async host() {
    return (await this.known()) ?? this.make();
  }

  known() {
    return hosts.get(this.key) ?? store()?.getItem(this.key);
  }

  make() {
    const made = this.call("POST", "/v1/hosts").then(async answer => {
      const { host } = await answer.json();
      store()?.setItem(this.key, host);
      return host;
    });
    made.catch(() => this.forget());
    hosts.set(this.key, made);
    return made;
  }

  forget() {
    hosts.delete(this.key);
    store()?.removeItem(this.key);
  }

  /** Refused unless the answer is a good one. @param {string} method @param {string} path @param {object} [body] @param {AbortSignal} [signal] */
  async call(method, path, body, signal) {
    const content = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await this.request(this.base + path, { method, signal, ...content });
    if (answer.ok) return answer;
    const isProblem = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
    throw new Refused(answer.status, isProblem ? await answer.json() : undefined, answer.headers.get("Retry-After"));
  }
}

/** A browser may forbid to keep anything. */
function store() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** @param {unknown} error */
function gone(error) {
  if (!(error instanceof Refused) || error.status !== 404) throw error;
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
const aborted = signal => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
