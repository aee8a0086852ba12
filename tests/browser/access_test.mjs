// Who uses the what-if page how: axe-core's rules in both themes, 360 px, keys alone, less motion; and how fast it is.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertAccessible, browser, changed, close, feature, load, noteLoading, open, prediction } from "./browser.mjs";
import { folder, serve, stop, train } from "./server.mjs";

const FEW = ["--folds", "2", "--algorithm"];
const boston = train(
  "boston",
  "data/boston.csv",
  "MEDV",
  "--features",
  "CHAS,RM,TAX,B,LSTAT",
  "--sensitive",
  "B",
  ...FEW,
  "extra-trees",
  "--trees",
  "5",
);
const hostile = train(
  "hostile",
  "hostile",
  "kind <b>",
  "--sensitive",
  "smoker",
  ...FEW,
  "random-forest",
  "--trees",
  "5",
);
const wide = train("wide", "wide", "y", ...FEW, "decision-tree");
const dates = train("dates", "dates", "price", ...FEW, "decision-tree");
const { url } = await serve([boston, hostile, wide, dates, "library=docs/examples/xgboost.ubj"]);

after(() => {
  stop();
  return browser.close();
});

test("axe-core finds no violation, in both themes and on a narrow screen", async () => {
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ]) {
    for (const name of ["boston", "hostile", "wide", "dates", "library"]) {
      const page = await open(`${url}models/${name}/`, { colorScheme, width, reducedMotion: "reduce" });
      const what = `${name}, ${colorScheme}, ${width} px`;
      await page.getByRole("button", { name: "Compare" }).click();
      for (const box of ["Copy this input", "Bring a row in"]) await page.getByText(box).click();
      // Outside of training, or no date: the page then shows the server's refusal.
      await page.locator(".exact").first().fill("1e3");
      await page.locator("[data-scenario=b]").waitFor();
      // An interval, or why there is none.
      await page.waitForFunction(() => {
        const told = [".range-text", ".range-text + .note"].map(of => document.querySelector(of)?.textContent);
        return told.some(Boolean) && document.querySelector(".feature.differs");
      });
      await assertAccessible(page, what);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(beyond <= 0, `${what}: ${beyond} px beyond the edge`);
      await close(page);
    }
  }
});

test("the form that asks for a token has no violation", async () => {
  writeFileSync(join(folder, "tokens"), "secret\n");
  const closed = await serve([boston], "--token-file", join(folder, "tokens"));
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(closed.url, { until: "form.token", colorScheme, width: 360 });
    await assertAccessible(page, colorScheme);
    await close(page);
  }
});

test("keys alone reach and move every control, and the focus is seen", async () => {
  const page = await open(url + "models/hostile/");
  for (const box of ["Copy this input", "Bring a row in"]) await page.getByText(box).click();
  await page.evaluate(() => document.activeElement.blur());
  const reached = new Set(),
    total = await page.locator("a[href], button:visible, input, select, textarea, summary").count();
  for (let i = 0; i < total + 12; i++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element),
        box = element.getBoundingClientRect();
      const bar = document.querySelector(".live"),
        over = bar.getBoundingClientRect();
      const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
      return {
        at: all.indexOf(element),
        tag: element.outerHTML.slice(0, 90),
        isMarked: style.outlineStyle !== "none" || element.type === "file",
        isCovered: !bar.contains(element) && box.top >= over.top && box.bottom <= over.bottom,
      };
    });
    if (!seen) continue;
    assert.ok(seen.isMarked, "no mark of focus: " + seen.tag);
    assert.ok(!seen.isCovered, "under the bar on top: " + seen.tag);
    reached.add(seen.at);
  }
  assert.ok(reached.size >= total, `${reached.size} of ${total} reached`);
  let now = await page.locator(".chances").textContent();
  const differs = async () => {
    await page.waitForFunction(before => document.querySelector(".chances").textContent !== before, now);
    now = await page.locator(".chances").textContent();
  };
  await feature(page, "smoker").locator("select").focus();
  // One of them changes it, wherever it stands.
  for (const key of ["ArrowUp", "ArrowDown"]) {
    const before = await feature(page, "smoker").locator("select").inputValue();
    await page.keyboard.press(key);
    if ((await feature(page, "smoker").locator("select").inputValue()) !== before) break;
  }
  await differs();
  await page.locator("input[type=range]").first().focus();
  await page.keyboard.press("End");
  await differs();
  await page.getByRole("button", { name: "Compare" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("[data-scenario=b]").waitFor();
  const spoken = page.locator(".live [role=status]");
  await page.waitForFunction(() =>
    /Prediction A: .*; B: /.test(document.querySelector(".live [role=status]").textContent),
  );
  assert.match(await spoken.textContent(), /Outside of training: <img/);
  await page.locator(".chance").first().focus();
  await page.keyboard.press("Space");
  await page.locator(".chance[aria-pressed=true]").first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.className), "chance");
  await close(page);
});

test("every control has a name and a role", async () => {
  const page = await open(url);
  const controls = await page.locator("input, select, button, textarea").all();
  assert.ok(controls.length > 12);
  for (const role of ["slider", "spinbutton"])
    assert.ok((await page.getByRole(role, { name: "LSTAT" }).count()) === 1, role);
  assert.equal(await page.getByRole("img", { name: /along LSTAT: lowest/ }).count(), 1);
  assert.equal(await page.getByRole("button", { name: /^[0-9.]+/, pressed: true }).count(), 1);
  await close(page);
});

test("nothing moves by itself where less motion is asked for", async () => {
  const page = await open(url + "models/hostile/", { reducedMotion: "reduce" });
  const moving = await page.evaluate(
    () => [...document.querySelectorAll("*")].filter(one => getComputedStyle(one).transitionDuration !== "0s").length,
  );
  assert.equal(moving, 0);
  await close(page);
});

test("it loads and follows a slider at once", async () => {
  const page = await open(url),
    times = { load: [], move: [] };
  await noteLoading(page);
  for (let i = 0; i < 5; i++) times.load.push((await load(page, url)).loaded);
  await page.locator("polyline.curve[points*=',']").first().waitFor();
  const asked = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(one => [one.name.replace(/^.*?\/\/[^/]*\//, ""), one.transferSize]),
  );
  const files = asked.filter(([path]) => path.startsWith("ui/"));
  assert.ok(files.length > 1 && files.every(([, bytes]) => bytes === 0), `not from the cache: ${files}`);
  // Each once, but the curves.
  const predict = "models/boston/predict",
    questions = asked.map(([path]) => path).filter(path => !path.startsWith("ui/") && path !== predict);
  assert.deepEqual(questions.sort(), ["models", "models/boston", predict + "?explain=true"]);
  for (let i = 0; i < 12; i++) {
    times.move.push(
      await page.evaluate(
        value =>
          new Promise(done => {
            const slider = document.querySelector("[data-feature=RM] input[type=range]"),
              shown = document.querySelector("[data-scenario=a] .value");
            const begun = performance.now();
            new MutationObserver((_, observer) => {
              observer.disconnect();
              done(performance.now() - begun);
            }).observe(shown, { attributes: true, characterData: true, childList: true, subtree: true });
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
          }),
        i % 2 ? 8.5 : 4.5,
      ),
    );
  }
  const median = list => list.sort((a, b) => a - b)[list.length >> 1];
  console.log(
    `loaded in ${median(times.load).toFixed(0)} ms, a move is answered in ${median(times.move).toFixed(1)} ms`,
  );
  // On an idle machine 100 ms and a frame or two; CI's may be busy, and the build has no optimisation.
  assert.ok(median(times.load) < 1000, `${times.load} ms to load`);
  assert.ok(median(times.move) < 200, `${times.move} ms from a move to its answer`);
  const before = await prediction(page);
  await page.locator(".exact").first().fill("5");
  await changed(page, before);
  await close(page);
});
