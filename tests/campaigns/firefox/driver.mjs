// Drives a Firefox over WebDriver BiDi for driver.py: a question a line comes in as JSON, its answer goes out as one.
// node driver.mjs PROGRAM FOLDER-OF-PUPPETEER PREFERENCES

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [program, folder, preferences] = process.argv.slice(2);
const puppeteer = createRequire(`${folder}/`)("puppeteer-core");
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: program,
  headless: true,
  extraPrefsFirefox: JSON.parse(preferences),
});
const PATIENCE = 20_000;
let context = null;
let page = null;
let errors = [];
let asked = [];

/** What can be asked; each gives what is answered. */
const ways = {
  version: () => browser.version(),

  /** A page that knows nothing of the ones before. */
  async fresh({ width, height, watch, headers }) {
    await context?.close();
    context = await browser.createBrowserContext();
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    [errors, asked] = [[], []];
    page.on("console", (message) => ["error", "warn"].includes(message.type()) && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("request", (request) => asked.push(request.url()));
    await page.setViewport({ width, height });
    await page.evaluateOnNewDocument(watch);
    if (headers) await page.setExtraHTTPHeaders(headers);
  },

  goto: async ({ url }) => (await page.goto(url))?.status() ?? null,
  back: async () => void (await page.goBack({ waitUntil: [] })),
  reload: async () => void (await page.reload()),
  url: () => page.url(),
  size: ({ width, height }) => page.setViewport({ width, height }),
  evaluate: ({ script }) => page.evaluate(script),
  wait: async ({ script }) => void (await page.waitForFunction(script, { polling: 50 })),
  // A page may be putting something new in the place of what was just found: then that is meant.
  async click({ selector }) {
    for (let turn = 1; ; turn++) {
      const node = await page.waitForSelector(selector, { visible: true });
      try {
        return await node.click();
      } catch (error) {
        if (turn === 10 || !/detached/.test(error)) throw error;
      }
    }
  },
  hover: async ({ selector }) => (await page.waitForSelector(selector, { visible: true })).hover(),
  wheel: ({ down }) => page.mouse.wheel({ deltaY: down }),
  select: async ({ selector, value }) => void (await page.select(selector, value)),
  async press({ key }) {
    const keys = key.split("+");
    for (const held of keys.slice(0, -1)) await page.keyboard.down(held);
    await page.keyboard.press(keys.at(-1));
    for (const held of keys.slice(0, -1)) await page.keyboard.up(held);
  },
  type: ({ text }) => page.keyboard.type(text),
  shot: async ({ path }) => void (await page.screenshot({ path })),
  faults: () => ({ errors, asked }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...words } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await ways[name](words)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
