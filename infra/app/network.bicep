// The private profile: nodes and app in a network of their own, which they leave through one NAT
// gateway. Nodes have no public address; Ubuntu's packages, Entra and Application Insights stay
// within reach.
import { grant } from 'grant.bicep'

param name string
param gatewayName string
param addressName string
param securityGroupName string
param location string
param tags object
param grants grant[]

var roles = loadJsonContent('../roles.json')

resource address 'Microsoft.Network/publicIPAddresses@2024-07-01' = {
  name: addressName
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2024-07-01' = {
  name: gatewayName
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

// Its default rules are all that is needed: nothing comes in from outside.
resource securityGroup 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: securityGroupName
  location: location
  tags: tags
  properties: {}
}

// Subnets are written here and not as resources of their own: a second deployment would take away
// those that the network's own body does not name.
resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.20.0.0/24'
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: securityGroup.id }
          delegations: [
            { name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.20.1.0/24'
          defaultOutboundAccess: false
          networkSecurityGroup: { id: securityGroup.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
      {
        name: 'nodes'
        properties: {
          addressPrefix: '10.20.4.0/22'
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: securityGroup.id }
        }
      }
    ]
  }
}

resource nodes 'Microsoft.Network/virtualNetworks/subnets@2024-07-01' existing = {
  parent: network
  name: 'nodes'
}

// To make a pool in the subnet is to join it.
resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for entry in grants: {
    name: guid(nodes.id, entry.principalId, roles[entry.role])
    scope: nodes
    properties: {
      principalId: entry.principalId
      principalType: entry.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[entry.role])
    }
  }
]

output id string = network.id
output appSubnetId string = '${network.id}/subnets/app'
output endpointSubnetId string = '${network.id}/subnets/endpoints'
output nodeSubnetId string = '${network.id}/subnets/nodes'
