/**
 * The code samples of the offline-push page, as functions: what an app that follows the page contains. Their
 * bodies are the page's, as valid JavaScript; only the users, groups and callbacks are filled in.
 */

/** Listening for the registration, then registering. */
export function register(ZPNs, registered) {
  ZPNs.getInstance().on('registered', (message) => {
    registered(message.errorCode, message.msg, message.pushID);
  });
  try {
    ZPNs.getInstance().registerPush({});
  } catch (e) {
    registered(-1, 'registerPush failed with exception:' + e, '');
  }
}

/** Scenario 1: a peer message. */
export function sendPeerMessage(zim, toUserID, sent, failed) {
  var pushConfig = {
    title: '离线推送标题',
    content: '离线推送内容',
    payload: '自定义透传字段,非必填',
    resourcesID: '',
  };
  var sendConfig = {
    priority: 2,
    pushConfig: pushConfig,
  };
  var messageTextObj = { type: 1, message: '文本消息内容' };
  zim
    .sendMessage(messageTextObj, toUserID, 0, sendConfig)
    .then(function ({ message }) {
      sent(message);
    })
    .catch(function (err) {
      failed(err);
    });
}

/** Scenario 2: a group message. */
export function sendGroupMessage(zim, toGroupID, sent, failed) {
  var pushConfig = {
    title: '离线推送标题',
    content: '离线推送内容',
    payload: '自定义透传字段,非必填',
    resourcesID: '',
  };
  var sendConfig = {
    priority: 2,
    pushConfig: pushConfig,
  };
  var messageTextObj = { type: 1, message: '文本消息内容' };
  zim
    .sendMessage(messageTextObj, toGroupID, 2, sendConfig)
    .then(function ({ message }) {
      sent(message);
    })
    .catch(function (err) {
      failed(err);
    });
}

/** Scenario 3: a call invitation. */
export function sendCallInvitation(zim, userID, sent, failed) {
  var pushConfig = {
    title: '离线推送标题',
    content: '离线推送内容',
    payload: '自定义透传字段,非必填',
    resourcesID: '',
  };
  var callInviteConfig = {
    timeout: 90,
    pushConfig: pushConfig,
  };
  var invitees = [userID];
  zim
    .callInvite(invitees, callInviteConfig)
    .then(function ({ callID, timeout, errorInvitees }) {
      sent({ callID, timeout, errorInvitees });
    })
    .catch(function (err) {
      failed(err);
    });
}

/** No more pushes to this device. */
export function unregister(ZPNs) {
  return ZPNs.getInstance().unregisterPush();
}
