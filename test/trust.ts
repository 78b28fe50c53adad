import { certificateOfTests } from './certificate';

/** Runs once, in the process that starts the workers, and hands the certificate on to all of them. */
export async function setup(): Promise<void> {
  const { certFile } = await certificateOfTests();
  // oxlint-disable-next-line eslint/no-restricted-properties -- read by Node when a worker starts
  process.env['NODE_EXTRA_CA_CERTS'] = certFile;
}
