/** Who may do what, as the page shows it; the end of a login; and every page on a phone 360 pixels wide. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newClient, Phone } from './phone.mjs';
import { id, OWNER, Stage, startBrowser } from './stage.mjs';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.close());

/** More than the server takes from one account. */
const ATTEMPTS_MAX = 40;
const PASSWORD = 'a feather for each of us';

/** Pages of an app, by the end of their address. */
const OF_APP = {
  overview: '',
  traces: '/traces',
  debug: '/debug',
  users: '/users',
  user: '/users/bob',
  credentials: '/credentials',
  strategies: '/strategies',
  settings: '/settings',
  help: '/help',
};

describe('roles', () => {
  /** @type {Stage} */
  let stage;
  let phone;
  const pages = {};

  before(async () => {
    stage = await Stage.open(browser, { locale: 'en-GB' });
    await stage.setUp();
    const made = await stage.api('POST', '/apps', { name: 'other' });
    stage.otherApp = made.body.appID;
    phone = await (await Phone.of(stage.dev, 'bob')).start();
  });
  after(async () => {
    phone?.close();
    await stage?.close();
  });

  /** Invites on the page, and uses the link in a browser of its own. */
  async function invite(name, role, appName) {
    const { page } = stage;
    await stage.go('#/administrators');
    await page.click(id('invite'));
    await page.fill(id('admin-name'), name);
    await page.selectOption(id('admin-role'), role);
    await page.click(`${id('admin-scope')} label >> nth=1`);
    await page
      .locator(`${id('admin-dialog')} label`, { hasText: appName })
      .locator('input')
      .check();
    await stage.isAccessible();
    await page.click(id('admin-save'));
    const link = (await page.textContent(id('one-time-link'))).trim();
    await page.keyboard.press('Escape');
    const own = (pages[name] = await stage.newPage());
    await own.goto(link);
    await own.fill(id('new-password'), PASSWORD);
    await own.fill(id('new-password-again'), PASSWORD);
    await own.click(id('setup-enter'));
    await own.waitForSelector(id('page-overview'));
    return own;
  }

  it('the check of pages finds what it should', async () => {
    const { page } = stage;
    await page.evaluate(() => document.body.append(document.createElement('button')));
    await assert.rejects(stage.isAccessible(), /button-name/);
    await page.evaluate(() => (document.body.style.width = '4000px'));
    await assert.rejects(stage.fits(), /> 1360/);
    const told = page.waitForEvent('console');
    await page.evaluate(() => fetch('http://127.0.0.2:9/').catch(() => undefined));
    await told;
    assert.ok(stage.faults.length > 0, 'a request to another host is noticed');
    stage.faults.length = 0;
    await page.reload();
  });

  it('a viewer of one app sees it and nothing else', async () => {
    const own = await invite('vera', 'viewer', 'demo');
    assert.equal(await own.locator(`${id('app-choice')} option`).count(), 1);
    for (const hidden of ['nav-administrators', 'nav-audit'])
      assert.equal(await own.locator(id(hidden)).count(), 0);
    for (const place of [`#/apps/${stage.otherApp}`, '#/administrators', '#/audit', '#/nothing']) {
      await stage.go(place, own);
      await own.waitForSelector(id('page-nowhere'));
    }
    assert.equal((await stage.api('GET', `/apps/${stage.otherApp}`, undefined, own)).status, 404);
  });

  it('a viewer is offered nothing that it may not do', async () => {
    const own = pages.vera;
    const writing = [
      'new-app',
      'keys-show',
      'rotate-appSign',
      'app-rename',
      'credential-give',
      'credential-change',
      'test-call',
      'new-strategy',
      'debug-send',
      'kick',
      'unbind',
      'fill',
    ];
    for (const [name, place] of Object.entries({ ...OF_APP })) {
      await stage.go(stage.at(place), own);
      await own.waitForSelector(id(`page-${name}`));
      if (name === 'user') await own.waitForSelector(id('push-id-row'));
      if (name === 'settings') await own.waitForSelector(id('input-ack_deadline_ms'));
      for (const button of writing)
        assert.equal(await own.locator(id(button)).count(), 0, `${button} on ${name}`);
    }
    await stage.go(stage.at('/settings'), own);
    assert.ok(await own.isDisabled(id('input-ack_deadline_ms')));
    assert.ok(await own.isDisabled(id('im-switch')));
    assert.equal((await stage.api('PATCH', `/apps/${stage.dev.appID}`, { name: 'x' }, own)).status, 403);
  });

  it('a viewer may run dry', async () => {
    const own = pages.vera;
    await stage.go(`${stage.at('/debug')}?userID=bob`, own);
    await own.click(id('debug-dry'));
    await own.waitForSelector(id('foreseen-device'));
  });

  it('an operator writes in its app, and finds nothing of another’s', async () => {
    const own = await invite('otto', 'operator', 'other');
    await stage.go(`#/apps/${stage.otherApp}/settings`, own);
    await own.waitForSelector(id('keys-show'));
    assert.ok(await own.isDisabled(id('active-switch')), 'only owners disable an app');
    await own.fill(id('ask'), phone.pushID);
    await own.press(id('ask'), 'Enter');
    await own.waitForSelector(id('ask-nothing'));
    assert.equal((await stage.api('GET', `/apps/${stage.dev.appID}/users/bob`, undefined, own)).status, 404);
  });

  it('who is disabled is out at the next step, and says so', async () => {
    const { page } = stage;
    await stage.go('#/administrators');
    await page.click(`${id('admin-otto')} ${id('admin-disable')}`);
    await page.click(id('confirm-yes'));
    await page.waitForSelector(`${id('admin-otto')} .chip.bad`);
    const own = pages.otto;
    await own.click(id('nav-users'));
    await own.waitForSelector(id('page-login'));
    await own.fill(id('login-name'), 'otto');
    await own.fill(id('login-password'), PASSWORD);
    await own.press(id('login-password'), 'Enter');
    await own.waitForSelector(`${id('fault')}[data-code=login_refused]`);
  });

  it('a login that ended brings one back to where one was', async () => {
    const own = pages.vera;
    await stage.go(stage.at('/traces'), own);
    await own.waitForSelector(id('page-traces'));
    await own.context().clearCookies();
    await own.click(id('nav-users'));
    await own.waitForSelector(id('page-login'));
    await own.fill(id('login-name'), 'vera');
    await own.fill(id('login-password'), PASSWORD);
    await own.press(id('login-password'), 'Enter');
    await own.waitForSelector(id('page-users'));
  });

  it('the last owner stays one', async () => {
    const { page } = stage;
    await stage.go('#/administrators');
    await page.click(`${id(`admin-${OWNER.name}`)} ${id('admin-edit')}`);
    await page.selectOption(id('admin-role'), 'viewer');
    await page.click(id('admin-save'));
    await page.waitForSelector(`${id('fault')}[data-code=last_owner]`);
    await stage.isAccessible();
  });

  it('turns the pages of a group’s devices, and of one outcome', async () => {
    const { page } = stage;
    await page.keyboard.press('Escape');
    const geese = Array.from({ length: 60 }, (_, n) => `goose-${String(n).padStart(2, '0')}`);
    for (const goose of geese) {
      const client = newClient(stage.dev, `phone-of-${goose}`);
      await client.login(goose, {});
      await client.logout();
      client.destroy();
    }
    const ann = newClient(stage.dev, 'laptop-of-ann');
    await ann.login('ann', {});
    await ann.createGroup({ groupID: 'flock', groupName: 'The flock' }, [...geese, 'bob']);
    const pushConfig = { title: 'Ann', content: 'To sixty geese' };
    const { message } = await ann.sendMessage({ type: 1, message: 'South!' }, 'flock', 2, {
      priority: 2,
      pushConfig,
    });
    await ann.logout();
    ann.destroy();
    await stage.go(stage.at(`/traces/${message.messageID}`));
    await page.waitForSelector(`${id('settled')}.good`);
    const rows = page.locator(id('trace-device'));
    await rows.nth(49).waitFor();
    assert.equal(await rows.count(), 50);
    await page.click(id('next-page'));
    await rows.nth(49).waitFor({ state: 'detached' });
    assert.equal(await rows.count(), 11);
    await page.click(id('pick-suppressed'));
    await rows.nth(49).waitFor();
    await page.click(id('next-page'));
    await rows.nth(10).waitFor({ state: 'detached' });
    assert.equal(await rows.count(), 10);
    await page.click(id('pick-acked'));
    await rows.nth(1).waitFor({ state: 'detached' });
    assert.equal(await rows.getAttribute('data-user'), 'bob');
    await stage.isAccessible();
  });

  it('pages did nothing they must not do', () => assert.deepEqual(stage.faults, []));
});

for (const [locale, colorScheme, suffix] of [
  ['en-GB', 'dark', ''],
  ['zh-CN', 'light', '.zh'],
]) {
  describe(`a phone 360 pixels wide, ${locale}`, () => {
    /** @type {Stage} */
    let stage;
    let phone;
    let trace;
    before(async () => {
      const viewport = { width: 360, height: 740 };
      stage = await Stage.open(browser, { locale, colorScheme, viewport, hasTouch: true });
    });
    after(async () => {
      phone?.close();
      await stage?.close();
    });

    it('is enough for login and setup', async () => {
      await stage.go('');
      await stage.page.waitForSelector(id('page-first'));
      await stage.fits();
      await stage.setUp();
      await stage.fits();
      phone = await (await Phone.of(stage.dev, 'bob')).start();
      await phone.kill();
      const notice = { userID: 'bob', kind: 'alert', title: 'Ann', content: 'Hello' };
      trace = (await stage.api('POST', `/apps/${stage.dev.appID}/debug/send`, notice)).body.id;
    });

    it('is enough for every page', async () => {
      const { page } = stage;
      const places = {
        ...Object.fromEntries(Object.entries(OF_APP).map(([name, rest]) => [name, stage.at(rest)])),
        trace: stage.at(`/traces/${trace}`),
        'push-id': stage.at(`/push-ids/${phone.pushID}`),
        apps: '#/apps',
        administrators: '#/administrators',
        audit: '#/audit',
        reference: '#/reference',
        account: '#/account',
      };
      for (const [name, hash] of Object.entries(places)) {
        await stage.go(hash);
        await page.waitForSelector(id(`page-${name}`));
        await page.waitForLoadState('networkidle');
        await stage.fits();
        await stage.isAccessible();
        if (name === 'trace') {
          await page.waitForSelector(`${id('trace-device')}[data-state=pushed]`);
          await stage.picture(`phone${suffix}`);
        }
      }
    });

    it('opens the menu, goes on from it, and shuts it with Escape', async () => {
      const { page } = stage;
      await page.click(id('menu'));
      await page.click(id('nav-users'));
      await page.waitForSelector(id('page-users'));
      await page.locator(id('nav-users')).waitFor({ state: 'hidden' });
      await page.click(id('menu'));
      await page.locator(id('nav-users')).waitFor({ state: 'visible' });
      await stage.isAccessible();
      await page.keyboard.press('Escape');
      await page.locator(id('nav-users')).waitFor({ state: 'hidden' });
    });

    it('says how long to wait after too many wrong passwords', async () => {
      const { page } = stage;
      await page.click(id('menu'));
      await page.click(id('leave'));
      await page.fill(id('login-name'), OWNER.name);
      const tooMany = page.waitForSelector(`${id('fault')}[data-code=too_many_attempts]`);
      let met = false;
      void tooMany.then(() => (met = true));
      for (let attempt = 0; attempt < ATTEMPTS_MAX && !met; attempt++) {
        await page.fill(id('login-password'), `wrong ${attempt}`);
        const answer = page.waitForResponse((response) => response.url().endsWith('/login'));
        await page.click(id('login-enter'));
        await answer;
        await page.waitForSelector(`${id('login-password')}:not([disabled])`);
      }
      await tooMany;
      assert.match(await page.textContent(id('fault')), /\d+ (s\.|秒)/);
      await stage.isAccessible();
      await stage.fits();
    });

    it('did nothing it must not do', () => assert.deepEqual(stage.faults, []));
  });
}
