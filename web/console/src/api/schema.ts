/** Types of /api/v1, made from the server’s OpenAPI document by scripts/types.mjs. Not written by hand. */

export type Error = {
  error: {
    /** A stable name in snake_case; see info.description for all of them. */
    code: string;
    /** What is wrong, in English. */
    message: string;
    /** What to do about it, in English; may be empty. */
    hint: string;
    /** For input that breaks a rule: which field, and the rule. */
    fields?: Array<{
      field: string;
      message: string;
      /** For rules that pages say in their own words. */
      code?: RuleCode | FindingCode;
    }>;
  };
};

export type RuleCode =
  | 'name_length'
  | 'password_length'
  | 'text_length'
  | 'secret_missing'
  | 'title_missing'
  | 'sender_is_receiver'
  | 'other_kind';

export type Words = {
  en: string;
  zh: string;
};

export type Me = {
  /** null for the machine's key. */
  id: number | null;
  name: string;
  /** owner: everything. operator: writes in the apps it may see. viewer: reads them. */
  role: 'owner' | 'operator' | 'viewer';
  /** AppIDs that may be seen; null: all, also those to come. */
  apps: Array<number> | null;
  /** Called with the operator key instead of a login. */
  isMachine: boolean;
  /** Unix time in ms at which the login ends. */
  expiresAt: number | null;
};

export type Administrator = {
  id: number;
  name: string;
  /** owner: everything. operator: writes in the apps it may see. viewer: reads them. */
  role: 'owner' | 'operator' | 'viewer';
  /** AppIDs that may be seen; null: all. */
  apps: Array<number> | null;
  disabled: boolean;
  /** false until the link was used. */
  hasPassword: boolean;
  /** Unix time in ms */
  createdAt: number;
  /** Unix time in ms */
  lastLoginAt: number | null;
};

export type NewAdministrator = {
  /** 1 to 64 characters; unique. */
  name: string;
  /** owner: everything. operator: writes in the apps it may see. viewer: reads them. */
  role: 'owner' | 'operator' | 'viewer';
  apps?: Array<number> | null;
};

export type AdministratorChange = {
  /** owner: everything. operator: writes in the apps it may see. viewer: reads them. */
  role?: 'owner' | 'operator' | 'viewer';
  apps?: Array<number> | null;
  /** true ends every login of it at once. */
  disabled?: boolean;
};

export type Link = {
  /** For /setup; shown once, usable once. */
  token: string;
  /** Where the console opens it: /console/#/setup/TOKEN */
  path: string;
  /** Unix time in ms */
  expiresAt: number;
};

export type AuditEntry = {
  id: string;
  /** Unix time in ms */
  at: number;
  /** Name of the administrator; operator-key for machines; shell for hongyan admin. */
  by: string;
  /** Where the request came from. */
  address: string;
  /**
   * e.g. app.create, credential.put, strategy.remove, secret.rotate, admin.disable, login,
   * login.refused (by nobody; target is the name that was tried)
   */
  action: string;
  appID: number | null;
  /** What it was done to; never a secret. */
  target: string;
  /** What changed, without secrets. */
  detail: string;
};

export type SecretState = {
  /** Unix time in ms */
  rotatedAt: number | null;
  /** Unix time in ms until which the one before is accepted too; null when there is none. */
  oldValidUntil: number | null;
};

export type App = {
  appID: number;
  name: string;
  /**
   * false: nobody logs in (6000003), sessions are closed. What was accepted before is still
   * pushed.
   */
  active: boolean;
  /** false: logins are answered with 6000014; PushIDs can be registered and pushed to. */
  imEnabled: boolean;
  /** Unix time in ms */
  createdAt: number;
  /** Policies by name; GET /policies says what each means. */
  settings: Record<string, unknown>;
  secrets: {
    appSign: SecretState;
    serverSecret: SecretState;
    callbackSecret: SecretState;
  };
  /** Logged-in sessions now. */
  sessions: number;
};

export type Secrets = {
  appSign: string;
  serverSecret: string;
  callbackSecret: string;
  /** Those before, while they are valid. */
  old: {
    appSign?: string;
    serverSecret?: string;
    callbackSecret?: string;
  };
};

export type Policy = {
  name: string;
  group: 'delivery' | 'connection' | 'devices' | 'calls' | 'limits';
  kind: 'integer' | 'boolean' | 'choice' | 'text';
  unit: 'ms' | 's' | 'count' | 'per_s';
  /** Its default. */
  default: unknown;
  least: number | null;
  most: number | null;
  choices: Array<{
    value: string;
    meaning: Words;
  }> | null;
  title: Words;
  meaning: Words;
};

export type VendorKind = {
  vendor: string;
  title: string;
  fileLabel: Words;
  clientIDLabel: Words;
  rights: Array<{
    name: string;
    title: Words;
    meaning: Words;
  }>;
  pushTypes: Array<{
    number: number;
    kind: 'alert' | 'silent' | 'call';
    title: Words;
  }>;
};

export type CredentialInput = {
  /** The vendor's key file as text; left out, the stored one stays. */
  file?: string;
  /** Needed to take notices back. */
  clientID?: string | null;
  /** Instead of the vendor's public address. */
  baseURL?: string | null;
  callbackUser?: string | null;
  /** Left out, the stored one stays (if callbackUser is set). */
  callbackSecret?: string;
  /** By name; left out is held. GET /vendors lists the names. */
  rights?: Record<string, boolean>;
};

export type CredentialCheck = {
  vendor: string;
  appType: 1 | 2;
  file: string;
  clientID?: string | null;
  baseURL?: string | null;
  rights?: Record<string, boolean>;
};

export type FindingCode =
  | 'fields_good'
  | 'signature_good'
  | 'signature_failed'
  | 'signature_interrupted'
  | 'file_too_large'
  | 'file_not_object'
  | 'file_not_json'
  | 'field_missing'
  | 'field_empty'
  | 'field_not_text'
  | 'url_not_https'
  | 'project_form'
  | 'name_form'
  | 'key_pkcs1'
  | 'key_encrypted'
  | 'key_not_pem'
  | 'key_damaged'
  | 'key_not_rsa'
  | 'key_size'
  | 'option_unknown'
  | 'client_form'
  | 'set_unknown'
  | 'base_url_unreadable'
  | 'base_url_incomplete'
  | 'base_url_extra'
  | 'base_url_not_https';

export type CredentialFindings = {
  ok: boolean;
  findings: Array<{
    check: 'fields' | 'key' | 'signature' | 'options';
    ok: boolean;
    code: FindingCode;
    field: string | null;
    /** The same in English. */
    text: string;
    /** Numbers of the sentence by name. */
    values: Record<string, number>;
  }>;
  projectID: string | null;
  keyID: string | null;
  subAccount: string | null;
  keyBits: number | null;
};

export type Credential = {
  vendor: string;
  appType: number;
  projectID: string | null;
  keyID: string | null;
  subAccount: string | null;
  keyBits: number | null;
  clientID: string | null;
  baseURL: string | null;
  callbackUser: string | null;
  /** Where the vendor has to post its receipts. */
  receiptsPath: string;
  rights: Record<string, boolean>;
  /** Unix time in ms */
  updatedAt: number;
  usable: boolean;
  /** Why it cannot be used. */
  fault: string | null;
  /** The same in a word that stays. */
  faultCode: FindingCode | null;
  /** null: not used since the start. */
  circuit: 'closed' | 'open' | 'half_open' | 'paused' | null;
  /** Unix time in ms */
  pausedSince: number | null;
  alarms: Array<Alarm>;
};

export type CredentialTest = {
  /** works: the vendor took the credential. */
  verdict: 'works' | 'refused' | 'right_missing' | 'quota' | 'trouble' | 'unreachable';
  /** HTTP status; 0 without an answer. */
  status: number;
  /** The vendor's code. */
  code: string;
  /** The vendor's words. */
  message: string;
  tookMs: number;
  /** A device was reached. */
  accepted: boolean;
  text: Words;
};

export type Strategy = {
  /** 1 to 32 characters. */
  resourcesID: string;
  /** By vendor, e.g. {"harmony":{"push_type":6}}. */
  options: Record<string, unknown>;
};

export type PreviewInput = {
  /** Default harmony. */
  vendor?: string;
  /** Default 1. */
  appType?: 1 | 2;
  /** A stored strategy … */
  resourcesID?: string;
  /** … or one that is not stored. */
  options?: Record<string, unknown>;
  /** Default alert. call is an invitation. */
  kind?: 'alert' | 'call';
  title?: string;
  content?: string;
  payload?: string;
  /** Default 1. */
  devices?: number;
};

export type VendorRequest = {
  vendor: string;
  appType: number;
  targets: number;
  url: string;
  pushType: string | null;
  headers: Array<{
    name: string;
    /** The bearer token is left out. */
    value: string;
  }>;
  /** The JSON body, with PushIDs in place of tokens; a sentence when none could be built. */
  body: unknown;
  /** Why no request was built. */
  fault: string | null;
};

export type PushConfig = {
  title?: string;
  content?: string;
  payload?: string;
  resourcesID?: string;
  threadID?: string;
  enableBadge?: boolean;
  badgeIncrement?: number;
};

export type Supposed = {
  senderUserID: string;
  conversationID: string;
  /** 0 peer, 2 group */
  conversationType: 0 | 2;
  pushConfig?: PushConfig;
  mentionedUserIDs?: Array<string>;
  isMentionAll?: boolean;
  isNotifyMentionedUsers?: boolean;
};

export type Foreseen = {
  devices: Array<{
    userID: string;
    deviceID: string | null;
    pushID: string | null;
    step: 'push' | 'wait' | 'acked' | 'suppress';
    reason: string | null;
    /** Unix time in ms */
    until: number | null;
    text: Words;
  }>;
  requests: Array<VendorRequest>;
};

export type DebugInput = {
  /** Either this … */
  userID?: string;
  /** … or this: then only the device of this PushID is looked at in the answer. */
  pushID?: string;
  /**
   * alert, silent: a message whose strategy makes the vendor show it, or not; call: an invitation
   * that ends after ringS.
   */
  kind: 'alert' | 'silent' | 'call';
  title?: string;
  content?: string;
  payload?: string;
  /** Left out: none for alert; for silent and call the first stored strategy of that kind. */
  resourcesID?: string;
  /** Who sends it; default hongyan-console, which is registered when it is missing. */
  fromUserID?: string;
  /** For calls: how long it rings; default 30. */
  ringS?: number;
};

export type DebugSent = {
  /** messageID or callID: follow GET /apps/{app}/traces/{id}. */
  id: string;
  kind: 'message' | 'call';
  userID: string;
  /** The device of the chosen PushID. */
  deviceID: string | null;
  /** The strategy that was used; empty for none. */
  resourcesID: string;
};

export type Counts = {
  pending: number;
  acked: number;
  pushed: number;
  suppressed: number;
  expired: number;
  retracted: number;
  failed: number;
};

export type Hop = {
  /**
   * binding: is there a device with a PushID? server: what was decided? vendor: what did it
   * answer? receipt: what did the device do?
   */
  hop: 'binding' | 'server' | 'vendor' | 'receipt';
  /** none: it does not come to this hop, or nothing is known. */
  state: 'ok' | 'waiting' | 'failed' | 'none';
  /** Unix time in ms */
  at: number | null;
  /** Reason or vendor code. */
  code: string | null;
  /** What the vendor said, as it said it. */
  vendorWords: string | null;
  text: Words;
  advice: Words | null;
};

export type TraceDevice = {
  userID: string;
  deviceID: string | null;
  pushID: string | null;
  vendor: string | null;
  /** acked, pushed, suppressed, expired, retracted and failed are final. */
  state: 'pending' | 'acked' | 'pushed' | 'suppressed' | 'expired' | 'retracted' | 'failed';
  reason: string | null;
  reasonText: Words | null;
  /** Unix time in ms */
  at: number | null;
  dispatchID: string | null;
  /** Left out: the delivery itself. */
  about?: 'news' | 'missed_call';
  receipt?: {
    name: string;
    verdict: string;
    result: number;
    /** Unix time in ms */
    at: number;
    text: Words;
  };
  hops: Array<Hop>;
};

export type TraceEvent = {
  /** Unix time in ms */
  at: number;
  /** Which of the eight steps of offline push, 4 to 8. */
  step: number | null;
  name: string;
  userID?: string;
  deviceID?: string;
  text: Words;
};

export type TraceDispatch = {
  dispatchID: string;
  vendor: string;
  appType: number;
  pushType: number;
  notifyId: number;
  appMessageId: string;
  targets: number;
  purpose: 'notice' | 'take_back' | 'badge';
  state: 'pending' | 'settled';
  attempts: Array<{
    /** Unix time in ms */
    at: number;
    tookMs: number;
    status: number;
    code: string;
    message: string;
    requestID: string | null;
  }>;
};

export type Trace = {
  id: string;
  kind: 'message' | 'call';
  appID: number;
  conversationID: string | null;
  conversationType: number | null;
  senderUserID: string;
  /** Unix time in ms */
  acceptedAt: number;
  settled: boolean;
  /** The server's time, Unix ms. */
  now: number;
  counts: Counts;
  devicesTotal: number;
  /** The first 200; GET …/devices has all of them. */
  devices: Array<TraceDevice>;
  eventsTotal: number;
  /** By time, the first 500 (later than `after` if that is given). */
  events: Array<TraceEvent>;
  /** The first 200. */
  dispatches: Array<TraceDispatch>;
};

export type TraceDevices = {
  devices: Array<TraceDevice>;
  /** `after` of the next page. */
  next: string | null;
};

export type TraceHead = {
  id: string;
  kind: 'message' | 'call';
  senderUserID: string;
  /** Whom it is for, if that is one user. */
  recipientUserID: string | null;
  conversationID: string | null;
  conversationType: number | null;
  /** Unix time in ms */
  acceptedAt: number;
  settled: boolean;
  counts: Counts;
  /** With userID, pushID or deviceID: that user's device, one line each. */
  device?: TraceDevice;
};

export type TraceHeads = {
  /** Newest first. */
  traces: Array<TraceHead>;
  /** `before` of the next page. */
  next: string | null;
};

export type TraceLines = {
  traces: Array<{
    id: string;
    kind: string;
    senderUserID: string;
    /** Unix time in ms */
    acceptedAt: number;
    device: Record<string, unknown>;
  }>;
  next?: string;
};

export type PushID = {
  pushID: string;
  /** null: nobody is bound. */
  userID: string | null;
  deviceID: string;
  vendor: string;
  appType: number;
  platform: number;
  state: 'bound' | 'unbound' | 'suspended' | 'dead';
  suspended: {
    reason: string;
    /** Unix time in ms */
    at: number;
    text: Words;
  } | null;
  tombstone: {
    /** The vendor's code. */
    code: string;
    /** Unix time in ms */
    at: number;
  } | null;
  /** Of the newest notices; Unix ms. */
  lastSuccessAt: number | null;
};

export type Session = {
  sessionID: string;
  deviceID: string;
  platform: number;
  state: 'foreground' | 'background';
  /** Unix time in ms */
  since: number;
  silentForMs: number;
};

export type Device = {
  deviceID: string;
  platform: number;
  /** Unix time in ms */
  lastLoginAt: number;
  /** The user did not log out on it. */
  loggedIn: boolean;
};

export type User = {
  userID: string;
  userName: string;
  /** Unix time in ms */
  createdAt: number;
  offlinePushRule: unknown;
  totalUnreadMessageCount: number;
  sessions: Array<Session>;
  devices: Array<Device>;
  pushIDs: Array<PushID>;
};

export type UserLine = {
  userID: string;
  userName: string;
  /** Unix time in ms */
  createdAt: number;
  sessions: number;
};

export type Alarm = {
  appID: number;
  vendor: string;
  appType: number;
  kind:
    | 'credential_refused'
    | 'right_missing'
    | 'mass_death'
    | 'quota'
    | 'bad_request'
    | 'clock'
    | 'vendor_trouble';
  code: string;
  /** The vendor's words. */
  message: string;
  /** Unix time in ms */
  since: number;
  /** Unix time in ms */
  lastAt: number;
  count: number;
  advice: Words;
};

export type Now = {
  /** Unix time in ms */
  at: number;
  storeAcceptsWrites: boolean;
  storeFault: string | null;
  sessions: number;
  /** Over the last full minute or so. */
  perSecond: {
    messages: number;
    pushed: number;
    requests: number;
  };
  lastHour: {
    messages: number;
    pushed: number;
    failed: number;
    suppressed: number;
    acked: number;
    expired: number;
    retracted: number;
    requests: number;
    errors: number;
  };
  /** Mean time of the vendor's answers in the last hour. */
  latencyMsMean: number | null;
  /** errors / requests in the last hour. */
  errorShare: number | null;
  /**
   * Messages that wait for an acknowledgement (whole server; 0 for those who may not see all
   * apps).
   */
  waiting: number;
  /** Requests to vendors that wait (likewise). */
  backlog: number;
  /** Requests under way (likewise). */
  inFlight: number;
  /** Age of the oldest push without an end. */
  backlogAgeMs: number;
  alarms: Array<Alarm>;
  credentials: Array<{
    appID: number;
    vendor: string;
    appType: number;
    circuit: string;
    pausedSince: number | null;
  }>;
};

export type Series = {
  span: 'minute' | 'hour';
  /** Unix time in s at which each span begins, rising; spans without anything are there with 0. */
  at: Array<number>;
  messages: Array<number>;
  pushed: Array<number>;
  failed: Array<number>;
  suppressed: Array<number>;
  acked: Array<number>;
  expired: Array<number>;
  retracted: Array<number>;
  requests: Array<number>;
  errors: Array<number>;
  /** Most at once; null when it was not measured. */
  sessions: Array<number | null>;
  latencyMsMean: Array<number | null>;
  /** Greatest age of the oldest push without an end. */
  backlogAgeMs: Array<number | null>;
};

export type TokenInput = {
  userID: string;
  /** Default 3600. */
  lifeS?: number;
  payload?: string;
};

export type Token = {
  token: string;
  /** Unix time in ms */
  expiresAt: number;
};

export type DecodeInput = {
  token: string;
};

export type Decoded = {
  valid: boolean;
  fault: {
    /** As a client would be told: 6000103, 6000106, 6000107 or 6000108. */
    code: number;
    message: string;
  } | null;
  appID: number | null;
  userID: string | null;
  /** Unix time in ms */
  createdAt: number | null;
  /** Unix time in ms */
  expiresAt: number | null;
  payload: string | null;
};

/** Every request by method and path. */
export interface Operations {
  /** This document. */
  'GET /openapi.json': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Whether the first administrator is still to be made. */
  'GET /setup': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      needed: boolean;
    };
  };
  /** Uses a one-time link: sets the password and logs in. Sets the cookie. */
  'POST /setup': {
    path: undefined;
    query: undefined;
    body: {
      token: string;
      /** For the first administrator only. */
      name?: string;
      /** 12 to 256 characters. */
      password: string;
    };
    answer: Me;
  };
  /** What a one-time link is for. */
  'POST /setup/check': {
    path: undefined;
    query: undefined;
    body: {
      token: string;
    };
    answer: {
      kind: 'first' | 'invitation' | 'reset';
      /** null for first: it is to be chosen. */
      name: string | null;
      /** Unix time in ms */
      expiresAt: number;
    };
  };
  /** Logs in. Sets the cookie. */
  'POST /login': {
    path: undefined;
    query: undefined;
    body: {
      name: string;
      password: string;
    };
    answer: Me;
  };
  /** Ends the login. */
  'POST /logout': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Who asks. */
  'GET /me': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** Changes the own password; ends the other logins. */
  'PUT /me/password': {
    path: undefined;
    query: undefined;
    body: {
      current: string;
      password: string;
    };
    answer: undefined;
  };
  /** All administrators. */
  'GET /administrators': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      administrators: Array<Administrator>;
    };
  };
  /** Makes an administrator; the link lets it set its password. */
  'POST /administrators': {
    path: undefined;
    query: undefined;
    body: NewAdministrator;
    answer: {
      administrator: Administrator;
      link: Link;
    };
  };
  /** Changes role, apps, or whether it is disabled. */
  'PATCH /administrators/{administrator}': {
    path: {
      administrator: number;
    };
    query: undefined;
    body: AdministratorChange;
    answer: Administrator;
  };
  /** Voids the password, ends its logins, and gives a link for a new one. */
  'POST /administrators/{administrator}/reset': {
    path: {
      administrator: number;
    };
    query: undefined;
    body: undefined;
    answer: {
      link: Link;
    };
  };
  /** Who changed what, newest first. */
  'GET /audit': {
    path: undefined;
    query: {
      before?: string;
      count?: number;
      appID?: number;
      by?: string;
    };
    body: undefined;
    answer: {
      entries: Array<AuditEntry>;
      next: string | null;
    };
  };
  /** Apps that may be seen. */
  'GET /apps': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      apps: Array<App>;
    };
  };
  /** Makes an app with fresh keys. */
  'POST /apps': {
    path: undefined;
    query: undefined;
    body: {
      name: string;
    };
    answer: App;
  };
  /** One app. */
  'GET /apps/{app}': {
    path: {
      app: number;
    };
    query: undefined;
    body: undefined;
    answer: App;
  };
  /** Renames, switches IM; owners only: disables (active). */
  'PATCH /apps/{app}': {
    path: {
      app: number;
    };
    query: undefined;
    body: {
      name?: string;
      imEnabled?: boolean;
      /** owner only */
      active?: boolean;
    };
    answer: App;
  };
  /** Changes policies; those left out stay. Sessions take them up at their next login. */
  'PATCH /apps/{app}/settings': {
    path: {
      app: number;
    };
    query: undefined;
    body: Record<string, unknown>;
    answer: App;
  };
  /** Every policy: bounds, default, meaning. */
  'GET /policies': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      policies: Array<Policy>;
    };
  };
  /** The app's keys. Audited. */
  'POST /apps/{app}/secrets/reveal': {
    path: {
      app: number;
    };
    query: undefined;
    body: undefined;
    answer: Secrets;
  };
  /**
   * Makes a new key; the old one stays valid for overlapS. {secret}: appSign, serverSecret,
   * callbackSecret.
   */
  'POST /apps/{app}/secrets/{secret}/rotate': {
    path: {
      app: number;
      secret: string;
    };
    query: undefined;
    body: {
      /** 0 voids the old one at once. */
      overlapS: number;
    };
    answer: {
      value: string;
      /** Unix time in ms */
      oldValidUntil: number | null;
    };
  };
  /** Voids the old key now. */
  'POST /apps/{app}/secrets/{secret}/retire': {
    path: {
      app: number;
      secret: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Vendors that this server can speak to, and what their credentials need. */
  'GET /vendors': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      vendors: Array<VendorKind>;
    };
  };
  /** Push credentials, without secrets. */
  'GET /apps/{app}/credentials': {
    path: {
      app: number;
    };
    query: undefined;
    body: undefined;
    answer: {
      credentials: Array<Credential>;
    };
  };
  /** Checks a credential without storing it. */
  'POST /apps/{app}/credentials/check': {
    path: {
      app: number;
    };
    query: undefined;
    body: CredentialCheck;
    answer: CredentialFindings;
  };
  /** Sets or replaces a credential, checked first. */
  'PUT /apps/{app}/credentials/{vendor}/{appType}': {
    path: {
      app: number;
      vendor: string;
      appType: 1 | 2;
    };
    query: undefined;
    body: CredentialInput;
    answer: Credential;
  };
  /** Removes a credential. */
  'DELETE /apps/{app}/credentials/{vendor}/{appType}': {
    path: {
      app: number;
      vendor: string;
      appType: 1 | 2;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /**
   * Asks the vendor once whether it takes the credential: a test message to this PushID, or,
   * without one, to a token that cannot exist.
   */
  'POST /apps/{app}/credentials/{vendor}/{appType}/test': {
    path: {
      app: number;
      vendor: string;
      appType: 1 | 2;
    };
    query: undefined;
    body: {
      pushID?: string;
    };
    answer: CredentialTest;
  };
  /** Ends its alarms, and a pause at once. */
  'POST /apps/{app}/credentials/{vendor}/{appType}/resume': {
    path: {
      app: number;
      vendor: string;
      appType: 1 | 2;
    };
    query: undefined;
    body: undefined;
    answer: {
      /** Alarms that were ended. */
      ended: number;
    };
  };
  /** Strategies by name. */
  'GET /apps/{app}/strategies': {
    path: {
      app: number;
    };
    query: undefined;
    body: undefined;
    answer: {
      strategies: Array<Strategy>;
      /** How many an app may have. */
      most: number;
    };
  };
  /** Sets or replaces a strategy. */
  'PUT /apps/{app}/strategies/{resourcesID}': {
    path: {
      app: number;
      resourcesID: string;
    };
    query: undefined;
    body: {
      options: Record<string, unknown>;
    };
    answer: Strategy;
  };
  /** Removes a strategy. */
  'DELETE /apps/{app}/strategies/{resourcesID}': {
    path: {
      app: number;
      resourcesID: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The exact request that a notice would become. Nothing is sent. */
  'POST /apps/{app}/strategies-preview': {
    path: {
      app: number;
    };
    query: undefined;
    body: PreviewInput;
    answer: VendorRequest;
  };
  /** Who would be pushed for a message in a conversation now, who not, and why. Nothing is sent. */
  'POST /apps/{app}/dry-run': {
    path: {
      app: number;
    };
    query: undefined;
    body: Supposed;
    answer: Foreseen;
  };
  /** The same for a debugging notice to a user or PushID. */
  'POST /apps/{app}/debug/dry-run': {
    path: {
      app: number;
    };
    query: undefined;
    body: DebugInput;
    answer: Foreseen;
  };
  /** Sends it through the whole way of a real message or call. Follow the trace. */
  'POST /apps/{app}/debug/send': {
    path: {
      app: number;
    };
    query: undefined;
    body: DebugInput;
    answer: DebugSent;
  };
  /** A message or call of any app that may be seen. */
  'GET /traces/{id}': {
    path: {
      id: string;
    };
    query: {
      appID?: number;
      after?: number;
    };
    body: undefined;
    answer: Trace;
  };
  /** A message or call: counts, devices with their hops, events, vendor requests. */
  'GET /apps/{app}/traces/{id}': {
    path: {
      app: number;
      id: string;
    };
    query: {
      after?: number;
    };
    body: undefined;
    answer: Trace;
  };
  /** Devices of it, a page at a time. */
  'GET /apps/{app}/traces/{id}/devices': {
    path: {
      app: number;
      id: string;
    };
    query: {
      state?: 'pending' | 'acked' | 'pushed' | 'suppressed' | 'expired' | 'retracted' | 'failed';
      userID?: string;
      after?: string;
      count?: number;
    };
    body: undefined;
    answer: TraceDevices;
  };
  /** All of it as one JSON file (Content-Disposition: attachment). */
  'GET /apps/{app}/traces/{id}/export': {
    path: {
      app: number;
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** What was to be pushed, newest first. All filters together. */
  'GET /apps/{app}/traces': {
    path: {
      app: number;
    };
    query: {
      userID?: string;
      pushID?: string;
      deviceID?: string;
      senderUserID?: string;
      kind?: 'message' | 'call';
      outcome?: 'pending' | 'acked' | 'pushed' | 'suppressed' | 'expired' | 'retracted' | 'failed';
      from?: number;
      to?: number;
      before?: string;
      count?: number;
    };
    body: undefined;
    answer: TraceHeads;
  };
  /** Users by ID. */
  'GET /apps/{app}/users': {
    path: {
      app: number;
    };
    query: {
      prefix?: string;
      after?: string;
      count?: number;
    };
    body: undefined;
    answer: {
      users: Array<UserLine>;
      /** `after` of the next page. */
      next: string | null;
    };
  };
  /** Sessions, devices and PushIDs of a user. */
  'GET /apps/{app}/users/{user}': {
    path: {
      app: number;
      user: string;
    };
    query: undefined;
    body: undefined;
    answer: User;
  };
  /** What became of a user's newest messages and calls, a line a device. */
  'GET /apps/{app}/users/{user}/traces': {
    path: {
      app: number;
      user: string;
    };
    query: {
      before?: string;
      count?: number;
      deviceID?: string;
    };
    body: undefined;
    answer: TraceLines;
  };
  /** Puts sessions out (close code 4101); all of them, or one. */
  'POST /apps/{app}/users/{user}/kick': {
    path: {
      app: number;
      user: string;
    };
    query: undefined;
    body: {
      sessionID?: string;
    };
    answer: {
      ended: number;
    };
  };
  /** One PushID. */
  'GET /apps/{app}/push-ids/{pushID}': {
    path: {
      app: number;
      pushID: string;
    };
    query: undefined;
    body: undefined;
    answer: {
      pushID: PushID;
      newest: TraceLines;
    };
  };
  /** Parts a PushID from its user until the next login on the device. */
  'POST /apps/{app}/push-ids/{pushID}/unbind': {
    path: {
      app: number;
      pushID: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** How things are now. */
  'GET /dashboard': {
    path: undefined;
    query: {
      appID?: number;
    };
    body: undefined;
    answer: Now;
  };
  /** How things were: minutes of the last two days, hours of the last ninety. */
  'GET /series': {
    path: undefined;
    query: {
      appID?: number;
      span: 'minute' | 'hour';
      from: number;
      to?: number;
    };
    body: undefined;
    answer: Series;
  };
  /** Trouble that only people can end. */
  'GET /alarms': {
    path: undefined;
    query: {
      appID?: number;
    };
    body: undefined;
    answer: {
      alarms: Array<Alarm>;
    };
  };
  /** Makes a login token for a user. */
  'POST /apps/{app}/token04': {
    path: {
      app: number;
    };
    query: undefined;
    body: TokenInput;
    answer: Token;
  };
  /** Reads a token with this app's ServerSecret. */
  'POST /apps/{app}/token04/decode': {
    path: {
      app: number;
    };
    query: undefined;
    body: DecodeInput;
    answer: Decoded;
  };
}
