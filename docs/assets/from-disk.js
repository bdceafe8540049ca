// Runs a worker's script in a hidden frame, on a page that is opened from disk, where browsers start no workers.
"use strict";
if (location.protocol === "file:") {
  window.Worker = /** @type {any} */ (class extends EventTarget {
    /** @param {string} url */
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      /** @type {Promise<any>} */
      this.begun = new Promise(resolve => frame.addEventListener("load", () => {
        const inside = /** @type {any} */ (frame.contentWindow);
        inside.postMessage = (/** @type {unknown} */ data) => this.dispatchEvent(new MessageEvent("message", { data }));
        const script = inside.document.createElement("script");
        script.src = url;
        script.onload = () => resolve(inside);
        inside.document.head.append(script);
      }, { once: true }));
      document.body.append(frame);
    }

    /** @param {unknown} data */
    async postMessage(data) {
      const inside = await this.begun;
      inside.dispatchEvent(new inside.MessageEvent("message", { data }));
    }
  });
}
