// For the type checker only; no page loads it.

/** One event of a run, as the backend sends it. */
interface WireEvent {
  type: string;
  [field: string]: any;
}

/** A recorded run, as recording/file.py writes it. */
interface Recording {
  command: string;
  recorded: string;
  engine: string;
  events: WireEvent[];
}

/** Writes what an event says as one sentence, or as a step of the run and its text. */
type Sentence = (event: WireEvent) => string;
type StepText = (event: WireEvent, known: Known) => [step: string, text: string];

/** What is known of a run's image so far: the layers under way, whether any is new, whether the image was there
 * and where it comes from. */
interface Known {
  downloads: WireEvent[];
  fresh: boolean;
  state?: string;
  provenance?: string;
}

/** Shows more of a run, below its output. */
interface Panel {
  root?: HTMLElement;
  /** What a screen reader reads of it at the end. */
  readonly text: string;
  show(event: WireEvent): void;
  clear(): void;
}

/** Each kind of panel, by the attribute that asks for it. */
declare var dockerRunTurn: ((done: Promise<unknown> | undefined, signal: AbortSignal, line: { show(event: { type: "queued"; position: number }): void }) => Promise<void>) | undefined;
declare var dockerRunPanels: { [attribute: string]: new (value: string, demo: import("./assets/element.js").DockerRun) => Panel };

/** The elements that act with an element. */
interface Company {
  /** Whether one of them runs. */
  readonly busy?: boolean;
  /** What to say of them after the result. */
  readonly words?: string;
  /** They do the same. */
  act?(action: "run" | "stop" | "restore"): void;
  /** What has to happen before a run. */
  before?(): Promise<unknown>;
  /** The element's state has changed. */
  changed?(): void;
}

/** Computes a value to draw, from one reading, the one before and the seconds between. */
type Measure = (now: WireEvent, last: WireEvent, seconds: number) => number;

/** An RFC 9457 problem. */
interface Problem {
  code?: string;
  detail?: string;
}

/** The element's own parts. */
type View = ReturnType<typeof import("./assets/view.js").build>;

interface Strings {
  [name: string]: string;
}

interface GlobalEventHandlersEventMap {
  "docker-run:event": CustomEvent<WireEvent>;
}

/** What rare/rare.js holds, once it is loaded. */
declare var dockerRunRare: { Rows: typeof import("./assets/rare/rows.js").Rows } & typeof import("./assets/rare/pasted.js") | undefined;
