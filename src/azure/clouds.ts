/**
 * What differs from cloud to cloud, told by the end of the Batch endpoint, as the Azure CLI has it
 * (Azure/azure-cli, azure-cli-core/azure/cli/core/cloud.py): for whom Batch takes tokens, and where
 * Azure Resource Manager is, which takes tokens for its own address.
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

export function cloudOf(batchEndpoint: string): Cloud {
  const { hostname } = new URL(batchEndpoint);
  return others.find(([end]) => hostname.endsWith(end))?.[1] ?? PUBLIC;
}
