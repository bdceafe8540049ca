// Calls a backend over its wire protocol, in the visitor's own Docker host.

// ms for a first answer: on some networks there is neither an answer nor an error
const TIMEOUT = 8000;

// where the tab keeps its Docker hosts from page to page
const KEPT = "docker-run-hosts";
/** The id of the Docker host at each backend. @type {Strings} */
let hosts = {};

// While a page is shown the hosts are its own: a copied tab gets a copy of what is kept, and would share them.
const take = () => {
  try {
    hosts = JSON.parse(sessionStorage[KEPT]);
    delete sessionStorage[KEPT];
  } catch {
    // nothing is kept, or the page may store nothing
  }
};
take();
// the page comes back from the browser's memory
globalThis.addEventListener?.("pageshow", take);
globalThis.addEventListener?.("pagehide", () => {
  try {
    sessionStorage[KEPT] = JSON.stringify(hosts);
  } catch {
    // the next page begins with none
  }
});

/** No answer, or one other than success, with the problem that the backend describes, if it was the backend. */
export class ServiceError extends Error {
  /** @param {Response} [answer] @param {Problem} [problem] */
  constructor(answer, problem) {
    super();
    this.answer = answer;
    this.problem = problem;
  }
}

/** Whether a backend gave the reason. @param {unknown} error @returns {error is ServiceError} */
export const explained = error => error instanceof ServiceError && !!error.problem;

/** Tell what the network has done apart from a fault of the page. @returns {never} */
export const unreached = () => {
  throw new ServiceError();
};

/** Whether the backend lacks the isolation of the run. @param {unknown} error */
export const lacksIsolation = error => explained(error) && error.problem?.code === "isolation-unavailable";

export class Client {
  /** @param {string} base */
  constructor(base) {
    this.base = base.replace(/\/+$/, "");
  }

  /** Start a run; resolves with its event stream. @param {string} command @param {AbortSignal} signal @param {string} [isolation] */
  async run(command, signal, isolation) {
    for (let again = true; ; again = false) {
      hosts[this.base] ??= await this.host(signal);
      try {
        const { body } = await this.call("POST", "/v1/runs", { command, host: hosts[this.base], isolation }, signal);
        return body ?? unreached();
      } catch (error) {
        // a host that was idle for too long is gone: this run begins with a new one
        if (!again || !(error instanceof ServiceError) || error.problem?.code !== "no-such-host") throw error;
        delete hosts[this.base];
      }
    }
  }

  /** Make a Docker host; resolves with its id. @param {AbortSignal} signal */
  async host(signal) {
    const late = new Promise((_, fail) => setTimeout(fail, TIMEOUT, new ServiceError()));
    const answer = await Promise.race([this.call("POST", "/v1/hosts", undefined, signal), late]);
    // a server of pages may answer anything
    return (await answer.json().catch(unreached)).host;
  }

  /** @param {string} run */
  end(run) {
    return this.call("DELETE", `/v1/runs/${run}`);
  }

  /** Delete the Docker host, which may be gone already; the next run makes an empty one. */
  async reset() {
    const host = hosts[this.base];
    delete hosts[this.base];
    if (host) await this.call("DELETE", `/v1/hosts/${host}`);
  }

  /** @param {string} method @param {string} path @param {object} [body] @param {AbortSignal} [signal] */
  async call(method, path, body, signal) {
    const content = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(this.base + path, { method, signal, ...content }).catch(unreached);
    if (answer.ok) return answer;
    const problem = answer.headers.get("Content-Type")?.startsWith("application/problem+json") ? await answer.json().catch(unreached) : undefined;
    throw new ServiceError(answer, problem);
  }
}

/** The client of the backend that an element names, or else its page. @param {Element} element */
export const client = element => new Client(element.getAttribute("backend") ?? /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="docker-run-backend"]'))?.content ?? "");
