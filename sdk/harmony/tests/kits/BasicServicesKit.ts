/** Basic Services Kit, played: it has only types. */

export {};
