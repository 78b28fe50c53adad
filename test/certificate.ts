import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { certificateIn, type Certificate } from '../local/certificate';

/**
 * The certificate of all servers that tests open. A process trusts it only when it is named in
 * NODE_EXTRA_CA_CERTS before the process starts, so it is made by the configuration of the tests.
 */
export async function certificateOfTests(): Promise<Certificate> {
  const folder = join(__dirname, '..', '.nightshift', 'test');
  if (!existsSync(folder)) {
    // Two first runs at once: each makes its own, and one of them is moved into place.
    mkdirSync(dirname(folder), { recursive: true });
    const fresh = mkdtempSync(`${folder}-`);
    await certificateIn(fresh);
    try {
      renameSync(fresh, folder);
    } catch {
      rmSync(fresh, { recursive: true });
    }
  }
  return certificateIn(folder);
}
