/** How a CommonJS module in TypeScript uses the packages; checked by tsc against what is built. */

import zimPackage = require('@hongyan/zim');
import pushPackage = require('@hongyan/zpns');

const zim: zimPackage.ZIM | null = zimPackage.ZIM.create({ appID: 1, server: 'https://im.example.com' });
void zim?.sendMessage({ type: zimPackage.ZIMMessageType.Text, message: 'x' }, 'bob', 0, { priority: 2 });
pushPackage.default.getInstance().registerPush();
