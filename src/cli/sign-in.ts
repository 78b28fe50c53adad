/** The site in Azure whose key is wanted: by its resource id, or by the host of its address. */
export type SiteChoice =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'host'; readonly host: string };

const SITE_ID =
  /^\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/Microsoft\.Web\/sites\/[^/?#]+(\/slots\/[^/?#]+)?$/i;

export function isSiteId(text: string): boolean {
  return SITE_ID.test(text);
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True for an address of this machine, which needs neither a sign-in nor TLS. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.has(new URL(url).hostname);
}

const PUBLIC_CLOUD = 'https://management.azure.com';

/** Fetches keys from the Azure Resource Manager of the cloud. The SDK loads when it is needed. */
export function keyFetcher(
  environment: Readonly<Record<string, string | undefined>>,
): (site: SiteChoice) => Promise<string> {
  const management = (environment['NIGHTSHIFT_MANAGEMENT'] || PUBLIC_CLOUD).replace(/\/+$/, '');
  return async (site) => {
    const { hostKeyAsSignedIn } = await import('../azure/signed-in.js');
    return hostKeyAsSignedIn(management, site);
  };
}
