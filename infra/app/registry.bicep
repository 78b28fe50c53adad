import { grant } from 'grant.bicep'

param name string
param anonymousPull bool
param location string
param tags object
param grants grant[]

var roles = loadJsonContent('../roles.json')

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: location
  tags: tags
  // Basic has no anonymous pull.
  sku: { name: anonymousPull ? 'Standard' : 'Basic' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: anonymousPull
  }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for entry in grants: {
    name: guid(registry.id, entry.principalId, roles[entry.role])
    scope: registry
    properties: {
      principalId: entry.principalId
      principalType: entry.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[entry.role])
    }
  }
]

output loginServer string = registry.properties.loginServer
