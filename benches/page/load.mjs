// How long the what-if page takes to load, from servers on this machine: from the address to the model's controls drawn
// with their prediction, and to the browser's load event. Programs load in turns, and each is compared with the first.
//
//     node load.mjs MODEL LOADS PROGRAM [OTHER...]

import { browser, load, noteLoading } from "../../tests/browser/browser.mjs";
import { serveBy, stop } from "../../tests/browser/server.mjs";

const [model, loads, ...programs] = process.argv.slice(2);

const ofPrograms = [];
for (const program of programs) {
  const { url } = await serveBy(program, [model]);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } }),
    page = await context.newPage();
  await noteLoading(page);
  // Keeps the page's files, as for a visitor who comes again.
  await load(page, url);
  ofPrograms.push({ program, url, page, times: [] });
}
for (let turn = 0; turn < Number(loads); turn++) {
  // Each is the first as often as the last.
  for (const one of turn % 2 ? ofPrograms : [...ofPrograms].reverse()) one.times.push(await load(one.page, one.url));
}

const share = (numbers, of) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * of)],
  told = numbers => `best ${share(numbers, 0).toFixed(0)} ms, median ${share(numbers, 0.5).toFixed(0)} ms`;
console.log(`${loads} loads of the page about ${model}, its files kept by the browser:`);
for (const { program, times } of ofPrograms) {
  const first = ofPrograms[0].times,
    less = times.map(({ loaded }, turn) => first[turn].loaded - loaded);
  const compared =
    times === first ? "" : `; ${share(less, 0.5).toFixed(1)} ms less than the first in the median of turns`;
  console.log(program);
  console.log(`  its controls drawn, with the prediction: ${told(times.map(({ loaded }) => loaded))}${compared}`);
  console.log(`  the browser's load event:                ${told(times.map(({ event }) => event))}`);
}
stop();
await browser.close();
