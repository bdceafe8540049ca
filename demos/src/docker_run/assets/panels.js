// The panels that an element may have. A page loads them, before the element, only where one is asked for.
import { Charts } from "./charts.js";
import { Facts } from "./facts.js";
import { MachineView } from "./machine.js";

globalThis.dockerRunPanels = { charts: Charts, lane: Facts, view: MachineView };
