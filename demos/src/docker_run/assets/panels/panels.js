// Makes the panels known to the element. A page loads them only where one is asked for, and before the element.
import { Charts } from "./charts.js";
import { Beside } from "./company.js";
import { Facts } from "./facts.js";
import { Inspection } from "./inspection.js";

globalThis.dockerRunPanels = { charts: Charts, isolation: Facts, beside: Beside, view: Inspection };
