// The what-if page in a real browser: each control, and each number beside what the API and the command line say.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { browser, changed, close, feature, open, prediction, row } from "./browser.mjs";
import { behind, folder, HOSTILE, predict, run, serve, stop, train } from "./server.mjs";

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
const vectors = train("vectors", "data/iris.csv", "species", ...FEW, "svc");
const models = [boston, hostile, wide, dates, vectors, "library=docs/examples/xgboost.ubj"];
const { url, log } = await serve(models);

after(() => {
  stop();
  return browser.close();
});

test("a slider, an exact number and a click into the picture each change the prediction to the API's", async () => {
  const page = await open(url),
    rm = feature(page, "RM");
  let now = await prediction(page);
  await rm.locator("input[type=range]").focus();
  for (const key of ["End", "Home"]) {
    await page.keyboard.press(key);
    now = await changed(page, now);
  }
  await rm.locator(".exact").fill("7.25");
  now = await changed(page, now);
  assert.deepEqual((await predict(url, "boston", await row(page))).prediction, [now]);
  const picture = await rm.locator(".plot").boundingBox();
  await page.mouse.click(picture.x + picture.width * 0.3, picture.y + 20);
  now = await changed(page, now);
  const record = await row(page);
  assert.deepEqual((await predict(url, "boston", record)).prediction, [now]);
  assert.equal(await rm.locator(".exact").inputValue(), String(record.RM));
  await rm.locator(".exact").fill("");
  assert.match(await rm.locator(".doubt").textContent(), /Enter a number/);
  assert.equal(await prediction(page), now);
  await page.getByRole("button", { name: "Reset" }).click();
  await changed(page, now);
  await close(page);
});

test("a category and a missing cell change the prediction to the API's, and probabilities are the API's", async () => {
  const page = await open(url + "models/hostile/");
  const share = () => page.locator(".chance .number").allTextContents();
  const shares = new Set([JSON.stringify(await share())]);
  await feature(page, "colour </script>").locator("select").selectOption("green");
  await feature(page, "smoker").locator("select").selectOption("yes");
  await feature(page, "__proto__").getByLabel("missing").check();
  await feature(page, HOSTILE).locator(".exact").fill("0.2");
  const record = await row(page);
  assert.deepEqual(Object.entries(record), [
    [HOSTILE, 0.2],
    ["colour </script>", "green"],
    ["smoker", "yes"],
    ["__proto__", null],
  ]);
  const answer = await predict(url, "hostile", record);
  assert.equal(await prediction(page), answer.prediction[0]);
  assert.deepEqual(
    await share(),
    Object.values(answer.probability[0]).map(p => (p * 100).toFixed(1) + " %"),
  );
  shares.add(JSON.stringify(await share()));
  assert.equal(shares.size, 2);
  await feature(page, "__proto__").getByLabel("missing").uncheck();
  assert.notEqual((await row(page)).__proto__, null);
  await close(page);
});

test("a date has a slider of days and takes what the API takes", async () => {
  const page = await open(url + "models/dates/"),
    sold = feature(page, "sold");
  const before = await row(page);
  assert.match(before.sold, /^2021-\d\d-\d\d$/);
  await sold.locator("input[type=range]").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(Date.parse((await row(page)).sold) - Date.parse(before.sold), 86_400_000);
  await sold.locator(".exact").fill("2031-12-24T10:00:00+02:00");
  await sold.locator(".doubt:not(:empty)").waitFor();
  assert.match(await sold.locator(".doubt").textContent(), /Training saw 2021-01-\d\d to 2022-/);
  await feature(page, "at").locator(".exact").fill("2022-03-01T17:30:00Z");
  const record = await row(page);
  assert.equal(record.sold, "2031-12-24T10:00:00+02:00");
  assert.deepEqual((await predict(url, "dates", record)).prediction, [await prediction(page)]);
  assert.equal(await sold.locator("polyline.curve[points*=',']").count(), 2);
  await close(page);
});

test("the page, the API and the command line tell the same numbers", async () => {
  const page = await open(url),
    record = await row(page),
    names = Object.keys(record);
  const rows = join(folder, "row.csv");
  writeFileSync(rows, `${names}\n${names.map(name => record[name])}\n`);
  const told = run("predict", "--model", boston, "--input", rows).trim().split("\n")[1].split(",").at(-1);
  assert.equal(Number(told), await prediction(page));
  const details = await (await fetch(url + "models/boston")).json(),
    inspected = JSON.parse(run("inspect", "--json", boston));
  assert.deepEqual(details.evaluation, inspected.evaluation);
  const { holdout, k_fold: folds } = details.evaluation,
    rmse = page.locator("tr", { hasText: "RMSE" }).locator("td");
  const cells = await rmse.allTextContents(),
    short = number => String(Number(number.toPrecision(4)));
  assert.equal(cells[0], short(holdout.rmse));
  assert.ok(cells[1].startsWith(short(folds.mean.rmse) + " ±"), cells[1]);
  assert.ok((await page.locator(".intro").textContent()).includes(details.version));
  const order = await page.locator(".feature").evaluateAll(nodes => nodes.map(node => node.dataset.feature));
  assert.deepEqual(
    order,
    details.importance.features.map(one => one.feature),
  );
  await close(page);
});

test("reasons and intervals are the API's, or its sentence why there are none", async () => {
  for (const name of ["boston", "hostile", "vectors"]) {
    const page = await open(`${url}models/${name}/`),
      record = await row(page),
      panel = page.locator(".panel");
    const [reasons, range] = [
      await predict(url, name, record, "?explain=true"),
      await predict(url, name, record, "?interval=0.9"),
    ];
    const shown = await panel.textContent();
    if (reasons.contributions) {
      const given = reasons.contributions[0],
        isNested = typeof Object.values(given)[0] === "object";
      assert.equal(
        await panel.locator(".reasons li").count(),
        Object.keys(isNested ? Object.values(given)[0] : given).length + 2,
      );
      assert.equal(shown.includes("gives no probabilities"), name === "vectors");
      assert.ok(name !== "vectors" || /, in the score of [a-z]+\.baseline/.test(shown), shown);
    } else assert.ok(shown.includes(reasons.detail), `${shown}\n${reasons.detail}`);
    if (range.interval) {
      const [low, high] = range.interval[0].map(number => String(Number(number.toPrecision(5))).replace("-", "−"));
      assert.ok(shown.includes(`${low} to ${high}`), shown);
    } else if (range.set) assert.ok(shown.includes(range.set[0].join(", ")), shown);
    else assert.ok(shown.includes(range.detail), `${shown}\n${range.detail}`);
    await close(page);
  }
});

test("a curve is what the model answers along a feature, and outside of training it warns", async () => {
  const page = await open(url),
    lstat = feature(page, "LSTAT");
  await lstat.locator("polyline.curve[points*=',']").first().waitFor();
  const label = await lstat.locator("svg").getAttribute("aria-label");
  const [, low, at] = label.match(/lowest (\S+) at (\S+),/);
  const answer = await predict(url, "boston", { ...(await row(page)), LSTAT: Number(at) });
  assert.ok(Math.abs(answer.prediction[0] - Number(low)) < 1e-3, `${label}: ${answer.prediction}`);
  assert.equal(await lstat.locator(".doubt").textContent(), "");
  await lstat.locator(".exact").fill("40");
  await lstat.locator(".doubt:not(:empty)").waitFor();
  assert.match(await lstat.locator(".doubt").textContent(), /Training saw 1.73 to 37.97/);
  assert.match(await lstat.locator("input[type=range]").getAttribute("aria-valuetext"), /outside of training/);
  await close(page);
});

test("what changing only a sensitive feature does is what the API answers", async () => {
  const page = await open(url),
    b = feature(page, "B");
  await b.locator(".effect:not(:empty)").waitFor();
  const told = await b.locator(".effect").textContent(),
    record = await row(page);
  const [, from, to, then] =
    told.match(/Changing only B from (\S+) to (\S+) changes .* to (\S+)\.$/) || assert.fail(told);
  assert.equal(Number(from), record.B);
  const answer = await predict(url, "boston", { ...record, B: Number(to) });
  assert.equal(Number(then), Number(answer.prediction[0].toPrecision(5)));
  assert.equal(await page.locator(".badge").count(), 1);
  await close(page);
});

test("two scenarios stand side by side, and a link opens both again", async () => {
  const page = await open(url),
    before = await prediction(page);
  await page.getByRole("button", { name: "Compare" }).click();
  await feature(page, "RM").locator(".exact").fill("8.4321");
  const b = await changed(page, before, "b");
  assert.equal(await prediction(page, "a"), before);
  const difference = await page.locator("[data-scenario=b] .about").textContent();
  assert.ok(difference.startsWith(`+${Number((b - before).toPrecision(4))} against A`), difference);
  assert.match(await feature(page, "RM").locator(".compared").textContent(), /^A: /);
  await page.locator("[data-scenario=a]").click();
  await page.waitForFunction(() => document.querySelector("[data-scenario=a]").ariaPressed === "true");
  await row(page);
  await page.getByText("Copy this input").click();
  const link = await page.getByRole("region", { name: "Link to this state" }).textContent();
  const again = await open(link);
  assert.deepEqual([await prediction(again, "a"), await prediction(again, "b")], [before, b]);
  assert.equal(await again.locator("[data-scenario=a]").getAttribute("aria-pressed"), "true");
  await again.getByRole("button", { name: "End comparison" }).click();
  await again.locator("[data-scenario=b]").waitFor({ state: "hidden" });
  // Values stay out of what servers and proxies write down.
  assert.ok(!log.some(line => line.includes("8.4321")), "a value in the log");
  await close(again);
  await close(page);
});

test("the curl command answers as the page does", async () => {
  for (const [name, change] of [
    ["boston", "6.5"],
    ["hostile", "0.7"],
  ]) {
    const page = await open(`${url}models/${name}/`);
    await page.locator(".exact").first().fill(change);
    await row(page);
    await page.getByText("Copy this input").click();
    const curl = await page.getByRole("region", { name: "curl" }).textContent();
    const done = spawnSync("sh", ["-c", curl + " -s"], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(done.stdout).prediction, [await prediction(page)], curl);
    const json = await page.getByRole("region", { name: "JSON" }).textContent();
    assert.deepEqual(Object.entries(JSON.parse(json)), Object.entries(await row(page)));
    await close(page);
  }
});

test("a row of CSV or JSON is brought in, and what is wrong with it is told", async () => {
  const page = await open(url);
  const bring = async text => {
    const told = page.locator("details.box:has(textarea) [role=status]");
    await page.locator("textarea").fill(text);
    await page.getByRole("button", { name: "Use it" }).click();
    return told.textContent();
  };
  await page.getByText("Bring a row in").click();
  await page.getByLabel("Row", { exact: true }).fill("2");
  assert.match(
    await bring('RM;"LSTAT";TAX;CHAS;B;town\n5;1;300;0;1;x\n"7.5";20;"300";1;390;y\n'),
    /Row 2 of 2 is in. Not a feature of this model: town/,
  );
  assert.deepEqual(await row(page), { CHAS: 1, RM: 7.5, TAX: 300, B: 390, LSTAT: 20 });
  assert.match(
    await bring('[{"RM":6,"TAX":"many","B":null}]'),
    /cannot take it: TAX \(many\), B \(empty\).*left as it was: /,
  );
  assert.deepEqual(await row(page), { CHAS: 1, RM: 6, TAX: 300, B: 390, LSTAT: 20 });
  assert.match(await bring("a,b\n1,2"), /first line names none/);
  assert.match(await bring('{"RM":'), /no JSON/);
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from("RM,LSTAT\r\n5.5,9\r\n") });
  await page.getByText("Row 1 of 1 is in").waitFor();
  assert.deepEqual([(await row(page)).RM, (await row(page)).LSTAT], [5.5, 9]);
  await close(page);
});

test("strangers' names, categories and classes are text", async () => {
  const page = await open(url + "models/hostile/"),
    nowhere = await open(`${url}models/${encodeURIComponent(HOSTILE)}/`, {
      until: "#state:has-text('No model is called')",
    });
  await page.locator(".effect:not(:empty)").waitFor();
  await page.getByText("Copy this input").click();
  await page.getByRole("button", { name: "Compare" }).click();
  for (const one of [page, nowhere]) {
    assert.equal(await one.locator("img, script:not([src]), b").count(), 0);
    assert.ok(!(await one.title()).includes("owned"));
    assert.ok((await one.locator("main").textContent()).includes("<img src=x"));
  }
  assert.equal(await page.locator(".chance", { hasText: HOSTILE }).count(), 1);
  await close(nowhere);
  await close(page);
});

test("of 200 features those that matter most come first, and a filter finds the rest", async () => {
  const page = await open(url + "models/wide/"),
    shown = page.locator(".feature");
  assert.equal(await shown.count(), 12);
  assert.equal(await shown.first().getAttribute("data-feature"), "sensor_150");
  await page.getByRole("button", { name: "Show 24 more" }).click();
  assert.equal(await shown.count(), 36);
  await page.getByLabel("Find").fill("SENSOR_19");
  assert.equal(await shown.count(), 10);
  assert.ok(await page.getByText("10 of 200 features").isVisible());
  await feature(page, "sensor_199").locator(".exact").fill("1");
  await page.getByLabel("Find").fill("");
  // What was changed stays in sight.
  assert.equal(await shown.count(), 13);
  await close(page);
});

test("a model without statistics has entries, and says what is not there", async () => {
  const page = await open(url + "models/library/"),
    before = await prediction(page);
  assert.match(await page.locator(".intro").textContent(), /imported without data/);
  assert.equal(await page.locator("input[type=range]").count(), 0);
  await feature(page, "bmi").locator(".exact").fill("60");
  const now = await changed(page, before);
  assert.deepEqual((await predict(url, "library", await row(page))).prediction, [now]);
  await feature(page, "bmi").getByLabel("missing").check();
  assert.equal((await row(page)).bmi, null);
  await close(page);
});

test("with tokens it asks for one, keeps it for the tab, and its HTML has no statistics", async () => {
  writeFileSync(join(folder, "tokens"), "secret\n");
  const closed = await serve([boston], "--token-file", join(folder, "tokens"));
  const page = await open(closed.url, { until: "form.token" });
  assert.ok(!/RM|MEDV|boston/.test(await page.content()));
  await page.getByLabel("Token").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("does not know this token").waitFor();
  await page.getByLabel("Token").fill("secret");
  await page.getByRole("button", { name: "Show the models" }).click();
  await page.waitForSelector(".scenario .value:not(:empty)");
  await page.getByText("Copy this input").click();
  const texts = await page.locator("pre").allTextContents();
  assert.ok(texts[0].includes('"Authorization: Bearer $TOKEN"') && !texts.join().includes("secret"), texts[0]);
  assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie, Object.values(sessionStorage)]), [
    0,
    "",
    ["secret"],
  ]);
  await page.reload();
  await page.waitForSelector(".scenario .value:not(:empty)");
  await page.getByRole("button", { name: "Forget the token" }).click();
  await page.waitForSelector("form.token");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await close(page);
});

test("a token that a proxy asks for is kept for the tab too", async () => {
  const page = await open(url);
  await page.route("**/models**", route => {
    const isKnown = route.request().headers().authorization === "Bearer secret";
    return isKnown ? route.continue() : route.fulfill({ status: 401, json: { detail: "no token" } });
  });
  await page.reload();
  await page.getByLabel("Token").fill("secret");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".scenario .value:not(:empty)");
  await page.reload();
  await page.waitForSelector(".scenario .value:not(:empty)");
  await close(page);
});

test("behind a prefix it works, and --no-ui turns it off", async () => {
  const prefixed = await behind(url, "/tools/ml/"),
    page = await open(prefixed);
  await page.getByRole("link", { name: "hostile" }).click();
  await page.waitForURL(prefixed + "models/hostile/**");
  await page.waitForSelector(".scenario .value:not(:empty)");
  await page.getByText("Copy this input").click();
  assert.ok(
    (await page.getByRole("region", { name: "curl" }).textContent()).includes(prefixed + "models/hostile/predict"),
  );
  await close(page);
  const off = await serve([boston], "--no-ui");
  for (const path of ["", "ui/1/main.js"]) assert.equal((await fetch(off.url + path)).status, 404, path);
});
