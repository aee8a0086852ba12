// Work that follows what the visitor does: the newest question is asked, those in between never.

// Runs `work` for the newest state: at most one run at a time, the next at the frame after it. A run is not aborted by
// a newer one: over a slow network none would ever end while a slider moves. `rest`: it pauses as long as it ran.
export class Latest {
  constructor(work, rest = false) {
    this.work = work;
    this.rest = rest;
    this.isWanted = this.isRunning = false;
    this.abort = null;
  }

  ask() {
    this.isWanted = true;
    if (!this.isRunning) this.run();
  }

  // Ends a run whose answer is of no use any more.
  stop() {
    if (this.abort) this.abort.abort();
  }

  async run() {
    this.isRunning = true;
    while (this.isWanted) {
      await frame();
      this.isWanted = false;
      this.abort = new AbortController();
      const begun = performance.now();
      try {
        await this.work(this.abort.signal);
      } catch (error) {
        if (error.name !== "AbortError") console.error(error);
      }
      this.abort = null;
      if (this.rest) await pause(Math.min(performance.now() - begun, 1000));
    }
    this.isRunning = false;
  }
}

const pause = ms => new Promise(done => setTimeout(done, ms));

// The next frame; soon where none is drawn, as in a tab that is hidden.
const frame = () => new Promise(done => (document.hidden ? setTimeout(done, 50) : requestAnimationFrame(done)));

// A function that runs `ms` after its last call.
export const settled = (work, ms) => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
};
