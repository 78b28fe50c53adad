// Durable Task Scheduler in place of tables and queues. A task hub of the one cannot be moved to
// the other: let the runs end before you switch.
import { grant } from 'grant.bicep'

param name string
param taskHubName string
param location string
param tags object
param grants grant[]

var roles = loadJsonContent('../roles.json')

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'Consumption' }
    // An empty list lets nobody in, whatever their role.
    ipAllowlist: ['0.0.0.0/0']
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHubName
  properties: {}
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for entry in grants: {
    name: guid(scheduler.id, entry.principalId, roles[entry.role])
    scope: scheduler
    properties: {
      principalId: entry.principalId
      principalType: entry.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[entry.role])
    }
  }
]

output endpoint string = scheduler.properties.endpoint
