/** The people of a test file, on a server of its own: whoever came is gone again when a test is over. */

import { afterAll, afterEach, beforeAll } from 'vitest';
import type { ZIMEventHandler } from '../../src/core.js';
import { type DevServer, Person, type PersonOptions, startDevServer } from './dev.js';

/** Who somebody is, and where. */
export interface Arrival extends PersonOptions {
  /** userID; left out: one that nobody had before. */
  as?: string;
  /** Left out: the app that `hongyan dev` made. */
  app?: DevServer;
}

/** The people of one test file. */
export class People {
  readonly #events: (keyof ZIMEventHandler)[];
  #here: Person[] = [];
  #dev: DevServer | null = null;
  #named = 0;

  constructor(events: (keyof ZIMEventHandler)[]) {
    this.#events = events;
  }

  /** The server; there from the first hook of the file on. */
  get dev(): DevServer {
    if (!this.#dev) throw new Error('the server is started before the first test, not before');
    return this.#dev;
  }

  /** A name that nothing in this file had before. */
  name(kind: string): string {
    return `${kind}-${++this.#named}`;
  }

  /** Somebody on a device of its own, logged in. */
  arrive = async (arrival: Arrival = {}): Promise<[string, Person]> => {
    const userID = arrival.as ?? this.name('user');
    const person = this.add(new Person(arrival.app ?? this.dev, arrival).listen(...this.#events));
    await person.zim.login(userID, { userName: userID.toUpperCase() });
    return [userID, person];
  };

  /** Somebody who logs in otherwise, and leaves with the rest. */
  add(person: Person): Person {
    this.#here.push(person);
    return person;
  }

  /** Everybody logs out. */
  async leave(): Promise<void> {
    const leaving = this.#here;
    this.#here = [];
    await Promise.all(leaving.map(({ zim }) => zim.logout().then(() => zim.destroy())));
  }

  async start(): Promise<void> {
    this.#dev = await startDevServer();
  }

  async stop(): Promise<void> {
    await this.#dev?.stop();
  }
}

/** Starts a server for the tests of a file; its people note what these events bring. */
export function gather(...events: (keyof ZIMEventHandler)[]): People {
  const people = new People(events);
  beforeAll(() => people.start());
  afterEach(() => people.leave());
  afterAll(() => people.stop());
  return people;
}
