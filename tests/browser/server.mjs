// A smartserve for the browser's tests: models trained on the spot, served on a free port. The program is
// SMARTSERVE's, or the debug build's.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = new URL("../../", import.meta.url).pathname;
const BINARY = process.env.SMARTSERVE || join(ROOT, "target/debug/smartserve");

export const folder = mkdtempSync(join(tmpdir(), "smartserve-browser-"));
const running = [];

// Ends the servers, whatever becomes of the test.
export const stop = () => running.forEach(child => child.kill("SIGKILL"));
process.on("exit", () => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

// Runs the program to its end; what it prints.
export const run = (...words) => {
  const done = spawnSync(BINARY, words, { cwd: ROOT, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`smartserve ${words.join(" ")}: ${done.error || done.stderr}`);
  return done.stdout;
};

// Text that would run if it were taken as markup.
export const HOSTILE = '<img src=x onerror="document.title=`owned`">';

// A generator that gives the same numbers each time (Park and Miller's).
const random = (
  seed => () =>
    (seed = (seed * 48271) % 2147483647) / 2147483647
)(7);

const csv = (header, rows) =>
  [header, ...rows].map(row => row.map(cell => `"${String(cell).replace(/"/g, '""')}"`).join(",")).join("\n") + "\n";

const tables = {
  dates: () =>
    csv(
      ["sold", "at", "price"],
      Array.from({ length: 60 }, (_, i) => {
        const day = new Date(Date.UTC(2021, 0, 1 + 9 * i)).toISOString().slice(0, 10);
        return [day, `2022-03-01 ${String(i % 24).padStart(2, "0")}:30`, (i + 5 * (i % 24)).toFixed(1)];
      }),
    ),
  hostile: () =>
    csv(
      [HOSTILE, "colour </script>", "smoker", "__proto__", "kind <b>"],
      Array.from({ length: 80 }, (_, i) => {
        const x = random() * 4 - 2,
          colour = [HOSTILE, "red", "green"][i % 3];
        return [
          x.toFixed(3),
          colour,
          i % 2 ? "yes" : "no",
          i % 9 ? (random() * 100).toFixed(1) : "",
          x + (i % 2) > 0.5 ? HOSTILE : "plain",
        ];
      }),
    ),
  wide: () =>
    csv(
      [...Array.from({ length: 200 }, (_, i) => `sensor_${String(i).padStart(3, "0")}`), "y"],
      Array.from({ length: 60 }, () => {
        const row = Array.from({ length: 200 }, (_, i) => (i + random() * 9).toFixed(2));
        return [...row, (9 * row[150] - row[7]).toFixed(3)];
      }),
    ),
};

// Trains a model; its file. `data`: a file of the repository, or one of the tables above.
export const train = (name, data, target, ...words) => {
  const model = join(folder, name + ".model");
  let from = join(ROOT, data);
  if (tables[data]) writeFileSync((from = join(folder, name + ".csv")), tables[data]());
  run("train", "--data", from, "--target", target, "--name", name, "-o", model, ...words);
  return model;
};

// Serves these models; { url, log, pid }.
export const serve = (models, ...words) => serveBy(BINARY, models, ...words);

// The same by another program.
export const serveBy = async (program, models, ...words) => {
  const flags = models.flatMap(model => ["--model", model]);
  const child = spawn(program, ["serve", "--bind", "127.0.0.1:0", "--log-format", "json", ...flags, ...words], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const log = [];
  return new Promise((done, failed) => {
    child.on("exit", code => failed(new Error(`the server ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).on("line", line => {
      log.push(line);
      const said = JSON.parse(line);
      if (said.message.startsWith("listening on")) done({ url: `http://${said.address}/`, log, pid: child.pid });
    });
  });
};

// A proxy that puts a server behind a prefix, as an ingress does; its URL.
export const behind = (url, prefix) =>
  new Promise(done => {
    const { hostname, port } = new URL(url);
    const proxy = http.createServer((request, response) => {
      if (!request.url.startsWith(prefix)) return response.writeHead(404).end();
      const options = {
        hostname,
        port,
        method: request.method,
        path: request.url.slice(prefix.length - 1),
        headers: request.headers,
      };
      request.pipe(
        http.request(options, answer => {
          response.writeHead(answer.statusCode, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    proxy.listen(0, "127.0.0.1", () => {
      proxy.unref();
      done(`http://127.0.0.1:${proxy.address().port}${prefix}`);
    });
  });

// The JSON of an answer to a record, asked without the page.
export const predict = async (url, name, record, query = "") => {
  const body = JSON.stringify(record),
    headers = { "Content-Type": "application/json" };
  return (await fetch(`${url}models/${name}/predict${query}`, { method: "POST", headers, body })).json();
};

export const axe = () => readFileSync(new URL("axe-core/axe.min.js", modules()), "utf8");

// Where make has put the packages of package-lock.json.
export const modules = () =>
  new URL(`file://${process.env.NODE_MODULES || join(ROOT, "target/browser/node_modules")}/`);
