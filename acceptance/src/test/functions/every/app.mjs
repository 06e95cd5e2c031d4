// What ./lambic test runtimes asks of every Node.js.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

const actions = {
  version: () => `nodejs${process.versions.node.split('.')[0]}.x`,
  echo: (event) => event.value,
  fail: () => {
    throw new RangeError('no luck');
  },
  environment: () => process.env,
  libraries: () => [
    Number(gunzipSync(gzipSync('21')).toString()),
    createHash('sha256').update('x').digest('hex').slice(0, 8),
    new Intl.DateTimeFormat('de', { timeZone: 'Europe/Berlin' }).resolvedOptions().timeZone,
  ],
  shell: () => {
    console.log('printed');
    return execFileSync('sh', ['-c', 'echo hello | sed s/h/j/']).toString().trim();
  },
};

export const handler = async (event) => actions[event.do](event);
