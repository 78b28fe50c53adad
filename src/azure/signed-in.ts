import { DefaultAzureCredential } from '@azure/identity';
import { hostKeyOf, type Site } from './host-key';

/** The function key of a deployed app, for the identity that is signed in on this machine. */
export function hostKeyAsSignedIn(management: string, site: Site): Promise<string> {
  return hostKeyOf({ management, credential: new DefaultAzureCredential() }, site);
}
