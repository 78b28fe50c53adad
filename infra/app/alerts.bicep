// The baseline alerts of Azure Monitor for Batch, by their own names, and two that guard the
// promises of this app: between runs there is no node, and steps of runs do not keep failing.
param actionGroupName string
param email string
param batchAccountId string
param insightsId string
@allowed([1, 6, 12, 24])
param spotHours int
param tags object

// Azure's windows of these lengths: a day is not written in hours.
var windows = { '1': 'PT1H', '6': 'PT6H', '12': 'PT12H', '24': 'P1D' }

var nodeRules = [
  { metric: 'OfflineNodeCount', severity: 3, threshold: 0, text: 'A node is offline. It is billed and does nothing.' }
  { metric: 'UnusableNodeCount', severity: 2, threshold: 0, text: 'A node is unusable. It is billed and does nothing.' }
  { metric: 'RebootingNodeCount', severity: 3, threshold: 0, text: 'A node is rebooting, which Batch does when it lost touch with it.' }
  { metric: 'StartTaskFailedNodeCount', severity: 2, threshold: 0, text: 'The set-up of a node failed; its run says why.' }
  { metric: 'TaskFailEvent', severity: 3, threshold: 0, text: 'A task ended with a failure; its logs are in the outputs of its run.' }
  // On Spot this is no fault, so it is reported at the lowest severity.
  { metric: 'PreemptedNodeCount', severity: 4, threshold: 0, text: 'Azure took back Spot nodes; their tasks are queued again.' }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'nightshift'
    enabled: true
    emailReceivers: [{ name: 'owner', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var actions = empty(email) ? [] : [{ actionGroupId: people.id }]

resource nodeAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in nodeRules: {
    name: rule.metric
    location: 'global'
    tags: tags
    properties: {
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [batchAccountId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: rule.metric
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.Batch/batchAccounts'
            metricName: rule.metric
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: rule.threshold
          }
        ]
      }
      actions: actions
    }
  }
]

// The lowest number of nodes in the whole window: one minute at zero keeps it silent.
resource spotNodesLeft 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'SpotNodesLeft'
  location: 'global'
  tags: tags
  properties: {
    description: 'There have been Spot nodes for ${spotHours} hours without a break. Between runs there are none: look for a pool that was left.'
    severity: 1
    enabled: true
    scopes: [batchAccountId]
    evaluationFrequency: 'PT15M'
    windowSize: windows[string(spotHours)]
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'spot-nodes'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.Batch/batchAccounts'
          metricName: 'TotalLowPriorityNodeCount'
          timeAggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: 0
          // The reference lists "Total" as this metric's default and does not say which others it
          // has; a rule that Azure could not evaluate must not stop the deployment.
          skipMetricValidation: true
        }
      ]
    }
    actions: actions
  }
}

resource stepsFailing 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'StepsFailing'
  location: 'global'
  tags: tags
  properties: {
    description: 'Functions of the app keep failing. A step is tried again by itself; many failures in an hour are no hiccup.'
    severity: 2
    enabled: true
    scopes: [insightsId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'failed-invocations'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'microsoft.insights/components'
          metricName: 'requests/failed'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 10
        }
      ]
    }
    actions: actions
  }
}
