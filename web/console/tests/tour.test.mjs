/** Through every page of the console in both languages, against a real server, an emulated vendor and phone. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { newClient, orderFault, Phone } from './phone.mjs';
import { id, OWNER, Stage, startBrowser } from './stage.mjs';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.close());

const languages = [
  {
    language: 'en',
    options: { locale: 'en-GB', colorScheme: 'light' },
    titles: {
      overview: 'The whole server',
      apps: 'Apps',
      settings: 'App & policies',
      credentials: 'Push credentials',
      strategies: 'Push strategies',
      debug: 'Online debugging',
      traces: 'Traces',
      users: 'Users & devices',
      help: 'Developer help',
      administrators: 'Administrators',
      audit: 'Audit log',
      reference: 'API reference',
      account: 'Account',
    },
    said: {
      refused: /wrong, or the administrator is disabled/,
      outcome: 'pushed',
      vendor: /Vendor/,
      binding: /Binding/,
      missing: /^It is missing/,
      untitled: /A notice needs a title/,
    },
  },
  {
    language: 'zh',
    options: { locale: 'zh-CN', colorScheme: 'dark' },
    titles: {
      overview: '整体概览',
      apps: '项目',
      settings: '项目与策略参数',
      credentials: '推送证书',
      strategies: '推送策略',
      debug: '在线调试',
      traces: '链路追踪',
      users: '用户与设备',
      help: '开发者工具',
      administrators: '管理员',
      audit: '审计日志',
      reference: 'API 参考',
      account: '账号',
    },
    said: {
      refused: /名称或密码错误/,
      outcome: '已推送',
      vendor: /厂商/,
      binding: /绑定/,
      missing: /^缺少此字段/,
      untitled: /通知必须有标题/,
    },
  },
];

for (const { language, options, titles, said } of languages) {
  describe(`the console in ${language}`, () => {
    const suffix = language === 'zh' ? '.zh' : '';
    /** @type {Stage} */
    let stage;
    let page;
    let phone;
    /** ID of the first message that was sent from the debugging page. */
    let sentID;

    before(async () => {
      stage = await Stage.open(browser, options);
      page = stage.page;
    });
    after(async () => {
      phone?.close();
      await stage?.close();
    });

    /** Opens a page by its link, and holds its title and its accessibility. */
    async function visit(name, hash, title = titles[name]) {
      await stage.go(hash);
      await page.waitForSelector(id(`page-${name}`));
      assert.equal((await page.textContent('#page-title')).trim(), title);
      await stage.isAccessible();
    }

    const shows = (testid, text) => page.locator(id(testid), { hasText: text }).first().waitFor();

    it('says how to become the first administrator', async () => {
      await stage.go('');
      await page.waitForSelector(id('page-first'));
      assert.equal(await page.getAttribute('html', 'lang'), language === 'zh' ? 'zh-CN' : 'en');
      assert.equal(await page.getAttribute('html', 'data-theme'), options.colorScheme);
      await stage.isAccessible();
    });

    it('makes the owner by the one-time link, once', async () => {
      await page.goto(stage.dev.setup);
      await page.waitForSelector(id('page-setup'));
      await stage.isAccessible();
      await page.fill(id('setup-name'), OWNER.name);
      await page.fill(id('new-password'), 'short');
      await page.fill(id('new-password-again'), 'short');
      assert.ok(await page.isDisabled(id('setup-enter')));
      await stage.setUp();
      assert.ok(!page.url().includes('setup'), 'the token stays out of the history');
      await page.goto(stage.dev.setup);
      await page.waitForSelector(id('page-setup-broken'));
      await page.waitForSelector(`${id('fault')}[data-code=link_invalid]`);
      await stage.isAccessible();
    });

    it('logs out, refuses a wrong password, and logs in', async () => {
      await visit('overview', '#/');
      await page.click(id('leave'));
      await page.waitForSelector(id('page-login'));
      await stage.isAccessible();
      await page.fill(id('login-name'), OWNER.name);
      await page.fill(id('login-password'), 'a wrong password');
      await page.press(id('login-password'), 'Enter');
      await page.waitForSelector(`${id('fault')}[data-code=login_refused]`);
      assert.match(await page.textContent(id('fault')), said.refused);
      await page.fill(id('login-password'), OWNER.password);
      await page.press(id('login-password'), 'Enter');
      await page.waitForSelector(id('page-overview'));
    });

    it('makes an app and says what to do next', async () => {
      await visit('apps', '#/apps');
      await page.click(id('new-app'));
      await page.fill(id('app-name'), '雁群 Flock');
      await stage.isAccessible();
      await page.click(id('app-create'));
      await page.waitForSelector(id('first-steps'));
      for (const step of ['credential', 'login', 'push']) {
        assert.equal(await page.getAttribute(id(`step-${step}`), 'data-done'), 'false');
      }
      await stage.isAccessible();
      await stage.picture(`first-steps${suffix}`);
    });

    it('renames it, switches IM and the app off and on', async () => {
      await page.click(id('nav-settings'));
      await page.waitForSelector(id('page-settings'));
      await page.fill(id('app-name'), '雁群');
      await page.click(id('app-rename'));
      await page.waitForSelector(id('toast'));
      await page.selectOption(id('app-choice'), { label: `雁群 · ${await page.textContent(id('app-id'))}` });
      for (const name of ['im-switch', 'active-switch']) {
        await page.click(id(name));
        await page.waitForSelector(id('confirm'));
        await stage.isAccessible();
        await page.click(id('confirm-yes'));
        await page.waitForSelector(`${id(name)}:not(:checked)`);
        await page.click(id(name));
        await page.waitForSelector(`${id(name)}:checked`);
      }
    });

    it('shows keys on request and rotates one with overlap', async () => {
      await visit('settings', stage.at('/settings'));
      assert.equal(await page.locator(id('value-serverSecret')).count(), 0);
      await page.click(id('keys-show'));
      const shown = page.locator(`${id('key-serverSecret')} button[aria-pressed=false]`).first();
      assert.match(await page.textContent(id('value-serverSecret')), /^•+$/);
      await shown.click();
      assert.equal(await page.textContent(id('value-serverSecret')), stage.dev.serverSecret);
      await page.click(id('rotate-callbackSecret'));
      await page.selectOption(id('overlap'), '86400');
      await page.click(id('rotate-make'));
      await page.waitForSelector(id('rotated-value'));
      await stage.isAccessible();
      await page.keyboard.press('Escape');
      await page.waitForSelector(`${id('key-callbackSecret')} .chip.warn`);
      await stage.isAccessible();
    });

    it('keeps policies inside their bounds and saves what changed', async () => {
      const field = id('input-ack_deadline_ms');
      await page.fill(field, '1');
      assert.equal(await page.getAttribute(field, 'aria-invalid'), 'true');
      assert.ok(await page.isDisabled(id('policies-save')));
      await page.fill(field, '1500');
      await page.click(id('policies-save'));
      await page.waitForSelector(id('policies-save'), { state: 'detached' });
      const { body } = await stage.api('GET', `/apps/${stage.dev.appID}`);
      assert.equal(body.settings.ack_deadline_ms, 1500);
    });

    it('checks a credential on the spot, stores it in the second set, tests and removes it', async () => {
      await visit('credentials', stage.at('/credentials'));
      const second = page.locator(id('credential-harmony-2'));
      await second.locator(id('credential-give')).click();
      await page.fill(id('key-text'), '{"project_id":"1"}');
      await page.waitForSelector(`${id('findings')}[data-ok=false]`);
      assert.match(await page.textContent('[data-finding=field_missing]'), said.missing);
      assert.ok(await page.isDisabled(id('credential-save')));
      await stage.isAccessible();
      await page.setInputFiles(id('key-chooser'), join(stage.server.data, 'demo-service-account.json'));
      await page.waitForSelector(`${id('findings')}[data-ok=true]`);
      await page.click(`${id('credential-dialog')} details summary`);
      await page.fill(id('base-url'), stage.dev.emulator);
      await page.fill(id('client-id'), '110000001');
      await page.click(id('right-call'));
      await page.waitForSelector(`${id('findings')}[data-ok=true]`);
      await page.waitForSelector(`${id('credential-save')}:enabled`);
      await page.locator(id('credential-dialog')).evaluate((dialog) => (dialog.scrollTop = 0));
      await stage.picture(`credential${suffix}`);
      await page.click(id('credential-save'));
      await second.locator(id('test-call')).click();
      await page.click(id('test-run'));
      await page.waitForSelector(`${id('test-answer')}[data-verdict=works]`);
      await stage.isAccessible();
      await page.keyboard.press('Escape');
      const { body } = await stage.api('GET', `/apps/${stage.dev.appID}/credentials`);
      assert.equal(body.credentials.find(({ appType }) => appType === 2).rights.call, false);
      assert.ok(!JSON.stringify(body).includes('PRIVATE KEY'));
      await second.locator('.danger').click();
      await page.click(id('confirm-yes'));
      await second.locator(id('credential-give')).waitFor();
    });

    it('previews the exact request of a strategy, makes one and removes it', async () => {
      await visit('strategies', stage.at('/strategies'));
      const head = page.locator(id('request-head'));
      await head.filter({ hasText: /push-type: 0/ }).waitFor();
      await page.click(`${id('strategy-silent')} .pick`);
      await head.filter({ hasText: /push-type: 6/ }).waitFor();
      await page.click(id('new-strategy'));
      await page.fill(id('strategy-name'), 'page');
      await page.selectOption(id('option-click_type'), '1');
      await page.fill(id('option-uri'), 'geese://chat');
      await page.locator(id('request-body'), { hasText: 'geese://chat' }).waitFor();
      await stage.isAccessible();
      await stage.picture(`strategy${suffix}`);
      await page.click(id('strategy-save'));
      await page.waitForSelector(id('strategy-page'));
      await page.click(`${id('strategy-page')} .bin`);
      await page.click(id('confirm-yes'));
      await page.waitForSelector(id('strategy-page'), { state: 'detached' });
    });

    it('explains beforehand why nobody would be reached', async () => {
      await visit('debug', stage.at('/debug'));
      await page.fill(id('debug-name'), 'carol');
      await page.click(id('debug-dry'));
      await page.waitForSelector(`${id('foreseen-device')}[data-step=suppress]`);
      await stage.isAccessible();
    });

    it('does not send a notice without a title', async () => {
      const title = await page.inputValue(id('debug-title'));
      await page.fill(id('debug-title'), ' ');
      await page.click(id('debug-send'));
      await page.waitForSelector(`${id('debug-title')}[aria-invalid=true]`);
      await page.getByText(said.untitled).waitFor();
      await stage.isAccessible();
      assert.deepEqual(stage.refused.filter((one) => one.includes('/debug/')), [], 'the form says it itself');
      await page.fill(id('debug-title'), title);
      await page.getByText(said.untitled).waitFor({ state: 'detached' });
    });

    it('follows a send that stops at the binding', async () => {
      await page.click(id('debug-send'));
      await page.waitForSelector(`${id('followed-device')}[data-verdict=stopped]`);
      assert.match(await page.textContent(id('verdict')), said.binding);
      await page.waitForSelector(`${id('hop-binding')}[data-state=failed] ${id('advice')}`);
      await stage.isAccessible();
    });

    it('finds a user with its phone, and follows a send to it until it has arrived', async () => {
      phone = await (await Phone.of(stage.dev, 'bob')).start();
      await visit('users', stage.at('/users'));
      await page.fill(id('user-prefix'), 'bo');
      await page.locator(id('user-row')).filter({ hasText: 'bob' }).locator('a').click();
      await page.waitForSelector(`${id('push-id-row')}[data-state=bound]`);
      await page.waitForSelector(id('session-row'));
      await stage.isAccessible();
      await phone.kill();
      await page.locator('a[href*="debug"]').last().click();
      await page.waitForSelector(id('page-debug'));
      assert.equal(await page.inputValue(id('debug-name')), 'bob');
      await page.fill(id('debug-content'), 'The wild geese are back.');
      await page.click(id('debug-send'));
      await page.waitForSelector(`${id('followed-device')}[data-verdict=arrived]`);
      for (const hop of ['binding', 'server', 'vendor', 'receipt']) {
        await page.waitForSelector(`${id(`hop-${hop}`)}[data-state=ok]`);
      }
      assert.ok(phone.shown.includes('The wild geese are back.'));
      await stage.isAccessible();
      await stage.picture(`arrived${suffix}`);
    });

    it('sends a silent message and a call, each with the strategy that fits', async () => {
      for (const [index, kind, strategy] of [
        [1, 'silent', 'silent'],
        [2, 'call', 'call'],
      ]) {
        await page.click(`${id('debug-kind')} label >> nth=${index}`);
        const answer = page.waitForResponse((response) => response.url().endsWith('/debug/send'));
        await page.click(id('debug-send'));
        const sent = await (await answer).json();
        assert.deepEqual([sent.kind, sent.resourcesID], [kind === 'call' ? 'call' : 'message', strategy]);
        await page.locator(id('following'), { hasText: sent.id }).waitFor();
        await page.waitForSelector(`${id('hop-vendor')}[data-state=ok]`);
        const { body } = await stage.api('GET', `/apps/${stage.dev.appID}/traces/${sent.id}`);
        assert.equal(body.dispatches[0].pushType, kind === 'call' ? 10 : 6);
      }
      await stage.isAccessible();
      await page.click(`${id('debug-kind')} label >> nth=0`);
    });

    it('sends to a PushID alone', async () => {
      await stage.go(`${stage.at('/debug')}?pushID=${phone.pushID}`);
      assert.equal(await page.inputValue(id('debug-name')), phone.pushID);
      await page.click(id('debug-send'));
      await page.waitForSelector(`${id('followed-device')}[data-verdict=arrived]`);
    });

    it('names the vendor as the hop that failed, with its words and what to do', async () => {
      await orderFault(stage.dev, {
        next: 1,
        action: { status: 400, code: '80100003', msg: 'Illegal payload, no luck' },
      });
      await page.click(id('debug-send'));
      await page.waitForSelector(`${id('followed-device')}[data-verdict=stopped]`);
      assert.match(await page.textContent(id('verdict')), said.vendor);
      const vendor = page.locator(`${id('hop-vendor')}[data-state=failed]`);
      assert.match(await vendor.textContent(), /80100003.*Illegal payload, no luck/s);
      await vendor.locator(id('advice')).waitFor();
      await stage.isAccessible();
      await stage.picture(`stopped${suffix}`);
      await page.click(id('open-trace'));
      await page.waitForSelector(`${id('trace-device')}[data-state=failed]`);
      sentID = page.url().split('/').at(-1);
      await stage.isAccessible();
      await stage.picture(`trace${suffix}`);
    });

    it('exports a trace as JSON', async () => {
      const download = page.waitForEvent('download');
      await page.click(id('export'));
      const file = JSON.parse(await readFile(await (await download).path(), 'utf8'));
      assert.equal(file.id ?? file.trace?.id, sentID);
    });

    it('searches traces, with the filters in the address', async () => {
      await visit('traces', stage.at('/traces'));
      assert.ok((await page.locator(id('trace-row')).count()) >= 3);
      await stage.picture(`traces${suffix}`);
      await page.selectOption(id('filter-outcome'), 'pushed');
      await page.waitForURL(/outcome=pushed/);
      await page.locator(id('trace-row')).filter({ hasText: said.outcome }).first().waitFor();
      await page.fill(id('filter-push-id'), phone.pushID);
      await page.click(id('search'));
      await page.waitForURL(/pushID=/);
      await page.waitForSelector(`${id('trace-row')} [data-state=pushed]`);
      await stage.isAccessible();
      await page.selectOption(id('filter-outcome'), 'retracted');
      await page.waitForSelector(id('empty'));
      await page.reload();
      await page.waitForSelector(id('empty'));
      assert.equal(await page.inputValue(id('filter-outcome')), 'retracted');
      await page.click(id('clear'));
      await page.waitForSelector(id('trace-row'));
    });

    it('finds anything by the question box, from the keyboard', async () => {
      const ask = async (text) => {
        await page.locator('#page-title').focus();
        await page.keyboard.press('/');
        await page.keyboard.type(text);
        await page.keyboard.press('Enter');
      };
      await ask(sentID);
      await page.waitForSelector(id('page-trace'));
      await ask(phone.pushID);
      await page.waitForSelector(id('page-push-id'));
      await stage.isAccessible();
      await ask('bob');
      await page.waitForSelector(id('page-user'));
      await ask('99999999999');
      await page.waitForSelector(id('ask-nothing'));
    });

    it('counts the devices of a group by outcome first', async () => {
      const other = await (await Phone.of(stage.dev, 'carol')).start();
      const ann = newClient(stage.dev, 'laptop-of-ann');
      await ann.login('ann', {});
      const pushConfig = { title: 'Ann', content: 'To all geese' };
      const { message } = await ann.sendMessage({ type: 1, message: 'To all' }, 'geese', 2, {
        priority: 2,
        pushConfig,
      });
      await page.fill(id('ask'), message.messageID);
      await page.press(id('ask'), 'Enter');
      await page.waitForSelector(`${id('settled')}.good`);
      await page.click(id('pick-pushed'));
      const devices = page.locator(id('trace-device'));
      await devices.first().waitFor();
      assert.deepEqual(await devices.evaluateAll((all) => all.map((one) => one.dataset.state)), ['pushed']);
      await page.click(`${id('counts')} button >> nth=0`);
      assert.equal(await devices.count(), 2);
      await devices.first().locator('summary').click();
      await stage.isAccessible();
      await stage.picture(`group${suffix}`);
      await ann.logout();
      ann.destroy();
      other.close();
    });

    it('puts a session out and unbinds a PushID', async () => {
      await phone.start();
      const closed = new Promise((resolve) =>
        phone.client.on('connectionStateChanged', (_, state) => resolve(state)),
      );
      await stage.go(stage.at('/users/bob'));
      await page.click(id('kick'));
      await page.click(id('confirm-yes'));
      await page.waitForSelector(id('session-row'), { state: 'detached' });
      await closed;
      await page.click(id('unbind'));
      await page.click(id('confirm-yes'));
      await page.waitForSelector(id('unbind'), { state: 'detached' });
      await stage.isAccessible();
      await stage.picture(`user${suffix}`);
    });

    it('makes a token, reads it, and gives code that makes one too', async () => {
      await visit('help', stage.at('/help'));
      await page.fill(id('token-user'), 'ann');
      await page.click(id('token-make'));
      const token = (await page.textContent(id('token-made'))).trim();
      assert.match(token, /^04/);
      const read = async (text) => {
        await page.fill(id('token-text'), text);
        await page.click(id('token-read'));
      };
      await read(token);
      await page.locator(`${id('token-findings')} .good`).waitFor();
      await page.click(`${id('snippets')} label >> nth=2`);
      await page.click(id('fill'));
      await shows('snippet', stage.dev.serverSecret);
      await read(await runServerCode(await page.textContent(id('snippet'))));
      await page.locator(`${id('token-findings')} .good`).waitFor();
      await read('04nonsense');
      await page.locator(`${id('token-findings')} .bad`).waitFor();
      await stage.isAccessible();
    });

    it('shows how things are and were', async () => {
      await visit('overview', stage.at(''), 'demo');
      for (const tile of ['sessions', 'messages', 'pushed', 'latency', 'errors', 'backlog']) {
        await page.waitForSelector(id(`tile-${tile}`));
      }
      await page.waitForSelector(id('alarm-bad_request'));
      await page.waitForSelector(`${id('chart-traffic')} canvas`);
      await stage.picture(`dashboard${suffix}`);
      await page.click(`${id('range')} label >> nth=3`);
      await page.waitForSelector(`${id('history')}[data-range=d7]`);
      await stage.isAccessible();
    });

    it('keeps the audit log, without secrets', async () => {
      await visit('audit', '#/audit');
      for (const action of [
        'app.create',
        'secret.rotate',
        'credential.put',
        'strategy.put',
        'login.refused',
      ]) {
        await page.waitForSelector(`${id('audit-row')}[data-action="${action}"]`);
      }
      assert.ok(!(await page.textContent('main')).includes(stage.dev.serverSecret));
      await stage.picture(`audit${suffix}`);
    });

    it('lets the API be read and searched', async () => {
      await visit('reference', '#/reference');
      const all = await page.locator(id('request')).count();
      await page.fill(id('reference-search'), 'token04');
      assert.equal(await page.locator(id('request')).count(), 2);
      assert.ok(all > 40);
      await page
        .locator(`${id('request')} summary`)
        .first()
        .click();
      await page.waitForSelector(`${id('request')} pre`);
      await stage.isAccessible();
    });

    it('changes the own password', async () => {
      await visit('account', '#/account');
      await page.fill(id('current-password'), OWNER.password);
      await page.fill(id('new-password'), 'and north in spring');
      await page.fill(id('new-password-again'), 'and north in spring');
      await page.click(id('password-change'));
      await page.waitForSelector(id('toast'));
    });

    it('switches language and theme, and remembers both', async () => {
      await page.click(`${id('language')} >> visible=true >> label:not(.chosen)`);
      await page.click(`${id('theme')} >> visible=true`);
      const other = {
        lang: language === 'zh' ? 'en' : 'zh-CN',
        theme: options.colorScheme === 'dark' ? 'light' : 'dark',
      };
      await page.reload();
      await page.waitForSelector(`html[lang="${other.lang}"][data-theme="${other.theme}"]`);
    });

    it('did nothing it must not do', () => {
      assert.deepEqual(stage.faults, []);
      const expected = [
        /^401 (GET \/me|POST \/login)$/,
        /^404 POST \/setup\/check$/,
        // The question box asks what a text may name.
        /^40[04] GET \/(apps\/\d+\/)?(traces|users|push-ids)\//,
      ];
      const other = stage.refused.filter((one) => !expected.some((pattern) => pattern.test(one)));
      assert.deepEqual(other, []);
    });
  });
}

/** Runs the code for "your server" as it stands on the page, and gives the token that it prints. */
async function runServerCode(code) {
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const { log } = console;
  let said = '';
  console.log = (text) => (said = text);
  try {
    await import(url);
  } finally {
    console.log = log;
  }
  return said;
}
