// The report in a real browser: node report.mjs REPORT.html OUTDIR
//
// Opens the page from its file and fails on what a reader would stumble over: an error in the console, a request to anywhere, a
// table that does not sort or filter, a number or a point that does not lead to its runs, a plot that is not drawn, a theme or a print without its colours, a barrier that axe
// calls serious, a picture or caption whose letters are too small, a claim that runs out of a telephone. Screenshots of all of it
// are written to OUTDIR.
//
// The browser is the one that LGDEA_TEST_CHROMIUM names, else Playwright's own, else `chromium` of the system.

import assert from "node:assert/strict";
import {existsSync, mkdirSync} from "node:fs";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";
import AxeBuilder from "@axe-core/playwright";
import {chromium} from "playwright";

const [report, out] = process.argv.slice(2);
if (!report || !out) {
  console.error("usage: node report.mjs REPORT.html OUTDIR");
  process.exit(2);
}
mkdirSync(out, {recursive: true});
const url = pathToFileURL(resolve(report)).href;
const candidates = [process.env.LGDEA_TEST_CHROMIUM, chromium.executablePath(), "/usr/bin/chromium"];
const executablePath = candidates.find(path => path && existsSync(path));
assert(executablePath, "there is no Chromium: `npx playwright install --with-deps chromium`, or `apt-get install chromium`");

const browser = await chromium.launch({executablePath, args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]});
const context = await browser.newContext({viewport: {width: 1360, height: 900}, deviceScaleFactor: 1});
const page = await context.newPage();
page.setDefaultTimeout(90000);
const wrong = [];
page.on("console", message => {
  // Chromium says how fast its own WebGL is.
  const about_itself = /GPU stall|GL Driver Message|swiftshader/i.test(message.text());
  if (["error", "warning"].includes(message.type()) && !about_itself) wrong.push(`console: ${message.text()}`);
});
page.on("pageerror", error => wrong.push(`error: ${error.message}`));
page.on("request", request => {
  if (request.url() !== url && !/^(data|blob):/.test(request.url())) wrong.push(`request: ${request.url()}`);
});
const shot = (name, options = {}) => page.screenshot({path: join(out, `${name}.png`), ...options});
const settle = () => page.waitForTimeout(400);

/** Scrolls through the page, so that every plot is drawn. */
async function everything() {
  const height = await page.evaluate(() => document.body.scrollHeight);
  for (let top = 0; top < height; top += 600) {
    await page.evaluate(top => scrollTo(0, top), top);
    await page.waitForTimeout(60);
  }
  // On a busy machine the page may not have been told of all that passed by.
  for (const plot of await page.$$(".plot")) {
    await plot.scrollIntoViewIfNeeded();
    await plot.waitForSelector("svg", {state: "attached"});
  }
  await page.evaluate(() => scrollTo(0, 0));
  await settle();
}

/** A picture of each section: Chromium draws no page of any length in one. */
async function sections(theme) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.mouse.move(0, 0);
  for (const section of await page.$$("main > section")) {
    const path = join(out, `${await section.getAttribute("aria-labelledby")}-${theme}.png`);
    await section.screenshot({path, style: "nav { position: static !important }"});
  }
}

async function plots() {
  const drawn = await page.$$eval(".plot", plots => plots.map(plot => {
    const box = plot.querySelector("svg.main-svg")?.getBoundingClientRect();
    const marks = plot.querySelectorAll(".trace, .parcoords-line-layers, .axis-title, path.point").length;
    return {label: plot.getAttribute("aria-label"), width: box?.width ?? 0, marks};
  }));
  for (const plot of drawn) {
    assert(plot.width > 200, `a plot is not drawn: ${plot.label}`);
    assert(plot.marks > 0, `a plot is empty: ${plot.label}`);
    assert(plot.label.length > 20, "a plot without words for it");
  }
  return drawn.length;
}

/** Opens what is folded, or folds all. */
const fold = (which, open) => page.$$eval(which, (all, open) => all.forEach(one => { one.open = open; }), open);

async function tables() {
  await fold(".fold", true);
  const ids = await page.$$eval("table[id]", tables => tables.map(table => table.id));
  assert(ids.length > 0, "there is no table");
  for (const id of ids) {
    const table = page.locator(`[id="${id}"]`);
    const heads = table.locator("th"), last = await heads.count() - 1;
    const column = id === "table-means" ? last : 0;
    const texts = () => table.locator(`tbody tr td:nth-child(${column + 1})`).allTextContents();
    const before = await texts();
    const button = heads.nth(column).locator("button");
    await button.focus();
    await page.keyboard.press("Enter");
    assert.equal(await heads.nth(column).getAttribute("aria-sort"), "ascending", `${id} does not sort`);
    const up = await texts();
    await button.click();
    assert.equal(await heads.nth(column).getAttribute("aria-sort"), "descending");
    const down = await texts();
    if (id === "table-means") {
      const numbers = down.map(text => parseFloat(text)).filter(number => !Number.isNaN(number));
      assert(numbers.every((number, at) => at === 0 || number <= numbers[at - 1]), `${id} is not in order: ${numbers}`);
    }
    assert.deepEqual([...up].sort(), [...before].sort(), `${id} loses rows`);
    await button.click();
    assert.deepEqual(await texts(), before, `${id} does not find back to its order`);
    const filter = page.locator(`input[data-filters="${id}"]`);
    const visible = () => table.locator("tbody tr:visible").count();
    const all = await visible();
    await filter.fill("no such text anywhere");
    assert.equal(await visible(), 0, `${id} does not filter`);
    const word = (await table.locator("tbody td").first().textContent()).trim().split(/\s+/)[0];
    await filter.fill(word.toUpperCase());
    assert(await visible() > 0, `${id} does not find ${word}`);
    await filter.fill("");
    assert.equal(await visible(), all);
  }
  await fold(".fold", false);
  return ids.length;
}

/** One click leads from a number of each table to its seeds, and one from there to the card of a run. */
async function numbers() {
  const seen = async place => assert(await page.locator(`[id="${place}"]`).evaluate(one => {
    const box = one.getBoundingClientRect();
    return one.checkVisibility() && box.top >= 0 && box.top < innerHeight;
  }), `${place} is not shown`);
  const follow = async link => {
    const place = (await link.getAttribute("href")).slice(1);
    await link.click();
    await settle();
    await seen(place);
    return place;
  };
  const ids = await page.$$eval("table[id]", tables => tables.filter(table => table.querySelector("a")).map(table => table.id));
  assert(ids.includes("table-means"), "no number leads to its runs");
  for (const id of ids) {
    await fold("details", false);
    await fold(".fold", true);
    const heading = await follow(page.locator(`[id="${id}"] a`).last());
    const seeds = page.locator("table.seeds", {has: page.locator(`[id="${heading}"]`)});
    await follow(seeds.locator("tbody a").first());
  }
  await fold("details", false);
  return ids.length;
}

/** A point of a figure leads to its runs, by a click and by a key. */
async function points() {
  const figures = page.locator(".figure", {has: page.locator(".points a")});
  const count = await figures.count();
  for (let at = 0; at < count; at++) {
    const links = figures.nth(at).locator(".points a"), link = links.last(), place = await link.getAttribute("href");
    const leads = async way => {
      await fold("details", false);
      await link.scrollIntoViewIfNeeded();
      await settle();
      await way(await link.locator("circle").boundingBox());
      await settle();
      assert(await page.locator(`[id="${place.slice(1)}"]`).evaluate(one => one.checkVisibility()), `a point does not lead to ${place}`);
    };
    await leads(box => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2));
    await leads(async () => {
      await link.focus();
      await page.keyboard.press("Enter");
    });
    const names = await links.evaluateAll(all => all.map(one => one.querySelector("title").textContent));
    assert(names.every(name => name.length > 10), "a point without words for it");
  }
  await fold("details", false);
  return count;
}

async function choices() {
  const selects = page.locator(".figure select");
  for (let at = 0; at < await selects.count(); at++) {
    const select = selects.nth(at);
    const plot = select.locator("xpath=ancestor::figure").locator(".plot");
    await plot.scrollIntoViewIfNeeded();
    const before = await plot.getAttribute("aria-label");
    await select.selectOption({index: 1});
    await settle();
    const chosen = await plot.getAttribute("aria-label");
    const name = await select.evaluate(one => one.previousElementSibling.textContent);
    if (name === "Metric") assert.notEqual(chosen, before, "a choice changes nothing");
    await select.selectOption({index: 0});
  }
  return selects.count();
}

/** Prototypes are shown of one run at a time, with pictures that can be seen. */
async function prototypes() {
  const browsers = page.locator(".browser"), count = await browsers.count(), select = page.locator("#prototypes-run");
  assert.equal(await select.count(), count > 1 ? 1 : 0, "several runs need a choice, one needs none");
  for (let at = count - 1; at >= 0; at--) {
    if (count > 1) await select.selectOption(String(at));
    assert.equal(await page.locator(".browser:visible").count(), 1, "one run is shown at a time");
    assert(await browsers.nth(at).isVisible(), "the chosen run is not shown");
    await browsers.nth(at).scrollIntoViewIfNeeded();
    for (const picture of await browsers.nth(at).locator("img").all()) {
      await picture.scrollIntoViewIfNeeded();
      assert(await picture.evaluate(one => one.decode().then(() => one.naturalWidth > 0)), "a picture is not shown");
    }
  }
  return count;
}

/** Letters that are drawn in a picture have 16 pixels: shown smaller than at three quarters, they cannot be read. */
async function letters() {
  const small = await page.$$eval(".galleries img", pictures => pictures
    .map(one => [one.alt, one.getBoundingClientRect().width / Number(one.getAttribute("width"))])
    .filter(([, scale]) => scale < .74 || scale > 1.01));
  assert.deepEqual(small, [], "pictures whose letters cannot be read");
  const captions = await page.$$eval("figcaption, caption, .caption li", found => found
    .filter(one => one.checkVisibility())
    .map(one => [one.textContent.slice(0, 40), parseFloat(getComputedStyle(one).fontSize), (one.querySelector("span") ?? one).getBoundingClientRect().width])
    .filter(([, size, width]) => size < 12 || width > Math.min(innerWidth, 750)));
  assert.deepEqual(captions, [], "captions that are too small, or too wide to find the next line");
}

/** On a telephone every claim is a card, with all that a row of the table has. */
async function cards() {
  for (const card of await page.locator("table.cards tbody tr").all()) {
    const box = await card.boundingBox(), cells = await card.locator("td").all();
    assert(box.x >= 0 && box.x + box.width <= 390, `a card runs out of the window: ${Math.round(box.x + box.width)}`);
    for (const cell of cells.slice(1)) {
      const name = await cell.evaluate(one => getComputedStyle(one, "::before").content);
      assert(name.length > 4 || !(await cell.textContent()), `a cell without its name: ${await cell.textContent()}`);
    }
  }
  assert.equal(await page.locator("table.cards thead:visible").count(), 0, "cards have no columns");
}

async function accessible(theme) {
  const found = await new AxeBuilder({page}).analyze();
  const serious = found.violations.filter(one => ["serious", "critical"].includes(one.impact));
  const told = serious.map(one => `${one.id} (${one.impact}): ${one.help}\n    ${one.nodes.slice(0, 5).map(node => node.html.slice(0, 160) + (node.any[0]?.message ?? "")).join("\n    ")}`);
  assert.equal(serious.length, 0, `axe, ${theme}:\n  ${told.join("\n  ")}`);
  const mild = found.violations.filter(one => !serious.includes(one));
  for (const one of mild) console.log(`axe, ${theme}, ${one.impact}: ${one.id}: ${one.nodes.slice(0, 2).map(node => node.html.slice(0, 120)).join(" | ")}`);
}

async function headings() {
  const levels = await page.$$eval("h1, h2, h3, h4", found => found.map(one => Number(one.tagName[1])));
  assert.equal(levels.filter(level => level === 1).length, 1, "a page has one h1");
  levels.forEach((level, at) => assert(at === 0 || level <= levels[at - 1] + 1, `headings skip a level: ${levels}`));
}

/** Colours of the page and of a plot's text. */
const inks = () => page.evaluate(() => {
  const plot = document.querySelector(".plot text");
  return [getComputedStyle(document.body).backgroundColor, plot ? getComputedStyle(plot).fill : ""];
});

const began = Date.now();
await page.emulateMedia({colorScheme: "light"});
await page.goto(url);
await shot("top-light");
await everything();
console.log(`${await plots()} plots, ${await tables()} tables (${await numbers()} with links), ${await points()} figures with links, ${await choices()} choices, prototypes of ${await prototypes()} runs`);
await headings();
for (const width of [1400, 1024]) {
  await page.setViewportSize({width, height: 900});
  await settle();
  await letters();
}
await page.setViewportSize({width: 1360, height: 900});
await accessible("light");
const light = await inks();
await sections("light");

await page.emulateMedia({colorScheme: "dark"});
await everything();
const night = await inks();
assert.notEqual(night[0], light[0], "there is no dark page");
if (light[1]) assert.notEqual(night[1], light[1], "plots keep their colours in the dark");
await plots();
await sections("dark");
await accessible("dark");

await page.setViewportSize({width: 800, height: 1130});
await page.emulateMedia({colorScheme: "dark", media: "print"});
await settle();
await page.waitForFunction(() => [...document.querySelectorAll(".plot")].every(plot => plot.querySelector("svg")));
assert.equal((await inks())[0], "rgb(255, 255, 255)", "paper is white");
assert.equal(await page.locator("details:not([open])").count(), 0, "details are closed on paper");
assert.equal(await page.locator(".tools:visible, nav:visible, select:visible").count(), 0, "controls on paper");
await plots();
await sections("print");
await page.emulateMedia({colorScheme: "light", media: "screen"});
await settle();
// Details that stay open after printing let this run out of time.
await page.waitForFunction(() => !document.querySelector("details[open]"));
await page.emulateMedia({colorScheme: "dark", media: null});
await page.pdf({path: join(out, "report.pdf"), preferCSSPageSize: true});

await page.setViewportSize({width: 390, height: 844});
await page.reload();
await everything();
const wide = await page.evaluate(() => [...document.querySelectorAll("body *")]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".wide, svg, .unseen"))
  .slice(0, 5).map(one => `${one.tagName}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`));
const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
assert(overflow <= 0, `the page is ${overflow} pixels wider than a telephone: ${wide.join(", ")}`);
await cards();
await letters();
await accessible("telephone");
await shot("top-telephone");
for (const section of await page.$$("main > section")) {
  await section.screenshot({path: join(out, `${await section.getAttribute("aria-labelledby")}-telephone.png`)});
}
await browser.close();
assert.deepEqual(wrong, [], "what the browser complains of");
console.log(`fine in ${((Date.now() - began) / 1000).toFixed(1)} s; screenshots in ${out}`);
