param name string
param amount int
param start string
param email string

var thresholds = [
  { name: 'actual-80', percent: 80, type: 'Actual' }
  { name: 'actual-100', percent: 100, type: 'Actual' }
  { name: 'forecast-100', percent: 100, type: 'Forecasted' }
]

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: name
  properties: {
    amount: amount
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: toObject(
      thresholds,
      threshold => threshold.name,
      threshold => {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: threshold.percent
        thresholdType: threshold.type
        contactEmails: [email]
      }
    )
  }
}
