// Work that follows what the visitor does: the newest question is asked, those in between never.

const FRAME_MS = 16;

// Runs `work` for the newest state: at most one run at a time, at once where the last began a frame ago or longer, else
// at the next frame. A run is not aborted by a newer one: over a slow network none would ever end while a slider moves.
// `rest`: it begins after what is shown now is drawn, and pauses as long as it ran.
export class Latest {
  constructor(work, rest = false) {
    this.work = work;
    this.rest = rest;
    this.isWanted = this.isRunning = false;
    this.abort = null;
    this.begun = -Infinity;
  }

  // Ends when a run has seen the newest state.
  ask() {
    this.isWanted = true;
    if (!this.isRunning) this.running = this.run();
    return this.running;
  }

  // Ends a run whose answer is of no use any more.
  stop() {
    if (this.abort) this.abort.abort();
  }

  async run() {
    this.isRunning = true;
    while (this.isWanted) {
      if (this.rest) await drawn();
      else if (performance.now() - this.begun < FRAME_MS) await frame();
      this.isWanted = false;
      this.abort = new AbortController();
      this.begun = performance.now();
      try {
        await this.work(this.abort.signal);
      } catch (error) {
        if (error.name !== "AbortError") console.error(error);
      }
      this.abort = null;
      if (this.rest) await pause(Math.min(performance.now() - this.begun, 1000));
    }
    this.isRunning = false;
  }
}

export const pause = ms => new Promise(done => setTimeout(done, ms));

// The next frame; soon where none is drawn, as in a tab that is hidden.
const frame = () => new Promise(done => (document.hidden ? setTimeout(done, 50) : requestAnimationFrame(done)));

// When what was changed until now is drawn: a frame calls back before it draws.
export const drawn = async () => {
  await frame();
  await pause(0);
};

// A function that runs `ms` after its last call.
export const settled = (work, ms) => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
};
