// The account alone: a run makes its pool and deletes it, so that nothing is left to be billed.
import { grant } from 'grant.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param identityId string
param storageAccountId string
param isPrivate bool
param workspaceId string
param grants grant[]

var roles = loadJsonContent('../roles.json')

resource account 'Microsoft.Batch/batchAccounts@2024-07-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    // Batch holds the machines, not this subscription: Spot quota is asked for on this account.
    poolAllocationMode: 'BatchService'
    // Entra alone: neither account keys, nor tokens that tasks could get hold of.
    allowedAuthenticationModes: ['AAD']
    // With an identity and no nodeIdentityReference: nodes would need an identity too, which only
    // pools made by Resource Manager have. Keys would need shared keys on the storage account.
    autoStorage: {
      storageAccountId: storageAccountId
      authenticationMode: 'BatchAccountManagedIdentity'
    }
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for entry in grants: {
    name: guid(account.id, entry.principalId, roles[entry.role])
    scope: account
    properties: {
      principalId: entry.principalId
      principalType: entry.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[entry.role])
    }
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'nightshift'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = account.id
output name string = account.name
output endpoint string = 'https://${account.properties.accountEndpoint}'
