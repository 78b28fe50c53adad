import type { TokenCredential } from '@azure/identity';
import { contradicted, confirmed, notChecked, type Finding } from './assumption';
import { refusalOf } from './refusal';

export interface AlertQuery {
  /** Address of Azure Resource Manager. */
  readonly management: string;
  readonly credential: TokenCredential;
  /** `/subscriptions/<id>/resourceGroups/<name>` of the app. */
  readonly resourceGroup: string;
  /** ISO 8601: the alert has to fire after it. */
  readonly since: string;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly polls: number;
}

interface FiredAlert {
  readonly properties: {
    readonly essentials: { readonly alertRule: string; readonly startDateTime: string };
  };
}

const API_VERSION = '2019-03-01';
const POLL_EVERY_MS = 60_000;
/** The rule on runs that did not succeed, in infra/app/alerts.bicep; alerts name it by its resource id. */
const RULE = /(^|\/)RunFailed$/i;

/**
 * Waits for the alert on failed runs. Azure Monitor evaluates a rule on logs every few minutes, and
 * logs arrive minutes late: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types
 */
export async function checkAlert(query: AlertQuery): Promise<Finding> {
  for (let polls = 0; polls < query.polls; polls++) {
    const seen = await firedAlerts(query).catch(refusalOf);
    if (typeof seen === 'string')
      return notChecked('alert-fires', `the alerts could not be listed: ${seen}`);
    const fired = seen.find(
      ({ properties: { essentials } }) =>
        RULE.test(essentials.alertRule) && essentials.startDateTime >= query.since,
    );
    if (fired !== undefined) {
      const { alertRule, startDateTime } = fired.properties.essentials;
      return confirmed('alert-fires', `${alertRule} fired at ${startDateTime}`);
    }
    await query.sleep(POLL_EVERY_MS);
  }
  return contradicted('alert-fires', `the rule did not fire within ${query.polls} minutes`);
}

async function firedAlerts({
  management,
  credential,
  resourceGroup,
}: AlertQuery): Promise<readonly FiredAlert[]> {
  const token = await credential.getToken(`${management}/.default`);
  const path = `${resourceGroup}/providers/Microsoft.AlertsManagement/alerts`;
  const query = `api-version=${API_VERSION}&timeRange=1h`;
  const response = await fetch(`${management}${path}?${query}`, {
    headers: { authorization: `Bearer ${token?.token ?? ''}` },
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return ((await response.json()) as { readonly value: readonly FiredAlert[] }).value;
}
