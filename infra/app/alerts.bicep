// The baseline alerts of Azure Monitor for Batch, by their own names, and those that guard the
// promises of this app: a run that ends badly or does not start is reported, between runs there is no
// node, and steps of runs do not keep failing.
param actionGroupName string
param email string
param batchAccountId string
param insightsId string
param workspaceId string
param location string
@description('Empty: every five minutes, often enough that an hour without a pass raises an alert.')
param reconcileSchedule string
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

// One line of the log for each end of a run, as src/log-endings.ts writes it. The JSON stands at the
// end of the line; the cause before it may contain braces and line breaks.
var endings = '''
AppTraces
| where Message startswith "run " and Message has "outcome"
| extend ending = parse_json(extract(@'(?s)^run .* (\{"runId":.*\})$', 1, Message))
| extend runId = tostring(ending.runId), workload = tostring(ending.workload)
| extend outcome = tostring(ending.outcome), code = coalesce(tostring(ending.code), "none")
'''

var runRules = [
  {
    name: 'RunFailed'
    outcomes: '"failed", "timedOut"'
    text: 'A run failed: its tasks, its nodes, its time limit, or no capacity. The code says which; the run says why.'
  }
  {
    name: 'RunMissed'
    outcomes: '"missed"'
    text: 'A run did not start: its due time passed, or it waited too long for a place, a quota or its budget.'
  }
]

// The window is twice the frequency, as a line may arrive minutes after its time. Each run is a time
// series of its own, so a run that two windows show is reported once, and no run hides another.
resource runAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in runRules: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.text
      severity: 1
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M'
      autoMitigate: true
      // A new workspace has no table yet, and the rule is made before the first line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: '${endings}| where outcome in (${rule.outcomes})'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [
              { name: 'runId', operator: 'Include', values: ['*'] }
              { name: 'workload', operator: 'Include', values: ['*'] }
              { name: 'code', operator: 'Include', values: ['*'] }
            ]
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [people.id] }
    }
  }
]

// One line of the log for each event of a run before its end, as src/notify/log-target.ts writes it.
var notices = '''
AppTraces
| where Message startswith "notice " and Message has "event"
| extend notice = parse_json(extract(@'(?s)^notice .* (\{"runId":.*\})$', 1, Message))
| extend runId = tostring(notice.runId), workload = tostring(notice.workload), event = tostring(notice.event)
'''

// One rule for three events, since each rule has a monthly price: the alert names the event.
resource delayed 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'OccurrenceDelayed'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'OccurrenceDelayed'
    description: 'A due time has not started in time, a run has had no node for an hour, or the budget of the month is reached. The event says which.'
    severity: 2
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
    autoMitigate: true
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: '${notices}| where event in ("late", "waitingForCapacity", "budgetReached")'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            { name: 'runId', operator: 'Include', values: ['*'] }
            { name: 'workload', operator: 'Include', values: ['*'] }
            { name: 'event', operator: 'Include', values: ['*'] }
          ]
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: empty(email) ? [] : [people.id] }
  }
}

// An app that does not run writes no line about a missed run either. Not with a schedule of one's own,
// which may leave more than an hour between two passes.
resource appSilent 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = if (empty(reconcileSchedule)) {
  name: 'AppSilent'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'AppSilent'
    description: 'The reconciler has not completed a pass for an hour: the app is stopped or fails, so no schedule starts a run.'
    severity: 1
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    autoMitigate: true
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: 'AppRequests | where Name == "reconcile" and Success | summarize passes = count()'
          metricMeasureColumn: 'passes'
          timeAggregation: 'Total'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: empty(email) ? [] : [people.id] }
  }
}
