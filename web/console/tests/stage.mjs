/** A real server and a browser on its console, watched for everything that a page must not do. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from '../../demo/tests/server.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const IMAGES = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
/** Screenshots that documents show. */
const KEPT = new Set([
  'credential',
  'group',
  'phone',
  'stopped',
  'strategy',
  'trace',
  'traces',
  'stopped.zh',
  'trace.zh',
  'user.zh',
]);
const WAIT_MS_MAX = 15_000;
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The first administrator of each test. */
export const OWNER = { name: 'lin', password: 'the geese fly south' };

/** By `data-testid`. */
export const id = (name) => `[data-testid="${name}"]`;

/** A browser for a whole test file. */
export function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A fresh server and a page on its console. */
export class Stage {
  /** Starts both; `options` are those of a browser context. */
  static async open(browser, options) {
    const stage = new Stage();
    stage.browser = browser;
    stage.server = await startServer();
    stage.dev = stage.server.dev;
    stage.options = { viewport: { width: 1360, height: 900 }, ...options };
    try {
      stage.page = await stage.newPage();
    } catch (fault) {
      await stage.close();
      throw fault;
    }
    return stage;
  }

  /** What pages did that they must not: errors, and requests to another host. */
  faults = [];
  /** Refusals of the server that are part of a test, as `STATUS METHOD path`. */
  refused = [];
  #contexts = [];

  /** A page of its own login. */
  async newPage() {
    const context = await this.browser.newContext(this.options);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS_MAX);
    const host = new URL(this.server.url).host;
    page.on('pageerror', (error) => this.faults.push(`page: ${error.message}`));
    page.on('console', (message) => this.#hear(message));
    page.on('response', (response) => response.status() >= 400 && this.#note(response));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.host !== host && url.protocol !== 'blob:') this.faults.push(`foreign: ${url}`);
    });
    page.on('websocket', (socket) => this.faults.push(`socket: ${socket.url()}`));
    return page;
  }

  #note(response) {
    const request = response.request();
    const path = new URL(response.url()).pathname.replace('/api/v1', '');
    this.refused.push(`${response.status()} ${request.method()} ${path}`);
  }

  /** Chromium logs each refusal as an error; those are kept by status instead. */
  #hear(message) {
    const said = ['error', 'warning'].includes(message.type());
    if (said && !message.text().includes('the server responded with a status of')) {
      this.faults.push(`console: ${message.text()}`);
    }
  }

  /** Goes to a place of the console by its fragment. */
  async go(hash, page = this.page) {
    await page.goto(`${this.server.url}/console/${hash}`);
  }

  /** A place of the app that `hongyan dev` plants. */
  at(rest = '') {
    return `#/apps/${this.dev.appID}${rest}`;
  }

  /** Uses the one-time link: makes the owner and is logged in. */
  async setUp() {
    const { page } = this;
    await page.goto(this.dev.setup);
    await page.fill(id('setup-name'), OWNER.name);
    await page.fill(id('new-password'), OWNER.password);
    await page.fill(id('new-password-again'), OWNER.password);
    await page.click(id('setup-enter'));
    await page.waitForSelector(id('page-overview'));
  }

  /** Asks the API as the page is logged in. */
  api(method, path, body, page = this.page) {
    const asked = { method, path, body };
    return page.evaluate(async ({ method, path, body }) => {
      const headers = { 'X-Hongyan-Console': '1', 'Content-Type': 'application/json' };
      const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
      return { status: response.status, body: response.status === 204 ? null : await response.json() };
    }, asked);
  }

  /** axe finds nothing serious on the page as it is now. */
  async isAccessible(page = this.page) {
    await settled(page);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() =>
      window.axe.run(document, { resultTypes: ['violations'] }),
    );
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = bad.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`)}`,
    );
    assert.deepEqual(told, [], await page.title());
  }

  /** The page is as wide as the window, not wider. */
  async fits(page = this.page) {
    const [page_, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(page_ <= window_, `${await page.title()}: ${page_} > ${window_}`);
  }

  /** A screenshot; those that documents show are kept in docs/images if asked for. */
  async picture(name, page = this.page) {
    if (process.env.UPDATE_IMAGES !== '1' || !KEPT.has(name)) return;
    await page.waitForSelector(id('toast'), { state: 'detached' });
    await settled(page);
    await page.screenshot({ path: join(IMAGES, `console-${name}.png`) });
  }

  /** Stops everything. */
  async close() {
    for (const context of this.#contexts) await context.close();
    await this.server.stop();
  }
}

/** Short animations are over, and fonts are there. */
async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const finite = document
      .getAnimations()
      .filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(finite.map((one) => one.finished));
  });
}
