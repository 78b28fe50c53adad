/**
 * Settings of an Azure cloud, with the values of the Azure CLI
 * (Azure/azure-cli, azure-cli-core/azure/cli/core/cloud.py): the token scope of Batch, and the
 * address of Azure Resource Manager, whose token scope is its own address.
 */
export interface Cloud {
  readonly batchScope: string;
  readonly management: string;
}

const PUBLIC: Cloud = {
  batchScope: 'https://batch.core.windows.net/.default',
  management: 'https://management.azure.com',
};

const others: readonly (readonly [string, Cloud])[] = [
  [
    '.batch.usgovcloudapi.net',
    {
      batchScope: 'https://batch.core.usgovcloudapi.net/.default',
      management: 'https://management.usgovcloudapi.net',
    },
  ],
  [
    '.batch.chinacloudapi.cn',
    {
      batchScope: 'https://batch.chinacloudapi.cn/.default',
      management: 'https://management.chinacloudapi.cn',
    },
  ],
];

/** Recognizes the cloud by the domain of the Batch endpoint. */
export function cloudOf(batchEndpoint: string): Cloud {
  const { hostname } = new URL(batchEndpoint);
  return others.find(([end]) => hostname.endsWith(end))?.[1] ?? PUBLIC;
}
