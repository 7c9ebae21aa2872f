/** Starts a server for a browser test and stops it: `hongyan dev` on a free port with its own data folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;

/** The program under test; `HONGYAN_BIN` names another build. */
const PROGRAM = process.env.HONGYAN_BIN ?? join(ROOT, 'target/debug/hongyan');

/**
 * Starts it; resolves to its http address, a function that stops it and removes its data, and what it said of
 * itself in its first line (`dev`; none for a server that ran already) with its data folder.
 */
export async function startServer() {
  // A server that runs already, for working on the page.
  if (process.env.HONGYAN_URL) return { url: process.env.HONGYAN_URL, stop: async () => undefined };
  const data = await mkdtemp(join(tmpdir(), 'hongyan-demo-'));
  const args = ['dev', '--port', '0', '--data', data, '--json'];
  const child = spawn(PROGRAM, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      child.kill('SIGTERM');
      await once(child, 'exit');
      clearTimeout(timer);
    }
    await rm(data, { recursive: true, force: true });
  };
  try {
    const dev = JSON.parse(await firstLine(child));
    return { url: dev.server, stop, dev, data };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

async function firstLine(child) {
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(START_MS_MAX);
  const failed = once(child, 'error', { signal }).then(([error]) => Promise.reject(error));
  const ended = once(child, 'exit', { signal }).then(([code]) =>
    Promise.reject(new Error(`ended with ${code}`)),
  );
  const [line] = await Promise.race([once(lines, 'line', { signal }), failed, ended]);
  return line;
}
