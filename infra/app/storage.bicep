// One account for the host's own state, the app's package, inputs and runs. No keys: every caller
// comes with an identity, nodes with a signature that the app's identity stands behind.
import { grant } from 'grant.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param containers string[]
@description('The longest that any workload keeps its outputs, in days.')
param keepDays int
param isPrivate bool
param workspaceId string
param grants grant[]

var roles = loadJsonContent('../roles.json')

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      // Event Grid and Batch are such services.
      bypass: 'AzureServices'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    // Restores inputs that somebody deletes or overwrites. It does not keep the blobs of a container
    // that is deleted.
    deleteRetentionPolicy: { enabled: true, days: 7 }
    // Off: the app deletes the staging container of a run, which holds its secrets and inputs, and
    // that container must not be restorable.
    containerDeleteRetentionPolicy: { enabled: false }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

// The app deletes what it made. This is for the day when there is no app any more.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'outputs-of-runs'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['run-'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: keepDays + 7 } } }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
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

// What was changed and what was deleted; reads would outnumber both a thousandfold.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'nightshift'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
output name string = account.name
output endpoints object = {
  blob: account.properties.primaryEndpoints.blob
  queue: account.properties.primaryEndpoints.queue
  table: account.properties.primaryEndpoints.table
}
