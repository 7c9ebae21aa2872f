/** Every type and enum of the public API. */

export * from './call.js';
export * from './common.js';
export * from './conversation.js';
export * from './enums.js';
export * from './enums-later.js';
export * from './error-code.js';
export * from './events.js';
export * from './group.js';
export * from './message.js';
export * from './user.js';
