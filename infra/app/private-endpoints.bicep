param namePrefix string
param networkId string
param subnetId string
param storageAccountId string
param vaultId string
param batchAccountId string
param location string
param tags object

var storageSuffix = environment().suffixes.storage
// By literal keys: a prediction cannot expand a loop over texts that depend on the cloud.
var zoneNames = {
  blob: 'privatelink.blob.${storageSuffix}'
  queue: 'privatelink.queue.${storageSuffix}'
  table: 'privatelink.table.${storageSuffix}'
  vault: 'privatelink.vaultcore.azure.net'
  batch: 'privatelink.batch.azure.com'
}
var zoneKeys = ['blob', 'queue', 'table', 'vault', 'batch']
var targets = [
  { name: 'blob', resourceId: storageAccountId, part: 'blob', zone: 'blob' }
  { name: 'queue', resourceId: storageAccountId, part: 'queue', zone: 'queue' }
  { name: 'table', resourceId: storageAccountId, part: 'table', zone: 'table' }
  { name: 'vault', resourceId: vaultId, part: 'vault', zone: 'vault' }
  // Two endpoints of one account: the app calls the first, nodes report to the second.
  { name: 'batch', resourceId: batchAccountId, part: 'batchAccount', zone: 'batch' }
  { name: 'nodes', resourceId: batchAccountId, part: 'nodeManagement', zone: 'batch' }
]

resource zones 'Microsoft.Network/privateDnsZones@2020-06-01' = [
  for zone in zoneKeys: {
    name: zoneNames[zone]
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [
  for (zone, index) in zoneKeys: {
    parent: zones[index]
    name: 'nightshift'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networkId }
    }
  }
]

// One after the other: an account takes no second endpoint while it is busy with a first.
@batchSize(1)
resource endpoints 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for target in targets: {
    name: '${namePrefix}-${target.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: target.name
          properties: { privateLinkServiceId: target.resourceId, groupIds: [target.part] }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (target, index) in targets: {
    parent: endpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: target.name
          properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zoneNames[target.zone]) }
        }
      ]
    }
    dependsOn: [zones]
  }
]
