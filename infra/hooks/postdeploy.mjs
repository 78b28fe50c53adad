// After `azd deploy`: subscribes the app to Event Grid's events on new blobs. The address holds a key
// that the app makes when it first starts, so no template can do this. A subscription that is up to
// date is not changed; one of a function that no longer exists is deleted.

import { app, manage, runHook, say, settings, waitFor } from './azure.mjs';

const PREFIX = 'blob-';
const VERSION = 'api-version=2025-02-15';
/** Attempts of Event Grid to deliver an event. */
const MAX_ATTEMPTS = 3;

await runHook(async () => {
  const [subscription, group, site, topic] = settings(
    'AZURE_SUBSCRIPTION_ID',
    'AZURE_RESOURCE_GROUP',
    'SERVICE_APP_NAME',
    'NIGHTSHIFT_EVENT_TOPIC',
  );
  const [url] = settings('SERVICE_APP_URL');
  const base = `/subscriptions/${subscription}/resourceGroups/${group}/providers`;
  const sitePath = `${base}/Microsoft.Web/sites/${site}`;
  const topicPath = `${base}/Microsoft.EventGrid/systemTopics/${topic}/eventSubscriptions`;

  await removeOthers(topicPath);
  if (app.blobTriggers.length === 0) return;
  const key = await waitFor(`the key of ${site} for blob events`, () => blobKey(sitePath));
  for (const trigger of app.blobTriggers) await subscribe(topicPath, url, key, trigger);
});

async function blobKey(sitePath) {
  const keys = await manage('POST', `${sitePath}/host/default/listKeys?api-version=2024-11-01`);
  return keys?.systemKeys?.blobs_extension;
}

async function subscribe(topicPath, url, key, trigger) {
  const name = `${PREFIX}${trigger.function}`;
  const path = `${topicPath}/${name}`;
  const wanted = subscriptionFor(url, key, trigger);
  if (await isRight(path, wanted)) {
    say(`event subscription ${name}: right already`);
    return;
  }
  let attempts = 0;
  const ask = async () => {
    attempts += 1;
    await manage('PUT', `${path}?${VERSION}`, wanted);
  };
  await ask();
  // Event Grid first asks the app whether it wants these events, and an app may be slow to wake.
  await waitFor(`event subscription ${name}`, async () => {
    const state = (await manage('GET', `${path}?${VERSION}`))?.properties?.provisioningState;
    if (state === 'Failed' && attempts === MAX_ATTEMPTS) {
      throw new Error(`event subscription ${name}: the app did not answer Event Grid at ${url}`);
    }
    if (state === 'Failed') await ask();
    return state === 'Succeeded' ? true : undefined;
  });
  say(`event subscription ${name}: set for container ${trigger.container}`);
}

function subscriptionFor(url, key, { function: name, container }) {
  const query = new URLSearchParams({ functionName: `Host.Functions.${name}`, code: key });
  return {
    properties: {
      destination: {
        endpointType: 'WebHook',
        properties: { endpointUrl: `${url}/runtime/webhooks/blobs?${query}` },
      },
      filter: {
        includedEventTypes: ['Microsoft.Storage.BlobCreated'],
        subjectBeginsWith: `/blobServices/default/containers/${container}/`,
      },
      eventDeliverySchema: 'EventGridSchema',
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 },
    },
  };
}

async function isRight(path, { properties: wanted }) {
  const there = (await manage('GET', `${path}?${VERSION}`))?.properties;
  if (there?.provisioningState !== 'Succeeded') return false;
  const full = await manage('POST', `${path}/getFullUrl?${VERSION}`);
  return (
    full?.endpointUrl === wanted.destination.properties.endpointUrl &&
    there.filter?.subjectBeginsWith === wanted.filter.subjectBeginsWith &&
    JSON.stringify(there.filter?.includedEventTypes) ===
      JSON.stringify(wanted.filter.includedEventTypes)
  );
}

/** Ours are known by their names; those of other people are left alone. */
async function removeOthers(topicPath) {
  const wanted = new Set(app.blobTriggers.map(({ function: name }) => `${PREFIX}${name}`));
  const all = (await manage('GET', `${topicPath}?${VERSION}`))?.value ?? [];
  for (const { name } of all) {
    if (!name.startsWith(PREFIX) || wanted.has(name)) continue;
    await manage('DELETE', `${topicPath}/${name}?${VERSION}`);
    say(`event subscription ${name}: its function is gone, taken away`);
  }
}
