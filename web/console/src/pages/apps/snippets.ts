/** Code that a developer can paste, filled with an app's own values; pure. */

/** What goes into the code. Keys that are not shown are named instead. */
export interface Filling {
  appID: number;
  /** Address of this server as a browser sees it, e.g. https://im.example.com. */
  origin: string;
  appSign: string | null;
  serverSecret: string | null;
  userID: string;
}

/** A way to use the app. */
export type SnippetName = 'web' | 'harmony' | 'server' | 'curl';

/** The code of each way. */
export function snippets(filling: Filling): Record<SnippetName, string> {
  return { web: web(filling), harmony: harmony(filling), server: server(filling), curl: curl(filling) };
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function web({ appID, origin, userID }: Filling): string {
  return `import { ZIM } from '@hongyan/zim';

const zim = ZIM.create({ appID: ${appID}, server: ${quoted(origin)} });
zim.on('peerMessageReceived', (zim, { messageList, fromConversationID }) => {
  console.log(fromConversationID, messageList);
});

// Your server makes the token: see "Your server".
const token = await (await fetch('/my-token')).text();
await zim.login(${quoted(userID)}, { userName: ${quoted(userID)}, token });

const pushConfig = { title: 'Hello', content: 'Can you hear me?', payload: '{"from":"web"}' };
await zim.sendMessage({ type: 1, message: 'Can you hear me?' }, 'bob', 0, { priority: 2, pushConfig });
`;
}

function harmony({ appID, origin, appSign, userID }: Filling): string {
  return `import ZPNs from '@hongyan/zpns'
import { ZIM } from '@hongyan/zim'

const zim = ZIM.create({ appID: ${appID}, appSign: ${quoted(appSign ?? 'APP-SIGN')}, server: ${quoted(origin)} })

ZPNs.getInstance().on('registered', (message) => {
  console.log('code:' + message.errorCode + ' push id:' + message.pushID)
})
ZPNs.getInstance().on('notificationClicked', (notice) => {
  console.log('payload:' + notice.payload)
})
ZPNs.getInstance().registerPush({})
await zim.login(${quoted(userID)}, { userName: ${quoted(userID)} })
`;
}

function server({ appID, serverSecret, userID }: Filling): string {
  return `// token04 with Node.js and nothing else. The ServerSecret never leaves your server.
import { createCipheriv, randomBytes, randomInt } from 'node:crypto';

export function makeToken(appID, serverSecret, userID, lifeSeconds, payload = '') {
  const now = Math.floor(Date.now() / 1000);
  const expire = now + lifeSeconds;
  const nonce = randomInt(2 ** 31);
  const claims = { app_id: appID, user_id: userID, nonce, ctime: now, expire, payload };
  const iv = randomBytes(8).toString('hex');
  const cipher = createCipheriv('aes-256-cbc', Buffer.from(serverSecret), Buffer.from(iv));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(claims)), cipher.final()]);
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(BigInt(expire), 0);
  head.writeUInt16BE(iv.length, 8);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(sealed.length);
  return '04' + Buffer.concat([head, Buffer.from(iv), size, sealed]).toString('base64');
}

const secret = ${serverSecret === null ? 'process.env.SERVER_SECRET' : quoted(serverSecret)};
console.log(makeToken(${appID}, secret, ${quoted(userID)}, 3600));
`;
}

function curl({ appID, origin, userID }: Filling): string {
  const user = encodeURIComponent(userID).replaceAll("'", '%27');
  return `# The operator key stands in operator.key in the data directory of the server.
KEY=$(cat hongyan-data/operator.key)
API=${origin}/api/v1

# Where is a user, and where would its pushes go?
curl -s -H "Authorization: Bearer $KEY" "$API/apps/${appID}/users/${user}"

# What became of the newest messages and calls?
curl -s -H "Authorization: Bearer $KEY" "$API/apps/${appID}/traces?count=20"

# Why did this message reach nobody?
curl -s -H "Authorization: Bearer $KEY" "$API/apps/${appID}/traces/MESSAGE-ID"

# Send a test push along the whole way.
curl -s -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '${JSON.stringify({ userID, kind: 'alert', title: 'Hello', content: 'A test' }).replaceAll("'", "'\\''")}' \\
  "$API/apps/${appID}/debug/send"
`;
}
