// The account's events. The postdeploy hook subscribes the app to them after its deployment: the
// address of the subscription holds a key that the app makes when it first starts.
param topicName string
param storageAccountId string
param location string
param tags object

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  properties: {
    source: storageAccountId
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

output topicName string = topic.name
