import { expect, test } from 'vitest';
import { planting } from './deployment';
import { ofType, profile, theOne, type PlainObject } from './planned';

type Planting = Readonly<Record<string, string>>;

const everything = profile('everything');
const NETWORK = 'Microsoft.Network/virtualNetworks';
const network = `${NETWORK}/vnet-*`;

interface Subnet {
  readonly name: string;
  readonly properties: { readonly addressPrefix: string } & PlainObject;
}

interface Network {
  readonly addressSpace: { readonly addressPrefixes: readonly string[] };
  readonly subnets: readonly Subnet[];
}

function networkWith(planted: Planting = {}): Network {
  const [one] = ofType(everything, NETWORK, planted);
  return one?.properties as unknown as Network;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** @throws Error for a range that does not begin where one of its size can */
function rangeOf(prefix: string): Range {
  const [address = '', bits = ''] = prefix.split('/');
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  if (first % size !== 0) throw new Error(`${prefix} does not begin at a multiple of its size`);
  return { first, last: first + size - 1 };
}

function* mistakesIn({ addressSpace, subnets }: Network): Generator<string> {
  const spaces = addressSpace.addressPrefixes.map(rangeOf);
  const ranges = subnets.map(({ name, properties }) => ({
    name,
    ...rangeOf(properties.addressPrefix),
  }));
  for (const { name, first, last } of ranges)
    if (!spaces.some((space) => space.first <= first && last <= space.last))
      yield `${name} is outside the network`;
  for (const [index, one] of ranges.entries())
    for (const other of ranges.slice(index + 1))
      if (one.first <= other.last && other.first <= one.last)
        yield `${one.name} and ${other.name} overlap`;
}

test('the subnets are inside their network and share no address', () => {
  expect([...mistakesIn(networkWith())]).toEqual([]);
});

test.each([
  [
    'a subnet outside the network',
    '10.20.1.0/24',
    '10.21.1.0/24',
    ['endpoints is outside the network'],
  ],
  ['subnets that overlap', '10.20.1.0/24', '10.20.5.0/24', ['endpoints and nodes overlap']],
])('found: %s', (_, from, to, mistakes) => {
  const planted = planting('infra/app/network.bicep', from, to);
  expect([...mistakesIn(networkWith(planted))]).toEqual(mistakes);
});

const guarded = {
  addressPrefix: expect.any(String) as string,
  defaultOutboundAccess: false,
  networkSecurityGroup: { id: 'Microsoft.Network/networkSecurityGroups/nsg-*' },
};
const leaving = { natGateway: { id: 'Microsoft.Network/natGateways/ng-*' } };

test('app and nodes leave the network by its gateway only; the app has the subnet that Flex Consumption requires', () => {
  const subnets = networkWith().subnets.map(({ name, properties }) => [name, properties]);
  expect(Object.fromEntries(subnets)).toEqual({
    app: {
      ...guarded,
      ...leaving,
      delegations: [
        { name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } },
      ],
    },
    endpoints: { ...guarded, privateEndpointNetworkPolicies: 'Enabled' },
    nodes: { ...guarded, ...leaving },
  });
});

test('a pool of a thousand nodes fits into its subnet', () => {
  const nodes = networkWith().subnets.find(({ name }) => name === 'nodes');
  const { first, last } = rangeOf(nodes?.properties.addressPrefix ?? '');
  // Azure keeps five addresses of each subnet.
  expect(last - first + 1 - 5).toBeGreaterThanOrEqual(1000);
});

test('the gateway has one static address', () => {
  const address = theOne(everything, 'Microsoft.Network/publicIPAddresses');
  expect(address.body['sku']).toEqual({ name: 'Standard' });
  expect(address.properties).toEqual({ publicIPAllocationMethod: 'Static' });
  const gateway = theOne(everything, 'Microsoft.Network/natGateways');
  expect(gateway.body['sku']).toEqual({ name: 'Standard' });
  expect(gateway.properties).toEqual({ publicIpAddresses: [{ id: address.id }] });
});

test('the security group allows no inbound traffic beyond its default rules', () => {
  expect(theOne(everything, 'Microsoft.Network/networkSecurityGroups').properties).toEqual({});
});

const account = 'Microsoft.Storage/storageAccounts/st*';
const vault = 'Microsoft.KeyVault/vaults/kv-*';
const batch = 'Microsoft.Batch/batchAccounts/ba*';

/** learn.microsoft.com/azure/private-link/private-endpoint-dns: part, zone and resource. */
const endpoints = [
  ['blob', 'blob', 'privatelink.blob.core.windows.net', account],
  ['queue', 'queue', 'privatelink.queue.core.windows.net', account],
  ['table', 'table', 'privatelink.table.core.windows.net', account],
  ['vault', 'vault', 'privatelink.vaultcore.azure.net', vault],
  ['batch', 'batchAccount', 'privatelink.batch.azure.com', batch],
  ['nodes', 'nodeManagement', 'privatelink.batch.azure.com', batch],
] as const;

test('each part of an account has its endpoint in the right subnet, and its name in the right zone', () => {
  const made = ofType(everything, 'Microsoft.Network/privateEndpoints');
  const groups = ofType(everything, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups');
  const found = made.map(({ id, properties }) => [
    id,
    properties,
    groups.filter((group) => group.id.startsWith(`${id}/`)).map((group) => group.properties),
  ]);
  expect(found).toEqual(
    endpoints.map(([name, part, zone, resource]) => [
      `Microsoft.Network/privateEndpoints/pep-*-${name}`,
      {
        subnet: { id: `${network}/subnets/endpoints` },
        privateLinkServiceConnections: [
          { name, properties: { privateLinkServiceId: resource, groupIds: [part] } },
        ],
      },
      [
        {
          privateDnsZoneConfigs: [
            {
              name,
              properties: { privateDnsZoneId: `Microsoft.Network/privateDnsZones/${zone}` },
            },
          ],
        },
      ],
    ]),
  );
});

test('each zone exists once, is global, and is linked to the network', () => {
  const ZONES = 'Microsoft.Network/privateDnsZones';
  const zones = ofType(everything, ZONES);
  expect(zones.map(({ name }) => name)).toEqual([...new Set(endpoints.map(([, , zone]) => zone))]);
  const links = ofType(everything, `${ZONES}/virtualNetworkLinks`);
  expect(links.map(({ id, properties }) => [id, properties])).toEqual(
    zones.map(({ id }) => [
      `${id}/virtualNetworkLinks/nightshift`,
      { registrationEnabled: false, virtualNetwork: { id: network } },
    ]),
  );
  expect([...zones, ...links].map(({ version, body }) => [version, body['location']])).toEqual(
    [...zones, ...links].map(() => ['2020-06-01', 'global']),
  );
});

test('without a network none of its resources exist', () => {
  const plain = profile('plain');
  const types = [
    NETWORK,
    'Microsoft.Network/privateEndpoints',
    'Microsoft.Network/privateDnsZones',
  ];
  expect(types.flatMap((type) => ofType(plain, type))).toEqual([]);
});
