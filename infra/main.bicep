// Nightshift: everything the app needs, in one resource group of its own. `azd up` fills in the
// parameters from its environment (main.parameters.json); only the name and the place are asked for.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('The name of the azd environment. Every name below is made from it.')
param environmentName string

@minLength(1)
@description('The region. Flex Consumption and Batch must both be there.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Who deploys: may drop inputs, fetch results and store secrets. Empty gives nobody access.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal'])
param principalType string = 'User'

@maxLength(24)
@description('Unique in all of Azure; made from the environment when empty.')
param storageAccountName string = ''

@maxLength(24)
@description('Unique in its region; made from the environment when empty.')
param batchAccountName string = ''

// Sizes of the generations before v5, and Fsv2, are on Azure's list of sizes to be retired.
@allowed([
  'standard_d2ls_v5'
  'standard_d4ls_v5'
  'standard_d8ls_v5'
  'standard_d2s_v5'
  'standard_d4s_v5'
  'standard_d8s_v5'
  'standard_d2as_v5'
  'standard_d4as_v5'
  'standard_d8as_v5'
  'standard_e2s_v5'
  'standard_e4s_v5'
])
@description('The size of nodes where a workload names none.')
param poolVmSize string = 'standard_d2s_v5'

// An object: azd puts a value that is to be text between quotation marks, which JSON has of its own.
@description('Prices of a node for an hour by VM size, for plans of what a run may cost.')
param nodePrices object = {}

@description('The currency of nodePrices, of prices in workloads and of budgets, such as EUR. Empty: USD.')
param priceCurrency string = ''

@description('Email address that receives alerts. Empty: alerts are seen in the portal only.')
param alertEmail string = ''

@allowed([1, 6, 12, 24])
@description('Hours without a break with Spot nodes after which the alert says that something was left.')
param spotAlertHours int = 6

@minValue(0)
@description('A monthly budget for the resource group, in the currency of the subscription; 0 makes none.')
param budgetAmount int = 0

@description('First day of the month the budget starts, such as 2027-01-01. Azure refuses to change it later.')
param budgetStart string = ''

@minValue(1)
@maxValue(1000)
@description('The most runs of all workloads that are active at once; further ones wait.')
param maxActiveRuns int = 50

@minValue(1)
@maxValue(1000)
@description('The most runs that start within a minute; further ones wait.')
param maxStartsPerMinute int = 30

@minValue(0)
@description('The node-minutes of a month beyond which no run starts; 0 sets no bound.')
param monthlyNodeMinutes int = 0

@minValue(0)
@description('The cost of a month beyond which no run starts, in the currency of nodePrices; 0 sets no bound.')
param monthlyBudget int = 0

// An object, for the same reason as the prices.
@description('Targets that are notified of events of all workloads, by name; docs/operate.md has the fields.')
param notify object = {}

@description('OpenTelemetry collector that receives traces and metrics as OTLP over HTTP. Empty: none.')
param otlpEndpoint string = ''

@description('Name of the secret in the vault that holds the headers for the collector. Empty: no headers.')
param otlpHeadersName string = ''

@description('NCRONTAB schedule of the reconciler; an empty one leaves it to the app: every five minutes.')
param reconcileSchedule string = ''

@description('REST version of the Batch service; an empty one leaves it to the app.')
param batchApiVersion string = ''

@description('Puts storage, vault and Batch behind private endpoints, and nodes and app into a network.')
param vnetEnabled bool = false

@allowed(['none', 'private', 'anonymousPull'])
@description('A container registry. Nodes have no identity, so they pull from it only with anonymousPull.')
param registry string = 'none'

@allowed(['AzureStorage', 'DurableTaskScheduler'])
@description('Where Durable Functions keeps its state.')
param durableBackend string = 'AzureStorage'

@minValue(0)
@maxValue(5)
@description('Instances that always wait for durable work: quicker steps, at a standing cost.')
param durableAlwaysReady int = 0

@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Schedules (NCRONTAB, in UTC) by app setting; an empty one leaves it to the workload.')
param schedules object = {}

var abbreviations = loadJsonContent('abbreviations.json')
var declared = loadJsonContent('app.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var hasPerson = !empty(principalId)
var usesScheduler = durableBackend == 'DurableTaskScheduler'
var deploymentContainer = 'app-package'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module appIdentity 'app/identity.bicep' = {
  name: 'app-identity'
  scope: group
  params: { name: '${abbreviations.identity}app-${token}', location: location, tags: tags }
}

// The Batch service itself stores application packages with it. Nodes never have it: the app delivers
// packages to them.
module batchIdentity 'app/identity.bicep' = {
  name: 'batch-identity'
  scope: group
  params: { name: '${abbreviations.identity}batch-${token}', location: location, tags: tags }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: '${abbreviations.workspace}${token}'
    insightsName: '${abbreviations.insights}${token}'
    location: location
    tags: tags
    grants: [
      { principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Monitoring Metrics Publisher' }
    ]
  }
}

module network 'app/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    name: '${abbreviations.network}${token}'
    gatewayName: '${abbreviations.natGateway}${token}'
    addressName: '${abbreviations.publicAddress}${token}'
    securityGroupName: '${abbreviations.securityGroup}${token}'
    location: location
    tags: tags
    grants: [
      { principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Network Contributor' }
    ]
  }
}

module storage 'app/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: empty(storageAccountName) ? '${abbreviations.storage}${token}' : storageAccountName
    location: location
    tags: tags
    containers: union(declared.containers, [deploymentContainer])
    keepDays: declared.keepDays
    isPrivate: vnetEnabled
    workspaceId: monitoring.outputs.workspaceId
    grants: concat(
      [
        { principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Storage Blob Data Owner' }
        { principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Storage Queue Data Contributor' }
        { principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Storage Table Data Contributor' }
        { principalId: batchIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Storage Blob Data Contributor' }
      ],
      hasPerson ? [{ principalId: principalId, principalType: principalType, role: 'Storage Blob Data Contributor' }] : []
    )
  }
}

module vault 'app/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: '${abbreviations.vault}${token}'
    location: location
    tags: tags
    isPrivate: vnetEnabled
    workspaceId: monitoring.outputs.workspaceId
    grants: concat(
      [{ principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Key Vault Secrets User' }],
      hasPerson ? [{ principalId: principalId, principalType: principalType, role: 'Key Vault Secrets Officer' }] : []
    )
  }
}

// Waits for the whole storage module, its role assignments among them: Batch tries its identity on
// the storage account while the account is being made.
module batch 'app/batch.bicep' = {
  name: 'batch'
  scope: group
  params: {
    name: empty(batchAccountName) ? '${abbreviations.batch}${token}' : batchAccountName
    location: location
    tags: tags
    identityId: batchIdentity.outputs.id
    storageAccountId: storage.outputs.id
    isPrivate: vnetEnabled
    workspaceId: monitoring.outputs.workspaceId
    grants: concat(
      [{ principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Azure Batch Data Contributor' }],
      hasPerson ? [{ principalId: principalId, principalType: principalType, role: 'Azure Batch Data Contributor' }] : []
    )
  }
}

module endpoints 'app/private-endpoints.bicep' = if (vnetEnabled) {
  name: 'private-endpoints'
  scope: group
  params: {
    namePrefix: '${abbreviations.privateEndpoint}${token}'
    networkId: vnetEnabled ? network!.outputs.id : ''
    subnetId: vnetEnabled ? network!.outputs.endpointSubnetId : ''
    storageAccountId: storage.outputs.id
    vaultId: vault.outputs.id
    batchAccountId: batch.outputs.id
    location: location
    tags: tags
  }
}

module scheduler 'app/scheduler.bicep' = if (usesScheduler) {
  name: 'scheduler'
  scope: group
  params: {
    name: '${abbreviations.scheduler}${token}'
    taskHubName: declared.taskHub
    location: location
    tags: tags
    grants: concat(
      [{ principalId: appIdentity.outputs.principalId, principalType: 'ServicePrincipal', role: 'Durable Task Data Contributor' }],
      hasPerson ? [{ principalId: principalId, principalType: principalType, role: 'Durable Task Data Contributor' }] : []
    )
  }
}

module functions 'app/functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    planName: '${abbreviations.plan}${token}'
    name: '${abbreviations.app}${token}'
    location: location
    tags: tags
    nodeVersion: nodeVersion
    identityId: appIdentity.outputs.id
    identityClientId: appIdentity.outputs.clientId
    storageEndpoints: storage.outputs.endpoints
    deploymentContainer: deploymentContainer
    batchEndpoint: batch.outputs.endpoint
    batchAccountId: batch.outputs.id
    batchApiVersion: batchApiVersion
    vaultUri: vault.outputs.uri
    insightsConnection: monitoring.outputs.insightsConnection
    workspaceId: monitoring.outputs.workspaceId
    poolVmSize: poolVmSize
    nodePrices: empty(nodePrices) ? '' : string(nodePrices)
    priceCurrency: priceCurrency
    maxActiveRuns: maxActiveRuns
    maxStartsPerMinute: maxStartsPerMinute
    monthlyNodeMinutes: monthlyNodeMinutes
    monthlyBudget: monthlyBudget
    notify: empty(notify) ? '' : string(notify)
    otlpEndpoint: otlpEndpoint
    otlpHeadersName: otlpHeadersName
    reconcileSchedule: reconcileSchedule
    appSubnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    nodeSubnetId: vnetEnabled ? network!.outputs.nodeSubnetId : ''
    schedulerEndpoint: usesScheduler ? scheduler!.outputs.endpoint : ''
    durableAlwaysReady: durableAlwaysReady
    schedules: schedules
  }
  // What the app reaches for as soon as it starts has to be reachable by then.
  dependsOn: [endpoints]
}

module events 'app/events.bicep' = {
  name: 'events'
  scope: group
  params: {
    topicName: '${abbreviations.eventTopic}${token}'
    storageAccountId: storage.outputs.id
    location: location
    tags: tags
  }
}

module images 'app/registry.bicep' = if (registry != 'none') {
  name: 'registry'
  scope: group
  params: {
    name: '${abbreviations.registry}${token}'
    anonymousPull: registry == 'anonymousPull'
    location: location
    tags: tags
    grants: hasPerson ? [{ principalId: principalId, principalType: principalType, role: 'AcrPush' }] : []
  }
}

module alerts 'app/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    actionGroupName: '${abbreviations.actionGroup}${token}'
    email: alertEmail
    batchAccountId: batch.outputs.id
    insightsId: monitoring.outputs.insightsId
    workspaceId: monitoring.outputs.workspaceId
    location: location
    reconcileSchedule: reconcileSchedule
    spotHours: spotAlertHours
    tags: tags
  }
}

module budget 'app/budget.bicep' = if (budgetAmount > 0 && !empty(budgetStart) && !empty(alertEmail)) {
  name: 'budget'
  scope: group
  params: {
    name: '${abbreviations.budget}${token}'
    amount: budgetAmount
    start: budgetStart
    email: alertEmail
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = subscription().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_APP_NAME string = functions.outputs.name
output SERVICE_APP_URL string = functions.outputs.url
output BATCH_ACCOUNT_ENDPOINT string = batch.outputs.endpoint
output NIGHTSHIFT_BATCH_ACCOUNT string = batch.outputs.name
output NIGHTSHIFT_STORAGE_ACCOUNT string = storage.outputs.name
output NIGHTSHIFT_VAULT string = vault.outputs.name
output NIGHTSHIFT_EVENT_TOPIC string = events.outputs.topicName
output NIGHTSHIFT_REGISTRY string = registry == 'none' ? '' : images!.outputs.loginServer
