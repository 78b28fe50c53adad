// The app on Flex Consumption: no instance while there is nothing to do, unless always-ready ones
// are asked for.
param planName string
param name string
param location string
param tags object
param nodeVersion string
param identityId string
param identityClientId string
param storageEndpoints object
param deploymentContainer string
param batchEndpoint string
param batchAccountId string
param batchApiVersion string
param vaultUri string
param insightsConnection string
param workspaceId string
param poolVmSize string
param nodePrices string
param priceCurrency string
param maxActiveRuns int
param maxStartsPerMinute int
param monthlyNodeMinutes int
param monthlyBudget int
param notify string
param otlpEndpoint string
param otlpHeadersName string
param reconcileSchedule string
param appSubnetId string
param nodeSubnetId string
param schedulerEndpoint string
param durableAlwaysReady int
param schedules object

// What the host reads, then what src/settings.ts reads. Empty ones are left out below.
var settings = union(
  {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    AzureWebJobsStorage__blobServiceUri: storageEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: storageEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: storageEndpoints.table
    APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    AZURE_CLIENT_ID: identityClientId
    BATCH_ACCOUNT_ENDPOINT: batchEndpoint
    // For plans, which look up quotas and default versions.
    BATCH_ACCOUNT_ID: batchAccountId
    BATCH_API_VERSION: batchApiVersion
    KEY_VAULT_URI: vaultUri
    // The only source that Flex Consumption has.
    BLOB_TRIGGER_SOURCE: 'EventGrid'
    POOL_VM_SIZE: poolVmSize
    POOL_SUBNET_ID: nodeSubnetId
    NODE_PRICES: nodePrices
    PRICE_CURRENCY: priceCurrency
    MAX_ACTIVE_RUNS: string(maxActiveRuns)
    MAX_STARTS_PER_MINUTE: string(maxStartsPerMinute)
    // A bound of 0 would let no run start.
    MONTHLY_NODE_MINUTES: monthlyNodeMinutes == 0 ? '' : string(monthlyNodeMinutes)
    MONTHLY_BUDGET: monthlyBudget == 0 ? '' : string(monthlyBudget)
    NOTIFY: notify
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
    // The platform replaces the reference by the secret.
    OTEL_EXPORTER_OTLP_HEADERS: empty(otlpHeadersName) ? '' : '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${otlpHeadersName})'
    RECONCILE_SCHEDULE: reconcileSchedule
  },
  empty(schedulerEndpoint)
    ? {}
    : {
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
        // These overrule host.json, which names Azure Storage.
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
      },
  schedules
)

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(appSubnetId) ? null : appSubnetId
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storageEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
        alwaysReady: durableAlwaysReady == 0 ? [] : [{ name: 'durable', instanceCount: durableAlwaysReady }]
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: toObject(
    filter(items(settings), setting => !empty(setting.value)),
    setting => setting.key,
    setting => setting.value
  )
}

// Packages are sent with an Entra token; a publishing password would be a second way in.
// Two resources and no loop: with a name that is not literal the compiler checks no property.
resource ftpPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scmPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'nightshift'
  scope: app
  properties: {
    workspaceId: workspaceId
    // No logs: Application Insights writes the lines of the app and its host to the same workspace.
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
