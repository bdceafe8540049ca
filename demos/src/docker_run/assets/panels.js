// The panels that an element may have. A page loads them, before the element, only where one is asked for.
import { Charts } from "./charts.js";

globalThis.dockerRunPanels = { charts: Charts };
