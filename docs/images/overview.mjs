// The picture of README.md: node docs/images/overview.mjs GALLERY.png REPORT.html OUT.png (`just picture` does all of it)
//
// Four heat maps out of a run's gallery, beside the curves of a report over the share of pairs. It takes the browser of
// `tests/services/browser.sh install`.

import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {resolve} from "node:path";
import {pathToFileURL} from "node:url";

const {chromium} = createRequire(new URL("../../tests/browser/package.json", import.meta.url))("playwright");
const [gallery, report, out] = process.argv.slice(2);
assert(out, "usage: node overview.mjs GALLERY.png REPORT.html OUT.png");
const candidates = [process.env.LGDEA_TEST_CHROMIUM, chromium.executablePath(), "/usr/bin/chromium"];
const executablePath = candidates.find(path => path && existsSync(path));

const browser = await chromium.launch({executablePath, args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]});
const page = await browser.newPage({viewport: {width: 920, height: 900}, colorScheme: "dark"});
await page.goto(pathToFileURL(resolve(report)).href);
const plot = page.locator("#efficiency-curves .plot").first();
await page.locator("#efficiency-curves select").selectOption({label: "image → report R@10"});
await plot.scrollIntoViewIfNeeded();
await plot.locator("svg").first().waitFor();
await page.waitForTimeout(500);
const image = bytes => `data:image/png;base64,${bytes.toString("base64")}`;
const curves = image(await plot.screenshot());

// Of the gallery, which has three findings a row, the first two of the second and third rows, made smaller.
const scale = 0.6;
await page.setViewportSize({width: 1220, height: 372});
await page.setContent(`<body style="margin: 0; background: #17181b; color: #ddd; font: 15px sans-serif">
  <div style="display: flex; gap: 24px; padding: 10px 14px">
    <figure style="margin: 0">
      <figcaption style="padding: 0 0 8px 4px">Where the model sees a finding: box and heat map</figcaption>
      <div style="width: ${934 * scale}px; height: ${562 * scale}px; overflow: hidden; position: relative">
        <img src="${image(readFileSync(gallery))}" style="position: absolute; top: ${-286 * scale}px; width: ${1412 * scale}px">
      </div>
    </figure>
    <figure style="margin: 0">
      <figcaption style="padding: 0 0 8px 4px">Image → report R@10 over the share of pairs, six seeds</figcaption>
      <img src="${curves}" style="height: ${562 * scale}px; max-width: 590px">
    </figure>
  </div>`);
await page.locator("img").last().evaluate(img => img.decode());
await page.screenshot({path: out});
await browser.close();
