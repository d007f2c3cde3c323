// The page of the data's doctor in a real browser: node doctor.mjs DOCTOR.html OUTDIR
//
// Opens the page from its file and fails on what a reader would stumble over: an error in the console, a request to anywhere, a picture
// that is not shown, a theme or a print without its colours, a barrier that axe calls serious, a page that is wider than a telephone.
// Screenshots are written to OUTDIR.
//
// The browser is the one that LGDEA_TEST_CHROMIUM names, else Playwright's own, else `chromium` of the system.

import assert from "node:assert/strict";
import {existsSync, mkdirSync} from "node:fs";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";
import AxeBuilder from "@axe-core/playwright";
import {chromium} from "playwright";

const [file, out] = process.argv.slice(2);
if (!file || !out) {
  console.error("usage: node doctor.mjs DOCTOR.html OUTDIR");
  process.exit(2);
}
mkdirSync(out, {recursive: true});
const url = pathToFileURL(resolve(file)).href;
const candidates = [process.env.LGDEA_TEST_CHROMIUM, chromium.executablePath(), "/usr/bin/chromium"];
const executablePath = candidates.find(path => path && existsSync(path));
assert(executablePath, "there is no Chromium: `npx playwright install --with-deps chromium`, or `apt-get install chromium`");

const browser = await chromium.launch({executablePath, args: ["--no-sandbox"]});
const page = await (await browser.newContext({viewport: {width: 1200, height: 900}})).newPage();
page.setDefaultTimeout(90000);
const wrong = [];
page.on("console", message => ["error", "warning"].includes(message.type()) && wrong.push(`console: ${message.text()}`));
page.on("pageerror", error => wrong.push(`error: ${error.message}`));
page.on("request", request => request.url() !== url && !/^data:/.test(request.url()) && wrong.push(`request: ${request.url()}`));

async function accessible(where) {
  const {violations} = await new AxeBuilder({page}).analyze();
  const serious = violations.filter(({impact}) => ["serious", "critical"].includes(impact));
  const told = serious.map(({id, help, nodes}) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
  assert.deepEqual(told, [], `barriers, ${where}`);
}
const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const shot = name => page.screenshot({path: join(out, `${name}.png`), fullPage: true});

const backgrounds = [];
for (const colorScheme of ["light", "dark"]) {
  await page.emulateMedia({colorScheme});
  await page.goto(url);
  backgrounds.push(await paper());
  const pictures = await page.$$eval("img", all => all.filter(one => !one.complete || one.naturalWidth === 0).length);
  assert.equal(pictures, 0, "pictures are not shown");
  await accessible(colorScheme);
  await shot(colorScheme);
}
assert.notEqual(backgrounds[0], backgrounds[1], "there is no dark page");
await page.setViewportSize({width: 390, height: 844});
const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
assert(overflow <= 0, `the page is ${overflow} pixels wider than a telephone`);
await accessible("telephone");
await shot("telephone");
await page.emulateMedia({colorScheme: "dark", media: "print"});
assert.equal(await paper(), "rgb(255, 255, 255)", "paper is white");
await browser.close();
assert.deepEqual(wrong, [], "what the browser complains of");
console.log(`fine; screenshots in ${out}`);
