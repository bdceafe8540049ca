// Runs Python in a thread of its own, which the page can end when a cell does not end by itself.
const here = import.meta.url;
const fetched = self.fetch;
let loaded = 0;

// counts the bytes that Pyodide fetches
self.fetch = async (...what) => {
  const { body, headers, status } = await fetched(...what);
  const count = new TransformStream({
    /** @param {Uint8Array} chunk */
    transform(chunk, onward) {
      loaded += chunk.byteLength;
      postMessage({ type: "text", value: loaded });
      onward.enqueue(chunk);
    },
  });
  return new Response(body?.pipeThrough(count), { headers, status });
};

/** @param {string} url */
async function file(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer;
}

/** @param {string[]} wheels addresses of what the cells import */
async function start(wheels) {
  const folder = new URL("pyodide/", here).href;
  const { loadPyodide } = await import(folder + "pyodide.mjs");
  const python = await loadPyodide({ indexURL: folder });
  for (const wheel of wheels) python.unpackArchive(await (await file(wheel)).arrayBuffer(), "wheel");
  python.FS.writeFile("/home/pyodide/notebook_cell.py", await (await file(new URL("cell.py", here).href)).text());
  const cell = python.pyimport("notebook_cell");
  const names = python.globals.get("dict")([["__name__", "__main__"]]);
  return { cell, names };
}

/** @type {Promise<any>} */
let started;
addEventListener("message", async ({ data }) => {
  try {
    if (data.wheels) {
      started = start(data.wheels).finally(() => { self.fetch = fetched; });
      await started;
      postMessage({ type: "done" });
      return;
    }
    const { cell, names } = await started;
    const post = (/** @type {string} */ text) => postMessage({ type: "text", value: text });
    const well = cell.run(data.source, data.name, names, post);
    postMessage({ type: "done", value: well });
  } catch (error) {
    postMessage({ type: "broken", value: String(error) });
  }
});
