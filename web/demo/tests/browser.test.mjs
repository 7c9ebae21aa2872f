/** Plays the scenarios on the page against a real server, in both languages. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from './server.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const IMAGES = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
/** A play takes up to ack deadline, login and its own pauses. */
const PLAY_MS_MAX = 40_000;

let browser;
let images;
/** User IDs of the three phones. */
let users;

before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  images = process.env.UPDATE_IMAGES === '1' ? IMAGES : await mkdtemp(join(tmpdir(), 'hongyan-images-'));
  await mkdir(images, { recursive: true });
});

after(() => browser?.close());

/** A fresh server and a page on it that remembers everything it must not do. */
async function openPage(options) {
  const server = await startServer();
  const close = async () => {
    await context?.close();
    await server.stop();
  };
  let context;
  try {
    const config = await (await fetch(`${server.url}/demo/api/config`)).json();
    users = config.users.map((user) => user.userID);
    context = await browser.newContext({ viewport: { width: 1440, height: 1040 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PLAY_MS_MAX);
    const faults = watchFaults(page, new URL(server.url).host);
    await page.goto(`${server.url}/demo/`);
    for (const index of [0, 1, 2]) await page.waitForSelector(`${id(`phone-${index}`)}[data-linked=true]`);
    return { page, faults, close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** Collects errors of the page and requests to another host. */
function watchFaults(page, host) {
  const faults = [];
  const foreign = (url) => new URL(url).host !== host && faults.push(`foreign: ${url}`);
  page.on('console', (message) => {
    // A trace is asked for from the first moment; "not yet known" is an answer, though Chromium logs it.
    const early = message.location().url.includes('/demo/api/trace/') && message.text().includes('404');
    if (message.type() === 'error' && !early) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('request', (request) => foreign(request.url()));
  page.on('websocket', (socket) => foreign(socket.url()));
  return faults;
}

const id = (name) => `[data-testid="${name}"]`;

async function startPlay(page, scenario) {
  await page.click(id(`scenario-${scenario}`));
  await page.click(id('play'));
}

/** Waits for the play's end and gives the key of its last line. */
async function endOfPlay(page) {
  await page.waitForSelector(id('play'));
  return page.getAttribute(id('narration'), 'data-line');
}

/** Waits until every step is done: the trace is polled, so a notice may be quicker than its story. */
async function allDone(page) {
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8])
    await page.waitForSelector(`${id(`step-${n}`)}[data-state=done]`);
}

async function outcomes(page) {
  const rows = await page.locator(id('trace-device')).all();
  const pairs = rows.map(async (row) => [
    await row.getAttribute('data-user'),
    await row.getAttribute('data-state'),
  ]);
  return Object.fromEntries(await Promise.all(pairs));
}

async function picture(page, scenario, language) {
  await page.evaluate(async () => {
    const finite = document
      .getAnimations()
      .filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(finite.map((one) => one.finished));
  });
  const suffix = language === 'zh' ? '.zh' : '';
  await page.screenshot({ path: join(images, `demo-${scenario}${suffix}.png`), fullPage: true });
}

const languages = [
  {
    language: 'en',
    locale: 'en-GB',
    title: 'Eight steps',
    offline: 'offline message',
    gone: { own: 'You took a message back', other: 'Ann took a message back' },
  },
  {
    language: 'zh',
    locale: 'zh-CN',
    title: '八个步骤',
    offline: '离线消息',
    gone: { own: '你撤回了一条消息', other: '小安撤回了一条消息' },
  },
];

for (const { language, locale, title, offline, gone } of languages) {
  describe(`the demo in ${language}`, () => {
    let view;
    before(async () => (view = await openPage({ locale })));
    after(() => view?.close());

    it('speaks the browser’s language', async () => {
      assert.equal(await view.page.textContent('#steps-title'), title);
      assert.equal(await view.page.getAttribute('html', 'lang'), language === 'zh' ? 'zh-CN' : 'en');
    });

    it('plays the peer message: killed app, push, tap, offline message', async () => {
      const { page } = view;
      await startPlay(page, 'peer');
      await page.waitForSelector(`${id('phone-1')}[data-app=killed]`);
      await page.waitForSelector(id('notice-1'));
      await allDone(page);
      await picture(page, 'peer', language);
      assert.equal(await endOfPlay(page), 'say.done');
      assert.equal((await page.locator(id('offline-1')).last().textContent()).trim(), offline);
      assert.deepEqual(await outcomes(page), { [users[1]]: 'pushed' });
      assert.match(await page.textContent(id('trace-dispatch')), /push-type 0.*200.*80000000/s);
      const events = page.locator(id('trace-events'));
      await events.filter({ hasText: language === 'zh' ? '用户点击了通知' : 'tapped the notice' }).waitFor({
        state: 'attached',
      });
    });

    it('plays the group message: one live, one pushed when the ack does not come', async () => {
      const { page } = view;
      await startPlay(page, 'group');
      await page.waitForSelector(`${id('phone-1')}[data-app=frozen]`);
      await page.waitForSelector(id('banner-1'));
      await allDone(page);
      await picture(page, 'group', language);
      assert.equal(await endOfPlay(page), 'say.done');
      assert.deepEqual(await outcomes(page), { [users[1]]: 'pushed', [users[2]]: 'acked' });
    });

    it('plays the call: two phones ring, one answers from the lock screen, the other stops', async () => {
      const { page } = view;
      await startPlay(page, 'call');
      await page.waitForSelector(`${id('call-1')}[data-phase=ringing]`);
      assert.equal(await page.getAttribute(id('phone-1'), 'data-locked'), 'true');
      await page.waitForSelector(`${id('call-3')}[data-phase=ringing]`);
      await page.waitForSelector(`${id('call-3')}[data-phase=ended]`);
      const elsewhere = language === 'zh' ? '已在另一台手机接听' : 'Answered on the other phone';
      await page.waitForSelector(`${id('call-3')} >> text=${elsewhere}`);
      await allDone(page);
      await picture(page, 'call', language);
      await page.waitForSelector(`${id('call-0')}[data-phase=talking]`);
      await page.waitForSelector(`${id('call-1')}[data-phase=talking]`);
      assert.equal(await endOfPlay(page), 'say.done');
      const rows = await page.locator(id('trace-device')).all();
      const states = await Promise.all(rows.map((row) => row.getAttribute('data-state')));
      assert.deepEqual(states.sort(), ['acked', 'pushed']);
      await page.click(id('hangup-0'));
      await page.waitForSelector(id('call-1'), { state: 'detached' });
    });

    it('plays the call, declined with a finger on the other phone', async () => {
      const { page } = view;
      await startPlay(page, 'call');
      await page.waitForSelector(`${id('call-1')}[data-phase=ringing]`);
      await page.click(id('reject-3'));
      await page.click(id('stop'));
      await page.waitForSelector(`${id('call-1')}[data-phase=ended]`);
      await page.waitForSelector(id('call-1'), { state: 'detached' });
      await page.waitForSelector(id('call-0'), { state: 'detached' });
      assert.equal(await page.getAttribute(id('phone-1'), 'data-locked'), 'true');
    });

    it('plays a message taken back: the notice goes, a line stays', async () => {
      const { page } = view;
      await startPlay(page, 'revoke');
      await page.waitForSelector(`${id('phone-1')}[data-app=killed]`);
      await page.waitForSelector(id('notice-1'));
      await page.waitForSelector(id('notice-1'), { state: 'detached' });
      await page.waitForSelector(id('revoked-0'));
      await page.waitForSelector(`${id('trace-dispatch')}[data-purpose=take_back][data-state=settled]`);
      await picture(page, 'revoke', language);
      await page.waitForSelector(id('revoked-1'));
      assert.equal(await endOfPlay(page), 'say.done');
      assert.equal((await page.textContent(id('revoked-0'))).trim(), gone.own);
      assert.equal((await page.textContent(id('revoked-1'))).trim(), gone.other);
    });

    it('plays two phones of one user: read elsewhere, answered elsewhere', async () => {
      const { page } = view;
      await startPlay(page, 'devices');
      await page.waitForSelector(`${id('phone-3')}[data-connection="2"]`);
      for (const index of [1, 3]) await page.waitForSelector(id(`unread-${index}-${users[0]}`));
      await page.waitForSelector(id(`unread-3-${users[0]}`), { state: 'detached' });
      for (const index of [1, 3]) await page.waitForSelector(`${id(`call-${index}`)}[data-phase=ringing]`);
      await page.waitForSelector(`${id('call-3')}[data-phase=ended]`);
      await picture(page, 'devices', language);
      await page.waitForSelector(`${id('call-1')}[data-phase=talking]`);
      assert.equal(await endOfPlay(page), 'say.done');
      await page.waitForSelector(id('call-3'), { state: 'detached' });
      await page.click(id('scenario-peer'));
      await page.waitForSelector(id('phone-3'), { state: 'detached' });
      await page.waitForSelector(id('phone-2'));
    });

    it('did nothing it must not do', () => assert.deepEqual(view.faults, []));
  });
}

describe('the demo by hand, on a narrow dark screen', () => {
  let view;
  before(async () => {
    view = await openPage({ locale: 'en-GB', viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  });
  after(() => view?.close());

  /** From the shop to a logged-in app, with this answer to the dialog. */
  async function logIn(page, index, answer) {
    await page.click(id(`swipe-${index}`));
    await page.click(id(`open-app-${index}`));
    await page.click(id(`${answer}-${index}`));
    await page.click(id(`login-${index}-${users[index]}`));
    await page.waitForSelector(`${id(`phone-${index}`)}[data-connection="2"]`);
  }

  it('does not scroll sideways', async () => {
    const width = await view.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, 390);
  });

  it('starts over, and a refused permission keeps the notice off the screen', async () => {
    const { page } = view;
    await page.click(id('reset'));
    await page.waitForSelector(id('lockscreen-0'));
    await page.waitForSelector(id('lockscreen-1'));
    await logIn(page, 0, 'permit');
    await logIn(page, 1, 'deny');
    await page.waitForSelector(`${id('step-3')}[data-state=done]`);
    await page.click(id('kill-1'));
    await page.click(id(`conversation-0-${users[1]}`));
    await page.fill(id('compose-0'), 'Can you hear me?');
    await page.press(id('compose-0'), 'Enter');
    await page.waitForFunction(() =>
      /Not shown/.test(document.querySelector('[data-testid=step-8]').textContent),
    );
    assert.equal(await page.locator(id('notice-1')).count(), 0);
  });

  it('keeps what was written while the phone was in flight mode', async () => {
    const { page } = view;
    await page.click(id('open-app-1'));
    await page.waitForSelector(`${id('phone-1')}[data-connection="2"]`);
    await page.click(id('flight-1'));
    await page.waitForSelector(`${id('phone-1')}[data-connection="3"]`);
    await page.fill(id('compose-0'), 'You are high above the clouds.');
    await page.press(id('compose-0'), 'Enter');
    await page.waitForSelector(`${id('trace-device')}[data-state=pushed]`);
    await page.click(id('flight-1'));
    await page.waitForSelector(`${id('phone-1')}[data-connection="2"]`);
    await page.click(id(`conversation-1-${users[0]}`));
    await page.waitForSelector('text=You are high above the clouds. >> nth=1');
  });

  it('takes a message back on both phones, and only one’s own can be', async () => {
    const { page } = view;
    assert.equal(await page.locator(id('revoke-1')).count(), 0);
    await page.locator(id('revoke-0')).last().click();
    await page.waitForSelector(id('revoked-0'));
    await page.waitForSelector(id('revoked-1'));
    assert.equal(await page.locator('text=You are high above the clouds.').count(), 0);
    await page.click(id('back-1'));
    await page.waitForSelector(`${id(`conversation-1-${users[0]}`)} >> text=took a message back`);
  });

  it('did nothing it must not do', () => assert.deepEqual(view.faults, []));
});
