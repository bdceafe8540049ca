// For the type checker only; no page loads it.

/** One event of a run, as the backend's events.py writes it. */
interface WireEvent {
  type: string;
  [field: string]: any;
}

/** A run as recording.py wrote it down. */
interface Recording {
  command: string;
  recorded: string;
  engine: string;
  events: WireEvent[];
}

/** What an event says of a run: one sentence, or a step's place and its words. */
type Sentence = (event: WireEvent) => string;
type StepWords = (event: WireEvent, known: Known) => [place: string, words: string];

/** What a run has said of its image so far: the layers under way, how many it named, where the image comes from. */
interface Known {
  downloads: WireEvent[];
  layers: number;
  provenance?: string;
}

/** One more look at a run, below its output. */
interface Panel {
  root: HTMLElement;
  /** What it says at the end, for who listens. */
  readonly words: string;
  show(event: WireEvent): void;
  clear(): void;
}

/** Each kind of panel, by the attribute that asks for it. */
declare var dockerRunPanels: { [attribute: string]: new (value: string) => Panel };

/** A value to draw, from one reading, the one before and the seconds between. */
type Measure = (now: WireEvent, last: WireEvent, seconds: number) => number;

/** An RFC 9457 problem. */
interface Problem {
  code?: string;
  detail?: string;
}

/** The element's own parts. */
type View = ReturnType<typeof import("./assets/view.js").build>;

interface Names {
  [name: string]: string;
}

interface GlobalEventHandlersEventMap {
  "docker-run:event": CustomEvent<WireEvent>;
}
