// Lighthouse's four scores of each address given, as it judges a phone; one line of JSON for each.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const chrome = await launch({ chromeFlags: ["--headless=new", "--no-sandbox", "--disable-background-networking"] });
for (const url of process.argv.slice(2)) {
  const { lhr } = await lighthouse(url, { port: chrome.port, logLevel: "error", locale: "en" });
  const scores = Object.fromEntries(Object.entries(lhr.categories).map(([name, { score }]) => [name, Math.round((score ?? 0) * 100)]));
  const lost = Object.values(lhr.categories).flatMap(({ auditRefs }) => auditRefs)
    .filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 0.9).map(({ id }) => id);
  const [lcp, cls] = ["largest-contentful-paint", "cumulative-layout-shift"].map(id => lhr.audits[id].numericValue);
  console.log(JSON.stringify({ url, scores, lost, lcp, cls }));
}
chrome.kill();
