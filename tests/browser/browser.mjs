// The browser of the tests: Debian's Chromium without a window, and what every test does with a page.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { axe, modules } from "./server.mjs";

const { chromium } = createRequire(modules())("playwright-core");
const CHROMIUM =
  process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (!CHROMIUM) throw new Error("no Chromium: apt-get install chromium, or name one by CHROMIUM=/path");

// Within a container root has no sandbox of its own.
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
export const browser = await chromium.launch({ executablePath: CHROMIUM, args });

// Opens a page that must load nothing from elsewhere, break no rule of its policy and throw nothing.
export const open = async (url, options = {}) => {
  const { until = ".scenario .value:not(:empty)", width = 1280, height = 900, ...rest } = options;
  const context = await browser.newContext({ viewport: { width, height }, ...rest });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", error => page.faults.push(error.stack));
  page.on("dialog", dialog => {
    page.faults.push(dialog.message());
    dialog.dismiss();
  });
  page.on("request", request => {
    if (new URL(request.url()).origin !== new URL(url).origin) page.faults.push("elsewhere: " + request.url());
  });
  // A 422 where a model has no reasons or intervals is an answer, and so are a 401 and the 404 of a model.
  page.on("console", message => {
    const isAnswer =
      message.text().startsWith("Failed to load resource") &&
      /status of (401|404|422)/.test(message.text()) &&
      !message.location().url.includes("/ui/");
    if (message.type() === "error" && !isAnswer) page.faults.push(message.text());
  });
  await page.goto(url);
  await page.waitForSelector(until);
  return page;
};

// Has each page that is opened note when it is loaded: its controls are drawn, with the model's answer to them.
export const noteLoading = page =>
  page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      const value = document.querySelector(".scenario .value");
      if (!value?.textContent || !document.querySelector(".feature input[type=range]")) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => (window.loadedAt = performance.now())));
    }).observe(document, { childList: true, characterData: true, subtree: true });
  });

// Opens a page that notes it; the milliseconds from the address to there, and to the browser's load event. What the
// driver puts into a page that it waits for takes the page's own thread up to 20 ms: it asks afterwards.
export const load = async (page, url) => {
  await page.goto("about:blank");
  await page.waitForTimeout(100);
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForTimeout(500);
  await page.waitForFunction(() => window.loadedAt);
  return page.evaluate(() => ({
    loaded: window.loadedAt,
    event: performance.getEntriesByType("navigation")[0].loadEventStart,
  }));
};

export const close = async page => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
};

// The control of a feature.
export const feature = (page, name) => page.locator(`.feature[data-feature=${JSON.stringify(name)}]`);

// The prediction of a scenario as the server gave it, all digits.
export const prediction = async (page, scenario = "a") =>
  JSON.parse(await page.locator(`[data-scenario=${scenario}] .value`).getAttribute("data-prediction"));

// Waits until the prediction is another than `before`; the new one.
export const changed = async (page, before, scenario = "a") => {
  await page.waitForFunction(
    // None yet is no other one: a scenario that was just begun.
    ([scenario, before]) =>
      (document.querySelector(`[data-scenario=${scenario}] .value`).dataset.prediction ?? before) !== before,
    [scenario, JSON.stringify(before)],
  );
  return prediction(page, scenario);
};

// The row of a scenario, as the link to copy has it; waits until that link is the page's address too.
export const row = async (page, scenario = "a") => {
  const box = page.locator("details.box", { hasText: "Link to this state" });
  const link = await box.evaluate(async box => {
    // The page writes the link where it can be seen, when it is told that the box is open.
    const wasOpen = box.open,
      told = wasOpen || new Promise(done => box.addEventListener("toggle", done, { once: true }));
    box.open = true;
    await told;
    const text = box.querySelector("[aria-label='Link to this state']").textContent;
    box.open = wasOpen;
    return text;
  });
  await page.waitForFunction(link => location.href === link, link);
  const parts = Object.fromEntries(
    new URL(link).hash
      .slice(1)
      .split("&")
      .map(part => part.split("=")),
  );
  return JSON.parse(decodeURIComponent(parts[scenario]));
};

// Fails with each violation that axe-core finds, and where.
export const assertAccessible = async (page, what) => {
  // The page's policy forbids scripts from elsewhere; the protocol that drives the browser does not ask it.
  await page.evaluate(axe());
  const found = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const told = found.violations.map(
    one =>
      `${one.id}: ${one.help}: ${one.nodes
        .slice(0, 3)
        .map(node => `${node.html} (${node.failureSummary})`)
        .join("; ")}`,
  );
  assert.deepEqual(told, [], what);
};
