// The book in a real browser, as a telephone shows it: node book.mjs BOOK OUTDIR
//
// BOOK is the folder that `mdbook build docs` wrote. Opens every page at the width of a telephone, those that are named in SHOWN also
// dark, and fails on what a reader would stumble over: a barrier that axe calls serious, a page that scrolls sideways, an error of
// a script. Screenshots of SHOWN are written to OUTDIR.
//
// The browser is found as report.mjs finds it.

import assert from "node:assert/strict";
import {existsSync, mkdirSync, readdirSync} from "node:fs";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";
import AxeBuilder from "@axe-core/playwright";
import {chromium} from "playwright";

const SHOWN = ["tutorials/own-csv.html", "guides/comparing.html", "reference/commands.html", "faq.html"];

const [book, out] = process.argv.slice(2);
if (!book || !out) {
  console.error("usage: node book.mjs BOOK OUTDIR");
  process.exit(2);
}
mkdirSync(out, {recursive: true});
const candidates = [process.env.LGDEA_TEST_CHROMIUM, chromium.executablePath(), "/usr/bin/chromium"];
const executablePath = candidates.find(path => path && existsSync(path));
assert(executablePath, "there is no Chromium: `npx playwright install --with-deps chromium`, or `apt-get install chromium`");

const pages = readdirSync(book, {recursive: true})
  .map(path => path.replaceAll("\\", "/"))
  .filter(path => path.endsWith(".html") && !["print.html", "404.html", "toc.html"].includes(path))
  .sort();
assert(pages.length > 50, `only ${pages.length} pages are in ${book}`);

const browser = await chromium.launch({executablePath, args: ["--no-sandbox"]});
const wrong = [];
for (const colorScheme of ["light", "dark"]) {
  const context = await browser.newContext({viewport: {width: 390, height: 844}, colorScheme});
  const page = await context.newPage();
  let path = "";
  page.on("pageerror", error => wrong.push(`${path} (${colorScheme}): ${error.message}`));
  for (path of colorScheme === "light" ? pages : SHOWN) {
    await page.goto(pathToFileURL(resolve(book, path)).href);
    const {violations} = await new AxeBuilder({page}).analyze();
    for (const {id, impact, nodes} of violations.filter(({impact}) => ["serious", "critical"].includes(impact))) {
      wrong.push(`${path} (${colorScheme}): ${impact}: ${id}: ${nodes[0].html.slice(0, 120)} (${nodes.length} places)`);
    }
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (beyond > 1) wrong.push(`${path} (${colorScheme}): it scrolls sideways by ${beyond} pixels`);
    if (SHOWN.includes(path)) await page.screenshot({path: join(out, `${path.replaceAll("/", "-")}-${colorScheme}.png`), fullPage: false});
  }
  await context.close();
}
await browser.close();
assert.deepEqual(wrong, []);
console.log(`${pages.length} pages: nothing serious`);
