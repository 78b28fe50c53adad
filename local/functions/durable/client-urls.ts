/** The addresses of a hub: those that the client binding gives the app, and those for callers. */
export interface HubAddresses {
  readonly hubName: string;
  /** The setting that names the storage. It is part of the addresses, and is not evaluated. */
  readonly connectionName: string;
  /** Scheme, host and port of the HTTP front end. */
  readonly origin: string;
  /** Ends in a slash. */
  readonly rpcBaseUrl: string;
  /** The key that the HTTP front end requires, if it requires one. */
  readonly systemKey: string | undefined;
}

export const WEBHOOK_PATH = '/runtime/webhooks/durabletask';

/** The value of a `durableClient` binding, as JSON text. */
export function clientBindingValue(addresses: HubAddresses): string {
  const base = `${addresses.origin}${WEBHOOK_PATH}`;
  const code = keyQuery(addresses);
  const create = `${base}/orchestrators/{functionName}[/{instanceId}]?`;
  return JSON.stringify({
    taskHubName: addresses.hubName,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${create}${code}`,
      createAndWaitOnNewInstancePostUri: `${create}timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${code}`,
    },
    managementUrls: managementUrls(addresses, 'INSTANCEID'),
    baseUrl: base,
    requiredQueryStringParameters: code,
    rpcBaseUrl: addresses.rpcBaseUrl,
    httpBaseUrl: null,
  });
}

export interface ManagementUrls {
  readonly id: string;
  readonly statusQueryGetUri: string;
  readonly sendEventPostUri: string;
  readonly terminatePostUri: string;
  readonly rewindPostUri: string;
  readonly purgeHistoryDeleteUri: string;
  readonly restartPostUri: string;
  readonly suspendPostUri: string;
  readonly resumePostUri: string;
}

export function managementUrls(addresses: HubAddresses, id: string): ManagementUrls {
  const instance = `${addresses.origin}${WEBHOOK_PATH}/instances/${encodeURIComponent(id)}`;
  const hub = encodeURIComponent(addresses.hubName);
  const connection = encodeURIComponent(addresses.connectionName);
  const code = keyQuery(addresses);
  const query = `taskHub=${hub}&connection=${connection}${code === '' ? '' : `&${code}`}`;
  return {
    id,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

function keyQuery({ systemKey }: HubAddresses): string {
  return systemKey === undefined ? '' : `code=${encodeURIComponent(systemKey)}`;
}
