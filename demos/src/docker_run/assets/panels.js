// The panels that an element may have. A page loads them, before the element, only where one is asked for.
import { Charts } from "./charts.js";
import { Facts } from "./facts.js";
import { InspectionView } from "./inspection.js";

globalThis.dockerRunPanels = { charts: Charts, isolation: Facts, view: InspectionView };
